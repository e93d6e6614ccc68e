#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/model.h"
#include "engine/tokenizer.h"
#include "tests/support/scratch.h"
#include "tests/support/tiny.h"
#include "tests/support/tiny_vocab.h"

static int setup(void **state)
{
    *state = scratch_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    scratch_free(*state);
    return 0;
}

/* ---- Help ----------------------------------------------------------------------------------- */

static void save(struct gguf_writer *w, const char *folder, const char *name)
{
    struct err err;
    char *path = scratch_path(folder, name);
    assert_true(gguf_writer_save(w, path, &err));
    gguf_writer_free(w);
    free(path);
}

static struct model *open_named(const char *folder, const char *name,
                                const struct facet_model_options *options, struct err *err)
{
    char *path = scratch_path(folder, name);
    struct model *m = model_open(path, options, err);
    free(path);
    return m;
}

static struct model *open_ok(const char *folder, const char *name,
                             const struct facet_model_options *options)
{
    struct err err = {""};
    struct model *m = open_named(folder, name, options, &err);
    if (!m)
        fail_msg("%s", err.text);
    return m;
}

/* Saves and opens the model, takes the writer. */
static struct model *open_written(const char *folder, struct gguf_writer *w)
{
    save(w, folder, "m.gguf");
    return open_ok(folder, "m.gguf", NULL);
}

static void assert_refused(const char *folder, struct gguf_writer *w, const char *part)
{
    struct err err = {""};
    save(w, folder, "m.gguf");
    assert_null(open_named(folder, "m.gguf", NULL, &err));
    assert_non_null(strstr(err.text, "m.gguf"));
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

static float value(const struct tensor *t, size_t row, size_t col)
{
    float *all = mem_new(t->cols, sizeof *all);
    dequantize_row(t->type, (const char *)t->data + row * t->row_bytes, all, t->cols);
    float v = all[col];
    free(all);
    return v;
}

static void assert_same_tensor(const struct tensor *a, const struct tensor *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->cols, b->cols);
    for (size_t row = 0; row < a->rows; row += a->rows / 3 + 1)
        for (size_t col = 0; col < a->cols; col += 7)
            assert_true(fabsf(value(a, row, col) - value(b, row, col)) < 0.01f);
}

/* All tensors of a struct that is made of them alone. */
static void assert_same_tensors(const void *a, const void *b, size_t bytes)
{
    const struct tensor *x = a, *y = b;
    for (size_t i = 0; i < bytes / sizeof *x; i++)
        assert_same_tensor(&x[i], &y[i]);
}

static void assert_same_model(const struct model *a, const struct model *b)
{
    assert_memory_equal(&a->text, &b->text, sizeof a->text);
    assert_same_tensor(&a->tw.embed, &b->tw.embed);
    assert_same_tensor(&a->tw.norm, &b->tw.norm);
    for (uint32_t i = 0; i < a->text.n_layers; i++) {
        const struct text_layer *x = &a->tw.layers[i], *y = &b->tw.layers[i];
        assert_int_equal(x->is_global, y->is_global);
        assert_same_tensors(&x->attn_norm, &y->attn_norm,
                            sizeof *x - offsetof(struct text_layer, attn_norm));
    }
    assert_int_equal(a->has_vision, b->has_vision);
    if (!a->has_vision)
        return;
    assert_memory_equal(&a->vision, &b->vision, sizeof a->vision);
    assert_same_tensor(&a->vw.patch_w, &b->vw.patch_w);
    assert_same_tensor(&a->vw.position, &b->vw.position);
    assert_same_tensor(&a->vw.soft_norm, &b->vw.soft_norm);
    assert_same_tensor(&a->vw.projection, &b->vw.projection);
    for (uint32_t i = 0; i < a->vision.n_layers; i++)
        assert_same_tensors(&a->vw.layers[i], &b->vw.layers[i], sizeof a->vw.layers[i]);
}

/* ---- GGUF text ------------------------------------------------------------------------------ */

static void test_plain(void **state)
{
    struct model *m = open_written(*state, tiny_text(&tiny_default));
    const struct text_params *p = &m->text;
    assert_string_equal(m->name, "tiny random model");
    assert_int_equal(p->n_layers, 7);
    assert_int_equal(p->head_dim, 64);
    assert_int_equal(p->window, 24);
    assert_int_equal(p->n_vocab, 2048);
    assert_true(p->attention_scale == 0.125f && p->embed_scale == sqrtf(128));
    assert_true(p->rope_base_local == 1e4f && p->rope_base_global == 1e6f);
    assert_true(p->rope_factor_global == 8 && p->rms_eps == 1e-6f);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(m->tw.layers[i].is_global, i == 5);
    assert_int_equal(m->tw.layers[3].q.rows, 256);
    assert_int_equal(m->tw.layers[3].q.cols, 128);
    assert_int_equal(m->tw.layers[3].o.cols, 256);
    assert_ptr_equal(m->tw.head.data, m->tw.embed.data);
    assert_int_equal(tokenizer_size(m->tokenizer), 2048);
    assert_false(m->has_vision);
    assert_null(m->chat_note);
    assert_int_equal(m->n_listing, 13 * 7 + 2);
    assert_string_equal(m->listing[0].name, "token_embd.weight");
    assert_string_equal(m->listing[0].type, "F32");
    assert_int_equal(m->listing[0].shape[0], 2048);
    assert_int_equal(m->weight_bytes, m->n_parameters * 4);
    model_free(m);
}

static void test_every_type(void **state)
{
    for (uint32_t type = 0; type < TYPE_COUNT; type++) {
        if (!type_traits_get(type)->name)
            continue;
        struct tiny t = tiny_default;
        t.type = (enum weight_type)type;
        t.n_layers = 1;
        t.n_embd = 256;
        struct model *m = open_written(*state, tiny_text(&t));
        assert_int_equal(m->tw.layers[0].down.type, type);
        assert_int_equal(m->tw.embed.row_bytes, type_row_bytes(type, 256));
        assert_int_equal(m->tw.layers[0].attn_norm.type, TYPE_F32);
        model_free(m);
    }
}

static void test_rope_scaling_missing(void **state)
{
    struct tiny t = tiny_default;
    t.rope_factor = 0;
    struct model *m = open_written(*state, tiny_text(&t));
    assert_true(m->text.rope_factor_global == 1);
    assert_null(m->chat_note);
    model_free(m);
    t.n_ctx = 131072;
    m = open_written(*state, tiny_text(&t));
    assert_true(m->text.rope_factor_global == 8);
    assert_non_null(m->chat_note);
    model_free(m);
    struct gguf_writer *w = tiny_text(&t);
    gguf_put_string(w, "gemma3.rope.scaling.type", "none");
    m = open_written(*state, w);
    assert_true(m->text.rope_factor_global == 1);
    model_free(m);
}

static void test_rope_spellings(void **state)
{
    struct gguf_writer *w = tiny_text(&tiny_default);
    gguf_drop_key(w, "gemma3.rope.freq_base");
    gguf_put_f32(w, "gemma3.rope.global.freq_base", 5e5f);
    gguf_put_f32(w, "gemma3.rope.local.freq_base", 2e4f);
    struct model *m = open_written(*state, w);
    assert_true(m->text.rope_base_global == 5e5f && m->text.rope_base_local == 2e4f);
    model_free(m);
    w = tiny_text(&tiny_default);
    gguf_drop_key(w, "gemma3.rope.freq_base");
    gguf_put_f32(w, "gemma3.rope.freq_base_swa", 3e4f);
    m = open_written(*state, w);
    assert_true(m->text.rope_base_global == 1e6f && m->text.rope_base_local == 3e4f);
    model_free(m);
}

static void test_sliding_window_pattern(void **state)
{
    static const uint8_t slides[] = {1, 0, 1, 1, 1, 1, 0};
    struct gguf_writer *w = tiny_text(&tiny_default);
    gguf_put_u32(w, "gemma3.attention.sliding_window_pattern", 3);
    struct model *m = open_written(*state, w);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(m->tw.layers[i].is_global, i == 2 || i == 5);
    model_free(m);
    w = tiny_text(&tiny_default);
    gguf_put_array(w, "gemma3.attention.sliding_window_pattern", GGUF_BOOL, 7, slides, 7);
    m = open_written(*state, w);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(m->tw.layers[i].is_global, i == 1 || i == 6);
    model_free(m);
    w = tiny_text(&tiny_default);
    gguf_put_array(w, "gemma3.attention.sliding_window_pattern", GGUF_BOOL, 6, slides, 6);
    assert_refused(*state, w, "sliding_window_pattern");
    w = tiny_text(&tiny_default);
    gguf_put_u32(w, "gemma3.attention.sliding_window_pattern", 0);
    assert_refused(*state, w, "period");
}

static void test_keys_missing(void **state)
{
    struct gguf_writer *w = tiny_text(&tiny_default);
    gguf_drop_key(w, "gemma3.attention.layer_norm_rms_epsilon");
    gguf_drop_key(w, "gemma3.attention.sliding_window");
    gguf_drop_key(w, "general.name");
    gguf_put_f32(w, "gemma3.final_logit_softcapping", 30);
    struct model *m = open_written(*state, w);
    assert_true(m->text.rms_eps == 1e-6f);
    assert_int_equal(m->text.window, 512);
    assert_non_null(m->chat_note);
    assert_string_equal(m->name, "m");
    model_free(m);
    w = tiny_text(&tiny_default);
    gguf_drop_key(w, "gemma3.block_count");
    assert_refused(*state, w, "gemma3.block_count is missing");
}

static void test_sampling(void **state)
{
    struct gguf_writer *w = tiny_text(&tiny_default);
    struct model *m = open_written(*state, w);
    assert_memory_equal(&m->sampling, &facet_sampling_default, sizeof m->sampling);
    model_free(m);
    w = tiny_text(&tiny_default);
    gguf_put_f32(w, "general.sampling.temp", 0.25f);
    gguf_put_u32(w, "general.sampling.top_k", 7);
    gguf_put_f32(w, "general.sampling.top_p", 1.5f);
    gguf_put_f32(w, "general.sampling.min_p", 0.125f);
    gguf_put_f32(w, "general.sampling.penalty_repeat", 1.5f);
    m = open_written(*state, w);
    assert_true(m->sampling.temperature == 0.25f && m->sampling.top_p == 0.95f);
    assert_true(m->sampling.min_p == 0.125f && m->sampling.repetition_penalty == 1.5f);
    assert_int_equal(m->sampling.top_k, 7);
    assert_non_null(strstr(m->chat_note, "general.sampling.top_p is 1.5"));
    model_free(m);
}

static void test_head_size_missing(void **state)
{
    struct tiny t = tiny_default;
    t.head_dim = 32; /* width / heads */
    struct gguf_writer *w = tiny_text(&t);
    gguf_drop_key(w, "gemma3.attention.key_length");
    gguf_drop_key(w, "gemma3.attention.value_length");
    struct model *m = open_written(*state, w);
    assert_int_equal(m->text.head_dim, 32);
    model_free(m);
}

static void test_62_layers(void **state)
{
    struct tiny t = tiny_default;
    t.n_layers = 62;
    t.n_embd = 64;
    t.n_ff = 32;
    t.n_heads = 2;
    t.head_dim = 16;
    struct model *m = open_written(*state, tiny_text(&t));
    assert_true(m->text.attention_scale == 1 / sqrtf(32));
    assert_true(m->tw.layers[59].is_global && !m->tw.layers[61].is_global);
    model_free(m);
}

static void test_1b_has_no_scaling(void **state)
{
    struct tiny t = tiny_default;
    t.n_layers = 26;
    t.n_embd = 1152;
    t.n_ff = 32;
    t.n_heads = 1;
    t.head_dim = 16;
    t.n_vocab = TINY_LEAST_VOCAB;
    t.type = TYPE_F16;
    struct model *m = open_written(*state, tiny_text(&t));
    assert_true(m->text.rope_factor_global == 1);
    assert_non_null(m->chat_note);
    model_free(m);
}

/* Rows of the embedding and pieces of the vocabulary differ in published files. */
static void test_vocabulary_sizes(void **state)
{
    struct gguf_writer *w = tiny_text(&tiny_default);
    tiny_vocab_put(w, 2000); /* fewer pieces than rows */
    struct model *m = open_written(*state, w);
    assert_int_equal(m->text.n_vocab, 2000);
    assert_int_equal(m->tw.embed.rows, 2048);
    model_free(m);
    w = tiny_text(&tiny_default);
    tiny_vocab_put(w, 2049); /* one piece too many, as Ollama has it */
    m = open_written(*state, w);
    assert_int_equal(m->text.n_vocab, 2048);
    assert_int_equal(tokenizer_size(m->tokenizer), 2048);
    model_free(m);
}

static void test_padding_pieces(void **state)
{
    char *pieces[2048];
    struct gguf_writer *w = tiny_text(&tiny_default);
    save(w, *state, "from.gguf");
    struct model *m = open_ok(*state, "from.gguf", NULL);
    for (int32_t i = 0; i < 2048; i++) {
        size_t n;
        const char *piece = tokenizer_piece(m->tokenizer, i, &n);
        pieces[i] = i < 2000 ? mem_text(piece, n) : mem_copy("[PAD262144]");
    }
    model_free(m);
    w = tiny_text(&tiny_default);
    gguf_put_strings(w, "tokenizer.ggml.tokens", 2048, (const char *const *)pieces);
    for (size_t i = 0; i < 2048; i++)
        free(pieces[i]);
    m = open_written(*state, w);
    assert_int_equal(m->text.n_vocab, 2000);
    model_free(m);
}

static void test_separate_head(void **state)
{
    struct gguf_writer *w = tiny_text(&tiny_default);
    const uint64_t dims[4] = {128, 2048};
    gguf_put_tensor(w, "output.weight", TYPE_F16, 2, dims, mem_new(128 * 2048, 2), 128 * 2048 * 2);
    struct model *m = open_written(*state, w);
    assert_int_equal(m->tw.head.type, TYPE_F16);
    assert_int_equal(m->tw.embed.type, TYPE_F32);
    model_free(m);
}

/* Norms in another type become F32. */
static void test_norm_types(void **state)
{
    struct gguf_writer *w = tiny_text(&tiny_default);
    struct written_tensor *t = gguf_written(w, "blk.2.ffn_norm.weight");
    float first = ((float *)t->data)[5];
    uint16_t *halves = mem_new(128, sizeof *halves);
    for (size_t i = 0; i < 128; i++)
        halves[i] = float_to_half(((float *)t->data)[i]);
    free(t->data);
    t->data = halves;
    t->bytes = 256;
    t->type = TYPE_F16;
    struct model *m = open_written(*state, w);
    const struct tensor *norm = &m->tw.layers[2].ffn_norm;
    assert_int_equal(norm->type, TYPE_F32);
    assert_true(((const float *)norm->data)[5] == first);
    model_free(m);
}

static void test_wrong_tensors(void **state)
{
    struct gguf_writer *w = tiny_text(&tiny_default);
    gguf_drop_tensor(w, "blk.3.attn_q.weight");
    assert_refused(*state, w, "blk.3.attn_q.weight is missing");
    w = tiny_text(&tiny_default);
    gguf_put_u32(w, "gemma3.attention.head_count", 8);
    assert_refused(*state, w, "blk.0.attn_q.weight is [256, 128], but [512, 128] was expected");
    w = tiny_text(&tiny_default);
    gguf_written(w, "blk.3.attn_q.weight")->type = 17;
    assert_refused(*state, w,
                   "blk.3.attn_q.weight is IQ2_XS, which facet cannot compute with (it has F32");
    w = tiny_text(&tiny_default);
    gguf_put_u32(w, "gemma3.block_count", 8);
    assert_refused(*state, w, "blk.7.attn_norm.weight is missing");
}

static void test_wrong_numbers(void **state)
{
    static const struct {
        const char *key;
        uint32_t value;
    } cases[] = {{"gemma3.block_count", 0},
                 {"gemma3.block_count", 4000000000u},
                 {"gemma3.embedding_length", 0},
                 {"gemma3.attention.head_count", 0},
                 {"gemma3.attention.head_count_kv", 3},
                 {"gemma3.attention.key_length", 63},
                 {"gemma3.attention.sliding_window", 0},
                 {"gemma3.context_length", 0},
                 {"gemma3.attention.head_count_kv", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gguf_writer *w = tiny_text(&tiny_default);
        gguf_put_u32(w, cases[i].key, cases[i].value);
        assert_refused(*state, w, "m.gguf");
    }
    struct gguf_writer *w = tiny_text(&tiny_default);
    gguf_put_string(w, "general.architecture", "llama");
    assert_refused(*state, w, "architecture is \"llama\"");
    w = tiny_text(&tiny_default);
    gguf_put_f32(w, "gemma3.rope.scaling.factor", NAN);
    assert_refused(*state, w, "RoPE scaling factor");
}

static void test_vocabulary_only(void **state)
{
    struct facet_model_options only = {.vocabulary_only = true};
    struct gguf_writer *w = gguf_writer_new();
    gguf_put_string(w, "general.architecture", "gemma3");
    tiny_vocab_put(w, 1000);
    save(w, *state, "v.gguf");
    struct model *m = open_ok(*state, "v.gguf", &only);
    assert_int_equal(m->text.n_vocab, 1000);
    assert_non_null(m->tokenizer);
    model_free(m);
    assert_null(open_named(*state, "v.gguf", NULL, NULL));
}

/* Files made to measure speed have no usable vocabulary; they open, with a note. */
static void test_no_vocabulary(void **state)
{
    struct gguf_writer *w = tiny_text(&tiny_default);
    gguf_drop_key(w, "tokenizer.ggml.tokens");
    struct model *m = open_written(*state, w);
    assert_null(m->tokenizer);
    assert_non_null(m->chat_note);
    assert_int_equal(m->text.n_vocab, 2048);
    model_free(m);
}

/* ---- Vision --------------------------------------------------------------------------------- */

static struct model *open_pair(const char *folder, struct gguf_writer *tower)
{
    save(tiny_text(&tiny_default), folder, "m.gguf");
    save(tower, folder, "mmproj-m.gguf");
    struct model *m = open_ok(folder, "m.gguf", NULL);
    assert_true(m->has_vision);
    return m;
}

static void test_projector(void **state)
{
    struct model *m = open_pair(*state, tiny_mmproj(&tiny_default));
    const struct vision_params *v = &m->vision;
    assert_int_equal(v->n_side, 16);
    assert_int_equal(v->pool, 4);
    assert_int_equal(v->n_soft, 16);
    assert_int_equal(m->vw.patch_w.cols, 3 * 14 * 14);
    assert_int_equal(m->vw.projection.rows, 96);
    assert_int_equal(m->vw.projection.cols, 128);
    assert_int_equal(m->vw.layers[2].fc1_w.rows, 208);
    assert_non_null(strstr(m->mmproj_path, "/mmproj-m.gguf"));
    assert_int_equal(m->n_listing, 93 + 55);
    model_free(m);
    struct facet_model_options text = {.text_only = true};
    m = open_ok(*state, "m.gguf", &text);
    assert_false(m->has_vision);
    model_free(m);
}

static void test_projector_without_pool(void **state)
{
    struct gguf_writer *w = tiny_mmproj(&tiny_default);
    gguf_drop_key(w, "clip.vision.projector.scale_factor");
    gguf_drop_key(w, "clip.vision.attention.layer_norm_epsilon");
    struct model *m = open_pair(*state, w);
    assert_int_equal(m->vision.pool, 4);
    assert_true(m->vision.eps == 1e-6f);
    model_free(m);
}

static void test_projector_swapped(void **state)
{
    struct gguf_writer *w = tiny_mmproj(&tiny_default);
    for (size_t i = 0; i < w->n_tensors; i++) {
        char *up = strstr(w->tensors[i].name, "ffn_up"),
             *down = strstr(w->tensors[i].name, "ffn_down");
        if (!up && !down)
            continue;
        struct str name = {0};
        str_put(&name, w->tensors[i].name, (size_t)((up ? up : down) - w->tensors[i].name));
        str_printf(&name, "%s%s", up ? "ffn_down" : "ffn_up", strrchr(w->tensors[i].name, '.'));
        free(w->tensors[i].name);
        w->tensors[i].name = str_take(&name);
    }
    struct model *swapped = open_pair(*state, w);
    struct model *plain = open_pair(*state, tiny_mmproj(&tiny_default));
    assert_same_model(swapped, plain);
    model_free(swapped);
    model_free(plain);
}

static void test_projector_types(void **state)
{
    struct tiny t = tiny_default;
    t.v_type = TYPE_BF16;
    struct model *m = open_pair(*state, tiny_mmproj(&t));
    assert_int_equal(m->vw.layers[0].q_w.type, TYPE_BF16);
    assert_int_equal(m->vw.layers[0].q_b.type, TYPE_F32);
    model_free(m);
}

static void test_projector_wrong(void **state)
{
    struct err err;
    struct tiny t = tiny_default;
    t.n_embd = 256;
    char *path = scratch_path(*state, "mmproj-x.gguf");
    struct facet_model_options given = {.mmproj = path};
    save(tiny_text(&tiny_default), *state, "m.gguf");
    save(tiny_mmproj(&t), *state, "mmproj-x.gguf");
    assert_null(open_named(*state, "m.gguf", &given, &err));
    assert_non_null(strstr(err.text, "width 256"));
    struct model *m = open_ok(*state, "m.gguf", NULL);
    assert_false(m->has_vision);
    assert_non_null(strstr(m->chat_note, "width 256"));
    model_free(m);

    struct gguf_writer *w = tiny_mmproj(&tiny_default);
    gguf_written(w, "mm.input_projection.weight")->dims[0] = 96;
    gguf_written(w, "mm.input_projection.weight")->dims[1] = 128;
    save(w, *state, "mmproj-x.gguf");
    assert_null(open_named(*state, "m.gguf", &given, &err));
    assert_non_null(strstr(err.text, "is [128, 96], but [96, 128] was expected"));

    w = tiny_mmproj(&tiny_default);
    gguf_put_string(w, "clip.projector_type", "mlp");
    save(w, *state, "mmproj-x.gguf");
    assert_null(open_named(*state, "m.gguf", &given, &err));
    assert_non_null(strstr(err.text, "\"mlp\""));

    save(tiny_text(&tiny_default), *state, "mmproj-x.gguf");
    assert_null(open_named(*state, "m.gguf", &given, &err));
    assert_non_null(strstr(err.text, "not a projector file"));
    assert_null(open_named(*state, "mmproj-none.gguf", NULL, &err));
    free(path);
}

/* The projector with the likest name is taken, if it fits. */
static void test_projector_choice(void **state)
{
    struct tiny other = tiny_default;
    other.n_embd = 256;
    save(tiny_text(&tiny_default), *state, "gemma-4b-q4.gguf");
    save(tiny_mmproj(&other), *state, "mmproj-gemma-4b-q4.gguf"); /* likest, but of another width */
    save(tiny_mmproj(&tiny_default), *state, "mmproj-F16.gguf");
    save(tiny_mmproj(&tiny_default), *state, "MMPROJ-gemma-4b-f16.GGUF");
    struct model *m = open_ok(*state, "gemma-4b-q4.gguf", NULL);
    assert_true(m->has_vision);
    assert_string_equal(path_base(m->mmproj_path), "MMPROJ-gemma-4b-f16.GGUF");
    assert_null(m->chat_note);
    model_free(m);
}

static void test_ollama(void **state)
{
    save(tiny_ollama(&tiny_default), *state, "blob");
    struct model *ollama = open_ok(*state, "blob", NULL);
    assert_true(ollama->has_vision);
    assert_null(ollama->mmproj_path);
    struct model *pair = open_pair(*state, tiny_mmproj(&tiny_default));
    assert_same_model(ollama, pair);
    model_free(ollama);
    model_free(pair);
    struct gguf_writer *w = tiny_ollama(&tiny_default);
    gguf_put_u32(w, "gemma3.mm.tokens_per_image", 17);
    assert_refused(*state, w, "pooled");
}

static void test_split_model(void **state)
{
    struct gguf_writer *w = tiny_text(&tiny_default), *second = gguf_writer_new();
    gguf_put_u32(w, "split.no", 0);
    gguf_put_u32(second, "split.no", 1);
    gguf_put_u32(w, "split.count", 2);
    gguf_put_u32(second, "split.count", 2);
    while (w->n_tensors > 50) {
        struct written_tensor *t = &w->tensors[50];
        gguf_put_tensor(second, t->name, t->type, t->n_dims, t->dims, t->data, t->bytes);
        t->data = NULL;
        gguf_drop_tensor(w, t->name);
    }
    save(w, *state, "s-00001-of-00002.gguf");
    save(second, *state, "s-00002-of-00002.gguf");
    struct model *split = open_ok(*state, "s-00002-of-00002.gguf", NULL);
    struct model *whole = open_written(*state, tiny_text(&tiny_default));
    assert_same_model(split, whole);
    model_free(split);
    model_free(whole);
}

/* ---- Folders -------------------------------------------------------------------------------- */

static struct model *open_folder(const char *folder, const struct tiny *t, enum tiny_folder_age age,
                                 bool tower)
{
    struct err err = {""};
    char *path = scratch_path(folder, "hf");
    if (!tiny_folder(t, age, tower, path, &err))
        fail_msg("%s", err.text);
    free(path);
    return open_ok(folder, "hf", NULL);
}

static void test_folders(void **state)
{
    struct model *gguf = open_pair(*state, tiny_mmproj(&tiny_default));
    for (int age = TINY_FOLDER_OLD; age <= TINY_FOLDER_NEW; age++) {
        struct model *m = open_folder(*state, &tiny_default, (enum tiny_folder_age)age, true);
        assert_same_model(m, gguf);
        assert_string_equal(m->name, "hf");
        assert_non_null(m->tokenizer);
        assert_string_equal(m->listing[0].type, "BF16");
        model_free(m);
    }
    model_free(gguf);
}

static void test_folder_text_only(void **state)
{
    struct tiny t = tiny_default;
    t.rope_factor = 0;
    struct model *m = open_folder(*state, &t, TINY_FOLDER_NEW, false);
    assert_false(m->has_vision);
    assert_true(m->text.rope_factor_global == 1);
    model_free(m);
    struct facet_model_options only = {.vocabulary_only = true};
    m = open_ok(*state, "hf", &only);
    assert_int_equal(m->text.n_vocab, 2048);
    model_free(m);
}

/* Sets a key of config.json (of text_config where there is one) and opens the folder again. */
static struct model *reopen_with(const char *folder, const char *key, json_t *value,
                                 struct err *err)
{
    char *path = scratch_path(folder, "hf/config.json");
    json_t *root = json_load_file(path, 0, NULL);
    json_t *text = json_object_get(root, "text_config");
    if (value)
        json_object_set_new(text ? text : root, key, value);
    else
        json_object_del(text ? text : root, key);
    json_dump_file(root, path, 0);
    json_decref(root);
    free(path);
    return open_named(folder, "hf", NULL, err);
}

/* Google's own configuration says only what differs from the class's defaults. */
static void test_folder_sparse(void **state)
{
    static const char *const left_out[] = {
        "num_attention_heads",     "num_key_value_heads",   "head_dim",   "vocab_size",
        "max_position_embeddings", "query_pre_attn_scalar", "rope_theta", "rope_local_base_freq",
        "sliding_window_pattern",  "rope_scaling"};
    struct tiny t = tiny_default;
    t.n_heads = 8;
    t.n_kv_heads = 4;
    t.head_dim = 256;
    t.n_layers = 6;
    model_free(open_folder(*state, &t, TINY_FOLDER_OLD, true));
    struct model *m = NULL;
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        model_free(m);
        m = reopen_with(*state, left_out[i], NULL, NULL);
        assert_non_null(m);
    }
    assert_int_equal(m->text.n_ctx_train, 131072);
    assert_int_equal(m->text.n_kv_heads, 4);
    assert_true(m->text.rope_factor_global == 8 && m->text.attention_scale == 0.0625f);
    assert_true(m->text.rms_eps == 1e-6f && m->tw.layers[5].is_global);
    model_free(m);
}

static void test_folder_sampling(void **state)
{
    static const char recommended[] = "{\"top_k\": 3, \"temperature\": 0.5, \"do_sample\": true}",
                      broken[] = "{\"top_k\": ";
    struct err err = {""};
    char *path = scratch_path(*state, "hf/generation_config.json");
    model_free(open_folder(*state, &tiny_default, TINY_FOLDER_NEW, false));
    assert_true(file_write(path, recommended, strlen(recommended), 0600, &err));
    struct model *m = open_ok(*state, "hf", NULL);
    assert_true(m->sampling.temperature == 0.5f && m->sampling.top_p == 0.95f);
    assert_int_equal(m->sampling.top_k, 3);
    model_free(m);
    assert_true(file_write(path, broken, strlen(broken), 0600, &err));
    assert_null(open_named(*state, "hf", NULL, &err));
    assert_non_null(strstr(err.text, "generation_config.json: line 1"));
    free(path);
}

static void test_folder_numbers(void **state)
{
    struct err err;
    model_free(open_folder(*state, &tiny_default, TINY_FOLDER_OLD, true));
    struct model *m = reopen_with(*state, "query_pre_attn_scalar", json_integer(168), &err);
    assert_true(m->text.attention_scale == 1 / sqrtf(168));
    model_free(m);
    assert_null(reopen_with(*state, "num_hidden_layers", json_string("seven"), &err));
    assert_non_null(strstr(err.text, "num_hidden_layers"));
    assert_null(reopen_with(*state, "num_hidden_layers", json_integer(8), &err));
    assert_non_null(
        strstr(err.text, "language_model.model.layers.7.input_layernorm.weight is missing"));
    m = reopen_with(*state, "num_hidden_layers", json_integer(7), &err);
    assert_non_null(m);
    model_free(m);
    assert_null(reopen_with(*state, "rope_scaling", json_pack("{s:s}", "rope_type", "yarn"), &err));
    assert_non_null(strstr(err.text, "yarn"));
}

static void test_folder_files_missing(void **state)
{
    struct err err;
    model_free(open_folder(*state, &tiny_default, TINY_FOLDER_NEW, true));
    char *path = scratch_path(*state, "hf/model-00002-of-00002.safetensors");
    remove(path);
    free(path);
    assert_null(open_named(*state, "hf", NULL, &err));
    assert_non_null(strstr(err.text, "model-00002-of-00002.safetensors"));
    path = scratch_path(*state, "hf/config.json");
    remove(path);
    free(path);
    assert_null(open_named(*state, "hf", NULL, &err));
    assert_non_null(strstr(err.text, "config.json"));
}

static void test_safetensors_wrong(void **state)
{
    static const char *const headers[] = {
        "[1]",
        "{\"a\":",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":3}"};
    model_free(open_folder(*state, &tiny_default, TINY_FOLDER_OLD, false));
    char *path = scratch_path(*state, "hf/model.safetensors");
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct err err = {""};
        char bytes[256] = {0};
        size_t n = strlen(headers[i]);
        bytes[0] = (char)n;
        memcpy(bytes + 8, headers[i], n);
        assert_true(file_write(path, bytes, 8 + n + 8, 0600, &err));
        assert_null(open_named(*state, "hf", NULL, &err));
        assert_non_null(strstr(err.text, "model.safetensors"));
    }
    free(path);
}

/* ---- Golden models -------------------------------------------------------------------------- */

static char *golden_folder(const char *name)
{
    const char *place = getenv("FACET_GOLDEN");
    return path_join(place && *place ? place : "../shared/golden", name);
}

static void open_all(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        const char *dot = strrchr(entry->d_name, '.');
        bool model = strncmp(entry->d_name, "hf-", 3) == 0 ||
                     (dot && strcmp(dot, ".gguf") == 0 && strncmp(entry->d_name, "mmproj", 6) != 0);
        if (model)
            model_free(open_ok(folder, entry->d_name, NULL));
    }
    if (dir)
        closedir(dir);
}

static void test_golden(void **state)
{
    (void)state;
    char *models = golden_folder("model"), *quant = golden_folder("quant");
    open_all(models);
    open_all(quant);
    if (file_is_dir(models)) {
        char *tower = path_join(models, "mmproj-tiny-vl.gguf");
        char *swapped = path_join(models, "mmproj-tiny-vl-f16-swapped.gguf");
        struct facet_model_options with = {.mmproj = tower}, with_swapped = {.mmproj = swapped};
        struct model *gguf = open_ok(models, "tiny-vl.gguf", &with);
        struct model *other = open_ok(models, "tiny-vl.gguf", &with_swapped);
        struct model *old = open_ok(models, "hf-tiny-vl", NULL);
        struct model *new = open_ok(models, "hf-tiny-vl-new", NULL);
        assert_same_model(gguf, other);
        assert_same_model(gguf, old);
        assert_same_model(gguf, new);
        model_free(gguf);
        model_free(other);
        model_free(old);
        model_free(new);
        free(tower);
        free(swapped);
    }
    free(models);
    free(quant);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_plain),
        TEST(test_every_type),
        TEST(test_rope_scaling_missing),
        TEST(test_rope_spellings),
        TEST(test_sliding_window_pattern),
        TEST(test_keys_missing),
        TEST(test_sampling),
        TEST(test_head_size_missing),
        TEST(test_62_layers),
        TEST(test_1b_has_no_scaling),
        TEST(test_vocabulary_sizes),
        TEST(test_padding_pieces),
        TEST(test_separate_head),
        TEST(test_norm_types),
        TEST(test_wrong_tensors),
        TEST(test_wrong_numbers),
        TEST(test_vocabulary_only),
        TEST(test_no_vocabulary),
        TEST(test_projector),
        TEST(test_projector_without_pool),
        TEST(test_projector_swapped),
        TEST(test_projector_types),
        TEST(test_projector_wrong),
        TEST(test_projector_choice),
        TEST(test_ollama),
        TEST(test_split_model),
        TEST(test_folders),
        TEST(test_folder_text_only),
        TEST(test_folder_sparse),
        TEST(test_folder_sampling),
        TEST(test_folder_numbers),
        TEST(test_folder_files_missing),
        TEST(test_safetensors_wrong),
        TEST(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
