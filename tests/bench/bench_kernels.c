/* Speed of the kernels beside the ceilings of the machine, measured in the same run.
 *
 * usage: bench_kernels [set [seconds a figure [weight type]]]
 *
 * A figure is the best of several rounds by one and by two threads. The machine may be shared:
 * judge by the ratio to the ceiling of the same lines, not by the figure. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "engine/ceilings.h"
#include "engine/kernels/kernels.h"

enum { ARENA_BYTES = 384 << 20, MAX_THREADS = 2, N = 2560, TOKENS = 512 };

/* What a thread works on; work() returns what it did in units of the figure. */
struct job {
    const struct kernels *k;
    enum weight_type type;
    uint8_t *arena;           /* this thread's part of the weights */
    size_t arena_bytes, next; /* where the next panel begins */
    struct q8 x;
    float *y, *a, *b;
    void *panel;
    double (*work)(struct job *job);
    double seconds, done;
};

static volatile float sink; /* so that no result is optimised away */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* -- ceilings -- */

static double read_arena(struct job *job)
{
    ceiling_read(job->arena, job->arena_bytes);
    return (double)job->arena_bytes;
}

static double ceiling_f32(struct job *job)
{
    return ceiling_of(job->k, FACET_F32)();
}

static double ceiling_int8(struct job *job)
{
    return ceiling_of(job->k, FACET_INT8)();
}

/* -- kernels -- */

static double matvec_tokens(struct job *job, size_t tokens)
{
    size_t row_bytes = type_row_bytes(job->type, N), rows = job->arena_bytes / row_bytes;
    for (size_t r = 0; r + 1024 <= rows; r += 1024)
        job->k->matvec_q8[job->type](job->arena + r * row_bytes, row_bytes, 1024, job->x, tokens,
                                     job->y, 1024);
    sink = job->y[0];
    return (double)(rows / 1024 * 1024 * row_bytes);
}

static double matvec(struct job *job)
{
    return matvec_tokens(job, 1);
}

static double matvec_4(struct job *job)
{
    return matvec_tokens(job, ROW_TOKENS);
}

static double multiply_panels(struct job *job, size_t tokens)
{
    size_t row_bytes = type_row_bytes(job->type, N), bytes = PANEL_ROWS * row_bytes, panels = 8;
    for (size_t i = 0; i < panels; i++) {
        struct panel panel = {.memory = job->panel, .n = N, .n_rows = PANEL_ROWS};
        job->next = job->next + 2 * bytes <= job->arena_bytes ? job->next + bytes : 0;
        job->k->unpack[job->type](job->arena + job->next, row_bytes, &panel);
        job->k->panel_q8(&panel, job->x, tokens, job->y, PANEL_ROWS);
    }
    sink = job->y[0];
    return 2.0 * N * PANEL_ROWS * (double)(panels * tokens);
}

static double panels_512(struct job *job)
{
    return multiply_panels(job, TOKENS);
}

static double panels_32(struct job *job)
{
    return multiply_panels(job, 32);
}

/* Bytes of weights: so few tokens should take no longer than reading these. */
static double panels_8(struct job *job)
{
    return multiply_panels(job, 8) / (16.0 * N) * (double)type_row_bytes(job->type, N);
}

static double few_8(struct job *job)
{
    enum { ROWS = 256 };
    size_t row_bytes = type_row_bytes(job->type, N), bytes = ROWS * row_bytes;
    job->next = job->next + 2 * bytes <= job->arena_bytes ? job->next + bytes : 0;
    job->k->few_q8[job->type](job->arena + job->next, row_bytes, ROWS, job->x, 8, job->y, ROWS,
                              job->panel);
    sink = job->y[0];
    return (double)bytes;
}

/* What the last unpacking left in the panel, again and again. */
static double product_512(struct job *job)
{
    struct panel panel = {.memory = job->panel, .n = N, .n_rows = PANEL_ROWS};
    job->k->unpack[job->type](job->arena, type_row_bytes(job->type, N), &panel);
    for (int i = 0; i < 4; i++)
        job->k->panel_q8(&panel, job->x, TOKENS, job->y, PANEL_ROWS);
    sink = job->y[0];
    return 4 * 2.0 * N * PANEL_ROWS * TOKENS;
}

static double gemm_nt(struct job *job)
{
    job->k->gemm_nt(512, 512, 512, job->a, 512, job->b, 512, job->y, 512);
    return 2.0 * 512 * 512 * 512;
}

static double gemm_nn_add(struct job *job)
{
    job->k->gemm_nn_add(512, 512, 512, job->a, 512, job->b, 512, job->y, 512);
    return 2.0 * 512 * 512 * 512;
}

static double gelu(struct job *job)
{
    job->k->gelu_mul(job->y, job->a, 16384);
    return 16384;
}

static double exponentials(struct job *job)
{
    memcpy(job->y, job->a, 16384 * sizeof *job->y);
    sink = job->k->exp_sum(job->y, 2, 16384);
    return 16384;
}

static double quantize(struct job *job)
{
    for (size_t t = 0; t < 64; t++)
        job->k->quantize_q8(job->a + t * 64, job->x);
    return 64.0 * N;
}

/* -- the measurement -- */

static void *run(void *argument)
{
    struct job *job = argument;
    double start = now(), end = start + job->seconds;
    job->done = 0;
    do
        job->done += job->work(job);
    while (now() < end);
    job->done /= now() - start;
    return NULL;
}

/* Units a second of n_threads threads together, in 10⁹. */
static double measure(struct job *jobs, int n_threads, double (*work)(struct job *))
{
    pthread_t threads[MAX_THREADS];
    double sum = 0;
    for (int i = 0; i < n_threads; i++) {
        jobs[i].work = work;
        if (pthread_create(&threads[i], NULL, run, &jobs[i]))
            exit(1);
    }
    for (int i = 0; i < n_threads; i++) {
        pthread_join(threads[i], NULL);
        sum += jobs[i].done;
    }
    return sum * 1e-9;
}

/* One line: work against its ceiling, one round of each in turn. */
static void report(struct job *jobs, const char *what, const char *unit,
                   double (*work)(struct job *), double (*ceiling)(struct job *))
{
    printf("%-28s", what);
    for (int n = 1; n <= MAX_THREADS; n++) {
        double best = 0, top = 0;
        for (int round = 0; round < 5; round++) {
            double c = ceiling ? measure(jobs, n, ceiling) : 0, w = measure(jobs, n, work);
            top = c > top ? c : top;
            best = w > best ? w : best;
        }
        printf("  %8.1f", best);
        if (ceiling)
            printf(" of %7.1f (%.2f)", top, best / top);
    }
    printf(" %s\n", unit);
    fflush(stdout);
}

static void fill(struct job *job)
{
    for (size_t i = 0; i < job->arena_bytes; i++)
        job->arena[i] = (uint8_t)(i * 0x9e3779b1u >> 24 & 0x3f); /* halves of this are small */
    for (size_t i = 0; i < 512 * 512; i++)
        job->a[i] = job->b[i] = (float)(i % 17) * 0.1f;
    for (size_t t = 0; t < TOKENS; t++)
        job->k->quantize_q8(job->a + t, q8_row(job->x, t));
}

static void *allocate(size_t bytes)
{
    void *p = aligned_alloc(2 << 20, (bytes + (2 << 20) - 1) & ~(size_t)((2 << 20) - 1));
    if (!p)
        exit(1);
    madvise(p, bytes, MADV_HUGEPAGE);
    return memset(p, 0, bytes);
}

static void prepare(struct job *job, const struct kernels *k, double seconds)
{
    *job = (struct job){
        .k = k,
        .arena_bytes = ARENA_BYTES / MAX_THREADS,
        .arena = allocate(ARENA_BYTES / MAX_THREADS),
        .x = {allocate(TOKENS * N), allocate(TOKENS * N / 2), N},
        .y = allocate(512 * 512 * sizeof(float)),
        .a = allocate(512 * 512 * sizeof(float)),
        .b = allocate(512 * 512 * sizeof(float)),
        .panel = allocate(k->panel_bytes(N)),
        .seconds = seconds,
    };
    fill(job);
}

int main(int argc, char **argv)
{
    const struct kernels *k = kernels_get(argc > 1 ? argv[1] : NULL);
    double seconds = argc > 2 ? atof(argv[2]) : 0.1;
    const char *only = argc > 3 ? argv[3] : NULL;
    struct job jobs[MAX_THREADS];
    if (!k) {
        fprintf(stderr, "bench_kernels: no such kernel set here\n");
        return 1;
    }
    double (*fma)(struct job *) = ceiling_of(k, FACET_F32) ? ceiling_f32 : NULL;
    double (*bytes)(struct job *) = ceiling_of(k, FACET_INT8) ? ceiling_int8 : NULL;
    for (int i = 0; i < MAX_THREADS; i++)
        prepare(&jobs[i], k, seconds);
    printf("%s: one thread, two threads; (share of the ceiling)\n", k->name);
    for (int type = 0; type < TYPE_COUNT; type++) {
        char what[64];
        if (!k->matvec_q8[type] || (only && strcmp(only, type_traits_get((uint32_t)type)->name)))
            continue;
        for (int i = 0; i < MAX_THREADS; i++)
            jobs[i].type = (enum weight_type)type;
        snprintf(what, sizeof what, "matvec_q8 %s", type_traits_get((uint32_t)type)->name);
        report(jobs, what, "GB/s", matvec, read_arena);
        snprintf(what, sizeof what, "matvec_q8 %s, 4 tokens",
                 type_traits_get((uint32_t)type)->name);
        report(jobs, what, "GB/s", matvec_4, read_arena);
        snprintf(what, sizeof what, "panel_q8 %s 512", type_traits_get((uint32_t)type)->name);
        report(jobs, what, "Gop/s", panels_512, bytes);
        snprintf(what, sizeof what, "panel_q8 %s 512, product",
                 type_traits_get((uint32_t)type)->name);
        report(jobs, what, "Gop/s", product_512, bytes);
        snprintf(what, sizeof what, "panel_q8 %s 8", type_traits_get((uint32_t)type)->name);
        report(jobs, what, "GB/s", panels_8, read_arena);
        if (k->few_q8[type]) {
            snprintf(what, sizeof what, "few_q8 %s 8", type_traits_get((uint32_t)type)->name);
            report(jobs, what, "GB/s", few_8, read_arena);
        }
        snprintf(what, sizeof what, "panel_q8 %s 32", type_traits_get((uint32_t)type)->name);
        report(jobs, what, "Gop/s", panels_32, bytes);
    }
    if (only)
        return 0;
    report(jobs, "gemm_nt 512", "GF/s", gemm_nt, fma);
    report(jobs, "gemm_nn_add 512", "GF/s", gemm_nn_add, fma);
    report(jobs, "gelu_mul", "G/s", gelu, NULL);
    report(jobs, "exp_sum", "G/s", exponentials, NULL);
    report(jobs, "quantize_q8", "G/s", quantize, NULL);
    return 0;
}
