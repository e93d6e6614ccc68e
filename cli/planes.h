/* Pictures as the vision tower takes them, and raw floats in files (little-endian). */
#ifndef CLI_PLANES_H
#define CLI_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* [3][size][size], values in [-1, 1]: from a file that ends in .f32, which holds just that, or from
 * a picture, squashed whole. free() it. */
float *planes_load(const char *path, uint32_t size, struct err *err);

/* Writes n floats. */
bool floats_write(const char *path, const float *values, size_t n, struct err *err);

#endif
