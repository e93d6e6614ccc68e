/* A file of what training has come to: the net's shape, the step, arrays of numbers as they lie in
 * memory. */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "train/net.h"

/* Replaces the file at once; parts[n_parts][n_values]. */
bool checkpoint_write(const char *path, const struct net_shape *shape, uint32_t step,
                      const float *const *parts, size_t n_parts, size_t n_values, struct err *err);
bool checkpoint_shape(const char *path, struct net_shape *shape, struct err *err);
/* The first n_parts of those in the file. */
bool checkpoint_read(const char *path, uint32_t *step, float *const *parts, size_t n_parts,
                     size_t n_values, struct err *err);

#endif
