/* A chat without a model, for tests of the screen: the message says what the answer is to be.
 *
 *     say TEXT      TEXT, a few bytes at a time      lines N    "line 1" to "line N"
 *     slow          words until it is stopped        markdown   some of everything
 *     flood         the same, 500 a second
 *     late TEXT     TEXT, after what it calls a long time
 *     evil          what must not reach a terminal   look       three views, then a word
 *     fail          fails before its first word      break      fails behind some words
 *     What did I pay …   an answer to be shown in pictures
 *
 * One thread: a timer makes chat_fd readable, and each chat_next gives the next piece. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/confidence.h"
#include "chat/chat.h"
#include "chat/tree.h"

enum { PIECE_BYTES = 5, TOKEN_BYTES = 12, VIEWS = 3, TICK_MS = 2, SLOW_TICK_MS = 20, LOOK_TICK_MS = 100 };

struct chat {
    struct options options;
    struct tree tree;
    size_t old;        /* the answer that is seen again if nothing comes */
    size_t edited;     /* the question */
    struct str script; /* the whole answer */
    size_t at, looked;
    bool loaded, busy, cancelled, look, late, fails;
    char piece[64];
    bool looks; /* chat_look is under way */
    size_t n_looks;
    struct chat_looked heat;
    int timer;
};

static const char markdown[] =
    "# Heading\n\nSome **bold**, *slanted* and `code`; 2 * 3 stays.\n\n- first\n- second\n\n"
    "1. one\n\n```c\nint main(void);\n```\n\n> quoted\n\n---\nend";
static const char receipt[] =
    "You paid **12,40 €** at *Bäckerei Lang* on 7 March, at 08:13:\n\n- Roggenbrot: 4,60 €\n"
    "- 4 Brötchen: 7,80 €\n\nAs a record:\n\n```json\n{\"shop\": \"Bäckerei Lang\", "
    "\"total\": 12.40}  // in euros\n```\n\n> Es bediente Sie: Frau Lang";
static const char evil[] = "a\033]0;owned\007b\033[2Jc\xC2\x9B"
                           "31md\xE2\x80\xAE"
                           "e\x01"
                           "f\x7F"
                           "g\xFFh";

static void tick_every(struct chat *chat, int ms)
{
    struct itimerspec spec = {{ms / 1000, ms % 1000 * 1000000L}, {ms / 1000, ms % 1000 * 1000000L}};
    timerfd_settime(chat->timer, 0, &spec, NULL);
}

struct chat *chat_open(const struct options *options, struct store *store, struct err *err)
{
    (void)store;
    (void)err;
    struct chat *chat = mem_new(1, sizeof *chat);
    options_copy(&chat->options, options);
    tree_init(&chat->tree);
    chat->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    tick_every(chat, TICK_MS);
    return chat;
}

void chat_close(struct chat *chat)
{
    if (!chat)
        return;
    close(chat->timer);
    str_done(&chat->script);
    free(chat->heat.share);
    tree_done(&chat->tree);
    options_done(&chat->options);
    free(chat);
}

/* ---- Scripts -------------------------------------------------------------------------------- */

static void write_script(struct chat *chat, const char *text)
{
    struct str *s = &chat->script;
    unsigned n;
    str_clear(s);
    chat->look = strcmp(text, "look") == 0 || strncmp(text, "[image", 6) == 0;
    chat->fails = strcmp(text, "fail") == 0 || strcmp(text, "break") == 0;
    chat->late = strncmp(text, "late ", 5) == 0;
    if (strncmp(text, "say ", 4) == 0)
        str_puts(s, text + 4);
    else if (chat->late)
        str_puts(s, text + 5);
    else if (sscanf(text, "lines %u", &n) == 1)
        for (unsigned i = 1; i <= n; i++)
            str_printf(s, "line %u%s", i, i < n ? "\n" : "");
    else if (strcmp(text, "slow") == 0 || strcmp(text, "flood") == 0)
        for (unsigned i = 1; i <= 5000; i++)
            str_printf(s, "w%u ", i);
    else if (strcmp(text, "markdown") == 0)
        str_puts(s, markdown);
    else if (strncmp(text, "What did I pay", 14) == 0)
        str_puts(s, receipt);
    else if (strcmp(text, "evil") == 0)
        str_puts(s, evil);
    else if (strcmp(text, "fail") != 0)
        str_printf(s, "echo: %s", text);
}

static void start(struct chat *chat)
{
    const struct messages *ms = &chat->tree.path;
    char *text = message_text(&ms->list[ms->n - 1], 1);
    write_script(chat, text);
    tick_every(chat, chat->look ? LOOK_TICK_MS : strcmp(text, "slow") ? TICK_MS : SLOW_TICK_MS);
    chat->at = chat->looked = 0;
    chat->busy = true;
    chat->cancelled = false;
    free(text);
}

static bool ask(struct chat *chat, struct message *user, size_t parent)
{
    user->role = ROLE_USER;
    tree_add(&chat->tree, parent, user);
    chat->old = chat->edited = 0;
    start(chat);
    return true;
}

bool chat_submit(struct chat *chat, struct message *user, struct err *err)
{
    if (chat->busy)
        return err_set(err, "an answer is under way");
    return ask(chat, user, tree_leaf(&chat->tree));
}

/* 0 and an error: there is none, or an answer is under way. */
static size_t node_at(const struct chat *chat, size_t index, struct err *err)
{
    bool ok = !chat->busy && index < chat->tree.path.n;
    return ok ? chat->tree.at[index] : err_set(err, "there is no message %zu", index);
}

bool chat_edit(struct chat *chat, size_t index, struct message *user, struct err *err)
{
    size_t node = node_at(chat, index, err);
    bool ok = node && ask(chat, user, chat->tree.nodes[node].parent);
    chat->edited = ok ? node : 0;
    return ok;
}

bool chat_regenerate(struct chat *chat, struct err *err)
{
    struct tree *t = &chat->tree;
    if (chat->busy || t->path.n < 2)
        return err_set(err, "there is no answer yet");
    chat->old = tree_leaf(t);
    tree_choose(t, t->nodes[chat->old].parent, 0);
    start(chat);
    return true;
}

bool chat_continue(struct chat *chat, struct err *err)
{
    if (chat->busy || chat->at >= chat->script.len)
        return err_set(err, "there is nothing to go on with");
    tree_drop_newest(&chat->tree);
    chat->busy = true;
    chat->cancelled = false;
    tick_every(chat, TICK_MS);
    return true;
}

/* ---- Events --------------------------------------------------------------------------------- */

/* A token for each word, with the space before it, or several for a long one; the likely ones come first, then less and less
 * likely ones, and again. */
static struct confidence *doubt(const char *text)
{
    static const float likely[] = {0.97F, 0.5F, 0.2F, 0.004F};
    struct confidence *c = mem_new(1, sizeof *c);
    for (size_t n; *text; text += n) {
        n = 1 + strcspn(text + 1, " \n");
        n = n < TOKEN_BYTES ? n : TOKEN_BYTES;
        while (((unsigned char)text[n] & 0xC0) == 0x80)
            n++;
        confidence_add(c, n, likely[c->n % 4]);
        confidence_add_other(c, " shop", 5, 0.01F);
        confidence_add_other(c, " caf\xC3\xA9", 6, 0.008F);
        confidence_add_other(c, "\n", 1, 0.006F);
        confidence_add_other(c, "\033[2J", 4, 0.001F);
    }
    return c;
}

static bool finish(struct chat *chat, struct chat_event *event)
{
    struct message m = {.role = ROLE_MODEL, .interrupted = chat->cancelled};
    message_add_text(&m, str_text(&chat->script), chat->at);
    m.confidence = chat->options.confidence ? doubt(m.parts[0].text) : NULL;
    tree_add(&chat->tree, tree_leaf(&chat->tree), &m);
    chat->busy = false;
    tick_every(chat, 0);
    *event = (struct chat_event){.kind = CHAT_DONE,
                                 .reason = chat->cancelled ? CHAT_CANCELLED : CHAT_ENDED};
    event->stats =
        (struct chat_stats){.n_answer = 37, .answer_s = chat->late ? 20 : 2, .n_views = chat->look ? VIEWS : 0};
    event->stats.encode_s = chat->look ? 6 : 0;
    return true;
}

static bool fail(struct chat *chat, struct chat_event *event)
{
    if (chat->at)
        finish(chat, event);
    else if (chat->old)
        tree_choose(&chat->tree, tree_leaf(&chat->tree), chat->old);
    else
        tree_drop_newest(&chat->tree);
    if (!chat->at && chat->edited)
        tree_choose(&chat->tree, chat->tree.nodes[chat->edited].parent, chat->edited);
    chat->busy = false;
    tick_every(chat, 0);
    *event = (struct chat_event){.kind = CHAT_FAILED, .text = "the engine stumbled", .n_bytes = 19};
    return true;
}

static bool give_piece(struct chat *chat, struct chat_event *event)
{
    size_t n = chat->script.len - chat->at;
    n = n < PIECE_BYTES ? n : PIECE_BYTES;
    while (chat->at + n < chat->script.len &&
           ((unsigned char)chat->script.data[chat->at + n] & 0xC0) == 0x80)
        n++; /* whole characters, as the contract says */
    memcpy(chat->piece, chat->script.data + chat->at, n);
    chat->at += n;
    *event = (struct chat_event){.kind = CHAT_TEXT, .text = chat->piece, .n_bytes = n};
    return true;
}

/* ---- Where it looked ------------------------------------------------------------------------ */

/* A word's share lies in the next row of soft tokens each time, the whole answer's in the first. */
bool chat_look(struct chat *chat, size_t message, size_t first, size_t n_bytes,
               const struct attachment *picture, struct err *err)
{
    if (chat->busy || chat->tree.path.list[message].role != ROLE_MODEL)
        return err_set(err, "an answer is under way, or there is none");
    struct chat_looked *l = &chat->heat;
    size_t row = chat->n_looks++;
    (void)first;
    (void)n_bytes;
    free(l->share);
    *l = (struct chat_looked){
        .n_views = attachment_views(picture), .n_soft = 256, .n_tokens = 9, .n_counted = 9};
    l->share = mem_new(l->n_views * l->n_soft, sizeof *l->share);
    for (size_t i = 0; i < 16; i++)
        l->share[row % 16 * 16 + i] = 1.0F / 16;
    l->total = 0.25 + 0.01 * (double)row;
    chat->looks = chat->busy = true;
    tick_every(chat, TICK_MS);
    return true;
}

const struct chat_looked *chat_looked(const struct chat *chat)
{
    return &chat->heat;
}

static bool tell_looked(struct chat *chat, struct chat_event *event)
{
    static const char forgotten[] = "the model does not hold this answer any more";
    const struct messages *ms = &chat->tree.path;
    bool held = strstr(ms->list[ms->n - 1].parts[0].text, "forget") == NULL;
    *event = (struct chat_event){.kind = CHAT_LOOKED};
    if (!held)
        *event = (struct chat_event){
            .kind = CHAT_LOOKED, .text = forgotten, .n_bytes = sizeof forgotten - 1};
    chat->looks = chat->busy = false;
    tick_every(chat, 0);
    return true;
}

bool chat_next(struct chat *chat, struct chat_event *event, int timeout_ms)
{
    uint64_t ticks;
    (void)timeout_ms; /* the screen always asks with 0 */
    if (read(chat->timer, &ticks, sizeof ticks) != sizeof ticks)
        return false;
    if (!chat->loaded) {
        chat->loaded = true;
        tick_every(chat, 0);
        *event = (struct chat_event){.kind = CHAT_LOADED, .text = "fake-gemma", .n_bytes = 10};
        return true;
    }
    if (chat->looks)
        return tell_looked(chat, event);
    if (chat->cancelled)
        return finish(chat, event);
    if (chat->look && chat->looked < VIEWS) {
        *event =
            (struct chat_event){.kind = CHAT_PROGRESS, .text = "looking at dot.ppm", .n_bytes = 18};
        event->done = chat->looked++;
        event->total = VIEWS;
        event->seconds_left = 9;
        return true;
    }
    if (chat->at < chat->script.len)
        return give_piece(chat, event);
    return chat->fails ? fail(chat, event) : finish(chat, event);
}

int chat_fd(const struct chat *chat)
{
    return chat->timer;
}

void chat_cancel(struct chat *chat)
{
    chat->cancelled = true;
    tick_every(chat, 1);
}

bool chat_is_busy(const struct chat *chat)
{
    return chat->busy;
}

/* ---- The conversation ----------------------------------------------------------------------- */

const struct messages *chat_messages(const struct chat *chat)
{
    return &chat->tree.path;
}

bool chat_clear(struct chat *chat, struct err *err)
{
    if (chat->busy)
        return err_set(err, "an answer is under way");
    tree_done(&chat->tree);
    tree_init(&chat->tree);
    return true;
}

bool chat_load_unread(struct chat *chat, int64_t conversation, struct err *err)
{
    (void)chat;
    return err_set(err, "conversation %lld: there is none", (long long)conversation);
}

void chat_recount(struct chat *chat)
{
    (void)chat;
}

bool chat_branch(struct chat *chat, size_t index, int step, struct err *err)
{
    struct tree *t = &chat->tree;
    size_t node = node_at(chat, index, err), other = node ? tree_sibling(t, node, step) : 0;
    if (node && !other)
        err_set(err, step < 0 ? "this is the first one" : "this is the last one");
    if (other)
        tree_choose(t, t->nodes[node].parent, other);
    return other != 0;
}

bool chat_delete(struct chat *chat, size_t index, struct err *err)
{
    size_t node = node_at(chat, index, err);
    if (node)
        tree_delete(&chat->tree, node);
    return node != 0;
}

bool chat_undelete(struct chat *chat, struct err *err)
{
    return tree_undelete(&chat->tree) || err_set(err, "nothing of this conversation is deleted");
}

/* There is no other conversation to be seen, so this one may lose its end. */
bool chat_fork(struct chat *chat, size_t index, struct err *err)
{
    size_t node = node_at(chat, index, err);
    if (node)
        tree_choose(&chat->tree, node, 0);
    return node != 0;
}

int64_t chat_conversation(const struct chat *chat)
{
    (void)chat;
    return 0;
}

bool chat_set_system(struct chat *chat, const char *system, struct err *err)
{
    return options_set(&chat->options, "system", system, err);
}

bool chat_set(struct chat *chat, const char *option, const char *value, struct err *err)
{
    return options_set(&chat->options, option, value, err);
}

const struct options *chat_options(const struct chat *chat)
{
    return &chat->options;
}

const struct facet_model *chat_model(const struct chat *chat)
{
    (void)chat;
    return NULL;
}

void chat_context(const struct chat *chat, size_t *used, size_t *total)
{
    *used = chat->at;
    *total = chat->options.ctx;
}

bool chat_weigh(const struct chat *chat, struct context_share *shares, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < chat->tree.path.n; i++)
        shares[i] = (struct context_share){.text = 100 + i};
    return true;
}

bool chat_set_told(struct chat *chat, size_t i, enum context_state state, struct err *err)
{
    (void)err;
    context_set_state(&chat->tree.path, i, state);
    return true;
}

bool chat_make_room(struct chat *chat, size_t least, size_t wanted, struct err *err)
{
    (void)chat;
    (void)least;
    (void)wanted;
    return err_set(err, "there is not so much that could be left out");
}
