#include "cli/topics.h"

#include <stdlib.h>
#include <string.h>

#include "chat/commands.h"
#include "chat/config.h"
#include "chat/named.h"
#include "cli/out.h"
#include "tui/bindings.h"

/* ---- facet.conf ----------------------------------------------------------------------------- */

static void print_keys_of(FILE *stream, const struct key_row *row)
{
    for (int k = 0; k < KEYS_PER_ACTION && row->keys[k]; k++) {
        char name[KEY_NAME_BYTES];
        keys_name(row->keys[k], name);
        fprintf(stream, "%s%s", k ? ", " : "", strcmp(name, ",") ? name : "Comma");
    }
}

static void print_keys(FILE *stream)
{
    fputs("# ---- Keys of the full screen ----\n"
          "# place.action = keys; without the place: wherever the action has keys; none: no key.\n"
          "[keys]\n",
          stream);
    for (int context = 0; context < KEYS_CONTEXTS; context++) {
        fprintf(stream, "\n# %s\n", key_context_names[context]);
        for (size_t i = 0; i < n_key_rows; i++) {
            const struct key_row *row = &key_rows[i];
            if ((int)row->context != context)
                continue;
            fprintf(stream, "# %s.%s = ", context_names[context], action_names[row->action]);
            print_keys_of(stream, row);
            fputc('\n', stream);
        }
    }
}

static void print_config(FILE *stream)
{
    config_print(stream);
    fputc('\n', stream);
    print_keys(stream);
}

/* ---- Files by name -------------------------------------------------------------------------- */

static void print_named(FILE *stream, enum named_kind kind)
{
    struct named_list list = named_list(kind);
    for (size_t i = 0; i < list.n; i++) {
        char *summary = named_summary(kind, list.names[i]);
        fputs("  ", stream);
        out_print(stream, list.names[i], strlen(list.names[i]));
        fprintf(stream, "%*s", (int)(strlen(list.names[i]) < 21 ? 21 - strlen(list.names[i]) : 1),
                "");
        out_print(stream, summary, strlen(summary));
        fputc('\n', stream);
        free(summary);
    }
    named_list_done(&list);
}

static void print_themes(FILE *stream)
{
    print_named(stream, NAMED_THEME);
    fputs("\n--theme NAME, /theme NAME, or theme = NAME in facet.conf. Your own: NAME.theme in\n"
          "~/.config/facet/themes, see facet-themes(5).\n",
          stream);
}

static void print_presets(FILE *stream)
{
    print_named(stream, NAMED_PRESET);
    fputs("\n-p NAME, /preset NAME, or preset = NAME in facet.conf. Your own: NAME.preset in\n"
          "~/.config/facet/presets, with lines as facet.conf has them, see facet.conf(5).\n",
          stream);
}

/* ---- Commands ------------------------------------------------------------------------------- */

static void print_commands(FILE *stream)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *row = &command_rows[i];
        char left[64];
        snprintf(left, sizeof left, "/%s %s", row->name, row->argument ? row->argument : "");
        fprintf(stream, "  %-26s %s\n", left, row->help);
    }
}

/* ---- The table ------------------------------------------------------------------------------ */

static const struct topic {
    const char *word, *summary;
    void (*print)(FILE *stream);
} topics[] = {
    {"commands", "the commands of a conversation: lines that begin with /", print_commands},
    {"config", "a complete facet.conf, to redirect into one", print_config},
    {"keys", "the keys of the full screen, as facet.conf binds them", print_keys},
    {"presets", "options that are kept under a name", print_presets},
    {"themes", "the colours that there are", print_themes},
};
enum { N_TOPICS = sizeof topics / sizeof topics[0] };

bool topic_print(FILE *stream, const char *word)
{
    for (int i = 0; i < N_TOPICS; i++)
        if (strcmp(topics[i].word, word) == 0) {
            topics[i].print(stream);
            return true;
        }
    return false;
}

void topic_list(FILE *stream, int column)
{
    for (int i = 0; i < N_TOPICS; i++) {
        int n = fprintf(stream, "  facet help %s", topics[i].word);
        fprintf(stream, "%*s%s\n", column - n, "", topics[i].summary);
    }
}
