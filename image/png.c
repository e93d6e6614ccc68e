/* PNG by libpng. Rows are read pass by pass and put where they belong here, so that an interlaced
 * picture takes no more memory than another; colour information other than the pixels' is ignored.
 */
#include "image/formats.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/mem.h"
#include "image/orient.h"

/* What is modified between setjmp and longjmp lives here, not in locals. */
struct reader {
    png_structp png;
    png_infop info;
    const struct source *src;
    size_t at;       /* bytes read */
    uint8_t *row;    /* one row as libpng gives it */
    uint32_t n_rows; /* rows put into the picture, of all passes */
    bool in_pixels;  /* past the header: a warning may mean wrong pixels */
    char fault[120]; /* why libpng gave up */
    struct image_facts *facts;
    struct image *out;
};

static PNG_NORETURN void on_error(png_structp png, png_const_charp message)
{
    struct reader *r = png_get_error_ptr(png);
    snprintf(r->fault, sizeof r->fault, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    struct reader *r = png_get_error_ptr(png);
    if (r->in_pixels)
        facts_warn(r->facts, "the file is damaged (%s): the picture may be wrong", message);
}

static void on_read(png_structp png, png_bytep to, size_t n)
{
    struct reader *r = png_get_io_ptr(png);
    if (r->src->size - r->at < n)
        png_error(png, "cut off");
    memcpy(to, r->src->bytes + r->at, n);
    r->at += n;
}

/* The content of the first chunk of that name, or NULL; damage is left for libpng to find. */
static const uint8_t *find_chunk(const struct source *src, const char *name, size_t *size)
{
    size_t at = 8;
    while (src->size > at && src->size - at >= 12) {
        const uint8_t *p = src->bytes + at;
        size_t length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (length > src->size - at - 12)
            return NULL;
        if (memcmp(p + 4, name, 4) == 0) {
            *size = length;
            return p + 8;
        }
        at += length + 12;
    }
    return NULL;
}

/* Skips what is not for the pixels, unread: text and profiles may inflate without end. */
static void skip_the_rest(png_structp png)
{
    static const png_byte unread[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0"
                                     "sBIT\0sCAL\0sPLT\0sRGB\0sTER\0tEXt\0tIME\0zTXt";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unread, sizeof unread / 5);
}

static bool read_header(struct reader *r, struct err *err)
{
    png_structp png = r->png;
    png_set_read_fn(png, r, on_read);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* judged below */
    png_set_benign_errors(png, 1);
    /* Data is asked for in pieces of this size, and of a cut file the last, short piece is lost. */
    png_set_compression_buffer_size(png, 512);
    skip_the_rest(png);
    png_read_info(png, r->info);
    if (!source_canvas(r->src, png_get_image_width(png, r->info),
                       png_get_image_height(png, r->info), r->out, err))
        return false;
    png_set_expand(png); /* palettes and tRNS become colours and alpha, less than 8 bits 8 */
    /* A wrong checksum over pixels is worth a warning, not the loss of the picture. */
    png_set_crc_action(png, PNG_CRC_WARN_USE, PNG_CRC_DEFAULT);
    png_read_update_info(png, r->info);
    r->in_pixels = true;
    r->row = mem_try(png_get_rowbytes(png, r->info), 1, "row", err);
    return r->row != NULL;
}

/* 16-bit c over white, as 8 bits: v/257 rounded. */
static uint8_t deep_on_white(uint64_t c, uint64_t a)
{
    uint64_t v = c * a + 65535ull * (65535 - a);
    return (uint8_t)((v + 65535ull * 257 / 2) / (65535ull * 257));
}

/* One row of n pixels [n][channels], 1 to 4 channels of 8 or 16 bits, to every `step`th pixel of
 * out. */
static void put_row(uint8_t *out, size_t step, const uint8_t *row, size_t n, int channels)
{
    bool grey = channels < 3, alpha = channels % 2 == 0;
    for (size_t i = 0; i < n; i++, out += 3 * step, row += channels)
        for (int c = 0; c < 3; c++) {
            uint8_t v = row[grey ? 0 : c];
            out[c] = alpha ? on_white(v, row[channels - 1]) : v;
        }
}

static void put_deep_row(uint8_t *out, size_t step, const uint8_t *row, size_t n, int channels)
{
    bool grey = channels < 3, alpha = channels % 2 == 0;
    for (size_t i = 0; i < n; i++, out += 3 * step, row += 2 * channels) {
        const uint8_t *last = row + 2 * (channels - 1);
        uint32_t a = alpha ? (uint32_t)last[0] << 8 | last[1] : 65535;
        for (int c = 0; c < 3; c++) {
            const uint8_t *p = row + (grey ? 0 : 2 * c);
            out[c] = deep_on_white((uint32_t)p[0] << 8 | p[1], a);
        }
    }
}

/* Reads the rows of one pass: rows y0, y0 + dy, … of columns x0, x0 + dx, … */
static void read_pass(struct reader *r, uint32_t x0, uint32_t dx, uint32_t y0, uint32_t dy)
{
    if (x0 >= r->out->width)
        return;
    int channels = png_get_channels(r->png, r->info);
    bool deep = png_get_bit_depth(r->png, r->info) == 16;
    size_t n = (r->out->width - x0 + dx - 1) / dx;
    for (uint32_t y = y0; y < r->out->height; y += dy) {
        png_read_row(r->png, r->row, NULL);
        (deep ? put_deep_row : put_row)(image_row(r->out, y) + (size_t)x0 * 3, dx, r->row, n,
                                        channels);
        r->n_rows++;
    }
}

static void read_pixels(struct reader *r)
{
    if (png_get_interlace_type(r->png, r->info) == PNG_INTERLACE_NONE) {
        read_pass(r, 0, 1, 0, 1);
        return;
    }
    for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++)
        read_pass(r, PNG_PASS_START_COL(pass), PNG_PASS_COL_OFFSET(pass), PNG_PASS_START_ROW(pass),
                  PNG_PASS_ROW_OFFSET(pass));
}

static bool read_all(struct reader *r, struct err *err)
{
    if (setjmp(png_jmpbuf(r->png))) {
        if (r->n_rows == 0)
            return err_set(err, "%s", r->fault);
        facts_warn(r->facts, "the file is damaged (%s): what is missing is white", r->fault);
        return true;
    }
    if (!read_header(r, err))
        return false;
    read_pixels(r);
    return true;
}

static void note_facts(const struct reader *r)
{
    size_t size;
    const uint8_t *exif = find_chunk(r->src, "eXIf", &size);
    if (exif)
        r->facts->orientation = exif_orientation(exif, size);
    r->facts->animated = find_chunk(r->src, "acTL", &size) != NULL;
    r->facts->had_alpha = png_get_channels(r->png, r->info) % 2 == 0;
}

bool png_decode(struct image *out, struct image_facts *facts, const struct source *src,
                struct err *err)
{
    struct reader r = {.src = src, .facts = facts, .out = out};
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
    if (r.png)
        r.info = png_create_info_struct(r.png);
    bool ok = r.info ? read_all(&r, err) : err_set(err, "no memory");
    if (ok)
        note_facts(&r);
    free(r.row);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return ok;
}
