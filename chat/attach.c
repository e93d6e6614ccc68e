#include "chat/attach.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_FILE_BYTES = 512 << 20 }; /* the decoder's own limit, image.h */

bool crop_choice_parse(struct crop_choice *out, const char *text, struct err *err)
{
    if (strcmp(text, "auto") == 0)
        *out = (struct crop_choice){.kind = CROPS_AUTO};
    else if (strcmp(text, "hf") == 0)
        *out = (struct crop_choice){.kind = CROPS_HF};
    else if (strcmp(text, "off") == 0)
        *out = (struct crop_choice){.kind = CROPS_OFF};
    else if (text[0] >= '2' && text[0] <= '0' + PANSCAN_MAX_CROPS && !text[1])
        *out = (struct crop_choice){.kind = CROPS_FIXED, .n = (unsigned)(text[0] - '0')};
    else
        return err_set(err, "\"%s\" is none of auto, hf, off, 2 to %d", text, PANSCAN_MAX_CROPS);
    return true;
}

static size_t plan_crops(struct attachment *a, const struct crop_choice *choice)
{
    uint32_t width = a->image.width, height = a->image.height;
    switch (choice->kind) {
    case CROPS_AUTO:
        return panscan_plan(PANSCAN_GOOGLE, width, height, a->crops);
    case CROPS_HF:
        return panscan_plan(PANSCAN_HF, width, height, a->crops);
    case CROPS_FIXED:
        return panscan_split(width, height, choice->n, a->crops);
    case CROPS_OFF:
        break;
    }
    return 0;
}

struct attachment *attachment_from_bytes(const char *name, const void *bytes, size_t n_bytes,
                                         const struct crop_choice *crops, struct err *err)
{
    struct attachment *a = mem_new(1, sizeof *a);
    a->references = 1;
    a->path = mem_copy(name);
    a->bytes = mem_try(n_bytes + 1, 1, "a picture's file", err);
    if (a->bytes && n_bytes)
        memcpy(a->bytes, bytes, n_bytes);
    a->n_bytes = n_bytes;
    sha256_hex(bytes, n_bytes, a->digest);
    const char *shown = strcmp(name, "-") == 0 ? "standard input" : name;
    if (!a->bytes ||
        !image_decode_sandboxed(&a->image, &a->facts, bytes, n_bytes, shown, NULL, err)) {
        attachment_release(a);
        return NULL;
    }
    a->n_crops = plan_crops(a, crops);
    return a;
}

struct attachment *attachment_load(const char *path, const struct crop_choice *crops,
                                   struct err *err)
{
    size_t size;
    char *bytes = file_read(path, MAX_FILE_BYTES, &size, err);
    if (!bytes)
        return NULL;
    struct attachment *a = attachment_from_bytes(path, bytes, size, crops, err);
    free(bytes);
    return a;
}

struct attachment *attachment_blank(size_t n_crops)
{
    struct attachment *a = mem_new(1, sizeof *a);
    a->references = 1;
    a->n_crops = n_crops;
    return a;
}

struct attachment *attachment_keep(struct attachment *a)
{
    a->references++;
    return a;
}

void attachment_release(struct attachment *a)
{
    if (!a || --a->references > 0)
        return;
    for (size_t i = 0; i < attachment_views(a); i++)
        free(a->soft[i]);
    image_done(&a->image);
    free(a->path);
    free(a->bytes);
    free(a);
}
