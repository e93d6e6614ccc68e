/* What a batch is about: folders, files, lists of paths, the lines of manifests. */
#ifndef CLI_BATCH_INPUTS_H
#define CLI_BATCH_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/err.h"

struct batch_item {
    char *path;    /* of the picture; of a line, its manifest's; owned */
    bool certain;  /* named by the user, or with the suffix of a picture: an error if it is none.
                      Otherwise it is judged by its content and left out in silence */
    size_t line;   /* of a manifest, from 1; else 0 */
    json_t *entry; /* the line's object, of known shape; owned; NULL where there is no line */
};

/* In the order in which they are worked through: as given, folders sorted by name. */
struct batch_items {
    struct batch_item *list;
    size_t n, cap;
};

/* Appends what one argument means: a folder's files (recursive: those of its folders too; hidden
 * ones never), the lines of a manifest, another file (there or not), or "-": paths on standard
 * input, one a line. */
bool batch_items_add(struct batch_items *items, const char *input, bool recursive, struct err *err);
/* A file of JSON lines, by its name: .jsonl. */
bool batch_is_manifest(const char *input);
/* How many an item is about; one where there is no line. */
size_t batch_item_pictures(const struct batch_item *item);
/* The i-th picture of a line, as it stands there; NULL past the last. */
const char *batch_item_image(const struct batch_item *item, size_t i);
/* The line's text of that name, or NULL. */
const char *batch_item_text(const struct batch_item *item, const char *key);
void batch_items_done(struct batch_items *items);

#endif
