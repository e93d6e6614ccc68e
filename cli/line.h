/* The chat as a readline prompt. */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "chat/chat.h"
#include "chat/options.h"
#include "cli/answer.h"
#include "cli/interrupt.h"
#include "cli/line_input.h"
#include "cli/out.h"
#include "cli/progress.h"

struct store;

struct line_mode {
    struct chat *chat;
    struct store *store; /* NULL: no history is kept */
    const struct options *options;
    struct interrupt interrupt;
    struct line_input input;
    struct out out;
    struct progress progress;
    FILE *notes;                  /* what is no answer: the terminal, or standard error */
    struct attachment **attached; /* wait for the next message */
    size_t n_attached;
    size_t editing; /* index + 1 of the message that the next one is to replace; 0: none */
    bool plain; /* plain.h */
    bool quit;
};

/* Runs until the user leaves, beginning with that conversation of the history if it is above 0.
 * Returns an exit_code. */
int line_run(const struct options *options, struct store *store, int64_t conversation,
             struct err *err);
/* How to go on with what was said, unless nobody wants to be told. */
void line_tell_kept(FILE *stream, const struct options *options, int64_t conversation);

/* Sends what was written, with the pictures that wait, instead of a message that is being edited.
 * Faults are printed. */
void line_submit(struct line_mode *line, const char *text);
/* Takes the answer under way to its end, streamed. Faults are printed. False: there is none for
 * want of room in the context. */
bool line_answer(struct line_mode *line);
/* Text that may hold anything. */
void line_note(struct line_mode *line, const char *text);
/* Prints what went wrong. */
void line_complain(struct line_mode *line, const struct err *err);
void line_drop_attached(struct line_mode *line, size_t from);

#endif
