#include "tui/complete.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "chat/commands.h"
#include "chat/named.h"
#include "chat/options.h"

enum { MAX_SHOWN = 40 };

/* Candidates as they come: what they have in common, and a list of them. */
struct candidates {
    struct str common, list;
    size_t n;
};

static void add(struct candidates *c, const char *name, const char *suffix)
{
    if (c->n == 0) {
        str_printf(&c->common, "%s%s", name, suffix);
    } else {
        size_t same = 0;
        while (same < c->common.len && c->common.data[same] == name[same])
            same++;
        while (same > 0 && ((unsigned char)name[same] & 0xC0) == 0x80)
            same--; /* never half a character */
        c->common.len = same;
        c->common.data[same] = 0;
    }
    if (c->n < MAX_SHOWN)
        str_printf(&c->list, "%s%s%s", c->n ? "  " : "", name, strcmp(suffix, " ") ? suffix : "");
    if (c->n == MAX_SHOWN)
        str_puts(&c->list, "  …");
    c->n++;
}

static void add_commands(struct candidates *c, const char *typed)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strncmp(command_rows[i].name, typed, strlen(typed)) == 0)
            add(c, command_rows[i].name, command_rows[i].argument ? " " : "");
}

static void add_options(struct candidates *c, const char *typed)
{
    for (size_t i = 0; i < n_option_rows; i++)
        if (option_rows[i].live && strncmp(option_rows[i].flag, typed, strlen(typed)) == 0)
            add(c, option_rows[i].flag, " ");
}

static void add_named(struct candidates *c, enum named_kind kind, const char *typed)
{
    struct named_list list = named_list(kind);
    for (size_t i = 0; i < list.n; i++)
        if (strncmp(list.names[i], typed, strlen(typed)) == 0)
            add(c, list.names[i], "");
    named_list_done(&list);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder that begin as typed, sorted. */
static char **list_folder(const char *folder, const char *typed, size_t *n)
{
    char **names = NULL;
    DIR *dir = opendir(*folder ? folder : ".");
    *n = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        bool hidden = entry->d_name[0] == '.' && typed[0] != '.';
        if (hidden || strncmp(entry->d_name, typed, strlen(typed)) != 0)
            continue;
        names = mem_grow(names, *n + 1, sizeof *names);
        names[(*n)++] = mem_copy(entry->d_name);
    }
    if (dir)
        closedir(dir);
    if (*n)
        qsort(names, *n, sizeof *names, by_name);
    return names;
}

static void add_paths(struct candidates *c, const char *folder, const char *typed)
{
    size_t n;
    char *expanded = path_expand(folder);
    char **names = list_folder(expanded, typed, &n);
    for (size_t i = 0; i < n; i++) {
        char *path = path_join(*expanded ? expanded : ".", names[i]);
        add(c, names[i], file_is_dir(path) ? "/" : "");
        free(path);
        free(names[i]);
    }
    free(names);
    free(expanded);
}

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* Where the argument begins, behind the command's name and spaces; 0 if there is no space yet. */
static size_t argument_start(const char *line)
{
    size_t i = strcspn(line, " ");
    return line[i] ? i + strspn(line + i, " ") : 0;
}

static void find(struct candidates *c, const char *line, size_t *start)
{
    size_t argument = argument_start(line);
    *start = argument ? argument : 1;
    if (!argument) {
        add_commands(c, line + 1);
    } else if (begins(line, "/set ")) {
        add_options(c, line + argument);
    } else if (begins(line, "/preset ")) {
        add_named(c, NAMED_PRESET, line + argument);
    } else if (begins(line, "/theme ")) {
        add_named(c, NAMED_THEME, line + argument);
    } else if (begins(line, "/image ") || begins(line, "/save ")) {
        const char *slash = strrchr(line + argument, '/');
        char *folder =
            slash ? mem_text(line + argument, (size_t)(slash + 1 - line) - argument) : mem_copy("");
        *start = slash ? (size_t)(slash + 1 - line) : argument;
        add_paths(c, folder, line + *start);
        free(folder);
    }
}

bool complete_line(const char *line, size_t cursor, struct completion *out)
{
    *out = (struct completion){0};
    if (cursor == 0 || line[0] != '/' || memchr(line, '\n', cursor))
        return false;
    struct candidates c = {0};
    char *before = mem_text(line, cursor);
    find(&c, before, &out->start);
    free(before);
    out->text = c.common;
    if (c.n > 1)
        out->others = c.list;
    else
        str_done(&c.list);
    if (c.n == 0)
        completion_done(out);
    return c.n > 0;
}

void completion_done(struct completion *c)
{
    str_done(&c->text);
    str_done(&c->others);
}
