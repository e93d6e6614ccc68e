#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "image/formats.h"
#include "image/orient.h"

enum { DEFAULT_MAX_PIXELS = 100000000, DEFAULT_MAX_BYTES = 512 << 20 };

void image_done(struct image *image)
{
    free(image->rgb);
    *image = (struct image){0};
}

void facts_warn(struct image_facts *facts, const char *format, ...)
{
    if (facts->warning[0])
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(facts->warning, sizeof facts->warning, format, args);
    va_end(args);
}

bool source_judge(const struct source *src, uint64_t width, uint64_t height, struct err *err)
{
    if (width == 0 || height == 0)
        return err_set(err, "the picture has no pixels (%llu×%llu)", (unsigned long long)width,
                       (unsigned long long)height);
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE)
        return err_set(err, "%llu×%llu pixels: no side may be longer than %d",
                       (unsigned long long)width, (unsigned long long)height, IMAGE_MAX_SIDE);
    if (width * height > src->max_pixels)
        return err_set(err, "%llu×%llu pixels: over the limit of %.6g megapixels",
                       (unsigned long long)width, (unsigned long long)height,
                       (double)src->max_pixels / 1e6);
    return true;
}

bool source_canvas(const struct source *src, uint64_t width, uint64_t height, struct image *out,
                   struct err *err)
{
    if (!source_judge(src, width, height, err))
        return false;
    size_t n_pixels = (size_t)(width * height);
    uint8_t *rgb = mem_try(n_pixels, 3, "picture", err);
    if (!rgb)
        return false;
    memset(rgb, 255, n_pixels * 3);
    *out = (struct image){(uint32_t)width, (uint32_t)height, rgb};
    return true;
}

/* Bytes that tell what a file is; `at` is where they stand. */
struct magic {
    size_t at, size;
    const char *bytes;
};

static bool has_magic(const struct source *src, const struct magic *m)
{
    return src->size >= m->at + m->size && memcmp(src->bytes + m->at, m->bytes, m->size) == 0;
}

static const struct format {
    const char *name;
    struct magic magic;
    bool (*decode)(struct image *, struct image_facts *, const struct source *, struct err *);
} formats[] = {
    {"PNG", {0, 4, "\x89PNG"}, png_decode}, {"JPEG", {0, 2, "\xff\xd8"}, jpeg_decode},
    {"WebP", {8, 4, "WEBP"}, webp_decode},  {"GIF", {0, 4, "GIF8"}, gif_decode},
    {"BMP", {0, 2, "BM"}, bmp_decode},      {"PPM", {0, 2, "P1"}, ppm_decode},
    {"PPM", {0, 2, "P2"}, ppm_decode},      {"PPM", {0, 2, "P3"}, ppm_decode},
    {"PPM", {0, 2, "P4"}, ppm_decode},      {"PPM", {0, 2, "P5"}, ppm_decode},
    {"PPM", {0, 2, "P6"}, ppm_decode},
};

static const struct format *format_find(const struct source *src)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (has_magic(src, &formats[i].magic))
            return &formats[i];
    return NULL;
}

const char *image_sniff(const void *bytes, size_t n_bytes)
{
    const struct format *format = format_find(&(struct source){.bytes = bytes, .size = n_bytes});
    const char *text = bytes, *end = text + n_bytes, *at = text + 2;
    if (!format || format->decode != ppm_decode)
        return format ? format->name : NULL;
    while (at < end && isspace((unsigned char)*at))
        at++;
    bool number = at > text + 2 && at < end && (isdigit((unsigned char)*at) || *at == '#');
    return number ? format->name : NULL; /* "P1" begins many a text */
}

/* Ways to a format that can be read, as commands that people have or can install. */
#define BY_MAGICK "convert it first, e.g. magick FILE picture.png"
#define BY_HEIF   "convert it first, e.g. heif-convert FILE picture.jpg"
#define BY_SVG    "draw it first, e.g. rsvg-convert -w 1600 FILE -o picture.png"
#define BY_PDF    "make pictures of its pages first, e.g. pdftoppm -png -r 150 FILE page"
#define BY_FRAMES "take a frame first, e.g. ffmpeg -i FILE -frames:v 1 picture.png"
#define NO_WAY    "it holds no picture"

/* What is known but not read. The order counts: a particular brand stands before `ftyp` alone. */
static const struct refusal {
    const char *what;
    struct magic magic;
    const char *way;
} refusals[] = {
    {"AVIF", {4, 8, "ftypavif"}, "convert it first, e.g. avifdec FILE picture.png"},
    {"AVIF", {4, 8, "ftypavis"}, "convert it first, e.g. avifdec FILE picture.png"},
    {"HEIC", {4, 7, "ftyphei"}, BY_HEIF},
    {"HEIC", {4, 7, "ftyphev"}, BY_HEIF},
    {"HEIF", {4, 8, "ftypmif1"}, BY_HEIF},
    {"HEIF", {4, 8, "ftypmif2"}, BY_HEIF},
    {"HEIF", {4, 8, "ftypmsf1"}, BY_HEIF},
    {"Canon raw", {4, 7, "ftypcrx"}, BY_MAGICK},
    {"video", {4, 4, "ftyp"}, BY_FRAMES},
    {"video", {0, 4, "\x1a\x45\xdf\xa3"}, BY_FRAMES},
    {"video", {8, 4, "AVI "}, BY_FRAMES},
    {"sound", {8, 4, "WAVE"}, NO_WAY},
    {"JPEG XL", {0, 2, "\xff\x0a"}, "convert it first, e.g. djxl FILE picture.png"},
    {"JPEG XL", {4, 4, "JXL "}, "convert it first, e.g. djxl FILE picture.png"},
    {"JPEG 2000", {4, 4, "jP  "}, BY_MAGICK},
    {"JPEG 2000", {0, 4, "\xff\x4f\xff\x51"}, BY_MAGICK},
    {"TIFF", {0, 4, "II*\0"}, BY_MAGICK},
    {"TIFF", {0, 4, "MM\0*"}, BY_MAGICK},
    {"TIFF", {0, 4, "II+\0"}, BY_MAGICK},
    {"TIFF", {0, 4, "MM\0+"}, BY_MAGICK},
    {"Photoshop", {0, 4, "8BPS"}, BY_MAGICK},
    {"icon", {0, 4, "\0\0\1\0"}, BY_MAGICK},
    {"QOI", {0, 4, "qoif"}, BY_MAGICK},
    {"OpenEXR", {0, 4, "\x76\x2f\x31\x01"}, BY_MAGICK},
    {"Radiance HDR", {0, 10, "#?RADIANCE"}, BY_MAGICK},
    {"DDS", {0, 4, "DDS "}, BY_MAGICK},
    {"PAM", {0, 3, "P7\n"}, BY_MAGICK},
    {"PFM", {0, 3, "PF\n"}, BY_MAGICK},
    {"DICOM", {128, 4, "DICM"}, BY_MAGICK},
    {"PostScript", {0, 4, "%!PS"}, BY_PDF},
    {"ZIP", {0, 4, "PK\3\4"}, "unpack it first"},
    {"gzip", {0, 2, "\x1f\x8b"}, "unpack it first"},
};

/* PDF, SVG and HTML may start with other things; whoever reads them looks into the first kilobyte.
 */
static const struct refusal texts[] = {
    {"PDF", {0, 5, "%PDF-"}, BY_PDF},
    {"SVG", {0, 4, "<svg"}, BY_SVG},
    {"SVG", {0, 13, "<!DOCTYPE svg"}, BY_SVG},
    {"HTML", {0, 5, "<html"}, "it is a page, not the picture that was meant"},
    {"HTML", {0, 14, "<!DOCTYPE html"}, "it is a page, not the picture that was meant"},
    {"HTML", {0, 14, "<!doctype html"}, "it is a page, not the picture that was meant"},
};

static bool refuse(const struct source *src, struct err *err)
{
    if (src->size == 0)
        return err_set(err, "the file is empty");
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (has_magic(src, &refusals[i].magic))
            return err_set(err, "%s files are not read: %s", refusals[i].what, refusals[i].way);
    size_t head = src->size < 1024 ? src->size : 1024;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (memmem(src->bytes, head, texts[i].magic.bytes, texts[i].magic.size))
            return err_set(err, "%s files are not read: %s", texts[i].what, texts[i].way);
    return err_set(err, "not a picture of a known format; PNG, JPEG, WebP, GIF, BMP and PPM are "
                        "read, others: " BY_MAGICK);
}

static bool decode_upright(struct image *out, struct image_facts *facts, const struct source *src,
                           struct err *err)
{
    const struct format *format = format_find(src);
    if (!format)
        return refuse(src, err);
    facts->format = format->name;
    facts->orientation = 1;
    if (!format->decode(out, facts, src, err))
        return err_prefix(err, "%s", format->name);
    facts->stored_width = out->width;
    facts->stored_height = out->height;
    return image_orient(out, facts->orientation, err);
}

bool image_decode(struct image *out, struct image_facts *facts, const void *bytes, size_t n_bytes,
                  const char *name, const struct image_limits *limits, struct err *err)
{
    struct image_facts unwanted;
    if (!facts)
        facts = &unwanted;
    *facts = (struct image_facts){0};
    *out = (struct image){0};
    struct source src = {bytes, n_bytes, image_max_pixels(limits)};
    if (decode_upright(out, facts, &src, err))
        return true;
    image_done(out);
    return err_prefix(err, "%s", name);
}

uint64_t image_max_pixels(const struct image_limits *limits)
{
    return limits && limits->max_pixels ? limits->max_pixels : DEFAULT_MAX_PIXELS;
}

const char *format_name(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strncmp(formats[i].name, text, size) == 0)
            return formats[i].name;
    return NULL;
}

char *source_read(const char *path, const struct image_limits *limits, size_t *n_bytes,
                  const char **name, struct err *err)
{
    *name = strcmp(path, "-") == 0 ? "standard input" : path;
    size_t max_bytes = limits && limits->max_bytes ? limits->max_bytes : DEFAULT_MAX_BYTES;
    return file_read(path, max_bytes, n_bytes, err);
}

bool image_load(struct image *out, struct image_facts *facts, const char *path,
                const struct image_limits *limits, struct err *err)
{
    size_t n_bytes;
    const char *name;
    *out = (struct image){0};
    char *bytes = source_read(path, limits, &n_bytes, &name, err);
    if (!bytes)
        return false;
    bool ok = image_decode(out, facts, bytes, n_bytes, name, limits, err);
    free(bytes);
    return ok;
}
