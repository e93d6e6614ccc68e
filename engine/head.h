/* The best logits without reading the whole output head: a copy of the head in two bits a weight is
 * read first, and only rows that may be among the best are then computed from the head itself, bit
 * for bit as the whole head would have given them. Of Gemma 3's 262144 rows that is a third of the
 * bytes.
 *
 * Columns are centred and scaled to one size before they are rounded: what is common to all rows
 * costs nothing, and no column stands out. A row's score is off by e·x, e being what rounding took
 * from it. For an e of any direction e·x has a mean of 0, and a variance of |e|²|x|²/n exactly; so a
 * row counts as possible that could reach the best with a deviation six times the root of that; what
 * a few loud activations could add is bounded and not left to chance. A
 * row of the best is lost to a larger one: one time in 10⁹ if such sums of thousands are normal.
 *
 * The copy is the model's, shared by its sessions, and made while they decode, a slice each step,
 * after enough steps that it will pay. */
#ifndef ENGINE_HEAD_H
#define ENGINE_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "engine/best.h"
#include "engine/matmul.h"

struct head;

/* Of the first n_rows rows of w. Makes no copy yet. */
struct head *head_new(const struct tensor *w, size_t n_rows, const struct kernels *k,
                      struct err *err);
void head_free(struct head *h);
/* For tests: the smallest head, in bytes, that has a copy. Before any session is open. */
void head_set_least(struct head *h, size_t bytes);

/* Bytes of the copy; 0: this head has none, being small or of a type that is not computed row by
 * row. */
size_t head_bytes(const struct head *h);
/* A step is about to want the best logits: makes a slice of the copy if it is time. Whether the copy
 * is there. From any thread. */
bool head_step(struct head *h, const struct compute *c);
/* Makes what is missing of the copy at once. */
bool head_complete(struct head *h, const struct compute *c);

/* Memory of one search, of heads that have a copy. */
struct head_search {
    int8_t *x;               /* [STEP_TOKENS][columns] */
    uint32_t *rows;          /* [most] */
    float *logits;           /* [most] */
    struct candidate *first; /* [most] */
    size_t most;             /* rows that are worth computing one by one */
    double n_computed;       /* rows a token in the last search */
};
size_t head_search_bytes(const struct head *h);
bool head_search_init(struct head_search *s, const struct head *h, struct err *err);
void head_search_done(struct head_search *s);

/* out[t][ldy]: the n_best best logits of each of up to STEP_TOKENS rows of activations, and perhaps
 * others, where they belong; −INFINITY in the place of the rest. The copy is there. False: too many
 * rows are possible, the whole head is to be computed. */
bool head_search(const struct head *h, const struct compute *c, struct head_search *s,
                 struct activations *a, size_t n_best, float *out, size_t ldy);

#endif
