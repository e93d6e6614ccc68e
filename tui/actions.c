#include "tui/actions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "chat/commands.h"
#include "tui/attaching.h"
#include "tui/editor.h"
#include "tui/picker.h"
#include "tui/picture.h"
#include "tui/slash.h"
#include "tui/turn.h"

/* ---- Sending -------------------------------------------------------------------------------- */

static bool is_blank(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return *text == 0;
}

/* Where a command may begin: behind the tokens of pictures attached so far. */
static size_t command_start(const char *text)
{
    size_t at = 0;
    for (;;) {
        size_t n = text[at] == ' ' ? 1 : editor_token(text, at, NULL);
        if (!n)
            return at;
        at += n;
    }
}

/* A command, or a path alone, is taken out of the text; it comes back if it fails. */
static bool run_instead(struct app *app)
{
    char *text = mem_copy(input_text(app->input));
    size_t at = command_start(text);
    char *before = mem_text(text, at);
    bool command = command_is(text + at), done = true;
    input_set(app->input, before);
    if (command)
        done = slash_run(app, text + at);
    enum attached attached = command ? ATTACHED_NOTHING : attaching_text(app, text + at);
    if (!done || (!command && attached != ATTACHED))
        input_set(app->input, text);
    free(before);
    free(text);
    return command || attached != ATTACHED_NOTHING;
}

static void send(struct app *app)
{
    app_hush(app);
    if (is_blank(input_text(app->input)))
        return;
    if (command_is(input_text(app->input)))
        input_remember(app->input);
    if (run_instead(app))
        return;
    if (chat_is_busy(app->chat))
        app_say(app, "an answer is under way: Esc stops it");
    else if (app->n_reading)
        attaching_send_when_read(app);
    else
        turn_send(app);
}

/* ---- Steps back ----------------------------------------------------------------------------- */

static bool stop_answer(struct app *app)
{
    if (!chat_is_busy(app->chat))
        return false;
    chat_cancel(app->chat);
    return true;
}

static void step_back(struct app *app)
{
    if (app->help)
        app->help = false;
    else if (stop_answer(app))
        return;
    else if (app->focus != KEYS_INPUT)
        app->focus = KEYS_INPUT;
    else
        app_hush(app);
}

static void interrupt(struct app *app, bool asked)
{
    app->help = false;
    if (stop_answer(app))
        return;
    if (!input_is_empty(app->input)) {
        input_remember(app->input); /* Up brings it back */
        input_clear(app->input);
    } else if (asked) {
        app->quit = true;
    } else {
        app->asked_to_quit = true;
        app_say(app, "Ctrl-C once more leaves; the conversation is kept");
    }
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static void focus_next(struct app *app)
{
    if (app->focus == KEYS_INPUT)
        app->focus = KEYS_TRANSCRIPT;
    else if (app->focus == KEYS_TRANSCRIPT && picture_stands(app))
        app->focus = KEYS_PICTURE;
    else
        app->focus = KEYS_INPUT;
}

static void complete(struct app *app)
{
    struct str others = {0};
    if (input_is_empty(app->input))
        focus_next(app);
    else if (input_complete(app->input, &others) && others.len)
        app_say(app, "%s", str_text(&others));
    str_done(&others);
}

static bool scroll(struct app *app, enum action action)
{
    int page = transcript_page(app->transcript);
    switch (action) {
    case ACTION_ROW_UP:
        transcript_scroll(app->transcript, -1);
        return true;
    case ACTION_ROW_DOWN:
        transcript_scroll(app->transcript, 1);
        return true;
    case ACTION_PAGE_UP:
        transcript_scroll(app->transcript, -(page > 1 ? page - 1 : 1));
        return true;
    case ACTION_PAGE_DOWN:
        transcript_scroll(app->transcript, page > 1 ? page - 1 : 1);
        return true;
    case ACTION_TOP:
        transcript_to_start(app->transcript);
        return true;
    case ACTION_BOTTOM:
        transcript_to_end(app->transcript);
        return true;
    default:
        return false;
    }
}

static void act(struct app *app, enum action action, bool asked_to_quit)
{
    if (picker_act(app, action) || picture_act(app, action))
        return;
    switch (action) {
    case ACTION_SEND:
        send(app);
        break;
    case ACTION_COMPLETE:
        complete(app);
        break;
    case ACTION_DELETE_OR_QUIT:
        if (input_is_empty(app->input))
            app->quit = true;
        else
            input_act(app->input, action);
        break;
    case ACTION_FOCUS_INPUT:
        app->focus = KEYS_INPUT;
        break;
    case ACTION_FOCUS_NEXT:
        focus_next(app);
        break;
    case ACTION_CANCEL:
        step_back(app);
        break;
    case ACTION_INTERRUPT:
        interrupt(app, asked_to_quit);
        break;
    case ACTION_SUSPEND:
        term_suspend(app->term);
        break;
    case ACTION_REDRAW:
        term_forget(app->term);
        break;
    case ACTION_HELP:
        app->help = true;
        app->help_top = 0;
        break;
    default:
        if (!scroll(app, action) && app->focus == KEYS_INPUT)
            input_act(app->input, action);
    }
}

/* With the help open, the keys of reading move it and any other closes it. */
static void help_action(struct app *app, enum action action)
{
    int page = transcript_page(app->transcript), most = app->help_rows - page, to = app->help_top;
    switch (action) {
    case ACTION_ROW_UP:
        to--;
        break;
    case ACTION_ROW_DOWN:
        to++;
        break;
    case ACTION_PAGE_UP:
        to -= page - 1;
        break;
    case ACTION_PAGE_DOWN:
        to += page - 1;
        break;
    case ACTION_TOP:
        to = 0;
        break;
    case ACTION_BOTTOM:
        to = most;
        break;
    default:
        app->help = false;
    }
    app->help_top = to > most ? most : to;
    if (app->help_top < 0)
        app->help_top = 0;
}

static bool works_over_help(enum action action)
{
    return action == ACTION_INTERRUPT || action == ACTION_SUSPEND || action == ACTION_REDRAW;
}

void actions_key(struct app *app, uint32_t key)
{
    enum action action = keys_find(app->help ? KEYS_TRANSCRIPT : app->focus, key);
    bool asked = app->asked_to_quit;
    app->asked_to_quit = app->send_when_read = false;
    app->dirty = true;
    if (!app->notice_is_error)
        app_hush(app);
    if (app->help && !works_over_help(action)) {
        help_action(app, action);
    } else if (action != ACTION_NONE) {
        act(app, action, asked);
    } else if (app->focus == KEYS_INPUT && keys_is_text(key)) {
        char bytes[4];
        input_insert(app->input, bytes, utf8_put(key, bytes));
    } else if (picker_is_open(app) && keys_is_text(key)) {
        picker_type(app, key);
    }
}

void actions_paste(struct app *app, const char *text, size_t n)
{
    app->dirty = true;
    app->help = false;
    app->focus = KEYS_INPUT;
    app_hush(app);
    if (attaching_text(app, text) != ATTACHED)
        input_insert(app->input, text, n);
}
