/* Which files a batch is about: folders, files, lists of paths. */
#ifndef CLI_BATCH_INPUTS_H
#define CLI_BATCH_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct batch_item {
    char *path;   /* owned */
    bool certain; /* named by the user, or with the suffix of a picture: an error if it is none.
                     Otherwise it is judged by its content and left out in silence */
};

/* In the order in which they are worked through: as given, folders sorted by name. */
struct batch_items {
    struct batch_item *list;
    size_t n, cap;
};

/* Appends what one argument means: a folder's files (recursive: those of its folders too; hidden
 * ones never), a file (there or not), or "-": paths on standard input, one a line. */
bool batch_items_add(struct batch_items *items, const char *input, bool recursive, struct err *err);
void batch_items_done(struct batch_items *items);

#endif
