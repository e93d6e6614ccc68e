/* Commands of the line mode that go to the history, or from one conversation to another. */
#ifndef CLI_LINE_HISTORY_H
#define CLI_LINE_HISTORY_H

#include "cli/line.h"

/* Prints the conversation from that message on. */
void line_recite(struct line_mode *line, size_t from);

/* The rows of chat/commands.def: argument, or "". */
bool line_open(struct line_mode *line, const char *argument, struct err *err);
bool line_history(struct line_mode *line, const char *argument, struct err *err);
bool line_find(struct line_mode *line, const char *argument, struct err *err);
bool line_rename(struct line_mode *line, const char *argument, struct err *err);
bool line_archive(struct line_mode *line, const char *argument, struct err *err);
bool line_discard(struct line_mode *line, const char *argument, struct err *err);
bool line_export(struct line_mode *line, const char *argument, struct err *err);

#endif
