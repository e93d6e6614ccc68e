/* The message being written, on disk until it is sent: what kills facet does not take it along.
 *
 * Each facet that runs has a file of its own, $XDG_STATE_HOME/facet/draft-XXXXXX, which it keeps
 * locked, so that one whose facet is dead can be told. Readable by its owner alone. */
#ifndef CHAT_DRAFT_H
#define CHAT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct draft;

struct draft_content {
    char *text;      /* owned */
    char **pictures; /* absolute paths; owned */
    size_t n_pictures;
};
void draft_content_done(struct draft_content *c);

/* *found: the newest draft that a dead facet left, which is this one's from now on, as long as it
 * is not dropped; text NULL if there is none. Makes no file. */
struct draft *draft_open(struct draft_content *found);
/* Replaces what is kept: all of it, or it stays as it was. With an empty text it is dropped. */
bool draft_write(struct draft *d, const char *text, const char *const *pictures, size_t n_pictures,
                 struct err *err);
/* What was written last stays for the next start. */
void draft_close(struct draft *d);

#endif
