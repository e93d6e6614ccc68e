#include "cli/completion.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "chat/options.h"
#include "cli/args.h"

/* Every flag of a verb, its own first. Returns false past the last one. */
static bool flag_at(const struct verb *verb, size_t i, struct flag *out)
{
    if (i < verb->n_flags) {
        *out = verb->flags[i];
        return true;
    }
    i -= verb->n_flags;
    for (size_t row = 0; row < n_option_rows; row++) {
        const struct option_row *o = &option_rows[row];
        if (!(verb->options >> row & 1) || i-- > 0)
            continue;
        *out = (struct flag){o->flag, o->letter, o->argument, o->help};
        return true;
    }
    *out = (struct flag){"help", 'h', NULL, "this text"};
    return i == 0;
}

static bool is_first_of_its_word(size_t at, size_t n_word)
{
    const char *name = verb_list[at]->name;
    for (size_t i = 0; i < at; i++)
        if (strncmp(verb_list[i]->name, name, n_word) == 0 &&
            strchr(" ", verb_list[i]->name[n_word]))
            return false;
    return true;
}

/* The first words ("ask", "inspect", …), or the second ones that go with `first`. */
static void print_words(const char *first)
{
    for (size_t i = 0; i < n_verbs; i++) {
        const char *name = verb_list[i]->name;
        size_t n = strcspn(name, " ");
        if (!first && is_first_of_its_word(i, n))
            printf("%.*s ", (int)n, name);
        else if (first && strlen(first) == n && strncmp(first, name, n) == 0 && name[n])
            printf("%s ", name + n + 1);
    }
}

static void print_flags(const struct verb *verb)
{
    struct flag flag;
    for (size_t i = 0; flag_at(verb, i, &flag); i++)
        printf("--%s ", flag.name);
}

/* `    inspect) words='tokens …' ;;` for every first word that has second ones. */
static void print_second_words(const char *format)
{
    for (size_t i = 0; i < n_verbs; i++) {
        const char *name = verb_list[i]->name;
        size_t n = strcspn(name, " ");
        if (!name[n] || !is_first_of_its_word(i, n))
            continue;
        char first[32];
        snprintf(first, sizeof first, "%.*s", (int)n, name);
        printf(format, first);
        print_words(first);
        fputs("' ;;\n", stdout);
    }
}

/* Flags whose values facet lists: `facet help TOPIC` as the first words of lines that begin with
 * two spaces, `facet models list` behind the last slash; the user's own are among them. Any GGUF
 * file is a model, too. */
static const struct {
    const char *flag, *names;
    char letter; /* 0: none, or of another flag in some verb */
    bool or_gguf;
} listed[] = {
    {"theme", "facet help themes | sed -n 's/^  \\([^ ]*\\) .*/\\1/p'", 0, false},
    {"preset", "facet help presets | sed -n 's/^  \\([^ ]*\\) .*/\\1/p'", 0, false},
    {"model", "facet models list 2>/dev/null | sed 's/  (.*//; s/.*\\///'", 'm', true},
};
enum { N_LISTED = sizeof listed / sizeof *listed };

/* bash, and zsh through bashcompinit: words, then flags, else files. */
static void print_bash(void)
{
    fputs("_facet()\n{\n    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words=\n"
          "    case $COMP_CWORD in\n    1) words='",
          stdout);
    print_words(NULL);
    fputs("' ;;\n    2) case $verb in\n", stdout);
    print_second_words("       %s) words='");
    fputs("       esac ;;\n    esac\n    case \"$verb ${COMP_WORDS[2]}\" in\n", stdout);
    for (size_t i = 0; i < n_verbs; i++) {
        const char *name = verb_list[i]->name;
        printf("    \"%s\"%s) [[ $word == -* ]] && words='", name, strchr(name, ' ') ? "" : "\\ *");
        print_flags(verb_list[i]);
        fputs("' ;;\n", stdout);
    }
    fputs("    esac\n    case ${COMP_WORDS[COMP_CWORD-1]} in\n", stdout);
    for (int i = 0; i < N_LISTED; i++) {
        printf("    --%s", listed[i].flag);
        if (listed[i].letter)
            printf("|-%c", listed[i].letter);
        printf(") words=$(%s%s) ;;\n", listed[i].names,
               listed[i].or_gguf ? "; compgen -f -X '!*.gguf' -- \"$word\"" : "");
    }
    fputs("    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
          "complete -o default -F _facet facet\n",
          stdout);
}

static void print_zsh(void)
{
    fputs("#compdef facet\nautoload -U +X bashcompinit && bashcompinit\n", stdout);
    print_bash();
}

/* Between single quotes. */
static void print_quoted(const char *text)
{
    putchar('\'');
    for (; *text; text++)
        fputs(*text == '\'' ? "\\'" : (char[2]){*text, 0}, stdout);
    putchar('\'');
}

static void print_fish_verb(const struct verb *verb)
{
    const char *space = strchr(verb->name, ' ');
    int n = space ? (int)(space - verb->name) : (int)strlen(verb->name);
    char seen[96];
    if (space) {
        printf("complete -c facet -n '__fish_seen_subcommand_from %.*s' -a %s -d ", n, verb->name,
               space + 1);
        snprintf(seen, sizeof seen,
                 "__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s", n,
                 verb->name, space + 1);
    } else {
        printf("complete -c facet -n __fish_use_subcommand -a %s -d ", verb->name);
        snprintf(seen, sizeof seen, "__fish_seen_subcommand_from %s", verb->name);
    }
    print_quoted(verb->summary);
    putchar('\n');
    struct flag flag;
    for (size_t i = 0; flag_at(verb, i, &flag); i++) {
        printf("complete -c facet -n '%s' -l %s", seen, flag.name);
        if (flag.letter)
            printf(" -s %c", flag.letter);
        printf("%s", flag.argument ? " -r" : "");
        for (int k = 0; k < N_LISTED; k++)
            if (strcmp(flag.name, listed[k].flag) == 0)
                printf("%s -a \"(%s)\"", listed[k].or_gguf ? "" : " -f", listed[k].names);
        fputs(" -d ", stdout);
        print_quoted(flag.help);
        putchar('\n');
    }
}

static void print_fish(void)
{
    for (size_t i = 0; i < n_verbs; i++) {
        size_t n = strcspn(verb_list[i]->name, " ");
        if (verb_list[i]->name[n] && is_first_of_its_word(i, n))
            printf("complete -c facet -n __fish_use_subcommand -a %.*s\n", (int)n,
                   verb_list[i]->name);
    }
    for (size_t i = 0; i < n_verbs; i++)
        print_fish_verb(verb_list[i]);
}

static int run(struct args *args, struct err *err)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(args->operands[0], shells[i].shell) == 0) {
            shells[i].print();
            return EXIT_DONE;
        }
    err_set(err, "no completion for \"%s\"; there are bash, zsh and fish", args->operands[0]);
    return EXIT_USAGE;
}

const struct verb verb_completion = {
    .name = "completion",
    .operands = "bash|zsh|fish",
    .summary = "a completion script for your shell",
    .details = "bash: source <(facet completion bash), in ~/.bashrc. zsh: the same with zsh, in "
               "~/.zshrc behind\n"
               "compinit. fish: facet completion fish > ~/.config/fish/completions/facet.fish.",
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
