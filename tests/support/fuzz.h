/* A plain driver for fuzz targets, where there is no libFuzzer: seeds are mutated, in the same ways
 * each time, and given to the target. Programs take PROGRAM [N [FILE…]]. */
#ifndef TESTS_SUPPORT_FUZZ_H
#define TESTS_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct fuzz {
    int (*target)(const uint8_t *bytes, size_t n);
    /* Puts checksums right in every second mutation, so that what lies behind them is reached; or
     * NULL. */
    void (*mend)(uint8_t *bytes, size_t n);
    size_t head; /* bytes at the start that half of the changes hit */
    const struct str *seeds;
    size_t n_seeds;
};

/* The target gets each file, or each of the seeds where no file is given, as it is and then in N
 * mutations (default 1000). */
int fuzz_main(int argc, char **argv, const struct fuzz *fuzz);

#endif
