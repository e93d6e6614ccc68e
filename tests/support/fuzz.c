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

/* Flips bits, puts in telling bytes or whole numbers, or cuts the end off. Returns the new length.
 */
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

int fuzz_main(int argc, char **argv, const struct str *seeds, size_t n_seeds, size_t head,
              int (*target)(const uint8_t *bytes, size_t n))
{
    unsigned long n_runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    size_t n_files = argc > 2 ? (size_t)argc - 2 : 0, n = n_files ? n_files : n_seeds;
    struct str *all = mem_new(n, sizeof *all);
    for (size_t i = 0; i < n; i++) {
        struct err err;
        if (!n_files)
            str_put(&all[i], seeds[i].data, seeds[i].len);
        else if (!(all[i].data = file_read(argv[2 + i], MAX_SEED_BYTES, &all[i].len, &err))) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        target((const uint8_t *)all[i].data, all[i].len);
    }
    uint64_t state = 0x9E3779B97F4A7C15;
    for (unsigned long run = 0; run < n_runs; run++) {
        const struct str *seed = &all[run % n];
        if (seed->len == 0)
            continue;
        uint8_t *bytes = mem_new(seed->len, 1); /* of just this size, so that ASan sees its end */
        memcpy(bytes, seed->data, seed->len);
        target(bytes, mutate(bytes, seed->len, head, &state));
        free(bytes);
    }
    for (size_t i = 0; i < n; i++)
        str_done(&all[i]);
    free(all);
    printf("%lu runs\n", n_runs);
    return 0;
}
