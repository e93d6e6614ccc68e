/* Steps of training on a net so small that it takes seconds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/scratch.h"
#include "tests/support/small_spm.h"
#include "train/distil.h"
#include "train/learn.h"
#include "train/linear.h"
#include "train/muon.h"

struct fixture {
    char *folder, *words_path, *checkpoint;
    struct facet_model *words;
    struct net_shape shape;
};

static const struct recipe recipe = {.seed = 5,
                                     .samples = 4,
                                     .n_steps = 1000,
                                     .n_warm = 4,
                                     .rate = 3e-3,
                                     .tower_rate = 0.4,
                                     .rests_from = UINT32_MAX,
                                     .hard_from = UINT32_MAX,
                                     .decay = 0.05,
                                     .muon = true,
                                     .clip = 1,
                                     .finder = 0.3,
                                     .round_matrix = TYPE_Q4_0,
                                     .round_embed = TYPE_Q8_0};

static int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    struct err err = {""};
    f->folder = scratch_new();
    f->words_path = scratch_path(f->folder, "words.gguf");
    f->checkpoint = scratch_path(f->folder, "checkpoint");
    f->shape = (struct net_shape){.n_layers = 6, .n_embd = 32, .n_ff = 64, .n_heads = 2,
                                  .n_kv_heads = 1, .head_dim = 16, .window = 64, .n_ctx = 512,
                                  .v_layers = 1, .v_width = 32, .v_ff = 32, .v_heads = 2,
                                  .image_size = 112, .patch_size = 14, .pool = 4};
    const struct facet_model_options options = {.vocabulary_only = true};
    if (small_words(f->words_path, &err))
        f->words = facet_model_open(f->words_path, &options, err.text);
    if (!f->words) {
        print_error("%s\n", err.text);
        return 1;
    }
    struct facet_model_info info;
    facet_model_get_info(f->words, &info);
    f->shape.n_vocab = info.n_vocab;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    facet_model_close(f->words);
    free(f->words_path);
    free(f->checkpoint);
    scratch_free(f->folder);
    free(f);
    return 0;
}

static struct learner *learner(const struct fixture *f, const struct recipe *r, const char *teacher)
{
    struct err err = {""};
    struct learner *l = learner_new(&f->shape, r, f->words, teacher, &err);
    if (!l)
        fail_msg("%s", err.text);
    return l;
}

/* The mean loss of words over n steps. */
static double steps(struct learner *l, size_t n)
{
    struct err err = {""};
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        struct progress p;
        if (!learner_step(l, &p, &err))
            fail_msg("%s", err.text);
        sum += p.words;
    }
    return sum / (double)n;
}

static bool same(const struct learner *a, const struct learner *b)
{
    return !memcmp(learner_values(a), learner_values(b),
                   learner_net(a)->n_values * sizeof(float));
}

static void it_goes_on_where_it_stopped(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    struct learner *straight = learner(f, &recipe, NULL), *first = learner(f, &recipe, NULL),
                   *second = learner(f, &recipe, NULL);
    steps(straight, 4);
    steps(first, 2);
    assert_true(learner_save(first, f->checkpoint, &err));
    assert_true(learner_load(second, f->checkpoint, &err));
    assert_int_equal(learner_steps(second), 2);
    assert_true(same(first, second));
    steps(second, 2);
    assert_true(same(straight, second));
    assert_false(same(straight, first));
    learner_free(straight);
    learner_free(first);
    learner_free(second);
}

static void the_loss_falls(void **state)
{
    struct fixture *f = *state;
    struct learner *l = learner(f, &recipe, NULL);
    const double before = steps(l, 2);
    steps(l, 30);
    const double after = steps(l, 4);
    assert_true(before > 0.9 * log(f->shape.n_vocab)); /* nothing is known yet */
    assert_true(after < 0.75 * before);
    learner_free(l);
}

/* While the tower learns alone, nothing else moves, whatever its gradients were before. */
static void sight_moves_the_tower_alone(void **state)
{
    struct fixture *f = *state;
    struct recipe sight = recipe;
    sight.n_sight = 100;
    struct err err = {""};
    struct learner *l = learner(f, &recipe, NULL), *alone = learner(f, &sight, NULL);
    steps(l, 2);
    assert_true(learner_save(l, f->checkpoint, &err) && learner_load(alone, f->checkpoint, &err));
    steps(alone, 2);
    const float *before = learner_values(l), *after = learner_values(alone);
    const size_t tower = learner_net(l)->patch_w;
    assert_memory_equal(before, after, tower * sizeof *before);
    assert_memory_not_equal(before + tower, after + tower, sizeof *before);
    learner_free(l);
    learner_free(alone);
}

/* Wave i of a cosine transform of length n at t: they are orthonormal. */
static double wave(size_t i, size_t t, size_t n)
{
    return sqrt((i ? 2.0 : 1.0) / (double)n) * cos(M_PI * (double)i * ((double)t + 0.5) / (double)n);
}

/* Σ_i s_i u_i v_iᵀ becomes about Σ_i u_i v_iᵀ, s_i from 1 to 0.02, whichever side is longer. */
static void singular_values_become_one(size_t rows, size_t cols)
{
    const size_t n = rows < cols ? rows : cols;
    struct arena arena = {0};
    float *x = mem_new(rows * cols, sizeof *x);
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < cols; c++)
                x[r * cols + c] += (float)(pow(0.02, (double)i / (double)(n - 1)) *
                                           wave(i, r, rows) * wave(i, c, cols));
    muon_orthogonalise(&arena, x, rows, cols);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double s = 0;
            for (size_t r = 0; r < rows; r++)
                for (size_t c = 0; c < cols; c++)
                    s += wave(i, r, rows) * (double)x[r * cols + c] * wave(j, c, cols);
            assert_true(i == j ? s > 0.5 && s < 1.35 : fabs(s) < 0.05);
        }
    free(x);
    arena_done(&arena);
}

static void muon_makes_steps_orthogonal(void **state)
{
    (void)state;
    singular_values_become_one(16, 16);
    singular_values_become_one(12, 40);
    singular_values_become_one(40, 12);
}

/* What the passes see is what a file would hold; what is learned is not rounded. */
static void rounding_is_only_seen(void **state)
{
    struct fixture *f = *state;
    struct recipe rounds = recipe;
    struct scores plain, rounded;
    struct err err = {""};
    rounds.rounds = true;
    struct learner *a = learner(f, &recipe, NULL), *b = learner(f, &rounds, NULL);
    assert_true(learner_test(a, 0, 4, &plain, &err) && learner_test(b, 0, 4, &rounded, &err));
    assert_true(same(a, b));
    assert_true(plain.words != rounded.words);
    assert_true(fabs(plain.words - rounded.words) < 0.1);
    assert_true(steps(b, 20) > 0);
    learner_free(a);
    learner_free(b);
}

static void a_checkpoint_of_another_net_is_refused(void **state)
{
    struct fixture *f = *state, other = *f;
    struct err err = {""};
    struct learner *l = learner(f, &recipe, NULL);
    assert_true(learner_save(l, f->checkpoint, &err));
    learner_free(l);
    other.shape.n_ff = 96;
    l = learner(&other, &recipe, NULL);
    assert_false(learner_load(l, f->checkpoint, &err));
    assert_non_null(strstr(err.text, "another shape"));
    learner_free(l);
}

/* Ids come as often as their probability says, and their shares are the teacher's. */
static void draws_follow_the_teacher(void **state)
{
    (void)state;
    enum { N = 1000, TIMES = 400 };
    float p[N], shares[DISTIL_SAMPLES];
    int32_t ids[DISTIL_SAMPLES];
    struct random r = random_of(1, 2);
    size_t times_900 = 0;
    for (size_t i = 0; i < N; i++)
        p[i] = i == 7 ? 0.5f : 0.5f / (N - 1);
    for (int t = 0; t < TIMES; t++) {
        const uint32_t n = distil_draw(p, N, &r, ids, shares);
        double sum = 0;
        assert_in_range(n, 80, DISTIL_SAMPLES);
        for (uint32_t i = 0; i < n; i++) {
            assert_true(i == 0 || ids[i] > ids[i - 1]);
            times_900 += ids[i] == 900;
            sum += (double)shares[i];
        }
        assert_true(fabs(sum - 1) < 1e-5);
        assert_int_equal(ids[0] == 7 || ids[1] == 7 || ids[2] == 7 || ids[3] == 7 || ids[4] == 7 ||
                             ids[5] == 7 || ids[6] == 7 || ids[7] == 7, 1);
    }
    /* Missing in all 256 draws: (1 − 0.0005)^256 = 0.88. */
    assert_in_range(times_900, TIMES * 0.12 - 25, TIMES * 0.12 + 25);
}

/* A student that is told what its own twin says has nothing to learn from the words. */
static void a_student_learns_from_a_teacher(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    struct recipe slow = recipe;
    slow.rate = 0;
    struct learner *t = learner(f, &recipe, NULL);
    steps(t, 25);
    assert_true(learner_save(t, f->checkpoint, &err));
    struct learner *twin = learner(f, &slow, f->checkpoint), *other = learner(f, &recipe, f->checkpoint);
    assert_true(learner_load(twin, f->checkpoint, &err));
    struct progress p, q;
    assert_true(learner_step(twin, &p, &err) && learner_step(other, &q, &err));
    assert_true(p.right > 0.99 && q.right < 0.5);
    assert_true(p.words < 0.8 * q.words);
    learner_free(t);
    learner_free(twin);
    learner_free(other);
}

/* A decoder of another size on the tower of the first, which stays as it is. */
static void a_tower_rests(void **state)
{
    struct fixture *f = *state, other = *f;
    struct err err = {""};
    struct recipe rests = recipe;
    rests.rests_from = 0;
    rests.seed = 6;
    other.shape.n_embd = 48;
    struct learner *first = learner(f, &recipe, NULL), *second = learner(&other, &rests, NULL);
    steps(first, 2);
    assert_true(learner_save(first, f->checkpoint, &err));
    assert_true(learner_take_tower(second, f->checkpoint, &err));
    const struct net *a = learner_net(first), *b = learner_net(second);
    float *then = mem_new(b->n_values, sizeof *then);
    memcpy(then, learner_values(second), b->n_values * sizeof *then);
    steps(second, 2);
    for (size_t i = 0; i < b->n_params; i++) {
        const struct param *p = &b->params[i];
        const bool moved = memcmp(learner_values(second) + p->offset, then + p->offset,
                                  p->rows * p->cols * sizeof *then);
        assert_int_equal(moved, p->part == PART_DECODER || p->part == PART_CONNECTOR);
    }
    assert_memory_equal(learner_values(second) + b->patch_w, learner_values(first) + a->patch_w,
                        (a->soft_norm - a->patch_w) * sizeof *then);
    assert_memory_equal(learner_values(second) + b->find_patch_w,
                        learner_values(first) + a->find_patch_w,
                        (a->n_values - a->find_patch_w) * sizeof *then);
    learner_free(second);
    other.shape.v_ff = 48;
    second = learner(&other, &rests, NULL);
    assert_false(learner_take_tower(second, f->checkpoint, &err));
    assert_non_null(strstr(err.text, "another shape"));
    free(then);
    learner_free(first);
    learner_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_on_where_it_stopped),
        cmocka_unit_test(the_loss_falls),
        cmocka_unit_test(sight_moves_the_tower_alone),
        cmocka_unit_test(a_tower_rests),
        cmocka_unit_test(muon_makes_steps_orthogonal),
        cmocka_unit_test(rounding_is_only_seen),
        cmocka_unit_test(a_checkpoint_of_another_net_is_refused),
        cmocka_unit_test(draws_follow_the_teacher),
        cmocka_unit_test(a_student_learns_from_a_teacher),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
