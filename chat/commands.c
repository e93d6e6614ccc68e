#include "chat/commands.h"

#include <ctype.h>
#include <string.h>

#include "base/file.h"
#include "chat/nearest.h"

enum { MAX_WORD = 31 };

const struct command_row command_rows[COMMAND_COUNT] = {
#define COMMAND(symbol, name, argument, help) [COMMAND_##symbol] = {name, argument, help},
#include "chat/commands.def"
#undef COMMAND
};

bool command_is(const char *line)
{
    return line[0] == '/' && isalpha((unsigned char)line[1]) && !file_exists(line);
}

static bool find(enum command *command, const char *name, size_t n)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strlen(command_rows[i].name) == n && memcmp(command_rows[i].name, name, n) == 0) {
            *command = (enum command)i;
            return true;
        }
    return false;
}

static bool unknown(const char *name, size_t n, struct err *err)
{
    char word[MAX_WORD + 1] = "";
    if (n > MAX_WORD)
        return err_set(err, "/%.*s…: no such command; /help lists them", MAX_WORD, name);
    memcpy(word, name, n);
    struct nearest nearest = nearest_start(word);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        nearest_try(&nearest, command_rows[i].name);
    if (nearest.name)
        return err_set(err, "/%s: no such command; did you mean /%s?", word, nearest.name);
    return err_set(err, "/%s: no such command; /help lists them", word);
}

bool command_parse(char *line, enum command *command, const char **argument, struct err *err)
{
    size_t end = strlen(line);
    while (end && isspace((unsigned char)line[end - 1]))
        line[--end] = 0;
    const char *name = line + (line[0] == '/');
    size_t n = strcspn(name, " \t\n");
    if (!find(command, name, n))
        return unknown(name, n, err);
    const char *rest = name + n + strspn(name + n, " \t\n");
    const struct command_row *row = &command_rows[*command];
    if (!row->argument && *rest)
        return err_set(err, "/%s takes nothing behind it", row->name);
    if (row->argument && row->argument[0] != '[' && !*rest)
        return err_set(err, "/%s needs more: /%s %s", row->name, row->name, row->argument);
    *argument = rest;
    return true;
}
