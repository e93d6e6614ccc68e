#include "engine/model_gguf.h"

#include <math.h>
#include <string.h>

#include "engine/model_params.h"

static bool string_is(const struct gguf_string *s, const char *text)
{
    return s->n == strlen(text) && memcmp(s->text, text, s->n) == 0;
}

static bool need_u32(const struct gguf *g, const char *key, uint32_t *out, struct err *err)
{
    return gguf_get_u32(g, key, out) ||
           err_set(err, "%s: key %s is missing or no number", gguf_path(g), key);
}

static uint32_t u32_or(const struct gguf *g, const char *key, uint32_t otherwise)
{
    uint32_t value;
    return gguf_get_u32(g, key, &value) ? value : otherwise;
}

/* The value of the first of two spellings that is there. */
static float f32_or(const struct gguf *g, const char *key, const char *older, float otherwise)
{
    float value;
    return gguf_get_f32(g, key, &value) || gguf_get_f32(g, older, &value) ? value : otherwise;
}

bool model_gguf_check_text(const struct gguf *g, struct err *err)
{
    struct gguf_string s;
    if (!gguf_get_string(g, "general.architecture", &s))
        return err_set(err, "%s: key general.architecture is missing", gguf_path(g));
    if (string_is(&s, "clip"))
        return err_set(err, "%s: a projector file; it goes with a text model, and is not one",
                       gguf_path(g));
    if (!string_is(&s, "gemma3"))
        return err_set(err, "%s: architecture is \"%.*s\", and facet runs gemma3", gguf_path(g),
                       s.n < 40 ? (int)s.n : 40, s.text);
    return true;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* Some files say which layers slide, some how far the global ones are apart, most nothing. */
static bool read_layers(struct model *m, const struct gguf *g, struct err *err)
{
    static const char key[] = "gemma3.attention.sliding_window_pattern";
    struct gguf_array slides;
    if (!model_layers_new(m, u32_or(g, key, GEMMA_PERIOD), gguf_path(g), err))
        return false;
    if (!gguf_get_array(g, key, &slides))
        return true;
    if (slides.n < m->text.n_layers || slides.type == GGUF_STRING)
        return err_set(err, "%s: %s does not say it for %u layers", gguf_path(g), key,
                       m->text.n_layers);
    for (uint32_t i = 0; i < m->text.n_layers; i++)
        m->tw.layers[i].is_global = gguf_array_number(&slides, i) == 0;
    return true;
}

/* An early converter gave the 1B (and the same shape serves to know the 270M) a factor that the
 * trained models do not have. */
static bool is_unscaled_size(const struct text_params *p)
{
    return (p->n_layers == 26 && p->n_embd == 1152) || (p->n_layers == 18 && p->n_embd == 640);
}

static void read_rope_factor(struct model *m, const struct gguf *g)
{
    struct text_params *p = &m->text;
    struct gguf_string type;
    float factor;
    bool said = gguf_get_f32(g, "gemma3.rope.scaling.factor", &factor) ||
                gguf_get_f32(g, "gemma3.rope.scale_linear", &factor);
    p->rope_factor_global = 1;
    if (gguf_get_string(g, "gemma3.rope.scaling.type", &type) && string_is(&type, "none"))
        return;
    if (said && is_unscaled_size(p) && factor != 1) {
        model_note(m, "RoPE scaling left out, as models of this size have none");
    } else if (said) {
        p->rope_factor_global = factor;
    } else if (p->n_ctx_train >= GEMMA_LONG_CONTEXT) {
        p->rope_factor_global = GEMMA_ROPE_FACTOR;
        model_note(m, "RoPE scaling is missing; taken as linear, factor %d", GEMMA_ROPE_FACTOR);
    }
}

/* Only the 27B's queries are not scaled by the size of their heads; nothing in its file says so. */
static float attention_scale(const struct text_params *p)
{
    bool is_27b = p->n_layers == 62;
    return 1.0f / sqrtf(is_27b ? (float)p->n_embd / (float)p->n_heads : (float)p->head_dim);
}

static void read_window(struct model *m, const struct gguf *g)
{
    struct text_params *p = &m->text;
    if (gguf_get_u32(g, "gemma3.attention.sliding_window", &p->window))
        return;
    p->window = p->n_ctx_train >= GEMMA_LONG_CONTEXT ? 1024 : 512;
    model_note(m, "the sliding window is missing; taken as %u", p->window);
}

static bool read_heads(struct text_params *p, const struct gguf *g, struct err *err)
{
    if (!need_u32(g, "gemma3.attention.head_count", &p->n_heads, err))
        return false;
    if (p->n_heads == 0)
        return err_set(err, "%s: gemma3.attention.head_count is 0", gguf_path(g));
    p->n_kv_heads = u32_or(g, "gemma3.attention.head_count_kv", p->n_heads);
    p->head_dim = u32_or(g, "gemma3.attention.key_length", p->n_embd / p->n_heads);
    uint32_t value_length = u32_or(g, "gemma3.attention.value_length", p->head_dim);
    if (value_length == p->head_dim)
        return true;
    return err_set(err, "%s: gemma3.attention.value_length is %u, but keys have %u", gguf_path(g),
                   value_length, p->head_dim);
}

bool model_gguf_text_params(struct model *m, const struct gguf *g, struct err *err)
{
    struct text_params *p = &m->text;
    if (!need_u32(g, "gemma3.block_count", &p->n_layers, err) ||
        !need_u32(g, "gemma3.embedding_length", &p->n_embd, err) ||
        !need_u32(g, "gemma3.feed_forward_length", &p->n_ff, err) ||
        !need_u32(g, "gemma3.context_length", &p->n_ctx_train, err) || !read_heads(p, g, err))
        return false;
    p->rms_eps = f32_or(g, "gemma3.attention.layer_norm_rms_epsilon", "", GEMMA_RMS_EPS);
    p->rope_base_global =
        f32_or(g, "gemma3.rope.freq_base", "gemma3.rope.global.freq_base", GEMMA_ROPE_BASE_GLOBAL);
    p->rope_base_local = f32_or(g, "gemma3.rope.freq_base_swa", "gemma3.rope.local.freq_base",
                                GEMMA_ROPE_BASE_LOCAL);
    p->attention_scale = attention_scale(p);
    read_window(m, g);
    read_rope_factor(m, g);
    return model_text_check(m, gguf_path(g), err) && read_layers(m, g, err);
}

uint64_t model_gguf_pieces(const struct gguf *g)
{
    struct gguf_array pieces;
    if (!gguf_get_array(g, "tokenizer.ggml.tokens", &pieces))
        return 0;
    struct gguf_string_walk walk = gguf_array_strings(&pieces);
    struct gguf_string s;
    uint64_t n = 0;
    for (uint64_t i = 1; gguf_next_string(&walk, &s); i++)
        if (s.n < 5 || memcmp(s.text, "[PAD", 4) != 0)
            n = i;
    return n;
}

/* ---- Vision --------------------------------------------------------------------------------- */

static bool check_projector(const struct gguf *g, struct err *err)
{
    struct gguf_string type;
    bool has = true;
    if (!gguf_get_string(g, "general.architecture", &type) || !string_is(&type, "clip"))
        return err_set(err, "%s: not a projector file (its architecture is not \"clip\")",
                       gguf_path(g));
    if (gguf_get_bool(g, "clip.has_vision_encoder", &has) && !has)
        return err_set(err, "%s: has no vision encoder", gguf_path(g));
    if ((gguf_get_string(g, "clip.vision.projector_type", &type) ||
         gguf_get_string(g, "clip.projector_type", &type)) &&
        !string_is(&type, "gemma3"))
        return err_set(err, "%s: its projector is \"%.*s\", and Gemma 3 needs \"gemma3\"",
                       gguf_path(g), type.n < 40 ? (int)type.n : 40, type.text);
    return true;
}

/* The keys have the same names behind either prefix, but for the count of tokens. */
#define NEED(name, out) need_u32(g, ollama ? "gemma3.vision." name : "clip.vision." name, out, err)

bool model_gguf_vision_params(struct model *m, const struct gguf *g, struct err *err)
{
    struct vision_params *p = &m->vision;
    uint32_t ignored, n_soft = 0, n_out = m->text.n_embd;
    bool ollama = gguf_get_u32(g, "gemma3.vision.block_count", &ignored);
    if (!ollama && !check_projector(g, err))
        return false;
    if (!NEED("block_count", &p->n_layers) || !NEED("embedding_length", &p->width) ||
        !NEED("feed_forward_length", &p->n_ff) || !NEED("attention.head_count", &p->n_heads) ||
        !NEED("image_size", &p->image_size) || !NEED("patch_size", &p->patch_size))
        return false;
    p->eps = f32_or(g, "clip.vision.attention.layer_norm_epsilon",
                    "gemma3.vision.attention.layer_norm_epsilon", GEMMA_RMS_EPS);
    p->pool = u32_or(g, "clip.vision.projector.scale_factor", GEMMA_POOL);
    gguf_get_u32(g, "gemma3.mm.tokens_per_image", &n_soft);
    gguf_get_u32(g, "clip.vision.projection_dim", &n_out);
    if (n_out != m->text.n_embd)
        return err_set(err, "%s: made for a model of width %u; this one has %u", gguf_path(g),
                       n_out, m->text.n_embd);
    return model_vision_check(m, n_soft, gguf_path(g), err);
}
