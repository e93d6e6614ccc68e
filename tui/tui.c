#include "tui/tui.h"

#include "tui/actions.h"
#include "tui/app.h"
#include "tui/browse.h"
#include "tui/picker.h"
#include "tui/picture.h"
#include "tui/screen.h"
#include "tui/turn.h"

/* Sixty pictures a second at most: words may come faster than a terminal can show them. What was
 * typed is shown at once. */
static const double frame_s = 1.0 / 60;
enum { EVENTS_A_PASS = 64, SIDE_COLS = 25 };

/* False if there may be more. */
static bool take_terminal(struct app *app)
{
    for (int i = 0; i < EVENTS_A_PASS && !app->quit; i++) {
        struct term_event event = term_next(app->term);
        switch (event.kind) {
        case TERM_NOTHING:
            return true;
        case TERM_KEY:
            app->hurry = true;
            actions_key(app, event.key);
            break;
        case TERM_PASTE:
            actions_paste(app, event.text, event.n_bytes);
            break;
        case TERM_BACKGROUND:
            app->theme = *theme_choose(term_colors(app->term), event.background);
            app->dirty = true;
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
        bool taken = take_terminal(app);
        take_chat(app);
        app->dirty |= errands_take(app->errands);
        double wait = app->hurry ? 0 : drawn + frame_s - app_now();
        if (app->dirty && wait <= 0) {
            screen_draw(app);
            drawn = app_now();
            app->hurry = false;
        }
        int timeout_ms = app->dirty ? (int)(wait * 1000) + 1 : -1;
        if (taken && !app->quit)
            term_wait(app->term, (int[]){chat_fd(app->chat), errands_fd(app->errands)}, 2,
                      timeout_ms);
    }
}

static bool open_app(struct app *app, const struct options *options, struct store *store,
                     struct err *err)
{
    app->chat = chat_open(options, store, err); /* first: its error needs no screen */
    app->errands = app->chat ? errands_new(err) : NULL;
    app->term = app->errands ? term_open(err) : NULL;
    if (!app->term)
        return false;
    app->store = store;
    app->theme = *theme_choose(term_colors(app->term), BACKGROUND_UNKNOWN);
    app->transcript = transcript_new(&app->theme);
    app->input = input_new(&app->theme);
    app->conversations = conversations_new(&app->theme);
    app->side_cols = SIDE_COLS;
    app->picture = picture_new();
    app->picker = picker_new();
    app->focus = KEYS_INPUT;
    app->dirty = true;
    browse_resume(app);
    return true;
}

/* The terminal first: who leaves should not have to watch the model being put away. */
static void close_app(struct app *app)
{
    term_close(app->term);
    errands_free(app->errands);
    chat_close(app->chat);
    turn_done(app);
    transcript_free(app->transcript);
    conversations_free(app->conversations);
    chooser_free(app->chooser);
    input_free(app->input);
    picture_free(app->picture);
    picker_free(app->picker);
    surface_done(&app->surface);
    str_done(&app->notice);
    str_done(&app->model);
    str_done(&app->progress.what);
}

bool tui_run(const struct options *options, struct store *store, struct err *err)
{
    struct app app = {.help = false};
    bool ok = open_app(&app, options, store, err);
    if (ok)
        loop(&app);
    close_app(&app);
    return ok;
}
