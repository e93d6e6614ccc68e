#include "cli/line_complete.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/commands.h"
#include "chat/named.h"
#include "chat/options.h"

/* The candidates in the form that readline wants: [0] what all agree in, then each, then NULL. */
struct matches {
    char **list;
    size_t n;
};

static void add(struct matches *m, char *text)
{
    m->list = mem_grow(m->list, m->n + 3, sizeof *m->list);
    m->list[++m->n] = text;
    m->list[m->n + 1] = NULL;
}

static char **finish(struct matches *m)
{
    if (m->n == 0)
        return NULL;
    size_t same = strlen(m->list[1]);
    for (size_t i = 2; i <= m->n; i++) {
        size_t k = 0;
        while (k < same && m->list[i][k] == m->list[1][k])
            k++;
        same = k;
    }
    m->list[0] = mem_text(m->list[1], same);
    if (m->n == 1) { /* a single one is in [0] alone */
        free(m->list[1]);
        m->list[1] = NULL;
    }
    return m->list;
}

static char *joined(const char *head, size_t n_head, const char *tail, const char *end)
{
    struct str s = {0};
    str_put(&s, head, n_head);
    str_puts(&s, tail);
    str_puts(&s, end);
    return str_take(&s);
}

static void add_commands(struct matches *m, const char *word)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *row = &command_rows[i];
        if (strncmp(row->name, word + 1, strlen(word + 1)) == 0)
            add(m, joined("/", 1, row->name, row->argument ? " " : ""));
    }
}

static void add_options(struct matches *m, const char *line, size_t start)
{
    const char *word = line + start;
    for (size_t i = 0; i < n_option_rows; i++)
        if (option_rows[i].live && strncmp(option_rows[i].flag, word, strlen(word)) == 0)
            add(m, joined(line, start, option_rows[i].flag, " "));
}

/* Paths whose name begins like the last part of line[start..); what stands before it stays as
 * typed. */
static void add_paths(struct matches *m, const char *line, size_t start)
{
    const char *slash = strrchr(line + start, '/');
    size_t head = slash ? (size_t)(slash - line) + 1 : start;
    char *typed = mem_text(line + start, head - start);
    char *folder = *typed ? path_expand(typed) : mem_copy(".");
    const char *name = line + head;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strncmp(entry->d_name, name, strlen(name)) != 0 ||
            (entry->d_name[0] == '.' && *name != '.'))
            continue;
        char *path = path_join(folder, entry->d_name);
        add(m, joined(line, head, entry->d_name, file_is_dir(path) ? "/" : ""));
        free(path);
    }
    if (dir)
        closedir(dir);
    free(folder);
    free(typed);
}

static void add_presets(struct matches *m, const char *line, size_t start)
{
    struct named_list list = named_list(NAMED_PRESET);
    for (size_t i = 0; i < list.n; i++)
        if (strncmp(list.names[i], line + start, strlen(line + start)) == 0)
            add(m, joined(line, start, list.names[i], ""));
    named_list_done(&list);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* `text` is all of the line up to the cursor: word breaks are switched off, since paths have
 * spaces. */
static char **complete(const char *text, int start, int end)
{
    (void)start;
    (void)end;
    struct matches m = {0};
    size_t n_word = strcspn(text, " ");
    const char *rest = text + n_word;
    size_t argument = n_word + strspn(rest, " ");
    rl_attempted_completion_over = 1;
    rl_completion_append_character = 0;
    rl_filename_completion_desired = 0;
    if (text[0] != '/')
        return NULL;
    if (!*rest) {
        add_commands(&m, text);
    } else if (strncmp(text, "/set ", 5) == 0) {
        add_options(&m, text, argument);
    } else if (strncmp(text, "/preset ", 8) == 0) {
        add_presets(&m, text, argument);
    } else if (strncmp(text, "/image ", 7) == 0 || strncmp(text, "/save ", 6) == 0) {
        add_paths(&m, text, argument);
        rl_filename_completion_desired = 1; /* lists the last parts alone */
    }
    if (m.n > 1)
        qsort(m.list + 1, m.n, sizeof *m.list, by_text);
    return finish(&m);
}

static char *no_word_breaks(void)
{
    static char none[] = "";
    return none;
}

void line_complete_install(void)
{
    rl_attempted_completion_function = complete;
    rl_completion_word_break_hook = no_word_breaks;
    rl_completer_quote_characters = "";
}
