/* What positions look at in an image: beside a decoder in plain loops of doubles, in every cache,
 * after whatever a session did; and that asking changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "engine/engine.h"
#include "tests/support/scratch.h"
#include "tests/support/stride.h"
#include "tests/support/tiny.h"

/* The first image lies within the prompt of N_PROMPT, an answer follows. */
enum { N_SOFT = 16, IMAGE = 9, IMAGE_2 = 30, N_PROMPT = 60, N_ALL = 80 };

struct fixture {
    char *folder, *path, *mmproj, *kept;
    struct facet_model *model; /* exact kernels, 2 threads */
    int32_t ids[N_ALL];
    float *soft[2];
    double *attended; /* [N_ALL][N_ALL] of the reference: position i to j, mean of global heads */
};

static char why[FACET_ERROR_BYTES];

static struct facet_model *open_with(const struct fixture *f, const char *kernels, unsigned threads)
{
    struct facet_model_options options = {
        .mmproj = f->mmproj, .kernels = kernels, .n_threads = threads};
    struct facet_model *model = facet_model_open(f->path, &options, why);
    if (!model)
        fail_msg("%s", why);
    return model;
}

static struct facet_session *session(const struct facet_model *model, enum facet_cache_type cache)
{
    struct facet_session_options options = {.n_ctx = 256, .cache = cache};
    struct facet_session *s = facet_session_open(model, &options, why);
    if (!s)
        fail_msg("%s", why);
    return s;
}

/* ---- The reference -------------------------------------------------------------------------- */

static void norm(double *x, const struct tensor *weight, double eps)
{
    double squares = 0;
    for (size_t i = 0; i < weight->cols; i++)
        squares += x[i] * x[i];
    for (size_t i = 0; i < weight->cols; i++)
        x[i] *= ((const float *)weight->data)[i] / sqrt(squares / (double)weight->cols + eps);
}

/* out = W x, of F32. */
static void product(const struct tensor *w, const double *x, double *out)
{
    for (size_t r = 0; r < w->rows; r++) {
        out[r] = 0;
        for (size_t i = 0; i < w->cols; i++)
            out[r] += ((const float *)w->data)[r * w->cols + i] * x[i];
    }
}

static void turn(double *x, const struct text_params *t, bool is_global, size_t position)
{
    size_t half = t->head_dim / 2;
    double base = is_global ? t->rope_base_global : t->rope_base_local,
           factor = is_global ? t->rope_factor_global : 1;
    for (size_t i = 0; i < half; i++) {
        double angle = (double)position * pow(base, -2.0 * (double)i / t->head_dim) / factor;
        double a = x[i], b = x[i + half];
        x[i] = a * cos(angle) - b * sin(angle);
        x[i + half] = b * cos(angle) + a * sin(angle);
    }
}

static bool sees(const struct text_params *t, bool is_global, size_t i, size_t j)
{
    size_t end = i + 1;
    if (i >= IMAGE && i < IMAGE + N_SOFT)
        end = IMAGE + N_SOFT;
    if (i >= IMAGE_2 && i < IMAGE_2 + N_SOFT)
        end = IMAGE_2 + N_SOFT;
    return j < end && (is_global || j + t->window > i);
}

/* Weights of position i, one head, over all keys [N_ALL][row], and the sum of values they make. */
static void look(const struct text_params *t, bool is_global, size_t i, const double *q,
                 const double *keys, const double *values, size_t row, double *weights, double *out)
{
    double sum = 0;
    for (size_t j = 0; j < N_ALL; j++) {
        double score = 0;
        for (size_t d = 0; d < t->head_dim; d++)
            score += q[d] * keys[j * row + d];
        weights[j] = sees(t, is_global, i, j) ? exp(score * t->attention_scale) : 0;
        sum += weights[j];
    }
    memset(out, 0, t->head_dim * sizeof *out);
    for (size_t j = 0; j < N_ALL; j++) {
        weights[j] /= sum;
        for (size_t d = 0; d < t->head_dim; d++)
            out[d] += weights[j] * values[j * row + d];
    }
}

static void attend(struct fixture *f, const struct text_layer *w, double *h)
{
    const struct text_params *t = &f->model->m->text;
    size_t hd = t->head_dim, n_q = t->n_heads * hd, n_kv = t->n_kv_heads * hd;
    double *q = calloc(N_ALL * n_q, sizeof *q), *k = calloc(N_ALL * n_kv, sizeof *k),
           *v = calloc(N_ALL * n_kv, sizeof *v), *out = calloc(n_q, sizeof *out), weights[N_ALL];
    for (size_t i = 0; i < N_ALL; i++) {
        product(&w->q, h + i * t->n_embd, q + i * n_q);
        product(&w->k, h + i * t->n_embd, k + i * n_kv);
        product(&w->v, h + i * t->n_embd, v + i * n_kv);
        for (size_t head = 0; head < t->n_heads; head++) {
            norm(q + i * n_q + head * hd, &w->q_norm, t->rms_eps);
            turn(q + i * n_q + head * hd, t, w->is_global, i);
        }
        for (size_t head = 0; head < t->n_kv_heads; head++) {
            norm(k + i * n_kv + head * hd, &w->k_norm, t->rms_eps);
            turn(k + i * n_kv + head * hd, t, w->is_global, i);
        }
    }
    for (size_t i = 0; i < N_ALL; i++) {
        for (size_t head = 0; head < t->n_heads; head++) {
            size_t kv = head / (t->n_heads / t->n_kv_heads) * hd;
            look(t, w->is_global, i, q + i * n_q + head * hd, k + kv, v + kv, n_kv, weights,
                 out + head * hd);
            for (size_t j = 0; w->is_global && j < N_ALL; j++)
                f->attended[i * N_ALL + j] += weights[j] / t->n_heads;
        }
        product(&w->o, out, h + i * t->n_embd);
    }
    free(q);
    free(k);
    free(v);
    free(out);
}

static void feed_forward(const struct text_layer *w, double *h)
{
    double *gate = calloc(w->gate.rows, sizeof *gate), *up = calloc(w->up.rows, sizeof *up);
    product(&w->gate, h, gate);
    product(&w->up, h, up);
    for (size_t i = 0; i < w->gate.rows; i++) {
        double g = gate[i];
        gate[i] = 0.5 * g * (1 + tanh(sqrt(2 / M_PI) * (g + 0.044715 * g * g * g))) * up[i];
    }
    product(&w->down, gate, h);
    free(gate);
    free(up);
}

static void add_to(double *x, double *h, const struct tensor *weight, double eps)
{
    norm(h, weight, eps);
    for (size_t i = 0; i < weight->cols; i++)
        x[i] += h[i];
}

static void compute_reference(struct fixture *f)
{
    const struct model *m = f->model->m;
    const struct text_params *t = &m->text;
    size_t d = t->n_embd, n_global = 0;
    double *x = calloc(N_ALL * d, sizeof *x), *h = calloc(N_ALL * d, sizeof *h);
    f->attended = calloc((size_t)N_ALL * N_ALL, sizeof *f->attended);
    for (size_t i = 0; i < N_ALL; i++)
        for (size_t j = 0; j < d; j++)
            x[i * d + j] =
                i >= IMAGE && i < IMAGE + N_SOFT       ? f->soft[0][(i - IMAGE) * d + j]
                : i >= IMAGE_2 && i < IMAGE_2 + N_SOFT ? f->soft[1][(i - IMAGE_2) * d + j]
                : ((const float *)m->tw.embed.data)[(size_t)f->ids[i] * d + j] * t->embed_scale;
    for (const struct text_layer *w = m->tw.layers; w < m->tw.layers + t->n_layers; w++) {
        n_global += w->is_global;
        memcpy(h, x, N_ALL * d * sizeof *h);
        for (size_t i = 0; i < N_ALL; i++)
            norm(h + i * d, &w->attn_norm, t->rms_eps);
        attend(f, w, h);
        for (size_t i = 0; i < N_ALL; i++) {
            add_to(x + i * d, h + i * d, &w->post_attn_norm, t->rms_eps);
            memcpy(h + i * d, x + i * d, d * sizeof *h);
            norm(h + i * d, &w->ffn_norm, t->rms_eps);
            feed_forward(w, h + i * d);
            add_to(x + i * d, h + i * d, &w->post_ffn_norm, t->rms_eps);
        }
    }
    assert_int_equal(n_global, 2);
    for (size_t i = 0; i < (size_t)N_ALL * N_ALL; i++)
        f->attended[i] /= (double)n_global;
    free(x);
    free(h);
}

/* ---- The fixture ---------------------------------------------------------------------------- */

static void make_inputs(struct fixture *f)
{
    struct facet_special_ids special;
    facet_model_get_special(f->model, &special);
    for (size_t i = 0; i < N_ALL; i++) {
        bool soft =
            (i >= IMAGE && i < IMAGE + N_SOFT) || (i >= IMAGE_2 && i < IMAGE_2 + N_SOFT);
        f->ids[i] = soft ? special.image_soft : i ? (int32_t)(600 + i * 37 % 1000) : special.bos;
    }
    size_t n = (size_t)N_SOFT * f->model->m->text.n_embd;
    for (size_t k = 0; k < 2; k++) {
        f->soft[k] = calloc(n, sizeof(float));
        for (size_t i = 0; i < n; i++)
            f->soft[k][i] = sinf((float)i * (0.37f + 0.21f * (float)k)) * 2;
    }
}

static int set_up(void **state)
{
    struct tiny shape = tiny_default;
    shape.n_layers = 13; /* two of them global */
    shape.n_kv_heads = 2;
    struct fixture *f = calloc(1, sizeof *f);
    struct err err;
    f->folder = scratch_new();
    f->path = scratch_path(f->folder, "tiny.gguf");
    f->mmproj = scratch_path(f->folder, "mmproj.gguf");
    f->kept = scratch_path(f->folder, "kept");
    if (!tiny_pair(&shape, &shape, f->path, f->mmproj, &err))
        return -1;
    f->model = open_with(f, "exact", 2);
    make_inputs(f);
    compute_reference(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    facet_model_close(f->model);
    free(f->soft[0]);
    free(f->soft[1]);
    free(f->attended);
    free(f->path);
    free(f->mmproj);
    free(f->kept);
    scratch_free(f->folder);
    free(f);
    return 0;
}

static void prompt(const struct fixture *f, struct facet_session *s, size_t n)
{
    struct facet_prompt p = {f->ids, n, (const float *const *)f->soft,
                             n > IMAGE_2 ? 2 : n > IMAGE ? 1 : 0};
    if (facet_session_prompt(s, &p, NULL, why) != FACET_OK)
        fail_msg("%s", why);
}

static void answer(const struct fixture *f, struct facet_session *s, size_t end)
{
    for (size_t i = facet_session_length(s); i < end; i++)
        assert_int_equal(facet_session_append(s, f->ids[i], why), FACET_OK);
}

static struct facet_attention ask(struct facet_session *s, size_t first, size_t n, size_t image,
                                  float share[N_SOFT])
{
    struct facet_attention a;
    if (facet_session_attention(s, first, n, image, 1, share, &a, why) != FACET_OK)
        fail_msg("%s", why);
    return a;
}

/* Both images at once are as each alone. */
static void expect_together(struct facet_session *s, size_t first, size_t n)
{
    float share[2 * N_SOFT], one[N_SOFT];
    struct facet_attention both, a;
    double total = 0;
    assert_int_equal(facet_session_attention(s, first, n, 0, 2, share, &both, why), FACET_OK);
    for (size_t image = 0; image < 2; image++) {
        a = ask(s, first, n, image, one);
        total += a.total;
        for (size_t j = 0; j < N_SOFT; j++)
            assert_true(fabs(share[image * N_SOFT + j] * both.total - one[j] * a.total) < 1e-6);
    }
    assert_true(fabs(both.total - total) < 1e-6 && both.total < 1);
}

/* most: of a difference, in shares of all attention. */
static void expect_attention(const struct fixture *f, struct facet_session *s, size_t first,
                             size_t n, double most)
{
    for (size_t image = 0; image < 2; image++) {
        float share[N_SOFT];
        size_t start = image ? IMAGE_2 : IMAGE;
        struct facet_attention a = ask(s, first, n, image, share);
        double total = 0;
        assert_int_equal(a.n_positions, n);
        for (size_t j = 0; j < N_SOFT; j++) {
            double want = 0;
            for (size_t i = first; i < first + n; i++)
                want += f->attended[i * N_ALL + start + j] / (double)n;
            total += want;
            if (!(fabs(share[j] * a.total - want) <= most))
                fail_msg("%zu from %zu on, %zu of image %zu: %g, not %g", n, first, j, image,
                         share[j] * a.total, want);
        }
        assert_true(fabs(a.total - total) <= most && a.total >= 0 && a.total <= 1);
    }
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void it_is_that_of_plain_loops_in_every_cache(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        enum facet_cache_type type;
        double most;
    } caches[] = {{FACET_CACHE_F32, 1e-5}, {FACET_CACHE_F16, 1e-3}, {FACET_CACHE_Q8_0, 2e-2}};
    for (size_t i = 0; i < 3; i++) {
        struct facet_session *s = session(f->model, caches[i].type);
        prompt(f, s, N_PROMPT);
        answer(f, s, N_ALL);
        for (size_t first = N_PROMPT - 1; first < N_ALL; first++)
            expect_attention(f, s, first, 1, caches[i].most);
        expect_attention(f, s, N_PROMPT, N_ALL - N_PROMPT, caches[i].most);
        expect_attention(f, s, N_PROMPT + 3, 9, caches[i].most);
        expect_together(s, N_PROMPT + 3, 9);
        facet_session_close(s);
    }
}

static void kernels_are_near_and_threads_equal(void **state)
{
    const struct fixture *f = *state;
    static const char *const kernels[] = {"scalar", "avx2", "avx512", "neon"};
    for (size_t k = 0; k < 4; k++) {
        float one[N_SOFT], share[N_SOFT];
        for (unsigned threads = 1; threads <= 3; threads++) {
            struct facet_model_options options = {
                .mmproj = f->mmproj, .kernels = kernels[k], .n_threads = threads};
            struct facet_model *model = facet_model_open(f->path, &options, why);
            if (!model)
                break; /* not for this processor */
            struct facet_session *s = session(model, FACET_CACHE_DEFAULT);
            prompt(f, s, N_PROMPT);
            answer(f, s, N_ALL);
            expect_attention(f, s, N_PROMPT, 11, 2e-3);
            ask(s, N_PROMPT, 11, 1, threads == 1 ? one : share);
            if (threads > 1)
                assert_memory_equal(one, share, sizeof one);
            facet_session_close(s);
            facet_model_close(model);
        }
    }
}

/* The session's file; free() it. */
static char *saved(const struct fixture *f, struct facet_session *s, size_t *size)
{
    struct err err;
    assert_int_equal(facet_session_save(s, f->kept, why), FACET_OK);
    return file_read(f->kept, (size_t)1 << 30, size, &err);
}

/* Asks of all that may be asked of; the session's file is the same before and after. */
static void ask_much(const struct fixture *f, struct facet_session *s)
{
    float share[N_SOFT], *logits = NULL;
    size_t bytes = f->model->m->text.n_vocab * sizeof *logits, length = facet_session_length(s);
    struct facet_attention a;
    size_t n_before, n_after;
    char *before = saved(f, s, &n_before);
    if (facet_session_logits(s))
        logits = memcpy(malloc(bytes), facet_session_logits(s), bytes);
    for (size_t first = IMAGE_2 + N_SOFT; first < length; first += 3 * STRIDE)
        if (facet_session_attention(s, first, length - first, 1, 1, share, &a, why) != FACET_OK)
            assert_non_null(strstr(why, "left the window"));
        else
            assert_true(a.total > 0 && a.total <= 1 && a.n_positions <= length - first);
    char *after = saved(f, s, &n_after);
    assert_int_equal(n_after, n_before);
    assert_memory_equal(after, before, n_before);
    assert_true((logits != NULL) == (facet_session_logits(s) != NULL));
    if (logits)
        assert_memory_equal(logits, facet_session_logits(s), bytes);
    free(before);
    free(after);
    free(logits);
}

/* Two sessions do the same, one is asked in between; their answers have the same bits. The rings
 * of 24 + 16 rows are replaced more than once. */
static void asking_changes_nothing(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *asked = session(f->model, FACET_CACHE_F16),
                         *other = session(f->model, FACET_CACHE_F16);
    size_t bytes = f->model->m->text.n_vocab * sizeof(float);
    for (int round = 0; round < 6; round++) {
        struct facet_session *const both[] = {asked, other};
        for (size_t i = 0; i < 2; i++) {
            prompt(f, both[i], round % 2 ? N_PROMPT : N_PROMPT + 9);
            if (round == 2)
                facet_session_keep(both[i]);
            for (int32_t t = 0; t < 20 * round; t++) {
                assert_int_equal(facet_session_append(both[i], 700 + t, why), FACET_OK);
                if (i == 0 && t % 13 == 0)
                    ask_much(f, asked);
            }
            if (round == 4)
                assert_int_equal(facet_session_rewind(both[i], N_PROMPT + 30, why), FACET_OK);
            if (i == 0)
                ask_much(f, asked);
        }
        if (round != 4)
            assert_memory_equal(facet_session_logits(asked), facet_session_logits(other), bytes);
    }
    facet_session_close(asked);
    facet_session_close(other);
}

/* Guesses that are held back are neither seen nor lost. */
static void guesses_stay(void **state)
{
    const struct fixture *f = *state;
    struct facet_session_options options = {.n_ctx = 512, .lookup = true};
    struct facet_session *s = facet_session_open(f->model, &options, why);
    struct facet_session *plain = session(f->model, FACET_CACHE_DEFAULT);
    size_t bytes = f->model->m->text.n_vocab * sizeof(float);
    prompt(f, s, N_PROMPT);
    prompt(f, plain, N_PROMPT);
    for (int32_t t = 0; t < 100; t++) {
        assert_int_equal(facet_session_append(s, 700 + t % 7, why), FACET_OK);
        assert_int_equal(facet_session_append(plain, 700 + t % 7, why), FACET_OK);
        float a[N_SOFT], b[N_SOFT];
        ask(s, N_PROMPT + (size_t)t, 1, 0, a);
        ask(plain, N_PROMPT + (size_t)t, 1, 0, b);
        assert_memory_equal(a, b, sizeof a);
        assert_memory_equal(facet_session_logits(s), facet_session_logits(plain), bytes);
    }
    struct facet_speculation counts;
    facet_session_get_speculation(s, &counts);
    assert_true(counts.accepted > 0);
    facet_session_close(s);
    facet_session_close(plain);
}

/* After an answer of three windows, its first words looked from rows that are in the shadow; of an
 * answer longer than that some positions are lost, and told to be. */
static void long_answers_lose_their_beginning(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, FACET_CACHE_F32);
    float share[N_SOFT];
    prompt(f, s, N_PROMPT);
    answer(f, s, N_ALL);
    expect_attention(f, s, N_PROMPT, N_ALL - N_PROMPT, 1e-5);
    for (int32_t t = 0; t < 15; t++)
        assert_int_equal(facet_session_append(s, 700 + t, why), FACET_OK);
    expect_attention(f, s, N_PROMPT, N_ALL - N_PROMPT, 1e-5);
    for (int32_t t = 0; t < 60; t++)
        assert_int_equal(facet_session_append(s, 700 + t, why), FACET_OK);
    size_t n = facet_session_length(s) - N_PROMPT;
    struct facet_attention a = ask(s, N_PROMPT, n, 0, share);
    assert_true(a.n_positions > 0 && a.n_positions < n);
    assert_int_equal(facet_session_attention(s, N_PROMPT + 2, 1, 0, 1, share, &a, why), FACET_FAILED);
    assert_non_null(strstr(why, "left the window"));
    facet_session_close(s);
}

static void what_cannot_be_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, FACET_CACHE_DEFAULT);
    float share[N_SOFT];
    struct facet_attention a;
    prompt(f, s, 8); /* no image yet */
    assert_int_equal(facet_session_attention(s, 3, 1, 0, 1, share, &a, why), FACET_FAILED);
    prompt(f, s, N_PROMPT);
    static const struct {
        size_t first, n, image, n_images;
    } wrong[] = {{N_PROMPT, 1, 0, 1}, {N_PROMPT - 1, 2, 0, 1}, {50, 0, 0, 1},
                 {50, SIZE_MAX, 0, 1}, {IMAGE_2 - 1, 2, 0, 1}, {50, 1, 2, 1},
                 {50, 1, 0, 3},        {50, 1, 1, SIZE_MAX},   {50, 1, 0, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        why[0] = 0;
        assert_int_equal(facet_session_attention(s, wrong[i].first, wrong[i].n, wrong[i].image,
                                                 wrong[i].n_images, share, &a, why),
                         FACET_FAILED);
        assert_true(strlen(why) > 10);
    }
    prompt(f, s, IMAGE_2 + N_SOFT);
    a = ask(s, IMAGE_2 - 1, 1, 1, share); /* it comes later */
    assert_true(a.total == 0 && share[0] == 0);
    prompt(f, s, N_PROMPT);
    facet_session_cancel(s);
    assert_int_equal(facet_session_attention(s, 50, 1, 0, 1, share, &a, why), FACET_CANCELLED);
    facet_session_resume(s);
    expect_attention(f, s, 50, 1, 1e-5);
    facet_session_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_that_of_plain_loops_in_every_cache),
        cmocka_unit_test(kernels_are_near_and_threads_equal),
        cmocka_unit_test(asking_changes_nothing),
        cmocka_unit_test(guesses_stay),
        cmocka_unit_test(long_answers_lose_their_beginning),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
