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

/* The answer, and what its receipt says. */
struct proof {
    struct replay *replay;
    int64_t message; /* 0: of none yet */
    struct options options;
    char *digest;
    size_t continued_from;
    struct err *err;
    bool failed;
};

static bool find_last(void *user, const struct store_message *m)
{
    if (m->receipt)
        *(int64_t *)user = m->id;
    return true;
}

static bool take_receipt(struct proof *p, const struct store_receipt *receipt)
{
    struct options *o = &p->options;
    if (!receipt_apply(o, receipt->options, p->err))
        return false;
    o->model = mem_copy(p->replay->model ? p->replay->model : receipt->model);
    o->threads = p->replay->threads;
    o->seed = receipt->seed;
    o->seed_given = true;
    p->digest = mem_copy(receipt->digest);
    p->continued_from = receipt->continued_from;
    p->replay->n_tokens = receipt->n_answer;
    p->replay->n_kept = receipt->n_kept;
    p->replay->cut = strcmp(receipt->reason, reason_name(CHAT_CANCELLED)) == 0;
    if (p->replay->cut)
        o->max_tokens = receipt->n_answer;
    return true;
}

static bool take_answer(void *user, const struct store_message *m)
{
    struct proof *p = user;
    if (m->id != p->message)
        return true;
    if (!m->receipt || m->receipt->continued_from > strlen(m->text))
        err_set(p->err, "message %lld has no receipt: answers have one that came to their end here",
                (long long)m->id);
    else if (take_receipt(p, m->receipt)) {
        str_puts(&p->replay->was, m->text + p->continued_from);
        return false;
    }
    p->failed = true;
    return false;
}

static bool read_proof(struct proof *p, struct store *s, int64_t conversation)
{
    if (!p->message && !store_messages(s, conversation, find_last, &p->message, p->err))
        return false;
    if (!store_tree(s, conversation, take_answer, p, p->err) || p->failed)
        return false;
    return p->digest || err_set(p->err, "conversation %lld has no such answer that has a receipt",
                                (long long)conversation);
}

/* The path is what stood before the answer, and the part of it that was continued. */
static bool set_scene(struct tree *t, const struct proof *p)
{
    size_t node = 1;
    while (node < t->n && t->nodes[node].row != p->message)
        node++;
    if (node == t->n)
        return err_set(p->err, "the message does not hang together with its conversation");
    struct message *answer = &t->nodes[node].message, *system = &t->nodes[0].message;
    char *text = message_text(answer, 1);
    message_done(answer);
    message_add_text(answer, text, p->continued_from);
    free(text);
    message_done(system);
    if (p->options.system)
        message_add_text(system, p->options.system, strlen(p->options.system));
    size_t last = p->continued_from ? node : t->nodes[node].parent;
    t->nodes[last].chosen = 0;
    for (size_t child = last; child; child = t->nodes[child].parent)
        t->nodes[t->nodes[child].parent].chosen = child;
    tree_refresh(t);
    return true;
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

static bool generate(struct proof *p, const struct tree *t, const char *path)
{
    struct backend *backend = backend_open(path, &p->options, p->err);
    if (!backend)
        return false;
    struct outcome o = {0};
    struct backend_turn turn = {.messages = &t->path,
                                .open_answer = p->continued_from > 0,
                                .options = &p->options,
                                .sampling = options_sampling(&p->options, 0),
                                .progress = on_progress,
                                .text = on_text,
                                .user = p->replay};
    backend_answer(backend, &turn, &o);
    backend_close(backend);
    return !o.failed || err_set(p->err, "%s", o.err.text);
}

static void compare(struct replay *r)
{
    const char *was = str_text(&r->was), *is = str_text(&r->is);
    while (r->at < r->was.len && was[r->at] == is[r->at])
        r->at++;
    r->same = r->at == r->was.len && (r->cut || r->at == r->is.len);
}

static bool check_model(const struct proof *p, const char *path)
{
    char digest[SHA256_HEX_BYTES];
    return model_digest(digest, path, p->options.mmproj, p->err) &&
           (strcmp(digest, p->digest) == 0 ||
            err_set(p->err, "%s: not the model that answered", path));
}

static bool try_proof(struct proof *p, struct store *s, int64_t conversation)
{
    struct record record = {.store = s};
    struct tree tree;
    char *path = model_resolve(p->options.model, p->err);
    tree_init(&tree);
    bool ok = path && check_model(p, path) &&
              record_load(&record, conversation, &p->options.crops, &tree, p->err) &&
              set_scene(&tree, p) && generate(p, &tree, path);
    if (ok)
        compare(p->replay);
    tree_done(&tree);
    free(path);
    return ok;
}

bool replay_answer(struct replay *r, struct store *s, int64_t conversation, int64_t message,
                   struct err *err)
{
    struct proof p = {.replay = r, .message = message, .err = err};
    bool ok = read_proof(&p, s, conversation) && try_proof(&p, s, conversation);
    options_done(&p.options);
    free(p.digest);
    return ok;
}

void replay_done(struct replay *r)
{
    str_done(&r->was);
    str_done(&r->is);
}
