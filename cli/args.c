#include "cli/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/nearest.h"

/* A flag found: a row of options.def, or one of the verb's own. */
struct found {
    const struct option_row *option;
    const struct flag *flag;
    bool help;
};

static bool takes(const struct verb *verb, size_t row)
{
    return verb->options >> row & 1;
}

static const char *found_argument(const struct found *f)
{
    return f->help ? NULL : f->option ? f->option->argument : f->flag->argument;
}

static bool find_long(struct found *f, const struct verb *verb, const char *name, size_t n)
{
    *f = (struct found){0};
    for (size_t i = 0; i < verb->n_flags; i++)
        if (strlen(verb->flags[i].name) == n && memcmp(verb->flags[i].name, name, n) == 0)
            f->flag = &verb->flags[i];
    for (size_t i = 0; i < n_option_rows && !f->flag; i++)
        if (takes(verb, i) && strlen(option_rows[i].flag) == n &&
            memcmp(option_rows[i].flag, name, n) == 0)
            f->option = &option_rows[i];
    f->help = n == 4 && memcmp(name, "help", 4) == 0;
    return f->flag || f->option || f->help;
}

static bool find_letter(struct found *f, const struct verb *verb, char letter)
{
    *f = (struct found){0};
    for (size_t i = 0; i < verb->n_flags; i++)
        if (verb->flags[i].letter == letter)
            f->flag = &verb->flags[i];
    for (size_t i = 0; i < n_option_rows && !f->flag; i++)
        if (takes(verb, i) && option_rows[i].letter == letter)
            f->option = &option_rows[i];
    f->help = letter == 'h' && !f->flag && !f->option;
    return f->flag || f->option || f->help;
}

static bool unknown_long(const struct verb *verb, const char *name, size_t n, struct err *err)
{
    char *word = mem_text(name, n);
    struct nearest near = nearest_start(word);
    for (size_t i = 0; i < verb->n_flags; i++)
        nearest_try(&near, verb->flags[i].name);
    for (size_t i = 0; i < n_option_rows; i++)
        if (takes(verb, i))
            nearest_try(&near, option_rows[i].flag);
    nearest_try(&near, "help");
    if (near.name)
        err_set(err, "unknown flag --%s; did you mean --%s?", word, near.name);
    else
        err_set(err, "unknown flag --%s; facet %s --help lists them", word, verb->name);
    free(word);
    return false;
}

static void take_found(struct args *args, const struct found *f, const char *value)
{
    if (f->help) {
        args->help = true;
    } else if (f->option) {
        size_t n = args->n_given_options++;
        args->given_options = mem_grow(args->given_options, n + 1, sizeof *args->given_options);
        args->given_options[n] = (struct given_option){f->option, value};
    } else {
        args->given = mem_grow(args->given, args->n_given + 1, sizeof *args->given);
        args->given[args->n_given++] = (struct given){f->flag, value};
    }
}

/* Presets before the rest, wherever they stand: any other flag wins over them. */
static bool set_options(struct args *args, bool presets, struct err *err)
{
    for (size_t i = 0; i < args->n_given_options; i++) {
        const struct given_option *given = &args->given_options[i];
        if ((strcmp(given->row->flag, "preset") == 0) == presets &&
            !options_set(&args->options, given->row->flag, given->value, err))
            return false;
    }
    return true;
}

/* The words still to be read. */
struct words {
    char *const *at;
    size_t n;
};

static const char *next_word(struct words *w)
{
    if (w->n == 0)
        return NULL;
    w->n--;
    return *w->at++;
}

/* `text`: what stands behind the two dashes. */
static bool take_long(struct args *args, const char *text, struct words *rest, struct err *err)
{
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);
    struct found f;
    if (!find_long(&f, args->verb, text, n))
        return unknown_long(args->verb, text, n, err);
    const char *argument = found_argument(&f);
    if (!argument && equals)
        return err_set(err, "--%.*s takes no value", (int)n, text);
    const char *value = equals ? equals + 1 : argument ? next_word(rest) : NULL;
    if (argument && !value)
        return err_set(err, "--%.*s needs %s", (int)n, text, argument);
    take_found(args, &f, value);
    return true;
}

/* `text`: what stands behind the dash: letters without arguments, then perhaps one with. */
static bool take_letters(struct args *args, const char *text, struct words *rest, struct err *err)
{
    for (; *text; text++) {
        struct found f;
        if (!find_letter(&f, args->verb, *text))
            return err_set(err, "unknown flag -%c; facet %s --help lists them", *text,
                           args->verb->name);
        const char *argument = found_argument(&f);
        if (!argument) {
            take_found(args, &f, NULL);
            continue;
        }
        const char *value = text[1] ? text + 1 : next_word(rest);
        if (!value)
            return err_set(err, "-%c needs %s", *text, argument);
        take_found(args, &f, value);
        return true;
    }
    return true;
}

static bool check_operands(const struct args *args, struct err *err)
{
    const struct verb *verb = args->verb;
    if (args->n_operands < verb->min_operands)
        return err_set(err, "facet %s needs %s; see facet %s --help", verb->name, verb->operands,
                       verb->name);
    if (args->n_operands > verb->max_operands)
        return err_set(err, "facet %s: \"%s\" is one argument too many", verb->name,
                       args->operands[verb->max_operands]);
    return true;
}

bool args_parse(struct args *args, const struct verb *verb, char *const *argv, size_t n,
                struct err *err)
{
    *args = (struct args){.verb = verb};
    struct err mistake; /* `facet help` must go with a broken configuration too */
    if (verb->options && !options_init(&args->options, &mistake) && !verb->forgives_configuration)
        return err_set(err, "%s", mistake.text);
    args->operands = mem_new(n + 1, sizeof *args->operands);
    struct words rest = {argv, n};
    bool flags_over = false;
    for (const char *word; !args->help && (word = next_word(&rest));) {
        bool ok = true;
        if (flags_over || word[0] != '-' || word[1] == 0)
            args->operands[args->n_operands++] = word;
        else if (strcmp(word, "--") == 0)
            flags_over = true;
        else if (word[1] == '-')
            ok = take_long(args, word + 2, &rest, err);
        else
            ok = take_letters(args, word + 1, &rest, err);
        if (!ok)
            return false;
    }
    return args->help || (set_options(args, true, err) && set_options(args, false, err) &&
                          check_operands(args, err));
}

void args_done(struct args *args)
{
    options_done(&args->options);
    free(args->given);
    free(args->given_options);
    free(args->operands);
    *args = (struct args){0};
}

bool args_has(const struct args *args, const char *flag)
{
    for (size_t i = 0; i < args->n_given; i++)
        if (strcmp(args->given[i].flag->name, flag) == 0)
            return true;
    return false;
}

const char *args_value(const struct args *args, const char *flag)
{
    const char *value = NULL;
    for (size_t i = 0; i < args->n_given; i++)
        if (strcmp(args->given[i].flag->name, flag) == 0)
            value = args->given[i].value;
    return value;
}

const char *args_nth(const struct args *args, const char *flag, size_t nth)
{
    for (size_t i = 0; i < args->n_given; i++)
        if (strcmp(args->given[i].flag->name, flag) == 0 && nth-- == 0)
            return args->given[i].value;
    return NULL;
}

bool args_count(const struct args *args, const char *flag, const size_t range[2], size_t *out,
                struct err *err)
{
    const char *text = args_value(args, flag);
    if (!text)
        return true;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < range[0] || value > range[1])
        return err_set(err, "--%s takes a number from %zu to %zu, not \"%s\"", flag, range[0],
                       range[1], text);
    *out = (size_t)value;
    return true;
}

char *args_joined(const struct args *args, size_t first)
{
    struct str all = {0};
    for (size_t i = first; i < args->n_operands; i++) {
        if (i > first)
            str_putc(&all, ' ');
        str_puts(&all, args->operands[i]);
    }
    return str_take(&all);
}
