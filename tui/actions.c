#include "tui/actions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/commands.h"
#include "chat/compose.h"
#include "tui/attaching.h"
#include "tui/browse.h"
#include "tui/examples.h"
#include "tui/filling.h"
#include "tui/find.h"
#include "tui/palette.h"
#include "tui/panes.h"
#include "tui/picker.h"
#include "tui/picture.h"
#include "tui/prompt.h"
#include "tui/reading.h"
#include "tui/revising.h"
#include "tui/shading.h"
#include "tui/slash.h"
#include "tui/steps.h"
#include "tui/theming.h"
#include "tui/turn.h"

/* ---- Sending -------------------------------------------------------------------------------- */

static bool is_blank(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return *text == 0;
}

/* A command, or a path alone, is taken out of the text; it comes back if it fails. */
static bool run_instead(struct app *app)
{
    char *text = input_full_text(app->input);
    size_t at = steps_command_start(text);
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
        input_remember(app->input, true);
    if (run_instead(app))
        return;
    if (chat_is_busy(app->chat)) {
        app_say_busy(app);
        return;
    }
    attaching_words(app);
    if (app->n_reading)
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
    else if (input_end_completion(app->input))
        return;
    else if (stop_answer(app))
        return;
    else if (app->focus == KEYS_TRANSCRIPT && reading_step_back(app))
        return;
    else if (app->focus != KEYS_INPUT)
        app->focus = KEYS_INPUT;
    else if (app->editing)
        revising_leave(app);
    else
        app_hush(app);
}

static void interrupt(struct app *app, bool asked)
{
    char key[KEY_NAME_BYTES];
    app->help = false;
    if (stop_answer(app))
        return;
    if (!input_is_empty(app->input)) {
        input_remember(app->input, false); /* Up brings it back */
        input_clear(app->input);
        app->editing = 0;
    } else if (asked) {
        app->quit = true;
    } else {
        app->asked_to_quit = true;
        app_say(app, "%s once more leaves; the conversation is kept",
                keys_first(KEYS_INPUT, ACTION_INTERRUPT, key));
    }
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static void complete(struct app *app)
{
    if (input_is_empty(app->input))
        panes_focus_next(app, 1);
    else
        input_complete(app->input, app->store);
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

/* The text, with its pastes, in the user's own editor. */
static void compose_text(struct app *app)
{
    struct err err;
    char *text = input_full_text(app->input);
    term_leave(app->term);
    bool ok = compose(&text, &err);
    term_return(app->term);
    if (ok)
        input_set(app->input, text);
    else
        app_fail(app, "%s", err.text);
    free(text);
}

static void edit(struct app *app, uint32_t key)
{
    enum editor_wish wish =
        app->focus == KEYS_INPUT ? input_key(app->input, key) : EDITOR_NOTHING;
    if (wish == EDITOR_SEND)
        send(app);
    else if (wish == EDITOR_COMPOSE)
        compose_text(app);
}

static void act(struct app *app, enum action action, uint32_t key, bool asked_to_quit)
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
            edit(app, key);
        break;
    case ACTION_UNFOLD:
        if (!input_unfold(app->input))
            app_say(app, "there is no folded paste");
        break;
    case ACTION_COMPOSE:
        app->focus = KEYS_INPUT;
        compose_text(app);
        break;
    case ACTION_NEWLINE:
        input_insert(app->input, "\n", 1);
        break;
    case ACTION_FOCUS_INPUT:
        app->focus = KEYS_INPUT;
        break;
    case ACTION_FOCUS_NEXT:
        panes_focus_next(app, 1);
        break;
    case ACTION_FOCUS_PREVIOUS:
        panes_focus_next(app, -1);
        break;
    case ACTION_FOCUS_LEFT:
        panes_focus_left(app);
        break;
    case ACTION_FOCUS_RIGHT:
        panes_focus_right(app);
        break;
    case ACTION_WIDER:
    case ACTION_NARROWER:
        panes_widen(app, action == ACTION_WIDER ? 1 : -1);
        break;
    case ACTION_PALETTE:
        palette_open(app);
        break;
    case ACTION_CONVERSATIONS:
        browse_conversations(app);
        break;
    case ACTION_NEW:
        browse_new(app);
        break;
    case ACTION_EXAMPLE:
        examples_next(app);
        break;
    case ACTION_CONTEXT:
        filling_open(app);
        break;
    case ACTION_FIND:
        find_open(app, "");
        break;
    case ACTION_THEME:
        theming_choose(app);
        break;
    case ACTION_UNDELETE:
        if (app->focus == KEYS_CONVERSATIONS)
            browse_act(app, action);
        else
            revising_undelete(app);
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
        if (app->focus == KEYS_CONVERSATIONS && browse_act(app, action))
            return;
        if (scroll(app, action))
            shading_tell(app);
        else if (!reading_act(app, action))
            edit(app, key);
    }
}

void actions_do(struct app *app, enum action action)
{
    act(app, action, 0, false);
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

static bool works_over_chooser(enum action action)
{
    return action == ACTION_SUSPEND || action == ACTION_REDRAW;
}

/* The list is let go before what it says is done: that may open another one. */
static void chooser_action(struct app *app, enum action action, uint32_t key)
{
    enum chosen chosen = chooser_key(app->chooser, action, key);
    if (chosen == CHOSEN_NOT_YET)
        return;
    struct chooser *c = app->chooser;
    app->chooser = NULL;
    chooser_finish(c, chosen);
}

static enum key_context context_of_keys(const struct app *app)
{
    return app->chooser ? KEYS_CHOOSER : app->help ? KEYS_TRANSCRIPT : app->focus;
}

void actions_key(struct app *app, uint32_t key)
{
    if (prompt_is_open(app)) {
        prompt_key(app, key);
        return;
    }
    bool editing = app->focus == KEYS_INPUT && !app->help && !app->chooser;
    enum action action = editing && input_wants(app->input, key)
                             ? ACTION_READLINE
                             : keys_find(context_of_keys(app), key);
    bool asked = app->asked_to_quit;
    app->asked_to_quit = app->send_when_read = false;
    app->dirty = true;
    if (!app->notice_is_error)
        app_hush(app);
    if (app->chooser && !works_over_chooser(action))
        chooser_action(app, action, key);
    else if (app->help && !works_over_help(action))
        help_action(app, action);
    else if (action == ACTION_NONE && picker_is_open(app))
        picker_type(app, key);
    else
        act(app, action, key, asked);
}

/* ---- The mouse ------------------------------------------------------------------------------ */

static bool inside(struct rect where, const struct term_event *event)
{
    return event->row >= where.row && event->row < where.row + where.rows &&
           event->col >= where.col && event->col < where.col + where.cols;
}

static void wheel(struct app *app, const struct term_event *event, bool in_left)
{
    enum action action = event->wheel < 0 ? ACTION_ROW_UP : ACTION_ROW_DOWN;
    if (app->chooser)
        chooser_action(app, action, 0);
    else if (app->help)
        help_action(app, action);
    else if (picker_is_open(app))
        picker_act(app, action);
    else if (in_left)
        conversations_act(app->conversations, action);
    else
        transcript_scroll(app->transcript, event->wheel);
}

void actions_mouse(struct app *app, const struct term_event *event)
{
    const struct layout *l = &app->layout;
    bool in_left = inside(l->left, event);
    app->dirty = true;
    if (event->wheel) {
        wheel(app, event, in_left);
    } else if (app->chooser || app->help || picker_is_open(app)) {
        return;
    } else if (in_left) {
        int64_t id = conversations_at(app->conversations, event->row - l->left.row);
        app->focus = KEYS_CONVERSATIONS;
        if (id)
            browse_open(app, id);
    } else if (inside(l->transcript, event)) {
        app->focus = KEYS_TRANSCRIPT;
    } else if (inside(l->right, event)) {
        app->focus = KEYS_PICTURE;
    } else if (inside(l->input, event)) {
        app->focus = KEYS_INPUT;
    }
}

void actions_paste(struct app *app, const char *text, size_t n)
{
    if (prompt_is_open(app)) {
        prompt_paste(app, text, n);
        return;
    }
    app->dirty = true;
    if (app->chooser) {
        chooser_paste(app->chooser, text, n);
        return;
    }
    app->help = false;
    app->focus = KEYS_INPUT;
    app_hush(app);
    if (attaching_text(app, text) != ATTACHED)
        input_paste(app->input, text, n);
}
