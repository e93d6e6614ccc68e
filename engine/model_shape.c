#include "engine/model_shape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/model_bind.h"
#include "engine/model_params.h"
#include "engine/pool.h"

enum { VOCABULARY = 262144, LIST_BYTES = 256 };

/* ---- Sizes ---------------------------------------------------------------------------------- */

struct size {
    const char *name;
    struct text_params text;
    float query_scale_of; /* queries are scaled by 1 / sqrt of it */
    bool has_tower;
};

#define SHORT .window = 512, .n_ctx_train = 32768, .rope_factor_global = 1
#define LONG                                                                                       \
    .window = 1024, .n_ctx_train = GEMMA_LONG_CONTEXT, .rope_factor_global = GEMMA_ROPE_FACTOR
#define SIZE(layers, embd, ff, heads, kv, dim, ...)                                                \
    {                                                                                              \
        .n_layers = layers, .n_embd = embd, .n_ff = ff, .n_heads = heads, .n_kv_heads = kv,        \
        .head_dim = dim, __VA_ARGS__                                                               \
    }
/* clang-format off */
static const struct size sizes[] = {
    {"270m", SIZE(18,  640,  2048,  4,  1, 256, SHORT), 256, false},
    {"1b",   SIZE(26, 1152,  6912,  4,  1, 256, SHORT), 256, false},
    {"4b",   SIZE(34, 2560, 10240,  8,  4, 256, LONG),  256, true},
    {"12b",  SIZE(48, 3840, 15360, 16,  8, 256, LONG),  256, true},
    {"27b",  SIZE(62, 5376, 21504, 32, 16, 128, LONG),  168, true},
};
/* clang-format on */
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static const struct vision_params siglip = {.n_layers = 27,
                                            .width = 1152,
                                            .n_ff = 4304,
                                            .n_heads = 16,
                                            .image_size = 896,
                                            .patch_size = 14,
                                            .pool = GEMMA_POOL,
                                            .eps = 1e-6f};

/* ---- Presets -------------------------------------------------------------------------------- */

/* Layers that get the better type: those whose rounding costs most, as the usual presets choose
 * them. */
enum rule {
    NEVER,
    ALWAYS,
    FIRST_EIGHTH,
    MORE_BITS,
    SHARED_BY_4 /* key-value heads serve four heads each */
};

struct better {
    enum rule rule;
    enum weight_type type;
};

struct preset {
    const char *name;
    enum weight_type type, embed;
    struct better v, o, down; /* attn_v, attn_output, ffn_down */
};

static const struct preset presets[] = {
    {.name = "f32", .type = TYPE_F32, .embed = TYPE_F32},
    {.name = "f16", .type = TYPE_F16, .embed = TYPE_F16},
    {.name = "bf16", .type = TYPE_BF16, .embed = TYPE_BF16},
    {.name = "q8_0", .type = TYPE_Q8_0, .embed = TYPE_Q8_0},
    {.name = "q4_0", .type = TYPE_Q4_0, .embed = TYPE_Q6_K},
    {.name = "q4_1", .type = TYPE_Q4_1, .embed = TYPE_Q6_K},
    {.name = "q5_0", .type = TYPE_Q5_0, .embed = TYPE_Q6_K},
    {.name = "q5_1", .type = TYPE_Q5_1, .embed = TYPE_Q6_K},
    {.name = "q2_k",
     .type = TYPE_Q2_K,
     .embed = TYPE_Q6_K,
     .v = {ALWAYS, TYPE_Q3_K},
     .o = {ALWAYS, TYPE_Q3_K},
     .down = {ALWAYS, TYPE_Q3_K}},
    {.name = "q3_k",
     .type = TYPE_Q3_K,
     .embed = TYPE_Q6_K,
     .v = {ALWAYS, TYPE_Q4_K},
     .o = {ALWAYS, TYPE_Q4_K},
     .down = {MORE_BITS, TYPE_Q4_K}},
    {.name = "q4_k_m",
     .type = TYPE_Q4_K,
     .embed = TYPE_Q6_K,
     .v = {MORE_BITS, TYPE_Q6_K},
     .down = {MORE_BITS, TYPE_Q6_K}},
    {.name = "q5_k_m",
     .type = TYPE_Q5_K,
     .embed = TYPE_Q6_K,
     .v = {MORE_BITS, TYPE_Q6_K},
     .down = {MORE_BITS, TYPE_Q6_K}},
    {.name = "q6_k", .type = TYPE_Q6_K, .embed = TYPE_Q6_K},
    {.name = "iq4_nl",
     .type = TYPE_IQ4_NL,
     .embed = TYPE_Q6_K,
     .v = {SHARED_BY_4, TYPE_Q5_K},
     .down = {FIRST_EIGHTH, TYPE_Q5_K}},
    {.name = "iq4_xs",
     .type = TYPE_IQ4_XS,
     .embed = TYPE_Q6_K,
     .v = {SHARED_BY_4, TYPE_Q5_K},
     .down = {FIRST_EIGHTH, TYPE_Q5_K}},
};
enum { N_PRESETS = sizeof presets / sizeof *presets };

static bool rule_holds(enum rule rule, const struct text_params *p, uint32_t layer)
{
    uint32_t eighth = p->n_layers / 8;
    switch (rule) {
    case ALWAYS:
        return true;
    case FIRST_EIGHTH:
        return layer < eighth;
    case MORE_BITS:
        return layer < eighth || layer >= 7 * p->n_layers / 8 || (layer - eighth) % 3 == 2;
    case SHARED_BY_4:
        return p->n_heads / p->n_kv_heads >= 4;
    default:
        return false;
    }
}

/* What takes the place of a type whose blocks the columns do not fill. */
static enum weight_type filling(enum weight_type type, size_t cols)
{
    static const enum weight_type instead[TYPE_COUNT] = {
        [TYPE_Q2_K] = TYPE_Q4_0, [TYPE_Q3_K] = TYPE_Q4_0, [TYPE_Q4_K] = TYPE_Q5_0,
        [TYPE_Q5_K] = TYPE_Q5_1, [TYPE_Q6_K] = TYPE_Q8_0, [TYPE_IQ4_XS] = TYPE_IQ4_NL,
    };
    return type_row_bytes(type, cols) ? type : instead[type];
}

static enum weight_type matrix_type(const struct preset *preset, const struct text_params *p,
                                    const struct tensor_place *place)
{
    const struct {
        const char *part;
        struct better better;
    } parts[] = {
        {".attn_v.", preset->v}, {".attn_output.", preset->o}, {".ffn_down.", preset->down}};
    unsigned layer;
    if (strncmp(place->name, "v.", 2) == 0 || strncmp(place->name, "mm.", 3) == 0)
        return strcmp(place->name, "v.position_embd.weight") == 0 ? TYPE_F32 : TYPE_F16;
    if (sscanf(place->name, "blk.%u.", &layer) != 1)
        return filling(preset->embed, place->cols);
    enum weight_type type = preset->type;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(place->name, parts[i].part) && rule_holds(parts[i].better.rule, p, layer))
            type = parts[i].better.type;
    return filling(type, place->cols);
}

/* ---- The plan ------------------------------------------------------------------------------- */

static void add_name(char list[LIST_BYTES], const char *name)
{
    size_t n = strlen(list);
    snprintf(list + n, LIST_BYTES - n, "%s%s", n ? ", " : "", name);
}

static bool find_shape(const char *shape, const struct size **size, const struct preset **preset,
                       struct err *err)
{
    const char *colon = strchr(shape, ':');
    size_t n = colon ? (size_t)(colon - shape) : strlen(shape);
    char known[LIST_BYTES] = "";
    *size = NULL;
    *preset = NULL;
    for (size_t i = 0; i < N_SIZES; i++)
        if (strlen(sizes[i].name) == n && memcmp(sizes[i].name, shape, n) == 0)
            *size = &sizes[i];
    for (size_t i = 0; colon && i < N_PRESETS; i++)
        if (strcmp(presets[i].name, colon + 1) == 0)
            *preset = &presets[i];
    if (*size && *preset)
        return true;
    if (!colon)
        return err_set(err, "shape \"%.40s\": write size:type, such as 4b:q4_0", shape);
    for (size_t i = 0; i < N_SIZES && !*size; i++)
        add_name(known, sizes[i].name);
    if (!*size)
        return err_set(err, "shape \"%.40s\": the sizes are %s", shape, known);
    for (size_t i = 0; i < N_PRESETS; i++)
        add_name(known, presets[i].name);
    return err_set(err, "shape \"%.40s\": the types are %s", shape, known);
}

static bool set_params(struct model *m, const struct size *size, bool tower, const char *shape,
                       struct err *err)
{
    m->text = size->text;
    m->text.rms_eps = GEMMA_RMS_EPS;
    m->text.rope_base_local = GEMMA_ROPE_BASE_LOCAL;
    m->text.rope_base_global = GEMMA_ROPE_BASE_GLOBAL;
    m->text.attention_scale = 1 / sqrtf(size->query_scale_of);
    m->has_vision = tower && size->has_tower;
    if (m->has_vision)
        m->vision = siglip;
    return model_text_check(m, shape, err) && model_layers_new(m, GEMMA_PERIOD, shape, err) &&
           (!m->has_vision || model_vision_check(m, GEMMA_SOFT_TOKENS, shape, err));
}

static struct weight weight_of(const struct tensor_place *place, enum weight_type type)
{
    size_t rows = place->rows ? place->rows : VOCABULARY;
    struct weight w = {.type = type,
                       .info = {.name = place->name,
                                .n_dims = place->is_vector ? 1 : 2,
                                .shape = {rows, place->cols, 1, 1}}};
    if (place->is_vector)
        w.info.shape[0] = place->cols, w.info.shape[1] = 1;
    w.info.bytes = rows * type_row_bytes(type, place->cols);
    return w;
}

bool model_shape_plan(struct model *m, struct weights *w, const char *shape, bool tower,
                      struct err *err)
{
    const struct size *size;
    const struct preset *preset;
    if (!find_shape(shape, &size, &preset, err) || !set_params(m, size, tower, shape, err))
        return false;
    size_t n = model_bind_places(m, m->has_vision, NULL);
    struct tensor_place *places = mem_try(n, sizeof *places, shape, err);
    struct weight *list = mem_try(n, sizeof *list, shape, err);
    bool ok = places && list;
    if (ok) {
        model_bind_places(m, m->has_vision, places);
        for (size_t i = 0; i < n; i++)
            list[i] = weight_of(&places[i], places[i].is_vector
                                                ? TYPE_F32
                                                : matrix_type(preset, &m->text, &places[i]));
        ok = weights_from_list(w, shape, list, n, err);
    }
    free(list);
    free(places);
    return ok;
}

/* Tensors begin where cache lines do. */
static uint64_t padded(uint64_t bytes)
{
    return (bytes + 63) & ~(uint64_t)63;
}

uint64_t model_shape_bytes(const struct weights *w)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < w->n; i++)
        bytes += padded(w->all[i].info.bytes);
    return bytes;
}

/* ---- Numbers -------------------------------------------------------------------------------- */

/* A run of weights that a matrix repeats: 127 large blocks, a prime, so that the rows of a matrix
 * differ. */
enum { RUN_WEIGHTS = 127 * 256, MAX_RUNS = 64 };

/* The run of one type and one number of columns. */
struct run {
    uint32_t type;
    size_t cols, bytes;
    uint8_t *data;
};

struct fill {
    const struct weights *w;
    uint8_t *memory;
    float *noise; /* [RUN_WEIGHTS], variance 1, and behind it room for as many */
    struct run runs[MAX_RUNS];
    size_t n_runs;
};

/* Four uniform numbers add up to something like a normal one. */
static void make_noise(float *noise)
{
    uint64_t state = 1;
    for (size_t i = 0; i < RUN_WEIGHTS; i++) {
        float sum = -2;
        for (int k = 0; k < 4; k++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            sum += (float)(state >> 40) * 0x1p-24f;
        }
        noise[i] = sum * 1.7320508f;
    }
}

static const struct run *find_run(const struct fill *f, uint32_t type, size_t cols)
{
    for (size_t i = 0; i < f->n_runs; i++)
        if (f->runs[i].type == type && f->runs[i].cols == cols)
            return &f->runs[i];
    return NULL;
}

static bool is_bias(const struct weight *w)
{
    size_t n = strlen(w->info.name);
    return n > 5 && strcmp(w->info.name + n - 5, ".bias") == 0;
}

static bool is_vector(const struct weight *w)
{
    return w->info.n_dims == 1;
}

static bool make_runs(struct fill *f, struct err *err)
{
    float *scaled = f->noise + RUN_WEIGHTS;
    make_noise(f->noise);
    for (size_t i = 0; i < f->w->n; i++) {
        const struct weight *w = &f->w->all[i];
        size_t cols = w->info.shape[1];
        if (is_vector(w) || find_run(f, w->type, cols))
            continue;
        if (f->n_runs == MAX_RUNS)
            return err_set(err, "%s: more than %d kinds of tensors", f->w->path, MAX_RUNS);
        struct run *run = &f->runs[f->n_runs++];
        *run = (struct run){w->type, cols, type_row_bytes(w->type, RUN_WEIGHTS), NULL};
        if (!(run->data = mem_try(run->bytes, 1, f->w->path, err)))
            return false;
        for (size_t k = 0; k < RUN_WEIGHTS; k++)
            scaled[k] = f->noise[k] / sqrtf((float)cols);
        quantize_row((enum weight_type)w->type, scaled, run->data, RUN_WEIGHTS);
    }
    return true;
}

static void fill_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct fill *f = job;
    const struct weight *w = &f->w->all[task];
    uint8_t *to = f->memory + (w->data - f->memory);
    if (is_vector(w)) {
        for (size_t i = 0; i < w->info.shape[0]; i++)
            ((float *)to)[i] = is_bias(w) ? 0.0f : 1.0f;
        return;
    }
    const struct run *run = find_run(f, w->type, w->info.shape[1]);
    /* Each matrix begins at another block of its run. */
    size_t block = type_traits_get(w->type)->block_bytes, at = task * 31 * block % run->bytes, n;
    for (uint64_t left = w->info.bytes; left > 0; left -= n, to += n, at = 0) {
        n = run->bytes - at < left ? run->bytes - at : (size_t)left;
        memcpy(to, run->data + at, n);
    }
}

static bool fits(const struct weights *w, uint64_t bytes, struct err *err)
{
    uint64_t available = mem_available();
    return bytes < available ||
           err_set(err, "%s: its weights take %.1f GB, and %.1f GB of memory are free", w->path,
                   (double)bytes / 1e9, (double)available / 1e9);
}

void *model_shape_fill(struct weights *w, unsigned n_threads, struct err *err)
{
    uint64_t bytes = model_shape_bytes(w), at = 0;
    struct fill *f = fits(w, bytes, err) ? mem_try(1, sizeof *f, w->path, err) : NULL;
    if (!f)
        return NULL;
    f->w = w;
    f->noise = mem_try(2 * RUN_WEIGHTS, sizeof *f->noise, w->path, err);
    f->memory = mem_try_huge(bytes, w->path, err);
    struct pool *pool = pool_new(n_threads, err);
    bool ok = f->noise && f->memory && pool && make_runs(f, err);
    for (size_t i = 0; ok && i < w->n; i++) {
        w->all[i].data = f->memory + at;
        at += padded(w->all[i].info.bytes);
    }
    if (ok)
        pool_run(pool, w->n, fill_task, f, NULL);
    uint8_t *memory = ok ? f->memory : NULL;
    if (!ok)
        free(f->memory);
    for (size_t i = 0; i < f->n_runs; i++)
        free(f->runs[i].data);
    pool_free(pool);
    free(f->noise);
    free(f);
    return memory;
}
