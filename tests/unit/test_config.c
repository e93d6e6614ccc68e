/* facet.conf, presets, and files that are meant by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/ini.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/config.h"
#include "chat/named.h"
#include "chat/preset.h"

static char home[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(home, "/tmp/facet-config-XXXXXX");
    if (!mkdtemp(home))
        return -1;
    setenv("XDG_CONFIG_HOME", home, 1);
    unsetenv("FACET_TEMPERATURE");
    unsetenv("FACET_PRESET");
    return 0;
}

static int tear_down(void **state)
{
    char command[96];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return system(command);
}

/* A file under the configuration folder. */
static void write_file(const char *name, const char *text)
{
    struct str path = {0};
    str_printf(&path, "%s/facet/%s", home, name);
    char *folder = mem_text(path.data, (size_t)(strrchr(path.data, '/') - path.data));
    assert_true(file_make_dirs(folder, NULL));
    assert_true(file_write(path.data, text, strlen(text), 0600, NULL));
    free(folder);
    str_done(&path);
}

static bool collect(void *user, const char *section, const char *name, const char *value,
                    struct err *err)
{
    if (strcmp(name, "bad") == 0)
        return err_set(err, "%s is bad", value);
    str_printf(user, "%s|%s|%s;", section, name, value);
    return true;
}

static void check_ini(const char *text, const char *entries, const char *mistake)
{
    struct str got = {0};
    struct err err = {""};
    bool ok = ini_read(text, "f", collect, &got, &err);
    assert_string_equal(str_text(&got), entries);
    assert_string_equal(err.text, mistake);
    assert_int_equal(ok, !*mistake);
    str_done(&got);
}

static void reads_every_form(void **state)
{
    (void)state;
    check_ini("", "", "");
    check_ini("# c\n; c\n\n a = b c \r\n[ s ]\nx=\" y \"\nz =", "|a|b c;s|x| y ;s|z|;", "");
    check_ini("a = b # no comment\nb = x = y\nc = \"", "|a|b # no comment;|b|x = y;|c|\";", "");
    check_ini("s = \"\"\"\none\n  two = 2\n[three]\n\n# four\n\"\"\"\nt = 1",
              "|s|one\n  two = 2\n[three]\n\n# four;|t|1;", "");
    check_ini("s = \"\"\"one\r\ntwo\"\"\"\n", "|s|one\ntwo;", "");
    check_ini("s = \"\"\"one\"\"\"\n", "|s|one;", "");
}

static void goes_on_behind_mistakes(void **state)
{
    (void)state;
    check_ini("a = 1\nwords\nb = 2\nbad = x\nc = 3", "|a|1;|b|2;|c|3;",
              "f:2: \"words\" is neither name = value nor [section]");
    check_ini("\n\nbad = x\nalso", "", "f:3: x is bad");
    check_ini("a = 1\ns = \"\"\"\nb = 2\n", "|a|1;", "f:2: \"\"\" is opened and not closed");
    check_ini("s = \"\"\"", "", "f:1: \"\"\" is opened and not closed");
}

static void has_sections(void **state)
{
    struct options o;
    struct err err = {""};
    (void)state;
    write_file("facet.conf", "top-k = 3\n[answers]\ntemperature = 0.5\n[tui]\ntheme = gruvbox\n"
                             "[keys]\nwhatever = x\n");
    if (!options_init(&o, &err))
        fail_msg("%s", err.text);
    assert_true(o.top_k == 3 && o.temperature == 0.5f);
    assert_string_equal(o.theme, "gruvbox");
    options_done(&o);
    write_file("facet.conf", "[answer]\ntemperature = 0.5\n");
    assert_false(options_init(&o, &err));
    assert_non_null(
        strstr(err.text, "facet.conf:2: there is no [answer]; did you mean [answers]?"));
    options_done(&o);
}

static void keeps_what_is_right(void **state)
{
    struct options o;
    struct err err = {""};
    (void)state;
    write_file("facet.conf", "temperature = 0.5\ntop-k = many\ntop-p = 0.5\ntheme = grubvox\n");
    setenv("FACET_TEMPERATURE", "warm", 1);
    assert_false(options_init(&o, &err));
    assert_non_null(strstr(err.text, "facet.conf:2: top-k: \"many\""));
    assert_string_equal(o.mistake, err.text);
    assert_true(o.temperature == 0.5f && o.top_p == 0.5f && o.top_k == OPTION_OWN);
    assert_string_equal(o.theme, "auto");
    options_done(&o);
    unsetenv("FACET_TEMPERATURE");
    write_file("facet.conf", "top-k = many\npreset = nothing\n");
    assert_false(options_init(&o, &err));
    assert_non_null(strstr(err.text, "facet.conf:1: "));
    options_done(&o);
    write_file("facet.conf", "top-k = 5\npreset = nothing\n");
    assert_false(options_init(&o, &err));
    assert_non_null(strstr(err.text, "facet.conf:2: preset: there is no preset \"nothing\""));
    assert_int_equal(o.top_k, 5);
    options_done(&o);
    write_file("facet.conf", "theme = grubvox\n");
    assert_false(options_init(&o, &err));
    assert_non_null(strstr(err.text, "did you mean gruvbox?"));
    options_done(&o);
}

/* With every # taken from before a `name = value`, what is printed says what is so already. */
static void prints_a_file_that_it_reads(void **state)
{
    char *text = NULL;
    size_t n;
    (void)state;
    FILE *out = open_memstream(&text, &n);
    config_print(out);
    fclose(out);
    struct str live = {0};
    size_t entries = 0;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        const char *equals = strstr(line, " = "), *space = strchr(line + 2, ' ');
        bool entry = strncmp(line, "# ", 2) == 0 && equals && space == equals;
        bool example = entry && equals[3] >= 'A' && equals[3] <= 'Z';
        entries += entry;
        str_printf(&live, "%s\n", entry && !example ? line + 2 : line);
    }
    assert_int_equal(entries, n_option_rows);
    write_file("facet.conf", str_text(&live));
    struct options o;
    struct err err = {""};
    if (!options_init(&o, &err))
        fail_msg("%s", err.text);
    assert_true(isnan(o.temperature) && o.top_k == OPTION_OWN && o.ctx == 8192);
    options_done(&o);
    str_done(&live);
    free(text);
}

static void reads_presets(void **state)
{
    struct options o;
    struct err err = {""};
    (void)state;
    write_file("presets/mine.preset", "#  Mine alone.\n# more\ntemperature = 0.1\n"
                                      "top-k = 7\nsystem = \"\"\"\nBe brief.\nBe kind.\n\"\"\"\n");
    write_file("facet.conf", "top-k = 9\npreset = mine\n");
    if (!options_init(&o, &err))
        fail_msg("%s", err.text);
    assert_string_equal(o.system, "Be brief.\nBe kind.");
    assert_string_equal(o.preset, "mine");
    assert_true(o.temperature == 0.1f && o.top_k == 9); /* the file's own line wins */
    assert_true(options_set(&o, "preset", "ocr", NULL));
    assert_true(o.temperature == 0);
    options_done(&o);
    char *summary = named_summary(NAMED_PRESET, "mine");
    assert_string_equal(summary, "Mine alone.");
    free(summary);
}

static void names_mistakes_in_presets(void **state)
{
    struct options o;
    struct err err = {""};
    (void)state;
    assert_true(options_init(&o, NULL));
    assert_false(options_set(&o, "preset", "orc", &err));
    assert_non_null(strstr(err.text, "there is no preset \"orc\"; did you mean ocr?"));
    write_file("presets/bad.preset", "top-k = 5\n\ntemprature = 1\n");
    assert_false(options_set(&o, "preset", "bad", &err));
    assert_non_null(strstr(err.text, "presets/bad.preset:3: temprature: no such option; did you"));
    write_file("presets/loop.preset", "preset = loop\n");
    assert_false(options_set(&o, "preset", "loop", &err));
    assert_non_null(strstr(err.text, "loop.preset:1: a preset cannot name another one"));
    assert_false(options_set(&o, "preset", "/nonexistent/x.preset", &err));
    assert_non_null(strstr(err.text, "/nonexistent/x.preset"));
    options_done(&o);
}

static void lists_own_files_and_those_that_ship(void **state)
{
    (void)state;
    write_file("presets/aaa.preset", "temperature = 0\n");
    write_file("presets/ocr.preset", "# My own.\ntemperature = 0.9\n");
    write_file("presets/.hidden.preset", "");
    write_file("presets/notes.txt", "");
    struct named_list list = named_list(NAMED_PRESET);
    size_t n_ocr = 0;
    assert_string_equal(list.names[0], "aaa");
    for (size_t i = 0; i < list.n; i++) {
        n_ocr += strcmp(list.names[i], "ocr") == 0;
        assert_null(strchr(list.names[i], '.'));
    }
    assert_int_equal(n_ocr, 1);
    named_list_done(&list);
    struct options o;
    assert_true(options_init(&o, NULL));
    assert_true(options_set(&o, "preset", "ocr", NULL) && o.temperature == 0.9f);
    options_done(&o);
}

static void shipped_presets_are_right(void **state)
{
    (void)state;
    struct named_list list = named_list(NAMED_PRESET);
    assert_true(list.n >= 4);
    for (size_t i = 0; i < list.n; i++) {
        struct options o;
        struct err err = {""};
        assert_true(options_init(&o, NULL));
        if (!options_set(&o, "preset", list.names[i], &err))
            fail_msg("%s", err.text);
        assert_non_null(strchr(o.system, '\n'));
        options_done(&o);
    }
    named_list_done(&list);
}

#define HOME_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOME_TEST(reads_every_form),
        HOME_TEST(goes_on_behind_mistakes),
        HOME_TEST(has_sections),
        HOME_TEST(keeps_what_is_right),
        HOME_TEST(prints_a_file_that_it_reads),
        HOME_TEST(reads_presets),
        HOME_TEST(names_mistakes_in_presets),
        HOME_TEST(lists_own_files_and_those_that_ship),
        HOME_TEST(shipped_presets_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
