#include "tui/bindings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "chat/nearest.h"

enum { MAX_ROWS = 512 };

/* Rows that the user has bound. */
static bool rebound[MAX_ROWS];

/* ---- Names of keys -------------------------------------------------------------------------- */

static bool take_prefix(const char **name, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncasecmp(*name, prefix, n) != 0 || !(*name)[n])
        return false;
    *name += n;
    return true;
}

/* A key that has a name of its own, the others being characters. */
static bool special(uint32_t *key, const char *name)
{
    char own[KEY_NAME_BYTES];
    for (uint32_t k = K_UP; k <= K_F12; k++) {
        keys_name(k, own);
        if (strcasecmp(own, name) == 0) {
            *key = k;
            return true;
        }
    }
    *key = strcasecmp(name, "Comma") == 0 ? ',' : ' ';
    return *key == ',' || strcasecmp(name, "Space") == 0;
}

/* Control and some letters are sent as the bytes of other keys. */
static const char *sent_as(uint32_t letter)
{
    return letter == 'h' ? "Backspace" : letter == 'i' ? "Tab" : letter == 'm' ? "Enter" : NULL;
}

bool bindings_key(uint32_t *key, const char *name, struct err *err)
{
    const char *rest = name;
    uint32_t base, modifiers = take_prefix(&rest, "Ctrl-")  ? K_CTRL
                               : take_prefix(&rest, "Alt-") ? K_ALT
                                                            : 0;
    size_t n = strlen(rest);
    if (!special(&base, rest) && (utf8_next(rest, n, &base, NULL) != n || n == 0))
        return err_set(err, "there is no key \"%s\"; facet help keys shows how they are written",
                       name);
    if (modifiers == K_CTRL && base < 0x80) {
        base |= base >= 'A' && base <= 'Z' ? 0x20 : 0;
        if ((base < 'a' || base > 'z') && base != '_')
            return err_set(err, "%s: terminals have Ctrl with letters alone", name);
        if (sent_as(base))
            return err_set(err, "%s is %s to a terminal", name, sent_as(base));
    }
    *key = modifiers | base;
    return true;
}

/* "g, Home" */
static bool parse_keys(uint32_t keys[KEYS_PER_ACTION], const char *text, struct err *err)
{
    char *copy = mem_copy(text), *rest = copy;
    bool ok = true;
    int n = 0;
    memset(keys, 0, KEYS_PER_ACTION * sizeof *keys);
    for (char *word; ok && strcasecmp(text, "none") != 0 && (word = strsep(&rest, ","));) {
        word += strspn(word, " \t");
        word[strcspn(word, " \t")] = 0;
        if (n == KEYS_PER_ACTION)
            ok = err_set(err, "more than %d keys", KEYS_PER_ACTION);
        else
            ok = bindings_key(&keys[n++], word, err);
    }
    free(copy);
    return ok;
}

/* ---- Names of actions ----------------------------------------------------------------------- */

static bool has_rows(enum action action)
{
    for (size_t i = 0; i < n_key_rows; i++)
        if (key_rows[i].action == action)
            return true;
    return false;
}

static bool find_action(enum action *action, const char *name, struct err *err)
{
    struct nearest nearest = nearest_start(name);
    for (size_t i = 0; i < n_action_names; i++) {
        if (!has_rows((enum action)i) || i == ACTION_READLINE) /* inputrc binds those */
            continue;
        nearest_try(&nearest, action_names[i]);
        if (strcmp(action_names[i], name) == 0) {
            *action = (enum action)i;
            return true;
        }
    }
    if (nearest.name)
        return err_set(err, "there is no action \"%s\"; did you mean %s?", name, nearest.name);
    return err_set(err, "there is no action \"%s\"; facet help keys lists them", name);
}

/* The context before the dot; KEYS_CONTEXTS where there is none: all. */
static bool find_context(int *context, const char *name, size_t n, struct err *err)
{
    char word[KEY_NAME_BYTES];
    snprintf(word, sizeof word, "%.*s", (int)n, name);
    struct nearest nearest = nearest_start(word);
    for (int i = 0; i < KEYS_CONTEXTS; i++) {
        nearest_try(&nearest, context_names[i]);
        if (strcmp(context_names[i], word) == 0) {
            *context = i;
            return true;
        }
    }
    return err_set(err, "keys are not of \"%s\"%s%s%s", word, nearest.name ? "; did you mean " : "",
                   nearest.name ? nearest.name : "", nearest.name ? "?" : "");
}

/* ---- Binding -------------------------------------------------------------------------------- */

/* Takes the key from what else has it in that context, or in any if it is to work everywhere. */
static bool free_key(size_t row, uint32_t key, struct err *err)
{
    char name[KEY_NAME_BYTES];
    enum key_context context = key_rows[row].context;
    for (size_t i = 0; i < n_key_rows; i++)
        for (int k = 0; k < KEYS_PER_ACTION; k++) {
            struct key_row *other = &key_rows[i];
            if (other->keys[k] != key || other->action == key_rows[row].action ||
                (other->context != context && context != KEYS_EVERYWHERE))
                continue;
            keys_name(key, name);
            if (!rebound[i]) {
                memmove(&other->keys[k], &other->keys[k + 1],
                        (size_t)(KEYS_PER_ACTION - k - 1) * sizeof *other->keys);
                other->keys[KEYS_PER_ACTION - 1] = 0;
            } else if (other->context == context) {
                return err_set(err, "%s is bound to %s already", name, action_names[other->action]);
            }
        }
    return true;
}

/* A character that could not be written any more. */
static bool check_writing(enum key_context context, const uint32_t *keys, struct err *err)
{
    char name[KEY_NAME_BYTES];
    if (context != KEYS_INPUT && context != KEYS_CHOOSER && context != KEYS_EVERYWHERE)
        return true;
    for (int k = 0; k < KEYS_PER_ACTION && keys[k]; k++)
        if (keys_is_text(keys[k])) {
            keys_name(keys[k], name);
            return err_set(err, "%s is for writing; it can be bound where one reads: transcript.…",
                           name);
        }
    return true;
}

static bool bind_row(size_t row, const uint32_t *keys, struct err *err)
{
    for (int k = 0; k < KEYS_PER_ACTION && keys[k]; k++)
        if (!free_key(row, keys[k], err))
            return false;
    memcpy(key_rows[row].keys, keys, sizeof key_rows[row].keys);
    return rebound[row] = true;
}

/* The rows that are meant, all of them checked before the first is changed. */
static bool bind_rows(enum action action, int context, const uint32_t *keys, struct err *err)
{
    size_t rows[MAX_ROWS], n = 0;
    for (size_t i = 0; i < n_key_rows && i < MAX_ROWS; i++)
        if (key_rows[i].action == action &&
            (context == KEYS_CONTEXTS || (int)key_rows[i].context == context))
            rows[n++] = i;
    if (n == 0)
        return err_set(err, "nothing of that name is done there");
    for (size_t i = 0; i < n; i++)
        if (!check_writing(key_rows[rows[i]].context, keys, err))
            return false;
    for (size_t i = 0; i < n; i++)
        if (!bind_row(rows[i], keys, err))
            return false;
    return true;
}

bool bindings_set(const char *name, const char *text, struct err *err)
{
    const char *dot = strchr(name, '.');
    int context = KEYS_CONTEXTS;
    enum action action = ACTION_NONE;
    uint32_t keys[KEYS_PER_ACTION];
    if ((dot && !find_context(&context, name, (size_t)(dot - name), err)) ||
        !find_action(&action, dot ? dot + 1 : name, err))
        return false;
    return (parse_keys(keys, text, err) && bind_rows(action, context, keys, err)) ||
           err_prefix(err, "%s", name);
}

/* A row that lost its keys to others, and the user did not mean to. */
bool bindings_check(struct err *err)
{
    for (size_t i = 0; i < n_key_rows && i < MAX_ROWS; i++) {
        enum action action = key_rows[i].action;
        bool reachable = rebound[i];
        for (size_t k = 0; k < n_key_rows; k++)
            reachable |= key_rows[k].action == action && key_rows[k].keys[0];
        if (!reachable)
            return err_set(err, "facet.conf, [keys]: %s has no key any more; give it one, or none",
                           action_names[action]);
    }
    return true;
}
