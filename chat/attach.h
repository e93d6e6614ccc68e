/* Attachments: a picture on its way to the model. Decoded and planned when attached, so that a
 * broken file fails before the model runs; encoded when first needed; shared by reference count. */
#ifndef CHAT_ATTACH_H
#define CHAT_ATTACH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "image/image.h"

/* --crops auto|hf|off|N */
struct crop_choice {
    enum { CROPS_AUTO, CROPS_HF, CROPS_OFF, CROPS_FIXED } kind;
    unsigned n; /* for CROPS_FIXED */
};
/* "auto" (Google's rule), "hf", "off", "2" to "4". */
bool crop_choice_parse(struct crop_choice *out, const char *text, struct err *err);
/* The reverse, behind `out`. */
void crop_choice_put(const struct crop_choice *choice, struct str *out);

enum attachment_state {
    ATTACHMENT_READ,
    ATTACHMENT_UNREAD, /* known are path, bytes and digest; the rest once it was read */
    ATTACHMENT_BROKEN, /* it could not be read */
};

struct attachment {
    atomic_int state; /* as whoever reads it, on whichever thread, leaves it */
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
    struct crop_choice wanted;          /* how crops came about, or are to */
};

/* Reads, decodes (in the sandbox) and plans. The reference is the caller's. NULL and an error that
 * names the file. "PATH@X,Y,WIDTH,HEIGHT", if no file has that name, is a region of PATH;
 * "PATH@off" (or auto, hf, 2 to 4) is PATH in crops of its own, whatever the option says. */
struct attachment *attachment_load(const char *path, const struct crop_choice *crops,
                                   struct err *err);
/* The same for bytes at hand. */
struct attachment *attachment_from_bytes(const char *name, const void *bytes, size_t n_bytes,
                                         const struct crop_choice *crops, struct err *err);
/* As attachment_load, where the file's bytes (taken over) and their digest are at hand, but to be
 * read when it is needed. */
struct attachment *attachment_unread(const char *path, void *bytes, size_t n_bytes,
                                     const char *digest, const struct crop_choice *crops);
/* Reads one that is unread; on any thread, while others may come for the same. False: it is broken.
 */
bool attachment_read(struct attachment *a, struct err *err);
/* The whole picture and, as its one crop, a region of it, which lies within. Shares the pixels. */
struct attachment *attachment_with_region(struct attachment *picture, const struct crop *region);
/* The whole picture in other crops, and the path that says so. Shares the pixels. */
struct attachment *attachment_with_crops(struct attachment *picture,
                                         const struct crop_choice *crops);
/* Its path from the root, a region's too, for whoever is elsewhere later; free() it. */
char *attachment_whole_path(const struct attachment *a);
/* A picture that is only to be laid out in a prompt: nothing to look at, in that many crops. */
struct attachment *attachment_blank(size_t n_crops);
struct attachment *attachment_keep(struct attachment *a);
void attachment_release(struct attachment *a);
static inline bool attachment_is(const struct attachment *a, enum attachment_state state)
{
    return a->state == (int)state;
}
/* Nothing to look at: it is only to be laid out, or still to be read, or broken. */
static inline bool attachment_is_blank(const struct attachment *a)
{
    return !attachment_is(a, ATTACHMENT_READ) || !a->image.rgb;
}
/* 0 of a broken one; 1 as long as it is unread. */
static inline size_t attachment_views(const struct attachment *a)
{
    if (attachment_is(a, ATTACHMENT_READ))
        return 1 + a->n_crops;
    return attachment_is(a, ATTACHMENT_UNREAD);
}

#endif
