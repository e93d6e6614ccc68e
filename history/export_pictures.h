/* Pictures of an export as files of their own, each once, called by their digests. */
#ifndef HISTORY_EXPORT_PICTURES_H
#define HISTORY_EXPORT_PICTURES_H

#include "base/str.h"
#include "history/store.h"

struct export_pictures {
    const char *folder; /* there already */
    const char *link;   /* what the document calls it */
};

/* Makes the folder, and returns what a document at that path (NULL: in the working folder) calls
 * it: from its own folder on if it lies within, else from the root. free() it. NULL on failure. */
char *export_link(const char *folder, const char *document, struct err *err);
/* Writes a picture's file, unless it is there, and appends what the document calls it; nothing if
 * the history does not have it. */
bool export_picture(const struct export_pictures *pictures, struct store *s, const char *digest,
                    struct str *out, struct err *err);

/* What browsers call a format, by a file's first bytes; NULL: none that they show. */
const char *export_media_type(const void *bytes, size_t n);

#endif
