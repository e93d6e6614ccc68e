#include "engine/ceilings.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "engine/engine.h"

/* ---- Loops ---------------------------------------------------------------------------------- */

/* By vectors as wide as there are: more lines of memory are under way at once. With 16 bytes at a
 * time, two cores of a Zen 4 read 35 to 41 GB/s where they read 61 with 64. */
#if defined(__x86_64__)

#define READ(name, vector, op, size)                                                               \
    static void name(const void *memory, size_t bytes)                                             \
    {                                                                                              \
        __asm__ volatile("1:\n" op " (%0), %%" vector "0, %%" vector "0\n" op " " #size            \
                         "(%0), %%" vector "1, %%" vector "1\n" op " 2*" #size "(%0), %%" vector   \
                         "2, %%" vector "2\n" op " 3*" #size "(%0), %%" vector "3, %%" vector      \
                         "3\n add $4*" #size ", %0\n sub $4*" #size ", %1\n ja 1b\n vzeroupper\n"  \
                         : "+r"(memory), "+r"(bytes)                                               \
                         :                                                                         \
                         : "xmm0", "xmm1", "xmm2", "xmm3", "cc", "memory");                        \
    }
READ(read_64, "zmm", "vpxorq", 64)
READ(read_32, "ymm", "vpxor", 32)

#endif

static void read_16(const void *memory, size_t bytes)
{
    typedef uint64_t line __attribute__((vector_size(64)));
    const line *p = memory;
    line sum[4] = {{0}};
    for (size_t i = 0; i < bytes / sizeof(line); i += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] ^= p[i + j];
    sum[0] ^= sum[1] ^ sum[2] ^ sum[3];
    __asm__ volatile("" : : "r"(&sum[0]) : "memory"); /* the sum is wanted */
}

void ceiling_read(const void *memory, size_t bytes)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        read_64(memory, bytes);
    else if (__builtin_cpu_supports("avx2"))
        read_32(memory, bytes);
    else
#endif
        read_16(memory, bytes);
}

/* Factors that are ordinary numbers, from 1 to 1.5, as F32 and as BF16, and any as bytes: subnormal
 * numbers are slow on some processors, and zeroes cost less power than work does. */
enum { ROUNDS = 1 << 14, CHAINS = 12 };
static const uint32_t factors[16] = {
    0x3f853f80, 0x3f8f3f8a, 0x3f993f94, 0x3fa33f9e, 0x3fad3fa8, 0x3fb73fb2, 0x3fbf3fba, 0x3f813fb1,
    0x3f873f82, 0x3f913f8c, 0x3f9b3f96, 0x3fa53fa0, 0x3faf3faa, 0x3fb93fb4, 0x3fbd3fbc, 0x3f833fb3};

/* Twelve independent sums hide the time from an instruction to its result. */
#define TWELVE(one)                                                                                \
    one(0) one(1) one(2) one(3) one(4) one(5) one(6) one(7) one(8) one(9) one(10) one(11)

#if defined(__x86_64__)

#define CLEAR(i) "vpxor %%xmm" #i ", %%xmm" #i ", %%xmm" #i "\n"
#define LOOP(name, load, one, operations)                                                          \
    static double name(void)                                                                       \
    {                                                                                              \
        long rounds = ROUNDS;                                                                      \
        __asm__ volatile(load TWELVE(CLEAR) "1:\n" TWELVE(one) "dec %0\n jnz 1b\n vzeroupper\n"    \
                         : "+r"(rounds)                                                            \
                         : "r"(factors)                                                            \
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
                           "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "cc", "memory");            \
        return (double)(operations)*CHAINS * ROUNDS;                                               \
    }
#define LOAD512     "vmovups (%1), %%zmm12\n vmovups (%1), %%zmm13\n"
#define LOAD256     "vmovups (%1), %%ymm12\n vmovups 32(%1), %%ymm13\n"
#define FMA512(i)   "vfmadd231ps %%zmm12, %%zmm13, %%zmm" #i "\n"
#define FMA256(i)   "vfmadd231ps %%ymm12, %%ymm13, %%ymm" #i "\n"
#define BF16_512(i) "vdpbf16ps %%zmm12, %%zmm13, %%zmm" #i "\n"
#define BYTES512(i) "vpdpbusd %%zmm12, %%zmm13, %%zmm" #i "\n"
/* AVX2's products of bytes are sums of two, which must be widened and added: that is not counted
 * here. */
#define BYTES256(i) "vpmaddubsw %%ymm12, %%ymm13, %%ymm" #i "\n"
LOOP(avx512_f32, LOAD512, FMA512, 32)
LOOP(avx512_bf16, LOAD512, BF16_512, 64)
LOOP(avx512_int8, LOAD512, BYTES512, 128)
LOOP(avx2_f32, LOAD256, FMA256, 16)
LOOP(avx2_int8, LOAD256, BYTES256, 64)

ceiling_fn *ceiling_of(const struct kernels *k, enum facet_arithmetic arithmetic)
{
    bool has_bf16 = __builtin_cpu_supports("avx512bf16");
    ceiling_fn *const avx512[] = {avx512_f32, has_bf16 ? avx512_bf16 : NULL, avx512_int8};
    ceiling_fn *const avx2[] = {avx2_f32, NULL, avx2_int8};
    if (strcmp(k->name, "avx512") == 0)
        return avx512[arithmetic];
    return strcmp(k->name, "avx2") == 0 ? avx2[arithmetic] : NULL;
}

#elif defined(__aarch64__)

#define CLEAR(i) "movi v" #i ".4s, #0\n"
#define LOOP(name, one, operations)                                                                \
    static double name(void)                                                                       \
    {                                                                                              \
        long rounds = ROUNDS;                                                                      \
        __asm__ volatile(".arch armv8.2-a+dotprod\n ldp q12, q13, [%1]\n" TWELVE(                  \
                             CLEAR) "1:\n" TWELVE(one) "subs %0, %0, #1\n b.ne 1b\n"               \
                         : "+r"(rounds)                                                            \
                         : "r"(factors)                                                            \
                         : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",      \
                           "v11", "v12", "v13", "cc", "memory");                                   \
        return (double)(operations)*CHAINS * ROUNDS;                                               \
    }
#define FMLA(i) "fmla v" #i ".4s, v12.4s, v13.4s\n"
#define SDOT(i) "sdot v" #i ".4s, v12.16b, v13.16b\n"
LOOP(neon_f32, FMLA, 8)
LOOP(neon_int8, SDOT, 32)

ceiling_fn *ceiling_of(const struct kernels *k, enum facet_arithmetic arithmetic)
{
    static ceiling_fn *const neon[] = {neon_f32, NULL, neon_int8};
    return strcmp(k->name, "neon") == 0 ? neon[arithmetic] : NULL;
}

#else

ceiling_fn *ceiling_of(const struct kernels *k, enum facet_arithmetic arithmetic)
{
    (void)k;
    (void)arithmetic;
    return NULL;
}

#endif

/* ---- Measuring ------------------------------------------------------------------------------ */

enum {
    /* Larger than the last-level cache of all but a few servers. */
    ARENA_BYTES = 256 << 20,
    CHUNK_BYTES = 2 << 20,
    N_ROUNDS = 5,
};

static double clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct load {
    struct pool *pool;
    pool_fn *task;
    size_t n_tasks; /* run together */
    double per_task;
    uint8_t *arena;
    ceiling_fn *compute;
};

static void fill_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    memset(((struct load *)job)->arena + task * CHUNK_BYTES, 1, CHUNK_BYTES);
}

static void read_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    ceiling_read(((struct load *)job)->arena + task * CHUNK_BYTES, CHUNK_BYTES);
}

static void compute_task(void *job, size_t task, unsigned thread)
{
    (void)task;
    (void)thread;
    ((struct load *)job)->compute();
}

/* The best round's amount a second. */
static double best_rate(struct load *load, double seconds)
{
    double best = 0;
    for (int round = 0; round < N_ROUNDS; round++) {
        double start = clock_s(), now, done = 0;
        do {
            pool_run(load->pool, load->n_tasks, load->task, load, NULL);
            done += load->per_task * (double)load->n_tasks;
            now = clock_s();
        } while (now < start + seconds / N_ROUNDS);
        if (done / (now - start) > best)
            best = done / (now - start);
    }
    return best;
}

static double read_rate(struct pool *pool, uint8_t *arena, double seconds)
{
    struct load load = {pool, fill_task, ARENA_BYTES / CHUNK_BYTES, CHUNK_BYTES, arena, NULL};
    pool_run(pool, load.n_tasks, fill_task, &load, NULL);
    load.task = read_task;
    return best_rate(&load, seconds);
}

static double compute_rate(struct pool *pool, ceiling_fn *compute, double seconds)
{
    /* Tasks enough that all threads are busy to the end, give or take one of many. */
    struct load load = {pool,      compute_task, 64 * (size_t)pool_threads(pool),
                        compute(), NULL,         compute};
    return best_rate(&load, seconds);
}

enum facet_status facet_measure_ceilings(struct facet_model *model, double seconds,
                                         struct facet_ceilings *ceilings, char *error)
{
    struct err err = {0};
    uint8_t *arena = NULL;
    *ceilings = (struct facet_ceilings){0};
    if (!model->pool)
        err_set(&err, "%s: a vocabulary alone computes nothing", model->m->path);
    else
        arena = mem_try_huge(ARENA_BYTES, "measuring", &err);
    if (!arena) {
        if (error)
            memcpy(error, err.text, sizeof err.text);
        return FACET_FAILED;
    }
    ceilings->read_bytes = read_rate(model->pool, arena, seconds);
    free(arena);
    for (int a = 0; a < FACET_ARITHMETIC_COUNT; a++) {
        ceiling_fn *compute = ceiling_of(model->k, (enum facet_arithmetic)a);
        if (compute)
            ceilings->ops[a] = compute_rate(model->pool, compute, seconds);
    }
    return FACET_OK;
}
