/* A net as files, and what the engine finds in them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/facet.h"
#include "engine/gguf.h"
#include "tests/support/scratch.h"
#include "tests/support/small_spm.h"
#include "train/export.h"
#include "train/ops.h"
#include "train/pass.h"
#include "train/random.h"

struct fixture {
    char *folder, *text, *tower;
    struct spm spm;
    struct net net;
    float *values;
};

static const struct net_shape shape = {.n_layers = 7,
                                       .n_embd = 64,
                                       .n_ff = 96,
                                       .n_heads = 4,
                                       .n_kv_heads = 2,
                                       .head_dim = 32,
                                       .window = 24,
                                       .n_ctx = 512,
                                       .v_layers = 2,
                                       .v_width = 48,
                                       .v_ff = 96,
                                       .v_heads = 3,
                                       .image_size = 112,
                                       .patch_size = 14,
                                       .pool = 4};

static int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    struct str file = small_spm(NULL);
    struct net_shape whole = shape;
    f->folder = scratch_new();
    f->text = scratch_path(f->folder, "small.gguf");
    f->tower = scratch_path(f->folder, "mmproj-small.gguf");
    bool ok = spm_parse(&f->spm, file.data, file.len, "pieces", NULL);
    whole.n_vocab = (uint32_t)f->spm.n;
    ok = ok && net_init(&f->net, &whole, NULL);
    f->values = mem_new(f->net.n_values, sizeof *f->values);
    net_start(&f->net, 3, f->values);
    str_done(&file);
    *state = f;
    return !ok;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    net_done(&f->net);
    spm_done(&f->spm);
    free(f->values);
    free(f->text);
    free(f->tower);
    scratch_free(f->folder);
    free(f);
    return 0;
}

static void save(struct gguf_writer *w, const char *path)
{
    struct err err = {""};
    if (!w || !gguf_writer_save(w, path, &err))
        fail_msg("%s", err.text);
    gguf_writer_free(w);
}

static void export_both(const struct fixture *f, const struct export_types *types)
{
    save(export_decoder(&f->net, f->values, types, &f->spm, NULL), f->text);
    save(export_tower(&f->net, f->values, types), f->tower);
}

static const struct export_types as_they_are = {TYPE_F32, TYPE_F32, TYPE_F32};

/* The largest error of a parameter in the file, relative to its largest number. */
static double error_of(const struct gguf *g, const struct param *p, const float *values)
{
    const struct gguf_tensor *t = gguf_find(g, p->name);
    if (!t)
        fail_msg("no %s", p->name);
    size_t n = p->rows * p->cols;
    float *read = mem_new(n, sizeof *read);
    dequantize_row(t->type, t->data, read, n);
    double error = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        error = fmax(error, fabs((double)read[i] - values[p->offset + i]));
        largest = fmax(largest, fabs((double)values[p->offset + i]));
    }
    free(read);
    return largest > 0 ? error / largest : error;
}

static void numbers_are_written_as_they_are(void **state)
{
    struct fixture *f = *state;
    export_both(f, &as_they_are);
    struct gguf *text = gguf_open(f->text, NULL), *tower = gguf_open(f->tower, NULL);
    assert_true(text && tower);
    size_t n = 0;
    for (size_t i = 0; i < f->net.n_params; i++) {
        const struct param *p = &f->net.params[i];
        if (strncmp(p->name, "finder.", 7) == 0)
            continue;
        bool of_tower = p->name[0] == 'v' || p->name[0] == 'm';
        bool halved = p->kind == PARAM_PATCH || strcmp(p->name, "mm.input_projection.weight") == 0;
        assert_true(error_of(of_tower ? tower : text, p, f->values) <= (halved ? 1.0 / 2048 : 0));
        n++;
    }
    assert_int_equal(n, gguf_tensor_count(text) + gguf_tensor_count(tower));
    assert_int_equal(gguf_tensor_count(text), 13 * shape.n_layers + 2);
    assert_int_equal(gguf_tensor_count(tower), 16 * shape.v_layers + 7);
    gguf_close(text);
    gguf_close(tower);
}

static void types_are_those_asked_for(void **state)
{
    struct fixture *f = *state;
    const struct export_types types = {TYPE_Q4_0, TYPE_Q8_0, TYPE_Q8_0};
    static const struct {
        const char *name;
        uint32_t type;
    } all[] = {{"token_embd.weight", TYPE_Q8_0},        {"blk.3.ffn_up.weight", TYPE_Q4_0},
               {"blk.0.attn_norm.weight", TYPE_F32},    {"v.blk.1.ffn_down.weight", TYPE_Q8_0},
               {"v.blk.1.ffn_up.weight", TYPE_F16}, /* 48 columns are no blocks of 32 */
               {"v.blk.1.ffn_up.bias", TYPE_F32},       {"v.patch_embd.weight", TYPE_F16},
               {"mm.input_projection.weight", TYPE_F16}};
    export_both(f, &types);
    struct gguf *text = gguf_open(f->text, NULL), *tower = gguf_open(f->tower, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct gguf_tensor *t = gguf_find(i < 3 ? text : tower, all[i].name);
        assert_non_null(t);
        assert_int_equal(t->type, all[i].type);
    }
    gguf_close(text);
    gguf_close(tower);
}

/* The convolution and the projection are F16 in files: numbers that F16 holds. */
static void round_to_file(const struct fixture *f)
{
    for (size_t i = 0; i < f->net.n_params; i++) {
        const struct param *p = &f->net.params[i];
        float *at = f->values + p->offset;
        for (size_t j = 0; j < p->rows * p->cols; j++)
            at[j] = bf16_to_float(float_to_bf16(at[j]));
    }
}

static struct sample sample_of_noise(void)
{
    struct sample s = {.picture = {140, 90, mem_new(140 * 90, 3)}};
    struct random r = random_of(1, 1);
    for (size_t i = 0; i < 140 * 90 * 3; i++)
        s.picture.rgb[i] = (uint8_t)random_below(&r, 256);
    sample_add(&s, "test", "What is this, and what is it not?", "Noise, and much of it.", NULL);
    sample_add(&s, "test", "And this?", "The same noise.", NULL);
    return s;
}

/* p [n_targets][n_vocab], as the engine has it for the same picture and the same ids. */
static void engine_foretells(struct facet_model *model, const struct sample *s,
                             const struct batch *b, float *p)
{
    char why[FACET_ERROR_BYTES] = "";
    struct facet_model_info info;
    struct facet_special_ids special;
    facet_model_get_info(model, &info);
    facet_model_get_special(model, &special);
    struct facet_session *session = facet_session_open(model, NULL, why);
    float *planes = mem_new(3 * 112 * 112, sizeof *planes),
          *soft = mem_new(info.n_soft_tokens * info.n_embd, sizeof *soft),
          *logits = mem_new(b->tokens.n * info.n_vocab, sizeof *logits);
    int32_t *ids = mem_new(b->tokens.n, sizeof *ids);
    for (size_t i = 0; i < b->tokens.n; i++)
        ids[i] = b->tokens.ids[i] < 0 ? special.image_soft : b->tokens.ids[i];
    assert_true(image_prepare(planes, &s->picture, NULL, 112, NULL));
    assert_int_equal(facet_session_encode_image(session, planes, soft, why), FACET_OK);
    const float *const softs[] = {soft};
    const struct facet_prompt prompt = {ids, b->tokens.n, softs, 1};
    if (facet_session_prompt_logits(session, &prompt, logits, why) != FACET_OK)
        fail_msg("%s", why);
    for (size_t i = 0; i < b->n_targets; i++) {
        float *row = p + i * info.n_vocab;
        memcpy(row, logits + b->targets[i].position * info.n_vocab, info.n_vocab * sizeof *row);
        softmax(row, info.n_vocab);
    }
    free(planes);
    free(soft);
    free(logits);
    free(ids);
    facet_session_close(session);
}

static void the_engine_computes_the_same(void **state)
{
    struct fixture *f = *state;
    char why[FACET_ERROR_BYTES] = "";
    struct err err = {""};
    round_to_file(f);
    export_both(f, &as_they_are);
    const struct facet_model_options options = {.kernels = "exact"};
    struct facet_model *model = facet_model_open(f->text, &options, why);
    if (!model)
        fail_msg("%s", why);
    struct sample s = sample_of_noise();
    struct batch b = {0};
    struct arena arena = {0};
    if (!batch_fill(&b, &f->net, model, &s, 1, &arena, &err))
        fail_msg("%s", err.text);
    assert_true(b.tokens.n > shape.window && b.n_views == 1 && b.n_targets > 8);
    struct pass pass;
    const size_t n = b.n_targets * f->net.text.n_vocab;
    float *own = mem_new(n, sizeof *own), *engines = mem_new(n, sizeof *engines);
    pass_forward(&f->net, f->values, &b, &arena, &pass);
    decoder_foretell(&f->net, f->values, &pass.decoder, b.targets, b.n_targets, &arena, own);
    engine_foretells(model, &s, &b, engines);
    double worst = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)own[i] - (double)engines[i]));
        most = fmax(most, (double)own[i]);
    }
    assert_true(most > 0.01); /* something is foretold */
    if (worst > 1e-5)
        fail_msg("probabilities differ by %g", worst);
    free(own);
    free(engines);
    sample_done(&s);
    batch_done(&b);
    arena_done(&arena);
    facet_model_close(model);
}

static void another_vocabulary_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    f->spm.n--;
    assert_null(export_decoder(&f->net, f->values, &as_they_are, &f->spm, &err));
    f->spm.n++;
    assert_non_null(strstr(err.text, "the vocabulary"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_as_they_are),
        cmocka_unit_test(types_are_those_asked_for),
        cmocka_unit_test(the_engine_computes_the_same),
        cmocka_unit_test(another_vocabulary_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
