/* Conversations in SQLite: $XDG_DATA_HOME/facet/history.db, WAL, readable by its owner alone.
 * Several processes may share it, and several threads a store. */
#ifndef HISTORY_STORE_H
#define HISTORY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store;

/* Opens or makes the database; path NULL: the usual place. Migrates older schemas. */
struct store *store_open(const char *path, struct err *err);
void store_close(struct store *s);

/* Changes between the two are kept as one, or not at all (keep false, or a failure on the way);
 * other threads wait. */
bool store_begin(struct store *s, struct err *err);
bool store_end(struct store *s, bool keep, struct err *err);

/* role: "system", "user", "model", "tool". state: 0 complete, 1 being written, 2 interrupted. All
 * of it is durable when the call (of store_end, behind store_begin) returns. Numbers are > 0; 0 is
 * failure. */
int64_t store_add_conversation(struct store *s, const char *title, const char *model,
                               struct err *err);
int64_t store_add_message(struct store *s, int64_t conversation, const char *role, const char *text,
                          int state, struct err *err);
/* A picture of a message: where in its text's parts it stands, its path, its digest. */
bool store_add_image(struct store *s, int64_t message, size_t part, const char *path,
                     const char *digest, struct err *err);
/* Replaces the text of a message (an answer as it grows) and its state. */
bool store_update_message(struct store *s, int64_t message, const char *text, int state,
                          struct err *err);
/* With the last message its conversation goes too. */
bool store_remove_message(struct store *s, int64_t message, struct err *err);

struct store_conversation {
    int64_t id;
    const char *title, *model;
    int64_t created, updated; /* Unix seconds */
    size_t n_messages;
};
struct store_message {
    int64_t id;
    const char *role, *text;
    int state;
    int64_t created;
    size_t n_images;
    const struct store_image {
        size_t part;
        const char *path, *digest;
    } * images;
};
/* Call `each` for every row, newest conversation first, messages in order, the system text before
 * all; it returns false to stop. What it gets is borrowed for the call. No such conversation is an
 * error. Messages "being written" by a dead process read as interrupted. */
bool store_list(struct store *s, bool (*each)(void *user, const struct store_conversation *c),
                void *user, struct err *err);
bool store_messages(struct store *s, int64_t conversation,
                    bool (*each)(void *user, const struct store_message *m), void *user,
                    struct err *err);

#endif
