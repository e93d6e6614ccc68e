/* The user's own keys. Each case changes the table, so each runs on a fresh copy of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "chat/config.h"
#include "tui/bindings.h"

static int n_passed, n_failed;

static void check_at(int line, bool ok, const char *what, const char *about)
{
    n_passed += ok;
    n_failed += !ok;
    if (!ok)
        fprintf(stderr, "test_bindings.c:%d: failed: %s: %s\n", line, what, about);
}
#define CHECK(condition, about) check_at(__LINE__, condition, #condition, about)

static uint32_t key(const char *name)
{
    uint32_t k = 0;
    struct err err = {""};
    CHECK(bindings_key(&k, name, &err), err.text);
    return k;
}

static bool set(const char *name, const char *keys)
{
    struct err err = {""};
    bool ok = bindings_set(name, keys, &err);
    CHECK(ok, err.text);
    return ok;
}

static void wrong(const char *name, const char *keys, const char *said)
{
    struct err err = {""};
    CHECK(!bindings_set(name, keys, &err), name);
    CHECK(strstr(err.text, said), err.text);
}

/* Every key of the table is read back from its name, and every action and place has a name. */
static void test_names(void)
{
    char name[KEY_NAME_BYTES];
    for (size_t i = 0; i < n_key_rows; i++) {
        CHECK(action_names[key_rows[i].action] && *action_names[key_rows[i].action], "action");
        for (int k = 0; k < KEYS_PER_ACTION && key_rows[i].keys[k]; k++) {
            uint32_t back = 0;
            struct err err = {""};
            keys_name(key_rows[i].keys[k], name);
            CHECK(bindings_key(&back, name, &err) && back == key_rows[i].keys[k], name);
        }
    }
    CHECK(n_context_names == KEYS_CONTEXTS + 1, "contexts"); /* the last is their number */
    CHECK(strcmp(context_names[KEYS_TRANSCRIPT], "transcript") == 0,
          context_names[KEYS_TRANSCRIPT]);
    CHECK(strcmp(action_names[ACTION_FOCUS_NEXT], "focus-next") == 0, "action");
    CHECK(key("alt-enter") == (K_ALT | K_ENTER), "alt-enter");
    CHECK(key("Ctrl-X") == (K_CTRL | 'x') && key("ctrl-x") == (K_CTRL | 'x'), "Ctrl-X");
    CHECK(key("space") == ' ' && key("Comma") == ',' && key("ж") == 0x436 && key("-") == '-', "-");
    CHECK(key("Alt--") == (K_ALT | '-') && key("Alt-Ω") == (K_ALT | 0x3A9), "Alt");
}

static void test_binding(void)
{
    set("send", "Alt-Enter");
    CHECK(keys_find(KEYS_INPUT, K_ALT | K_ENTER) == ACTION_SEND, "taken from newline");
    CHECK(keys_find(KEYS_INPUT, K_ENTER) == ACTION_NONE, "free");
    CHECK(keys_find(KEYS_INPUT, K_CTRL | 'j') == ACTION_NEWLINE, "newline has another");
    set("newline", "Enter");
    CHECK(keys_find(KEYS_INPUT, K_ENTER) == ACTION_NEWLINE, "newline");
    set("transcript.top", "t, Home");
    CHECK(keys_find(KEYS_TRANSCRIPT, 't') == ACTION_TOP, "t");
    CHECK(keys_find(KEYS_TRANSCRIPT, 'g') == ACTION_NONE, "no more g");
    CHECK(keys_find(KEYS_INPUT, 't') == ACTION_NONE, "t is written");
    CHECK(keys_find(KEYS_INPUT, K_ALT | '<') == ACTION_TOP, "elsewhere as it was");
    set("everywhere.row-up", "Ctrl-K"); /* wins over what the input line has by default */
    CHECK(keys_find(KEYS_INPUT, K_CTRL | 'k') == ACTION_ROW_UP, "Ctrl-K");
    set("suspend", "none");
    CHECK(keys_find(KEYS_INPUT, K_CTRL | 'z') == ACTION_NONE, "none");
    char name[KEY_NAME_BYTES];
    CHECK(strcmp(keys_first(KEYS_INPUT, ACTION_SEND, name), "Alt-Enter") == 0, name);
    CHECK(strcmp(keys_first(KEYS_INPUT, ACTION_SUSPEND, name), "") == 0, name);
    CHECK(strcmp(keys_first(KEYS_INPUT, ACTION_HELP, name), "F1") == 0, name);
}

static void test_mistakes(void)
{
    wrong("sned", "Enter", "there is no action \"sned\"; did you mean send?");
    wrong("transcrpt.top", "t", "did you mean transcript?");
    wrong("transcript.send", "Enter", "transcript.send: nothing of that name is done there");
    wrong("send", "Entr", "send: there is no key \"Entr\"");
    wrong("send", "", "there is no key \"\"");
    wrong("send", "Ctrl-I", "Ctrl-I is Tab to a terminal");
    wrong("send", "Ctrl-1", "Ctrl with letters alone");
    wrong("send", "x", "x is for writing");
    wrong("row-up", "x", "x is for writing");
    wrong("send", "Alt-1, Alt-2, Alt-3, Alt-4, Alt-5", "more than 4 keys");
    set("help", "Alt-H");
    wrong("redraw", "Alt-H", "redraw: Alt-H is bound to help already");
}

static bool take(void *user, const char *section, const char *name, const char *value,
                 struct err *err)
{
    (void)user;
    return strcmp(section, "keys") != 0 || bindings_set(name, value, err);
}

static bool read_keys(struct err *err)
{
    return config_read(take, NULL, err) && bindings_check(err);
}

/* The file: what is right in it holds, the first mistake is told; and so is an action that is left
 * without a key, once all is read. */
static void test_file(void)
{
    char folder[] = "/tmp/facet-bindings-XXXXXX", command[64];
    struct err err = {""};
    if (!mkdtemp(folder))
        return;
    setenv("XDG_CONFIG_HOME", folder, 1);
    CHECK(read_keys(&err), "no file");
    char *facet = path_join(folder, "facet"), *path = path_join(facet, "facet.conf");
    static const char mistaken[] = "top-k = 1\n[keys]\nunfold = Entr\nunfold = Alt-Y\n";
    static const char stolen[] = "[keys]\nunfold = Tab\n";
    static const char swapped[] = "[keys]\ncomplete = Alt-x\n";
    CHECK(file_make_dirs(facet, &err) && file_write(path, mistaken, strlen(mistaken), 0600, &err),
          err.text);
    CHECK(!read_keys(&err) && strstr(err.text, "facet.conf:3: unfold: there is no key"),
          err.text);
    CHECK(keys_find(KEYS_INPUT, K_ALT | 'Y') == ACTION_UNFOLD, "what is right holds");
    CHECK(file_write(path, stolen, strlen(stolen), 0600, &err), err.text);
    CHECK(!read_keys(&err) && strstr(err.text, "complete has no key any more"), err.text);
    CHECK(file_write(path, swapped, strlen(swapped), 0600, &err), err.text);
    CHECK(read_keys(&err), err.text);
    free(path);
    free(facet);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    CHECK(system(command) == 0, folder);
}

static void run(void (*test)(void))
{
    struct key_row *before = malloc(n_key_rows * sizeof *before);
    memcpy(before, key_rows, n_key_rows * sizeof *before);
    test();
    memcpy(key_rows, before, n_key_rows * sizeof *before);
    free(before);
}

int main(void)
{
    run(test_names);
    run(test_file);
    run(test_mistakes);
    run(test_binding);
    printf("%d passed, %d failed\n", n_passed, n_failed);
    return n_failed > 0;
}
