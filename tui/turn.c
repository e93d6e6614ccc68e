#include "tui/turn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "tui/browse.h"
#include "tui/filling.h"
#include "tui/pace.h"
#include "tui/picture.h"
#include "tui/recall.h"
#include "tui/shading.h"

enum { ASIDE_BYTES = 64 };

/* An early rate jumps about. */
static const double steady_after_s = 0.5;
static const double call_after_s = 10;

void turn_done(struct app *app)
{
    for (size_t i = 0; i < app->turn.n_pictures; i++)
        attachment_release(app->turn.pictures[i]);
    free(app->turn.pictures);
    free(app->turn.text);
    app->turn.pictures = NULL;
    app->turn.text = NULL;
    app->turn.n_pictures = 0;
}

static void begin(struct app *app)
{
    size_t total;
    chat_context(app->chat, &app->turn.used_at_first_word, &total);
    app->turn.regenerating = false;
    app->turn.started = app_now();
    app->turn.first_word = 0;
    app->tokens_a_second = 0;
    shading_end(app);
    app_hush(app);
}

/* Keeps text and pictures until something was answered. */
static void keep_sent(struct app *app, const char *text, struct attachment *const *pictures,
                      size_t n)
{
    turn_done(app);
    app->turn.text = mem_copy(text);
    app->turn.pictures = mem_new(n + 1, sizeof(void *));
    for (size_t i = 0; i < n; i++)
        app->turn.pictures[i] = attachment_keep(pictures[i]);
    app->turn.n_pictures = n;
}

static void clock_time(time_t when, char out[ASIDE_BYTES])
{
    struct tm local;
    localtime_r(&when, &local);
    strftime(out, ASIDE_BYTES, "%H:%M", &local);
}

static void show_message(struct app *app, const struct message *m)
{
    char *text = message_text(m, 1), aside[ASIDE_BYTES] = "";
    if (m->created)
        clock_time((time_t)m->created, aside);
    transcript_add(app->transcript, m->role == ROLE_USER ? ITEM_USER : ITEM_MODEL, text,
                   m->role == ROLE_USER && *aside ? aside : NULL);
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].image)
            transcript_add_picture(app->transcript, m->parts[i].image);
    if (m->role == ROLE_MODEL)
        transcript_finish(app->transcript, NULL, m->interrupted);
    free(text);
}

/* What the status line tells of the conversation and of the process. */
static void take_figures(struct app *app)
{
    const struct messages *ms = chat_messages(app->chat);
    const struct facet_model *model = chat_model(app->chat);
    struct facet_model_info info = {0};
    app->resident_bytes = mem_resident();
    if (chat_is_busy(app->chat)) /* the messages are the worker's */
        return;
    if (model)
        facet_model_get_info(model, &info);
    app->image_positions = 0;
    for (size_t i = 0; i < ms->n; i++)
        for (size_t k = 0; !ms->list[i].dropped && k < ms->list[i].n_parts; k++)
            if (ms->list[i].parts[k].image)
                app->image_positions +=
                    attachment_views(ms->list[i].parts[k].image) * info.n_soft_tokens;
}

void turn_recount(struct app *app)
{
    chat_recount(app->chat);
    take_figures(app);
}

static void show_branches(struct app *app)
{
    const struct messages *ms = chat_messages(app->chat);
    for (size_t i = 0, shown = 0; i < ms->n; i++)
        if (ms->list[i].role == ROLE_USER || ms->list[i].role == ROLE_MODEL)
            transcript_set_branch(app->transcript, shown++, ms->list[i].variant,
                                  ms->list[i].n_variants);
}

/* The conversation's first n messages. */
static void show_first(struct app *app, size_t n)
{
    const struct messages *ms = chat_messages(app->chat);
    transcript_clear(app->transcript);
    for (size_t i = 0; i < ms->n && i < n; i++)
        if (ms->list[i].role == ROLE_USER || ms->list[i].role == ROLE_MODEL)
            show_message(app, &ms->list[i]);
}

void turn_show_all(struct app *app)
{
    show_first(app, SIZE_MAX);
    take_figures(app);
    show_branches(app);
    recall_pictures(app);
}

/* A question that replaces another is shown in its place: what followed is another branch. */
static bool submit(struct app *app, struct message *message, struct err *err)
{
    if (!app->editing)
        return chat_submit(app->chat, message, err);
    if (!chat_is_busy(app->chat))
        show_first(app, app->editing - 1);
    bool ok = chat_edit(app->chat, app->editing - 1, message, err);
    if (!ok && !chat_is_busy(app->chat))
        turn_show_all(app);
    return ok;
}

void turn_send(struct app *app)
{
    struct err err;
    struct message message = {.role = ROLE_USER};
    size_t n;
    struct attachment *const *pictures = input_settle(app->input, &n);
    char *text = input_full_text(app->input);
    message_from_input(&message, text, pictures, n);
    if (!submit(app, &message, &err)) {
        message_done(&message);
        app_fail(app, "%s", err.text);
        free(text);
        return;
    }
    begin(app);
    keep_sent(app, text, pictures, n);
    app->turn.editing = app->editing;
    app->editing = 0;
    char aside[ASIDE_BYTES];
    clock_time(time(NULL), aside);
    transcript_add(app->transcript, ITEM_USER, text, aside);
    for (size_t i = 0; i < app->turn.n_pictures; i++)
        transcript_add_picture(app->transcript, app->turn.pictures[i]);
    transcript_add(app->transcript, ITEM_MODEL, "", NULL);
    transcript_append(app->transcript, "", 0);
    input_remember(app->input, true);
    input_clear(app->input);
    free(text);
}

void turn_regenerate(struct app *app)
{
    struct err err;
    if (!chat_regenerate(app->chat, &err)) {
        app_fail(app, "%s", err.text);
        return;
    }
    begin(app);
    app->turn.regenerating = true;
    transcript_drop_answer(app->transcript);
    transcript_add(app->transcript, ITEM_MODEL, "", NULL);
    transcript_append(app->transcript, "", 0);
}

void turn_continue(struct app *app)
{
    struct err err;
    if (!chat_continue(app->chat, &err)) {
        app_fail(app, "%s", err.text);
        return;
    }
    begin(app);
    transcript_reopen(app->transcript);
}

/* ---- Events --------------------------------------------------------------------------------- */

static void on_progress(struct app *app, const struct chat_event *event)
{
    struct progress *p = &app->progress;
    str_clear(&p->what);
    str_put(&p->what, event->text ? event->text : "", event->n_bytes);
    p->done = event->done;
    p->total = event->total;
    p->seconds_left = event->seconds_left;
    app->in_progress = true;
}

static void on_text(struct app *app, const struct chat_event *event)
{
    size_t used, total;
    double now = app_now();
    chat_context(app->chat, &used, &total);
    app->in_progress = false;
    transcript_append(app->transcript, event->text, event->n_bytes);
    if (app->turn.first_word == 0) {
        app->turn.first_word = now;
        app->turn.used_at_first_word = used;
    } else if (now - app->turn.first_word > steady_after_s && used > app->turn.used_at_first_word) {
        app->tokens_a_second =
            (double)(used - app->turn.used_at_first_word) / (now - app->turn.first_word);
    }
}

/* A new answer that ended before its first word leaves the old one. */
static void bring_back_answer(struct app *app)
{
    const struct messages *ms = chat_messages(app->chat);
    transcript_drop_answer(app->transcript);
    if (ms->n && ms->list[ms->n - 1].role == ROLE_MODEL)
        show_message(app, &ms->list[ms->n - 1]);
}

/* Somebody went away while it took long. */
static void call_back(struct app *app, double seconds)
{
    enum notify how = chat_options(app->chat)->notify;
    if (app->away && seconds >= call_after_s && how != NOTIFY_OFF)
        term_notify(app->term, how == NOTIFY_DESKTOP ? "facet: the answer is there" : NULL);
}

static void on_done(struct app *app, const struct chat_event *event)
{
    const struct chat_stats *stats = &event->stats;
    double seconds = stats->encode_s + stats->prompt_s + stats->answer_s;
    char aside[ASIDE_BYTES] = "";
    if (stats->n_answer && stats->answer_s > 0) {
        app->tokens_a_second = (double)stats->n_answer / stats->answer_s;
        snprintf(aside, sizeof aside, "%.1f tok/s  %.*f s", app->tokens_a_second, seconds < 1,
                 seconds);
    }
    if (stats->n_views && stats->encode_s > 0)
        pace_note(app, stats->encode_s / (double)stats->n_views);
    transcript_finish(app->transcript, *aside ? aside : NULL, event->reason == CHAT_CANCELLED);
    call_back(app, seconds);
    if (app->turn.regenerating && transcript_answer_is_empty(app->transcript))
        bring_back_answer(app);
    if (event->reason == CHAT_MAX_TOKENS)
        app_say(app, "cut at the longest answer allowed: /continue goes on");
    if (event->reason == CHAT_CONTEXT_FULL)
        filling_answer_full(app);
    if (event->text)
        app_fail(app, "%s", event->text);
}

/* Nothing was answered, and nothing is kept of the turn: what was sent goes back to where it was
 * written, unless something new is there; then it can still be read where it was shown. */
static void give_back(struct app *app)
{
    if (!app->turn.text || !input_is_empty(app->input))
        return;
    for (size_t i = 0; i < app->turn.n_pictures; i++)
        input_attach(app->input, attachment_keep(app->turn.pictures[i]));
    input_set(app->input, app->turn.text);
    app->editing = app->turn.editing;
    turn_show_all(app);
}

static void on_failed(struct app *app, const struct chat_event *event)
{
    bool in_turn = app->turn.started > 0; /* else it is the model that could not be opened */
    if (app->model.len == 0)
        str_puts(&app->model, "no model");
    if (!in_turn) {
        transcript_add(app->transcript, ITEM_ERROR, event->text, NULL);
        transcript_add(app->transcript, ITEM_NOTE, "No model, no answers. Ctrl-D leaves.", NULL);
        return;
    }
    if (!transcript_answer_is_empty(app->transcript)) {
        transcript_finish(app->transcript, NULL, true);
    } else if (app->turn.regenerating) {
        bring_back_answer(app);
    } else {
        transcript_drop_answer(app->transcript);
        give_back(app);
    }
    transcript_add(app->transcript, ITEM_ERROR, event->text, NULL);
    if (event->lacking && app->turn.text)
        filling_prompt_full(app, event->lacking);
}

void turn_event(struct app *app, const struct chat_event *event)
{
    app->dirty = true;
    switch (event->kind) {
    case CHAT_LOADED:
        str_clear(&app->model);
        str_put(&app->model, event->text, event->n_bytes);
        pace_recall(app);
        app->in_progress = false;
        turn_recount(app);
        break;
    case CHAT_PROGRESS:
        on_progress(app, event);
        break;
    case CHAT_TEXT:
        on_text(app, event);
        break;
    case CHAT_LOOKED:
        app->in_progress = false;
        picture_looked(app, event);
        break;
    case CHAT_DONE:
    case CHAT_FAILED:
        app->in_progress = false;
        if (event->kind == CHAT_DONE)
            on_done(app, event);
        else
            on_failed(app, event);
        turn_done(app);
        take_figures(app);
        show_branches(app);
        browse_touch(app);
        break;
    }
}
