#include "train/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK_FLOATS = 1 << 24, ALIGN_FLOATS = 16 };

struct arena_block {
    struct arena_block *next;
    size_t n;
    float *values; /* in huge pages where there are any: it is touched from end to end */
};

static struct arena_block *block_new(size_t n)
{
    struct arena_block *b = mem_new(1, sizeof *b);
    b->n = n > BLOCK_FLOATS ? n : BLOCK_FLOATS;
    struct err err;
    b->values = mem_try_huge(b->n * sizeof *b->values, "arena", &err);
    if (!b->values)
        b->values = mem_new(b->n, sizeof *b->values); /* ends the program */
    return b;
}

/* The next block that has room for n; what is too small for it is skipped in this step. */
static void move_on(struct arena *a, size_t n)
{
    struct arena_block **link = a->current ? &a->current->next : &a->first;
    while (*link && (*link)->n < n)
        link = &(*link)->next;
    if (!*link)
        *link = block_new(n);
    a->current = *link;
    a->used = 0;
}

float *arena_take(struct arena *a, size_t n)
{
    n = (n + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
    if (!a->current || a->current->n - a->used < n)
        move_on(a, n);
    float *values = a->current->values + a->used;
    a->used += n;
    return values;
}

float *arena_zeroes(struct arena *a, size_t n)
{
    return memset(arena_take(a, n), 0, n * sizeof(float));
}

void arena_return(struct arena *a, const struct arena *then)
{
    a->current = then->current;
    a->used = then->used;
}

void arena_reset(struct arena *a)
{
    a->current = a->first;
    a->used = 0;
}

void arena_done(struct arena *a)
{
    for (struct arena_block *b = a->first, *next; b; b = next) {
        next = b->next;
        free(b->values);
        free(b);
    }
    *a = (struct arena){0};
}
