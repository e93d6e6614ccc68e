#include "engine/model_bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { STEM_BYTES = 96, NAME_BYTES = 192 };

/* How a container spells names: llama.cpp's GGUF, Ollama's GGUF, Hugging Face's folders. */
enum spelling { SPELL_GGUF, SPELL_OLLAMA, SPELL_HF, SPELL_COUNT };

/* What a side of a tensor measures; ANY takes what the file has. */
enum extent { ANY, EMBD, FF, QUERY, KEY, HEAD, WIDTH, FC, PIXELS, PATCHES, EXTENT_COUNT };

enum kind {
    MATRIX,
    VECTOR, /* cols elements; becomes F32 */
    NORM    /* a vector, of an RMS norm: in a folder its 1 is not added yet */
};

/* One tensor's place in its struct, and its names behind the stem ("blk.3."). */
struct slot {
    size_t offset; /* of the struct tensor */
    enum kind kind;
    enum extent rows, cols;
    const char *names[SPELL_COUNT];
};

/* clang-format off */
#define TEXT(member, kind, rows, cols, gguf, hf) \
    {offsetof(struct text_layer, member), kind, rows, cols, \
     {gguf ".weight", gguf ".weight", hf ".weight"}}
static const struct slot text_layer_slots[] = {
    TEXT(attn_norm,      NORM,   ANY,   EMBD,  "attn_norm",           "input_layernorm"),
    TEXT(q,              MATRIX, QUERY, EMBD,  "attn_q",              "self_attn.q_proj"),
    TEXT(k,              MATRIX, KEY,   EMBD,  "attn_k",              "self_attn.k_proj"),
    TEXT(v,              MATRIX, KEY,   EMBD,  "attn_v",              "self_attn.v_proj"),
    TEXT(q_norm,         NORM,   ANY,   HEAD,  "attn_q_norm",         "self_attn.q_norm"),
    TEXT(k_norm,         NORM,   ANY,   HEAD,  "attn_k_norm",         "self_attn.k_norm"),
    TEXT(o,              MATRIX, EMBD,  QUERY, "attn_output",         "self_attn.o_proj"),
    TEXT(post_attn_norm, NORM,   ANY,   EMBD,  "post_attention_norm", "post_attention_layernorm"),
    TEXT(ffn_norm,       NORM,   ANY,   EMBD,  "ffn_norm",            "pre_feedforward_layernorm"),
    TEXT(gate,           MATRIX, FF,    EMBD,  "ffn_gate",            "mlp.gate_proj"),
    TEXT(up,             MATRIX, FF,    EMBD,  "ffn_up",              "mlp.up_proj"),
    TEXT(down,           MATRIX, EMBD,  FF,    "ffn_down",            "mlp.down_proj"),
    TEXT(post_ffn_norm,  NORM,   ANY,   EMBD,  "post_ffw_norm",       "post_feedforward_layernorm"),
};

#define TOP(member, kind, gguf, hf) \
    {offsetof(struct text_weights, member), kind, ANY, EMBD, \
     {gguf ".weight", gguf ".weight", hf ".weight"}}
static const struct slot text_slots[] = {
    TOP(embed, MATRIX, "token_embd",  "embed_tokens"),
    TOP(norm,  NORM,   "output_norm", "norm"),
};

/* Weight and bias of one operation; the bias is as long as what comes out. */
#define VISION(w, b, kind, rows, cols, out, gguf, ollama, hf) \
    {offsetof(struct vision_layer, w), kind, rows, cols, \
     {gguf ".weight", ollama ".weight", hf ".weight"}}, \
    {offsetof(struct vision_layer, b), VECTOR, ANY, out, {gguf ".bias", ollama ".bias", hf ".bias"}}
static const struct slot vision_layer_slots[] = {
    VISION(ln1_w, ln1_b, VECTOR, ANY,   WIDTH, WIDTH, "ln1",      "layer_norm1", "layer_norm1"),
    VISION(q_w,   q_b,   MATRIX, WIDTH, WIDTH, WIDTH, "attn_q",   "attn_q", "self_attn.q_proj"),
    VISION(k_w,   k_b,   MATRIX, WIDTH, WIDTH, WIDTH, "attn_k",   "attn_k", "self_attn.k_proj"),
    VISION(v_w,   v_b,   MATRIX, WIDTH, WIDTH, WIDTH, "attn_v",   "attn_v", "self_attn.v_proj"),
    VISION(o_w,   o_b,   MATRIX, WIDTH, WIDTH, WIDTH, "attn_out", "attn_output", "self_attn.out_proj"),
    VISION(ln2_w, ln2_b, VECTOR, ANY,   WIDTH, WIDTH, "ln2",      "layer_norm2", "layer_norm2"),
    VISION(fc1_w, fc1_b, MATRIX, FC,    WIDTH, FC,    "ffn_up",   "mlp.fc1", "mlp.fc1"),
    VISION(fc2_w, fc2_b, MATRIX, WIDTH, FC,    WIDTH, "ffn_down", "mlp.fc2", "mlp.fc2"),
};

#define TOWER(member, kind, rows, cols, gguf, ollama, hf) \
    {offsetof(struct vision_weights, member), kind, rows, cols, {gguf, ollama, hf}}
static const struct slot vision_slots[] = {
    TOWER(patch_w, MATRIX, WIDTH, PIXELS,
          "v.patch_embd.weight", "v.patch_embedding.weight", "embeddings.patch_embedding.weight"),
    TOWER(patch_b, VECTOR, ANY, WIDTH,
          "v.patch_embd.bias", "v.patch_embedding.bias", "embeddings.patch_embedding.bias"),
    TOWER(position, MATRIX, PATCHES, WIDTH,
          "v.position_embd.weight", "v.position_embedding.weight",
          "embeddings.position_embedding.weight"),
    TOWER(post_ln_w, VECTOR, ANY, WIDTH,
          "v.post_ln.weight", "v.post_layernorm.weight", "post_layernorm.weight"),
    TOWER(post_ln_b, VECTOR, ANY, WIDTH,
          "v.post_ln.bias", "v.post_layernorm.bias", "post_layernorm.bias"),
};
static const struct slot projector_slots[] = {
    TOWER(soft_norm, NORM, ANY, WIDTH,
          "mm.soft_emb_norm.weight", "mm.mm_soft_emb_norm.weight", "mm_soft_emb_norm.weight"),
    TOWER(projection, MATRIX, WIDTH, EMBD,
          "mm.input_projection.weight", "mm.mm_input_projection.weight",
          "mm_input_projection_weight"),
};
/* clang-format on */

/* The prefixes that folders of different ages have; the end of each list is NULL. */
static const char *const text_prefixes[] = {
    "model.language_model.", "language_model.model.", "model.", "language_model.", "", NULL};
static const char *const vision_prefixes[] = {"model.vision_tower.vision_model.",
                                              "vision_tower.vision_model.",
                                              "vision_model.",
                                              "model.vision_tower.",
                                              "vision_tower.",
                                              NULL};
static const char *const projector_prefixes[] = {
    "model.multi_modal_projector.", "multi_modal_projector.", "model.multimodal_projector.",
    "multimodal_projector.", NULL};
static const char *const head_names[] = {"lm_head.weight", "language_model.lm_head.weight",
                                         "model.lm_head.weight", NULL};

struct binder {
    const struct weights *from;
    enum spelling spelling;
    size_t extents[EXTENT_COUNT];
    bool swapped; /* ffn_up and ffn_down are under each other's names */
    struct owned **owned;
    struct err *err;
};

/* ---- One tensor ----------------------------------------------------------------------------- */

void owned_free(struct owned *list)
{
    while (list) {
        struct owned *next = list->next;
        free(list);
        list = next;
    }
}

static void *own(struct binder *b, size_t bytes)
{
    if (!size_add(bytes, sizeof(struct owned), &bytes)) {
        err_set(b->err, "%s: a size overflows", b->from->path);
        return NULL;
    }
    struct owned *o = mem_try(1, bytes, b->from->path, b->err);
    if (!o)
        return NULL;
    o->next = *b->owned;
    *b->owned = o;
    return o->bytes;
}

static bool fail_type(struct binder *b, const struct weight *w)
{
    char known[192];
    size_t at = 0;
    for (uint32_t i = 0; i < TYPE_COUNT; i++) {
        const char *name = type_traits_get(i)->name;
        if (name && at < sizeof known)
            at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", at ? ", " : "", name);
    }
    return err_set(b->err, "%s: %s is %s, which facet cannot compute with (it has %s)",
                   b->from->path, w->info.name, w->info.type, known);
}

static bool fail_shape(struct binder *b, const struct weight *w, size_t rows, size_t cols)
{
    char is[96], wanted[64] = "";
    size_t at = 0;
    for (uint32_t i = 0; i < w->info.n_dims; i++)
        at += (size_t)snprintf(is + at, sizeof is - at, "%s%llu", i ? ", " : "",
                               (unsigned long long)w->info.shape[i]);
    if (rows)
        snprintf(wanted, sizeof wanted, "%zu, ", rows);
    return err_set(b->err, "%s: %s is [%s], but [%s%zu] was expected", b->from->path, w->info.name,
                   is, wanted, cols);
}

/* Whether w is a matrix [rows][cols] (dimensions behind the first are taken together, as the patch
 * convolution has them); rows 0: any. *rows_out: those it has. */
static bool shape_is(const struct weight *w, size_t rows, size_t cols, size_t *rows_out)
{
    size_t behind;
    *rows_out = w->info.shape[0];
    return w->info.n_dims >= 2 && size_mul(w->info.shape[1], w->info.shape[2], &behind) &&
           size_mul(behind, w->info.shape[3], &behind) && behind == cols && w->info.shape[0] > 0 &&
           (rows == 0 || w->info.shape[0] == rows);
}

static bool bind_matrix(struct binder *b, struct tensor *out, const struct weight *w, size_t rows,
                        size_t cols)
{
    size_t n_rows, bytes;
    if (!shape_is(w, rows, cols, &n_rows))
        return fail_shape(b, w, rows, cols);
    size_t row_bytes = type_row_bytes(w->type, cols);
    if (row_bytes == 0 || !size_mul(row_bytes, n_rows, &bytes) || bytes != w->info.bytes)
        return fail_shape(b, w, rows, cols);
    const void *data = w->data;
    const struct type_traits *traits = type_traits_get(w->type);
    /* A header of odd length puts a safetensors file's numbers at odd places. */
    if (!traits->quantised && (uintptr_t)data % traits->block_bytes != 0) {
        void *copy = own(b, bytes);
        if (!copy)
            return false;
        data = memcpy(copy, data, bytes);
    }
    *out = (struct tensor){data, (enum weight_type)w->type, n_rows, cols, row_bytes};
    return true;
}

static bool bind_vector(struct binder *b, struct tensor *out, const struct weight *w, size_t n,
                        bool add_one)
{
    size_t rows;
    bool is_vector = w->info.n_dims == 1 ? w->info.shape[0] == n : shape_is(w, 1, n, &rows);
    if (!is_vector || type_row_bytes(w->type, n) != w->info.bytes)
        return fail_shape(b, w, 0, n);
    *out = (struct tensor){w->data, TYPE_F32, 1, n, n * sizeof(float)};
    if (w->type == TYPE_F32 && !add_one && (uintptr_t)w->data % sizeof(float) == 0)
        return true;
    float *values = own(b, out->row_bytes);
    if (!values)
        return false;
    if (w->type == TYPE_F32)
        memcpy(values, w->data, out->row_bytes);
    else
        dequantize_row((enum weight_type)w->type, w->data, values, n);
    for (size_t i = 0; add_one && i < n; i++)
        values[i] += 1.0f;
    out->data = values;
    return true;
}

static bool bind_slot(struct binder *b, void *base, const struct slot *slot, const char *name)
{
    struct tensor *out = (struct tensor *)((char *)base + slot->offset);
    const struct weight *w = weights_find(b->from, name);
    if (!w)
        return err_set(b->err, "%s: %s is missing", b->from->path, name);
    if (!type_traits_get(w->type)->name)
        return fail_type(b, w);
    size_t rows = b->extents[slot->rows], cols = b->extents[slot->cols];
    if (slot->kind == MATRIX)
        return bind_matrix(b, out, w, rows, cols);
    return bind_vector(b, out, w, cols, slot->kind == NORM && b->spelling == SPELL_HF);
}

/* ---- Tables --------------------------------------------------------------------------------- */

static const char *spelled(const struct binder *b, const struct slot *slot)
{
    static const char *const pairs[][2] = {{"ffn_up.weight", "ffn_down.weight"},
                                           {"ffn_up.bias", "ffn_down.bias"}};
    const char *name = slot->names[b->spelling];
    for (size_t i = 0; b->swapped && i < 2; i++)
        for (size_t k = 0; k < 2; k++)
            if (strcmp(name, pairs[i][k]) == 0)
                return pairs[i][1 - k];
    return name;
}

static bool bind_slots(struct binder *b, void *base, const struct slot *slots, size_t n,
                       const char *stem)
{
    char name[NAME_BYTES];
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s%s", stem, spelled(b, &slots[i]));
        if (!bind_slot(b, base, &slots[i], name))
            return false;
    }
    return true;
}
#define BIND(binder, base, slots, stem)                                                            \
    bind_slots(binder, base, slots, sizeof slots / sizeof *slots, stem)

/* The first prefix under which `name` is there; the first of all if it is nowhere, for the error.
 */
static const char *find_prefix(const struct weights *from, const char *const *prefixes,
                               const char *name)
{
    for (const char *const *p = prefixes; *p; p++)
        if (weights_have(from, *p, name))
            return *p;
    return prefixes[0];
}

/* Tied to the embedding where the file has none. */
static bool bind_head(struct binder *b, struct model *m)
{
    static const char *const gguf_names[] = {"output.weight", NULL};
    static const struct slot slot = {
        offsetof(struct text_weights, head), MATRIX, ANY, EMBD, {NULL}};
    const char *const *names = b->spelling == SPELL_HF ? head_names : gguf_names;
    m->tw.head = m->tw.embed;
    for (; *names; names++)
        if (weights_find(b->from, *names))
            return bind_slot(b, &m->tw, &slot, *names);
    return true;
}

static void set_text_extents(struct binder *b, const struct text_params *p)
{
    b->extents[EMBD] = p->n_embd;
    b->extents[FF] = p->n_ff;
    b->extents[QUERY] = (size_t)p->n_heads * p->head_dim;
    b->extents[KEY] = (size_t)p->n_kv_heads * p->head_dim;
    b->extents[HEAD] = p->head_dim;
}

bool model_bind_text(struct model *m, const struct weights *from, bool hugging_face,
                     struct owned **owned, struct err *err)
{
    struct binder b = {
        .from = from, .spelling = hugging_face ? SPELL_HF : SPELL_GGUF, .owned = owned, .err = err};
    set_text_extents(&b, &m->text);
    const char *prefix =
        hugging_face ? find_prefix(from, text_prefixes, "embed_tokens.weight") : "";
    if (!BIND(&b, &m->tw, text_slots, prefix) || !bind_head(&b, m))
        return false;
    for (uint32_t i = 0; i < m->text.n_layers; i++) {
        char stem[STEM_BYTES];
        snprintf(stem, sizeof stem, "%s%s.%u.", prefix, hugging_face ? "layers" : "blk", i);
        if (!BIND(&b, &m->tw.layers[i], text_layer_slots, stem))
            return false;
    }
    return true;
}

/* ---- Vision --------------------------------------------------------------------------------- */

static enum spelling tower_spelling(const struct weights *from, bool hugging_face)
{
    if (hugging_face)
        return SPELL_HF;
    return weights_find(from, "v.patch_embedding.weight") ? SPELL_OLLAMA : SPELL_GGUF;
}

bool model_has_tower(const struct weights *from, bool hugging_face)
{
    if (!hugging_face)
        return weights_find(from, "v.patch_embedding.weight") ||
               weights_find(from, "v.patch_embd.weight");
    const char *name = "embeddings.patch_embedding.weight";
    return weights_have(from, find_prefix(from, vision_prefixes, name), name);
}

/* Early converters wrote the two matrices of the MLP under each other's names; the shapes tell. */
static bool mlp_is_swapped(const struct weights *from, const struct vision_params *p)
{
    const struct weight *down = weights_find(from, "v.blk.0.ffn_down.weight");
    return down && p->width != p->n_ff && down->info.shape[0] == p->n_ff &&
           down->info.shape[1] == p->width;
}

static void set_vision_extents(struct binder *b, const struct model *m)
{
    const struct vision_params *p = &m->vision;
    b->extents[EMBD] = m->text.n_embd;
    b->extents[WIDTH] = p->width;
    b->extents[FC] = p->n_ff;
    b->extents[PIXELS] = (size_t)3 * p->patch_size * p->patch_size;
    b->extents[PATCHES] = (size_t)p->n_side * p->n_side;
}

bool model_bind_vision(struct model *m, const struct weights *from, bool hugging_face,
                       struct owned **owned, struct err *err)
{
    const struct vision_params *p = &m->vision;
    struct binder b = {.from = from,
                       .spelling = tower_spelling(from, hugging_face),
                       .owned = owned,
                       .swapped = mlp_is_swapped(from, p),
                       .err = err};
    set_vision_extents(&b, m);
    const char *tower = "", *projector = "";
    if (hugging_face) {
        tower = find_prefix(from, vision_prefixes, "embeddings.patch_embedding.weight");
        projector = find_prefix(from, projector_prefixes, "mm_input_projection_weight");
    }
    if (!BIND(&b, &m->vw, vision_slots, tower) || !BIND(&b, &m->vw, projector_slots, projector))
        return false;
    for (uint32_t i = 0; i < p->n_layers; i++) {
        char stem[STEM_BYTES];
        snprintf(stem, sizeof stem, "%s%s.%u.", tower, hugging_face ? "encoder.layers" : "v.blk",
                 i);
        if (!BIND(&b, &m->vw.layers[i], vision_layer_slots, stem))
            return false;
    }
    return true;
}

/* ---- Places --------------------------------------------------------------------------------- */

struct places {
    const struct binder *binder;
    struct tensor_place *out; /* NULL: they are counted */
    size_t n;
};

static void list_slots(struct places *to, const struct slot *slots, size_t n, const char *stem)
{
    for (size_t i = 0; i < n; i++, to->n++) {
        if (!to->out)
            continue;
        struct tensor_place *place = &to->out[to->n];
        snprintf(place->name, sizeof place->name, "%s%s", stem, slots[i].names[SPELL_GGUF]);
        place->is_vector = slots[i].kind != MATRIX;
        place->rows = place->is_vector ? 1 : to->binder->extents[slots[i].rows];
        place->cols = to->binder->extents[slots[i].cols];
    }
}
#define LIST(places, slots, stem) list_slots(places, slots, sizeof slots / sizeof *slots, stem)

size_t model_bind_places(const struct model *m, bool tower, struct tensor_place *out)
{
    struct binder b = {.spelling = SPELL_GGUF};
    struct places to = {.binder = &b, .out = out};
    char stem[STEM_BYTES];
    set_text_extents(&b, &m->text);
    LIST(&to, text_slots, "");
    for (uint32_t i = 0; i < m->text.n_layers; i++) {
        snprintf(stem, sizeof stem, "blk.%u.", i);
        LIST(&to, text_layer_slots, stem);
    }
    if (!tower)
        return to.n;
    set_vision_extents(&b, m);
    LIST(&to, vision_slots, "");
    LIST(&to, projector_slots, "");
    for (uint32_t i = 0; i < m->vision.n_layers; i++) {
        snprintf(stem, sizeof stem, "v.blk.%u.", i);
        LIST(&to, vision_layer_slots, stem);
    }
    return to.n;
}
