#include "cli/help.h"

#include <string.h>

#include "chat/options.h"
#include "cli/args.h"
#include "cli/topics.h"

enum { HELP_COLUMN = 30 };

/* "  -m, --model MODEL          help", the help on a line of its own if it does not fit beside. */
static void print_flag(FILE *stream, const struct flag *flag, const char *fallback)
{
    char left[128];
    char letter[8] = "    ";
    if (flag->letter)
        snprintf(letter, sizeof letter, "-%c, ", flag->letter);
    int n = snprintf(left, sizeof left, "  %s--%s%s%s", letter, flag->name,
                     flag->argument ? " " : "", flag->argument ? flag->argument : "");
    if (n < HELP_COLUMN)
        fprintf(stream, "%-*s%s", HELP_COLUMN, left, flag->help);
    else
        fprintf(stream, "%s\n%*s%s", left, HELP_COLUMN, "", flag->help);
    if (fallback)
        fprintf(stream, " (%s)", fallback);
    fputc('\n', stream);
}

/* The verb's own flag of that letter goes before an option's. */
static bool has_letter(const struct verb *verb, char letter)
{
    for (size_t i = 0; i < verb->n_flags; i++)
        if (letter && verb->flags[i].letter == letter)
            return true;
    return false;
}

void help_verb(FILE *stream, const struct verb *verb)
{
    fprintf(stream, "facet %s%s%s%s\n%s.\n", verb->name,
            verb->n_flags > 0 || verb->options ? " [FLAG]..." : "", *verb->operands ? " " : "",
            verb->operands, verb->summary);
    if (verb->details)
        fprintf(stream, "\n%s\n", verb->details);
    fputc('\n', stream);
    for (size_t i = 0; i < verb->n_flags; i++)
        print_flag(stream, &verb->flags[i], NULL);
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        char letter = has_letter(verb, row->letter) ? 0 : row->letter;
        struct flag flag = {row->flag, letter, row->argument, row->help};
        if (verb->options >> i & 1)
            print_flag(stream, &flag, row->fallback);
    }
    print_flag(stream, &(struct flag){"help", 'h', NULL, "this text"}, NULL);
}

static void print_summary(FILE *stream, const struct verb *verb)
{
    char left[64];
    snprintf(left, sizeof left, "  facet %s", verb->name);
    fprintf(stream, "%-*s%s\n", HELP_COLUMN, left, verb->summary);
}

bool help_group(FILE *stream, const char *word)
{
    size_t n = strlen(word), found = 0;
    for (size_t i = 0; i < n_verbs; i++)
        if (strncmp(verb_list[i]->name, word, n) == 0 && verb_list[i]->name[n] == ' ') {
            print_summary(stream, verb_list[i]);
            found++;
        }
    return found > 0;
}

void help_overview(FILE *stream)
{
    fputs("facet: talk with Gemma 3 about text and pictures, on this machine alone.\n\n", stream);
    for (size_t i = 0; i < n_verbs; i++)
        print_summary(stream, verb_list[i]);
    topic_list(stream, HELP_COLUMN);
    fputs("\nfacet alone is facet chat. facet VERB --help tells more of each.\n"
          "Options can also stand in facet.conf (temperature = 0.7) and in the environment "
          "(FACET_TEMPERATURE=0.7).\n"
          "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some batch items failed, 130 "
          "interrupted.\n",
          stream);
}

static int run_help(struct args *args, struct err *err)
{
    if (args->n_operands == 0) {
        help_overview(stdout);
        return EXIT_DONE;
    }
    if (args->n_operands == 1 && topic_print(stdout, args->operands[0]))
        return EXIT_DONE;
    if (args->n_operands == 1 && help_group(stdout, args->operands[0]))
        return EXIT_DONE;
    size_t words;
    const struct verb *verb =
        verb_find((char *const *)args->operands, args->n_operands, &words, err);
    if (!verb)
        return EXIT_USAGE;
    help_verb(stdout, verb);
    return EXIT_DONE;
}

static int run_version(struct args *args, struct err *err)
{
    (void)args;
    (void)err;
    puts("facet " FACET_VERSION);
    return EXIT_DONE;
}

const struct verb verb_help = {
    .name = "help",
    .operands = "[VERB|TOPIC]",
    .summary = "what facet can do",
    .max_operands = 2,
    .run = run_help,
};

const struct verb verb_version = {
    .name = "version",
    .operands = "",
    .summary = "facet's version",
    .run = run_version,
};
