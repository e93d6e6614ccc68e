/* What facet's own tables say: options, commands, keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/commands.h"
#include "chat/options.h"
#include "train/talk.h"
#include "tui/keys.h"

static const char skill[] = "facet";

/* Up to the first mark: what a right answer cannot do without. free() it. */
static char *gist(const char *help)
{
    size_t n = strcspn(help, ",;:(");
    return mem_text(help, n - (n > 0 && help[n - 1] == ' '));
}

/* ---- Options -------------------------------------------------------------------------------- */

static void what_option_does(struct talk *t, const struct option_row *row)
{
    char *key = gist(row->help);
    const char *argument = row->argument ? row->argument : "";
    char *usage = say(t->r, row->argument ? "--$1 $2" : "--$1", row->flag, argument);
    talk_add(t, skill,
             say(t->r,
                 "What does [the option |]--$1 do?|What is --$1[ for|]?|--$1[?|]|"
                 "[Explain|Tell me about] [the option |]--$1[.|]|How do I use --$1?|"
                 "What is the option $1?",
                 row->flag),
             say(t->r, row->fallback ? "$1: $2. [The default is|Default:] $3." : "$1: $2.", usage,
                 row->help, row->fallback ? row->fallback : ""),
             key);
    free(usage);
    free(key);
}

static void which_option(struct talk *t, const struct option_row *row)
{
    char *aim = gist(row->help), *key = say(t->r, "--$1", row->flag);
    talk_add(t, skill,
             say(t->r,
                 "Which [option|flag] is this: $1?|Which [option|flag] means \"$1\"?|"
                 "[What is the option for|Name the option for] this: $1",
                 aim),
             say(t->r, row->argument ? "--$1 $2" : "--$1", row->flag,
                 row->argument ? row->argument : ""),
             key);
    free(aim);
    free(key);
}

static void option_default(struct talk *t, const struct option_row *row)
{
    if (!row->fallback) {
        what_option_does(t, row);
        return;
    }
    talk_add(t, skill,
             say(t->r,
                 "What is the default of --$1?|What is --$1 if I do not give it?|"
                 "[Default|Default value] of --$1[?|]",
                 row->flag),
             say(t->r, "$1.", row->fallback), row->fallback);
}

static void option_elsewhere(struct talk *t, const struct option_row *row)
{
    char variable[64];
    size_t n = 0;
    for (const char *c = row->flag; *c && n + 1 < sizeof variable; c++)
        variable[n++] = (char)(*c == '-' ? '_' : *c >= 'a' && *c <= 'z' ? *c - 32 : *c);
    variable[n] = 0;
    if (random_chance(t->r, 0.5))
        talk_add(t, skill,
                 say(t->r,
                     "Which [environment variable|variable] is --$1?|"
                     "Can I set --$1 in the environment?",
                     row->flag),
                 say(t->r, "FACET_$1.", variable), NULL);
    else
        talk_add(t, skill,
                 say(t->r,
                     "How do I set --$1 in facet.conf?|"
                     "Can --$1 [stand|be kept] in the configuration file?",
                     row->flag),
                 say(t->r, "With a line \"$1 = $2\" in ~/.config/facet/facet.conf.", row->flag,
                     row->argument ? row->argument : "yes"),
                 row->flag);
}

static void about_option(struct talk *t)
{
    static void (*const all[])(struct talk * t, const struct option_row *row) = {
        what_option_does, what_option_does, what_option_does,
        which_option,     option_default,   option_elsewhere};
    all[random_below(t->r, sizeof all / sizeof *all)](
        t, &option_rows[random_below(t->r, (uint32_t)n_option_rows)]);
}

/* ---- Commands ------------------------------------------------------------------------------- */

static void about_command(struct talk *t)
{
    const struct command_row *row = &command_rows[random_below(t->r, COMMAND_COUNT)];
    char *aim = gist(row->help), *name = say(t->r, "/$1", row->name);
    char *usage =
        say(t->r, row->argument ? "/$1 $2" : "/$1", row->name, row->argument ? row->argument : "");
    if (random_chance(t->r, 0.6))
        talk_add(t, skill,
                 say(t->r,
                     "What does [the command |]$1 do?|What is $1[ for|]?|$1[?|]|"
                     "[Explain|Tell me about] [the command |]$1[.|]|How do I use $1?",
                     name),
                 say(t->r, "$1: $2.", usage, row->help), aim);
    else
        talk_add(t, skill,
                 say(t->r,
                     "Which command is this: $1?|Which command means \"$1\"?|"
                     "[What is the command for|Name the command for] this: $1",
                     aim),
                 mem_copy(usage), name);
    free(aim);
    free(name);
    free(usage);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

/* "Ctrl-P", "k or Up"; free() it. */
static char *key_names(const struct key_row *row)
{
    struct str s = {0};
    char name[KEY_NAME_BYTES];
    for (int i = 0; i < KEYS_PER_ACTION && row->keys[i]; i++) {
        keys_name(row->keys[i], name);
        str_printf(&s, "%s%s", i ? " or " : "", name);
    }
    return str_take(&s);
}

/* Where it does so, as a person would say it. */
static const char *place_of(const struct key_row *row)
{
    static const char *const places[KEYS_CONTEXTS] = {
        [KEYS_INPUT] = "while writing",
        [KEYS_TRANSCRIPT] = "while reading",
        [KEYS_CONVERSATIONS] = "in the list of conversations",
        [KEYS_CHOOSER] = "in a list",
        [KEYS_PICTURE] = "while looking at a picture",
        [KEYS_REGION] = "while choosing a region",
        [KEYS_PICKER] = "while choosing pictures",
        [KEYS_EVERYWHERE] = "everywhere",
    };
    return places[row->context];
}

static void about_key(struct talk *t)
{
    const struct key_row *row;
    do
        row = &key_rows[random_below(t->r, (uint32_t)n_key_rows)];
    while (!row->help || !row->keys[0]);
    char *aim = gist(row->help), *names = key_names(row), first[KEY_NAME_BYTES];
    const char *place = place_of(row);
    keys_name(row->keys[0], first);
    if (random_chance(t->r, 0.5))
        talk_add(t, skill,
                 say(t->r,
                     "Which key is this $2: $1?|Which key means \"$1\" $2?|"
                     "[Which key do I press|What do I press] $2 for this: $1?|"
                     "Key for \"$1\" $2[?|]",
                     aim, place),
                 say(t->r, "$1.", names), first);
    else
        talk_add(t, skill,
                 say(t->r,
                     "What does $1 do $2?|What is $1 $2?|What happens if I press $1 $2?|"
                     "What is the key $1 for, $2?",
                     first, place),
                 say(t->r, "$1: $2.", first, row->help), aim);
    free(aim);
    free(names);
}

void talk_facet(struct talk *t)
{
    uint32_t kind = random_below(t->r, 3);
    if (kind == 0)
        about_option(t);
    else if (kind == 1)
        about_command(t);
    else
        about_key(t);
}
