/* Windows and OS/2 bitmaps: core headers (12 bytes) and info headers (40 and more), 1 to 32 bits,
 * palettes, bit masks, run lengths. */
#include "image/formats.h"

#include <string.h>

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40, OS2_HEADER = 64, MAX_HEADER = 1024 };
enum compression { BI_RGB = 0, BI_RLE8 = 1, BI_RLE4 = 2, BI_BITFIELDS = 3, BI_ALPHABITFIELDS = 6 };

struct bitmap {
    const struct source *src;
    uint32_t width, height;
    bool top_down;
    uint32_t bits, compression;
    uint32_t header_size;
    size_t pixels_at;
    uint8_t palette[256][3]; /* RGB; black beyond its end */
    uint32_t masks[4];       /* R, G, B, A; alpha 0: opaque */
};

static uint32_t u16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const uint8_t *p)
{
    return u16(p) | u16(p + 2) << 16;
}

static void read_core_header(struct bitmap *b, const uint8_t *p)
{
    b->width = u16(p + 4);
    b->height = u16(p + 6);
    b->bits = u16(p + 10);
}

static bool read_info_header(struct bitmap *b, const uint8_t *p, struct err *err)
{
    int32_t width = (int32_t)u32(p + 4), height = (int32_t)u32(p + 8);
    if (width < 0)
        return err_set(err, "the width is negative");
    b->width = (uint32_t)width;
    b->top_down = height < 0;
    b->height = height < 0 ? 0u - (uint32_t)height : (uint32_t)height;
    b->bits = u16(p + 14);
    b->compression = u32(p + 16);
    /* In OS/2's own header 3 and 4 mean other things. */
    if (b->header_size == OS2_HEADER && b->compression > BI_RLE4)
        return err_set(err, "compression %u of OS/2 is not supported", b->compression);
    return true;
}

/* Which pairs of compression and bits there are. */
static bool kind_is_known(const struct bitmap *b)
{
    switch (b->compression) {
    case BI_RGB:
        return b->bits == 1 || b->bits == 2 || b->bits == 4 || b->bits == 8 || b->bits == 16 ||
               b->bits == 24 || b->bits == 32;
    case BI_RLE8:
        return b->bits == 8;
    case BI_RLE4:
        return b->bits == 4;
    case BI_BITFIELDS:
    case BI_ALPHABITFIELDS:
        return b->bits == 16 || b->bits == 32;
    default:
        return false;
    }
}

static bool has_masks(const struct bitmap *b)
{
    return b->compression == BI_BITFIELDS || b->compression == BI_ALPHABITFIELDS;
}

static bool read_masks(struct bitmap *b, struct err *err)
{
    static const uint32_t of_16[4] = {0x7c00, 0x03e0, 0x001f, 0},
                          of_32[4] = {0xff0000, 0xff00, 0xff, 0};
    memcpy(b->masks, b->bits == 16 ? of_16 : of_32, sizeof b->masks);
    if (!has_masks(b))
        return true;
    /* They stand at the same place in all headers: behind the short one, or in the longer ones. */
    const size_t at = FILE_HEADER + INFO_HEADER;
    bool alpha = b->compression == BI_ALPHABITFIELDS || b->header_size >= INFO_HEADER + 16;
    size_t n = alpha ? 4 : 3;
    if (b->src->size < at + 4 * n)
        return err_set(err, "the file is cut off");
    for (size_t i = 0; i < n; i++)
        b->masks[i] = u32(b->src->bytes + at + 4 * i);
    return true;
}

static void read_palette(struct bitmap *b)
{
    bool core = b->header_size == CORE_HEADER;
    size_t at = FILE_HEADER + b->header_size, entry = core ? 3 : 4;
    size_t n = core ? 0 : u32(b->src->bytes + FILE_HEADER + 32), room = (b->pixels_at - at) / entry;
    if (n == 0 || n > 1u << b->bits)
        n = 1u << b->bits;
    for (size_t i = 0; i < n && i < room; i++) {
        const uint8_t *p = b->src->bytes + at + i * entry;
        b->palette[i][0] = p[2];
        b->palette[i][1] = p[1];
        b->palette[i][2] = p[0];
    }
}

static bool read_headers(struct bitmap *b, struct err *err)
{
    const uint8_t *p = b->src->bytes;
    size_t size = b->src->size;
    if (size < FILE_HEADER + CORE_HEADER)
        return err_set(err, "the file is cut off");
    b->pixels_at = u32(p + 10);
    b->header_size = u32(p + FILE_HEADER);
    bool core = b->header_size == CORE_HEADER;
    if (!core && (b->header_size < INFO_HEADER || b->header_size > MAX_HEADER))
        return err_set(err, "no header has %u bytes", b->header_size);
    if (size < FILE_HEADER + b->header_size)
        return err_set(err, "the file is cut off");
    if (core)
        read_core_header(b, p + FILE_HEADER);
    else if (!read_info_header(b, p + FILE_HEADER, err))
        return false;
    if (!kind_is_known(b))
        return err_set(err, "%u bits with compression %u are not supported", b->bits,
                       b->compression);
    if (!source_judge(b->src, b->width, b->height, err) || !read_masks(b, err))
        return false;
    if (b->pixels_at < FILE_HEADER + b->header_size || b->pixels_at >= size)
        return err_set(err, "the pixels are not in the file (offset %zu)", b->pixels_at);
    if (b->bits <= 8)
        read_palette(b);
    return true;
}

static void put_indices(uint8_t *rgb, const uint8_t *row, const struct bitmap *b)
{
    uint32_t per_byte = 8 / b->bits, mask = (1u << b->bits) - 1;
    for (uint32_t x = 0; x < b->width; x++, rgb += 3) {
        uint32_t shift = 8 - b->bits * (x % per_byte + 1);
        memcpy(rgb, b->palette[row[x / per_byte] >> shift & mask], 3);
    }
}

static void put_bgr(uint8_t *rgb, const uint8_t *row, const struct bitmap *b)
{
    for (uint32_t x = 0; x < b->width; x++, rgb += 3, row += 3) {
        rgb[0] = row[2];
        rgb[1] = row[1];
        rgb[2] = row[0];
    }
}

/* The bits of v under the mask, scaled to 0..255. */
static uint8_t field(uint32_t v, uint32_t mask)
{
    int shift = __builtin_ctz(mask);
    return scale_to_8((v & mask) >> shift, mask >> shift);
}

static void put_fields(uint8_t *rgb, const uint8_t *row, const struct bitmap *b)
{
    size_t size = b->bits / 8;
    for (uint32_t x = 0; x < b->width; x++, rgb += 3, row += size) {
        uint32_t v = size == 2 ? u16(row) : u32(row);
        uint32_t a = b->masks[3] ? field(v, b->masks[3]) : 255;
        for (int c = 0; c < 3; c++)
            rgb[c] = on_white(b->masks[c] ? field(v, b->masks[c]) : 0, a);
    }
}

/* Rows lie bottom first unless the height was negative. */
static uint8_t *stored_row(const struct bitmap *b, const struct image *out, uint32_t y)
{
    return image_row(out, b->top_down ? y : b->height - 1 - y);
}

static bool read_rows(const struct bitmap *b, const struct image *out, struct image_facts *facts,
                      struct err *err)
{
    size_t row_bytes = ((size_t)b->width * b->bits + 7) / 8, stride = (row_bytes + 3) & ~(size_t)3;
    /* The last row may lack its padding. */
    size_t n_rows = (b->src->size - b->pixels_at + stride - row_bytes) / stride;
    if (n_rows == 0)
        return err_set(err, "the file is cut off before the first row");
    if (n_rows < b->height)
        facts_warn(facts, "the file is cut off: what is missing is white");
    void (*put)(uint8_t *, const uint8_t *, const struct bitmap *) = b->bits <= 8    ? put_indices
                                                                     : b->bits == 24 ? put_bgr
                                                                                     : put_fields;
    const uint8_t *row = b->src->bytes + b->pixels_at;
    for (uint32_t y = 0; y < b->height && y < n_rows; y++, row += stride)
        put(stored_row(b, out, y), row, b);
    return true;
}

/* Run lengths: where the next pixel goes, what is left of the data. */
struct runs {
    const struct bitmap *b;
    const struct image *out;
    uint64_t x, y;
    const uint8_t *p, *end;
    bool overran;
};

/* n pixels from packed bytes; `step` 0 takes the one byte again and again. */
static void put_run(struct runs *r, const uint8_t *bytes, uint32_t n, size_t step)
{
    bool nibbles = r->b->bits == 4;
    uint64_t room = r->y < r->b->height && r->x < r->b->width ? r->b->width - r->x : 0;
    r->overran |= n > room;
    n = n > room ? (uint32_t)room : n;
    if (n == 0)
        return;
    uint8_t *rgb = stored_row(r->b, r->out, (uint32_t)r->y) + r->x * 3;
    for (uint32_t i = 0; i < n; i++, rgb += 3) {
        uint32_t index = bytes[step * (nibbles ? i / 2 : i)];
        if (nibbles)
            index = i % 2 ? index & 15 : index >> 4;
        memcpy(rgb, r->b->palette[index], 3);
    }
    r->x += n;
}

/* Does what 0 and a second byte stand for; false at the end of the picture or of the data. */
static bool escape(struct runs *r, uint32_t code, bool *done)
{
    size_t left = (size_t)(r->end - r->p);
    if (code == 0) {
        r->x = 0;
        r->y++;
    } else if (code == 1) {
        *done = true;
        return false;
    } else if (code == 2) {
        if (left < 2)
            return false;
        r->x += r->p[0];
        r->y += r->p[1];
        r->p += 2;
    } else {
        size_t n = r->b->bits == 4 ? (code + 1) / 2 : code, padded = (n + 1) & ~(size_t)1;
        if (left < n)
            return false;
        put_run(r, r->p, code, 1);
        r->p += padded < left ? padded : left;
    }
    return true;
}

static bool read_runs(const struct bitmap *b, const struct image *out, struct image_facts *facts,
                      struct err *err)
{
    struct runs r = {b,    out, 0, 0, b->src->bytes + b->pixels_at, b->src->bytes + b->src->size,
                     false};
    bool done = false;
    if (r.end - r.p < 2)
        return err_set(err, "the file is cut off before the first row");
    /* What no run reaches has the first colour, as a cleared bitmap would. */
    for (size_t i = 0; i < (size_t)b->width * b->height; i++)
        memcpy(out->rgb + i * 3, b->palette[0], 3);
    while (r.end - r.p >= 2 && r.y < b->height) {
        uint32_t n = r.p[0], value = r.p[1];
        r.p += 2;
        if (n > 0)
            put_run(&r, r.p - 1, n, 0);
        else if (!escape(&r, value, &done))
            break;
    }
    if (r.overran)
        facts_warn(facts, "the file is damaged (runs past the end of a row)");
    else if (!done && r.y < b->height)
        facts_warn(facts, "the file is cut off: what is missing has its first colour");
    return true;
}

bool bmp_decode(struct image *out, struct image_facts *facts, const struct source *src,
                struct err *err)
{
    struct bitmap b = {.src = src};
    if (!read_headers(&b, err) || !source_canvas(src, b.width, b.height, out, err))
        return false;
    facts->had_alpha = b.masks[3] != 0;
    if (b.compression == BI_RLE8 || b.compression == BI_RLE4)
        return read_runs(&b, out, facts, err);
    return read_rows(&b, out, facts, err);
}
