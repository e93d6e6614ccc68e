#include "chat/complete.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/commands.h"
#include "chat/named.h"
#include "chat/options.h"
#include "chat/typed_path.h"
#include "history/store.h"

enum { MAX_CONVERSATIONS = 50 };

/* What an option may be set to, where that can be listed. */
static const struct {
    const char *flag;
    const char *values[8];
} option_values[] = {
    {"crops", {"auto", "hf", "off", "2", "3", "4"}},
};

/* Both are taken over. */
static void add(struct completion *c, char *text, char *label)
{
    c->list = mem_grow(c->list, c->n + 1, sizeof *c->list);
    c->list[c->n++] = (struct candidate){text, label};
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static char *joined(const char *a, const char *b)
{
    struct str s = {0};
    str_puts(&s, a);
    str_puts(&s, b);
    return str_take(&s);
}

/* A word, with a space behind it where more has to come. */
static void add_word(struct completion *c, const char *word, const char *typed, bool more)
{
    if (begins(word, typed))
        add(c, joined(word, more ? " " : ""), mem_copy(word));
}

/* ---- Paths ---------------------------------------------------------------------------------- */

/* As it would have to be typed: in the quotes that were opened, or with the backslashes that were
 * begun with; else as it is, since a path reaches to the end of the line. */
static char *as_typed(const char *path, const char *typed, bool whole)
{
    struct str out = {0};
    char quote = *typed == '\'' || *typed == '"' ? *typed : 0;
    bool escape = quote == '"' || (!quote && strchr(typed, '\\'));
    const char *special = quote ? "\"\\" : " '\"\\()&;";
    if (quote)
        str_putc(&out, quote);
    for (; *path; path++) {
        if (escape && strchr(special, *path))
            str_putc(&out, '\\');
        str_putc(&out, *path);
    }
    if (quote && whole)
        str_putc(&out, quote);
    return str_take(&out);
}

static void add_path(struct completion *c, const char *head, const char *folder, const char *name,
                     const char *typed)
{
    char *real = path_join(folder, name);
    bool is_folder = file_is_dir(real);
    char *path = joined(head, name), *full = joined(path, is_folder ? "/" : "");
    add(c, as_typed(full, typed, !is_folder), joined(name, is_folder ? "/" : ""));
    free(full);
    free(path);
    free(real);
}

static int by_label(const void *a, const void *b)
{
    return strcmp(((const struct candidate *)a)->label, ((const struct candidate *)b)->label);
}

static void add_paths(struct completion *c, const char *typed)
{
    char *plain = typed_path_plain(typed);
    const char *slash = strrchr(plain, '/');
    size_t n_head = slash ? (size_t)(slash + 1 - plain) : 0;
    char *head = mem_text(plain, n_head), *folder = *head ? path_expand(head) : mem_copy(".");
    const char *name = plain + n_head;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        bool hidden = entry->d_name[0] == '.' && *name != '.';
        if (!hidden && begins(entry->d_name, name))
            add_path(c, head, folder, entry->d_name, typed);
    }
    if (dir)
        closedir(dir);
    if (c->n)
        qsort(c->list, c->n, sizeof *c->list, by_label);
    free(folder);
    free(head);
    free(plain);
}

/* ---- Others --------------------------------------------------------------------------------- */

static void add_commands(struct completion *c, const char *typed)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        add_word(c, command_rows[i].name, typed, command_rows[i].argument != NULL);
}

static void add_values(struct completion *c, const char *flag, size_t n_flag, const char *typed)
{
    for (size_t i = 0; i < sizeof option_values / sizeof option_values[0]; i++) {
        if (strlen(option_values[i].flag) != n_flag || !begins(flag, option_values[i].flag))
            continue;
        for (const char *const *v = option_values[i].values; *v; v++)
            add_word(c, *v, typed, false);
        return;
    }
    for (size_t i = 0; i < n_option_rows; i++) /* else what it is by itself */
        if (option_rows[i].live && option_rows[i].fallback &&
            strlen(option_rows[i].flag) == n_flag && begins(flag, option_rows[i].flag))
            add_word(c, option_rows[i].fallback, typed, false);
}

/* "/set OPTION VALUE": one or the other. */
static void add_options(struct completion *c, const char *argument, size_t *start)
{
    size_t n = strcspn(argument, " "), value = n + strspn(argument + n, " ");
    if (argument[n]) {
        *start += value;
        add_values(c, argument, n, argument + value);
        return;
    }
    for (size_t i = 0; i < n_option_rows; i++)
        if (option_rows[i].live)
            add_word(c, option_rows[i].flag, argument, true);
}

/* What /context does to a message, see revise.h. */
static void add_told(struct completion *c, const char *typed)
{
    static const char *const words[] = {"drop", "pin", "tell"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add_word(c, words[i], typed, true);
    add_word(c, "room", typed, false);
}

static void add_named(struct completion *c, enum named_kind kind, const char *typed)
{
    struct named_list list = named_list(kind);
    for (size_t i = 0; i < list.n; i++)
        add_word(c, list.names[i], typed, false);
    named_list_done(&list);
}

struct numbers {
    struct completion *c;
    const char *typed;
};

static bool add_conversation(void *user, const struct store_conversation *conversation)
{
    struct numbers *numbers = user;
    struct str number = {0}, label = {0};
    str_printf(&number, "%lld", (long long)conversation->id);
    if (begins(number.data, numbers->typed)) {
        str_printf(&label, "%s %s", number.data, conversation->title ? conversation->title : "");
        for (char *p = label.data; *p; p++)
            *p = *p == '\n' ? ' ' : *p;
        add(numbers->c, str_take(&number), str_take(&label));
    }
    str_done(&number);
    return numbers->c->n < MAX_CONVERSATIONS;
}

static void add_conversations(struct completion *c, struct store *store, const char *typed)
{
    struct numbers numbers = {c, typed};
    if (store)
        store_list(store, add_conversation, &numbers, NULL);
}

/* ---- */

/* What a command takes, its row in commands.def tells. */
static void find_in_command(struct completion *c, const char *line, struct store *store)
{
    size_t n = strcspn(line, " "), argument = n + strspn(line + n, " ");
    c->start = line[n] ? argument : 1;
    if (!line[n]) {
        add_commands(c, line + 1);
        return;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *row = &command_rows[i];
        if (!row->argument || strlen(row->name) != n - 1 || !begins(line + 1, row->name))
            continue;
        if (strstr(row->argument, "PATH") || strstr(row->argument, "FILE"))
            add_paths(c, line + argument);
        else if (i == COMMAND_SET)
            add_options(c, line + argument, &c->start);
        else if (i == COMMAND_CONTEXT)
            add_told(c, line + argument);
        else if (i == COMMAND_OPEN)
            add_conversations(c, store, line + argument);
        else if (i == COMMAND_PRESET || i == COMMAND_THEME)
            add_named(c, i == COMMAND_THEME ? NAMED_THEME : NAMED_PRESET, line + argument);
    }
}

static void find(struct completion *c, const char *line, struct store *store)
{
    if (line[0] == '/')
        find_in_command(c, line, store);
    if (c->n == 0 && strchr(line + 1, '/')) {
        c->start = 0;
        add_paths(c, line);
    }
}

static size_t common_bytes(const struct completion *c)
{
    size_t same = strlen(c->list[0].text);
    for (size_t i = 1; i < c->n; i++) {
        size_t k = 0;
        while (k < same && c->list[i].text[k] == c->list[0].text[k])
            k++;
        same = k;
    }
    while (same > 0 && ((unsigned char)c->list[0].text[same] & 0xC0) == 0x80)
        same--; /* never half a character */
    return same;
}

bool complete_line(const char *line, size_t cursor, struct store *store, struct completion *c)
{
    *c = (struct completion){0};
    if (cursor == 0 || !strchr("/~", line[0]) || memchr(line, '\n', cursor))
        return false;
    char *before = mem_text(line, cursor);
    find(c, before, store);
    free(before);
    if (c->n)
        c->common = common_bytes(c);
    return c->n > 0;
}

void completion_done(struct completion *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->list[i].text);
        free(c->list[i].label);
    }
    free(c->list);
    *c = (struct completion){0};
}
