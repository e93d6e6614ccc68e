#include "chat/attach.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

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

void crop_choice_put(const struct crop_choice *choice, struct str *out)
{
    static const char *const names[] = {
        [CROPS_AUTO] = "auto", [CROPS_HF] = "hf", [CROPS_OFF] = "off"};
    if (choice->kind == CROPS_FIXED)
        str_printf(out, "%u", choice->n);
    else
        str_puts(out, names[choice->kind]);
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
    a->wanted = *crops;
    a->n_crops = plan_crops(a, crops);
    return a;
}

/* The same file, to be looked at in another way. */
static struct attachment *look_again(struct attachment *picture)
{
    struct attachment *whole = picture->origin ? picture->origin : picture;
    struct attachment *a = mem_new(1, sizeof *a);
    a->references = 1;
    a->origin = attachment_keep(whole);
    a->image = whole->image;
    a->facts = whole->facts;
    memcpy(a->digest, whole->digest, sizeof a->digest);
    return a;
}

struct attachment *attachment_with_region(struct attachment *picture, const struct crop *region)
{
    struct attachment *a = look_again(picture);
    struct str path = {0};
    str_printf(&path, "%s@%u,%u,%u,%u", a->origin->path, region->x, region->y, region->width,
               region->height);
    a->path = str_take(&path);
    a->crops[0] = *region;
    a->n_crops = 1;
    return a;
}

struct attachment *attachment_with_crops(struct attachment *picture,
                                         const struct crop_choice *crops)
{
    struct attachment *a = look_again(picture);
    struct str path = {0};
    str_printf(&path, "%s@", a->origin->path);
    crop_choice_put(crops, &path);
    a->path = str_take(&path);
    a->wanted = *crops;
    a->n_crops = plan_crops(a, crops);
    return a;
}

char *attachment_whole_path(const struct attachment *a)
{
    const char *file = a->origin ? a->origin->path : a->path;
    struct str path = {0};
    char *whole = realpath(file, NULL);
    str_puts(&path, whole ? whole : file);
    if (a->origin)
        str_puts(&path, a->path + strlen(file));
    free(whole);
    return str_take(&path);
}

/* What stands behind a file's path: how it is to be looked at. */
struct manner {
    bool crops; /* else a region */
    struct crop_choice choice;
    struct crop region;
};

/* A picture of a path with a manner, from the whole one (taken over; may be NULL). */
static struct attachment *take_manner(struct attachment *whole, const char *path,
                                      const struct manner *manner, struct err *err)
{
    const struct crop *region = &manner->region;
    struct attachment *a = NULL;
    if (!whole)
        return NULL;
    uint32_t width = whole->image.width, height = whole->image.height;
    if (manner->crops)
        a = attachment_with_crops(whole, &manner->choice);
    else if (region->width > 0 && region->height > 0 && region->x < width && region->y < height &&
        region->width <= width - region->x && region->height <= height - region->y)
        a = attachment_with_region(whole, region);
    else
        err_set(err, "%s: the region is not within the picture, which has %u×%u pixels", path, width,
                height);
    attachment_release(whole);
    return a;
}

/* The bytes before "@X,Y,WIDTH,HEIGHT" or "@CROPS" at the end; 0: there is no such end. */
static size_t path_before_manner(const char *path, struct manner *manner)
{
    const char *at = strrchr(path, '@');
    struct crop *r = &manner->region;
    int end = 0;
    if (!at)
        return 0;
    manner->crops = crop_choice_parse(&manner->choice, at + 1, NULL);
    if (!manner->crops &&
        (at[1 + strspn(at + 1, "0123456789,")] ||
         sscanf(at, "@%9u,%9u,%9u,%9u%n", &r->x, &r->y, &r->width, &r->height, &end) != 4 ||
         at[end]))
        return 0;
    return (size_t)(at - path);
}

static const struct crop_choice no_crops = {.kind = CROPS_OFF};

struct attachment *attachment_load(const char *path, const struct crop_choice *crops,
                                   struct err *err)
{
    struct manner manner;
    size_t size, n = file_exists(path) ? 0 : path_before_manner(path, &manner);
    if (n) {
        char *file = mem_text(path, n);
        struct attachment *whole = attachment_load(file, &no_crops, err);
        free(file);
        return take_manner(whole, path, &manner, err);
    }
    char *bytes = file_read(path, MAX_FILE_BYTES, &size, err);
    if (!bytes)
        return NULL;
    struct attachment *a = attachment_from_bytes(path, bytes, size, crops, err);
    free(bytes);
    return a;
}

/* ---- Later ---------------------------------------------------------------------------------- */

struct attachment *attachment_unread(const char *path, void *bytes, size_t n_bytes,
                                     const char *digest, const struct crop_choice *crops)
{
    struct attachment *a = mem_new(1, sizeof *a);
    a->state = ATTACHMENT_UNREAD;
    a->references = 1;
    a->path = mem_copy(path);
    a->bytes = bytes;
    a->n_bytes = n_bytes;
    snprintf(a->digest, sizeof a->digest, "%s", digest);
    a->wanted = *crops;
    return a;
}

static struct attachment *from_bytes(const struct attachment *a, struct err *err)
{
    struct manner manner;
    size_t n = path_before_manner(a->path, &manner);
    if (!n)
        return attachment_from_bytes(a->path, a->bytes, a->n_bytes, &a->wanted, err);
    char *file = mem_text(a->path, n);
    struct attachment *whole = attachment_from_bytes(file, a->bytes, a->n_bytes, &no_crops, err);
    free(file);
    return take_manner(whole, a->path, &manner, err);
}

/* The bytes of one with an origin are that one's. */
static void fill(struct attachment *a, struct attachment *from)
{
    a->origin = from->origin;
    a->image = from->image;
    a->facts = from->facts;
    memcpy(a->crops, from->crops, sizeof a->crops);
    a->n_crops = from->n_crops;
    a->wanted = from->wanted;
    from->origin = NULL;
    from->image = (struct image){0};
    if (a->origin) {
        free(a->bytes);
        a->bytes = NULL;
    }
}

static bool read_unread(struct attachment *a, struct err *err)
{
    if (!attachment_is(a, ATTACHMENT_UNREAD))
        return attachment_is(a, ATTACHMENT_READ) || err_set(err, "%s: cannot be read", a->path);
    struct attachment *whole = from_bytes(a, err);
    bool ok = whole && (strcmp(whole->digest, a->digest) == 0 ||
                        err_set(err, "%s: is no longer what it was", a->path));
    if (ok)
        fill(a, whole);
    attachment_release(whole);
    a->state = ok ? ATTACHMENT_READ : ATTACHMENT_BROKEN; /* last: others look at it from here on */
    return ok;
}

bool attachment_read(struct attachment *a, struct err *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (attachment_is(a, ATTACHMENT_READ))
        return true;
    pthread_mutex_lock(&lock);
    bool ok = read_unread(a, err);
    pthread_mutex_unlock(&lock);
    return ok;
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
    if (a->origin)
        attachment_release(a->origin);
    else
        image_done(&a->image);
    free(a->path);
    free(a->bytes);
    free(a);
}
