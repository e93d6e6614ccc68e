/* Checks image/ against the golden data: crop plans, decoding, broken files, resizing.
 * Usage: image_golden GOLDEN, the folder that holds image/. A line for each failure, then the
 * count. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"
#include "image/image.h"

struct tally {
    const char *root;
    size_t n_passed, n_failed;
};

__attribute__((format(printf, 4, 5))) static void check(struct tally *t, bool ok, const char *what,
                                                        const char *format, ...)
{
    if (ok) {
        t->n_passed++;
        return;
    }
    t->n_failed++;
    printf("%s: ", what);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* ROOT/image/folder/name; free() it. */
static char *place(const struct tally *t, const char *folder, const char *name)
{
    char *image = path_join(t->root, "image"), *in = path_join(image, folder),
         *all = path_join(in, name);
    free(image);
    free(in);
    return all;
}

static json_t *cases(struct tally *t, const char *folder, const char *name)
{
    char *path = place(t, folder, name);
    json_error_t error;
    json_t *list = json_load_file(path, 0, &error);
    check(t, json_array_size(list) > 0, path, "no cases: %s", error.text);
    free(path);
    return list;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static uint32_t at(const json_t *list, size_t i)
{
    return (uint32_t)json_integer_value(json_array_get(list, i));
}

static struct crop crop_of(const json_t *list)
{
    return (struct crop){at(list, 0), at(list, 1), at(list, 2), at(list, 3)};
}

static void check_plan(struct tally *t, const json_t *c, enum panscan_variant variant,
                       const char *key)
{
    const json_t *size = json_object_get(c, "size"), *want = json_object_get(c, key);
    struct crop crops[PANSCAN_MAX_CROPS];
    size_t n = panscan_plan(variant, at(size, 0), at(size, 1), crops);
    bool ok = n == json_array_size(want);
    for (size_t i = 0; ok && i < n; i++) {
        struct crop crop = crop_of(json_array_get(want, i));
        ok = memcmp(&crop, &crops[i], sizeof crop) == 0;
    }
    check(t, ok, key, "%ux%u: %zu crops, not as wanted", at(size, 0), at(size, 1), n);
}

static void check_plans(struct tally *t)
{
    size_t i;
    json_t *list = cases(t, ".", "panscan.json"), *c;
    json_array_foreach(list, i, c)
    {
        check_plan(t, c, PANSCAN_GOOGLE, "google");
        check_plan(t, c, PANSCAN_HF, "hf");
    }
    json_decref(list);
}

static int largest_difference(const struct image *a, const struct image *b, double *mean)
{
    int largest = 0;
    double sum = 0;
    size_t n = (size_t)a->width * a->height * 3;
    for (size_t i = 0; i < n; i++) {
        int d = abs(a->rgb[i] - b->rgb[i]);
        sum += d;
        largest = d > largest ? d : largest;
    }
    *mean = sum / (double)n;
    return largest;
}

static void check_decode(struct tally *t, const json_t *c)
{
    const char *file = text_of(c, "file");
    char *path = place(t, "decode", file), *path_want = place(t, "decode", text_of(c, "expected"));
    const json_t *size = json_object_get(c, "size");
    int tolerance = (int)json_integer_value(json_object_get(c, "tolerance"));
    struct image got = {0}, want = {0};
    struct image_facts facts;
    struct err err = {""};
    double mean;
    if (!image_load(&got, &facts, path, NULL, &err) ||
        !image_load(&want, NULL, path_want, NULL, &err))
        check(t, false, file, "%s", err.text);
    else if (got.width != at(size, 0) || got.height != at(size, 1) || got.width != want.width ||
             got.height != want.height)
        check(t, false, file, "%ux%u", got.width, got.height);
    else {
        int largest = largest_difference(&got, &want, &mean);
        check(t, largest <= tolerance, file, "differs by %d, not at most %d", largest, tolerance);
        check(t, !facts.warning[0], file, "warns without need: %s", facts.warning);
    }
    image_done(&got);
    image_done(&want);
    free(path);
    free(path_want);
}

static void check_decodes(struct tally *t)
{
    size_t i;
    json_t *list = cases(t, "decode", "cases.json"), *c;
    json_array_foreach(list, i, c) check_decode(t, c);
    json_decref(list);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The sandbox must come to the same end. */
static void check_contained(struct tally *t, const char *path, bool ok, const struct err *plain)
{
    struct image got;
    struct err err = {""};
    bool same = image_load_sandboxed(&got, NULL, path, NULL, &err) == ok;
    check(t, same && strcmp(err.text, plain->text) == 0, path, "sandboxed: %s", err.text);
    image_done(&got);
}

static void check_broken(struct tally *t, const json_t *c, bool verbose)
{
    const char *file = text_of(c, "file");
    char *path = place(t, "broken", file);
    bool must_fail = strcmp(text_of(c, "expect"), "error") == 0;
    struct image got;
    struct image_facts facts;
    struct err err = {""};
    double start = seconds();
    bool ok = image_load(&got, &facts, path, NULL, &err);
    double took = seconds() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (verbose)
        printf("%s (%.2f s): %s\n", file, took, ok ? facts.warning : strrchr(err.text, '/') + 1);
    check(t, !(ok && must_fail), file, "gives %ux%u pixels, not an error", got.width, got.height);
    check(t, ok ? got.rgb != NULL : !got.rgb && strstr(err.text, file), file, "bad error: %s",
          err.text);
    check(t, took < 10, file, "took %.1f s", took);
    check(t, usage.ru_maxrss < 1000000, file, "took %ld MB", usage.ru_maxrss / 1000);
    image_done(&got);
    check_contained(t, path, ok, &err);
    free(path);
}

static void check_all_broken(struct tally *t, bool verbose)
{
    size_t i;
    json_t *list = cases(t, "broken", "cases.json"), *c;
    json_array_foreach(list, i, c) check_broken(t, c, verbose);
    json_decref(list);
}

/* The mean of each channel in the 8×8 blocks of 112×112 pixels. */
static double block_error(const struct image *got, const json_t *means)
{
    double worst = 0;
    for (uint32_t block = 0; block < 64; block++) {
        double sum[3] = {0};
        uint32_t y0 = block / 8 * 112, x0 = block % 8 * 112;
        for (uint32_t i = 0; i < 112 * 112; i++)
            for (int k = 0; k < 3; k++)
                sum[k] += got->rgb[((size_t)(y0 + i / 112) * 896 + x0 + i % 112) * 3 + (size_t)k];
        const json_t *want = json_array_get(json_array_get(means, block / 8), block % 8);
        for (size_t k = 0; k < 3; k++)
            worst = fmax(worst,
                         fabs(sum[k] / (112 * 112) - json_number_value(json_array_get(want, k))));
    }
    return worst;
}

/* The planes for the model hold the same picture. */
static bool planes_agree(const struct image *in, const struct crop *crop, const struct image *want)
{
    size_t n = 896 * 896;
    float *planes = mem_new(3 * n, sizeof *planes);
    bool ok = image_prepare(planes, in, crop, 896, NULL);
    for (size_t i = 0; ok && i < 3 * n; i++)
        ok = fabsf(planes[i] - ((float)want->rgb[i % n * 3 + i / n] / 127.5f - 1)) < 1.01f / 127.5f;
    free(planes);
    return ok;
}

static void check_resized(struct tally *t, const json_t *c, const struct image *in)
{
    const char *file = text_of(c, "file");
    const json_t *rectangle = json_object_get(c, "crop");
    struct crop crop = rectangle ? crop_of(rectangle) : (struct crop){0, 0, in->width, in->height};
    struct image part = {0}, got = {0}, want = {0};
    struct err err = {""};
    char *path = place(t, "resize", text_of(c, "expected"));
    bool ok = image_crop(&part, in, &crop, &err) && image_resize(&got, &part, 896, 896, &err) &&
              image_load(&want, NULL, path, NULL, &err);
    check(t, ok, file, "%s", err.text);
    if (ok) {
        double mean;
        int largest = largest_difference(&got, &want, &mean);
        check(t, largest == 0, file, "differs by %d, %.4f in the mean", largest, mean);
        double worst = block_error(&got, json_object_get(c, "block_means"));
        check(t, worst < 0.1, file, "a block differs by %.4f in the mean", worst);
        check(t, planes_agree(in, rectangle ? &crop : NULL, &want), file, "the planes are wrong");
    }
    image_done(&part);
    image_done(&got);
    image_done(&want);
    free(path);
}

static void check_resizes(struct tally *t, const char *name)
{
    size_t i;
    json_t *list = cases(t, "resize", name), *c;
    json_array_foreach(list, i, c)
    {
        char *path = place(t, "resize", text_of(c, "file"));
        struct image in;
        struct err err = {""};
        bool ok = image_load(&in, NULL, path, NULL, &err);
        check(t, ok, path, "%s", err.text);
        if (ok)
            check_resized(t, c, &in);
        image_done(&in);
        free(path);
    }
    json_decref(list);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: image_golden GOLDEN [-v]\n", stderr);
        return 2;
    }
    struct tally t = {.root = argv[1]};
    check_all_broken(&t, argc > 2); /* first: it looks at the most memory taken */
    check_plans(&t);
    check_decodes(&t);
    check_resizes(&t, "cases.json");
    check_resizes(&t, "crops.json");
    printf("%zu passed, %zu failed\n", t.n_passed, t.n_failed);
    return t.n_failed > 0;
}
