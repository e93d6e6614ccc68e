/* Memory. Two kinds of request:
 *
 * - `mem_try`: sizes that come from a file, a flag or an image, and all of the engine's. May fail.
 * - `mem_new`, `mem_grow`, `mem_text`: the small change of the program. On exhaustion the process
 *   ends with one line: there is nothing sensible left to do. The engine does not use these. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* count × size bytes of zeroes (large ones take real memory only as they are touched); NULL and an
 * error that names `what` where the product overflows or memory is short. free() it. */
void *mem_try(size_t count, size_t size, const char *what, struct err *err);

/* As mem_try, but not zeroed, in huge pages where the system has them: for what is read in a
 * stream. */
void *mem_try_huge(size_t bytes, const char *what, struct err *err);
/* Bytes that could be taken now without swapping; SIZE_MAX if the system does not tell. */
size_t mem_available(void);
/* Bytes of this process that lie in memory, mapped files too; 0 if the system does not tell. */
size_t mem_resident(void);

/* Zeroed; never NULL. free() it. */
void *mem_new(size_t count, size_t size);
/* As realloc for count × size bytes; never NULL. */
void *mem_grow(void *old, size_t count, size_t size);
/* A copy of n bytes with a NUL behind; never NULL. */
char *mem_text(const char *text, size_t n);
/* strdup that never returns NULL; NULL gives NULL. */
char *mem_copy(const char *text);

/* Overflow-checked arithmetic for sizes read from files: false if the result does not fit. */
static inline bool size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline bool size_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

#endif
