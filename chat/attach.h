/* Attachments: a picture on its way to the model. Decoded and planned when attached, so that a
 * broken file fails before the model runs; encoded when first needed; shared by reference count. */
#ifndef CHAT_ATTACH_H
#define CHAT_ATTACH_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/file.h"
#include "image/image.h"

/* --crops auto|hf|off|N */
struct crop_choice {
    enum { CROPS_AUTO, CROPS_HF, CROPS_OFF, CROPS_FIXED } kind;
    unsigned n; /* for CROPS_FIXED */
};
/* "auto" (Google's rule), "hf", "off", "2" to "4". */
bool crop_choice_parse(struct crop_choice *out, const char *text, struct err *err);

struct attachment {
    atomic_int references; /* kept and released by any thread; the chat's worker alone fills in
                              soft[] while it is busy */
    char *path;            /* as the user gave it; "-" for standard input */
    void *bytes;           /* of the file, for the history; NULL for a blank one, or with an origin */
    size_t n_bytes;
    char digest[SHA256_HEX_BYTES]; /* of the file's bytes */
    struct attachment *origin; /* whose image and bytes are meant, and kept; NULL: its own */
    struct image image;
    struct image_facts facts;
    struct crop crops[PANSCAN_MAX_CROPS];
    size_t n_crops;                     /* views: the whole image, then these: 1 + n_crops */
    float *soft[1 + PANSCAN_MAX_CROPS]; /* encoded views, NULL until needed; owned */
};

/* Reads, decodes (in the sandbox) and plans. The reference is the caller's. NULL and an error that
 * names the file. "PATH@X,Y,WIDTH,HEIGHT", if no file has that name, is a region of PATH. */
struct attachment *attachment_load(const char *path, const struct crop_choice *crops,
                                   struct err *err);
/* The same for bytes at hand. */
struct attachment *attachment_from_bytes(const char *name, const void *bytes, size_t n_bytes,
                                         const struct crop_choice *crops, struct err *err);
/* As attachment_load, where the file's bytes are at hand. */
struct attachment *attachment_restore(const char *path, const void *bytes, size_t n_bytes,
                                      const struct crop_choice *crops, struct err *err);
/* The whole picture and, as its one crop, a region of it, which lies within. Shares the pixels. */
struct attachment *attachment_with_region(struct attachment *picture, const struct crop *region);
/* Its path from the root, a region's too, for whoever is elsewhere later; free() it. */
char *attachment_whole_path(const struct attachment *a);
/* A picture that is only to be laid out in a prompt: nothing to look at, in that many crops. */
struct attachment *attachment_blank(size_t n_crops);
struct attachment *attachment_keep(struct attachment *a);
void attachment_release(struct attachment *a);
/* Nothing to look at: it is only to be laid out, or still to be read. */
static inline bool attachment_is_blank(const struct attachment *a)
{
    return !a->image.rgb;
}
static inline size_t attachment_views(const struct attachment *a)
{
    return 1 + a->n_crops;
}

#endif
