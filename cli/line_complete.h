/* Completion for readline: what chat/complete.h finds. */
#ifndef CLI_LINE_COMPLETE_H
#define CLI_LINE_COMPLETE_H

struct store;

/* store may be NULL; it has to outlive the reading of lines. */
void line_complete_install(struct store *store);

#endif
