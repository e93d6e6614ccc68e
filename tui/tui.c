#include "tui/tui.h"

#include <stdlib.h>

#include "chat/resolve.h"
#include "tui/actions.h"
#include "tui/app.h"
#include "tui/browse.h"
#include "tui/drafting.h"
#include "tui/find.h"
#include "tui/mistakes.h"
#include "tui/picker.h"
#include "tui/picture.h"
#include "tui/remember.h"
#include "tui/screen.h"
#include "tui/theming.h"
#include "tui/turn.h"

/* Sixty pictures a second at most: words may come faster than a terminal can show them. What was
 * typed is shown at once. */
static const double frame_s = 1.0 / 60;
enum { EVENTS_A_PASS = 64 };

/* False if there may be more. *typed: a key came, or a paste. */
static bool take_terminal(struct app *app, bool *typed)
{
    *typed = false;
    for (int i = 0; i < EVENTS_A_PASS && !app->quit; i++) {
        struct term_event event = term_next(app->term);
        *typed = *typed || event.kind == TERM_KEY || event.kind == TERM_PASTE;
        switch (event.kind) {
        case TERM_NOTHING:
            return true;
        case TERM_KEY:
            actions_key(app, event.key);
            break;
        case TERM_PASTE:
            actions_paste(app, event.text, event.n_bytes);
            break;
        case TERM_BACKGROUND:
            theming_background(app, event.background);
            break;
        case TERM_MOUSE:
            actions_mouse(app, &event);
            break;
        case TERM_FOCUS:
            app->away = !event.focused;
            break;
        case TERM_RESIZED:
        case TERM_GRAPHICS:
            app->dirty = true;
            break;
        case TERM_SUSPEND:
            term_suspend(app->term);
            app->dirty = true;
            break;
        case TERM_QUIT:
            app->quit = true;
            break;
        }
    }
    return false;
}

static void take_chat(struct app *app)
{
    struct chat_event event;
    for (int i = 0; i < EVENTS_A_PASS && chat_next(app->chat, &event, 0); i++)
        turn_event(app, &event);
}

static void loop(struct app *app)
{
    double drawn = 0;
    while (!app->quit) {
        bool typed, taken = take_terminal(app, &typed);
        take_chat(app);
        app->dirty |= errands_take(app->errands);
        double wait = drawn + frame_s - app_now();
        if (app->dirty && (wait <= 0 || typed)) {
            screen_draw(app);
            drawn = app_now();
        }
        int timeout_ms = app->dirty ? (int)(wait * 1000) + 1 : -1;
        int due_ms = drafting_tick(app);
        if (due_ms >= 0 && (timeout_ms < 0 || due_ms < timeout_ms))
            timeout_ms = due_ms;
        if (taken && !app->quit)
            term_wait(app->term, (int[]){chat_fd(app->chat), errands_fd(app->errands)}, 2,
                      timeout_ms);
    }
}

static bool is_shipped(const struct options *options)
{
    char *path = model_resolve(options->model, NULL);
    bool shipped = path && model_is_shipped(path);
    free(path);
    return shipped;
}

static int remembered_cols(void)
{
    char *value = remember_get("side-cols");
    int cols = value ? atoi(value) : 0;
    free(value);
    return cols >= LAYOUT_MIN_SIDE_COLS && cols <= LAYOUT_MAX_SIDE_COLS ? cols : 0;
}

/* What can go wrong without a screen goes first. */
static bool open_chat(struct app *app, const struct options *options, struct store *store,
                      int64_t conversation, struct err *err)
{
    app->chat = chat_open(options, store, err);
    return app->chat &&
           (conversation <= 0 || chat_load_unread(app->chat, conversation, err));
}

static void begin_with(struct app *app, int64_t conversation)
{
    if (conversation > 0)
        browse_open(app, conversation);
    else if (conversation < 0)
        browse_new(app);
    else
        browse_resume(app);
}

static bool open_app(struct app *app, const struct options *options, struct store *store,
                     const struct tui_visit *visit, struct err *err)
{
    bool ok = open_chat(app, options, store, visit->conversation, err);
    app->errands = ok ? errands_new(err) : NULL;
    app->term = app->errands ? term_open(err) : NULL;
    if (!app->term)
        return false;
    app->store = store;
    app->shipped = is_shipped(options);
    term_set_mouse(app->term, options->mouse);
    theming_start(app);
    app->transcript = transcript_new(&app->theme);
    app->input = input_new(&app->theme, !options->no_history);
    app->conversations = conversations_new(&app->theme);
    app->side_cols = remembered_cols();
    app->picture = picture_new();
    app->picker = picker_new();
    app->focus = KEYS_INPUT;
    app->dirty = true;
    begin_with(app, visit->conversation);
    drafting_open(app);
    mistakes_tell(app, options);
    return true;
}

/* The terminal first: who leaves should not have to watch the model being put away. */
static void close_app(struct app *app)
{
    term_close(app->term);
    drafting_close(app);
    errands_free(app->errands);
    chat_close(app->chat);
    turn_done(app);
    theming_done(app);
    transcript_free(app->transcript);
    conversations_free(app->conversations);
    chooser_free(app->chooser);
    find_done(app);
    input_free(app->input);
    prompt_drop(app);
    picture_free(app->picture);
    picker_free(app->picker);
    glance_done(&app->glance);
    surface_done(&app->surface);
    str_done(&app->notice);
    str_done(&app->model);
    str_done(&app->progress.what);
}

bool tui_run(const struct options *options, struct store *store, struct tui_visit *visit,
             struct err *err)
{
    struct app app = {.help = false};
    bool ok = open_app(&app, options, store, visit, err);
    if (ok && visit->unkept)
        app_fail(&app, "nothing of this is kept: %s", visit->unkept);
    if (ok)
        loop(&app);
    visit->conversation = ok ? chat_conversation(app.chat) : 0;
    close_app(&app);
    return ok;
}
