#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "chat/draft.h"
#include "chat/sent.h"
#include "tests/support/scratch.h"

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = scratch_new();
    return !folder || setenv("XDG_STATE_HOME", folder, 1);
}

static int tear_down(void **state)
{
    (void)state;
    scratch_free(folder);
    return 0;
}

/* ---- Sent messages -------------------------------------------------------------------------- */

struct all {
    struct str text;
    size_t n;
};

static void put_one(void *user, const char *text)
{
    struct all *all = user;
    str_printf(&all->text, "%s|", text);
    all->n++;
}

static void expect_sent(const char *expected)
{
    struct all all = {.n = 0};
    assert_true(sent_read(put_one, &all, NULL));
    assert_string_equal(str_text(&all.text), expected);
    str_done(&all.text);
}

static void add(const char *text)
{
    struct err err = {""};
    if (!sent_add(text, &err))
        fail_msg("%s", err.text);
}

static void comes_back_as_it_was(void **state)
{
    (void)state;
    expect_sent("");
    add("one");
    add("two\nlines");
    add("C:\\new\\\\n");
    add("你好\n");
    expect_sent("one|two\nlines|C:\\new\\\\n|你好\n|");
    add("你好\n"); /* again */
    add("");
    expect_sent("one|two\nlines|C:\\new\\\\n|你好\n|");
}

static void path_of(char path[128])
{
    snprintf(path, 128, "%s/facet/sent", folder);
}

static void is_private(void **state)
{
    char path[128];
    struct stat st;
    (void)state;
    add("secret");
    path_of(path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void holds_a_thousand(void **state)
{
    char text[32];
    (void)state;
    for (int i = 0; i < SENT_MAX + 5; i++) {
        snprintf(text, sizeof text, "m%d", i);
        add(text);
    }
    struct all all = {.n = 0};
    assert_true(sent_read(put_one, &all, NULL));
    assert_int_equal(all.n, SENT_MAX);
    assert_int_equal(strncmp(str_text(&all.text), "m5|m6|", 6), 0);
    str_done(&all.text);
}

static void leaves_out_what_is_too_long(void **state)
{
    (void)state;
    char *text = calloc(1, SENT_MAX_BYTES + 2);
    memset(text, 'x', SENT_MAX_BYTES + 1);
    add(text);
    free(text);
    expect_sent("");
}

static void goes_on_behind_a_torn_line(void **state)
{
    char path[128];
    (void)state;
    add("whole");
    path_of(path);
    assert_true(file_write(path, "whole\ntor", 9, 0600, NULL));
    add("next");
    expect_sent("whole|tor|next|");
}

static void is_shared_by_processes(void **state)
{
    enum { PROCESSES = 4, EACH = 50 };
    (void)state;
    for (int p = 0; p < PROCESSES; p++)
        if (fork() == 0) {
            bool ok = true;
            for (int i = 0; i < EACH; i++) {
                char text[32];
                snprintf(text, sizeof text, "p%d\n%d", p, i);
                ok = sent_add(text, NULL) && ok;
            }
            _exit(!ok);
        }
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        wait(&status);
        assert_int_equal(status, 0);
    }
    struct all all = {.n = 0};
    assert_true(sent_read(put_one, &all, NULL));
    assert_int_equal(all.n, PROCESSES * EACH);
    str_done(&all.text);
}

static void names_what_it_cannot_write(void **state)
{
    struct err err = {""};
    (void)state;
    setenv("XDG_STATE_HOME", "/dev/null/no", 1);
    assert_false(sent_add("x", &err));
    assert_non_null(strstr(err.text, "/dev/null"));
}

/* ---- Drafts --------------------------------------------------------------------------------- */

static void expect_draft(struct draft **d, const char *text, size_t n_pictures)
{
    struct draft_content found;
    *d = draft_open(&found);
    if (text)
        assert_string_equal(found.text, text);
    else
        assert_null(found.text);
    assert_int_equal(found.n_pictures, n_pictures);
    draft_content_done(&found);
}

static void draft_survives(void **state)
{
    (void)state;
    static const char *const pictures[] = {"/a b/c.png", "/d.jpg"};
    struct draft *d;
    expect_draft(&d, NULL, 0);
    assert_true(draft_write(d, "first", NULL, 0, NULL));
    assert_true(draft_write(d, "\npicture of\n\nwhat?\n", pictures, 2, NULL));
    draft_close(d);
    expect_draft(&d, "\npicture of\n\nwhat?\n", 2);
    assert_true(draft_write(d, "", NULL, 0, NULL)); /* sent */
    draft_close(d);
    expect_draft(&d, NULL, 0);
    draft_close(d);
}

static void draft_of_the_living_is_theirs(void **state)
{
    (void)state;
    struct draft *mine, *other, *third;
    expect_draft(&mine, NULL, 0);
    assert_true(draft_write(mine, "mine", NULL, 0, NULL));
    expect_draft(&other, NULL, 0);
    assert_true(draft_write(other, "other", NULL, 0, NULL));
    draft_close(mine);
    expect_draft(&third, "mine", 0);
    draft_close(other);
    draft_close(third);
}

static void newest_draft_comes_first(void **state)
{
    (void)state;
    struct draft *a, *b;
    expect_draft(&a, NULL, 0);
    expect_draft(&b, NULL, 0);
    assert_true(draft_write(a, "older", NULL, 0, NULL));
    usleep(20000);
    assert_true(draft_write(b, "newer", NULL, 0, NULL));
    draft_close(a);
    draft_close(b);
    expect_draft(&a, "newer", 0);
    expect_draft(&b, "older", 0);
    draft_close(a);
    draft_close(b);
}

/* Whenever it is killed while writing, one of the texts is there, whole. */
static void draft_is_never_torn(void **state)
{
    (void)state;
    static char texts[2][100001];
    memset(texts[0], 'a', 100000);
    memset(texts[1], 'b', 50000);
    struct draft *d;
    expect_draft(&d, NULL, 0);
    assert_true(draft_write(d, texts[0], NULL, 0, NULL));
    draft_close(d);
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct draft_content found;
            d = draft_open(&found);
            for (int k = 0;; k++)
                draft_write(d, texts[k & 1], NULL, 0, NULL);
        }
        usleep(1000 + (unsigned)i * 700);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        struct draft_content found;
        d = draft_open(&found);
        assert_non_null(found.text);
        assert_true(strcmp(found.text, texts[0]) == 0 || strcmp(found.text, texts[1]) == 0);
        draft_content_done(&found);
        draft_close(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_back_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_private, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holds_a_thousand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_out_what_is_too_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on_behind_a_torn_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_shared_by_processes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_what_it_cannot_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(draft_survives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(draft_of_the_living_is_theirs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(newest_draft_comes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(draft_is_never_torn, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
