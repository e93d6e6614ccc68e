/* The portable bitmaps P1 to P6: bits, grey and colour, as text and binary; and writing P6. */
#include "image/formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { MAX_MAXVAL = 65535 };

struct reader {
    const uint8_t *p, *end;
    int kind; /* 1 to 6 */
    uint32_t width, height, maxval;
    uint32_t bit;   /* of a P4 row: bits taken */
    bool too_large; /* a sample was over maxval */
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Spaces, and comments from # to the end of the line. */
static void skip_blank(struct reader *r)
{
    bool comment = false;
    for (; r->p < r->end; r->p++) {
        if (comment)
            comment = *r->p != '\n' && *r->p != '\r';
        else if (*r->p == '#')
            comment = true;
        else if (!is_space(*r->p))
            return;
    }
}

/* False at the end, at what is no digit, and for numbers no file means. */
static bool read_number(struct reader *r, uint32_t *out)
{
    skip_blank(r);
    const uint8_t *from = r->p;
    uint32_t v = 0;
    for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
        if (v > 100000000)
            return false;
        v = v * 10 + (uint32_t)(*r->p - '0');
    }
    *out = v;
    return r->p > from;
}

static bool read_header(struct reader *r, const struct source *src, struct err *err)
{
    r->kind = src->bytes[1] - '0';
    r->p += 2;
    if (r->p == r->end || (!is_space(*r->p) && *r->p != '#'))
        return err_set(err, "no space behind P%d", r->kind);
    if (!read_number(r, &r->width) || !read_number(r, &r->height))
        return err_set(err, "width or height is missing or no number");
    r->maxval = 1;
    bool bits = r->kind == 1 || r->kind == 4;
    if (!bits && !read_number(r, &r->maxval))
        return err_set(err, "the largest value is missing or no number");
    if (r->maxval == 0 || r->maxval > MAX_MAXVAL)
        return err_set(err, "the largest value is %u; 1 to %d are possible", r->maxval, MAX_MAXVAL);
    if (r->kind > 3 && r->p < r->end && !is_space(*r->p++)) /* one space, then the samples */
        return err_set(err, "no space behind the header");
    return true;
}

static bool read_text_bit(struct reader *r, uint32_t *v)
{
    skip_blank(r); /* there need not be any between bits */
    if (r->p == r->end || (*r->p != '0' && *r->p != '1'))
        return false;
    *v = *r->p++ == '0';
    return true;
}

static bool read_bit(struct reader *r, uint32_t *v)
{
    if (r->p == r->end)
        return false;
    *v = !(*r->p >> (7 - r->bit) & 1);
    r->p += r->bit == 7;
    r->bit = (r->bit + 1) & 7;
    return true;
}

static bool read_binary(struct reader *r, uint32_t *v)
{
    size_t size = r->maxval > 255 ? 2 : 1;
    if ((size_t)(r->end - r->p) < size)
        return false;
    *v = size == 2 ? (uint32_t)r->p[0] << 8 | r->p[1] : r->p[0];
    r->p += size;
    return true;
}

static bool read_sample(struct reader *r, uint8_t *out)
{
    uint32_t v;
    bool ok = r->kind == 1   ? read_text_bit(r, &v)
              : r->kind == 4 ? read_bit(r, &v)
              : r->kind < 4  ? read_number(r, &v)
                             : read_binary(r, &v);
    if (!ok)
        return false;
    if (v > r->maxval) {
        r->too_large = true;
        v = r->maxval;
    }
    *out = r->maxval == 255 ? (uint8_t)v : scale_to_8(v, r->maxval);
    return true;
}

/* Returns how many pixels of the row came. */
static uint32_t read_row(struct reader *r, uint8_t *rgb)
{
    bool colour = r->kind == 3 || r->kind == 6;
    for (uint32_t x = 0; x < r->width; x++, rgb += 3) {
        uint8_t c[3];
        for (int i = 0; i < (colour ? 3 : 1); i++)
            if (!read_sample(r, &c[i]))
                return x;
        if (!colour)
            c[1] = c[2] = c[0];
        memcpy(rgb, c, 3);
    }
    if (r->bit > 0) { /* rows of bits end on a byte */
        r->bit = 0;
        r->p++;
    }
    return r->width;
}

bool ppm_decode(struct image *out, struct image_facts *facts, const struct source *src,
                struct err *err)
{
    struct reader r = {.p = src->bytes, .end = src->bytes + src->size};
    if (!read_header(&r, src, err) || !source_canvas(src, r.width, r.height, out, err))
        return false;
    for (uint32_t y = 0; y < r.height; y++) {
        uint32_t n = read_row(&r, image_row(out, y));
        if (n == r.width)
            continue;
        if (r.p < r.end && r.kind < 4)
            return err_set(err, "row %u holds something that is no number", y + 1);
        if (y == 0 && n == 0)
            return err_set(err, "the file is cut off before the first pixel");
        facts_warn(facts, "the file is cut off: what is missing is white");
        break;
    }
    if (r.too_large)
        facts_warn(facts, "values over the largest, %u, are taken for it", r.maxval);
    return true;
}

bool image_write_ppm(const struct image *image, const char *path, struct err *err)
{
    char header[40];
    int n = snprintf(header, sizeof header, "P6\n%u %u\n255\n", image->width, image->height);
    size_t n_header = (size_t)n, n_pixels = (size_t)image->width * image->height * 3;
    char *all = mem_try(n_header + n_pixels, 1, "picture", err);
    if (!all)
        return false;
    memcpy(all, header, n_header);
    memcpy(all + n_header, image->rgb, n_pixels);
    bool ok = file_write(path, all, n_header + n_pixels, 0644, err);
    free(all);
    return ok;
}
