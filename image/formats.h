/* What decode.c, the format files and sandbox.c share. A format file turns the bytes of one format
 * into pixels as they lie in the file; names in messages, limits and orientation are decode.c's. */
#ifndef IMAGE_FORMATS_H
#define IMAGE_FORMATS_H

#include "image/image.h"

struct source {
    const uint8_t *bytes;
    size_t size;
    uint64_t max_pixels;
};

/* All six: true with *out filled, perhaps with a warning in *facts where something is missing;
 * false with err (one line without the file's name), and then *out may hold pixels that decode.c
 * frees. Of the facts they fill orientation, had_alpha, animated and warning. */
bool png_decode(struct image *out, struct image_facts *facts, const struct source *src,
                struct err *err);
bool jpeg_decode(struct image *out, struct image_facts *facts, const struct source *src,
                 struct err *err);
bool webp_decode(struct image *out, struct image_facts *facts, const struct source *src,
                 struct err *err);
bool gif_decode(struct image *out, struct image_facts *facts, const struct source *src,
                struct err *err);
bool bmp_decode(struct image *out, struct image_facts *facts, const struct source *src,
                struct err *err);
bool ppm_decode(struct image *out, struct image_facts *facts, const struct source *src,
                struct err *err);

/* decode.c: an error if a picture of that size has no pixels or is over the limits. */
bool source_judge(const struct source *src, uint64_t width, uint64_t height, struct err *err);
/* decode.c: judges, then makes a white picture of that size. */
bool source_canvas(const struct source *src, uint64_t width, uint64_t height, struct image *out,
                   struct err *err);
/* decode.c: notes a warning; the first one stays. */
void facts_warn(struct image_facts *facts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* decode.c, for those who load: the bytes of a file (or of standard input), free() them, and the
 * name for messages; the limit that holds; the name of a format as facts have it, NULL if it is
 * none. */
char *source_read(const char *path, const struct image_limits *limits, size_t *n_bytes,
                  const char **name, struct err *err);
uint64_t image_max_pixels(const struct image_limits *limits);
const char *format_name(const char *text, size_t size);

static inline uint8_t *image_row(const struct image *image, uint32_t y)
{
    return image->rgb + (size_t)y * image->width * 3;
}

/* c with alpha a over white: c·a + 255·(1−a), rounded. */
static inline uint8_t on_white(uint32_t c, uint32_t a)
{
    return (uint8_t)((c * a + 255 * (255 - a) + 127) / 255);
}

/* v of 0..max scaled to 0..255, rounded; max ≥ 1. */
static inline uint8_t scale_to_8(uint32_t v, uint32_t max)
{
    return (uint8_t)(((uint64_t)v * 255 + max / 2) / max);
}

#endif
