/* Slash commands: what a line that starts with '/' asks for. */
#ifndef CHAT_COMMANDS_H
#define CHAT_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum command {
#define COMMAND(symbol, name, argument, help) COMMAND_##symbol,
#include "chat/commands.def"
#undef COMMAND
    COMMAND_COUNT,
};

struct command_row {
    const char *name, *argument, *help; /* argument NULL: none; "[…]": may be left out */
};
extern const struct command_row command_rows[COMMAND_COUNT];

/* True if the line is a command at all: '/' and a letter, and not an existing path
 * ("/home/me/a.jpg"). */
bool command_is(const char *line);
/* Reads one. White space at the line's end is cut off. *argument: the rest of the line, trimmed,
 * borrowed from it; "" if none. An unknown name's error names the nearest right one; a missing
 * argument is an error. */
bool command_parse(char *line, enum command *command, const char **argument, struct err *err);

#endif
