#include "tui/filling.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/browse.h"
#include "tui/turn.h"

enum { TITLE_CELLS = 60, ANSWER_SHARE = 4 /* of the context, made free for the answer */ };

/* ---- The list ------------------------------------------------------------------------------- */

static void put_title(struct str *out, const struct message *m)
{
    char *text = message_text(m, 1);
    str_puts(out, m->role == ROLE_USER ? "You: " : m->role == ROLE_MODEL ? "Gemma: " : "System: ");
    for (const char *t = text; *t; t++)
        str_putc(out, *t == '\n' ? ' ' : *t);
    out->data[out->len = glyph_fit(out->data, out->len, TITLE_CELLS)] = 0;
    free(text);
}

static void put_aside(struct str *out, const struct context_share *share, enum context_state state)
{
    static const char *const names[] = {[CONTEXT_TOLD] = "",
                                        [CONTEXT_DROPPED] = "  left out",
                                        [CONTEXT_PINNED] = "  pinned"};
    status_count(out, share->text + share->images);
    if (share->images) {
        str_puts(out, " (pictures ");
        status_count(out, share->images);
        str_putc(out, ')');
    }
    str_puts(out, names[state]);
}

static bool open_at(struct app *app, int64_t marked);

/* Enter goes through the three states, and the list stays. */
static void take(void *user, int64_t value)
{
    struct app *app = user;
    struct err err;
    enum context_state now = context_state(chat_messages(app->chat), (size_t)value);
    enum context_state next = now == CONTEXT_TOLD      ? CONTEXT_DROPPED
                              : now == CONTEXT_DROPPED ? CONTEXT_PINNED
                                                       : CONTEXT_TOLD;
    if (!chat_set_told(app->chat, (size_t)value, next, &err))
        app_fail(app, "%s", err.text);
    else
        open_at(app, value);
}

static bool open_at(struct app *app, int64_t marked)
{
    struct err err;
    const struct messages *ms = chat_messages(app->chat);
    struct context_share *shares = mem_new(ms->n + 1, sizeof *shares);
    if (!chat_weigh(app->chat, shares, &err)) {
        free(shares);
        return app_fail(app, "%s", err.text), false;
    }
    struct chooser_hooks hooks = {.taken = take, .user = app};
    struct chooser *c =
        chooser_new(&app->theme, "What fills the context (Enter: leave out, pin, tell again)",
                    "nothing was said yet", &hooks);
    for (size_t i = 0; i < ms->n; i++) {
        struct str title = {0}, aside = {0};
        put_title(&title, &ms->list[i]);
        put_aside(&aside, &shares[i], context_state(ms, i));
        chooser_add(c, str_text(&title), str_text(&aside), (int64_t)i);
        str_done(&title);
        str_done(&aside);
    }
    chooser_mark(c, marked);
    app_choose(app, c);
    free(shares);
    return true;
}

bool filling_open(struct app *app)
{
    return open_at(app, 0);
}

/* ---- When it is full ------------------------------------------------------------------------ */

enum choice { CHOICE_DROP, CHOICE_LIST, CHOICE_NEW, CHOICE_NOTHING };

static bool make_room(struct app *app)
{
    struct err err;
    size_t used, total;
    chat_context(app->chat, &used, &total);
    if (!chat_make_room(app->chat, app->lacking, app->lacking + total / ANSWER_SHARE, &err))
        return app_fail(app, "%s: /context shows what is there", err.text), false;
    return true;
}

static void send_after(void *user, int64_t value)
{
    struct app *app = user;
    switch ((enum choice)value) {
    case CHOICE_DROP:
        if (make_room(app))
            turn_send(app);
        break;
    case CHOICE_LIST:
        filling_open(app);
        break;
    case CHOICE_NEW:
        if (browse_new(app))
            turn_send(app);
        break;
    case CHOICE_NOTHING:
        break;
    }
}

static void continue_after(void *user, int64_t value)
{
    struct app *app = user;
    enum choice choice = (enum choice)value;
    if (choice == CHOICE_DROP && make_room(app))
        turn_continue(app);
    else if (choice == CHOICE_LIST)
        filling_open(app);
    else if (choice == CHOICE_NEW)
        browse_new(app);
}

static void offer(struct app *app, void (*taken)(void *, int64_t), const char *drop,
                  const char *new)
{
    struct chooser_hooks hooks = {.taken = taken, .user = app};
    struct chooser *c = chooser_new(&app->theme, "The context is full", "", &hooks);
    struct str aside = {0};
    status_count(&aside, app->lacking);
    str_puts(&aside, " lacking");
    chooser_add(c, drop, app->lacking == 1 ? NULL : str_text(&aside), CHOICE_DROP);
    chooser_add(c, "choose what the model is not told any more", "/context", CHOICE_LIST);
    chooser_add(c, new, "/new", CHOICE_NEW);
    chooser_add(c, "leave it as it is", "Esc", CHOICE_NOTHING);
    app_choose(app, c);
    str_done(&aside);
}

void filling_prompt_full(struct app *app, size_t lacking)
{
    app->lacking = lacking;
    offer(app, send_after, "leave the oldest turns out that are not pinned, and send",
          "send it in a new conversation");
}

void filling_answer_full(struct app *app)
{
    app->lacking = 1;
    offer(app, continue_after, "leave the oldest turns out that are not pinned, and go on",
          "begin a new conversation");
}
