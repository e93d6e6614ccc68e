#include "tui/browse.h"

#include <stdlib.h>
#include <string.h>

#include "chat/discard.h"
#include "history/store.h"
#include "tui/turn.h"

static void refresh_list(struct app *app)
{
    struct err err;
    if (!conversations_load(app->conversations, app->store, &err))
        app_fail(app, "%s", err.text);
    app->dirty = true;
}

void browse_refresh(struct app *app)
{
    refresh_list(app);
    conversations_set_open(app->conversations, chat_conversation(app->chat));
}

void browse_touch(struct app *app)
{
    struct err err;
    int64_t id = chat_conversation(app->chat);
    if (!id) { /* taken back: it is in the history no more */
        browse_refresh(app);
        return;
    }
    if (!conversations_touch(app->conversations, app->store, id, &err))
        app_fail(app, "%s", err.text);
    conversations_set_open(app->conversations, id);
}

bool browse_open(struct app *app, int64_t conversation)
{
    struct err err;
    if (!app->store)
        return app_fail(app, "no history is kept here"), false;
    if (!chat_load_unread(app->chat, conversation, &err))
        return app_fail(app, "%s", err.text), false;
    turn_show_all(app);
    browse_refresh(app);
    app->editing = 0;
    app->focus = KEYS_INPUT;
    return true;
}

/* Whoever names a system prompt does not mean a conversation that has another. */
static bool is_meant(const struct app *app)
{
    const char *wanted = chat_options(app->chat)->system;
    const struct messages *ms = chat_messages(app->chat);
    if (!wanted || !*wanted)
        return true;
    if (ms->n == 0 || ms->list[0].role != ROLE_SYSTEM)
        return false;
    char *system = message_text(&ms->list[0], 1);
    bool same = strcmp(system, wanted) == 0;
    free(system);
    return same;
}

void browse_resume(struct app *app)
{
    struct err err;
    int64_t last = app->store ? store_last(app->store, &err) : 0;
    browse_refresh(app);
    if (last && browse_open(app, last) && !is_meant(app))
        browse_new(app);
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

/* ---- The one that is selected, or open ------------------------------------------------------ */

static bool rename_to(struct app *app, int64_t id, const char *title)
{
    struct err err;
    if (!store_rename(app->store, id, title, &err))
        return app_fail(app, "%s", err.text), false;
    refresh_list(app);
    return true;
}

static void rename_selected(struct app *app, enum prompt_event event, const char *title)
{
    if (event == PROMPT_ENTERED && *title)
        rename_to(app, conversations_selected(app->conversations), title);
}

/* The one on the screen is left: there is nothing to go on with. */
static bool put_away(struct app *app, int64_t id, enum action action)
{
    struct err err;
    char key[KEY_NAME_BYTES];
    bool delete = action == ACTION_DELETE_CONVERSATION, open = id == chat_conversation(app->chat);
    if (open && chat_is_busy(app->chat))
        return app_say_busy(app), false;
    bool ok = delete ? discard_conversation(app->store, id, &err)
                     : store_archive(app->store, id, true, &err);
    if (!ok)
        return app_fail(app, "%s", err.text), false;
    if (open)
        browse_new(app);
    if (delete) {
        app->deleted = id;
        app_say(app,
                "deleted; %s in the list takes it back, for %d days: facet history undelete %lld",
                keys_first(KEYS_CONVERSATIONS, ACTION_UNDELETE, key), STORE_KEEP_DAYS,
                (long long)id);
    } else {
        app_say(app, "archived; finding goes on to find it: facet history unarchive %lld",
                (long long)id);
    }
    refresh_list(app);
    return true;
}

/* 0, and said: the history does not have it. */
static int64_t open_number(struct app *app)
{
    int64_t id = app->store ? chat_conversation(app->chat) : 0;
    if (!id)
        app_fail(app, app->store ? "nothing was said yet" : "no history is kept here");
    return id;
}

bool browse_rename(struct app *app, const char *title)
{
    int64_t id = open_number(app);
    return id && rename_to(app, id, title);
}

bool browse_put_away(struct app *app, enum action action)
{
    int64_t id = open_number(app);
    return id && put_away(app, id, action);
}

static void undelete(struct app *app)
{
    struct err err;
    if (!app->deleted)
        app_say(app, "nothing was deleted here");
    else if (!store_undelete(app->store, app->deleted, &err))
        app_fail(app, "%s", err.text);
    app->deleted = 0;
    refresh_list(app);
}

bool browse_act(struct app *app, enum action action)
{
    int64_t id = conversations_selected(app->conversations);
    switch (action) {
    case ACTION_TAKE:
        if (id)
            browse_open(app, id);
        return true;
    case ACTION_RENAME:
        if (id)
            prompt_open(app, "Title: ", conversations_title(app->conversations, id),
                        rename_selected);
        return true;
    case ACTION_ARCHIVE:
    case ACTION_DELETE_CONVERSATION:
        if (id)
            put_away(app, id, action);
        app->focus = KEYS_CONVERSATIONS;
        return true;
    case ACTION_UNDELETE:
        undelete(app);
        return true;
    default:
        return conversations_act(app->conversations, action);
    }
}
