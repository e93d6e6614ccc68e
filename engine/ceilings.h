/* What the machine can do at most: loops of nothing but the instruction that counts, for one
 * thread. */
#ifndef ENGINE_CEILINGS_H
#define ENGINE_CEILINGS_H

#include <stddef.h>

#include "engine/facet.h"
#include "engine/kernels/kernels.h"

/* Reads all of memory[bytes] (a multiple of 256) once, in a stream. */
void ceiling_read(const void *memory, size_t bytes);

/* Some 20 microseconds or more of that arithmetic; returns how many operations. */
typedef double ceiling_fn(void);
/* With the widest instructions that the set uses; NULL: it has none for it. */
ceiling_fn *ceiling_of(const struct kernels *k, enum facet_arithmetic arithmetic);

#endif
