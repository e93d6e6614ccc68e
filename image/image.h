/* Pictures: decoding, orientation, crops, resizing, the planes that the vision tower takes. Pixels
 * only: nothing here knows the engine or the screen. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* RGB, 8 bits, upright, alpha already on white. */
struct image {
    uint32_t width, height;
    uint8_t *rgb; /* [height][width][3]; owned */
};
void image_done(struct image *image);

/* What was found and done on the way, for the user to see. */
struct image_facts {
    const char *format;                   /* "JPEG", "PNG", "WebP", "GIF", "BMP", "PPM" */
    uint32_t stored_width, stored_height; /* before orientation */
    int orientation;                      /* EXIF, 1 to 8 */
    bool had_alpha;
    bool animated;     /* only the first frame was taken */
    char warning[160]; /* "the file is cut off: the lower part is grey", or empty */
};

/* No side may be longer, whatever the limits: the sums in resize.c rely on it. (libpng has it too.)
 */
enum { IMAGE_MAX_SIDE = 1000000 };

struct image_limits {
    uint64_t max_pixels; /* of the whole picture; 0: 100 megapixels */
    size_t max_bytes;    /* of the file; 0: 512 MiB */
};

/* decode.c: bytes → pixels. The format is told by content. Limits are judged before memory is asked
 * for. `name` is for messages. HEIC, AVIF, SVG, PDF, TIFF and the like get an error that says how
 * to convert. limits and facts may be NULL. */
bool image_decode(struct image *out, struct image_facts *facts, const void *bytes, size_t n_bytes,
                  const char *name, const struct image_limits *limits, struct err *err);
/* The name of the format ("JPEG") of a file that begins so; NULL if it is none that can be read. 16
 * bytes are enough. */
const char *image_sniff(const void *bytes, size_t n_bytes);
/* The same from a file, or from standard input for "-". */
bool image_load(struct image *out, struct image_facts *facts, const char *path,
                const struct image_limits *limits, struct err *err);
/* sandbox.c: as image_decode and image_load, but decoded in a child process that can do no harm: it
 * has no files, no network, 10 seconds and 1 GiB. What kills it becomes an error. Use these for
 * what people and scripts hand in; the others are for bytes that are trusted. */
bool image_decode_sandboxed(struct image *out, struct image_facts *facts, const void *bytes,
                            size_t n_bytes, const char *name, const struct image_limits *limits,
                            struct err *err);
bool image_load_sandboxed(struct image *out, struct image_facts *facts, const char *path,
                          const struct image_limits *limits, struct err *err);

/* panscan.c: the crop plan. */
enum panscan_variant { PANSCAN_GOOGLE, PANSCAN_HF };
enum { PANSCAN_MAX_CROPS = 4 };
struct crop {
    uint32_t x, y, width, height; /* may reach past the right or lower edge: black there */
};
/* Fills crops[] by the published rule; returns their number, 0 to PANSCAN_MAX_CROPS (0: the whole
 * image alone; otherwise the whole image comes first and is not in the list). */
size_t panscan_plan(enum panscan_variant variant, uint32_t width, uint32_t height,
                    struct crop crops[PANSCAN_MAX_CROPS]);
/* Exactly n crops (2 to PANSCAN_MAX_CROPS) along the long side, however small they get, in the
 * manner of the Google variant; 0 or 1: none. For `--crops N`. */
size_t panscan_split(uint32_t width, uint32_t height, size_t n,
                     struct crop crops[PANSCAN_MAX_CROPS]);

/* resize.c: antialiased bilinear, Pillow's arithmetic to the bit. */
bool image_resize(struct image *out, const struct image *in, uint32_t width, uint32_t height,
                  struct err *err);
/* The part of `in`, black beyond its edges. */
bool image_crop(struct image *out, const struct image *in, const struct crop *crop,
                struct err *err);

/* prepare.c: one view (crop NULL: the whole) squashed to size×size and normalised to planes
 * [3][size][size], v/127.5 − 1. The caller owns planes: 3·size·size floats. */
bool image_prepare(float *planes, const struct image *in, const struct crop *crop, uint32_t size,
                   struct err *err);

/* view.c: for people to look at. The part (crop NULL: the whole), no side longer than max_side. */
bool image_view(struct image *out, const struct image *in, const struct crop *crop,
                uint32_t max_side, struct err *err);
/* The reverse of image_prepare's last step: planes [3][height][width] into out, whose size and
 * memory are the caller's. */
void image_from_planes(struct image *out, const float *planes);

/* ppm.c: binary PPM, for `facet inspect pixels` and the tests. */
bool image_write_ppm(const struct image *image, const char *path, struct err *err);

#endif
