#include "tui/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "chat/compose.h"
#include "tui/clipboard.h"
#include "tui/revising.h"
#include "tui/shading.h"
#include "tui/turn.h"

enum { NAME_BYTES = 64, COUNT_BYTES = 64 };

/* ---- What is selected ----------------------------------------------------------------------- */

/* Tells where there is nothing. */
static bool get_selected(struct app *app, struct str *text, enum selected *kind)
{
    size_t message;
    *kind = transcript_get_selected(app->transcript, text, &message);
    if (*kind == SELECTED_NOTHING)
        app_say(app, "there is no answer yet");
    return *kind != SELECTED_NOTHING;
}

static void copy(struct app *app)
{
    struct err err;
    enum selected kind;
    struct str text = {0}, sequence = {0}, count = {0};
    const char *tmux = getenv("TMUX");
    if (!get_selected(app, &text, &kind))
        return;
    if (clipboard_sequence(&sequence, str_text(&text), text.len, tmux && *tmux, &err)) {
        term_send(app->term, sequence.data, sequence.len);
        status_count(&count, text.len);
        app_say(app, "copied the %s: %s bytes", kind == SELECTED_CODE ? "code" : "message",
                str_text(&count));
    } else {
        app_fail(app, "%s", err.text);
    }
    str_done(&text);
    str_done(&sequence);
    str_done(&count);
}

static void write_to(struct app *app, enum prompt_event event, const char *name)
{
    struct err err;
    enum selected kind;
    struct str text = {0};
    if (event != PROMPT_ENTERED || !*name || !get_selected(app, &text, &kind))
        return;
    char *path = path_expand(name);
    if (file_exists(path))
        app_fail(app, "%s: there is such a file already", name);
    else if (file_write(path, str_text(&text), text.len, 0644, &err))
        app_say(app, "written to %s", name);
    else
        app_fail(app, "%s", err.text);
    free(path);
    str_done(&text);
}

static void ask_where_to_write(struct app *app)
{
    enum selected kind;
    struct str text = {0};
    struct tm local;
    time_t now = time(NULL);
    char name[NAME_BYTES];
    if (!get_selected(app, &text, &kind))
        return;
    str_done(&text);
    localtime_r(&now, &local);
    strftime(name, sizeof name,
             kind == SELECTED_CODE ? "code-%Y-%m-%d-%H%M%S.txt" : "answer-%Y-%m-%d-%H%M%S.md",
             &local);
    prompt_open(app, "Write to: ", name, write_to);
}

/* To look at, and to take parts of it: what is changed there is dropped. */
static void open_in_editor(struct app *app)
{
    struct err err;
    enum selected kind;
    struct str text = {0};
    if (!get_selected(app, &text, &kind))
        return;
    char *copy = str_take(&text);
    term_leave(app->term);
    bool ok = compose(&copy, &err);
    term_return(app->term);
    if (!ok)
        app_fail(app, "%s", err.text);
    free(copy);
}

/* ---- Search --------------------------------------------------------------------------------- */

static void count_matches(const struct app *app, char out[COUNT_BYTES])
{
    size_t k, n;
    transcript_search_count(app->transcript, &k, &n);
    if (n)
        snprintf(out, COUNT_BYTES, "%zu of %zu", k, n);
    else
        snprintf(out, COUNT_BYTES, "nowhere");
}

static void tell_match(struct app *app)
{
    char count[COUNT_BYTES], a[KEY_NAME_BYTES], b[KEY_NAME_BYTES], c[KEY_NAME_BYTES];
    count_matches(app, count);
    app_say(app, "%s · %s next, %s back, %s ends", count,
            keys_first(KEYS_TRANSCRIPT, ACTION_MATCH_NEXT, a),
            keys_first(KEYS_TRANSCRIPT, ACTION_MATCH_PREVIOUS, b),
            keys_first(KEYS_TRANSCRIPT, ACTION_CANCEL, c));
}

static bool is_searching(const struct app *app)
{
    size_t k, n;
    transcript_search_count(app->transcript, &k, &n);
    return n > 0;
}

static void on_search(struct app *app, enum prompt_event event, const char *text)
{
    if (event == PROMPT_CHANGED)
        transcript_search(app->transcript, text);
    else if (event == PROMPT_ENTERED && is_searching(app))
        tell_match(app);
    else
        transcript_search(app->transcript, "");
}

static void step_match(struct app *app, int step)
{
    transcript_search_step(app->transcript, step);
    if (is_searching(app))
        tell_match(app);
    else
        app_say(app, "/ finds text");
}

void reading_draw_prompt(const struct app *app, struct surface *s, struct rect where)
{
    char count[COUNT_BYTES] = "";
    if (app->prompt.callback == on_search && app->prompt.entry.text.len)
        count_matches(app, count);
    prompt_draw(&app->prompt, &app->theme, s, where, count);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static void select_next(struct app *app, bool code, int step)
{
    bool found = code ? transcript_select_code(app->transcript, step)
                      : transcript_select_message(app->transcript, step);
    if (!found)
        app_say(app, "no %s %s", code ? "code" : "message", step < 0 ? "before" : "after");
}

/* What changes the message that is selected, or the last answer. */
static void revise(struct app *app, enum action action)
{
    struct str text = {0};
    size_t message;
    enum selected kind = transcript_get_selected(app->transcript, &text, &message);
    str_done(&text);
    if (kind == SELECTED_NOTHING)
        app_say(app, "there is no answer yet");
    else if (action == ACTION_EDIT)
        revising_edit(app, message);
    else if (action == ACTION_DELETE_MESSAGE)
        revising_delete(app, message);
    else if (action == ACTION_FORK)
        revising_fork(app, message);
    else
        revising_branch(app, message, action == ACTION_BRANCH_NEXT ? 1 : -1);
}

bool reading_act(struct app *app, enum action action)
{
    switch (action) {
    case ACTION_EDIT:
    case ACTION_DELETE_MESSAGE:
    case ACTION_FORK:
    case ACTION_BRANCH_PREVIOUS:
    case ACTION_BRANCH_NEXT:
        revise(app, action);
        return true;
    case ACTION_MESSAGE_PREVIOUS:
    case ACTION_MESSAGE_NEXT:
        select_next(app, false, action == ACTION_MESSAGE_NEXT ? 1 : -1);
        return true;
    case ACTION_CODE_PREVIOUS:
    case ACTION_CODE_NEXT:
        select_next(app, true, action == ACTION_CODE_NEXT ? 1 : -1);
        return true;
    case ACTION_COPY:
        copy(app);
        return true;
    case ACTION_WRITE:
        ask_where_to_write(app);
        return true;
    case ACTION_OPEN:
        open_in_editor(app);
        return true;
    case ACTION_REGENERATE:
        turn_regenerate(app);
        return true;
    case ACTION_CONTINUE:
        turn_continue(app);
        return true;
    case ACTION_SEARCH:
        prompt_open(app, "/", "", on_search);
        return true;
    case ACTION_MATCH_NEXT:
    case ACTION_MATCH_PREVIOUS:
        step_match(app, action == ACTION_MATCH_NEXT ? 1 : -1);
        return true;
    case ACTION_SHADE:
        shading_toggle(app);
        return true;
    case ACTION_WORD_PREVIOUS:
    case ACTION_WORD_NEXT:
        shading_step(app, action == ACTION_WORD_NEXT ? 1 : -1);
        return true;
    default:
        return false;
    }
}

bool reading_step_back(struct app *app)
{
    if (is_searching(app))
        transcript_search(app->transcript, "");
    else if (!shading_end(app))
        return transcript_deselect(app->transcript);
    return true;
}

static const struct key_row *row_of(enum action action)
{
    for (size_t i = 0; i < n_key_rows; i++)
        if (key_rows[i].action == action && key_rows[i].context == KEYS_TRANSCRIPT)
            return &key_rows[i];
    return NULL;
}

void reading_hints(struct str *out)
{
    static const struct {
        enum action action;
        const char *what;
    } hints[] = {
        {ACTION_REGENERATE, "again"}, {ACTION_EDIT, "edit"},      {ACTION_COPY, "copy"},
        {ACTION_CONTINUE, "continue"}, {ACTION_WRITE, "write"}, {ACTION_OPEN, "open"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        const struct key_row *row = row_of(hints[i].action);
        char name[KEY_NAME_BYTES];
        if (!row)
            continue;
        keys_name(row->keys[0], name);
        str_printf(out, "%s%s %s", out->len ? " · " : "", name, hints[i].what);
    }
}
