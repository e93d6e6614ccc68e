#include "chat/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/thumbnail.h"
#include "chat/title.h"

/* ---- Writing ---- */

void record_forget(struct record *r)
{
    *r = (struct record){.store = r->store};
}

/* What the history calls a node as parent or child: the root, which is none, has the system text's
 * row. */
static int64_t row_of(const struct tree *t, size_t node)
{
    return node ? t->nodes[node].row : 0;
}

static bool add_picture(struct record *r, struct attachment *a, struct err *err)
{
    struct str png = {0};
    if (!attachment_read(a, err))
        return false;
    const struct attachment *file = a->origin ? a->origin : a;
    bool ok = thumbnail_png(&png, &file->image, err) &&
              store_add_picture(r->store, file->digest, file->bytes, file->n_bytes, png.data,
                                png.len, err);
    str_done(&png);
    return ok;
}

static int told_of(const struct message *m)
{
    return m->dropped ? STORE_DROPPED : m->pinned ? STORE_PINNED : STORE_TOLD;
}

/* Returns the row; 0 on failure. */
static int64_t add_message(struct record *r, const struct message *m, int64_t parent,
                           struct err *err)
{
    char *text = message_text(m, 1);
    struct store_image *images = mem_new(m->n_parts, sizeof *images);
    struct store_message stored = {.parent = parent,
                                   .role = role_name(m->role),
                                   .text = text,
                                   .state = m->interrupted ? STORE_INTERRUPTED : STORE_COMPLETE,
                                   .told = told_of(m),
                                   .created = m->created,
                                   .images = images};
    bool ok = true;
    for (size_t i = 0; ok && i < m->n_parts; i++) {
        struct attachment *a = m->parts[i].image;
        if (!a)
            continue;
        images[stored.n_images++] = (struct store_image){i, attachment_whole_path(a), a->digest};
        ok = add_picture(r, a, err);
    }
    int64_t row = ok ? store_add_message(r->store, r->conversation, &stored, err) : 0;
    for (size_t i = 0; i < stored.n_images; i++)
        free((char *)images[i].path);
    free(images);
    free(text);
    return row;
}

static bool add_conversation(struct record *r, const struct messages *ms, const char *model,
                             struct err *err)
{
    char *title = title_of(ms);
    struct store_conversation c = {.title = title, .model = model};
    r->conversation = store_add_conversation(r->store, &c, err);
    free(title);
    return r->conversation > 0;
}

/* Nodes of the path from number `from` on, and the answer's row. */
static bool add_turn(struct record *r, struct tree *t, size_t from, const char *model,
                     struct err *err)
{
    if (!r->conversation && !add_conversation(r, &t->path, model, err))
        return false;
    for (size_t i = from; i < t->path.n; i++) {
        struct tree_node *node = &t->nodes[t->at[i]];
        node->row = add_message(r, &node->message, row_of(t, node->parent), err);
        if (!node->row)
            return false;
    }
    struct store_message answer = {.parent = row_of(t, tree_leaf(t)),
                                   .role = role_name(ROLE_MODEL),
                                   .text = "",
                                   .state = STORE_WRITING};
    r->answer = store_add_message(r->store, r->conversation, &answer, err);
    return r->answer > 0;
}

bool record_turn(struct record *r, struct tree *t, const char *model, struct err *err)
{
    if (!r->store)
        return true;
    int64_t conversation = r->conversation;
    size_t from = 0;
    while (from < t->path.n && t->nodes[t->at[from]].row)
        from++;
    if (!store_begin(r->store, err))
        return false;
    bool ok = add_turn(r, t, from, model, err);
    ok = store_end(r->store, ok, err) && ok;
    if (!ok) {
        r->conversation = conversation;
        for (size_t i = from; i < t->path.n; i++)
            t->nodes[t->at[i]].row = 0;
    }
    return ok;
}

bool record_all(struct record *r, const struct messages *ms, const char *model, struct err *err)
{
    if (!store_begin(r->store, err))
        return false;
    bool ok = add_conversation(r, ms, model, err);
    int64_t row = 0;
    for (size_t i = 0; ok && i < ms->n; i++) {
        row = add_message(r, &ms->list[i], row, err);
        ok = row > 0;
        if (ms->list[i].role == ROLE_SYSTEM) /* stands beside the tree */
            row = 0;
    }
    return store_end(r->store, ok, err) && ok;
}

bool record_answer(struct record *r, const char *text, int state, struct err *err)
{
    return !r->store || store_update_message(r->store, r->answer, text, state, err);
}

bool record_receipt(struct record *r, const struct store_receipt *receipt, struct err *err)
{
    return !r->store || store_set_receipt(r->store, r->answer, receipt, err);
}

static bool remove_turn(struct record *r, struct tree *t, size_t question, size_t parent,
                        size_t old, struct err *err)
{
    bool alone = question && t->n == 2; /* nothing else was said: a system text is of no use */
    return store_remove_message(r->store, question ? t->nodes[question].row : r->answer, err) &&
           (!alone || !t->nodes[0].row || store_remove_message(r->store, t->nodes[0].row, err)) &&
           store_choose(r->store, r->conversation, row_of(t, parent), row_of(t, old), err);
}

bool record_undo(struct record *r, struct tree *t, size_t question, size_t parent, size_t old,
                 struct err *err)
{
    if (!r->store)
        return true;
    if (!store_begin(r->store, err))
        return false;
    bool ok = remove_turn(r, t, question, parent, old, err);
    ok = store_end(r->store, ok, err) && ok;
    if (ok && question && t->n == 2) {
        t->nodes[0].row = 0;
        record_forget(r);
    }
    return ok;
}

/* ---- Changes to what is written ---- */

bool record_choose(struct record *r, const struct tree *t, size_t parent, struct err *err)
{
    return !r->conversation || store_choose(r->store, r->conversation, row_of(t, parent),
                                            row_of(t, t->nodes[parent].chosen), err);
}

bool record_delete(struct record *r, const struct tree *t, size_t node, struct err *err)
{
    return !r->conversation || store_delete_message(r->store, t->nodes[node].row, err);
}

bool record_told(struct record *r, const struct tree *t, size_t node, struct err *err)
{
    const struct tree_node *n = &t->nodes[node];
    return !n->row || store_set_told(r->store, n->row, told_of(&n->message), err);
}

bool record_undelete(struct record *r, const struct tree *t, size_t node, struct err *err)
{
    return !r->conversation || store_undelete_message(r->store, t->nodes[node].row, err);
}

bool record_system(struct record *r, struct tree *t, const char *text, struct err *err)
{
    if (!r->conversation)
        return true;
    int64_t *row = &t->nodes[0].row;
    if (*row && text)
        return store_update_message(r->store, *row, text, STORE_COMPLETE, err);
    if (*row) {
        bool ok = store_remove_message(r->store, *row, err);
        *row = ok ? 0 : *row;
        return ok;
    }
    struct store_message m = {.role = role_name(ROLE_SYSTEM), .text = text};
    if (text)
        *row = store_add_message(r->store, r->conversation, &m, err);
    return !text || *row;
}

/* The rows of a copied path are met in its order. */
struct renaming {
    struct tree *t;
    size_t next;
};

static bool take_row(void *user, const struct store_message *stored)
{
    struct renaming *renaming = user;
    struct tree *t = renaming->t;
    if (renaming->next < t->path.n)
        t->nodes[t->at[renaming->next++]].row = stored->id;
    return true;
}

bool record_fork(struct record *r, struct tree *t, int64_t last, struct err *err)
{
    struct renaming renaming = {t, 0};
    if (!r->conversation)
        return true;
    int64_t fork = store_fork(r->store, r->conversation, last, err);
    if (!fork || !store_messages(r->store, fork, take_row, &renaming, err))
        return false;
    r->conversation = fork;
    r->answer = 0;
    return true;
}

/* ---- Reading ---- */

struct loading {
    struct record *r;
    const struct crop_choice *crops;
    struct tree *t;
    int64_t *chosen; /* of each node, the row of its chosen child */
};

static bool is_same(const struct attachment *a, const struct store_image *stored)
{
    char *path = attachment_whole_path(a);
    bool same = strcmp(a->digest, stored->digest) == 0 && strcmp(path, stored->path) == 0;
    free(path);
    return same;
}

/* Pictures are seen again in edited questions: they are decoded and encoded once. */
static struct attachment *find_loaded(const struct tree *t, const struct store_image *stored)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->nodes[i].message.n_parts; k++) {
            struct attachment *a = t->nodes[i].message.parts[k].image;
            if (a && is_same(a, stored))
                return attachment_keep(a);
        }
    return NULL;
}

/* From the history, or its file. */
static struct attachment *load_attachment(struct loading *l, const struct store_image *stored)
{
    struct attachment *a = find_loaded(l->t, stored);
    if (a)
        return a;
    size_t n;
    void *bytes = store_picture(l->r->store, stored->digest, false, &n, NULL);
    if (bytes)
        return attachment_unread(stored->path, bytes, n, stored->digest, l->crops);
    if (strcmp(stored->path, "-") != 0)
        a = attachment_load(stored->path, l->crops, NULL);
    if (!a || strcmp(a->digest, stored->digest) == 0)
        return a;
    attachment_release(a);
    return NULL;
}

static void load_image(struct loading *l, struct message *m, const struct store_image *stored)
{
    struct attachment *a = load_attachment(l, stored);
    if (a) {
        message_add_image(m, a);
        return;
    }
    struct str remark = {0};
    str_printf(&remark, "(a picture that is no longer there: %s)", stored->path);
    message_add_text(m, remark.data, remark.len);
    str_done(&remark);
}

/* The reverse of message_text: the k-th picture stands where "[image k]" does. */
static void load_parts(struct loading *l, struct message *m, const struct store_message *stored)
{
    const char *text = stored->text;
    for (size_t i = 0; i < stored->n_images; i++) {
        char token[32];
        snprintf(token, sizeof token, "[image %zu]", i + 1);
        const char *at = strstr(text, token);
        if (at && at > text)
            message_add_text(m, text, (size_t)(at - text));
        load_image(l, m, &stored->images[i]);
        if (at)
            text = at + strlen(token);
    }
    if (*text)
        message_add_text(m, text, strlen(text));
}

/* Rows come in the order of their numbers, so nodes are sorted by them. 0: there is none. */
static size_t node_of_row(const struct tree *t, int64_t row)
{
    size_t low = 1, high = t->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->nodes[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->n && t->nodes[low].row == row ? low : 0;
}

static bool load_message(void *user, const struct store_message *stored)
{
    struct loading *l = user;
    struct tree *t = l->t;
    struct message m = {.created = stored->created};
    size_t parent = node_of_row(t, stored->parent);
    if (!role_parse(&m.role, stored->role) || (stored->parent && !parent))
        return true;
    m.interrupted = stored->state != STORE_COMPLETE;
    m.dropped = stored->told == STORE_DROPPED;
    m.pinned = stored->told == STORE_PINNED;
    load_parts(l, &m, stored);
    size_t node = 0;
    if (m.role == ROLE_SYSTEM) {
        message_done(&t->nodes[0].message);
        t->nodes[0].message = m;
    } else {
        node = tree_hang(t, parent, &m);
        l->chosen = mem_grow(l->chosen, t->n, sizeof *l->chosen);
        l->chosen[node] = stored->chosen;
    }
    t->nodes[node].row = stored->id;
    t->nodes[node].deleted = stored->deleted;
    return true;
}

static bool take_choice(void *user, const struct store_conversation *c)
{
    struct loading *l = user;
    l->chosen[0] = c->chosen;
    return true;
}

/* Which child of each is chosen, now that all are there. */
static void set_choices(struct loading *l)
{
    struct tree *t = l->t;
    for (size_t i = 0; i < t->n; i++) {
        size_t child = node_of_row(t, l->chosen[i]);
        bool hidden = child && t->nodes[child].deleted && !t->nodes[i].deleted;
        if (child && t->nodes[child].parent == i && !hidden)
            t->nodes[i].chosen = child;
    }
    tree_refresh(t);
}

bool record_load(struct record *r, int64_t conversation, const struct crop_choice *crops,
                 struct tree *t, struct err *err)
{
    if (!r->store)
        return err_set(err, "there is no history to read from");
    struct loading l = {r, crops, t, mem_new(1, sizeof(int64_t))};
    bool ok = store_tree(r->store, conversation, load_message, &l, err) &&
              store_get(r->store, conversation, take_choice, &l, err);
    if (ok) {
        set_choices(&l);
        r->conversation = conversation;
    }
    free(l.chosen);
    return ok;
}
