/* Conversations from elsewhere: exports of facet (export_json.h), the conversations.json of a
 * ChatGPT export, and the store.db of oterm. Told apart by content. Files are not trusted: what
 * does not hold together is an error that names the place, and nothing of the file is taken then.
 */
#ifndef HISTORY_IMPORT_H
#define HISTORY_IMPORT_H

#include "history/store.h"

struct import_count {
    size_t conversations, messages;
};

/* `name` is for messages. */
bool history_import(struct store *s, const char *name, const void *bytes, size_t n,
                    struct import_count *count, struct err *err);

#endif
