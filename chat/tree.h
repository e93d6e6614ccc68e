/* A conversation in memory, as a tree: each message hangs below the one it answers, and what was
 * said instead of it (another answer, an edited question) beside it. What is seen is one path
 * from the root along the children used last. Node 0 is the root, which holds the system text. */
#ifndef CHAT_TREE_H
#define CHAT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/message.h"

struct tree_node {
    struct message message; /* owned; the root's has no parts where there is no system text */
    size_t parent;
    size_t chosen;   /* the child used last; 0: the conversation ends here */
    int64_t row;     /* in the history; 0: not there */
    int64_t deleted; /* 0: it is not; what went together has one number, what went later a higher */
};

struct tree {
    struct tree_node *nodes;
    size_t n, cap;
    struct messages path; /* what is seen: borrowed from the nodes, to be read alone */
    size_t *at;           /* their nodes */
};

void tree_init(struct tree *t);
void tree_done(struct tree *t);
/* The last node of the path; 0: nothing was said yet. */
size_t tree_leaf(const struct tree *t);
/* Hangs a message (taken over, emptied) below parent, as its chosen child, on which the path then
 * goes on. Returns its node. */
size_t tree_add(struct tree *t, size_t parent, struct message *m);
/* The same, not chosen and not yet seen: for many at once, before tree_refresh. */
size_t tree_hang(struct tree *t, size_t parent, struct message *m);
/* Takes the newest node away again; the path ends at its parent. */
void tree_drop_newest(struct tree *t);
/* The path goes through this child of its parent from now on, or (child 0) ends at parent. */
void tree_choose(struct tree *t, size_t parent, size_t child);
/* The sibling that many steps on (-1: the one before); 0: there is none. */
size_t tree_sibling(const struct tree *t, size_t node, int step);
/* Deletes a node and what hangs below it; where it was chosen, a sibling is chosen instead, if any
 * is left. Returns what was chosen. */
size_t tree_delete(struct tree *t, size_t node);
/* Takes the newest deletion back, and chooses what it brings. 0: nothing is deleted. */
size_t tree_undelete(struct tree *t);
/* Brings the path up to date with messages that were changed in place. */
void tree_refresh(struct tree *t);

#endif
