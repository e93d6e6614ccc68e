/* Speculative decoding on small random models: whatever is guessed, and whatever is done to the
 * session in between, it says what a session says that guesses nothing, and has its logits to the
 * last bit. A clock of the test's own makes guesses look cheap, so that there are many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/facet.h"
#include "engine/lookup.h"
#include "engine/speculate.h"
#include "tests/support/scratch.h"
#include "tests/support/stride.h"
#include "tests/support/tiny.h"

enum { N_IDS = 90, N_SOFT = 16, N_CTX = 256 };

/* The long tests run one case in so many. */
enum { EVERY = 2 * STRIDE };

/* Models of one vocabulary: of several weight types, and a draft that knows better. */
enum { EXACT, Q8, Q4, BF, OTHER, N_MODELS };

struct fixture {
    char *folder, *mmproj;
    struct facet_model *models[N_MODELS];
    size_t n_vocab;
    int32_t soft_id;
    float *soft[2];
};

static char why[FACET_ERROR_BYTES];

/* The time as a session's speculator sees it: a step takes a second and row_seconds for each guess,
 * asking the draft a twentieth. */
static struct {
    const struct facet_session *session;
    size_t length, proposed;
    double row_seconds, now;
} timed;

static double step_clock(void)
{
    struct facet_speculation counts;
    facet_session_get_speculation(timed.session, &counts);
    bool is_step = facet_session_length(timed.session) != timed.length;
    timed.now +=
        is_step ? 1 + timed.row_seconds * (double)(counts.proposed - timed.proposed) : 0.05;
    timed.length = facet_session_length(timed.session);
    timed.proposed = counts.proposed;
    return timed.now;
}

static void time_session(struct facet_session *s, double row_seconds)
{
    timed.session = s;
    timed.length = timed.proposed = 0;
    timed.row_seconds = row_seconds;
    speculate_set_clock(s, step_clock);
}

/* ---- Fixture ---- */

static struct facet_model *open_tiny(const struct fixture *f, const struct tiny *t,
                                     const char *kernels, unsigned n_threads)
{
    struct facet_model_options options = {
        .mmproj = f->mmproj, .kernels = kernels, .n_threads = n_threads};
    char *path = scratch_path(f->folder, "model.gguf");
    struct err err;
    struct gguf_writer *writer = tiny_text(t);
    assert_true(gguf_writer_save(writer, path, &err));
    gguf_writer_free(writer);
    struct facet_model *model = facet_model_open(path, &options, why);
    if (!model)
        fail_msg("%s", why);
    remove(path); /* it is mapped */
    free(path);
    return model;
}

static void make_pictures(struct fixture *f, uint32_t n_embd)
{
    for (int k = 0; k < 2; k++) {
        f->soft[k] = malloc((size_t)N_SOFT * n_embd * sizeof(float));
        for (size_t i = 0; i < (size_t)N_SOFT * n_embd; i++)
            f->soft[k][i] = sinf((float)i * (0.1f + (float)k));
    }
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->folder = scratch_new();
    f->mmproj = scratch_path(f->folder, "mmproj.gguf");
    struct err err;
    struct gguf_writer *tower = tiny_mmproj(&tiny_default);
    if (!gguf_writer_save(tower, f->mmproj, &err))
        return -1;
    gguf_writer_free(tower);
    struct tiny t = tiny_default;
    f->models[EXACT] = open_tiny(f, &t, "exact", 2);
    t.type = TYPE_Q8_0;
    f->models[Q8] = open_tiny(f, &t, NULL, 2);
    t.type = TYPE_Q4_0;
    f->models[Q4] = open_tiny(f, &t, NULL, 3);
    t.type = TYPE_BF16;
    f->models[BF] = open_tiny(f, &t, NULL, 1);
    t.seed = 77;
    f->models[OTHER] = open_tiny(f, &t, NULL, 1);
    struct facet_special_ids special;
    struct facet_model_info info;
    facet_model_get_special(f->models[EXACT], &special);
    facet_model_get_info(f->models[EXACT], &info);
    f->soft_id = special.image_soft;
    f->n_vocab = info.n_vocab;
    assert_int_equal(info.n_soft_tokens, N_SOFT);
    assert_true(info.window * 3 < N_IDS);
    make_pictures(f, info.n_embd);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < N_MODELS; i++)
        facet_model_close(f->models[i]);
    free(f->soft[0]);
    free(f->soft[1]);
    free(f->mmproj);
    scratch_free(f->folder);
    free(f);
    return 0;
}

/* ---- What is said to the models ---- */

static uint32_t random_state;

static uint32_t draw(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(random_state >> 8) * n >> 24);
}

struct text {
    int32_t ids[N_CTX];
    size_t n_ids, n_images;
};

/* period 0: no repetition. */
static struct text make_text(const struct fixture *f, size_t n, size_t period, size_t n_images)
{
    struct text t = {.n_ids = n, .n_images = n_images};
    for (size_t i = 0; i < n; i++)
        t.ids[i] = i == 0                 ? 2
                   : period && i > period ? t.ids[i - period]
                                          : (int32_t)(600 + draw(1000));
    for (size_t k = 0; k < n_images; k++)
        for (size_t i = 0; i < N_SOFT; i++)
            t.ids[5 + k * (N_SOFT + 3) + i] = f->soft_id;
    return t;
}

static struct facet_prompt prompt_of(const struct fixture *f, const struct text *t, size_t n)
{
    return (struct facet_prompt){t->ids, n, (const float *const *)f->soft, t->n_images};
}

/* Which guesses a session makes. */
struct guesses {
    bool lookup;
    int draft; /* a model; -1: none */
};

static struct facet_session *session(const struct fixture *f, const struct facet_model *model,
                                     uint32_t n_ctx, const struct guesses *g,
                                     struct facet_session *beside)
{
    struct facet_session_options options = {.n_ctx = n_ctx,
                                            .n_batch = 40,
                                            .beside = beside,
                                            .lookup = g && g->lookup,
                                            .draft =
                                                g && g->draft >= 0 ? f->models[g->draft] : NULL};
    struct facet_session *s = facet_session_open(model, &options, why);
    if (!s)
        fail_msg("%s", why);
    if (g)
        time_session(s, 0);
    return s;
}

static void expect_same(const struct fixture *f, const struct facet_session *plain,
                        const struct facet_session *guessing)
{
    assert_int_equal(facet_session_length(plain), facet_session_length(guessing));
    const float *a = facet_session_logits(plain), *b = facet_session_logits(guessing);
    assert_int_equal(a != NULL, b != NULL);
    if (a)
        assert_memory_equal(a, b, f->n_vocab * sizeof *a);
}

/* Lets both go on for n tokens, each by its own sampler; where the answer would end, by a word. */
static void talk(const struct fixture *f, struct facet_session *plain,
                 struct facet_session *guessing, const struct facet_sampling *how, size_t n)
{
    struct facet_session *s[2] = {plain, guessing};
    struct facet_sampler *samplers[2];
    for (int k = 0; k < 2; k++)
        samplers[k] = facet_sampler_new(f->models[EXACT], how, why);
    for (size_t i = 0; i < n; i++) {
        struct facet_token t[2];
        for (int k = 0; k < 2; k++) {
            assert_int_equal(facet_sampler_draw(samplers[k], s[k], -1, &t[k], why), FACET_OK);
            int32_t id = t[k].is_end ? 700 : t[k].id;
            assert_int_equal(facet_session_append(s[k], id, why), FACET_OK);
        }
        assert_int_equal(t[0].id, t[1].id);
        expect_same(f, plain, guessing);
    }
    facet_sampler_free(samplers[0]);
    facet_sampler_free(samplers[1]);
}

static struct facet_speculation counts_of(const struct facet_session *s)
{
    struct facet_speculation counts;
    facet_session_get_speculation(s, &counts);
    assert_true(counts.accepted <= counts.proposed);
    return counts;
}

/* ---- The same text ---- */

static const struct guesses ways[] = {
    {true, -1}, {false, Q8}, {false, OTHER}, {true, OTHER}, {true, Q4}};
enum { N_WAYS = sizeof ways / sizeof *ways };

static void the_text_is_that_without(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        size_t n, period, n_images;
    } prompts[] = {{60, 5, 0}, {61, 0, 0}, {70, 7, 2}};
    random_state = 1;
    struct facet_speculation all = {0};
    for (size_t m = EXACT; m <= BF; m++)
        for (size_t w = 0; w < N_WAYS; w += EVERY)
            for (size_t i = 0; i < sizeof prompts / sizeof *prompts; i++) {
                struct facet_session *plain = session(f, f->models[m], N_CTX, NULL, NULL);
                struct facet_session *guessing = session(f, f->models[m], N_CTX, &ways[w], NULL);
                struct text t = make_text(f, prompts[i].n, prompts[i].period, prompts[i].n_images);
                struct facet_prompt prompt = prompt_of(f, &t, t.n_ids);
                struct facet_sampling how = {.top_p = 1, .repetition_penalty = 1};
                for (uint64_t round = 0; round < 3; round++) {
                    how.temperature = 0.4f * (float)round;
                    how.seed = 1000 + round;
                    how.top_k = round == 1 ? 3 : 0;
                    how.repetition_penalty = round == 2 ? 1.2f : 1;
                    assert_int_equal(facet_session_prompt(plain, &prompt, NULL, why), FACET_OK);
                    assert_int_equal(facet_session_prompt(guessing, &prompt, NULL, why), FACET_OK);
                    expect_same(f, plain, guessing);
                    talk(f, plain, guessing, &how, 50);
                }
                assert_int_equal(counts_of(plain).proposed, 0);
                all.proposed += counts_of(guessing).proposed;
                all.accepted += counts_of(guessing).accepted;
                facet_session_close(plain);
                facet_session_close(guessing);
            }
    print_message("%zu guessed, %zu right\n", all.proposed, all.accepted);
    assert_true(all.proposed > 1000 / EVERY && all.accepted > 300 / EVERY);
    assert_true(all.proposed - all.accepted > 300 / EVERY);
}

/* A draft that is the model itself is right but where the answer would have ended. */
static void a_draft_that_knows_is_always_right(void **state)
{
    const struct fixture *f = *state;
    random_state = 2;
    struct guesses self = {.draft = EXACT};
    struct facet_session *plain = session(f, f->models[EXACT], N_CTX, NULL, NULL);
    struct facet_session *guessing = session(f, f->models[EXACT], N_CTX, &self, NULL);
    struct text t = make_text(f, 50, 0, 0);
    struct facet_prompt prompt = prompt_of(f, &t, t.n_ids);
    struct facet_sampling how = {.top_p = 1, .repetition_penalty = 1};
    assert_int_equal(facet_session_prompt(plain, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_prompt(guessing, &prompt, NULL, why), FACET_OK);
    talk(f, plain, guessing, &how, 150);
    struct facet_speculation counts = counts_of(guessing);
    assert_true(counts.proposed > 50 && counts.accepted * 10 > counts.proposed * 9);
    facet_session_close(plain);
    facet_session_close(guessing);
}

/* ---- Anything in between ---- */

/* Two sessions to which the same is done. */
struct pair {
    const struct fixture *f;
    struct facet_session *s[2], *beside[2];
    struct text text;
    char *path;
};

static void both_prompt(struct pair *p, size_t n)
{
    struct facet_prompt prompt = prompt_of(p->f, &p->text, n);
    size_t kept[2];
    for (int k = 0; k < 2; k++)
        assert_int_equal(facet_session_prompt(p->s[k], &prompt, &kept[k], why), FACET_OK);
    assert_int_equal(kept[0], kept[1]);
}

static void both_talk(struct pair *p)
{
    size_t length = facet_session_length(p->s[0]), n = 1 + draw(40);
    struct facet_sampling how = {.temperature = 0.3f * (float)draw(3),
                                 .top_k = 4,
                                 .top_p = 1,
                                 .repetition_penalty = 1,
                                 .seed = draw(1000)};
    if (length + n > N_CTX)
        n = N_CTX - length;
    if (facet_session_logits(p->s[0]))
        talk(p->f, p->s[0], p->s[1], &how, n);
}

static void both_rewind(struct pair *p, size_t n)
{
    for (int k = 0; k < 2; k++)
        assert_int_equal(facet_session_rewind(p->s[k], n, why), FACET_OK);
}

/* Beside another session, with it. */
static void both_append_together(struct pair *p)
{
    int32_t ids[2] = {(int32_t)(600 + draw(9)), (int32_t)(600 + draw(9))};
    if (facet_session_length(p->s[0]) == N_CTX)
        return;
    for (int k = 0; k < 2; k++) {
        if (facet_session_length(p->beside[k]) > 100)
            assert_int_equal(facet_session_rewind(p->beside[k], 0, why), FACET_OK);
        struct facet_session *together[2] = {p->s[k], p->beside[k]};
        assert_int_equal(facet_sessions_append(together, ids, 2, why), FACET_OK);
    }
    expect_same(p->f, p->beside[0], p->beside[1]);
}

static void both_save_and_restore(struct pair *p)
{
    for (int k = 0; k < 2; k++) {
        assert_int_equal(facet_session_save(p->s[k], p->path, why), FACET_OK);
        assert_int_equal(facet_session_restore(p->s[k], p->path, why), FACET_OK);
    }
}

static void both_keep_and_copy(struct pair *p)
{
    for (int k = 0; k < 2; k++) {
        facet_session_keep(p->s[k]);
        assert_int_equal(facet_session_copy(p->beside[k], p->s[k], why), FACET_OK);
    }
    assert_int_equal(facet_session_length(p->beside[0]), facet_session_length(p->s[1]));
}

static void do_something(struct pair *p)
{
    size_t length = facet_session_length(p->s[0]);
    switch (draw(16)) {
    case 0:
        both_prompt(p, p->text.n_ids); /* again, or after something else was said */
        break;
    case 1: /* another text, that perhaps begins the same */
        for (size_t i = 50 + draw(150); i < N_CTX; i++)
            p->text.ids[i] = (int32_t)(600 + draw(9));
        both_prompt(p, p->text.n_ids);
        break;
    case 2:
        p->text = make_text(p->f, 60 + draw(100), draw(9), draw(3));
        both_prompt(p, p->text.n_ids);
        break;
    case 3:
    case 4:
        both_rewind(p, length - draw((uint32_t)(length < 12 ? length : 12) + 1));
        break;
    case 5:
        both_rewind(p, draw((uint32_t)length + 1));
        break;
    case 6:
        both_save_and_restore(p);
        break;
    case 7:
        both_keep_and_copy(p);
        break;
    case 8:
    case 9:
        both_append_together(p);
        break;
    default:
        both_talk(p);
    }
    expect_same(p->f, p->s[0], p->s[1]);
}

static void whatever_is_done_it_is_as_without(void **state)
{
    const struct fixture *f = *state;
    struct facet_speculation all = {0};
    char *path = scratch_path(f->folder, "pair.kv");
    for (size_t round = 0; round < 24; round += EVERY) {
        const struct facet_model *model = f->models[round % 4];
        const struct guesses *g = &ways[round % N_WAYS];
        random_state = (uint32_t)round + 10;
        struct pair p = {.f = f, .path = path, .text = make_text(f, 80, 6, 1)};
        for (int k = 0; k < 2; k++) {
            p.s[k] = session(f, model, N_CTX, k ? g : NULL, NULL);
            p.beside[k] = session(f, model, N_CTX, k ? g : NULL, p.s[k]);
        }
        time_session(p.s[1], 0);
        both_prompt(&p, p.text.n_ids);
        for (int i = 0; i < 60; i++)
            do_something(&p);
        all.proposed += counts_of(p.s[1]).proposed;
        all.accepted += counts_of(p.s[1]).accepted;
        for (int k = 0; k < 2; k++) {
            facet_session_close(p.beside[k]);
            facet_session_close(p.s[k]);
        }
    }
    print_message("%zu guessed, %zu right\n", all.proposed, all.accepted);
    assert_true(all.accepted > 100 / EVERY);
    free(path);
}

static void a_full_context_is_full(void **state)
{
    const struct fixture *f = *state;
    for (uint32_t n_ctx = 30; n_ctx < 36; n_ctx += EVERY)
        for (size_t w = 0; w < N_WAYS; w++) {
            random_state = n_ctx;
            struct facet_session *plain = session(f, f->models[Q8], n_ctx, NULL, NULL);
            struct facet_session *guessing = session(f, f->models[Q8], n_ctx, &ways[w], NULL);
            struct text t = make_text(f, 20, 4, 0);
            struct facet_prompt prompt = prompt_of(f, &t, t.n_ids);
            struct facet_sampling how = {.top_p = 1, .repetition_penalty = 1};
            assert_int_equal(facet_session_prompt(plain, &prompt, NULL, why), FACET_OK);
            assert_int_equal(facet_session_prompt(guessing, &prompt, NULL, why), FACET_OK);
            talk(f, plain, guessing, &how, n_ctx - 20);
            assert_int_equal(facet_session_append(guessing, 700, why), FACET_FAILED);
            assert_non_null(strstr(why, "full"));
            expect_same(f, plain, guessing);
            facet_session_close(plain);
            facet_session_close(guessing);
        }
}

static void *cancel_soon(void *s)
{
    struct timespec pause = {.tv_nsec = 3 * 1000 * 1000};
    nanosleep(&pause, NULL);
    facet_session_cancel(s);
    return NULL;
}

/* Whenever it comes: what was said stays, and what follows is as it would have been. */
static void a_cancel_loses_nothing(void **state)
{
    const struct fixture *f = *state;
    int cancelled = 0;
    for (size_t round = 0; round < 40; round += EVERY) {
        random_state = (uint32_t)round;
        struct facet_session *plain = session(f, f->models[Q8], N_CTX, NULL, NULL);
        struct facet_session *guessing =
            session(f, f->models[Q8], N_CTX, &ways[round % N_WAYS], NULL);
        struct facet_sampling how = {.top_p = 1, .repetition_penalty = 1};
        struct text t = make_text(f, 60, 5, 0);
        struct facet_prompt prompt = prompt_of(f, &t, t.n_ids);
        assert_int_equal(facet_session_prompt(plain, &prompt, NULL, why), FACET_OK);
        assert_int_equal(facet_session_prompt(guessing, &prompt, NULL, why), FACET_OK);
        talk(f, plain, guessing, &how, 10);
        size_t length = 0;
        int32_t ids[N_CTX];
        pthread_t thread;
        pthread_create(&thread, NULL, cancel_soon, guessing);
        enum facet_status status = FACET_OK;
        while (status == FACET_OK && (length = facet_session_length(guessing)) < N_CTX - 20) {
            ids[length] = (int32_t)(600 + length % 5);
            status = facet_session_append(guessing, ids[length], why);
        }
        pthread_join(thread, NULL);
        facet_session_resume(guessing);
        cancelled += status == FACET_CANCELLED;
        size_t now = facet_session_length(guessing);
        assert_true(status == FACET_CANCELLED ? now == length || now == length + 1 : now == length);
        for (size_t i = 70; i < now; i++)
            assert_int_equal(facet_session_append(plain, ids[i], why), FACET_OK);
        for (int k = 0; k < 2; k++)
            assert_int_equal(facet_session_append(k ? guessing : plain, 777, why), FACET_OK);
        expect_same(f, plain, guessing);
        talk(f, plain, guessing, &how, 15);
        facet_session_close(plain);
        facet_session_close(guessing);
    }
    assert_true(cancelled > 0);
}

/* ---- The same distribution ---- */

enum { CHOICES = 3, N_CELLS = CHOICES * CHOICES * CHOICES, N_SAMPLES = 3000 / EVERY };

/* The likeliest tokens, best first, and their shares among each other. */
static void choices_of(const struct fixture *f, const struct facet_session *s, int32_t *ids,
                       double *shares)
{
    const float *logits = facet_session_logits(s);
    double sum = 0;
    for (size_t c = 0; c < CHOICES; c++) {
        ids[c] = -1;
        for (size_t i = 0; i < f->n_vocab; i++) {
            bool taken = false;
            for (size_t b = 0; b < c; b++)
                taken = taken || ids[b] == (int32_t)i;
            if (!taken && (ids[c] < 0 || logits[i] > logits[ids[c]]))
                ids[c] = (int32_t)i;
        }
        sum += shares[c] = exp(((double)logits[ids[c]] - (double)logits[ids[0]]) / 0.7);
    }
    for (size_t c = 0; c < CHOICES; c++)
        shares[c] /= sum;
}

/* The tokens and the probability of each way to say three, of three choices each. */
struct ways_to_go {
    int32_t ids[N_CELLS][3];
    double share[N_CELLS];
};

static void follow_ways(const struct fixture *f, struct facet_session *s, struct ways_to_go *w,
                        size_t depth, size_t cell, const struct text *t, double share)
{
    static const size_t below[3] = {CHOICES * CHOICES, CHOICES, 1};
    int32_t ids[CHOICES];
    double shares[CHOICES];
    struct facet_prompt prompt = prompt_of(f, t, t->n_ids);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    choices_of(f, s, ids, shares);
    for (size_t c = 0; c < CHOICES; c++) {
        size_t first = cell + c * below[depth];
        for (size_t i = first; i < first + below[depth]; i++)
            w->ids[i][depth] = ids[c];
        struct text longer = *t;
        longer.ids[longer.n_ids++] = ids[c];
        if (depth == 2)
            w->share[first] = share * shares[c];
        else
            follow_ways(f, s, w, depth + 1, first, &longer, share * shares[c]);
    }
}

/* Puts a likely answer behind the prompt's last word where that stood before, so that look-up finds
 * it. The prompt is another then, and likes another answer: until one is found that it likes. */
static void plant_answer(const struct fixture *f, struct facet_session *s, struct text *t)
{
    for (int round = 0; round < 200; round++) {
        struct facet_prompt prompt = prompt_of(f, t, t->n_ids);
        int32_t first[CHOICES], second[CHOICES];
        double shares[CHOICES];
        assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
        choices_of(f, s, first, shares);
        assert_int_equal(facet_session_append(s, first[0], why), FACET_OK);
        choices_of(f, s, second, shares);
        if (t->ids[11] == first[0] && t->ids[12] == second[0])
            return;
        t->ids[10] = t->ids[t->n_ids - 1];
        if (round % 8 == 7)
            t->ids[20] = (int32_t)(600 + draw(1000));
        t->ids[11] = first[0];
        t->ids[12] = second[0];
    }
    fail_msg("no such prompt");
}

/* Three tokens are drawn thousands of times; Pearson's χ² of how often each way was gone beside its
 * probability, worked out by prompts alone. 26 degrees of freedom: above 54 once in a thousand. */
static void the_distribution_is_that_without(void **state)
{
    const struct fixture *f = *state;
    for (size_t w = 0; w < N_WAYS; w += EVERY) {
        random_state = 5;
        struct ways_to_go ways_there;
        struct text t = make_text(f, 40, 0, 0);
        struct facet_session *plain = session(f, f->models[EXACT], N_CTX, NULL, NULL);
        plant_answer(f, plain, &t);
        follow_ways(f, plain, &ways_there, 0, 0, &t, 1);
        struct facet_session *s = session(f, f->models[EXACT], N_CTX, &ways[w], NULL);
        struct facet_prompt prompt = prompt_of(f, &t, t.n_ids);
        size_t times[N_CELLS] = {0};
        for (uint64_t i = 0; i < N_SAMPLES; i++) {
            struct facet_sampling how = {.temperature = 0.7f,
                                         .top_k = CHOICES,
                                         .top_p = 1,
                                         .repetition_penalty = 1,
                                         .seed = i * 7919,
                                         .allow_image_tokens = true};
            struct facet_sampler *sampler = facet_sampler_new(f->models[EXACT], &how, why);
            struct facet_token token[3];
            assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
            for (size_t k = 0; k < 3; k++) {
                assert_int_equal(facet_sampler_draw(sampler, s, -1, &token[k], why), FACET_OK);
                assert_int_equal(facet_session_append(s, token[k].id, why), FACET_OK);
            }
            for (size_t c = 0; c < N_CELLS; c++)
                times[c] += ways_there.ids[c][0] == token[0].id &&
                            ways_there.ids[c][1] == token[1].id &&
                            ways_there.ids[c][2] == token[2].id;
            facet_sampler_free(sampler);
        }
        double chi2 = 0;
        size_t found = 0;
        for (size_t c = 0; c < N_CELLS; c++) {
            double want = ways_there.share[c] * N_SAMPLES;
            chi2 += ((double)times[c] - want) * ((double)times[c] - want) / want;
            found += times[c];
        }
        print_message("chi2 %.1f, %zu of %zu right\n", chi2, counts_of(s).accepted,
                      counts_of(s).proposed);
        assert_int_equal(found, N_SAMPLES);
        assert_true(chi2 < 54);
        facet_session_close(plain);
        facet_session_close(s);
    }
}

/* ---- Cost ---- */

static struct facet_speculation talk_for(const struct fixture *f, size_t period, double seconds,
                                         size_t n)
{
    struct guesses lookup = {true, -1};
    struct facet_session *plain = session(f, f->models[Q8], 2048, NULL, NULL);
    struct facet_session *s = session(f, f->models[Q8], 2048, &lookup, NULL);
    time_session(s, seconds);
    struct text t = make_text(f, 30, 0, 0);
    struct facet_prompt prompt = prompt_of(f, &t, t.n_ids);
    for (int k = 0; k < 2; k++)
        assert_int_equal(facet_session_prompt(k ? s : plain, &prompt, NULL, why), FACET_OK);
    int32_t said[64] = {0};
    for (size_t i = 0; i < n; i++) {
        int32_t id = period && i >= period ? said[i % period] : (int32_t)(600 + draw(1000));
        said[i % (period ? period : 64)] = id;
        for (int k = 0; k < 2; k++)
            assert_int_equal(facet_session_append(k ? s : plain, id, why), FACET_OK);
        if (i % 16 == 0)
            expect_same(f, plain, s);
    }
    struct facet_speculation counts = counts_of(s);
    facet_session_close(plain);
    facet_session_close(s);
    return counts;
}

static void guesses_are_made_where_they_pay(void **state)
{
    const struct fixture *f = *state;
    enum { N = 1500 };
    random_state = 3;
    /* a text that repeats itself: nearly everything is right, and that is taken */
    struct facet_speculation counts = talk_for(f, 11, 0.1, N);
    assert_true(counts.accepted > N / 2 && counts.proposed < counts.accepted + 50);
    /* it does, but rows are dear: tried now and then */
    counts = talk_for(f, 11, 1.0, N);
    assert_true(counts.proposed < N / 50);
    /* nothing repeats */
    counts = talk_for(f, 0, 0.1, N);
    assert_true(counts.proposed < N / 50);
}

static void a_useless_draft_is_hardly_asked(void **state)
{
    const struct fixture *f = *state;
    struct guesses other = {.draft = OTHER};
    struct facet_session *s = session(f, f->models[Q8], 2048, &other, NULL);
    struct text t = make_text(f, 30, 0, 0);
    struct facet_prompt prompt = prompt_of(f, &t, t.n_ids);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    time_session(s, 0.1);
    double started = timed.now;
    for (size_t i = 0; i < 1500; i++)
        assert_int_equal(facet_session_append(s, (int32_t)(600 + draw(1000)), why), FACET_OK);
    assert_true(counts_of(s).proposed > 0 && counts_of(s).accepted < 10);
    /* a step is 1.05 by this clock: looking at it takes time */
    assert_true(timed.now - started < 1.03 * 1.05 * 1500);
    facet_session_close(s);
}

/* ---- Look-up ---- */

static void look_up_finds_the_longest_and_latest(void **unused)
{
    (void)unused;
    int32_t ids[32] = {2, 1, 2, 3, 50, 9, 2, 3, 60, 4, 2, 3, 70, 8, 1, 2, 3};
    float chances[3];
    struct lookup l;
    lookup_init(&l);
    assert_int_equal(lookup_guess(&l, ids, 17, 3, chances), 3);
    assert_int_equal(ids[17], 50); /* behind 1 2 3 */
    assert_int_equal(ids[18], 9);
    assert_true(chances[1] > chances[0]);
    ids[14] = 99;
    lookup_init(&l);
    assert_int_equal(lookup_guess(&l, ids, 17, 3, chances), 3);
    assert_int_equal(ids[17], 70); /* behind the last 2 3 */
    float before = l.right[0];
    ids[17] = 71;
    lookup_learn(&l, ids, 18);
    assert_true(l.right[0] < before);
    assert_int_equal(lookup_guess(&l, ids, 18, 3, chances), 0);
    for (size_t n = 0; n < 3; n++)
        assert_int_equal(lookup_guess(&l, ids, n, 3, chances), 0);
}

/* A guess may be behind another: 7 7 7 goes on. */
static void look_up_goes_on_with_its_own(void **unused)
{
    (void)unused;
    int32_t ids[8] = {2, 7, 7, 7};
    float chances[3];
    struct lookup l;
    lookup_init(&l);
    assert_int_equal(lookup_guess(&l, ids, 4, 3, chances), 3);
    for (size_t i = 4; i < 7; i++)
        assert_int_equal(ids[i], 7);
}

/* ---- Opening ---- */

static void a_draft_of_another_vocabulary_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct tiny t = tiny_default;
    t.n_vocab = 3000;
    struct facet_model *larger = open_tiny(f, &t, NULL, 1);
    struct facet_session_options options = {.draft = larger};
    why[0] = 0;
    assert_null(facet_session_open(f->models[Q8], &options, why));
    assert_non_null(strstr(why, "cannot draft"));
    assert_null(strchr(why, '\n'));
    facet_model_close(larger);
    struct facet_model_options tokens = {.vocabulary_only = true};
    char *path = scratch_path(f->folder, "tokens.gguf");
    struct err err;
    struct gguf_writer *writer = tiny_text(&tiny_default);
    assert_true(gguf_writer_save(writer, path, &err));
    gguf_writer_free(writer);
    struct facet_model *vocabulary = facet_model_open(path, &tokens, why);
    options.draft = vocabulary;
    assert_null(facet_session_open(f->models[Q8], &options, why));
    assert_non_null(strstr(why, "vocabulary only"));
    facet_model_close(vocabulary);
    free(path);
}

static void its_memory_is_told(void **state)
{
    const struct fixture *f = *state;
    struct facet_session_options none = {.n_ctx = N_CTX}, lookup = none, draft = none;
    lookup.lookup = true;
    draft.draft = f->models[OTHER];
    size_t bytes = facet_session_bytes(f->models[Q8], &none);
    size_t rows = STEP_TOKENS * f->n_vocab * sizeof(float);
    size_t more = facet_session_bytes(f->models[Q8], &lookup) - bytes;
    assert_true(more >= rows && more < rows + 4096);
    assert_true(facet_session_bytes(f->models[Q8], &draft) >
                bytes + facet_session_bytes(f->models[OTHER], &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_that_without),
        cmocka_unit_test(a_draft_that_knows_is_always_right),
        cmocka_unit_test(whatever_is_done_it_is_as_without),
        cmocka_unit_test(a_full_context_is_full),
        cmocka_unit_test(a_cancel_loses_nothing),
        cmocka_unit_test(the_distribution_is_that_without),
        cmocka_unit_test(guesses_are_made_where_they_pay),
        cmocka_unit_test(a_useless_draft_is_hardly_asked),
        cmocka_unit_test(look_up_finds_the_longest_and_latest),
        cmocka_unit_test(look_up_goes_on_with_its_own),
        cmocka_unit_test(a_draft_of_another_vocabulary_is_refused),
        cmocka_unit_test(its_memory_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
