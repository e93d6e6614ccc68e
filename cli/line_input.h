/* Lines that somebody types, or that a program pipes in. */
#ifndef CLI_LINE_INPUT_H
#define CLI_LINE_INPUT_H

#include <stdbool.h>

#include "base/str.h"
#include "cli/interrupt.h"

struct store;

struct line_input {
    bool terminal; /* readline; else plain lines without a prompt */
    struct interrupt *interrupt;
    bool keep;       /* what was typed, chat/sent.h */
    char *offered;   /* what the next line begins with, to be edited; owned; NULL: nothing */
    struct str held; /* read but not yet handed out, where there is no terminal */
};

/* store: for completing the numbers of conversations; may be NULL. */
void line_input_open(struct line_input *in, struct interrupt *interrupt, struct store *store,
                     bool keep_history);
void line_input_close(struct line_input *in);

/* The next line is to begin as that text; false where nobody edits. */
bool line_input_offer(struct line_input *in, const char *text);

enum line_got {
    LINE_TEXT,
    LINE_END,     /* Ctrl-D, or the end of the file */
    LINE_CLEARED, /* Ctrl-C took away what was typed */
    LINE_STRUCK,  /* Ctrl-C on an empty line */
};

/* prompt: where there is a terminal. One message: a line, or several where a line ends with a
 * backslash, where """ opens (until the next
 * """), or pasted. free() *text, which is NULL but for LINE_TEXT. */
enum line_got line_input_read(struct line_input *in, const char *prompt, char **text);

#endif
