/* The slash commands (chat/commands.def) of the line mode. */
#ifndef CLI_LINE_COMMANDS_H
#define CLI_LINE_COMMANDS_H

#include "cli/line.h"

/* Does what the line asks for; faults are printed. The line is cut up. */
void line_command(struct line_mode *line, char *text);

/* Attaches a picture to the next message, and shows it. */
bool line_attach(struct line_mode *line, const char *path, struct err *err);

#endif
