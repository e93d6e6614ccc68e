/* Kills a facet that answers, at random moments, and looks at what its history has. FACET_KILLS:
 * how often (20). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/chat.h"
#include "history/store.h"
#include "tests/support/scratch.h"
#include "tests/support/tiny.h"

enum { MAX_TURNS = 64, MAX_BYTES = 1 << 18, MAX_EVENTS = 1 << 15, LIMIT_MS = 60000 };

/* What the child saw, which outlives it. Counters are raised last. */
struct seen {
    atomic_size_t n_submitted, n_done, n_events;
    struct {
        double when;
        size_t turn, n_bytes; /* of that turn's answer so far */
    } events[MAX_EVENTS];
    char said[MAX_TURNS][MAX_BYTES];
};

static char *folder, *model, *history;
static struct seen *seen;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int make_model(void **state)
{
    (void)state;
    folder = scratch_new();
    model = scratch_path(folder, "model.gguf");
    history = scratch_path(folder, "history.db");
    setenv("XDG_CONFIG_HOME", folder, 1);
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct tiny shape = tiny_default;
    shape.n_ctx = 32768;
    struct gguf_writer *w = tiny_text(&shape);
    struct store *store = store_open(history, NULL);
    bool ok = gguf_writer_save(w, model, NULL) && seen != MAP_FAILED && store;
    gguf_writer_free(w);
    store_close(store);
    return ok ? 0 : -1;
}

static int remove_model(void **state)
{
    (void)state;
    munmap(seen, sizeof *seen);
    free(model);
    free(history);
    scratch_free(folder);
    return 0;
}

/* max_tokens: so that MAX_TURNS answers fit into the context; "0": one fills it. */
static struct chat *open_chat(struct store *store, const char *max_tokens)
{
    struct options options;
    struct chat *chat = NULL;
    if (options_init(&options, NULL) && options_set(&options, "model", model, NULL) &&
        options_set(&options, "ctx", "30000", NULL) &&
        options_set(&options, "threads", "1", NULL) &&
        options_set(&options, "max-tokens", max_tokens, NULL))
        chat = chat_open(&options, store, NULL);
    options_done(&options);
    return chat;
}

static void note_text(size_t turn, size_t *n_bytes, const struct chat_event *event)
{
    size_t at = seen->n_events;
    struct str text = {0};
    message_put_said(&text, event->text, event->n_bytes);
    if (at < MAX_EVENTS && *n_bytes + text.len <= MAX_BYTES) {
        memcpy(seen->said[turn] + *n_bytes, text.data, text.len);
        *n_bytes += text.len;
        seen->events[at].when = now_s();
        seen->events[at].turn = turn;
        seen->events[at].n_bytes = *n_bytes;
        seen->n_events = at + 1;
    }
    str_done(&text);
}

/* Asks and answers until it is killed; at length: once. */
static void talk(bool at_length)
{
    const char *max_tokens = at_length ? "0" : "300";
    struct store *store = store_open(history, NULL);
    struct chat *chat = store ? open_chat(store, max_tokens) : NULL;
    for (size_t turn = 0; chat && turn < (at_length ? 1 : MAX_TURNS); turn++) {
        struct message m = {0};
        struct chat_event event = {.kind = CHAT_LOADED};
        char text[32];
        message_add_text(&m, text, (size_t)snprintf(text, sizeof text, "question %zu", turn));
        if (!chat_submit(chat, &m, NULL))
            break;
        seen->n_submitted = turn + 1;
        for (size_t n = 0; event.kind != CHAT_DONE && event.kind != CHAT_FAILED;)
            if (chat_next(chat, &event, LIMIT_MS) && event.kind == CHAT_TEXT)
                note_text(turn, &n, &event);
        seen->n_done = turn + 1;
    }
    for (;;)
        pause();
}

struct check {
    size_t n;
    double killed;
};

/* Bytes of the answer to a turn that were said before that time. */
static size_t said_before(size_t turn, double when)
{
    size_t n = 0;
    for (size_t i = 0; i < seen->n_events; i++)
        if (seen->events[i].turn == turn && seen->events[i].when < when)
            n = seen->events[i].n_bytes;
    return n;
}

static bool check_message(void *user, const struct store_message *m)
{
    /* A write begins 0.8 s after the last one and takes a while on a busy machine. */
    const double most_lost_s = 1.5;
    struct check *check = user;
    size_t turn = check->n / 2;
    char expected[32];
    if (check->n++ % 2 == 0) {
        snprintf(expected, sizeof expected, "question %zu", turn);
        assert_string_equal(m->text, expected);
        return true;
    }
    size_t length = strlen(m->text);
    bool done = turn < seen->n_done;
    assert_true(m->state == STORE_INTERRUPTED || m->state == STORE_COMPLETE);
    assert_true(!done || m->state == STORE_COMPLETE);
    assert_true(length >= said_before(turn, done ? 1e300 : check->killed - most_lost_s));
    size_t known = said_before(turn, 1e300); /* the last event may not have been noted yet */
    assert_memory_equal(m->text, seen->said[turn], length < known ? length : known);
    return true;
}

static void check_database(void)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open(history, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(row, 0), "ok");
    sqlite3_finalize(row);
    assert_int_equal(
        sqlite3_exec(db, "INSERT INTO message_text(message_text) VALUES('integrity-check')", NULL,
                     NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
}

/* Forgets the events of the round before; the conversation is a new one. */
static void kill_after(double seconds)
{
    atomic_store(&seen->n_submitted, 0);
    atomic_store(&seen->n_done, 0);
    atomic_store(&seen->n_events, 0);
    pid_t child = fork();
    if (child == 0)
        talk(seconds > 1);
    time_t whole = (time_t)seconds;
    nanosleep(&(struct timespec){whole, (long)((seconds - (double)whole) * 1e9)}, NULL);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    struct check check = {.killed = now_s()};
    check_database();
    struct store *s = store_open(history, NULL);
    assert_non_null(s);
    int64_t last = store_last(s, NULL);
    if (seen->n_submitted > 0)
        assert_true(store_messages(s, last, check_message, &check, NULL));
    assert_true(check.n >= 2 * seen->n_submitted);
    assert_int_equal(check.n % 2, 0);
    if (seen->n_submitted > 0) /* so that the next round does not take it for its own */
        assert_true(store_archive(s, last, true, NULL));
    store_close(s);
}

static bool take_last(void *user, const struct store_conversation *c)
{
    *(int64_t *)user = c->id;
    return false;
}

/* What was interrupted goes on. An answer that had come to its end may come to it again at once. */
static void goes_on(void)
{
    int64_t conversation = 0;
    struct chat_event event = {.kind = CHAT_LOADED};
    struct store *s = store_open(history, NULL);
    assert_true(store_list_shelf(s, STORE_ARCHIVED, take_last, &conversation, NULL));
    struct chat *chat = open_chat(s, "300");
    assert_true(chat_load(chat, conversation, NULL));
    for (int tries = 0; event.kind != CHAT_TEXT; tries++) {
        assert_in_range(tries, 0, 9);
        assert_true(chat_continue(chat, NULL));
        do
            assert_true(chat_next(chat, &event, LIMIT_MS));
        while (event.kind != CHAT_TEXT && event.kind != CHAT_DONE && event.kind != CHAT_FAILED);
        if (event.kind == CHAT_FAILED)
            fail_msg("%.*s", (int)event.n_bytes, event.text);
    }
    chat_close(chat);
    store_close(s);
}

static void loses_a_second_at_most(void **state)
{
    (void)state;
    const char *given = getenv("FACET_KILLS");
    int n = given ? atoi(given) : 20;
    srand48(1);
    for (int i = 0; i < n; i++)
        kill_after(i % 20 == 19 ? 1.6 + 0.5 * drand48() : 0.2 * drand48());
    goes_on();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(loses_a_second_at_most)};
    return cmocka_run_group_tests(tests, make_model, remove_model);
}
