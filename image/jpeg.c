/* JPEG by libjpeg-turbo with its defaults: accurate IDCT, smooth chroma upsampling. */
#include "image/formats.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "base/mem.h"
#include "image/orient.h"

/* Coefficients of a progressive picture are kept whole, 6 bytes a pixel where chroma is not
 * subsampled. With the pixels (3 bytes) that must stay below 1 GB. */
enum { MAX_LIBRARY_BYTES = 620000000 };

/* Each scan of a progressive picture goes over all of it, empty or not. Encoders make about ten. A
 * scan of a megapixel takes 0.1 ms if empty, 3 ms if full and coded arithmetically. */
enum { MAX_SCANS = 500, MAX_SCANS_TIMES_MEGAPIXELS = 2000 };

/* What is modified between setjmp and longjmp lives here, not in locals. */
struct reader {
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf give_up;
    uint64_t max_scans;
    struct image *out;
    struct image_facts *facts;
    const struct source *src;
    uint8_t *cmyk; /* one row */
    char fault[JMSG_LENGTH_MAX];
};

static struct reader *reader_of(j_common_ptr cinfo)
{
    return cinfo->client_data;
}

static void on_error(j_common_ptr cinfo)
{
    struct reader *r = reader_of(cinfo);
    if (cinfo->err->msg_code == JERR_NO_BACKING_STORE)
        snprintf(r->fault, sizeof r->fault, "decoding it takes too much memory");
    else
        cinfo->err->format_message(cinfo, r->fault);
    longjmp(r->give_up, 1);
}

static void on_message(j_common_ptr cinfo, int level)
{
    /* Bytes between segments cost nothing of the picture. */
    if (level >= 0 || cinfo->err->msg_code == JWRN_EXTRANEOUS_DATA)
        return;
    char text[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, text);
    if (cinfo->err->msg_code == JWRN_JPEG_EOF)
        facts_warn(reader_of(cinfo)->facts, "the file is cut off: what is missing is grey");
    else
        facts_warn(reader_of(cinfo)->facts, "the file is damaged (%s)", text);
}

static void on_output(j_common_ptr cinfo)
{
    (void)cinfo;
}

static void on_progress(j_common_ptr cinfo)
{
    struct reader *r = reader_of(cinfo);
    if ((uint64_t)r->cinfo.input_scan_number <= r->max_scans)
        return;
    snprintf(r->fault, sizeof r->fault, "more than %d scans of a picture of this size",
             (int)r->max_scans);
    longjmp(r->give_up, 1);
}

/* An APP1 segment is looked at where it lies (the source is one piece of memory) and never copied:
 * there may be any number of them. */
static boolean on_app1(j_decompress_ptr cinfo)
{
    struct reader *r = cinfo->client_data;
    struct jpeg_source_mgr *in = cinfo->src;
    const uint8_t *p = in->next_input_byte;
    size_t length = in->bytes_in_buffer >= 2 ? (size_t)p[0] << 8 | p[1] : 0;
    if (length < 2 || length > in->bytes_in_buffer)
        ERREXIT(cinfo, length < 2 && in->bytes_in_buffer >= 2 ? JERR_BAD_LENGTH : JERR_INPUT_EOF);
    if (length >= 8 && memcmp(p + 2, "Exif\0", 5) == 0 && r->facts->orientation == 1)
        r->facts->orientation = exif_orientation(p + 2, length - 2);
    in->next_input_byte += length;
    in->bytes_in_buffer -= length;
    return TRUE;
}

static bool read_header(struct reader *r, struct err *err)
{
    j_decompress_ptr cinfo = &r->cinfo;
    jpeg_mem_src(cinfo, r->src->bytes, r->src->size);
    jpeg_set_marker_processor(cinfo, JPEG_APP0 + 1, on_app1);
    jpeg_read_header(cinfo, TRUE);
    if (!source_judge(r->src, cinfo->image_width, cinfo->image_height, err))
        return false;
    if (cinfo->data_precision != 8)
        return err_set(err, "%d bits a sample; 8 are read", cinfo->data_precision);
    int n = cinfo->num_components;
    if (n != 1 && n != 3 && n != 4)
        return err_set(err, "%d components; 1, 3 and 4 are read", n);
    if (cinfo->src->bytes_in_buffer == 0)
        return err_set(err, "the file ends before the picture");
    cinfo->out_color_space = n == 4 ? JCS_CMYK : JCS_RGB;
    cinfo->mem->max_memory_to_use = MAX_LIBRARY_BYTES;
    uint64_t megapixels = ((uint64_t)cinfo->image_width * cinfo->image_height >> 20) + 1;
    r->max_scans = MAX_SCANS_TIMES_MEGAPIXELS / megapixels;
    if (r->max_scans > MAX_SCANS)
        r->max_scans = MAX_SCANS;
    r->progress.progress_monitor = on_progress;
    cinfo->progress = &r->progress;
    return true;
}

/* [n][4] → [n][3]. Adobe's programs store 255 − ink, and what else writes four components does the
 * same, with Adobe's marker or without; r = (255 − c)·(255 − k)/255 of the ink. */
static void put_cmyk_row(uint8_t *rgb, const uint8_t *stored, size_t n)
{
    for (size_t i = 0; i < n; i++, rgb += 3, stored += 4)
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)((stored[c] * stored[3] + 127) / 255);
}

static bool read_pixels(struct reader *r, struct err *err)
{
    j_decompress_ptr cinfo = &r->cinfo;
    jpeg_start_decompress(cinfo);
    if (!source_canvas(r->src, cinfo->output_width, cinfo->output_height, r->out, err))
        return false;
    bool four = cinfo->output_components == 4;
    if (four) {
        r->cmyk = mem_try(cinfo->output_width, 4, "row", err);
        if (!r->cmyk)
            return false;
    }
    while (cinfo->output_scanline < cinfo->output_height) {
        uint8_t *to = image_row(r->out, cinfo->output_scanline);
        JSAMPROW row = four ? r->cmyk : to;
        jpeg_read_scanlines(cinfo, &row, 1);
        if (four)
            put_cmyk_row(to, row, cinfo->output_width);
    }
    return true;
}

static bool read_all(struct reader *r, struct err *err)
{
    if (setjmp(r->give_up)) {
        if (!r->out->rgb || r->cinfo.output_scanline == 0)
            return err_set(err, "%s", r->fault);
        facts_warn(r->facts, "the file is damaged (%s): the lower part is white", r->fault);
        return true;
    }
    jpeg_create_decompress(&r->cinfo);
    return read_header(r, err) && read_pixels(r, err);
}

bool jpeg_decode(struct image *out, struct image_facts *facts, const struct source *src,
                 struct err *err)
{
    struct reader *r = mem_try(1, sizeof *r, "JPEG decoder", err);
    if (!r)
        return false;
    r->out = out;
    r->facts = facts;
    r->src = src;
    r->cinfo.err = jpeg_std_error(&r->errors);
    r->cinfo.client_data = r;
    r->errors.error_exit = on_error;
    r->errors.emit_message = on_message;
    r->errors.output_message = on_output;
    bool ok = read_all(r, err);
    jpeg_destroy_decompress(&r->cinfo);
    free(r->cmyk);
    free(r);
    return ok;
}
