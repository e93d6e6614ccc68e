/* Conversations in SQLite: $XDG_DATA_HOME/facet/history.db, WAL, readable by its owner alone.
 * Several processes may share it, and several threads a store.
 *
 * A conversation is a tree of messages. Each names its parent, and which of its children was used
 * last; what is seen is the path along those. Two processes that go on with one conversation make
 * two branches of it. What is deleted stays for STORE_KEEP_DAYS and can be had back.
 *
 * Pictures lie in the database too, each once by its digest: so they come and go with the messages
 * that show them, in one transaction, and there is one file to keep private, copy and check. */
#ifndef HISTORY_STORE_H
#define HISTORY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store;

#define STORE_MEMORY ":memory:"
enum { STORE_KEEP_DAYS = 30 };
enum { STORE_COMPLETE, STORE_WRITING, STORE_INTERRUPTED }; /* state of a message */
/* Whether the model is told of a message: as long as there is room, no more, always. */
enum { STORE_TOLD, STORE_DROPPED, STORE_PINNED };

struct store_conversation {
    int64_t id;
    const char *title, *model;
    int64_t created, updated; /* Unix seconds */
    size_t n_messages;        /* in all branches */
    bool archived;
    int64_t deleted;     /* when; 0: it is not */
    int64_t forked_from; /* a conversation, which may be gone; 0: none */
    int64_t chosen;      /* its first message; 0: nothing was said yet, or all is deleted */
};

struct store_image {
    size_t part; /* where in the message's parts it stands */
    const char *path, *digest;
};

/* How an answer, or the latest part of it, came about. */
struct store_receipt {
    const char *model, *digest; /* path, and what tells it from others (chat/model_digest.h) */
    const char *options;        /* a JSON object: option and value, as text */
    uint64_t seed;
    size_t continued_from;             /* bytes of the answer that were there before */
    size_t n_prompt, n_kept, n_answer; /* tokens; kept: of the prompt, not computed for it */
    double encode_s, prompt_s, answer_s;
    const char *reason;  /* "ended", "stop string", "max tokens", "context full", "cancelled" */
    const char *version; /* of facet */
};

struct store_message {
    int64_t id, parent; /* parent 0: the conversation begins here */
    int64_t chosen;     /* the child used last; 0: none */
    const char *role;   /* "system" (at most one, beside the tree), "user", "model", "tool" */
    const char *text;
    int state, told;
    int64_t created, deleted; /* deleted together: one number; later: a higher one; 0: not */
    size_t n_images;
    const struct store_image *images;
    const struct store_receipt *receipt; /* NULL: none */
};

/* ---- store.c: the store, and changes to it ----
 *
 * All of a change is durable when the call (of store_end, behind store_begin) returns. Numbers are
 * > 0; 0 is failure. */

/* Opens or makes the database; path NULL: the usual place; STORE_MEMORY: it is gone when it is
 * closed. Migrates older schemas, and throws away
 * what was deleted long ago. */
struct store *store_open(const char *path, struct err *err);
void store_close(struct store *s);

/* Changes between the two are kept as one, or not at all (keep false, or a failure on the way);
 * other threads wait. */
bool store_begin(struct store *s, struct err *err);
bool store_end(struct store *s, bool keep, struct err *err);

/* Title, model, archived and forked_from are taken, and `created` unless 0. */
int64_t store_add_conversation(struct store *s, const struct store_conversation *c,
                               struct err *err);
/* All but id, chosen and deleted is taken, `created` unless 0. The path goes through it from now
 * on. */
int64_t store_add_message(struct store *s, int64_t conversation, const struct store_message *m,
                          struct err *err);
/* Replaces the text of a message (an answer as it grows) and its state. */
bool store_update_message(struct store *s, int64_t message, const char *text, int state,
                          struct err *err);
bool store_set_told(struct store *s, int64_t message, int told, struct err *err);
bool store_set_receipt(struct store *s, int64_t message, const struct store_receipt *r,
                       struct err *err);
/* For good, with what hangs below it. With the last message its conversation goes too. */
bool store_remove_message(struct store *s, int64_t message, struct err *err);
/* The path goes through child, or ends at parent (child 0). parent 0: the conversation's start. */
bool store_choose(struct store *s, int64_t conversation, int64_t parent, int64_t child,
                  struct err *err);
/* A message and what hangs below it. What is chosen instead is the caller's to say. */
bool store_delete_message(struct store *s, int64_t message, struct err *err);
bool store_undelete_message(struct store *s, int64_t message, struct err *err);
/* Keeps a picture's file, and a PNG of it that is at most 128 pixels a side, for messages that show
 * it. One that nothing shows when the transaction ends stays until something that did is gone. */
bool store_add_picture(struct store *s, const char *digest, const void *bytes, size_t n_bytes,
                       const void *thumbnail, size_t n_thumbnail, struct err *err);
/* The file, or its thumbnail; free() it. NULL without an error: it is not there. */
void *store_picture(struct store *s, const char *digest, bool thumbnail, size_t *n_bytes,
                    struct err *err);

/* Each of these is an error where there is no such conversation. */
bool store_rename(struct store *s, int64_t conversation, const char *title, struct err *err);
bool store_archive(struct store *s, int64_t conversation, bool archived, struct err *err);
bool store_delete(struct store *s, int64_t conversation, struct err *err);
bool store_undelete(struct store *s, int64_t conversation, struct err *err);
/* fork.c: a new conversation of the path up to that message (0: all of what is seen), receipts and
 * pictures with it. */
int64_t store_fork(struct store *s, int64_t conversation, int64_t message, struct err *err);

/* ---- read.c: what is in it ----
 *
 * `each` is called for every row and returns false to stop. What it gets is borrowed for the call.
 * No such conversation is an error. Messages "being written" by a dead process read as
 * interrupted. */

enum store_shelf { STORE_CURRENT, STORE_ARCHIVED, STORE_DELETED };
/* Newest first. */
bool store_list_shelf(struct store *s, enum store_shelf shelf,
                      bool (*each)(void *user, const struct store_conversation *c), void *user,
                      struct err *err);
static inline bool store_list(struct store *s,
                              bool (*each)(void *user, const struct store_conversation *c),
                              void *user, struct err *err)
{
    return store_list_shelf(s, STORE_CURRENT, each, user, err);
}
/* One of them, whichever shelf it is on. */
bool store_get(struct store *s, int64_t conversation,
               bool (*each)(void *user, const struct store_conversation *c), void *user,
               struct err *err);
/* The current conversation that was last spoken in; 0: there is none, or a failure. */
int64_t store_last(struct store *s, struct err *err);
/* What is seen: the system text, then the path. */
bool store_messages(struct store *s, int64_t conversation,
                    bool (*each)(void *user, const struct store_message *m), void *user,
                    struct err *err);
/* All messages, deleted ones too: the system text, then parents before their children. */
bool store_tree(struct store *s, int64_t conversation,
                bool (*each)(void *user, const struct store_message *m), void *user,
                struct err *err);

#endif
