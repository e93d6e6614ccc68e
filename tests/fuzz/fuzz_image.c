/* Decodes hostile pictures. With libFuzzer:
 *     clang -fsanitize=fuzzer,address,undefined … tests/fuzz/fuzz_image.c
 * With -DFUZZ_MAIN a program of its own: fuzz_image N FILE… mutates each file N times, always in
 * the same ways, and decodes what comes out. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    /* Small pictures keep the runs short; what is refused above is the same comparison. */
    const struct image_limits limits = {.max_pixels = 1 << 20};
    struct image image;
    struct image_facts facts;
    struct err err = {""};
    bool ok = image_decode(&image, &facts, bytes, n, "fuzz", &limits, &err);
    if (ok != (image.rgb != NULL) || ok == (err.text[0] != 0))
        abort();
    /* Every pixel is there to be read. */
    volatile unsigned sum = 0;
    for (size_t i = 0; ok && i < (size_t)image.width * image.height * 3; i++)
        sum += image.rgb[i];
    image_done(&image);
    return 0;
}

#ifdef FUZZ_MAIN
#include <zlib.h>

#include "base/file.h"

/* xorshift64* */
static uint32_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545F4914F6CDD1Dull) >> 32);
}

/* Flips a few bits, puts in a telling byte, or cuts the end off; half of the changes hit the head,
 * where the sizes are. Returns the new length. */
static size_t mutate(uint8_t *bytes, size_t n, uint64_t *state)
{
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff};
    uint32_t n_changes = 1 + next_random(state) % 8;
    for (uint32_t i = 0; i < n_changes; i++) {
        size_t span = next_random(state) % 2 && n > 64 ? 64 : n, at = next_random(state) % span;
        if (next_random(state) % 4)
            bytes[at] ^= (uint8_t)(1u << next_random(state) % 8);
        else
            bytes[at] = telling[next_random(state) % sizeof telling];
    }
    return next_random(state) % 8 ? n : next_random(state) % n;
}

/* Puts right the checksums of a PNG's chunks, so that what lies behind them is reached. */
static void mend_png(uint8_t *bytes, size_t n)
{
    for (size_t at = 8; n > at && n - at >= 12;) {
        uint8_t *p = bytes + at;
        size_t length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (length > n - at - 12)
            return;
        uint32_t sum = (uint32_t)crc32(0, p + 4, (uInt)length + 4);
        for (int i = 0; i < 4; i++)
            p[8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += length + 12;
    }
}

static void fuzz_file(const uint8_t *seed, size_t n, long n_times)
{
    uint64_t state = 0x9E3779B97F4A7C15ull;
    uint8_t *bytes = malloc(n);
    for (long i = 0; bytes && i < n_times; i++) {
        memcpy(bytes, seed, n);
        size_t left = mutate(bytes, n, &state);
        if (i % 2 && left > 4 && memcmp(bytes + 1, "PNG", 3) == 0)
            mend_png(bytes, left);
        /* An exact copy, so that a read behind the end is seen. */
        uint8_t *exact = malloc(left ? left : 1);
        if (exact) {
            memcpy(exact, bytes, left);
            LLVMFuzzerTestOneInput(exact, left);
        }
        free(exact);
    }
    free(bytes);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: fuzz_image N FILE...\n", stderr);
        return 2;
    }
    long n_times = strtol(argv[1], NULL, 10);
    for (int i = 2; i < argc; i++) {
        size_t n;
        struct err err;
        char *seed = file_read(argv[i], 64 << 20, &n, &err);
        if (!seed) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        if (n > 0)
            fuzz_file((const uint8_t *)seed, n, n_times);
        free(seed);
    }
    return 0;
}
#endif
