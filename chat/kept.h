/* What was computed once and may be wanted again, kept on disk: soft tokens of pictures
 * (kept_images.h), caches of conversations (kept_sessions.h) and of what they begin with
 * (kept_beginnings.h). A file for each under $XDG_CACHE_HOME/facet, readable by its owner alone;
 * all of them together take no more than --cache-size, and those not used for longest go first; but
 * beginnings, which are large and soon computed, have no more than a quarter of it. Several
 * processes may share the folder. A file that is missing, damaged or cannot be written costs time
 * and nothing else, so nothing here fails. Any thread. */
#ifndef CHAT_KEPT_H
#define CHAT_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/options.h"

struct kept {
    char *folder;   /* owned */
    uint64_t limit; /* bytes; 0: nothing is kept, and nothing looked for */
    bool read_only; /* --no-history: what is there is used, nothing is added */
};

enum kept_kind { KEPT_IMAGES, KEPT_SESSIONS, KEPT_BEGINNINGS, KEPT_KINDS };

void kept_init(struct kept *kept, const struct options *options);
void kept_done(struct kept *kept);

/* Where a thing of that name lies, or would: no dot or slash may be in it. NULL where nothing is
 * kept. free() it. */
char *kept_path(const struct kept *kept, enum kept_kind kind, const char *name);
/* The same to write to, its folder made; NULL where nothing is to be written. */
char *kept_path_to_write(const struct kept *kept, enum kept_kind kind, const char *name);
/* It was used. */
void kept_touch(const struct kept *kept, const char *path);
/* It was written: makes room for it, or drops it if it is larger than all that may be kept. */
void kept_settle(const struct kept *kept, const char *path);

struct kept_count {
    size_t n;
    uint64_t bytes;
};
struct kept_count kept_count(const struct kept *kept, enum kept_kind kind);
/* Removes what is called `start` and something. */
void kept_drop(const struct kept *kept, enum kept_kind kind, const char *start);
/* Removes all of it; returns how many files would not go. */
size_t kept_clear(const struct kept *kept);

#endif
