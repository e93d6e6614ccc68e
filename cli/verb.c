#include "cli/verb.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "chat/nearest.h"
#include "cli/ask.h"
#include "cli/batch.h"
#include "cli/bench.h"
#include "cli/cache.h"
#include "cli/chat.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/history.h"
#include "cli/inspect_engine.h"
#include "cli/inspect_image.h"
#include "cli/inspect_model.h"
#include "cli/inspect_prompt.h"
#include "cli/inspect_tokens.h"
#include "cli/models.h"

const struct verb *const verb_list[] = {
    &verb_chat,
    &verb_ask,
    &verb_batch,
    &verb_history_list,
    &verb_history_show,
    &verb_models_list,
    &verb_models_show,
    &verb_cache_show,
    &verb_cache_clear,
    &verb_bench,
    &verb_inspect_tokens,
    &verb_inspect_detokenize,
    &verb_inspect_prompt,
    &verb_inspect_crops,
    &verb_inspect_pixels,
    &verb_inspect_embed,
    &verb_inspect_patches,
    &verb_inspect_logits,
    &verb_inspect_greedy,
    &verb_inspect_model,
    &verb_help,
    &verb_version,
    &verb_completion,
};
const size_t n_verbs = sizeof verb_list / sizeof *verb_list;

/* How many of argv's words are the name: all of its words, or 0. */
static size_t names(const struct verb *verb, char *const *argv, size_t n)
{
    const char *space = strchr(verb->name, ' ');
    size_t first = space ? (size_t)(space - verb->name) : strlen(verb->name);
    if (n == 0 || strlen(argv[0]) != first || memcmp(argv[0], verb->name, first) != 0)
        return 0;
    if (!space)
        return 1;
    return n > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

/* The second words that go with the first one, if it is the first of two: "list, show". */
static bool second_words(const char *first, const char *given, struct err *err)
{
    char list[256] = "";
    size_t n_first = strlen(first), used = 0;
    struct nearest near = nearest_start(given ? given : "");
    for (size_t i = 0; i < n_verbs; i++) {
        const char *name = verb_list[i]->name;
        if (strncmp(name, first, n_first) != 0 || name[n_first] != ' ')
            continue;
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                                 name + n_first + 1);
        nearest_try(&near, name + n_first + 1);
    }
    if (used == 0)
        return false;
    if (!given)
        err_set(err, "facet %s: which one? %s", first, list);
    else if (near.name)
        err_set(err, "facet %s %s is not known; did you mean %s?", first, given, near.name);
    else
        err_set(err, "facet %s %s is not known; there are %s", first, given, list);
    return true;
}

static void unknown(char *const *argv, size_t n, struct err *err)
{
    if (second_words(argv[0], n > 1 ? argv[1] : NULL, err))
        return;
    struct nearest near = nearest_start(argv[0]);
    for (size_t i = 0; i < n_verbs; i++)
        nearest_try(&near, verb_list[i]->name);
    nearest_try(&near, "inspect");
    nearest_try(&near, "history");
    nearest_try(&near, "models");
    nearest_try(&near, "cache");
    if (near.name)
        err_set(err, "%s is not known; did you mean facet %s?", argv[0], near.name);
    else
        err_set(err, "%s is not known; facet help lists what is", argv[0]);
}

const struct verb *verb_find(char *const *argv, size_t n, size_t *words, struct err *err)
{
    for (size_t i = 0; i < n_verbs; i++) {
        *words = names(verb_list[i], argv, n);
        if (*words > 0)
            return verb_list[i];
    }
    unknown(argv, n, err);
    return NULL;
}
