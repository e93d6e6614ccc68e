/* GIF by giflib, one record at a time: the first frame on the whole screen, white where it is
 * transparent or does not reach. */
#include "image/formats.h"

#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "base/mem.h"

struct input {
    const struct source *src;
    size_t at;
};

static int on_read(GifFileType *gif, GifByteType *to, int n)
{
    struct input *in = gif->UserData;
    size_t left = in->src->size - in->at;
    size_t part = (size_t)n < left ? (size_t)n : left;
    memcpy(to, in->src->bytes + in->at, part);
    in->at += part;
    return (int)part;
}

static const char *fault_text(int code)
{
    if (code == D_GIF_ERR_READ_FAILED || code == D_GIF_ERR_EOF_TOO_SOON)
        return "the file is cut off";
    const char *text = GifErrorString(code);
    return text ? text : "the file is damaged";
}

/* Goes through an extension and its sub-blocks; a graphics control block tells what is transparent.
 */
static bool read_extension(GifFileType *gif, int *transparent)
{
    int code;
    GifByteType *block; /* a length, then that many bytes */
    if (DGifGetExtension(gif, &code, &block) == GIF_ERROR)
        return false;
    while (block) {
        GraphicsControlBlock control;
        if (code == GRAPHICS_EXT_FUNC_CODE &&
            DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
            *transparent = control.TransparentColor;
        if (DGifGetExtensionNext(gif, &block) == GIF_ERROR)
            return false;
    }
    return true;
}

/* Goes to the next frame and reads its head. */
static bool find_frame(GifFileType *gif, int *transparent)
{
    GifRecordType record;
    while (DGifGetRecordType(gif, &record) == GIF_OK && record != TERMINATE_RECORD_TYPE) {
        if (record == IMAGE_DESC_RECORD_TYPE)
            return DGifGetImageDesc(gif) == GIF_OK;
        if (record == EXTENSION_RECORD_TYPE && !read_extension(gif, transparent))
            return false;
    }
    return false;
}

struct frame {
    uint32_t left, top, width, height;
    const ColorMapObject *colours;
    int transparent; /* −1: none */
};

static void put_row(const struct image *out, const struct frame *f, uint32_t y,
                    const GifPixelType *indices)
{
    if (f->top + y >= out->height)
        return;
    uint8_t *rgb = image_row(out, f->top + y) + (size_t)f->left * 3;
    for (uint32_t x = 0; x < f->width && f->left + x < out->width; x++, rgb += 3) {
        if (indices[x] == f->transparent)
            continue;
        GifColorType colour = {0, 0, 0};
        if (indices[x] < f->colours->ColorCount)
            colour = f->colours->Colors[indices[x]];
        rgb[0] = colour.Red;
        rgb[1] = colour.Green;
        rgb[2] = colour.Blue;
    }
}

/* Returns how many rows came; they are in four passes where the frame is interlaced. */
static uint32_t read_rows(GifFileType *gif, const struct image *out, const struct frame *f,
                          GifPixelType *row)
{
    static const struct {
        uint8_t first, step;
    } passes[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}, {0, 1}}; /* the last is for the others */
    uint32_t n_rows = 0;
    int from = gif->Image.Interlace ? 0 : 4, to = gif->Image.Interlace ? 4 : 5;
    for (int pass = from; pass < to; pass++)
        for (uint32_t y = passes[pass].first; y < f->height; y += passes[pass].step) {
            if (DGifGetLine(gif, row, (int)f->width) == GIF_ERROR)
                return n_rows;
            put_row(out, f, y, row);
            n_rows++;
        }
    return n_rows;
}

static bool read_frame(GifFileType *gif, struct image *out, const struct frame *f,
                       struct image_facts *facts, struct err *err)
{
    GifPixelType *row = mem_try(f->width, 1, "row", err);
    if (!row)
        return false;
    uint32_t n_rows = read_rows(gif, out, f, row);
    free(row);
    if (n_rows == 0)
        return err_set(err, "%s", fault_text(gif->Error));
    if (n_rows < f->height)
        facts_warn(facts, "%s: what is missing is white", fault_text(gif->Error));
    else if (f->left + f->width > out->width || f->top + f->height > out->height)
        facts_warn(facts, "the frame reaches past the screen: it is cut there");
    return true;
}

static bool decode_first(GifFileType *gif, struct image *out, struct image_facts *facts,
                         const struct source *src, struct err *err)
{
    struct frame f = {.transparent = NO_TRANSPARENT_COLOR};
    if (gif->SWidth < 0 || gif->SHeight < 0)
        return err_set(err, "the screen has a negative size");
    if (!source_judge(src, (uint64_t)gif->SWidth, (uint64_t)gif->SHeight, err))
        return false;
    if (!find_frame(gif, &f.transparent))
        return err_set(err, "%s", gif->Error ? fault_text(gif->Error) : "it holds no picture");
    const GifImageDesc *desc = &gif->Image;
    f.colours = desc->ColorMap ? desc->ColorMap : gif->SColorMap;
    if (!f.colours)
        return err_set(err, "it has no colours");
    if (desc->Left < 0 || desc->Top < 0 || desc->Left >= gif->SWidth || desc->Top >= gif->SHeight)
        return err_set(err, "the frame lies outside the screen");
    if (desc->Width < 0 || desc->Height < 0 ||
        !source_judge(src, (uint64_t)desc->Width, (uint64_t)desc->Height, err))
        return false;
    f.left = (uint32_t)desc->Left, f.top = (uint32_t)desc->Top;
    f.width = (uint32_t)desc->Width, f.height = (uint32_t)desc->Height;
    if (!source_canvas(src, (uint64_t)gif->SWidth, (uint64_t)gif->SHeight, out, err))
        return false;
    facts->had_alpha = f.transparent != NO_TRANSPARENT_COLOR;
    return read_frame(gif, out, &f, facts, err);
}

bool gif_decode(struct image *out, struct image_facts *facts, const struct source *src,
                struct err *err)
{
    struct input in = {.src = src};
    int code = 0;
    GifFileType *gif = DGifOpen(&in, on_read, &code);
    if (!gif)
        return err_set(err, "%s", fault_text(code));
    bool ok = decode_first(gif, out, facts, src, err);
    int ignored = NO_TRANSPARENT_COLOR;
    if (ok && !facts->warning[0])
        facts->animated = find_frame(gif, &ignored);
    DGifCloseFile(gif, NULL);
    return ok;
}
