/* Changing what was said: branches, edited questions, deleted messages. `message` counts what user
 * and model said from 0, as the transcript does. */
#ifndef TUI_REVISING_H
#define TUI_REVISING_H

#include "tui/app.h"

/* Where the transcript's message is among those of the chat; false if there is none. */
bool revising_index(const struct app *app, size_t message, size_t *index);
/* The same; false, and said, if there is none, or an answer is under way. */
bool revising_find(struct app *app, size_t message, size_t *index);
/* Puts the question into the input (that of an answer, if an answer is meant), to be sent instead
 * of it. */
void revising_edit(struct app *app, size_t message);
/* What is sent now is a message of its own again. */
void revising_leave(struct app *app);
/* step 1: to the next variant, -1: to the one before. */
void revising_branch(struct app *app, size_t message, int step);
void revising_delete(struct app *app, size_t message);
bool revising_undelete(struct app *app);
void revising_fork(struct app *app, size_t message);

/* The same as commands ask for it, of what was said last. Each tells the user what went wrong, and
 * returns false then. text: what to send instead of the question; "": it goes into the input. */
bool revising_edit_last(struct app *app, const char *text);
bool revising_branch_last(struct app *app, const char *which);
bool revising_delete_last(struct app *app);
bool revising_fork_all(struct app *app);

#endif
