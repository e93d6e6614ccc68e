#include "chat/chat_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/discard.h"

bool chat_is_idle(const struct chat *chat, struct err *err)
{
    return !chat->busy || err_set(err, "an answer is under way");
}

size_t chat_node_at(const struct chat *chat, size_t index, struct err *err)
{
    const struct tree *t = &chat->tree;
    if (!chat_is_idle(chat, err))
        return 0;
    size_t node = index < t->path.n ? t->at[index] : 0;
    if (!node)
        err_set(err, "there is no message %zu", index);
    return node;
}

void chat_show_system(struct tree *t, const char *text)
{
    struct message *m = &t->nodes[0].message;
    message_done(m);
    if (text && *text)
        message_add_text(m, text, strlen(text));
    tree_refresh(t);
}

const struct messages *chat_messages(const struct chat *chat)
{
    return &chat->tree.path;
}

/* The worker is told of another conversation. */
static void move(struct chat *chat)
{
    pthread_mutex_lock(&chat->lock);
    struct backend *backend = chat->backend;
    if (backend)
        backend_resume(backend);
    chat->conversation = chat->record.conversation;
    chat->moved = true;
    pthread_cond_signal(&chat->wake);
    pthread_mutex_unlock(&chat->lock);
}

/* Shows another conversation, or another part of it: t and record are taken over. */
static void replace(struct chat *chat, struct tree *t, const struct record *record)
{
    tree_done(&chat->tree);
    chat->tree = *t;
    chat->record = *record;
    move(chat);
    chat->turn = 0;
    for (size_t i = 1; i < t->n; i++) /* as many answers, as many seeds were used */
        chat->turn += t->nodes[i].message.role == ROLE_MODEL;
}

bool chat_clear(struct chat *chat, struct err *err)
{
    if (!chat_is_idle(chat, err))
        return false;
    struct tree empty;
    tree_init(&empty);
    chat_show_system(&empty, chat->options.system);
    replace(chat, &empty, &(struct record){.store = chat->record.store});
    atomic_store(&chat->used, 0);
    return true;
}

/* What is seen, with the schema that the model is told of. */
static struct messages as_told(const struct chat *chat)
{
    struct messages path = chat->tree.path;
    path.schema = chat->options.schema;
    return path;
}

/* What the conversation will take before anything of it is computed. */
static void count_used(struct chat *chat)
{
    struct prompt prompt;
    size_t used = 0;
    struct backend *backend = chat->backend;
    struct messages path = as_told(chat);
    if (backend && prompt_render(&prompt, backend_model(backend), &path, PROMPT_CLOSED, NULL)) {
        used = prompt.n_ids;
        prompt_done(&prompt);
    }
    atomic_store(&chat->used, used);
}

void chat_recount(struct chat *chat)
{
    if (!chat->busy)
        count_used(chat);
}

bool chat_load_unread(struct chat *chat, int64_t conversation, struct err *err)
{
    if (!chat_is_idle(chat, err))
        return false;
    struct record record = {.store = chat->record.store};
    struct tree tree;
    tree_init(&tree);
    if (!record_load(&record, conversation, &chat->options.crops, &tree, err)) {
        tree_done(&tree);
        return false;
    }
    replace(chat, &tree, &record);
    count_used(chat);
    return true;
}

bool chat_load(struct chat *chat, int64_t conversation, struct err *err)
{
    if (!chat_load_unread(chat, conversation, err))
        return false;
    for (size_t i = 0; i < chat->tree.path.n; i++)
        message_read(&chat->tree.path.list[i]);
    count_used(chat);
    return true;
}

/* ---- Branches ---- */

bool chat_branch(struct chat *chat, size_t index, int step, struct err *err)
{
    struct tree *t = &chat->tree;
    size_t node = chat_node_at(chat, index, err), other = node ? tree_sibling(t, node, step) : 0;
    if (node && !other)
        err_set(err, step < 0 ? "this is the first one" : "this is the last one");
    if (!other)
        return false;
    tree_choose(t, t->nodes[node].parent, other);
    count_used(chat);
    return record_choose(&chat->record, t, t->nodes[node].parent, err);
}

/* Both in one: what the path goes through must not be deleted. */
static bool write_deletion(struct chat *chat, size_t node, struct err *err)
{
    struct tree *t = &chat->tree;
    struct record *r = &chat->record;
    if (!r->conversation)
        return true;
    if (!store_begin(r->store, err))
        return false;
    bool ok = (t->nodes[node].deleted ? record_delete(r, t, node, err)
                                      : record_undelete(r, t, node, err)) &&
              record_choose(r, t, t->nodes[node].parent, err);
    return store_end(r->store, ok, err) && ok;
}

bool chat_delete(struct chat *chat, size_t index, struct err *err)
{
    size_t node = chat_node_at(chat, index, err);
    if (!node)
        return false;
    tree_delete(&chat->tree, node);
    if (chat->record.conversation)
        discard_kept(chat->record.conversation);
    atomic_store(&chat->outdated, true);
    count_used(chat);
    return write_deletion(chat, node, err);
}

bool chat_undelete(struct chat *chat, struct err *err)
{
    if (!chat_is_idle(chat, err))
        return false;
    size_t node = tree_undelete(&chat->tree);
    if (!node)
        return err_set(err, "nothing of this conversation is deleted");
    count_used(chat);
    return write_deletion(chat, node, err);
}

bool chat_fork(struct chat *chat, size_t index, struct err *err)
{
    const struct tree *t = &chat->tree;
    size_t node = chat_node_at(chat, index, err);
    if (!node)
        return false;
    struct record record = chat->record;
    struct tree copy;
    tree_init(&copy);
    for (size_t i = 0, parent = 0; i <= index; i++) {
        struct message m = message_copy(&t->path.list[i]);
        if (t->at[i])
            parent = tree_hang(&copy, parent, &m);
        else
            copy.nodes[0].message = m;
    }
    for (size_t i = 1; i < copy.n; i++)
        copy.nodes[copy.nodes[i].parent].chosen = i;
    tree_refresh(&copy);
    if (!record_fork(&record, &copy, t->nodes[node].row, err)) {
        tree_done(&copy);
        return false;
    }
    replace(chat, &copy, &record);
    count_used(chat);
    return true;
}

int64_t chat_conversation(const struct chat *chat)
{
    return chat->record.conversation;
}

bool chat_set_system(struct chat *chat, const char *system, struct err *err)
{
    const char *text = system && *system ? system : NULL;
    if (!chat_is_idle(chat, err) || !record_system(&chat->record, &chat->tree, text, err))
        return false;
    chat_show_system(&chat->tree, text);
    char *copy = mem_copy(text);
    free(chat->options.system);
    chat->options.system = copy;
    return true;
}

bool chat_set(struct chat *chat, const char *option, const char *value, struct err *err)
{
    if (!chat_is_idle(chat, err))
        return false;
    for (size_t i = 0; i < n_option_rows; i++)
        if (strcmp(option_rows[i].flag, option) == 0 && !option_rows[i].live)
            return err_set(err, "%s: can only be chosen when facet starts", option);
    if (!options_set(&chat->options, option, value, err))
        return false;
    if (strcmp(option, "seed") == 0)
        chat->turn = 0;
    return true;
}

const struct options *chat_options(const struct chat *chat)
{
    return &chat->options;
}

const struct facet_model *chat_model(const struct chat *chat)
{
    return chat->model;
}

void chat_context(const struct chat *chat, size_t *used, size_t *total)
{
    *used = atomic_load(&chat->used);
    struct backend *backend = chat->backend;
    *total = backend ? backend_context(backend) : chat->options.ctx;
}

/* ---- What of the conversation the model is told ---- */

bool chat_weigh(const struct chat *chat, struct context_share *shares, struct err *err)
{
    if (!chat_is_idle(chat, err))
        return false;
    if (!chat->model)
        return err_set(err, "the model is still being opened");
    struct messages path = as_told(chat);
    return context_weigh(chat->model, &path, shares, err);
}

/* What was decided on the path's copy of a message holds for its node. */
static bool keep_one(struct chat *chat, size_t i, struct err *err)
{
    struct tree *t = &chat->tree;
    const struct message *copy = &t->path.list[i];
    struct message *m = &t->nodes[t->at[i]].message;
    if (m->dropped == copy->dropped && m->pinned == copy->pinned)
        return true;
    m->dropped = copy->dropped;
    m->pinned = copy->pinned;
    return record_told(&chat->record, t, t->at[i], err);
}

static bool keep_told(struct chat *chat, struct err *err)
{
    struct store *store = chat->record.conversation ? chat->store : NULL;
    bool begun = store && store_begin(store, err), ok = begun || !store;
    for (size_t i = 0; i < chat->tree.path.n; i++)
        ok = keep_one(chat, i, ok ? err : NULL) && ok;
    count_used(chat);
    return begun ? store_end(store, ok, err) && ok : ok;
}

bool chat_set_told(struct chat *chat, size_t i, enum context_state state, struct err *err)
{
    if (!chat_is_idle(chat, err))
        return false;
    context_set_state(&chat->tree.path, i, state);
    return keep_told(chat, err);
}

bool chat_make_room(struct chat *chat, size_t least, size_t wanted, struct err *err)
{
    struct context_share *shares = mem_new(chat->tree.path.n + 1, sizeof *shares);
    bool ok = chat_weigh(chat, shares, err);
    if (ok && context_drop(&chat->tree.path, shares, wanted) < least)
        ok = err_set(err, "there is not so much that could be left out");
    if (!ok)
        tree_refresh(&chat->tree);
    free(shares);
    return ok && keep_told(chat, err);
}
