#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/commands.h"
#include "chat/options.h"
#include "chat/receipt.h"
#include "chat/resolve.h"

struct home {
    char folder[64];
    char *facet, *conf;
};

/* An empty configuration folder, and no FACET_ variables. */
static int set_up(void **state)
{
    struct home *h = mem_new(1, sizeof *h);
    strcpy(h->folder, "/tmp/facet-options-XXXXXX");
    if (!mkdtemp(h->folder))
        return -1;
    h->facet = path_join(h->folder, "facet");
    h->conf = path_join(h->facet, "facet.conf");
    setenv("XDG_CONFIG_HOME", h->folder, 1);
    setenv("XDG_DATA_HOME", h->folder, 1);
    setenv("XDG_DATA_DIRS", "/nonexistent", 1);
    unsetenv("FACET_MODEL");
    unsetenv("FACET_MAX_TOKENS");
    *state = h;
    return file_make_dirs(h->facet, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct home *h = *state;
    unlink(h->conf);
    rmdir(h->facet);
    rmdir(h->folder);
    free(h->conf);
    free(h->facet);
    free(h);
    return 0;
}

static void write_conf(const struct home *h, const char *text)
{
    assert_true(file_write(h->conf, text, strlen(text), 0600, NULL));
}

static void has_gemmas_defaults(void **state)
{
    (void)state;
    struct options o;
    assert_true(options_init(&o, NULL));
    struct facet_sampling s = options_sampling(&o, NULL, 0);
    assert_true(s.temperature == 1 && s.top_p == 0.95f && s.min_p == 0 &&
                s.repetition_penalty == 1);
    assert_int_equal(s.top_k, 64);
    assert_true(options_set(&o, "top-k", "3", NULL) && options_set(&o, "min-p", "0.5", NULL));
    s = options_sampling(&o, NULL, 0);
    assert_true(s.top_k == 3 && s.min_p == 0.5f && s.top_p == 0.95f);
    assert_true(options_set(&o, "top-k", "model", NULL) && options_set(&o, "min-p", "model", NULL));
    s = options_sampling(&o, NULL, 0);
    assert_true(s.top_k == 64 && s.min_p == 0);
    assert_int_equal(o.ctx, 8192);
    assert_int_equal(o.crops.kind, CROPS_AUTO);
    assert_null(o.model);
    assert_false(o.seed_given);
    options_done(&o);
}

static void reads_the_file(void **state)
{
    struct home *h = *state;
    write_conf(h, "# mine\n\n  temperature = 0.7\r\nmax-tokens=200\n; off\nsystem = be brief; and "
                  "kind = good\n"
                  "stop = \" x \"\nstop = END\nquiet = yes\ncrops = 2\ncache = q8_0\nseed = "
                  "18446744073709551615\n");
    struct options o;
    struct err err = {""};
    if (!options_init(&o, &err))
        fail_msg("%s", err.text);
    assert_true(o.temperature == 0.7f);
    assert_int_equal(o.max_tokens, 200);
    assert_string_equal(o.system, "be brief; and kind = good");
    assert_int_equal(o.n_stop, 2);
    assert_string_equal(o.stop[0], " x ");
    assert_true(o.quiet && o.seed_given && o.seed == UINT64_MAX);
    assert_int_equal(o.crops.n, 2);
    assert_int_equal(o.cache, FACET_CACHE_Q8_0);
    options_done(&o);
}

static void keeps_long_lines_whole(void **state)
{
    struct home *h = *state;
    char text[3000] = "system = ";
    memset(text + 9, 'x', 2500);
    write_conf(h, text);
    struct options o;
    assert_true(options_init(&o, NULL));
    assert_int_equal(strlen(o.system), 2500);
    options_done(&o);
}

static void environment_goes_before_the_file(void **state)
{
    struct home *h = *state;
    write_conf(h, "max-tokens = 200\nmodel = a.gguf");
    setenv("FACET_MAX_TOKENS", "7", 1);
    setenv("FACET_MODEL", "b.gguf", 1);
    struct options o;
    assert_true(options_init(&o, NULL));
    assert_int_equal(o.max_tokens, 7);
    assert_string_equal(o.model, "b.gguf");
    options_done(&o);
    setenv("FACET_MAX_TOKENS", "many", 1);
    struct err err = {""};
    assert_false(options_init(&o, &err));
    options_done(&o);
    assert_non_null(strstr(err.text, "$FACET_MAX_TOKENS"));
    assert_non_null(strstr(err.text, "\"many\""));
    unsetenv("FACET_MAX_TOKENS");
}

static void mistakes_name_file_line_and_the_right_name(void **state)
{
    struct home *h = *state;
    struct options o;
    struct err err = {""};
    write_conf(h, "quiet = yes\n\ntemprature = 0.7\n");
    assert_false(options_init(&o, &err));
    options_done(&o);
    assert_non_null(strstr(err.text, "facet.conf:3: "));
    assert_non_null(strstr(err.text, "did you mean temperature?"));
    write_conf(h, "just words\n");
    assert_false(options_init(&o, &err));
    options_done(&o);
    assert_non_null(strstr(err.text, "facet.conf:1: "));
    write_conf(h, "max_tokens = 3\n");
    assert_false(options_init(&o, &err));
    options_done(&o);
    assert_non_null(strstr(err.text, "did you mean max-tokens?"));
    write_conf(h, "\ntop-p = 1.5\n");
    assert_false(options_init(&o, &err));
    options_done(&o);
    assert_non_null(strstr(err.text, "facet.conf:2: top-p: \"1.5\" is not a number from 0 to 1"));
}

static void refuses_wrong_values(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"temperature", "nan"},
        {"temperature", "0x1"},
        {"temperature", "-1"},
        {"temperature", "1 "},
        {"temperature", ""},
        {"temperature", "inf"},
        {"top-k", "-1"},
        {"top-k", "1.5"},
        {"top-k", "4294967296"},
        {"seed", "18446744073709551616"},
        {"seed", ""},
        {"stop", ""},
        {"stop", "\xff"},
        {"cache", "f8"},
        {"crops", "1"},
        {"quiet", "perhaps"},
        {"model", NULL},
        {"repeat-penalty", "0"},
        {"nonsense-at-all", "1"},
    };
    struct options o;
    assert_true(options_init(&o, NULL));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {""};
        if (options_set(&o, wrong[i][0], wrong[i][1], &err))
            fail_msg("%s = %s was taken", wrong[i][0], wrong[i][1]);
        assert_memory_equal(err.text, wrong[i][0], strlen(wrong[i][0]));
    }
    assert_true(options_set(&o, "quiet", NULL, NULL) && o.quiet);
    assert_true(options_set(&o, "quiet", "off", NULL) && !o.quiet);
    assert_true(options_set(&o, "temperature", "1e-1", NULL) && o.temperature == 0.1f);
    options_done(&o);
}

static void copies_are_their_own(void **state)
{
    (void)state;
    struct options a, b;
    assert_true(options_init(&a, NULL));
    assert_true(options_set(&a, "system", "s", NULL) && options_set(&a, "stop", "x", NULL) &&
                options_set(&a, "seed", "41", NULL));
    assert_true(options_copy(&b, &a));
    options_done(&a);
    assert_string_equal(b.system, "s");
    assert_string_equal(b.stop[0], "x");
    assert_int_equal(options_sampling(&b, NULL, 1).seed, 42);
    options_done(&b);
}

static void finds_the_only_model(void **state)
{
    struct home *h = *state;
    struct err err = {""};
    assert_null(model_resolve(NULL, &err));
    assert_non_null(strstr(err.text, "-m FILE"));
    assert_non_null(strstr(err.text, "$FACET_MODEL"));
    assert_non_null(strstr(err.text, h->facet));
    char *folder = path_join(h->facet, "models");
    char *model = path_join(folder, "a.gguf"), *other = path_join(folder, "b.gguf");
    char *projector = path_join(folder, "mmproj-a.gguf");
    assert_true(file_make_dirs(folder, NULL) && file_write(model, "x", 1, 0600, NULL) &&
                file_write(projector, "x", 1, 0600, NULL));
    char *found = model_resolve(NULL, &err);
    assert_string_equal(found, model);
    free(found);
    assert_true(file_write(other, "x", 1, 0600, NULL));
    assert_null(model_resolve(NULL, &err));
    assert_non_null(strstr(err.text, "which model?"));
    assert_null(model_resolve("/nowhere/m.gguf", &err));
    assert_non_null(strstr(err.text, "/nowhere/m.gguf: "));
    found = model_resolve("b.gguf", &err);
    assert_string_equal(found, other);
    free(found);
    assert_null(model_resolve("c.gguf", &err));
    assert_null(strstr(err.text, h->facet)); /* as it was given */
    assert_null(model_resolve("../models/b.gguf", &err));
    setenv("HOME", folder, 1);
    found = model_resolve("~/b.gguf", &err);
    assert_string_equal(found, other);
    free(found);
    unlink(model);
    unlink(other);
    unlink(projector);
    rmdir(folder);
    free(model);
    free(other);
    free(projector);
    free(folder);
}

/* Where there is no other; beside it lie its examples. */
static void finds_what_ships(void **state)
{
    struct home *h = *state;
    char *models = path_join(h->folder, "share/facet/models"), *own = path_join(h->facet, "models");
    char *shipped = path_join(models, "facet-small.gguf"), *other = path_join(own, "a.gguf");
    char *dirs = path_join(h->folder, "share");
    struct str variable = {0};
    str_printf(&variable, "relative::/nonexistent:%s:/", dirs);
    setenv("XDG_DATA_DIRS", str_text(&variable), 1);
    assert_null(model_find_shipped(NULL));
    assert_false(model_is_shipped(shipped));
    assert_true(file_make_dirs(models, NULL) && file_make_dirs(own, NULL) &&
                file_write(shipped, "x", 1, 0600, NULL));
    char *found = model_resolve(NULL, NULL), *beside = model_find_shipped("facet-small.gguf");
    assert_string_equal(found, shipped);
    assert_string_equal(beside, shipped);
    assert_true(model_is_shipped(found));
    free(beside);
    beside = model_resolve("facet-small.gguf", NULL);
    assert_string_equal(beside, shipped);
    assert_null(model_find_shipped("examples/none.png"));
    free(found);
    free(beside);
    assert_true(file_write(other, "x", 1, 0600, NULL));
    found = model_resolve(NULL, NULL);
    assert_string_equal(found, other);
    assert_false(model_is_shipped(found));
    free(found);
    unlink(shipped);
    unlink(other);
    for (size_t i = 0; i < 3; i++, *strrchr(models, '/') = 0)
        rmdir(models);
    rmdir(own);
    str_done(&variable);
    free(models);
    free(own);
    free(shipped);
    free(other);
    free(dirs);
}

static void tells_commands_from_paths(void **state)
{
    (void)state;
    assert_true(command_is("/help"));
    assert_true(command_is("/nonsense x"));
    assert_false(command_is("/tmp"));
    assert_false(command_is("hello /help"));
    assert_false(command_is("/ 2"));
    assert_false(command_is("//"));
}

static void reads_commands(void **state)
{
    (void)state;
    enum command command;
    const char *argument;
    struct err err = {""};
    char image[] = "/image  my cat.jpg \t", bare[] = "/export  ", regen[] = "/regen\n",
         extra[] = "/regen now";
    char detach[] = "/detach", near[] = "/regne", far[] = "/xylophone";
    assert_true(command_parse(image, &command, &argument, NULL));
    assert_int_equal(command, COMMAND_IMAGE);
    assert_string_equal(argument, "my cat.jpg");
    assert_false(command_parse(bare, &command, &argument, &err));
    assert_non_null(strstr(err.text, "/export FILE"));
    assert_true(command_parse(regen, &command, &argument, NULL));
    assert_int_equal(command, COMMAND_REGEN);
    assert_string_equal(argument, "");
    assert_false(command_parse(extra, &command, &argument, NULL));
    assert_true(command_parse(detach, &command, &argument, NULL));
    assert_string_equal(argument, "");
    assert_false(command_parse(near, &command, &argument, &err));
    assert_non_null(strstr(err.text, "did you mean /regen?"));
    assert_false(command_parse(far, &command, &argument, &err));
    assert_non_null(strstr(err.text, "/help"));
}

static void reads_schemas(void **state)
{
    const struct home *h = *state;
    static const char file[] = "{ \"type\" : \"object\",\n \"properties\": {\"b\":{},\"a\":true} }";
    static const char line[] = "{\"type\":\"object\",\"properties\":{\"b\":{},\"a\":true}}";
    struct options o, copy;
    struct err err = {""};
    assert_true(options_init(&o, &err));
    assert_null(o.schema);
    write_conf(h, file);
    assert_true(options_set(&o, "schema", h->conf, &err));
    assert_string_equal(o.schema, line);
    assert_int_equal(options_best(&o, NULL), 0);
    assert_true(options_copy(&copy, &o));
    assert_true(options_set(&o, "schema", "off", &err));
    assert_null(o.schema);
    assert_string_equal(copy.schema, line);
    options_done(&copy);
    assert_true(
        options_set(&o, "schema", " caption,tags  list , n int,x float, ok bool,t text", &err));
    assert_string_equal(
        o.schema,
        "{\"type\":\"object\",\"properties\":{\"caption\":{\"type\":\"string\"},"
        "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
        "\"n\":{\"type\":\"integer\"},\"x\":{\"type\":\"number\"},\"ok\":{\"type\":\"boolean\"},\"t\":{\"type\":\"string\"}},"
        "\"required\":[\"caption\",\"tags\",\"n\",\"x\",\"ok\",\"t\"]}");
    static const char *const wrong[] = {"",     "nothing.json", "a,",        "a, a",
                                        "{}}", "a int b",      "a, b json"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(options_set(&o, "schema", wrong[i], &err));
    char *text = receipt_options(&o, NULL);
    struct options again = {0};
    assert_true(receipt_apply(&again, text, &err));
    assert_string_equal(again.schema, o.schema);
    free(text);
    options_done(&again);
    options_done(&o);
}

/* What draws from few wants few logits; what may draw from all wants all. */
static void knows_the_best_wanted(void **state)
{
    (void)state;
    struct options o;
    struct err err;
    assert_true(options_init(&o, &err));
    assert_int_equal(options_best(&o, NULL), 64 + 6);
    assert_true(options_set(&o, "repeat-penalty", "1.1", &err));
    assert_int_equal(options_best(&o, NULL), 64 + 6 + 64);
    assert_true(options_set(&o, "repeat-penalty", "0.9", &err));
    assert_int_equal(options_best(&o, NULL), 0);
    assert_true(options_set(&o, "repeat-penalty", "1", &err));
    assert_true(options_set(&o, "top-k", "0", &err));
    assert_int_equal(options_best(&o, NULL), 0);
    assert_true(options_set(&o, "temperature", "0", &err));
    assert_int_equal(options_best(&o, NULL), 1 + 6);
    assert_true(options_set(&o, "full-head", NULL, &err));
    assert_int_equal(options_best(&o, NULL), 0);
    assert_true(options_set(&o, "full-head", "no", &err));
    assert_true(options_set(&o, "confidence", NULL, &err));
    assert_int_equal(options_best(&o, NULL), 0);
    options_done(&o);
}

static void takes_apart_what_is_typed(void **state)
{
    (void)state;
    static const char *const right[][3] = {
        {"top-k 7", "top-k", "7"},
        {"--top-k=7 ", "top-k", "7"},
        {"top-k = 7", "top-k", "7"},
        {"schema 'caption, tags list'", "schema", "caption, tags list"},
        {"schema \"a\"", "schema", "a"},
        {"schema {\"type\":\"string\"}", "schema", "{\"type\":\"string\"}"},
        {"stop '", "stop", "'"},
        {"stop =", "stop", NULL},
        {"schema", "schema", NULL},
        {"", "OPTION", NULL},
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        char *name, *value;
        struct err err;
        if (!right[i][2]) {
            assert_false(options_typed(right[i][0], &name, &value, &err));
            assert_non_null(strstr(err.text, right[i][1]));
            continue;
        }
        assert_true(options_typed(right[i][0], &name, &value, &err));
        assert_string_equal(name, right[i][1]);
        assert_string_equal(value, right[i][2]);
        free(name);
        free(value);
    }
}

#define HOME_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOME_TEST(has_gemmas_defaults),
        HOME_TEST(reads_the_file),
        HOME_TEST(keeps_long_lines_whole),
        HOME_TEST(environment_goes_before_the_file),
        HOME_TEST(mistakes_name_file_line_and_the_right_name),
        HOME_TEST(refuses_wrong_values),
        HOME_TEST(copies_are_their_own),
        HOME_TEST(finds_the_only_model),
        HOME_TEST(finds_what_ships),
        HOME_TEST(reads_schemas),
        HOME_TEST(knows_the_best_wanted),
        cmocka_unit_test(takes_apart_what_is_typed),
        cmocka_unit_test(tells_commands_from_paths),
        cmocka_unit_test(reads_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
