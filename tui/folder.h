/* What a folder holds for somebody who looks for a picture, and which of it fits a filter. */
#ifndef TUI_FOLDER_H
#define TUI_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct folder_entry {
    char *name; /* owned */
    bool is_folder;
    int fit; /* of the filter, by fuzzy.h */
};

/* Zero to start. */
struct folder {
    struct folder_entry *list;
    size_t n;
};

void folder_done(struct folder *f);
/* Folders and pictures, told by content where the name does not say it; folders first. Reads the
 * start of files: not for the screen's thread. */
bool folder_read(struct folder *f, const char *path, struct err *err);
/* Puts what fits first, the best of it at the top, and returns how much that is. Hidden entries
 * only fit a filter that begins with a point. */
size_t folder_filter(struct folder *f, const char *filter);

#endif
