/* Trials of every kernel set that this processor has: random inputs of all lengths, with no
 * alignment and a forbidden page right behind each, as behind a mapped file. What is not as it
 * should be fails the test (cmocka). */
#ifndef TESTS_UNIT_KERNEL_TRIAL_H
#define TESTS_UNIT_KERNEL_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/kernels.h"

/* The sets to test, one after another, *i being 0 at first; NULL at the end. The table by the name
 * of "avx512" has BF16 where the processor does. */
const struct kernels *trial_next_set(size_t *i);
#define EACH_SET(k)                                                                                \
    size_t set_index = 0;                                                                          \
    for (const struct kernels *k; (k = trial_next_set(&set_index));)

/* Before all else: buffers that end where a forbidden page begins. */
enum { TRIAL_BUFFERS = 16 };
void trial_open(void);
/* The last `bytes` bytes of buffer i. */
void *trial_buffer(size_t i, size_t bytes);

uint32_t trial_bits(void);
/* What is random is from now on what it was after this seed; not 0. */
void trial_repeat(uint32_t seed);
float trial_float(void); /* −1 … 1 */
/* In buffer i: n that are random up to a size, n that are given, and weights of any bits with sane
 * scales. */
float *trial_floats(size_t i, size_t n, float size);
float *trial_copy(size_t i, const float *x, size_t n);
uint8_t *trial_rows(size_t i, enum weight_type type, size_t rows, size_t n);
bool trial_is_quantised(int type);

/* |a − b| ≤ relative × |b| + absolute for all of n. */
void trial_check_close(const char *set, const char *what, const float *a, const float *b, size_t n,
                       double relative, double absolute);
void trial_check_same(const char *set, const char *what, const void *a, const void *b,
                      size_t bytes);

/* Lengths: all to 300, then some large and odd ones. 0 ends the loop. */
size_t trial_next_length(size_t n);
/* Multiples of `block`: small ones, then some large ones. */
size_t trial_next_blocks(size_t n, size_t block);

#endif
