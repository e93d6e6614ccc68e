#include "tui/browse.h"

#include "history/store.h"
#include "tui/turn.h"

void browse_refresh(struct app *app)
{
    struct err err;
    if (!conversations_load(app->conversations, app->store, &err))
        app_fail(app, "%s", err.text);
    conversations_set_open(app->conversations, chat_conversation(app->chat));
    app->dirty = true;
}

bool browse_open(struct app *app, int64_t conversation)
{
    struct err err;
    if (!app->store)
        return app_fail(app, "no history is kept here"), false;
    if (!chat_load(app->chat, conversation, &err))
        return app_fail(app, "%s", err.text), false;
    turn_show_all(app);
    browse_refresh(app);
    app->focus = KEYS_INPUT;
    return true;
}

void browse_resume(struct app *app)
{
    browse_refresh(app);
    int64_t newest = conversations_selected(app->conversations);
    if (newest)
        browse_open(app, newest);
}

bool browse_new(struct app *app)
{
    struct err err;
    if (!chat_clear(app->chat, &err))
        return app_fail(app, "%s", err.text), false;
    transcript_clear(app->transcript);
    browse_refresh(app);
    app->focus = KEYS_INPUT;
    return true;
}

bool browse_conversations(struct app *app)
{
    if (!app->store)
        return app_fail(app, "no history is kept here"), false;
    browse_refresh(app);
    app->focus = KEYS_CONVERSATIONS;
    return true;
}
