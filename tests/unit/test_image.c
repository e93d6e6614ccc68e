#include <math.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <gif_lib.h>
#include <jpeglib.h>
#include <png.h>
#include <seccomp.h>
#include <webp/encode.h>

#include "base/mem.h"
#include "base/str.h"
#include "image/image.h"
#include "image/orient.h"
#include "image/sandbox.h"

#define BYTES(s) s, sizeof(s) - 1

static bool decode(struct image *out, struct image_facts *facts, const void *bytes, size_t n)
{
    struct err err = {""};
    bool ok = image_decode(out, facts, bytes, n, "pic", NULL, &err);
    if (!ok) {
        assert_null(out->rgb);
        assert_memory_equal(err.text, "pic: ", 5);
    }
    return ok;
}

static void assert_fails(const void *bytes, size_t n, const char *part)
{
    struct image image;
    struct err err = {""};
    assert_false(image_decode(&image, NULL, bytes, n, "pic", NULL, &err));
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

static void assert_pixel(const struct image *image, uint32_t x, uint32_t y, int r, int g, int b)
{
    const uint8_t *p = image->rgb + ((size_t)y * image->width + x) * 3;
    assert_int_equal(p[0], r);
    assert_int_equal(p[1], g);
    assert_int_equal(p[2], b);
}

static struct image noise(uint32_t width, uint32_t height)
{
    struct image image = {width, height, mem_new((size_t)width * height, 3)};
    uint32_t state = 1;
    for (size_t i = 0; i < (size_t)width * height * 3; i++) {
        state = state * 1664525 + 1013904223;
        image.rgb[i] = (uint8_t)(state >> 24);
    }
    return image;
}

/* PNG */

static void *png_of(uint32_t format, uint32_t width, uint32_t height, const void *pixels, size_t *n)
{
    png_image png = {
        .version = PNG_IMAGE_VERSION, .format = format, .width = width, .height = height};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
    void *bytes = mem_new(size, 1);
    assert_true(png_image_write_to_memory(&png, bytes, &size, 0, pixels, 0, NULL));
    *n = size;
    return bytes;
}

static void png_alpha_is_on_white(void **state)
{
    (void)state;
    const uint8_t pixels[] = {10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 128};
    size_t n;
    void *bytes = png_of(PNG_FORMAT_RGBA, 3, 1, pixels, &n);
    struct image image;
    struct image_facts facts;
    assert_true(decode(&image, &facts, bytes, n));
    assert_string_equal(facts.format, "PNG");
    assert_true(facts.had_alpha);
    assert_pixel(&image, 0, 0, 10, 20, 30);
    assert_pixel(&image, 1, 0, 255, 255, 255);
    assert_pixel(&image, 2, 0, 127, 177, 227);
    image_done(&image);
    free(bytes);
}

static void png_cut_gives_the_upper_part(void **state)
{
    (void)state;
    struct image in = noise(64, 64), image;
    struct image_facts facts;
    size_t n;
    void *bytes = png_of(PNG_FORMAT_RGB, 64, 64, in.rgb, &n);
    assert_true(decode(&image, &facts, bytes, n / 2));
    assert_true(facts.warning[0]);
    assert_memory_equal(image.rgb, in.rgb, 64 * 20 * 3);
    assert_pixel(&image, 63, 63, 255, 255, 255);
    image_done(&image);
    for (size_t cut = 0; cut < 41; cut++) { /* the signature and IHDR */
        assert_false(decode(&image, NULL, bytes, cut));
    }
    image_done(&in);
    free(bytes);
}

/* JPEG */

static const uint8_t exif6[] = {'E', 'x',  'i', 'f', 0, 0, 'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1,
                                1,   0x12, 0,   3,   0, 0, 0,   1,   0, 6,   0, 0, 0, 0, 0, 0};

static unsigned char *jpeg_of(const struct image *in, const void *app1, unsigned n_app1, size_t *n)
{
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &bytes, &size);
    cinfo.image_width = in->width;
    cinfo.image_height = in->height;
    cinfo.input_components = 3;
    cinfo.in_color_space = JCS_RGB;
    jpeg_set_defaults(&cinfo);
    jpeg_start_compress(&cinfo, TRUE);
    if (n_app1)
        jpeg_write_marker(&cinfo, JPEG_APP0 + 1, app1, n_app1);
    while (cinfo.next_scanline < cinfo.image_height) {
        JSAMPROW row = in->rgb + (size_t)cinfo.next_scanline * in->width * 3;
        jpeg_write_scanlines(&cinfo, &row, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    *n = size;
    return bytes;
}

static void jpeg_is_turned_upright(void **state)
{
    (void)state;
    struct image in = {40, 24, mem_new(40 * 24, 3)}, image;
    memset(in.rgb + (size_t)12 * 40 * 3, 255, (size_t)12 * 40 * 3); /* black over white */
    struct image_facts facts;
    size_t n;
    unsigned char *bytes = jpeg_of(&in, exif6, sizeof exif6, &n);
    assert_true(decode(&image, &facts, bytes, n));
    assert_int_equal(facts.orientation, 6);
    assert_int_equal(facts.stored_width, 40);
    assert_int_equal(image.width, 24);
    assert_int_equal(image.height, 40);
    assert_true(image.rgb[0] > 240 && image.rgb[23 * 3] < 15); /* white left of black */
    assert_string_equal(facts.warning, "");
    image_done(&image);
    image_done(&in);
    free(bytes);
}

static void jpeg_cut_says_so(void **state)
{
    (void)state;
    struct image in = noise(64, 64), image;
    struct image_facts facts;
    size_t n;
    unsigned char *bytes = jpeg_of(&in, NULL, 0, &n);
    assert_true(decode(&image, &facts, bytes, n / 2));
    assert_non_null(strstr(facts.warning, "cut off"));
    image_done(&image);
    assert_false(decode(&image, NULL, bytes, 100));
    image_done(&in);
    free(bytes);
}

/* WebP */

static void webp_alpha_is_on_white(void **state)
{
    (void)state;
    const uint8_t pixels[] = {10, 20, 30, 255, 0, 100, 200, 128, 1, 2, 3, 0};
    uint8_t *bytes = NULL;
    size_t n = WebPEncodeLosslessRGBA(pixels, 3, 1, 12, &bytes);
    struct image image;
    struct image_facts facts;
    assert_true(n > 0 && decode(&image, &facts, bytes, n));
    assert_string_equal(facts.format, "WebP");
    assert_true(facts.had_alpha);
    assert_false(facts.animated);
    assert_pixel(&image, 0, 0, 10, 20, 30);
    assert_pixel(&image, 1, 0, 127, 177, 227);
    assert_pixel(&image, 2, 0, 255, 255, 255);
    image_done(&image);
    for (size_t cut = 0; cut < n - 2; cut++)
        if (decode(&image, &facts, bytes, cut)) {
            assert_true(facts.warning[0]);
            image_done(&image);
        }
    WebPFree(bytes);
}

/* GIF */

static int put_bytes(GifFileType *gif, const GifByteType *bytes, int n)
{
    str_put(gif->UserData, (const char *)bytes, (size_t)n);
    return n;
}

/* A screen of 4×3 with two frames of 2×2 at (1, 1), colour 0 transparent. */
static struct str gif_of_two_frames(void)
{
    struct str bytes = {0};
    int code;
    GifFileType *gif = EGifOpen(&bytes, put_bytes, &code);
    const GifColorType colours[2] = {{1, 2, 3}, {200, 100, 50}};
    ColorMapObject *map = GifMakeMapObject(2, colours);
    GraphicsControlBlock control = {.TransparentColor = 0};
    GifByteType extension[4];
    EGifSetGifVersion(gif, true);
    assert_int_equal(EGifPutScreenDesc(gif, 4, 3, 1, 0, map), GIF_OK);
    EGifGCBToExtension(&control, extension);
    GifPixelType row[2] = {0, 1};
    for (int frame = 0; frame < 2; frame++) {
        EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof extension, extension);
        assert_int_equal(EGifPutImageDesc(gif, 1, 1, 2, 2, false, NULL), GIF_OK);
        for (int y = 0; y < 2; y++)
            EGifPutLine(gif, row, 2);
    }
    EGifCloseFile(gif, &code);
    GifFreeMapObject(map);
    return bytes;
}

static void gif_is_its_first_frame_on_the_screen(void **state)
{
    (void)state;
    struct str bytes = gif_of_two_frames();
    struct image image;
    struct image_facts facts;
    assert_true(decode(&image, &facts, bytes.data, bytes.len));
    assert_true(facts.animated && facts.had_alpha);
    assert_int_equal(image.width, 4);
    assert_int_equal(image.height, 3);
    assert_pixel(&image, 0, 0, 255, 255, 255);
    assert_pixel(&image, 1, 1, 255, 255, 255);
    assert_pixel(&image, 2, 1, 200, 100, 50);
    assert_pixel(&image, 2, 2, 200, 100, 50);
    image_done(&image);
    str_done(&bytes);
}

/* BMP */

static void bmp_rows_lie_bottom_first(void **state)
{
    (void)state;
    const char bytes[] = "BM\0\0\0\0\0\0\0\0\x36\0\0\0"
                         "\x28\0\0\0\1\0\0\0\2\0\0\0\1\0\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                         "\0\0\0\0\0\0\0\0"
                         "\1\2\3\0\4\5\6";
    struct image image;
    struct image_facts facts;
    assert_true(decode(&image, &facts, BYTES(bytes)));
    assert_pixel(&image, 0, 0, 6, 5, 4);
    assert_pixel(&image, 0, 1, 3, 2, 1);
    assert_string_equal(facts.warning, "");
    image_done(&image);
    assert_true(decode(&image, &facts, bytes, sizeof bytes - 3));
    assert_true(facts.warning[0]);
    image_done(&image);
}

static void bmp_runs_stay_in_their_rows(void **state)
{
    (void)state;
    /* 4×2, RLE8, two colours: a run of 9, end of line, a literal of 3. */
    const char bytes[] = "BM\0\0\0\0\0\0\0\0\x3e\0\0\0"
                         "\x28\0\0\0\4\0\0\0\2\0\0\0\1\0\x08\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                         "\2\0\0\0\0\0\0\0"
                         "\x0a\x0b\x0c\0\x14\x15\x16\0"
                         "\x09\1\0\0\0\3\1\0\1\0\0\1";
    struct image image;
    struct image_facts facts;
    assert_true(decode(&image, &facts, BYTES(bytes)));
    assert_pixel(&image, 3, 1, 0x16, 0x15, 0x14);
    assert_pixel(&image, 0, 0, 0x16, 0x15, 0x14);
    assert_pixel(&image, 1, 0, 0x0c, 0x0b, 0x0a);
    assert_pixel(&image, 3, 0, 0x0c, 0x0b, 0x0a);
    assert_true(facts.warning[0]);
    image_done(&image);
}

/* PPM */

static void ppm_kinds_are_read(void **state)
{
    (void)state;
    struct image image;
    assert_true(decode(&image, NULL, BYTES("P1 # bits\n3 1\n1 01")));
    assert_pixel(&image, 0, 0, 0, 0, 0);
    assert_pixel(&image, 1, 0, 255, 255, 255);
    image_done(&image);
    assert_true(decode(&image, NULL, BYTES("P2\n2 1 100\n50 100")));
    assert_pixel(&image, 0, 0, 128, 128, 128);
    image_done(&image);
    assert_true(decode(&image, NULL, BYTES("P4\n9 2\n\xff\x80\0\0")));
    assert_pixel(&image, 8, 0, 0, 0, 0);
    assert_pixel(&image, 8, 1, 255, 255, 255);
    image_done(&image);
    assert_true(decode(&image, NULL, BYTES("P6 1 1 65535\n\xff\xff\x80\x80\0\0")));
    assert_pixel(&image, 0, 0, 255, 128, 0);
    image_done(&image);
    assert_fails(BYTES("P3 1 1 255 1 x 2"), "no number");
    assert_fails(BYTES("P5 1 1 0 1"), "largest value");
    assert_fails(BYTES("P6 1 1 255\n"), "cut off");
}

static void ppm_is_written_and_read_back(void **state)
{
    (void)state;
    char path[] = "/tmp/facet-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct image in = noise(7, 5), image;
    struct err err;
    assert_true(image_write_ppm(&in, path, &err));
    assert_true(image_load(&image, NULL, path, NULL, &err));
    assert_int_equal(image.width, 7);
    assert_memory_equal(image.rgb, in.rgb, 7 * 5 * 3);
    image_done(&image);
    image_done(&in);
    unlink(path);
    assert_false(image_load(&image, NULL, path, NULL, &err));
    assert_non_null(strstr(err.text, path));
}

/* What is refused */

static void refusals_say_what_to_do(void **state)
{
    (void)state;
    assert_fails(BYTES(""), "empty");
    assert_fails(BYTES("\0\0\0\x18"
                       "ftypheic\0\0\0\0"),
                 "heif-convert");
    assert_fails(BYTES("\0\0\0\x18"
                       "ftypavif\0\0\0\0"),
                 "avifdec");
    assert_fails(BYTES("<?xml version=\"1.0\"?>\n<svg xmlns"), "rsvg-convert");
    assert_fails(BYTES("%PDF-1.7\n"), "pdftoppm");
    assert_fails(BYTES("II*\0\x08\0\0\0"), "TIFF");
    assert_fails(BYTES("hello, world"), "not a picture");
}

static void limits_are_judged_first(void **state)
{
    (void)state;
    assert_fails(BYTES("P6 60000 60000 255\n"), "megapixels");
    assert_fails(BYTES("P6 1000001 1 255\n"), "longer");
    const struct image_limits limits = {.max_pixels = 5};
    struct image image;
    struct err err;
    assert_false(image_decode(&image, NULL, BYTES("P5 2 3 9 123456"), "pic", &limits, &err));
    assert_non_null(strstr(err.text, "2×3"));
}

/* Orientation */

static void exif_is_read_with_care(void **state)
{
    (void)state;
    assert_int_equal(exif_orientation(exif6, sizeof exif6), 6);
    assert_int_equal(exif_orientation(exif6 + 6, sizeof exif6 - 6), 6);
    for (size_t n = 0; n < 28; n++)
        assert_int_equal(exif_orientation(exif6, n), 1);
    uint8_t bad[sizeof exif6];
    memcpy(bad, exif6, sizeof bad);
    bad[25] = 9;
    assert_int_equal(exif_orientation(bad, sizeof bad), 1);
}

/* The pixels 0 1 2 / 3 4 5, as each orientation shows them. */
static void all_orientations(void **state)
{
    (void)state;
    static const uint8_t want[9][6] = {{0},
                                       {0, 1, 2, 3, 4, 5},
                                       {2, 1, 0, 5, 4, 3},
                                       {5, 4, 3, 2, 1, 0},
                                       {3, 4, 5, 0, 1, 2},
                                       {0, 3, 1, 4, 2, 5},
                                       {3, 0, 4, 1, 5, 2},
                                       {5, 2, 4, 1, 3, 0},
                                       {2, 5, 1, 4, 0, 3}};
    for (int orientation = 1; orientation <= 8; orientation++) {
        struct image image = {3, 2, mem_new(6, 3)};
        for (size_t i = 0; i < 18; i++)
            image.rgb[i] = (uint8_t)(i / 3);
        assert_true(image_orient(&image, orientation, NULL));
        assert_int_equal(image.width, orientation < 5 ? 3 : 2);
        for (size_t i = 0; i < 18; i++)
            assert_int_equal(image.rgb[i], want[orientation][i / 3]);
        image_done(&image);
    }
}

/* Crops */

static void panscan_follows_the_rule(void **state)
{
    (void)state;
    struct crop crops[PANSCAN_MAX_CROPS];
    assert_int_equal(panscan_plan(PANSCAN_GOOGLE, 896, 896, crops), 0);
    assert_int_equal(panscan_plan(PANSCAN_GOOGLE, 1300, 1000, crops), 0);
    assert_int_equal(panscan_plan(PANSCAN_HF, 1300, 1000, crops), 2);
    assert_int_equal(panscan_plan(PANSCAN_GOOGLE, 2000, 255, crops), 0);
    assert_int_equal(panscan_plan(PANSCAN_GOOGLE, 1001, 500, crops), 2);
    const struct crop past = {501, 0, 501, 500}, short_ = {501, 0, 500, 500};
    assert_memory_equal(&crops[1], &past, sizeof past);
    assert_int_equal(panscan_plan(PANSCAN_HF, 1001, 500, crops), 2);
    assert_memory_equal(&crops[1], &short_, sizeof short_);
    assert_int_equal(panscan_plan(PANSCAN_HF, 0, 0, crops), 0);
    assert_int_equal(panscan_split(10, 90, 3, crops), 3);
    const struct crop third = {0, 60, 10, 30};
    assert_memory_equal(&crops[2], &third, sizeof third);
    assert_int_equal(panscan_split(10, 90, 1, crops), 0);
    assert_int_equal(panscan_split(1, 1, 9, crops), PANSCAN_MAX_CROPS);
    assert_int_equal(crops[3].x, 0);
}

static void crops_are_black_past_the_edge(void **state)
{
    (void)state;
    struct image in = noise(4, 4), part;
    const struct crop over = {3, 2, 3, 5}, outside = {9, 9, 2, 2}, empty = {0, 0, 0, 1};
    assert_true(image_crop(&part, &in, &over, NULL));
    assert_memory_equal(part.rgb, in.rgb + (2 * 4 + 3) * 3, 3);
    assert_pixel(&part, 1, 0, 0, 0, 0);
    assert_pixel(&part, 0, 2, 0, 0, 0);
    image_done(&part);
    assert_true(image_crop(&part, &in, &outside, NULL));
    assert_pixel(&part, 1, 1, 0, 0, 0);
    image_done(&part);
    assert_false(image_crop(&part, &in, &empty, NULL));
    image_done(&in);
}

/* Resizing */

/* One axis of Pillow's filter, said as plainly as it can be; n lines `step` apart. */
static void plain_axis(uint8_t *out, const uint8_t *in, int n_in, int n_out, int step)
{
    double s = (double)n_in / n_out, t = s > 1 ? s : 1;
    for (int i = 0; i < n_out; i++) {
        double c = (i + 0.5) * s, sum = 0;
        int from = (int)fmax(0, c - t + 0.5), to = (int)fmin(n_in, c + t + 0.5);
        for (int j = from; j < to; j++)
            sum += fmax(0, 1 - fabs((j + 0.5 - c) * (1 / t)));
        int64_t v = 1 << 21;
        for (int j = from; j < to; j++)
            v += (int64_t)(fmax(0, 1 - fabs((j + 0.5 - c) * (1 / t))) / sum * (1 << 22) + 0.5) *
                 in[j * step];
        out[i * step] = (uint8_t)(v >> 22 > 255 ? 255 : v >> 22);
    }
}

static void assert_resized(uint32_t w, uint32_t h, uint32_t to_w, uint32_t to_h)
{
    struct image in = noise(w, h), got;
    uint8_t *across = mem_new((size_t)to_w * h, 3), *both = mem_new((size_t)to_w * to_h, 3);
    for (uint32_t y = 0; y < h; y++)
        for (int k = 0; k < 3; k++)
            plain_axis(across + (size_t)y * to_w * 3 + k, in.rgb + (size_t)y * w * 3 + k, (int)w,
                       (int)to_w, 3);
    for (uint32_t x = 0; x < to_w * 3; x++)
        plain_axis(both + x, across + x, (int)h, (int)to_h, (int)to_w * 3);
    assert_true(image_resize(&got, &in, to_w, to_h, NULL));
    assert_memory_equal(got.rgb, both, (size_t)to_w * to_h * 3);
    image_done(&got);
    image_done(&in);
    free(across);
    free(both);
}

static void resizing_is_the_published_arithmetic(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 3, 5, 16, 17, 64, 101};
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++) {
            assert_resized(sizes[i], sizes[j], 16, 16);
            assert_resized(sizes[j], sizes[7 - i], 37, 3);
        }
}

static void resizing_refuses_nothing_and_too_much(void **state)
{
    (void)state;
    struct image in = noise(2, 2), none = {0}, got;
    assert_false(image_resize(&got, &none, 4, 4, NULL));
    assert_false(image_resize(&got, &in, 0, 4, NULL));
    assert_false(image_resize(&got, &in, 4, IMAGE_MAX_SIDE + 1, NULL));
    assert_null(got.rgb);
    image_done(&in);
}

static void planes_are_normalised(void **state)
{
    (void)state;
    struct image in = {2, 2, mem_new(4, 3)};
    const uint8_t rgb[12] = {0, 255, 128, 255, 0, 0, 51, 102, 153, 204, 1, 2};
    memcpy(in.rgb, rgb, sizeof rgb);
    float planes[12];
    assert_true(image_prepare(planes, &in, NULL, 2, NULL));
    for (size_t i = 0; i < 12; i++)
        assert_true(fabsf(planes[i] - ((float)rgb[i % 4 * 3 + i / 4] / 127.5f - 1)) < 1e-6f);
    const struct crop right = {1, 0, 1, 1};
    assert_true(image_prepare(planes, &in, &right, 2, NULL));
    assert_true(planes[0] == 1 && planes[3] == 1 && planes[4] == -1);
    image_done(&in);
}

/* The sandbox */

typedef bool decoder(struct image *, struct image_facts *, const void *, size_t, const char *,
                     const struct image_limits *, struct err *);

static bool contained(decoder *what, const void *bytes, size_t n, struct image *out,
                      struct image_facts *facts, struct err *err)
{
    const struct image_limits limits = {.max_pixels = 10000};
    const struct sandbox_job job = {what, bytes, n, "pic", &limits, 1, 1 << 26};
    bool ok = sandbox_run(&job, out, facts, err);
    if (!ok) {
        assert_null(out->rgb);
        assert_memory_equal(err->text, "pic: ", 5);
    }
    return ok;
}

static void sandbox_gives_what_the_decoder_does(void **state)
{
    (void)state;
    struct image in = noise(40, 30), image, plain;
    struct image_facts facts, plain_facts;
    struct err err, plain_err;
    size_t n;
    unsigned char *bytes = jpeg_of(&in, exif6, sizeof exif6, &n);
    for (size_t size = n; size > 0; size /= 2) {
        bool ok = contained(image_decode, bytes, size, &image, &facts, &err);
        assert_int_equal(ok,
                         image_decode(&plain, &plain_facts, bytes, size, "pic", NULL, &plain_err));
        if (ok) {
            assert_int_equal(image.width, plain.width);
            assert_memory_equal(image.rgb, plain.rgb, (size_t)image.width * image.height * 3);
            assert_string_equal(facts.format, "JPEG");
            assert_int_equal(facts.orientation, 6);
            assert_int_equal(facts.stored_height, 30);
            assert_string_equal(facts.warning, plain_facts.warning);
        } else
            assert_string_equal(err.text, plain_err.text);
        image_done(&image);
        image_done(&plain);
    }
    image_done(&in);
    free(bytes);
}

static bool crashes(struct image *out, struct image_facts *facts, const void *bytes, size_t n,
                    const char *name, const struct image_limits *limits, struct err *err)
{
    (void)out, (void)facts, (void)bytes, (void)n, (void)name, (void)limits, (void)err;
    raise(SIGKILL);
    abort();
}

static bool never_ends(struct image *out, struct image_facts *facts, const void *bytes, size_t n,
                       const char *name, const struct image_limits *limits, struct err *err)
{
    (void)out, (void)facts, (void)bytes, (void)n, (void)name, (void)limits, (void)err;
    volatile bool going = true;
    while (going)
        ;
    return false;
}

/* Tries what a hijacked decoder would; tells of the first thing that it could do. */
static bool breaks_out(struct image *out, struct image_facts *facts, const void *bytes, size_t n,
                       const char *name, const struct image_limits *limits, struct err *err)
{
    (void)out, (void)facts, (void)n, (void)limits;
    if (open("/etc/passwd", O_RDONLY) >= 0)
        return err_set(err, "%s: opened a file", name);
    if (write(*(const int *)bytes, "x", 1) == 1)
        return err_set(err, "%s: wrote to a descriptor of the parent", name);
    if (fork() >= 0)
        return err_set(err, "%s: forked", name);
    if (kill(getppid(), 0) == 0)
        return err_set(err, "%s: could signal the parent", name);
    return err_set(err, "%s: contained", name);
}

static bool is_greedy(struct image *out, struct image_facts *facts, const void *bytes, size_t n,
                      const char *name, const struct image_limits *limits, struct err *err)
{
    (void)facts, (void)bytes, (void)n, (void)name, (void)limits;
    out->rgb = mem_try(1, (size_t)1 << 27, "everything", err);
    return out->rgb ? err_set(err, "got it") : err_prefix(err, "pic");
}

static void sandbox_contains(void **state)
{
    (void)state;
    struct image image;
    struct err err = {""};
    assert_false(contained(crashes, "", 1, &image, NULL, &err));
    assert_non_null(strstr(err.text, "the decoder failed on this file ("));
    assert_false(contained(never_ends, "", 1, &image, NULL, &err));
    assert_non_null(strstr(err.text, "more than 1 s"));
    if (SANDBOX_SANITIZED)
        return;
    if (seccomp_api_get() < 2) {
        print_message("no system call filters here, or in valgrind, which has no limits either\n");
        return;
    }
    assert_false(contained(is_greedy, "", 1, &image, NULL, &err));
    assert_string_equal(err.text, "pic: everything: no memory for 128 MiB");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_false(contained(breaks_out, &ends[1], sizeof ends[1], &image, NULL, &err));
    assert_string_equal(err.text, "pic: contained");
    close(ends[0]);
    close(ends[1]);
}

static void sandbox_loads_files(void **state)
{
    (void)state;
    struct image image;
    struct err err;
    assert_false(image_load_sandboxed(&image, NULL, "/nonexistent/picture", NULL, &err));
    assert_non_null(strstr(err.text, "/nonexistent/picture: No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_alpha_is_on_white),
        cmocka_unit_test(png_cut_gives_the_upper_part),
        cmocka_unit_test(jpeg_is_turned_upright),
        cmocka_unit_test(jpeg_cut_says_so),
        cmocka_unit_test(webp_alpha_is_on_white),
        cmocka_unit_test(gif_is_its_first_frame_on_the_screen),
        cmocka_unit_test(bmp_rows_lie_bottom_first),
        cmocka_unit_test(bmp_runs_stay_in_their_rows),
        cmocka_unit_test(ppm_kinds_are_read),
        cmocka_unit_test(ppm_is_written_and_read_back),
        cmocka_unit_test(refusals_say_what_to_do),
        cmocka_unit_test(limits_are_judged_first),
        cmocka_unit_test(exif_is_read_with_care),
        cmocka_unit_test(all_orientations),
        cmocka_unit_test(panscan_follows_the_rule),
        cmocka_unit_test(crops_are_black_past_the_edge),
        cmocka_unit_test(resizing_is_the_published_arithmetic),
        cmocka_unit_test(resizing_refuses_nothing_and_too_much),
        cmocka_unit_test(planes_are_normalised),
        cmocka_unit_test(sandbox_gives_what_the_decoder_does),
        cmocka_unit_test(sandbox_contains),
        cmocka_unit_test(sandbox_loads_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
