#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/file.h"
#include "base/str.h"
#include "history/search.h"
#include "history/sql.h"
#include "history/store.h"
#include "image/sandbox.h"

struct place {
    char folder[64];
    char *path;
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    strcpy(p->folder, "/tmp/facet-store-XXXXXX");
    if (!mkdtemp(p->folder))
        return -1;
    p->path = path_join(p->folder, "history.db");
    *state = p;
    return 0;
}

static void remove_database(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static int tear_down(void **state)
{
    struct place *p = *state;
    remove_database(p->path);
    rmdir(p->folder);
    free(p->path);
    free(p);
    return 0;
}

static struct store *open_or_fail(const char *path)
{
    struct err err = {""};
    struct store *s = store_open(path, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

/* "role:text:state" and "(part path digest)" of all messages, one after the other. */
static bool describe(void *user, const struct store_message *m)
{
    struct str *all = user;
    str_printf(all, "%s:%s:%d", m->role, m->text, m->state);
    for (size_t i = 0; i < m->n_images; i++)
        str_printf(all, "(%zu %s %s)", m->images[i].part, m->images[i].path, m->images[i].digest);
    str_putc(all, '|');
    return true;
}

/* Short forms of what tests add over and over. */
static int64_t add_conversation(struct store *s, const char *title, const char *model)
{
    return store_add_conversation(s, &(struct store_conversation){.title = title, .model = model},
                                  NULL);
}

static int64_t add_message(struct store *s, int64_t conversation, int64_t parent, const char *role,
                           const char *text, int state)
{
    struct store_message m = {.parent = parent, .role = role, .text = text, .state = state};
    return store_add_message(s, conversation, &m, NULL);
}

static bool describe_conversation(void *user, const struct store_conversation *c)
{
    struct str *all = user;
    str_printf(all, "%s/%s/%zu|", c->title, c->model, c->n_messages);
    return true;
}

static void expect_messages(struct store *s, int64_t conversation, const char *expected)
{
    struct str all = {0};
    assert_true(store_messages(s, conversation, describe, &all, NULL));
    assert_string_equal(str_text(&all), expected);
    str_done(&all);
}

static void expect_list(struct store *s, const char *expected)
{
    struct str all = {0};
    assert_true(store_list(s, describe_conversation, &all, NULL));
    assert_string_equal(str_text(&all), expected);
    str_done(&all);
}

static void keeps_what_is_said(void **state)
{
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    int64_t c = add_conversation(s, "A cat?", "tiny");
    assert_true(c > 0);
    struct store_image image = {0, "/a b/cat.jpg", "00ff"};
    struct store_message m = {
        .role = "user", .text = "[image 1] A cat?", .n_images = 1, .images = &image};
    int64_t user = store_add_message(s, c, &m, NULL);
    int64_t answer = add_message(s, c, user, "model", "", STORE_WRITING);
    assert_true(store_update_message(s, answer, "Ye", STORE_WRITING, NULL));
    expect_messages(s, c, "user:[image 1] A cat?:0(0 /a b/cat.jpg 00ff)|model:Ye:1|");
    assert_true(store_update_message(s, answer, "Yes.", STORE_COMPLETE, NULL));
    assert_true(add_message(s, c, 0, "system", "Be brief.", STORE_COMPLETE) > 0);
    store_close(s);
    s = open_or_fail(p->path);
    expect_messages(
        s, c, "system:Be brief.:0|user:[image 1] A cat?:0(0 /a b/cat.jpg 00ff)|model:Yes.:0|");
    expect_list(s, "A cat?/tiny/3|");
    store_close(s);
}

static void is_private(void **state)
{
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    struct str wal = {0};
    add_conversation(s, "x", "m");
    str_printf(&wal, "%s-wal", p->path);
    struct stat st;
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(wal.data, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    str_done(&wal);
    store_close(s);
}

static void usual_place_is_private(void **state)
{
    struct place *p = *state;
    setenv("XDG_DATA_HOME", p->folder, 1);
    store_close(open_or_fail(NULL));
    unsetenv("XDG_DATA_HOME");
    char *folder = path_join(p->folder, "facet"), *file = path_join(folder, "history.db");
    struct stat st;
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(file);
    rmdir(folder);
    free(file);
    free(folder);
}

static void removes_empty_conversations(void **state)
{
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    int64_t c = add_conversation(s, "gone", "m");
    int64_t a = add_message(s, c, 0, "user", "a", 0);
    int64_t b = add_message(s, c, a, "model", "b", 0);
    assert_true(store_remove_message(s, b, NULL));
    expect_messages(s, c, "user:a:0|");
    assert_true(store_remove_message(s, a, NULL));
    expect_list(s, "");
    struct err err = {""};
    assert_false(store_messages(s, c, describe, NULL, &err));
    assert_non_null(strstr(err.text, "no conversation"));
    assert_true(add_conversation(s, "next", "m") > c);
    store_close(s);
}

static void undoes_a_failed_group(void **state)
{
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    assert_true(store_begin(s, NULL));
    assert_true(add_conversation(s, "half", "m") > 0);
    assert_false(store_end(s, false, NULL));
    expect_list(s, "");
    assert_int_equal(add_message(s, 77, 0, "user", "to nobody", 0), 0);
    store_close(s);
}

/* A killed process leaves its answer "being written"; others read it as interrupted. */
static void reads_a_dead_writers_answer_as_interrupted(void **state)
{
    struct place *p = *state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct store *s = store_open(p->path, NULL);
        int64_t c = s ? add_conversation(s, "t", "m") : 0;
        int64_t ok = c ? add_message(s, c, 0, "model", "half a", 1) : 0;
        if (!ok || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char byte;
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    struct store *s = open_or_fail(p->path);
    expect_messages(s, 1, "model:half a:1|");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    expect_messages(s, 1, "model:half a:2|");
    store_close(s);
}

/* Processes that make it at once do not get in each other's way. */
static void is_made_by_processes(void **state)
{
    enum { ROUNDS = 20, PROCESSES = 8 };
    struct place *p = *state;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PROCESSES; i++)
            if (fork() == 0) {
                struct store *s = store_open(p->path, NULL);
                store_close(s);
                _exit(!s);
            }
        for (int i = 0; i < PROCESSES; i++) {
            int status;
            wait(&status);
            assert_int_equal(status, 0);
        }
        remove_database(p->path);
    }
}

/* Two processes write at once; none of it is lost. */
static void is_shared_by_processes(void **state)
{
    enum { PROCESSES = 3, MESSAGES = 20 };
    struct place *p = *state;
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            struct store *s = store_open(p->path, NULL);
            int64_t c = s ? add_conversation(s, "t", "m") : 0;
            bool ok = c > 0;
            for (int k = 0; ok && k < MESSAGES; k++)
                ok = add_message(s, c, 0, "user", "x", 0) > 0;
            store_close(s);
            _exit(!ok);
        }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        wait(&status);
        assert_int_equal(status, 0);
    }
    struct store *s = open_or_fail(p->path);
    expect_list(s, "t/m/20|t/m/20|t/m/20|");
    store_close(s);
}

/* Of schema 1: conversation 3 with a system text that came late, and 5 of one message. */
static const char old_schema[] =
    "CREATE TABLE conversation("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, model TEXT NOT NULL,"
    "  created INTEGER NOT NULL, updated INTEGER NOT NULL);"
    "CREATE INDEX conversation_by_updated ON conversation(updated);"
    "CREATE TABLE message("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,"
    "  role TEXT NOT NULL, text TEXT NOT NULL, state INTEGER NOT NULL, writer TEXT NOT NULL,"
    "  created INTEGER NOT NULL);"
    "CREATE INDEX message_by_conversation ON message(conversation);"
    "CREATE TABLE image("
    "  id INTEGER PRIMARY KEY, message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,"
    "  part INTEGER NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL);"
    "CREATE INDEX image_by_message ON image(message);"
    "CREATE INDEX image_by_digest ON image(digest);"
    "CREATE TRIGGER message_added AFTER INSERT ON message BEGIN"
    "  UPDATE conversation SET updated = CAST(strftime('%s') AS INTEGER) WHERE id = "
    "new.conversation; END;"
    "CREATE TRIGGER message_written AFTER UPDATE OF text ON message BEGIN"
    "  UPDATE conversation SET updated = CAST(strftime('%s') AS INTEGER) WHERE id = "
    "new.conversation; END;"
    "CREATE TRIGGER message_removed AFTER DELETE ON message"
    "  WHEN NOT EXISTS (SELECT 1 FROM message WHERE conversation = old.conversation) BEGIN"
    "  DELETE FROM conversation WHERE id = old.conversation; END;"
    "INSERT INTO conversation VALUES(3, 'Cats', 'tiny', 100, 200), (5, 'Dogs', 'big', 300, 400);"
    "INSERT INTO message VALUES(7, 3, 'user', 'A cat?', 0, '1 2 x', 110),"
    " (8, 5, 'user', 'A dog?', 0, '1 2 x', 310), (9, 3, 'model', 'Yes.', 0, '1 2 x', 120),"
    " (10, 3, 'user', '[image 1] 猫はどこですか', 0, '1 2 x', 130),"
    " (11, 3, 'model', 'The', 1, '1 2 x', 140), (12, 3, 'system', 'Be kind.', 0, '1 2 x', 150);"
    "INSERT INTO image VALUES(1, 10, 0, '/a/cat.jpg', '00ff');"
    "UPDATE conversation SET updated = 200 WHERE id = 3;"
    "UPDATE conversation SET updated = 400 WHERE id = 5;"
    "PRAGMA user_version = 1;";

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    char *why = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    sqlite3_close(db);
}

static bool describe_hit(void *user, const struct search_hit *hit)
{
    str_printf(user, "%lld/%lld:%.*s|", (long long)hit->conversation, (long long)hit->message,
               (int)hit->n_bytes, hit->snippet + hit->at);
    return true;
}

static void expect_found(struct store *s, const char *query, const char *expected)
{
    struct str all = {0};
    struct err err = {""};
    if (!store_search(s, query, 20, describe_hit, &all, &err))
        fail_msg("%s: %s", query, err.text);
    assert_string_equal(str_text(&all), expected);
    str_done(&all);
}

static void takes_old_histories(void **state)
{
    struct place *p = *state;
    run_sql(p->path, old_schema);
    struct store *s = open_or_fail(p->path);
    expect_list(s, "Dogs/big/1|Cats/tiny/5|");
    expect_messages(s, 3,
                    "system:Be kind.:0|user:A cat?:0|model:Yes.:0|"
                    "user:[image 1] 猫はどこですか:0(0 /a/cat.jpg 00ff)|model:The:2|");
    expect_messages(s, 5, "user:A dog?:0|");
    expect_found(s, "どこで", "3/10:どこで|");
    int64_t next = add_message(s, 3, 9, "user", "beside", 0);
    assert_true(next > 12);
    expect_messages(s, 3, "system:Be kind.:0|user:A cat?:0|model:Yes.:0|user:beside:0|");
    store_close(s);
    store_close(open_or_fail(p->path));
}

static bool describe_told(void *user, const struct store_message *m)
{
    str_printf(user, "%s:%d|", m->text, m->told);
    return true;
}

static void expect_told(struct store *s, int64_t conversation, const char *expected)
{
    struct str all = {0};
    assert_true(store_tree(s, conversation, describe_told, &all, NULL));
    assert_string_equal(str_text(&all), expected);
    str_done(&all);
}

/* Old messages are told; forks are told as what they come from. */
static void keeps_what_the_model_is_told(void **state)
{
    struct place *p = *state;
    run_sql(p->path, old_schema);
    struct store *s = open_or_fail(p->path);
    int64_t answer = add_message(s, 5, 8, "model", "Woof", 0);
    expect_told(s, 5, "A dog?:0|Woof:0|");
    assert_true(store_set_told(s, 8, STORE_DROPPED, NULL));
    assert_true(store_set_told(s, answer, STORE_PINNED, NULL));
    store_close(s);
    s = open_or_fail(p->path);
    expect_told(s, 5, "A dog?:1|Woof:2|");
    expect_told(s, store_fork(s, 5, 0, NULL), "A dog?:1|Woof:2|");
    store_close(s);
}

static void chooses_between_branches(void **state)
{
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    int64_t c = add_conversation(s, "t", "m");
    int64_t a = add_message(s, c, 0, "user", "a", 0), b = add_message(s, c, a, "model", "b", 0);
    int64_t b2 = add_message(s, c, a, "model", "b2", 0);
    expect_messages(s, c, "user:a:0|model:b2:0|");
    assert_true(store_choose(s, c, a, b, NULL));
    add_message(s, c, b, "user", "c", 0);
    expect_messages(s, c, "user:a:0|model:b:0|user:c:0|");
    assert_true(store_delete_message(s, b, NULL));
    assert_true(store_choose(s, c, a, b2, NULL));
    expect_messages(s, c, "user:a:0|model:b2:0|");
    expect_list(s, "t/m/2|");
    assert_true(store_undelete_message(s, b, NULL));
    assert_true(store_choose(s, c, a, b, NULL));
    expect_messages(s, c, "user:a:0|model:b:0|user:c:0|");
    int64_t fork = store_fork(s, c, b, NULL);
    expect_messages(s, fork, "user:a:0|model:b:0|");
    assert_true(store_fork(s, c, 0, NULL) > fork);
    struct err err = {""};
    assert_int_equal(store_fork(s, c, b2, &err), 0); /* it is not seen */
    assert_non_null(strstr(err.text, "not seen"));
    assert_int_equal(store_fork(s, 99, 0, &err), 0);
    assert_non_null(strstr(err.text, "no conversation 99"));
    expect_list(s, "t/m/3|t/m/2|t/m/4|");
    store_close(s);
}

static void expect_shelf(struct store *s, enum store_shelf shelf, const char *expected)
{
    struct str all = {0};
    assert_true(store_list_shelf(s, shelf, describe_conversation, &all, NULL));
    assert_string_equal(str_text(&all), expected);
    str_done(&all);
}

static void puts_conversations_away(void **state)
{
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    struct err err = {""};
    assert_int_equal(store_last(s, &err), 0);
    int64_t a = add_conversation(s, "a", "m"), b = add_conversation(s, "b", "m");
    add_message(s, a, 0, "user", "first words", 0);
    add_message(s, b, 0, "user", "second words", 0);
    assert_int_equal(store_last(s, NULL), b);
    assert_true(store_rename(s, a, "A", NULL));
    assert_true(store_archive(s, b, true, NULL));
    assert_int_equal(store_last(s, NULL), a);
    expect_shelf(s, STORE_CURRENT, "A/m/1|");
    expect_shelf(s, STORE_ARCHIVED, "b/m/1|");
    assert_true(store_archive(s, b, false, NULL));
    assert_true(store_delete(s, a, NULL));
    assert_false(store_delete(s, a, &err));
    expect_shelf(s, STORE_CURRENT, "b/m/1|");
    expect_shelf(s, STORE_DELETED, "A/m/1|");
    expect_found(s, "words", "2/2:words|");
    store_close(s);
    s = open_or_fail(p->path);
    assert_true(store_undelete(s, a, NULL));
    assert_false(store_undelete(s, a, &err));
    expect_found(s, "words first", "1/1:first|");
    assert_true(store_delete(s, a, NULL));
    assert_false(store_rename(s, 77, "x", &err));
    assert_non_null(strstr(err.text, "no conversation 77"));
    store_close(s);
    run_sql(p->path, "UPDATE conversation SET deleted = deleted - 86400 * 31 WHERE id = 1");
    s = open_or_fail(p->path);
    expect_shelf(s, STORE_DELETED, "");
    expect_shelf(s, STORE_CURRENT, "b/m/1|");
    store_close(s);
}

static void add_dated(struct store *s, int64_t conversation, const char *text, int year,
                      const char *image)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = 5, .tm_mday = 15, .tm_isdst = -1};
    struct store_image shown = {0, image, "abcdef"};
    struct store_message m = {.role = "user",
                              .text = text,
                              .created = mktime(&tm),
                              .n_images = image != NULL,
                              .images = &shown};
    assert_true(store_add_message(s, conversation, &m, NULL) > 0);
}

static void finds(void **state)
{
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    int64_t c = add_conversation(s, "Bäckerei", "gemma-4b-it"), d = add_conversation(s, "x", "27b");
    add_dated(s, c, "Was kostet das BRÖTCHEN bei 100%?", 2024, NULL);
    add_dated(s, c, "你好，世界", 2025, NULL);
    add_dated(s, c, "[image 1] look", 2026, "/photos/Cat_1.jpg");
    add_dated(s, d, "I said \"fine words\" and\nmore", 2026, NULL);
    expect_found(s, "brötchen", "1/1:BRÖTCHEN|");
    expect_found(s, "kostet brötchen", "1/1:kostet|");
    expect_found(s, "kostet fine", "");
    expect_found(s, "世界", "1/2:世界|");
    expect_found(s, "好", "1/2:好|");
    expect_found(s, "ör", ""); /* LIKE knows the cases of ASCII alone */
    expect_found(s, "WA", "1/1:Wa|");
    expect_found(s, "0%", "1/1:0%|");
    expect_found(s, "\"fine words\"", "2/4:fine words|");
    expect_found(s, "\"words fine\"", "");
    expect_found(s, "bäcker", "1/0:Bäcker|");
    assert_true(store_rename(s, d, "Fine words", NULL));
    expect_found(s, "fine words", "2/4:fine|");
    assert_true(store_rename(s, d, "Kept bread", NULL));
    expect_found(s, "bread", "2/0:bread|");
    expect_found(s, "image:cat_1", "1/3:|");
    expect_found(s, "image:catx1", "");
    expect_found(s, "image:abc look", "1/3:look|");
    expect_found(s, "before:2025-06-15", "1/1:|");
    expect_found(s, "after:2025-06-15 before:2026", "1/2:|");
    expect_found(s, "after:2026-06 model:27", "2/4:|");
    expect_found(s, "more or' NEAR(", "");
    struct err err = {""};
    struct str all = {0};
    assert_false(store_search(s, "before:yesterday", 5, describe_hit, &all, &err));
    assert_non_null(strstr(err.text, "no date"));
    assert_false(store_search(s, " \"\" ", 5, describe_hit, &all, &err));
    assert_true(store_search(s, "model:m", 1, describe_hit, &all, &err));
    assert_string_equal(str_text(&all), "1/3:|");
    str_done(&all);
    assert_true(store_update_message(s, 1, "Semmel", 0, NULL));
    expect_found(s, "brötchen", "");
    expect_found(s, "semmel", "1/1:Semmel|");
    assert_true(store_remove_message(s, 1, NULL));
    expect_found(s, "semmel", "");
    store_close(s);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* 100,000 messages of some thirty words. */
static void fill(struct store *s)
{
    static const char *const words[] = {
        "the",      "receipt", "bakery", "ncurses", "window", "gradient", "of",    "kernel",
        "猫がいる", "цена",    "Straße", "bread",   "total",  "image",    "model", "answer",
    };
    uint32_t seed = 1;
    struct str text = {0};
    assert_true(store_begin(s, NULL));
    int64_t c = 0;
    for (int i = 0; i < (SANDBOX_SANITIZED ? 20000 : 100000); i++) {
        str_clear(&text);
        for (int k = 0; k < 30; k++) {
            seed = seed * 1664525 + 1013904223;
            str_printf(&text, "%s%u ", words[seed >> 28], (seed >> 12) % 1000);
        }
        if (i % 20 == 0)
            c = add_conversation(s, "talk", "m");
        assert_true(add_message(s, c, 0, i % 2 ? "model" : "user", text.data, 0) > 0);
    }
    assert_true(store_end(s, true, NULL));
    str_done(&text);
}

static void finds_fast(void **state)
{
    static const char *const queries[] = {
        "bakery7 kernel12", "receipt", "猫がいる", "猫が", "zz", "bread99 after:2020 model:m",
    };
    enum { MOST_MS = 250 };
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    fill(s);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        double best = 1e9;
        for (int round = 0; round < 3; round++) {
            struct str all = {0};
            double start = now_ms();
            assert_true(store_search(s, queries[i], 50, describe_hit, &all, NULL));
            double took = now_ms() - start;
            best = took < best ? took : best;
            assert_true(strcmp(queries[i], "zz") == 0 || all.len > 0);
            str_done(&all);
        }
        print_message("%s: %.1f ms\n", queries[i], best);
        assert_true(best < MOST_MS * (SANDBOX_SANITIZED ? 20 : 1));
    }
    store_close(s);
}

static void refuses_what_it_cannot_read(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    assert_true(file_write(p->path, "this is no database, but it is long enough to look at", 53,
                           0600, NULL));
    assert_null(store_open(p->path, &err));
    assert_non_null(strstr(err.text, p->path));
    unlink(p->path);
    store_close(open_or_fail(p->path));
    sqlite3 *db;
    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_null(store_open(p->path, &err));
    assert_non_null(strstr(err.text, "newer facet"));
    assert_null(store_open("/nowhere/at/all.db", &err));
}

/* A long text is shown where the words stand together, not where one of them does first. */
static void shows_where_the_words_are(void **state)
{
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    struct str text = {0};
    str_puts(&text, "A cat. ");
    for (int i = 0; i < 100; i++)
        str_puts(&text, "Much else. ");
    str_puts(&text, "The dog sees the cat. ");
    int64_t c = add_conversation(s, "Both", "tiny");
    assert_true(add_message(s, c, 0, "user", str_text(&text), STORE_COMPLETE) > 0);
    expect_found(s, "cat dog", "1/1:dog|");
    expect_found(s, "cat", "1/1:cat|");
    expect_found(s, "cat else", "1/1:cat|");
    str_done(&text);
    store_close(s);
}

/* What failed is told with what can be done, and what was there before stays. */
static void tells_of_a_full_disk(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    struct str text = {0};
    struct store *s = open_or_fail(p->path);
    int64_t c = add_conversation(s, "Small", "tiny");
    assert_true(add_message(s, c, 0, "user", "hello", STORE_COMPLETE) > 0);
    assert_true(sql_run(s, "PRAGMA max_page_count = 1", NULL)); /* as many as there are */
    for (int i = 0; i < 100000; i++)
        str_puts(&text, "words and ");
    struct store_message m = {.role = "user", .text = str_text(&text), .state = STORE_COMPLETE};
    assert_int_equal(store_add_message(s, c, &m, &err), 0);
    assert_non_null(strstr(err.text, "the disk is full: make room"));
    expect_found(s, "hello", "1/1:hello|");
    str_done(&text);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_what_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_private, set_up, tear_down),
        cmocka_unit_test_setup_teardown(usual_place_is_private, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removes_empty_conversations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(undoes_a_failed_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_a_dead_writers_answer_as_interrupted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(is_made_by_processes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_shared_by_processes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_old_histories, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_the_model_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(chooses_between_branches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(puts_conversations_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shows_where_the_words_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_of_a_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_fast, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_it_cannot_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
