/* Models of odd shapes, and what tells models apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/facet.h"
#include "tests/support/scratch.h"
#include "tests/support/stride.h"
#include "tests/support/tiny.h"
#include "tests/unit/tiny_session.h"

static char why[FACET_ERROR_BYTES];

static struct facet_model *open_variant(const struct tiny_session *f, const struct tiny *text,
                                        const struct tiny *tower, const char *kernels)
{
    char *path = scratch_path(f->folder, "variant.gguf"),
         *mmproj = scratch_path(f->folder, "mmproj-variant.gguf");
    struct facet_model_options options = {.mmproj = mmproj, .kernels = kernels, .n_threads = 1};
    struct err err = {""};
    assert_true(tiny_pair(text, tower, path, mmproj, &err));
    struct facet_model *model = facet_model_open(path, &options, why);
    if (!model)
        fail_msg("%s", why);
    free(path);
    free(mmproj);
    return model;
}

static void expect_digests(struct facet_model *model, const struct tiny_session *f,
                           bool same_decoder, bool same_tower)
{
    const bool same[] = {[FACET_DECODER] = same_decoder, [FACET_TOWER] = same_tower};
    char one[FACET_DIGEST_BYTES], other[FACET_DIGEST_BYTES];
    for (int part = FACET_DECODER; part <= FACET_TOWER; part++) {
        facet_model_get_digest(f->model, (enum facet_part)part, one);
        facet_model_get_digest(model, (enum facet_part)part, other);
        assert_int_equal(strlen(one), 64);
        assert_int_equal(strcmp(one, other) == 0, same[part]);
    }
    facet_model_close(model);
}

static void digests_tell_models_apart(void **state)
{
    const struct tiny_session *f = *state;
    const struct tiny *usual = &tiny_default;
    struct tiny other = tiny_default;
    other.seed++;
    expect_digests(open_variant(f, usual, usual, "exact"), f, true, true);
    expect_digests(open_variant(f, &other, usual, "exact"), f, false, true);
    expect_digests(open_variant(f, usual, &other, "exact"), f, true, false);
    expect_digests(open_variant(f, usual, usual, "scalar"), f, false, false);
}

/* A tile of attention has 64 rows. */
static void heads_that_share_a_key_are_64_at_most(void **state)
{
    const struct tiny_session *f = *state;
    char *path = scratch_path(f->folder, "heads.gguf");
    for (uint32_t n_heads = 63; n_heads <= 65; n_heads++) {
        struct tiny t = tiny_default;
        t.n_layers = 1;
        t.n_heads = n_heads;
        t.head_dim = 6;
        struct err err;
        struct gguf_writer *w = tiny_text(&t);
        assert_true(gguf_writer_save(w, path, &err));
        gguf_writer_free(w);
        struct facet_model_options options = {.text_only = true, .kernels = "exact"};
        struct facet_model *model = facet_model_open(path, &options, why);
        struct facet_session *s = model ? facet_session_open(model, NULL, why) : NULL;
        struct facet_prompt prompt = tiny_session_text_prompt(f, TINY_SESSION_IDS);
        if (n_heads <= 64) {
            assert_non_null(s);
            assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
        } else {
            assert_null(s);
            assert_non_null(strstr(why, "64"));
        }
        facet_session_close(s);
        facet_model_close(model);
    }
    free(path);
}

/* Sizes that fill no vector and no block, windows down to one position, a context within the
 * window: whatever the chunks and kernels are, the logits are those of one chunk with the scalar
 * kernels. */
static void odd_shapes_agree(void **state)
{
    const struct tiny_session *f = *state;
    static const struct {
        uint32_t n_embd, n_ff, n_heads, n_kv_heads, head_dim, window, n_ctx;
    } shapes[] = {{50, 70, 3, 3, 10, 5, 100},
                  {33, 17, 6, 2, 14, 1, 100},
                  {64, 35, 40, 2, 2, 200, 90},
                  {96, 31, 7, 7, 34, 2, 128}};
    char *path = scratch_path(f->folder, "odd.gguf");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i += STRIDE) {
        struct tiny t = tiny_default;
        t.n_embd = shapes[i].n_embd, t.n_ff = shapes[i].n_ff, t.n_heads = shapes[i].n_heads;
        t.n_kv_heads = shapes[i].n_kv_heads, t.head_dim = shapes[i].head_dim,
        t.window = shapes[i].window;
        struct err err;
        struct gguf_writer *w = tiny_text(&t);
        assert_true(gguf_writer_save(w, path, &err));
        gguf_writer_free(w);
        struct facet_prompt prompt = tiny_session_text_prompt(f, TINY_SESSION_IDS);
        float *want = NULL;
        for (int k = 0; k < 2; k++) {
            struct facet_model_options options = {
                .text_only = true, .kernels = k ? "exact" : "scalar", .n_threads = 2};
            struct facet_model *model = facet_model_open(path, &options, why);
            assert_non_null(model);
            for (uint32_t batch = TINY_SESSION_IDS; batch; batch /= 3) {
                struct facet_session_options o = {
                    .n_ctx = shapes[i].n_ctx, .n_batch = batch, .cache = FACET_CACHE_F32};
                struct facet_session *s = facet_session_open(model, &o, why);
                assert_non_null(s);
                assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
                for (size_t back = 1; back < TINY_SESSION_IDS; back *= 4) {
                    assert_int_equal(facet_session_rewind(s, TINY_SESSION_IDS - back, why),
                                     FACET_OK);
                    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
                }
                size_t bytes = f->info.n_vocab * sizeof *want;
                if (!want)
                    want = memcpy(malloc(bytes), facet_session_logits(s), bytes);
                assert_true(tiny_session_distance(f, facet_session_logits(s), want) < 1e-4);
                facet_session_close(s);
            }
            facet_model_close(model);
        }
        free(want);
    }
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_tell_models_apart),
        cmocka_unit_test(heads_that_share_a_key_are_64_at_most),
        cmocka_unit_test(odd_shapes_agree),
    };
    return cmocka_run_group_tests(tests, tiny_session_set_up, tiny_session_tear_down);
}
