#include "cli/inspect_image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/json.h"
#include "image/image.h"

/* "3000x2000"; false if the text is no size at all. */
static bool parse_size(const char *text, uint32_t size[2])
{
    for (int i = 0; i < 2; i++) {
        if (*text < '0' || *text > '9')
            return false;
        char *end;
        errno = 0;
        unsigned long value = strtoul(text, &end, 10);
        if (errno || value == 0 || value > INT32_MAX || *end != (i == 0 ? 'x' : 0))
            return false;
        size[i] = (uint32_t)value;
        text = end + 1;
    }
    return true;
}

static bool picture_size(const char *path, uint32_t size[2], struct err *err)
{
    struct image image;
    if (!image_load(&image, NULL, path, NULL, err))
        return false;
    size[0] = image.width;
    size[1] = image.height;
    image_done(&image);
    return true;
}

static bool parse_variant(const struct args *args, enum panscan_variant *variant, struct err *err)
{
    const char *name = args_value(args, "variant");
    *variant = PANSCAN_GOOGLE;
    if (!name || strcmp(name, "google") == 0)
        return true;
    if (strcmp(name, "hf") != 0)
        return err_set(err, "--variant is google or hf, not \"%s\"", name);
    *variant = PANSCAN_HF;
    return true;
}

static int run_crops(struct args *args, struct err *err)
{
    enum panscan_variant variant;
    if (!parse_variant(args, &variant, err))
        return EXIT_USAGE;
    uint32_t size[2];
    if (!parse_size(args->operands[0], size) && !picture_size(args->operands[0], size, err))
        return EXIT_FAILED;
    struct crop crops[PANSCAN_MAX_CROPS];
    size_t n = panscan_plan(variant, size[0], size[1], crops);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list,
                              json_pack("[I,I,I,I]", (json_int_t)crops[i].x, (json_int_t)crops[i].y,
                                        (json_int_t)crops[i].width, (json_int_t)crops[i].height));
    json_print(stdout, list);
    return EXIT_DONE;
}

static bool resize(struct image *image, uint32_t size, struct err *err)
{
    struct image resized;
    if (!image_resize(&resized, image, size, size, err))
        return false;
    image_done(image);
    *image = resized;
    return true;
}

static int run_pixels(struct args *args, struct err *err)
{
    const char *output = args_value(args, "output");
    size_t size = 0;
    if (!args_count(args, "size", (const size_t[2]){1, 8192}, &size, err))
        return EXIT_USAGE;
    if (!output) {
        err_set(err, "facet inspect pixels needs -o OUT.ppm");
        return EXIT_USAGE;
    }
    struct image image;
    struct image_facts facts;
    if (!image_load(&image, &facts, args->operands[0], NULL, err))
        return EXIT_FAILED;
    bool ok = size == 0 || resize(&image, (uint32_t)size, err);
    ok = ok && image_write_ppm(&image, output, err);
    image_done(&image);
    if (ok && facts.warning[0])
        err_set(err, "%s: %s", args->operands[0], facts.warning);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static const struct flag crops_flags[] = {
    {"variant", 0, "NAME", "google (the default) or hf"},
};

const struct verb verb_inspect_crops = {
    .name = "inspect crops",
    .operands = "WxH|IMAGE",
    .summary = "the pan-and-scan plan as JSON: [[x,y,width,height],...]",
    .details = "[] means no crops: the whole picture alone. Otherwise the whole picture comes "
               "first and is not\n"
               "listed. A crop may reach past the edge; it is black there.",
    .flags = crops_flags,
    .n_flags = 1,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_crops,
};

static const struct flag pixels_flags[] = {
    {"output", 'o', "OUT.ppm", "where to write; needed"},
    {"size", 0, "N", "squash to N x N, as the model is given it"},
};

const struct verb verb_inspect_pixels = {
    .name = "inspect pixels",
    .operands = "IMAGE",
    .summary = "a picture as it is decoded, upright, written as PPM",
    .flags = pixels_flags,
    .n_flags = 2,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_pixels,
};
