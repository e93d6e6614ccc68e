#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/facet.h"
#include "engine/model_shape.h"

static void plan(struct model *m, struct weights *w, const char *shape, bool tower)
{
    struct err err = {""};
    *m = (struct model){0};
    *w = (struct weights){0};
    if (!model_shape_plan(m, w, shape, tower, &err))
        fail_msg("%s", err.text);
}

static void drop(struct model *m, struct weights *w)
{
    weights_done(w);
    free(m->tw.layers);
    free(m->vw.layers);
}

static uint64_t count_weights(const struct weights *w, const char *prefix)
{
    uint64_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        if (strncmp(w->all[i].info.name, prefix, strlen(prefix)) == 0)
            n += w->all[i].info.shape[0] * w->all[i].info.shape[1];
    return n;
}

/* Gemma 3's published shapes. */
static void sizes_are_gemmas(void **state)
{
    (void)state;
    static const struct {
        const char *shape;
        uint32_t layers, embd, ff, heads, kv, dim, window, ctx;
        float rope, query;
        double embed_m, rest_m; /* millions of parameters */
    } sizes[] = {
        {"270m:f16", 18, 640, 2048, 4, 1, 256, 512, 32768, 1, 256, 167.8, 100.3},
        {"1b:f16", 26, 1152, 6912, 4, 1, 256, 512, 32768, 1, 256, 302.0, 697.9},
        {"4b:f16", 34, 2560, 10240, 8, 4, 256, 1024, 131072, 8, 256, 671.1, 3209.0},
        {"12b:f16", 48, 3840, 15360, 16, 8, 256, 1024, 131072, 8, 256, 1006.6, 10759.2},
        {"27b:f16", 62, 5376, 21504, 32, 16, 128, 1024, 131072, 8, 168, 1409.3, 25599.7},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct model m;
        struct weights w;
        plan(&m, &w, sizes[i].shape, false);
        const struct text_params *p = &m.text;
        const uint32_t is[] = {p->n_layers,   p->n_embd,   p->n_ff,   p->n_heads,
                               p->n_kv_heads, p->head_dim, p->window, p->n_ctx_train};
        assert_memory_equal(is, &sizes[i].layers, sizeof is);
        assert_true(p->rope_factor_global == sizes[i].rope);
        assert_true(fabsf(p->attention_scale * sqrtf(sizes[i].query) - 1) < 1e-6f);
        for (uint32_t l = 0; l < p->n_layers; l++)
            assert_int_equal(m.tw.layers[l].is_global, l % 6 == 5);
        double embed = (double)count_weights(&w, "token_embd") * 1e-6,
               all = (double)count_weights(&w, "") * 1e-6;
        assert_true(fabs(embed - sizes[i].embed_m) < 0.06);
        assert_true(fabs(all - embed - sizes[i].rest_m) < 0.06);
        drop(&m, &w);
    }
}

static size_t count_type(const struct weights *w, enum weight_type type)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        n += w->all[i].type == type;
    return n;
}

/* As counted in a Q4_K_M file of the 1B. */
static void fallbacks_are_as_in_files(void **state)
{
    (void)state;
    struct model m;
    struct weights w;
    plan(&m, &w, "1b:q4_k_m", false);
    assert_int_equal(count_type(&w, TYPE_F32), 157);
    assert_int_equal(count_type(&w, TYPE_Q5_0), 117);
    assert_int_equal(count_type(&w, TYPE_Q8_0), 14);
    assert_int_equal(count_type(&w, TYPE_Q4_K), 39);
    assert_int_equal(count_type(&w, TYPE_Q6_K), 13);
    drop(&m, &w);
}

/* Sums over a layer's matrices, written out: q and o, k and v, gate, up and down, four wide norms
 * and two of heads. */
static void bytes_are_those_of_files(void **state)
{
    (void)state;
    uint64_t matrices = 34 * (2 * 2048 * 2560ull + 2 * 1024 * 2560ull + 3 * 10240 * 2560ull);
    uint64_t norms = 4 * (2560 + 34 * (4 * 2560ull + 2 * 256)), embed = 262144 * 2560ull;
    assert_int_equal(
        facet_shape_bytes("4b:q4_0", &(struct facet_model_options){.text_only = true}, NULL),
        matrices / 32 * 18 + embed / 256 * 210 + norms);
    assert_int_equal(
        facet_shape_bytes("4b:q8_0", &(struct facet_model_options){.text_only = true}, NULL),
        (matrices + embed) / 32 * 34 + norms);
    assert_int_equal(
        facet_shape_bytes("4b:bf16", &(struct facet_model_options){.text_only = true}, NULL),
        (matrices + embed) * 2 + norms);
}

static void the_tower_is_siglip(void **state)
{
    (void)state;
    struct model m;
    struct weights w;
    plan(&m, &w, "4b:q4_0", true);
    assert_true(m.has_vision);
    assert_int_equal(m.vision.n_soft, 256);
    uint64_t projector = 1152 * 2560 + 1152;
    assert_int_equal(count_weights(&w, "v.") / 10000, 41686); /* 416.87 million */
    assert_int_equal(count_weights(&w, "mm."), projector);
    drop(&m, &w);
    plan(&m, &w, "1b:q4_0", true);
    assert_false(m.has_vision);
    drop(&m, &w);
}

static void every_preset_has_whole_blocks(void **state)
{
    (void)state;
    static const char *const types[] = {"f32",  "f16",    "bf16",   "q8_0",   "q4_0",
                                        "q4_1", "q5_0",   "q5_1",   "q2_k",   "q3_k",
                                        "q6_k", "q4_k_m", "q5_k_m", "iq4_nl", "iq4_xs"};
    static const char *const names[] = {"270m", "1b", "4b", "12b", "27b"};
    for (size_t s = 0; s < sizeof names / sizeof *names; s++)
        for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
            char shape[32];
            struct model m;
            struct weights w;
            snprintf(shape, sizeof shape, "%s:%s", names[s], types[t]);
            plan(&m, &w, shape, true);
            for (size_t i = 0; i < w.n; i++)
                assert_true(w.all[i].info.bytes > 0);
            drop(&m, &w);
        }
}

static void bad_shapes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",        ":",        "4b",       "4b:",      ":q4_0",
                                      "4B:q4_0", "4b:q4_0:", "40b:q4_0", "4b:iq2_xs"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char why[FACET_ERROR_BYTES] = "";
        assert_int_equal(facet_shape_bytes(bad[i], NULL, why), 0);
        assert_non_null(strstr(why, "shape"));
        assert_null(facet_model_open_shape(bad[i], NULL, NULL));
    }
}

/* Weights that are finite and of the right size: a forward pass through all layers stays sane. */
static void a_shape_computes(void **state)
{
    (void)state;
    char why[FACET_ERROR_BYTES] = "";
    static const int32_t ids[] = {2, 300, 70000, 262143, 5};
    struct facet_model *model = facet_model_open_shape("270m:q4_k_m", NULL, why);
    if (!model)
        fail_msg("%s", why);
    struct facet_session *s =
        facet_session_open(model, &(struct facet_session_options){.n_ctx = 64}, why);
    assert_non_null(s);
    struct facet_prompt prompt = {.ids = ids, .n_ids = sizeof ids / sizeof *ids};
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    const float *logits = facet_session_logits(s);
    double sum = 0;
    for (size_t i = 0; i < 262144; i++)
        sum += (double)logits[i] * (double)logits[i];
    double deviation = sqrt(sum / 262144);
    assert_true(deviation > 0.1 && deviation < 10);
    struct facet_work one = facet_session_work(s, FACET_DECODE, 0),
                      more = facet_session_work(s, FACET_DECODE, 600);
    /* 15 local layers look back 512 positions and 3 all of them, in 1024 bytes each */
    assert_true(more.bytes - one.bytes == 1024.0 * (15 * 512 + 3 * 600));
    assert_true(fabs(facet_session_work(s, FACET_PREFILL, 10).ops * 1e-6 / 20 - 100.3) < 0.1);
    facet_session_close(s);
    facet_model_close(model);
}

static void ceilings_are_measured(void **state)
{
    (void)state;
    struct facet_model *model =
        facet_model_open_shape("270m:q4_0", &(struct facet_model_options){.n_threads = 2}, NULL);
    struct facet_ceilings c;
    char why[FACET_ERROR_BYTES] = "";
    assert_non_null(model);
    assert_int_equal(facet_measure_ceilings(model, 0.01, &c, why), FACET_OK);
    assert_true(c.read_bytes > 0);
    facet_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_gemmas),
        cmocka_unit_test(fallbacks_are_as_in_files),
        cmocka_unit_test(bytes_are_those_of_files),
        cmocka_unit_test(the_tower_is_siglip),
        cmocka_unit_test(every_preset_has_whole_blocks),
        cmocka_unit_test(bad_shapes_are_refused),
        cmocka_unit_test(a_shape_computes),
        cmocka_unit_test(ceilings_are_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
