/* Commands of the line mode that change what was said, or what the model is told of it. */
#ifndef CLI_LINE_REVISE_H
#define CLI_LINE_REVISE_H

#include "cli/line.h"

/* The rows of chat/commands.def: argument, or "". */
bool line_edit(struct line_mode *line, const char *argument, struct err *err);
bool line_branch(struct line_mode *line, const char *argument, struct err *err);
bool line_delete(struct line_mode *line, const char *argument, struct err *err);
bool line_undelete(struct line_mode *line, const char *argument, struct err *err);
bool line_fork(struct line_mode *line, const char *argument, struct err *err);
bool line_context(struct line_mode *line, const char *argument, struct err *err);

#endif
