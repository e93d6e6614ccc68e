#include "chat/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/backend_local.h"
#include "chat/message.h"
#include "chat/model_digest.h"
#include "chat/receipt.h"
#include "chat/record.h"
#include "chat/resolve.h"
#include "chat/tree.h"

/* What the receipt of one answer says. */
struct proof {
    int64_t row;
    struct options options;
    char *digest;
    size_t continued_from, n_prompt, n_kept, n_answer;
    bool cut;
};

struct proving {
    struct replay *replay;
    struct proof *list; /* of all answers that have a receipt, by their rows */
    size_t n;
    struct tree tree;
    struct backend *backend;
    struct err *err;
    bool failed;
};

static bool take_receipt(struct proof *p, const struct replay *r,
                         const struct store_receipt *receipt, struct err *err)
{
    struct options *o = &p->options;
    if (!receipt_apply(o, receipt->options, err))
        return false;
    o->model = mem_copy(r->model ? r->model : receipt->model);
    o->threads = r->threads;
    o->seed = receipt->seed;
    o->seed_given = true;
    p->digest = mem_copy(receipt->digest);
    p->continued_from = receipt->continued_from;
    p->n_prompt = receipt->n_prompt;
    p->n_kept = receipt->n_kept;
    p->n_answer = receipt->n_answer;
    p->cut = strcmp(receipt->reason, reason_name(CHAT_CANCELLED)) == 0;
    if (p->cut)
        o->max_tokens = receipt->n_answer;
    return true;
}

static bool take_proof(void *user, const struct store_message *m)
{
    struct proving *w = user;
    if (!m->receipt || m->deleted || m->receipt->continued_from > strlen(m->text))
        return true;
    w->list = mem_grow(w->list, w->n + 1, sizeof *w->list);
    w->list[w->n] = (struct proof){.row = m->id};
    w->failed = !take_receipt(&w->list[w->n++], w->replay, m->receipt, w->err);
    return !w->failed;
}

static struct proof *proof_of(const struct proving *w, int64_t row)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->list[i].row == row)
            return &w->list[i];
    return NULL;
}

/* The last answer of what is seen that has a receipt. */
static int64_t last_row(const struct proving *w)
{
    const struct tree *t = &w->tree;
    for (size_t i = t->path.n; i > 0; i--)
        if (proof_of(w, t->nodes[t->at[i - 1]].row))
            return t->nodes[t->at[i - 1]].row;
    return 0;
}

static size_t node_of(const struct tree *t, int64_t row)
{
    size_t node = 1;
    while (node < t->n && t->nodes[node].row != row)
        node++;
    return node < t->n ? node : 0;
}

/* ---- One answer ---- */

static void set_text(struct message *m, const char *text, size_t n)
{
    bool dropped = m->dropped;
    message_done(m);
    m->dropped = dropped;
    if (n)
        message_add_text(m, text, n);
}

/* The path is what stood before the answer, and the part of it that was continued. */
static void set_scene(struct tree *t, size_t node, const struct proof *p)
{
    const char *system = p->options.system ? p->options.system : "";
    size_t last = p->continued_from ? node : t->nodes[node].parent;
    set_text(&t->nodes[0].message, system, strlen(system));
    t->nodes[last].chosen = 0;
    for (size_t child = last; child; child = t->nodes[child].parent)
        t->nodes[t->nodes[child].parent].chosen = child;
    tree_refresh(t);
}

/* What is left out now may have been told then: the number of tokens says so. */
static void tell_as_then(struct proving *w, const struct proof *p)
{
    struct messages *path = &w->tree.path, told = *path;
    struct prompt prompt;
    unsigned form = p->continued_from ? PROMPT_OPEN : 0;
    told.schema = p->options.schema;
    bool as_now = prompt_render(&prompt, backend_model(w->backend), &told, form, NULL);
    if (as_now) {
        as_now = prompt.n_ids == p->n_prompt;
        prompt_done(&prompt);
    }
    for (size_t i = 0; !as_now && i < path->n; i++)
        path->list[i].dropped = false;
}

static void on_text(void *user, const char *bytes, size_t n)
{
    struct replay *r = user;
    message_put_said(&r->is, bytes, n);
}

static void on_progress(void *user, const char *what, size_t done, size_t total,
                        double seconds_left)
{
    struct replay *r = user;
    if (r->progress)
        r->progress(r->user, what, done, total, seconds_left);
}

static bool generate(struct proving *w, const struct proof *p)
{
    struct outcome o = {0};
    struct backend_turn turn = {.messages = &w->tree.path,
                                .open_answer = p->continued_from > 0,
                                .options = &p->options,
                                .sampling = options_sampling(
                                    &p->options, backend_model(w->backend), 0),
                                .progress = on_progress,
                                .text = on_text,
                                .user = w->replay};
    str_clear(&w->replay->is);
    backend_answer(w->backend, &turn, &o);
    return !o.failed || err_set(w->err, "%s", o.err.text);
}

/* All of the prompt, perhaps but for its last token, had been computed for another answer to it: so
 * it is here, for one word. */
static bool prepare(struct proving *w, const struct proof *p)
{
    struct proof first = *p;
    first.options.max_tokens = 1;
    return p->continued_from || p->n_kept + 1 < p->n_prompt || generate(w, &first);
}

static bool answer_again(struct proving *w, size_t node, const struct proof *p)
{
    struct message *m = &w->tree.nodes[node].message;
    char *text = message_text(m, 1);
    str_clear(&w->replay->was);
    str_puts(&w->replay->was, text + p->continued_from);
    if (p->continued_from)
        set_text(m, text, p->continued_from);
    set_scene(&w->tree, node, p);
    for (size_t i = 0; i < w->tree.path.n; i++)
        message_read(&w->tree.path.list[i]);
    tell_as_then(w, p);
    bool ok = prepare(w, p) && generate(w, p);
    set_text(m, text, strlen(text));
    free(text);
    return ok;
}

/* What was kept in the session when an answer was asked for came from the answers before it: so
 * they are given first, from the last one on that began with nothing. */
static bool answer_all(struct proving *w, size_t node)
{
    const struct tree *t = &w->tree;
    const struct proof *p = proof_of(w, t->nodes[node].row);
    size_t before = t->nodes[t->nodes[node].parent].parent;
    if (p->n_kept > 0 && before && proof_of(w, t->nodes[before].row) && !answer_all(w, before))
        return false;
    return answer_again(w, node, p);
}

/* ---- All of it ---- */

static void compare(struct replay *r)
{
    const char *was = str_text(&r->was), *is = str_text(&r->is);
    while (r->at < r->was.len && was[r->at] == is[r->at])
        r->at++;
    r->same = r->at == r->was.len && (r->cut || r->at == r->is.len);
}

static bool open_model(struct proving *w, const struct proof *p)
{
    char digest[SHA256_HEX_BYTES];
    char *path = model_resolve(p->options.model, w->err);
    bool ok = path && model_digest(digest, path, p->options.mmproj, w->err) &&
              (strcmp(digest, p->digest) == 0 ||
               err_set(w->err, "%s: not the model that answered", path));
    if (ok)
        w->backend = backend_open(path, &p->options, w->err);
    free(path);
    return w->backend != NULL;
}

static bool prove(struct proving *w, struct store *s, int64_t conversation, int64_t message)
{
    struct record record = {.store = s};
    if (!store_tree(s, conversation, take_proof, w, w->err) || w->failed)
        return false;
    const struct proof *p = message ? proof_of(w, message) : w->n ? &w->list[w->n - 1] : NULL;
    struct crop_choice crops = p ? p->options.crops : (struct crop_choice){0};
    if (p && !record_load(&record, conversation, &crops, &w->tree, w->err))
        return false;
    if (p && !message)
        p = proof_of(w, last_row(w));
    size_t node = p ? node_of(&w->tree, p->row) : 0;
    if (!node)
        return err_set(w->err,
                       "conversation %lld has no such answer with a receipt: those have "
                       "one that came to their end here",
                       (long long)conversation);
    w->replay->n_tokens = p->n_answer;
    w->replay->cut = p->cut;
    if (!open_model(w, p) || !answer_all(w, node))
        return false;
    compare(w->replay);
    return true;
}

bool replay_answer(struct replay *r, struct store *s, int64_t conversation, int64_t message,
                   struct err *err)
{
    struct proving w = {.replay = r, .err = err};
    tree_init(&w.tree);
    bool ok = prove(&w, s, conversation, message);
    backend_close(w.backend);
    tree_done(&w.tree);
    for (size_t i = 0; i < w.n; i++) {
        options_done(&w.list[i].options);
        free(w.list[i].digest);
    }
    free(w.list);
    return ok;
}

void replay_done(struct replay *r)
{
    str_done(&r->was);
    str_done(&r->is);
}
