#include "tui/revising.h"

#include <stdlib.h>
#include <string.h>

#include "chat/revise.h"
#include "tui/browse.h"
#include "tui/turn.h"

static void failed(struct app *app, const struct err *err)
{
    app_fail(app, "%s", err->text);
}

static bool is_said(const struct message *m)
{
    return m->role == ROLE_USER || m->role == ROLE_MODEL;
}

bool revising_index(const struct app *app, size_t message, size_t *index)
{
    const struct messages *ms = chat_messages(app->chat);
    for (*index = 0; *index < ms->n; ++*index)
        if (is_said(&ms->list[*index]) && message-- == 0)
            return true;
    return false;
}

bool revising_find(struct app *app, size_t message, size_t *index)
{
    if (chat_is_busy(app->chat)) {
        app_say_busy(app);
        return false;
    }
    if (revising_index(app, message, index))
        return true;
    app_say(app, "nothing was said yet");
    return false;
}

static void begin_edit(struct app *app, size_t index)
{
    const struct message *m = &chat_messages(app->chat)->list[index];
    char *text = message_text(m, 1), send[KEY_NAME_BYTES], back[KEY_NAME_BYTES];
    input_clear(app->input);
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].image)
            input_attach(app->input, attachment_keep(m->parts[i].image));
    input_set(app->input, text);
    free(text);
    app->editing = index + 1;
    app->focus = KEYS_INPUT;
    app_say(app, "%s sends it instead of what was said, which stays beside it; %s: as new",
            keys_first(KEYS_INPUT, ACTION_SEND, send), keys_first(KEYS_INPUT, ACTION_CANCEL, back));
}

void revising_edit(struct app *app, size_t message)
{
    size_t index;
    if (!revising_find(app, message, &index))
        return;
    const struct messages *ms = chat_messages(app->chat);
    while (index > 0 && ms->list[index].role != ROLE_USER)
        index--;
    begin_edit(app, index);
}

void revising_leave(struct app *app)
{
    app->editing = 0;
    app_say(app, "it will be sent as a new message");
}

void revising_branch(struct app *app, size_t message, int step)
{
    struct err err;
    size_t index;
    if (!revising_find(app, message, &index))
        return;
    if (!chat_branch(app->chat, index, step, &err))
        failed(app, &err);
    turn_show_all(app);
}

void revising_delete(struct app *app, size_t message)
{
    struct err err;
    char key[KEY_NAME_BYTES];
    size_t index;
    if (!revising_find(app, message, &index))
        return;
    if (chat_delete(app->chat, index, &err))
        app_say(app, "deleted; %s takes it back",
                keys_first(KEYS_TRANSCRIPT, ACTION_UNDELETE, key));
    else
        failed(app, &err);
    turn_show_all(app);
    browse_refresh(app);
}

void revising_fork(struct app *app, size_t message)
{
    struct err err;
    size_t index;
    if (!revising_find(app, message, &index))
        return;
    if (!chat_fork(app->chat, index, &err)) {
        failed(app, &err);
        return;
    }
    app_say(app, "a new conversation; the old one stays as it was");
    turn_show_all(app);
    browse_refresh(app);
}

/* ---- What was said last --------------------------------------------------------------------- */

/* Its pictures stay: they are named before the text, unless that names any. */
static void send_instead(struct app *app, size_t n_images, const char *text)
{
    struct str whole = {0};
    for (size_t i = 1; i <= n_images && !strstr(text, "[image "); i++)
        str_printf(&whole, "[image %zu] ", i);
    str_puts(&whole, text);
    input_set(app->input, str_text(&whole));
    str_done(&whole);
    turn_send(app);
}

bool revising_edit_last(struct app *app, const char *text)
{
    struct err err;
    size_t index;
    if (!revise_question(app->chat, &index, &err)) {
        failed(app, &err);
        return false;
    }
    begin_edit(app, index);
    if (*text)
        send_instead(app, message_images(&chat_messages(app->chat)->list[index]), text);
    return true;
}

/* Behind a change, which may be done also where the history could not be written. */
static bool show_change(struct app *app, bool ok, const struct err *err)
{
    if (ok)
        app->editing = 0;
    else
        failed(app, err);
    if (!chat_is_busy(app->chat))
        turn_show_all(app);
    browse_refresh(app);
    return ok;
}

bool revising_branch_last(struct app *app, const char *which)
{
    struct err err;
    size_t index;
    if (!show_change(app, revise_branch(app->chat, which, &index, &err), &err))
        return false;
    const struct message *m = &chat_messages(app->chat)->list[index];
    app_say(app, "%zu of %zu: %s", m->variant, m->n_variants,
            m->role == ROLE_USER ? "questions" : "answers");
    return true;
}

bool revising_undelete(struct app *app)
{
    struct err err;
    return show_change(app, chat_undelete(app->chat, &err), &err);
}

bool revising_delete_last(struct app *app)
{
    struct err err;
    bool ok = revise_delete(app->chat, &err);
    if (ok)
        app_say(app, "the last question and its answer are deleted; /undelete takes that back");
    return show_change(app, ok, &err);
}

bool revising_fork_all(struct app *app)
{
    struct err err;
    bool ok = revise_fork(app->chat, &err);
    if (ok)
        app_say(app, "a new conversation; the old one stays as it was");
    return show_change(app, ok, &err);
}
