#include "tests/support/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { MAX_SEED_BYTES = 64 << 20 };

/* xorshift64* */
static uint32_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(0x2545F4914F6CDD1D)) >> 32);
}

/* Flips bits, puts in telling bytes or whole numbers, or cuts the end off. Returns the
 * new length. */
static size_t mutate(uint8_t *bytes, size_t n, size_t head, uint64_t *state)
{
    static const uint8_t telling[] = {0, 1, 4, 8, 0x7f, 0x80, 0xff};
    uint32_t n_changes = 1 + next_random(state) % 4;
    for (uint32_t i = 0; i < n_changes; i++) {
        size_t span = next_random(state) % 2 && n > head ? head : n, at = next_random(state) % span;
        uint32_t how = next_random(state) % 8;
        if (how < 5)
            bytes[at] ^= (uint8_t)(1u << next_random(state) % 8);
        else if (how < 7)
            bytes[at] = telling[next_random(state) % sizeof telling];
        else
            memset(bytes + at, next_random(state) % 2 ? 0xff : 0, n - at < 8 ? n - at : 8);
    }
    return next_random(state) % 8 ? n : next_random(state) % n;
}

static void run_seed(const struct fuzz *fuzz, const uint8_t *seed, size_t n, unsigned long n_runs)
{
    uint64_t state = 0x9E3779B97F4A7C15;
    fuzz->target(seed, n);
    for (unsigned long run = 0; n && run < n_runs; run++) {
        uint8_t *whole = mem_new(n, 1);
        memcpy(whole, seed, n);
        size_t left = mutate(whole, n, fuzz->head, &state);
        uint8_t *bytes = mem_new(left, 1); /* of just this size, so that ASan sees its end */
        memcpy(bytes, whole, left);
        free(whole);
        if (fuzz->mend && run % 2)
            fuzz->mend(bytes, left);
        fuzz->target(bytes, left);
        free(bytes);
    }
}

static bool run_file(const struct fuzz *fuzz, const char *path, unsigned long n_runs)
{
    struct err err;
    size_t n;
    char *seed = file_read(path, MAX_SEED_BYTES, &n, &err);
    if (!seed)
        return fprintf(stderr, "%s\n", err.text) < 0;
    run_seed(fuzz, (const uint8_t *)seed, n, n_runs);
    free(seed);
    return true;
}

int fuzz_main(int argc, char **argv, const struct fuzz *fuzz)
{
    unsigned long n_runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    size_t n_files = argc > 2 ? (size_t)argc - 2 : 0, n = n_files ? n_files : fuzz->n_seeds;
    for (size_t i = 0; i < n; i++)
        if (!n_files)
            run_seed(fuzz, (const uint8_t *)fuzz->seeds[i].data, fuzz->seeds[i].len, n_runs);
        else if (!run_file(fuzz, argv[2 + i], n_runs))
            return 1;
    printf("%zu seeds, %lu mutations of each\n", n, n_runs);
    return 0;
}
