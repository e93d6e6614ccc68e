#include "tests/unit/kernel_trial.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { BUFFER_BYTES = 1 << 19 };

static const char *const set_names[] = {"scalar", "avx2", "avx512", "neon"};

const struct kernels *trial_next_set(size_t *i)
{
    const struct kernels *plain = kernels_get("avx512");
    if (*i == sizeof set_names / sizeof *set_names && plain && plain->bf16) {
        ++*i;
        return kernels_avx512();
    }
    while (*i < sizeof set_names / sizeof *set_names) {
        const struct kernels *k = kernels_get(set_names[(*i)++]);
        if (k)
            return k;
    }
    return NULL;
}

static uint8_t *buffer_ends[TRIAL_BUFFERS];

void trial_open(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < TRIAL_BUFFERS; i++) {
        uint8_t *p = mmap(NULL, BUFFER_BYTES + page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(p != MAP_FAILED);
        assert_int_equal(mprotect(p + BUFFER_BYTES, page, PROT_NONE), 0);
        buffer_ends[i] = p + BUFFER_BYTES;
    }
}

void *trial_buffer(size_t i, size_t bytes)
{
    assert_true(i < TRIAL_BUFFERS && bytes <= BUFFER_BYTES);
    return buffer_ends[i] - bytes;
}

static uint32_t random_state = 1;

uint32_t trial_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

void trial_repeat(uint32_t seed)
{
    random_state = seed;
}

float trial_float(void)
{
    return (float)(int32_t)trial_bits() * 0x1p-31f;
}

float *trial_floats(size_t i, size_t n, float size)
{
    float *x = trial_buffer(i, n * sizeof *x);
    for (size_t j = 0; j < n; j++)
        x[j] = size * trial_float();
    return x;
}

float *trial_copy(size_t i, const float *x, size_t n)
{
    float *copy = trial_buffer(i, n * sizeof *copy);
    if (n)
        memcpy(copy, x, n * sizeof *copy);
    return copy;
}

void trial_check_close(const char *set, const char *what, const float *a, const float *b, size_t n,
                       double relative, double absolute)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)a[i] - b[i]) <= relative * fabs((double)b[i]) + absolute))
            fail_msg("%s %s: value %zu of %zu is %.9g, not %.9g", set, what, i, n, (double)a[i],
                     (double)b[i]);
}

void trial_check_same(const char *set, const char *what, const void *a, const void *b, size_t bytes)
{
    if (memcmp(a, b, bytes))
        fail_msg("%s %s: results differ", set, what);
}

size_t trial_next_length(size_t n)
{
    static const size_t large[] = {1023, 1152, 2560, 4099};
    if (n < 300)
        return n + 1;
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        if (n < large[i])
            return large[i];
    return 0;
}

size_t trial_next_blocks(size_t n, size_t block)
{
    if (n < 10 * block)
        return n + block;
    return n < 2560 ? 2560 : n < 4096 + 256 ? 4096 + 256 : 0; /* the last beyond a panel's chunk */
}

static void put_random_half(uint8_t *p)
{
    uint16_t half = float_to_half(trial_float() * 0.02f);
    memcpy(p, &half, 2);
}

/* Where the halves of a block are; −1 for none. */
static void half_offsets(enum weight_type type, int at[2])
{
    at[0] = 0;
    at[1] = -1;
    if (type == TYPE_Q4_1 || type == TYPE_Q5_1 || type == TYPE_Q4_K || type == TYPE_Q5_K)
        at[1] = 2;
    else if (type == TYPE_Q2_K)
        at[0] = 80, at[1] = 82;
    else if (type == TYPE_Q3_K)
        at[0] = 108;
    else if (type == TYPE_Q6_K)
        at[0] = 208;
}

uint8_t *trial_rows(size_t i, enum weight_type type, size_t rows, size_t n)
{
    const struct type_traits *t = type_traits_get(type);
    size_t bytes = rows * type_row_bytes(type, n);
    uint8_t *w = trial_buffer(i, bytes);
    int at[2];
    half_offsets(type, at);
    for (size_t b = 0; b < bytes; b++)
        w[b] = (uint8_t)trial_bits();
    for (size_t b = 0; b < bytes; b += t->block_bytes)
        for (int h = 0; h < 2; h++)
            if (at[h] >= 0)
                put_random_half(w + b + at[h]);
    return w;
}

bool trial_is_quantised(int type)
{
    return type_traits_get((uint32_t)type)->quantised;
}
