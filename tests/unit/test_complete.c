#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "chat/complete.h"
#include "chat/typed_path.h"
#include "history/store.h"
#include "tests/support/scratch.h"

static char *folder;

static void touch(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(file_write(path, "x", 1, 0600, NULL));
}

static int set_up(void **state)
{
    (void)state;
    folder = scratch_new();
    if (!folder || chdir(folder) != 0 || setenv("HOME", folder, 1) != 0)
        return -1;
    mkdir("my pictures", 0700);
    touch("my pictures/one \"two\".png");
    touch("été.jpg");
    touch("êta.jpg");
    touch(".hidden");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_free(folder);
    return 0;
}

/* The line as it is completed, then what there is to choose from: "/set top-|top-k top-p ". */
static void expect(const char *line, const char *expected)
{
    struct completion c;
    struct str got = {0};
    if (complete_line(line, strlen(line), NULL, &c)) {
        str_put(&got, line, c.start);
        str_put(&got, c.list[0].text, c.common);
        str_putc(&got, '|');
        for (size_t i = 0; c.n > 1 && i < c.n; i++)
            str_printf(&got, "%s ", c.list[i].label);
        completion_done(&c);
    }
    assert_string_equal(str_text(&got), expected);
    str_done(&got);
}

static void commands_and_options(void **state)
{
    (void)state;
    expect("/con", "/cont|continue context ");
    expect("/qu", "/quit|");
    expect("/im", "/image |");
    expect("/nothing", "");
    expect("text", "");
    expect("/set top-", "/set top-|top-k top-p ");
    expect("/set crops ", "/set crops |auto hf off 2 3 4 ");
    expect("/set crops a", "/set crops auto|");
    expect("/set top-k ", "/set top-k model|");
    expect("/set ctx ", "");
    expect("/help x", "");
    expect("/und", "/undelete|");
    expect("/context p", "/context pin |");
    expect("/context ", "/context |drop pin tell room ");
}

static void paths(void **state)
{
    (void)state;
    expect("/image my", "/image my pictures/|");
    expect("/image my pictures/o", "/image my pictures/one \"two\".png|");
    expect("/image ~/my pictures/", "/image ~/my pictures/one \"two\".png|");
    expect("/image 'my pic", "/image 'my pictures/|");
    expect("/image \"my pictures/", "/image \"my pictures/one \\\"two\\\".png\"|");
    expect("/image my\\ pictures/", "/image my\\ pictures/one\\ \\\"two\\\".png|");
    expect("/export nowhere/", "");
    expect("/image ", "/image |my pictures/ été.jpg êta.jpg ");
    expect("/image \xC3", "/image |été.jpg êta.jpg "); /* never half a character */
    expect("/image .h", "/image .hidden|");
    expect("~/my", "~/my pictures/|"); /* a path alone */
    expect("~", "");
    char line[128], completed[160];
    snprintf(line, sizeof line, "%s/my pictures/o", folder);
    snprintf(completed, sizeof completed, "%sne \"two\".png|", line);
    expect(line, completed);
}

static void conversations(void **state)
{
    (void)state;
    struct completion c;
    struct store *store = store_open("history.db", NULL);
    assert_non_null(store);
    for (int i = 0; i < 2; i++) {
        struct store_conversation kept = {.title = i ? "two\nlines" : "one", .model = "m"};
        struct store_message m = {.role = "user", .text = "x"};
        int64_t id = store_add_conversation(store, &kept, NULL);
        assert_true(store_add_message(store, id, &m, NULL) > 0);
    }
    assert_true(complete_line("/open 2", 7, store, &c));
    assert_int_equal(c.n, 1);
    assert_string_equal(c.list[0].text, "2");
    assert_string_equal(c.list[0].label, "2 two lines");
    completion_done(&c);
    assert_true(complete_line("/open ", 6, store, &c));
    assert_int_equal(c.n, 2);
    completion_done(&c);
    store_close(store);
}

static void expect_path(const char *typed, const char *meant)
{
    char *path = typed_path(typed);
    assert_string_equal(path, meant);
    free(path);
}

static void typed_paths(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/a b", folder);
    expect_path("~/a b", path);
    expect_path("~/a\\ b", path);
    expect_path("\"~/a b\"", path);
    expect_path("'a\\b'", "a\\b");
    expect_path("plain", "plain");
    touch("back\\slash");
    expect_path("back\\slash", "back\\slash"); /* there is such a file */
    expect_path("\"", "");
    expect_path("file:///tmp/a%20b%C3%A9", "/tmp/a b\xC3\xA9");
    expect_path("file://host/tmp/x", "/tmp/x");
}

/* The pictures among the words, as they stand there: "a.png|b.png|". */
static void expect_pictures(const char *text, const char *expected)
{
    struct str got = {0};
    char *path;
    for (size_t at = 0, end; (path = typed_picture(text, &at, &end)); at = end) {
        str_put(&got, text + at, end - at);
        str_putc(&got, '|');
        assert_true(file_exists(path));
        free(path);
    }
    assert_string_equal(str_text(&got), expected);
    str_done(&got);
}

static void pictures_among_words(void **state)
{
    (void)state;
    touch("a.png");
    touch("b.JPG");
    touch("notes.txt");
    mkdir("c.png", 0700);
    expect_pictures("what is in a.png?", "a.png|");
    expect_pictures("(a.png), ~/b.JPG; and ./a.png!", "a.png|~/b.JPG|./a.png|");
    expect_pictures("'my pictures/one \"two\".png' a.png", "'my pictures/one \"two\".png'|a.png|");
    expect_pictures("my\\ pictures/one\\ \\\"two\\\".png", "my\\ pictures/one\\ \\\"two\\\".png|");
    expect_pictures("notes.txt none.png c.png `a.png` a.pngs e.g. ... '", "");
    expect_pictures("", "");
    expect_pictures("it's a.png", "a.png|");
    expect_pictures("'open a.png", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_and_options, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conversations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(typed_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pictures_among_words, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
