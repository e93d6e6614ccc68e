/* A turn: from Enter to the end of the answer. */
#ifndef TUI_TURN_H
#define TUI_TURN_H

#include "tui/app.h"

/* Sends what is in the input pane. */
void turn_send(struct app *app);
/* Another answer to the last message; the last answer gone on with. */
void turn_regenerate(struct app *app);
void turn_continue(struct app *app);
/* Takes one event of the chat. */
void turn_event(struct app *app, const struct chat_event *event);
/* Shows the chat's conversation from its start. */
void turn_show_all(struct app *app);
/* What the conversation takes of the context, where more is known of it. */
void turn_recount(struct app *app);
/* Lets go of what was sent. */
void turn_done(struct app *app);

#endif
