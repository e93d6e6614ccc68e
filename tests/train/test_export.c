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

static void the_engine_runs_it(void **state)
{
    struct fixture *f = *state;
    char why[FACET_ERROR_BYTES] = "";
    export_both(f, &as_they_are);
    struct facet_model *model = facet_model_open(f->text, NULL, why);
    if (!model)
        fail_msg("%s", why);
    struct facet_model_info info;
    facet_model_get_info(model, &info);
    assert_string_equal(info.name, "facet-small");
    assert_true(info.has_vision && info.n_soft_tokens == 4);
    struct facet_session *session = facet_session_open(model, NULL, why);
    assert_non_null(session);
    const int32_t ids[] = {2, 4, 270, 271, 272};
    struct facet_prompt prompt = {.ids = ids, .n_ids = 5};
    assert_int_equal(facet_session_prompt(session, &prompt, NULL, why), FACET_OK);
    const float *logits = facet_session_logits(session);
    for (size_t i = 0; i < f->spm.n; i++)
        assert_true(isfinite(logits[i]));
    facet_session_close(session);
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
        cmocka_unit_test(the_engine_runs_it),
        cmocka_unit_test(another_vocabulary_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
