/* A chat with a small random model and a history of its own, for tests on cmocka: what fails in
 * here fails the test. */
#ifndef TESTS_UNIT_TINY_CHAT_H
#define TESTS_UNIT_TINY_CHAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "chat/chat.h"
#include "history/store.h"

/* A turn of the small model takes milliseconds, under valgrind seconds. */
enum { TINY_CHAT_MS = 60000 };

/* One test's chat. */
struct tiny_chat {
    /* of all tests: seeing/model.gguf with its projector in a folder, another model that sees
     * nothing, a wide picture, the history */
    const char *folder, *blind, *picture, *history;
    struct options options;
    struct store *store;
    struct chat *chat;
    /* of the last turn */
    struct chat_event last;
    struct str text, end; /* the answer; the last event's text */
    bool looked, cancel_at_text;
    size_t n_progress;
};

/* For a group of tests, and for each of them: *state is a struct tiny_chat. */
int tiny_chat_make_models(void **state);
int tiny_chat_remove_models(void **state);
int tiny_chat_set_up(void **state);
int tiny_chat_tear_down(void **state);

/* Sets an option of the chat, or of one that is to be opened. */
void tiny_chat_set(struct tiny_chat *f, const char *option, const char *value);
void tiny_chat_open(struct tiny_chat *f);
void tiny_chat_close(struct tiny_chat *f);
void tiny_chat_must(bool ok, const struct err *err);
/* A message, with a picture's path or NULL. */
void tiny_chat_submit(struct tiny_chat *f, const char *text, const char *image);
/* Takes events to the end of the turn. */
void tiny_chat_finish(struct tiny_chat *f);
/* Both. */
void tiny_chat_ask(struct tiny_chat *f, const char *text, const char *image);

void tiny_chat_expect_done(const struct tiny_chat *f, enum chat_reason reason);
/* The stored conversation is "role state(text)" …, printf-wise. */
__attribute__((format(printf, 2, 3))) void tiny_chat_expect_stored(struct tiny_chat *f,
                                                                   const char *format, ...);
/* How many conversations the history has. */
size_t tiny_chat_n_stored(struct tiny_chat *f);
void tiny_chat_run_sql(const char *sql);
/* What was said last; free() it. */
char *tiny_chat_last_text(const struct tiny_chat *f);

#endif
