/* A plain driver for fuzz targets, where there is no libFuzzer: seeds are mutated, in the same ways
 * each time, and given to the target. */
#ifndef TESTS_SUPPORT_FUZZ_H
#define TESTS_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* PROGRAM [N [FILE…]]: each seed as it is, then N mutations (default 1000), of the files in turn,
 * or of the n_seeds given where there are none. head: bytes at the start that half of the changes
 * hit. */
int fuzz_main(int argc, char **argv, const struct str *seeds, size_t n_seeds, size_t head,
              int (*target)(const uint8_t *bytes, size_t n));

#endif
