/* What import.c and the foreign formats share. All of it between store_begin and store_end. */
#ifndef HISTORY_IMPORT_PARTS_H
#define HISTORY_IMPORT_PARTS_H

#include <jansson.h>

#include "base/str.h"
#include "history/import.h"

/* import_chatgpt.c: a list of conversations, each a "mapping" of nodes that name parent and
 * children. */
bool import_chatgpt(struct store *s, const json_t *list, struct import_count *count,
                    struct err *err);
/* import_oterm.c: a database of the tables "chat" and "message". */
bool import_oterm(struct store *s, const void *bytes, size_t n, struct import_count *count,
                  struct err *err);

/* A text or fallback; seconds, 0 where there are none. object may be anything, or NULL. */
const char *import_text(const json_t *object, const char *key, const char *fallback);
int64_t import_time(const json_t *object, const char *key);
/* Sets when a conversation was last spoken in; 0: leaves it. */
bool import_dated(struct store *s, int64_t conversation, int64_t updated, struct err *err);

/* A conversation on its way in. Gemma's turns alternate, the user's first: what others say in one
 * role behind each other becomes one message, and a conversation that the model begins gets an
 * empty message of the user's before. */
struct draft {
    struct store *store;
    int64_t conversation;
    struct draft_message {
        size_t parent; /* place from 1; 0: none */
        bool user;
        bool has_children;
        int64_t created;
        struct str text;
        struct store_image *images; /* owned, with their texts; part is not looked at */
        size_t n_images;
        int64_t row; /* once written */
    } * list;
    size_t n;
};
/* Adds a message behind the one at `parent`, or joins it to that one. Returns its place. */
size_t import_draft_add(struct draft *d, size_t parent, bool user, const char *text, int64_t created);
/* Of the message at `place`. path and digest are copied. */
void import_draft_add_image(struct draft *d, size_t place, const char *path, const char *digest);
/* Writes all messages; the path leads to `last` (0: to the newest). */
bool import_draft_write(struct draft *d, size_t last, struct err *err);
void import_draft_done(struct draft *d);

#endif
