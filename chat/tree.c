#include "chat/tree.h"

#include <stdlib.h>

#include "base/mem.h"

static size_t add_node(struct tree *t)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 16;
        t->nodes = mem_grow(t->nodes, t->cap, sizeof *t->nodes);
        t->at = mem_grow(t->at, t->cap, sizeof *t->at);
    }
    t->nodes[t->n] = (struct tree_node){0};
    return t->n++;
}

void tree_init(struct tree *t)
{
    *t = (struct tree){0};
    size_t root = add_node(t);
    t->nodes[root].message.role = ROLE_SYSTEM;
}

void tree_done(struct tree *t)
{
    for (size_t i = 0; i < t->n; i++)
        message_done(&t->nodes[i].message);
    free(t->nodes);
    free(t->at);
    free(t->path.list);
    *t = (struct tree){0};
}

/* Numbers all that stand beside each other, oldest first. */
static void number_variants(struct tree *t)
{
    size_t *count = mem_new(t->n, sizeof *count);
    for (size_t i = 1; i < t->n; i++)
        if (!t->nodes[i].deleted)
            t->nodes[i].message.variant = ++count[t->nodes[i].parent];
    for (size_t i = 1; i < t->n; i++)
        t->nodes[i].message.n_variants = count[t->nodes[i].parent];
    free(count);
}

static void show(struct tree *t, size_t node)
{
    t->at[t->path.n] = node;
    *messages_add(&t->path, ROLE_USER) = t->nodes[node].message;
}

void tree_refresh(struct tree *t)
{
    number_variants(t);
    t->path.n = 0; /* not cut: the parts are the nodes' */
    if (t->nodes[0].message.n_parts)
        show(t, 0);
    for (size_t node = t->nodes[0].chosen; node; node = t->nodes[node].chosen)
        show(t, node);
}

size_t tree_leaf(const struct tree *t)
{
    return t->path.n ? t->at[t->path.n - 1] : 0;
}

size_t tree_hang(struct tree *t, size_t parent, struct message *m)
{
    size_t node = add_node(t);
    t->nodes[node].message = *m;
    t->nodes[node].parent = parent;
    *m = (struct message){.role = m->role};
    return node;
}

size_t tree_add(struct tree *t, size_t parent, struct message *m)
{
    size_t node = tree_hang(t, parent, m);
    tree_choose(t, parent, node);
    return node;
}

void tree_drop_newest(struct tree *t)
{
    struct tree_node *node = &t->nodes[--t->n];
    message_done(&node->message);
    tree_choose(t, node->parent, 0);
}

void tree_choose(struct tree *t, size_t parent, size_t child)
{
    t->nodes[parent].chosen = child;
    tree_refresh(t);
}

size_t tree_sibling(const struct tree *t, size_t node, int step)
{
    size_t wanted = t->nodes[node].message.variant + (size_t)step;
    for (size_t i = 1; i < t->n; i++)
        if (t->nodes[i].parent == t->nodes[node].parent && !t->nodes[i].deleted &&
            t->nodes[i].message.variant == wanted)
            return i;
    return 0;
}

static int64_t newest_deletion(const struct tree *t)
{
    int64_t newest = 0;
    for (size_t i = 1; i < t->n; i++)
        if (t->nodes[i].deleted > newest)
            newest = t->nodes[i].deleted;
    return newest;
}

size_t tree_delete(struct tree *t, size_t node)
{
    size_t parent = t->nodes[node].parent, next = tree_sibling(t, node, -1);
    int64_t number = newest_deletion(t) + 1;
    if (!next)
        next = tree_sibling(t, node, 1);
    t->nodes[node].deleted = number;
    for (size_t i = node + 1; i < t->n; i++) /* parents stand before their children */
        if (!t->nodes[i].deleted && t->nodes[t->nodes[i].parent].deleted == number)
            t->nodes[i].deleted = number;
    if (t->nodes[parent].chosen == node)
        t->nodes[parent].chosen = next;
    tree_refresh(t);
    return t->nodes[parent].chosen;
}

size_t tree_undelete(struct tree *t)
{
    int64_t number = newest_deletion(t);
    size_t top = 0;
    for (size_t i = 1; number && i < t->n; i++)
        if (t->nodes[i].deleted == number) {
            t->nodes[i].deleted = 0;
            top = top ? top : i;
        }
    if (top)
        tree_choose(t, t->nodes[top].parent, top);
    return top;
}
