/* Speed of the vision tower of 4B, 12B and 27B (random F16 weights, made in memory) beside the
 * ceiling of the machine, measured before and after each figure.
 *
 * usage: bench_vision [f32|bf16|int8 [rounds]]
 *
 * The machine may be shared: judge by the share of the ceiling, and by processor seconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "engine/ceilings.h"
#include "engine/matmul.h"
#include "engine/vision.h"
#include "engine/vision_steps.h"

/* WEIGHT_SETS layers of weights are used in turn: 120 MB, more than any cache. */
enum {
    LAYERS = 27,
    WIDTH = 1152,
    FF = 4304,
    HEADS = 16,
    SIDE = 64,
    N_EMBD = 2560,
    WEIGHT_SETS = 4,
    MAX_ROUNDS = 99
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double processor_seconds(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)use.ru_utime.tv_sec + 1e-6 * (double)use.ru_utime.tv_usec;
}

static void *allocate(size_t bytes)
{
    void *p = aligned_alloc(2 << 20, (bytes + (2 << 20) - 1) & ~(size_t)((2 << 20) - 1));
    if (!p)
        exit(1);
    return memset(p, 0, bytes);
}

/* -- a model -- */

static uint32_t state = 1;

static float random_float(void)
{
    state = state * 1664525u + 1013904223u;
    return (float)(int32_t)state * 0x1p-31f;
}

static struct tensor tensor(enum weight_type type, size_t rows, size_t cols, float size)
{
    size_t row_bytes = type_row_bytes(type, cols);
    uint8_t *data = allocate(rows * row_bytes);
    float row[FF + WIDTH];
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < cols; i++)
            row[i] = size * random_float();
        quantize_row(type, row, data + r * row_bytes, cols);
    }
    return (struct tensor){data, type, rows, cols, row_bytes};
}

static struct vision_layer layer_new(void)
{
    struct tensor ones = tensor(TYPE_F32, 1, WIDTH, 1), bias = tensor(TYPE_F32, 1, WIDTH, 0.1f);
    struct vision_layer l = {.ln1_w = ones,
                             .ln1_b = bias,
                             .ln2_w = ones,
                             .ln2_b = bias,
                             .q_b = bias,
                             .k_b = bias,
                             .v_b = bias,
                             .o_b = bias,
                             .fc1_b = tensor(TYPE_F32, 1, FF, 0.1f),
                             .fc2_b = bias};
    struct tensor *square[] = {&l.q_w, &l.k_w, &l.v_w, &l.o_w};
    for (size_t i = 0; i < 4; i++)
        *square[i] = tensor(TYPE_F16, WIDTH, WIDTH, 0.05f);
    l.fc1_w = tensor(TYPE_F16, FF, WIDTH, 0.05f);
    l.fc2_w = tensor(TYPE_F16, WIDTH, FF, 0.03f);
    return l;
}

static void model_init(struct model *m)
{
    *m = (struct model){.has_vision = true,
                        .vision = {.n_layers = LAYERS,
                                   .width = WIDTH,
                                   .n_ff = FF,
                                   .n_heads = HEADS,
                                   .image_size = 14 * SIDE,
                                   .patch_size = 14,
                                   .n_side = SIDE,
                                   .pool = 4,
                                   .n_soft = SIDE * SIDE / 16,
                                   .eps = 1e-6f}};
    struct vision_weights *w = &m->vw;
    w->layers = allocate(LAYERS * sizeof *w->layers);
    for (size_t i = 0; i < LAYERS; i++)
        w->layers[i] = i < WEIGHT_SETS ? layer_new() : w->layers[i % WEIGHT_SETS];
    w->patch_w = tensor(TYPE_F16, WIDTH, 3 * 14 * 14, 0.05f);
    w->position = tensor(TYPE_F16, SIDE * SIDE, WIDTH, 0.1f);
    w->patch_b = w->post_ln_w = w->post_ln_b = w->soft_norm = w->layers[0].ln1_b;
    w->projection = tensor(TYPE_F16, WIDTH, N_EMBD, 0.05f);
}

/* -- the ceiling: operations a second that dot products alone reach -- */

enum { CEILING_CALLS = 256 };

struct load {
    ceiling_fn *work;
    double done[64]; /* by each task */
};

static void ceiling_task(void *job, size_t task, unsigned thread)
{
    struct load *load = job;
    (void)thread;
    for (int i = 0; i < CEILING_CALLS; i++)
        load->done[task] += load->work();
}

/* The best of a few short tries: one that another job disturbs says too little. */
static double ceiling_for(const struct vision_pass *p, enum facet_arithmetic arithmetic)
{
    ceiling_fn *work = ceiling_of(p->compute->k, arithmetic);
    size_t n = pool_threads(p->compute->pool) < 64 ? pool_threads(p->compute->pool) : 64;
    double best = 0;
    for (int i = 0; work && i < 5; i++) {
        struct load load = {.work = work};
        double done = 0, start = now();
        pool_run(p->compute->pool, n, ceiling_task, &load, NULL);
        for (size_t t = 0; t < n; t++)
            done += load.done[t];
        done /= now() - start;
        best = done > best ? done : best;
    }
    return best;
}

/* What the steps multiply with: int8's attention is BF16, and a tower's share is of that. */
static double ceiling(const struct vision_pass *p, bool is_linear)
{
    if (p->steps == &vision_f32)
        return ceiling_for(p, FACET_F32);
    return ceiling_for(p, is_linear && p->steps == &vision_int8 ? FACET_INT8 : FACET_BF16);
}

/* -- what is measured -- */

struct bench {
    struct vision_pass pass;
    float *planes, *soft;
    size_t round;
};

static const struct vision_layer *next_layer(struct bench *b)
{
    return &b->pass.model->vw.layers[b->round++ % WEIGHT_SETS];
}

static void square(struct bench *b)
{
    const struct vision_layer *w = next_layer(b);
    struct vision_linear l = {&w->q_w,           &w->q_b,      b->pass.h,
                              b->pass.n_patches, VISION_STORE, b->pass.q};
    b->pass.steps->linear(&b->pass, &l);
}

/* Of the MLP: int8 takes 2048 together, in tasks of 1024. */
enum { PATCHES = SIDE * SIDE, MLP_PATCHES = 1024 };

static void up(struct bench *b)
{
    const struct vision_layer *w = next_layer(b);
    struct vision_linear l = {&w->fc1_w,   &w->fc1_b,   b->pass.h,
                              MLP_PATCHES, VISION_GELU, b->pass.ff};
    b->pass.steps->linear(&b->pass, &l);
}

static void down(struct bench *b)
{
    const struct vision_layer *w = next_layer(b);
    struct vision_linear l = {&w->fc2_w, &w->fc2_b, b->pass.ff, MLP_PATCHES, VISION_ADD, b->pass.x};
    b->pass.steps->linear(&b->pass, &l);
}

static void attention(struct bench *b)
{
    b->pass.steps->attend(&b->pass);
}

static void norm(struct bench *b)
{
    const struct vision_layer *w = next_layer(b);
    vision_norm(&b->pass, &w->ln1_w, &w->ln1_b);
}

static void tower(struct bench *b)
{
    vision_patches(&b->pass, b->planes, NULL, NULL);
    vision_project(&b->pass, b->soft);
}

static const double layer_ops =
    2.0 * PATCHES * (4.0 * WIDTH * WIDTH + 2.0 * WIDTH * FF + 2.0 * PATCHES * WIDTH);

static const struct part {
    const char *name;
    void (*work)(struct bench *b);
    double ops;
    int times; /* in a layer */
    bool is_linear;
} parts[] = {
    {"q, k, v, out: 4096x1152x1152", square, 2.0 * PATCHES *WIDTH *WIDTH, 4, true},
    {"fc1, GELU: 1024x4304x1152", up, 2.0 * MLP_PATCHES *WIDTH *FF, PATCHES / MLP_PATCHES, true},
    {"fc2: 1024x1152x4304", down, 2.0 * MLP_PATCHES *WIDTH *FF, PATCHES / MLP_PATCHES, true},
    {"attention: 16 heads of 72", attention, 4.0 * PATCHES *PATCHES *WIDTH, 1, false},
    {"norm", norm, 0, 2, false},
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median seconds of the work, and median share of the ceiling around it. */
static void measure(struct bench *b, const struct part *part, int rounds, double out[2])
{
    double seconds[MAX_ROUNDS], shares[MAX_ROUNDS];
    for (int i = 0; i < rounds; i++) {
        double top = ceiling(&b->pass, part->is_linear), start = now();
        part->work(b);
        seconds[i] = now() - start;
        double after = ceiling(&b->pass, part->is_linear);
        top = top > after ? top : after;
        shares[i] = top > 0 ? part->ops / seconds[i] / top : 0;
    }
    qsort(seconds, (size_t)rounds, sizeof *seconds, compare);
    qsort(shares, (size_t)rounds, sizeof *shares, compare);
    out[0] = seconds[rounds / 2];
    out[1] = shares[rounds / 2];
}

static void report(struct bench *b, int rounds)
{
    const struct part whole = {"tower", tower, LAYERS * layer_ops, 1, false};
    double sum = 0, m[2];
    printf("%s, %u threads, ceiling %.0f GF/s, of linear layers %.0f\n", b->pass.steps->name,
           pool_threads(b->pass.compute->pool), 1e-9 * ceiling(&b->pass, false),
           1e-9 * ceiling(&b->pass, true));
    tower(b); /* touches all memory, and leaves true activations */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        measure(b, &parts[i], 3 * rounds, m);
        sum += m[0] * parts[i].times;
        printf("  %-30s %8.2f ms %7.0f GF/s  share %.2f  %d a layer\n", parts[i].name, 1e3 * m[0],
               1e-9 * parts[i].ops / m[0], m[1], parts[i].times);
        fflush(stdout);
    }
    printf("  %-30s %8.2f ms\n", "a layer, from these", 1e3 * sum);
    double used = processor_seconds();
    measure(b, &whole, rounds, m);
    used = (processor_seconds() - used) / rounds;
    printf("  %-30s %8.2f s  %7.0f GF/s  share %.2f  (%.1f processor seconds, with the ceilings)\n",
           "tower", m[0], 1e-9 * LAYERS * layer_ops / m[0], m[1], used);
}

static void compute_init(struct compute *c, const struct kernels *k, const struct model *m,
                         const struct vision_steps *steps)
{
    struct err err;
    size_t matmul = matmul_scratch_bytes(k, FF), vision = vision_scratch_bytes(m, steps, k);
    *c = (struct compute){.k = k, .pool = pool_new(pool_default_threads(), &err)};
    if (!c->pool)
        exit(1);
    c->scratch_bytes = matmul > vision ? matmul : vision;
    c->scratch = allocate(pool_threads(c->pool) * sizeof *c->scratch);
    for (unsigned t = 0; t < pool_threads(c->pool); t++)
        c->scratch[t] = allocate(c->scratch_bytes);
}

int main(int argc, char **argv)
{
    static const atomic_bool never;
    const struct kernels *k = kernels_get(getenv("FACET_KERNELS"));
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    struct err err = {0};
    struct model model;
    struct compute compute;
    if (!k || rounds < 1 || 3 * rounds > MAX_ROUNDS) {
        fprintf(stderr, "bench_vision: no such kernels here, or not 1 to %d rounds\n",
                MAX_ROUNDS / 3);
        return 1;
    }
    model_init(&model);
    const struct vision_steps *steps = vision_choose(&model, k, argc > 1 ? argv[1] : NULL, &err);
    struct bench b = {.planes = allocate(3 * 196 * PATCHES * sizeof(float)),
                      .soft = allocate(PATCHES / 16 * N_EMBD * sizeof(float))};
    for (size_t i = 0; i < 3 * 196 * PATCHES; i++)
        b.planes[i] = random_float();
    if (steps)
        compute_init(&compute, k, &model, steps);
    compute.stop = &never;
    if (!steps || !vision_pass_init(&b.pass, &model, steps, &compute, &err)) {
        fprintf(stderr, "bench_vision: %s\n", err.text);
        return 1;
    }
    report(&b, rounds);
    return 0;
}
