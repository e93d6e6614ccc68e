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
#include <unistd.h>

#include <sqlite3.h>

#include "base/file.h"
#include "base/str.h"
#include "history/store.h"

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
    int64_t c = store_add_conversation(s, "A cat?", "tiny", NULL);
    assert_true(c > 0);
    int64_t user = store_add_message(s, c, "user", "[image 1] A cat?", 0, NULL);
    assert_true(store_add_image(s, user, 0, "/a b/cat.jpg", "00ff", NULL));
    int64_t answer = store_add_message(s, c, "model", "", 1, NULL);
    assert_true(store_update_message(s, answer, "Ye", 1, NULL));
    expect_messages(s, c, "user:[image 1] A cat?:0(0 /a b/cat.jpg 00ff)|model:Ye:1|");
    assert_true(store_update_message(s, answer, "Yes.", 0, NULL));
    assert_true(store_add_message(s, c, "system", "Be brief.", 0, NULL) > 0);
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
    store_add_conversation(s, "x", "m", NULL);
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
    int64_t c = store_add_conversation(s, "gone", "m", NULL);
    int64_t a = store_add_message(s, c, "user", "a", 0, NULL);
    int64_t b = store_add_message(s, c, "model", "b", 0, NULL);
    assert_true(store_remove_message(s, b, NULL));
    expect_messages(s, c, "user:a:0|");
    assert_true(store_remove_message(s, a, NULL));
    expect_list(s, "");
    struct err err = {""};
    assert_false(store_messages(s, c, describe, NULL, &err));
    assert_non_null(strstr(err.text, "no conversation"));
    assert_true(store_add_conversation(s, "next", "m", NULL) > c);
    store_close(s);
}

static void undoes_a_failed_group(void **state)
{
    struct place *p = *state;
    struct store *s = open_or_fail(p->path);
    assert_true(store_begin(s, NULL));
    assert_true(store_add_conversation(s, "half", "m", NULL) > 0);
    assert_false(store_end(s, false, NULL));
    expect_list(s, "");
    assert_int_equal(store_add_message(s, 77, "user", "to nobody", 0, NULL), 0);
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
        int64_t c = s ? store_add_conversation(s, "t", "m", NULL) : 0;
        int64_t ok = c ? store_add_message(s, c, "model", "half a", 1, NULL) : 0;
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
            int64_t c = s ? store_add_conversation(s, "t", "m", NULL) : 0;
            bool ok = c > 0;
            for (int k = 0; ok && k < MESSAGES; k++)
                ok = store_add_message(s, c, "user", "x", 0, NULL) > 0;
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
        cmocka_unit_test_setup_teardown(refuses_what_it_cannot_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
