/* What teaches a tower to see before a word is read: straight from its states, each patch tells
 * which marks lie on it, and each soft token, once more, which lie on each of the patches that it
 * is the mean of. Linear maps with a sigmoid for each mark; binary cross-entropy. Only training has
 * them. */
#ifndef TRAIN_FINDER_H
#define TRAIN_FINDER_H

#include <stddef.h>
#include <stdint.h>

#include "train/sample.h"

enum { FINDER_MARKS = MARK_KINDS + MARK_COLOURS };

/* Adds to `seen` [n_side][n_side][FINDER_MARKS] what of the sample's marks lies on each patch of a
 * view, which is that part of the picture: at least a third of a patch, or of the mark, along each
 * direction. */
void finder_look(const struct sample *s, const struct crop *view, size_t n_side, uint8_t *seen);
/* The same as the soft tokens are to tell it: [n_soft][pool²][FINDER_MARKS]. */
void finder_turn(const uint8_t *seen, size_t n_side, size_t pool, uint8_t *soft);

/* logits [n] become their derivatives times `scale`; returns the loss, Σ over n, not scaled. */
double finder_loss(float *logits, const uint8_t *seen, size_t n, float scale);

#endif
