#include "engine/model_params.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Several times Gemma 3's largest, and low enough that no product of two of them overflows 32 bits
 * by much or makes tables that are large in themselves. */
enum {
    MAX_LAYERS = 512,
    MAX_WIDTH = 1 << 16,
    MAX_FF = 1 << 20,
    MAX_HEADS = 1024,
    MAX_HEAD_DIM = 1024
};
enum { MAX_IMAGE = 4096, MAX_PATCHES_A_SIDE = 256 };

void model_note(struct model *m, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t old = m->chat_note ? strlen(m->chat_note) + 2 : 0;
    char *joined = mem_try(old + strlen(text) + 1, 1, "note", NULL);
    if (!joined)
        return; /* a note that is lost is no reason to fail */
    if (old)
        sprintf(joined, "%s; ", m->chat_note);
    strcpy(joined + old, text);
    free(m->chat_note);
    m->chat_note = joined;
}

static bool check_range(const char *path, const char *what, uint32_t value, uint32_t most,
                        struct err *err)
{
    if (value >= 1 && value <= most)
        return true;
    return err_set(err, "%s: %s is %u, not from 1 to %u", path, what, value, most);
}

static bool check_positive(const char *path, const char *what, float value, struct err *err)
{
    if (isfinite(value) && value > 0)
        return true;
    return err_set(err, "%s: %s is %g, not a positive number", path, what, (double)value);
}

bool model_layers_new(struct model *m, uint32_t period, const char *path, struct err *err)
{
    if (!check_range(path, "the number of layers", m->text.n_layers, MAX_LAYERS, err) ||
        !check_range(path, "the period of global layers", period, UINT32_MAX, err))
        return false;
    m->tw.layers = mem_try(m->text.n_layers, sizeof *m->tw.layers, path, err);
    if (!m->tw.layers)
        return false;
    for (uint32_t i = 0; i < m->text.n_layers; i++)
        m->tw.layers[i].is_global = (i + 1) % period == 0;
    return true;
}

bool model_text_check(struct model *m, const char *path, struct err *err)
{
    struct text_params *p = &m->text;
    if (!check_range(path, "the width (embedding length)", p->n_embd, MAX_WIDTH, err) ||
        !check_range(path, "the feed-forward length", p->n_ff, MAX_FF, err) ||
        !check_range(path, "the number of heads", p->n_heads, MAX_HEADS, err) ||
        !check_range(path, "the number of key-value heads", p->n_kv_heads, p->n_heads, err) ||
        !check_range(path, "the size of a head", p->head_dim, MAX_HEAD_DIM, err) ||
        !check_range(path, "the sliding window", p->window, INT32_MAX, err) ||
        !check_range(path, "the context length", p->n_ctx_train, INT32_MAX, err) ||
        !check_positive(path, "the norms' epsilon", p->rms_eps, err) ||
        !check_positive(path, "the attention scale", p->attention_scale, err) ||
        !check_positive(path, "the local RoPE base", p->rope_base_local, err) ||
        !check_positive(path, "the global RoPE base", p->rope_base_global, err) ||
        !check_positive(path, "the RoPE scaling factor", p->rope_factor_global, err))
        return false;
    if (p->n_heads % p->n_kv_heads != 0)
        return err_set(err, "%s: %u heads cannot share %u key-value heads", path, p->n_heads,
                       p->n_kv_heads);
    if (p->head_dim % 2 != 0)
        return err_set(err, "%s: heads of odd size %u cannot be rotated", path, p->head_dim);
    p->embed_scale = sqrtf((float)p->n_embd);
    return true;
}

/* The pool whose soft tokens number n_soft. */
static uint32_t pool_for(uint32_t n_side, uint32_t n_soft)
{
    uint32_t side = 1;
    while (side < n_side && side * side < n_soft)
        side++;
    return side * side == n_soft && n_side % side == 0 ? n_side / side : 0;
}

bool model_vision_check(struct model *m, uint32_t n_soft, const char *path, struct err *err)
{
    struct vision_params *p = &m->vision;
    if (!check_range(path, "the tower's number of layers", p->n_layers, MAX_LAYERS, err) ||
        !check_range(path, "the tower's width", p->width, MAX_WIDTH, err) ||
        !check_range(path, "the tower's feed-forward length", p->n_ff, MAX_FF, err) ||
        !check_range(path, "the tower's number of heads", p->n_heads, MAX_HEADS, err) ||
        !check_range(path, "the image size", p->image_size, MAX_IMAGE, err) ||
        !check_range(path, "the patch size", p->patch_size, p->image_size, err) ||
        !check_positive(path, "the tower's epsilon", p->eps, err))
        return false;
    if (p->width % p->n_heads != 0)
        return err_set(err, "%s: a tower of width %u cannot have %u heads", path, p->width,
                       p->n_heads);
    p->n_side = p->image_size / p->patch_size;
    if (p->image_size % p->patch_size != 0 || p->n_side > MAX_PATCHES_A_SIDE)
        return err_set(err, "%s: images of %u pixels cannot be cut into patches of %u", path,
                       p->image_size, p->patch_size);
    if (n_soft)
        p->pool = pool_for(p->n_side, n_soft);
    if (p->pool == 0 || p->n_side % p->pool != 0)
        return err_set(err, "%s: %u×%u patches cannot be pooled to the tokens that it says", path,
                       p->n_side, p->n_side);
    p->n_soft = (p->n_side / p->pool) * (p->n_side / p->pool);
    m->vw.layers = mem_try(p->n_layers, sizeof *m->vw.layers, path, err);
    return m->vw.layers != NULL;
}
