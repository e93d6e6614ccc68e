/* Sessions on small random models: chunks, windows, going back, prefixes, pictures, files,
 * cancelling. What any path computes is compared with one prompt in one chunk, exact kernels, F32
 * cache. */
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
#include <unistd.h>

#include "engine/facet.h"
#include "tests/support/scratch.h"
#include "tests/support/tiny.h"

enum { N_IDS = 90, N_SOFT = 16 };

/* The long tests run every case, or one in STRIDE: ThreadSanitizer is forty times slower. */
#ifdef __SANITIZE_THREAD__
enum { STRIDE = 4 };
#else
enum { STRIDE = 1 };
#endif

struct fixture {
    char *folder, *path, *mmproj;
    struct facet_model *model; /* exact kernels, 2 threads */
    struct facet_model_info info;
    int32_t soft_id;
    float *soft[2];
    int32_t ids[N_IDS];         /* text only, longer than three windows */
    int32_t with_images[N_IDS]; /* two pictures among text */
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

static struct facet_session *session(const struct facet_model *model, uint32_t n_batch,
                                     enum facet_cache_type cache)
{
    struct facet_session_options options = {.n_ctx = 256, .n_batch = n_batch, .cache = cache};
    struct facet_session *s = facet_session_open(model, &options, why);
    if (!s)
        fail_msg("%s", why);
    return s;
}

static void fill_ids(struct fixture *f)
{
    uint32_t state = 12345;
    for (int i = 0; i < N_IDS; i++) {
        state = state * 1664525u + 1013904223u;
        f->ids[i] = i ? (int32_t)(600 + (state >> 16) % 1000) : 2;
        bool picture = (i >= 9 && i < 9 + N_SOFT) || (i >= 40 && i < 40 + N_SOFT);
        f->with_images[i] = picture ? f->soft_id : f->ids[i];
    }
}

static void encode_images(struct fixture *f)
{
    struct facet_session *s = session(f->model, 0, FACET_CACHE_DEFAULT);
    size_t n = 3 * (size_t)f->info.image_size * f->info.image_size;
    float *planes = malloc(n * sizeof *planes);
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < n; i++)
            planes[i] = sinf((float)i * (0.001f + 0.01f * (float)k));
        f->soft[k] = malloc((size_t)N_SOFT * f->info.n_embd * sizeof(float));
        assert_int_equal(facet_session_encode_image(s, planes, f->soft[k], why), FACET_OK);
    }
    free(planes);
    facet_session_close(s);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->folder = scratch_new();
    f->path = scratch_path(f->folder, "tiny.gguf");
    f->mmproj = scratch_path(f->folder, "mmproj.gguf");
    struct err err;
    if (!tiny_pair(&tiny_default, &tiny_default, f->path, f->mmproj, &err))
        return -1;
    f->model = open_with(f, "exact", 2);
    facet_model_get_info(f->model, &f->info);
    struct facet_special_ids special;
    facet_model_get_special(f->model, &special);
    f->soft_id = special.image_soft;
    assert_int_equal(f->info.n_soft_tokens, N_SOFT);
    assert_true(f->info.window * 3 < N_IDS);
    fill_ids(f);
    encode_images(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    facet_model_close(f->model);
    free(f->soft[0]);
    free(f->soft[1]);
    free(f->path);
    free(f->mmproj);
    scratch_free(f->folder);
    free(f);
    return 0;
}

static struct facet_prompt text_prompt(const struct fixture *f, size_t n)
{
    return (struct facet_prompt){.ids = f->ids, .n_ids = n};
}

static struct facet_prompt image_prompt(const struct fixture *f, size_t n)
{
    size_t n_images = n >= 40 + N_SOFT ? 2 : n >= 9 + N_SOFT ? 1 : 0;
    return (struct facet_prompt){f->with_images, n, (const float *const *)f->soft, n_images};
}

/* The last logits of a prompt, computed at once in a session of its own. free() them. */
static float *reference(const struct fixture *f, const struct facet_prompt *prompt)
{
    struct facet_session *s = session(f->model, 256, FACET_CACHE_DEFAULT);
    assert_int_equal(facet_session_prompt(s, prompt, NULL, why), FACET_OK);
    float *copy = malloc(f->info.n_vocab * sizeof *copy);
    memcpy(copy, facet_session_logits(s), f->info.n_vocab * sizeof *copy);
    facet_session_close(s);
    return copy;
}

/* Largest difference over the standard deviation. */
static double distance(const struct fixture *f, const float *got, const float *want)
{
    double largest = 0, sum = 0, squares = 0, n = f->info.n_vocab;
    for (uint32_t i = 0; i < f->info.n_vocab; i++) {
        largest = fmax(largest, fabs((double)got[i] - want[i]));
        sum += want[i];
        squares += (double)want[i] * want[i];
    }
    return largest / sqrt(squares / n - sum / n * (sum / n));
}

static void expect_logits(const struct fixture *f, const struct facet_session *s,
                          const struct facet_prompt *prompt, double most)
{
    float *want = reference(f, prompt);
    assert_non_null(facet_session_logits(s));
    double d = distance(f, facet_session_logits(s), want);
    if (!(d <= most))
        fail_msg("logits after %zu positions are %g from the reference", prompt->n_ids, d);
    free(want);
}

static void chunks_of_any_size_agree(void **state)
{
    const struct fixture *f = *state;
    static const uint32_t batches[] = {1, 2, 7, 16, 17, 24, 25, 64, 200};
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        struct facet_session *s = session(f->model, batches[i], FACET_CACHE_DEFAULT);
        struct facet_prompt text = text_prompt(f, N_IDS), images = image_prompt(f, N_IDS);
        assert_int_equal(facet_session_prompt(s, &text, NULL, why), FACET_OK);
        expect_logits(f, s, &text, 1e-4);
        assert_int_equal(facet_session_prompt(s, &images, NULL, why), FACET_OK);
        expect_logits(f, s, &images, 1e-4);
        facet_session_close(s);
    }
}

static void token_by_token_agrees_in_every_cache(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        enum facet_cache_type type;
        double most;
    } caches[] = {{FACET_CACHE_F32, 1e-4}, {FACET_CACHE_F16, 2e-2}, {FACET_CACHE_Q8_0, 0.2}};
    for (size_t i = 0; i < 3; i++) {
        struct facet_session *s = session(f->model, 0, caches[i].type);
        struct facet_prompt first = text_prompt(f, 1), all = text_prompt(f, N_IDS);
        assert_int_equal(facet_session_prompt(s, &first, NULL, why), FACET_OK);
        for (int t = 1; t < N_IDS; t++)
            assert_int_equal(facet_session_append(s, f->ids[t], why), FACET_OK);
        expect_logits(f, s, &all, caches[i].most);
        facet_session_close(s);
    }
}

static void kernels_and_threads_agree(void **state)
{
    const struct fixture *f = *state;
    static const char *const kernels[] = {"scalar", "avx2", "avx512", "neon"};
    struct facet_prompt prompt = image_prompt(f, N_IDS);
    for (size_t i = 0; i < 4; i++) {
        float *one = NULL;
        for (unsigned threads = 1; threads <= 3; threads++) {
            struct facet_model_options options = {
                .mmproj = f->mmproj, .kernels = kernels[i], .n_threads = threads};
            struct facet_model *model = facet_model_open(f->path, &options, why);
            if (!model)
                break; /* not for this processor */
            struct facet_session *s = session(model, 0, FACET_CACHE_DEFAULT);
            assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
            expect_logits(f, s, &prompt, 2e-2);
            if (one)
                assert_memory_equal(one, facet_session_logits(s), f->info.n_vocab * sizeof *one);
            else
                one = memcpy(malloc(f->info.n_vocab * sizeof *one), facet_session_logits(s),
                             f->info.n_vocab * sizeof *one);
            facet_session_close(s);
            facet_model_close(model);
        }
        free(one);
    }
}

static void rewind_goes_anywhere(void **state)
{
    const struct fixture *f = *state;
    static const size_t places[] = {89, 88, 70, 60, 57, 56, 50, 40, 25, 24, 10, 9, 3, 1, 0};
    for (size_t checkpoint = 30; checkpoint <= 80; checkpoint += 25)
        for (size_t i = 0; i < sizeof places / sizeof *places; i += STRIDE) {
            struct facet_session *s = session(f->model, 20, FACET_CACHE_F32);
            struct facet_prompt prompt = image_prompt(f, checkpoint == 55 ? 57 : checkpoint),
                                all = image_prompt(f, N_IDS);
            assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
            for (size_t t = prompt.n_ids; t < N_IDS && f->with_images[t] != f->soft_id; t++)
                assert_int_equal(facet_session_append(s, f->with_images[t], why), FACET_OK);
            size_t n = places[i] < facet_session_length(s) ? places[i] : facet_session_length(s);
            assert_int_equal(facet_session_rewind(s, n, why), FACET_OK);
            bool inside = (n > 9 && n < 9 + N_SOFT) || (n > 40 && n < 40 + N_SOFT);
            assert_int_equal(facet_session_length(s), !inside ? n : n < 40 ? 9 : 40);
            assert_null(facet_session_logits(s));
            assert_int_equal(facet_session_prompt(s, &all, NULL, why), FACET_OK);
            expect_logits(f, s, &all, 1e-4);
            facet_session_close(s);
        }
}

static void prompts_keep_their_common_prefix(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 20, FACET_CACHE_F32);
    size_t kept;
    struct facet_prompt prompt = image_prompt(f, 60), longer = image_prompt(f, 80);
    assert_int_equal(facet_session_prompt(s, &prompt, &kept, why), FACET_OK);
    assert_int_equal(kept, 0);
    for (int t = 60; t < 70; t++)
        assert_int_equal(facet_session_append(s, f->with_images[t], why), FACET_OK);
    assert_int_equal(facet_session_prompt(s, &longer, &kept, why), FACET_OK); /* the next turn */
    assert_int_equal(kept, 70);
    expect_logits(f, s, &longer, 1e-4);
    assert_int_equal(facet_session_prompt(s, &longer, &kept, why), FACET_OK); /* another answer */
    assert_int_equal(kept, 80);
    expect_logits(f, s, &longer, 1e-4);

    const float *swapped[2] = {f->soft[0], f->soft[0]}; /* another second picture */
    struct facet_prompt other = {f->with_images, 80, swapped, 2};
    assert_int_equal(facet_session_prompt(s, &other, &kept, why), FACET_OK);
    assert_true(kept <= 40);
    expect_logits(f, s, &other, 1e-4);
    facet_session_close(s);
}

static void answer(struct facet_session *s, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(facet_session_append(s, 700 + i, why), FACET_OK);
}

/* 70 tokens are nearly three windows: the rings have moved on far beyond the prompt. */
static void an_answer_can_be_dropped(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 0, FACET_CACHE_F32);
    struct facet_prompt prompt = text_prompt(f, 60);
    size_t kept;
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    for (int round = 0; round < 3; round++) {
        answer(s, 70);
        assert_int_equal(facet_session_prompt(s, &prompt, &kept, why), FACET_OK);
        assert_int_equal(kept, 60);
        expect_logits(f, s, &prompt, 1e-4);
    }
    answer(s, 70);
    assert_int_equal(facet_session_rewind(s, 60, why), FACET_OK);
    int32_t edited[61];
    memcpy(edited, f->ids, 60 * sizeof *edited);
    edited[60] = 1234;
    struct facet_prompt longer = {.ids = edited, .n_ids = 61};
    assert_int_equal(facet_session_prompt(s, &longer, &kept, why), FACET_OK);
    assert_int_equal(kept, 60);
    expect_logits(f, s, &longer, 1e-4);
    facet_session_close(s);
}

/* Many questions about one text: its positions are computed for the first two only. */
static void a_shared_beginning_is_computed_once(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 16, FACET_CACHE_F32);
    for (int32_t item = 0; item < 5; item++) {
        int32_t ids[N_IDS + 30];
        memcpy(ids, f->ids, sizeof f->ids);
        for (int32_t i = 0; i < 30; i++)
            ids[N_IDS + i] = 600 + item * 40 + i;
        struct facet_prompt prompt = {.ids = ids, .n_ids = N_IDS + 30};
        size_t kept;
        assert_int_equal(facet_session_prompt(s, &prompt, &kept, why), FACET_OK);
        assert_int_equal(kept, item < 2 ? 0 : N_IDS);
        expect_logits(f, s, &prompt, 1e-4);
        answer(s, 20);
    }
    facet_session_close(s);
}

static void stale_checkpoint_logits_are_not_used(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 0, FACET_CACHE_F32);
    struct facet_prompt longer = text_prompt(f, 20), shorter = text_prompt(f, 12);
    assert_int_equal(facet_session_prompt(s, &longer, NULL, why), FACET_OK);
    assert_int_equal(facet_session_rewind(s, 12, why), FACET_OK);
    assert_int_equal(facet_session_prompt(s, &shorter, NULL, why), FACET_OK);
    expect_logits(f, s, &shorter, 1e-4);
    facet_session_close(s);
}

static void a_saved_session_goes_on(void **state)
{
    const struct fixture *f = *state;
    char *path = scratch_path(f->folder, "session.kv");
    static const enum facet_cache_type caches[] = {FACET_CACHE_F16, FACET_CACHE_F32,
                                                   FACET_CACHE_Q8_0};
    for (size_t i = 0; i < 3; i++) {
        struct facet_session *a = session(f->model, 0, caches[i]),
                             *b = session(f->model, 0, caches[i]);
        struct facet_prompt prompt = image_prompt(f, 75);
        assert_int_equal(facet_session_prompt(a, &prompt, NULL, why), FACET_OK);
        assert_int_equal(facet_session_save(a, path, why), FACET_OK);
        assert_int_equal(facet_session_restore(b, path, why), FACET_OK);
        assert_int_equal(facet_session_length(b), 75);
        for (int t = 75; t < N_IDS; t++) {
            assert_memory_equal(facet_session_logits(a), facet_session_logits(b),
                                f->info.n_vocab * sizeof(float));
            assert_int_equal(facet_session_append(a, f->ids[t], why), FACET_OK);
            assert_int_equal(facet_session_append(b, f->ids[t], why), FACET_OK);
        }
        size_t kept;
        struct facet_prompt all = image_prompt(f, N_IDS);
        assert_int_equal(facet_session_prompt(b, &all, &kept, why), FACET_OK);
        assert_int_equal(kept, N_IDS - 1);
        facet_session_close(a);
        facet_session_close(b);
    }
    struct facet_session *other = session(f->model, 0, FACET_CACHE_F16);
    assert_int_equal(facet_session_restore(other, path, why), FACET_FAILED); /* saved with Q8_0 */
    assert_non_null(strstr(why, path));
    assert_int_equal(facet_session_length(other), 0);
    facet_session_close(other);
    free(path);
}

static void damaged_session_files_are_refused(void **state)
{
    const struct fixture *f = *state;
    char *path = scratch_path(f->folder, "cut.kv");
    struct facet_session *s = session(f->model, 0, FACET_CACHE_F16);
    struct facet_prompt prompt = image_prompt(f, 75);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_save(s, path, why), FACET_OK);
    FILE *file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    fclose(file);
    for (long cut = 0; cut < size; cut += cut < 600 ? 13 : size / 20) {
        assert_int_equal(facet_session_save(s, path, why), FACET_OK);
        assert_int_equal(truncate(path, cut), 0);
        assert_int_equal(facet_session_restore(s, path, why), FACET_FAILED);
        assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    }
    facet_session_close(s);
    free(path);
}

static void wrong_prompts_are_refused(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 0, FACET_CACHE_DEFAULT);
    int32_t long_ids[300] = {2}, strange[] = {2, 5000}, part[8] = {2, f->soft_id, f->soft_id, 600};
    const struct facet_prompt wrong[] = {
        {.ids = long_ids, .n_ids = 300},
        {.ids = strange, .n_ids = 2},
        {.ids = f->ids, .n_ids = 0},
        {part, 4, (const float *const *)f->soft, 1},
        {f->with_images, 60, (const float *const *)f->soft, 1},
        {f->ids, 60, (const float *const *)f->soft, 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        why[0] = 0;
        assert_int_equal(facet_session_prompt(s, &wrong[i], NULL, why), FACET_FAILED);
        assert_true(strlen(why) > 10);
    }
    struct facet_prompt fine = text_prompt(f, 20);
    assert_int_equal(facet_session_prompt(s, &fine, NULL, why), FACET_OK);
    assert_int_equal(facet_session_append(s, -1, why), FACET_FAILED);
    for (int i = 20; i < 256; i++)
        assert_int_equal(facet_session_append(s, 700, why), FACET_OK);
    assert_int_equal(facet_session_append(s, 700, why), FACET_FAILED);
    facet_session_close(s);
}

static void *cancel_soon(void *s)
{
    struct timespec pause = {.tv_nsec = 3 * 1000 * 1000};
    nanosleep(&pause, NULL);
    facet_session_cancel(s);
    return NULL;
}

/* However a prompt is broken off, the session computes the right thing afterwards. */
static void a_cancelled_session_recovers(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 16, FACET_CACHE_F32);
    struct facet_prompt first = image_prompt(f, 57), all = image_prompt(f, N_IDS);
    int cancelled = 0;
    for (int round = 0; round < 20; round++) {
        facet_session_resume(s);
        assert_int_equal(facet_session_prompt(s, &first, NULL, why), FACET_OK);
        pthread_t thread;
        pthread_create(&thread, NULL, cancel_soon, s);
        enum facet_status status = FACET_OK;
        for (int i = 0; i < 1000 && status == FACET_OK; i++) {
            status = facet_session_prompt(s, i % 2 ? &first : &all, NULL, why);
            cancelled += status == FACET_CANCELLED;
        }
        pthread_join(thread, NULL);
        facet_session_resume(s);
        assert_int_equal(facet_session_prompt(s, &all, NULL, why), FACET_OK);
        expect_logits(f, s, &all, 1e-4);
    }
    assert_true(cancelled > 0);
    facet_session_close(s);
}

/* Overwrites one token id of a saved session. */
static void patch_id(const char *path, size_t position, int32_t id)
{
    FILE *file = fopen(path, "r+b");
    assert_int_equal(fseek(file, (long)(112 + 4 * position), SEEK_SET), 0);
    assert_int_equal(fwrite(&id, sizeof id, 1, file), 1);
    fclose(file);
}

/* Ids that could not come from a prompt would be looked up in the embedding once they are computed
 * again. */
static void hostile_session_files_are_refused(void **state)
{
    const struct fixture *f = *state;
    char *path = scratch_path(f->folder, "hostile.kv");
    struct facet_session *s = session(f->model, 0, FACET_CACHE_F16);
    struct facet_prompt text = text_prompt(f, 75), images = image_prompt(f, 75);
    const int32_t wrong[] = {-1, INT32_MIN, 1 << 20, f->soft_id};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(facet_session_prompt(s, &text, NULL, why), FACET_OK);
        assert_int_equal(facet_session_save(s, path, why), FACET_OK);
        patch_id(path, 10, wrong[i]);
        assert_int_equal(facet_session_restore(s, path, why), FACET_FAILED);
        assert_int_equal(facet_session_length(s), 0);
    }
    for (size_t n = 15; n <= 16; n++) { /* a picture cut short, and one that is not there */
        assert_int_equal(facet_session_prompt(s, n == 16 ? &text : &images, NULL, why), FACET_OK);
        assert_int_equal(facet_session_save(s, path, why), FACET_OK);
        for (size_t i = 9; i < 9 + N_SOFT; i++)
            patch_id(path, i, i < 9 + n ? f->soft_id : 700);
        assert_int_equal(facet_session_restore(s, path, why), FACET_FAILED);
    }
    facet_session_close(s);
    free(path);
}

static void a_restored_session_answers_again_at_once(void **state)
{
    const struct fixture *f = *state;
    char *path = scratch_path(f->folder, "again.kv");
    struct facet_session *s = session(f->model, 0, FACET_CACHE_F32);
    struct facet_prompt prompt = image_prompt(f, N_IDS);
    size_t kept;
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_save(s, path, why), FACET_OK);
    assert_int_equal(facet_session_restore(s, path, why), FACET_OK);
    answer(s, 70);
    assert_int_equal(facet_session_prompt(s, &prompt, &kept, why), FACET_OK);
    assert_int_equal(kept, N_IDS);
    expect_logits(f, s, &prompt, 1e-4);
    facet_session_close(s);
    free(path);
}

/* What a conversation does: it goes on, asks again, drops its end, departs from what was said. */
/* It keeps what it was said to. */
static void ask_prompt(struct facet_session *s, const struct facet_prompt *prompt, size_t *kept)
{
    size_t spares = facet_session_spares(s, prompt);
    assert_int_equal(facet_session_prompt(s, prompt, kept, why), FACET_OK);
    assert_int_equal(*kept, spares);
}

static void do_something(const struct fixture *f, struct facet_session *s, uint32_t what, size_t n,
                         size_t *kept)
{
    struct facet_prompt text = text_prompt(f, n + 1), images = image_prompt(f, n < 57 ? 57 : n);
    *kept = 0;
    switch (what % 8) {
    case 0:
        ask_prompt(s, &text, kept);
        break;
    case 1:
    case 2:
        ask_prompt(s, &images, kept);
        break;
    case 3:
        assert_int_equal(facet_session_rewind(s, facet_session_length(s) * n / N_IDS, why),
                         FACET_OK);
        break;
    case 4:
        if (n > 60)
            facet_session_keep(s);
        break;
    default:
        for (size_t i = 0; i <= n / 4 && facet_session_length(s) < 256; i++)
            assert_int_equal(facet_session_append(s, f->ids[1 + (n + i) % (N_IDS - 1)], why),
                             FACET_OK);
    }
}

static void expect_equal(const struct fixture *f, const struct facet_session *a,
                         const struct facet_session *b)
{
    const float *x = facet_session_logits(a), *y = facet_session_logits(b);
    assert_int_equal(facet_session_length(a), facet_session_length(b));
    assert_int_equal(x == NULL, y == NULL);
    if (x)
        assert_memory_equal(x, y, f->info.n_vocab * sizeof *x);
}

/* One session goes on, the other is closed after each step and comes back from its file. */
static void a_restored_session_is_as_one_never_closed(void **state)
{
    const struct fixture *f = *state;
    enum { STEPS = 60 / STRIDE };
    char *path = scratch_path(f->folder, "closed.kv");
    for (int type = FACET_CACHE_F16; type <= FACET_CACHE_Q8_0; type++) {
        struct facet_session *open = session(f->model, 32, (enum facet_cache_type)type),
                             *closed = session(f->model, 32, (enum facet_cache_type)type);
        uint32_t random = (uint32_t)type;
        for (int step = 0; step < STEPS; step++) {
            size_t kept, kept_too;
            random = random * 1664525u + 1013904223u;
            do_something(f, open, random >> 24, (random >> 8) % 88, &kept);
            do_something(f, closed, random >> 24, (random >> 8) % 88, &kept_too);
            assert_int_equal(kept, kept_too);
            expect_equal(f, open, closed);
            assert_int_equal(facet_session_save(closed, path, why), FACET_OK);
            facet_session_close(closed);
            closed = session(f->model, 32, (enum facet_cache_type)type);
            assert_int_equal(facet_session_restore(closed, path, why), FACET_OK);
            expect_equal(f, open, closed);
        }
        facet_session_close(open);
        facet_session_close(closed);
    }
    free(path);
}

static void any_flipped_bit_is_found(void **state)
{
    const struct fixture *f = *state;
    char *path = scratch_path(f->folder, "flipped.kv");
    struct facet_session *s = session(f->model, 0, FACET_CACHE_Q8_0);
    struct facet_prompt prompt = image_prompt(f, 75);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_save(s, path, why), FACET_OK);
    FILE *file = fopen(path, "r+b");
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    for (int i = 0; i < 200 / STRIDE; i++) {
        long at = i < 100 ? i * 2 : size - 1 - (size / 100) * (i - 100);
        fseek(file, at, SEEK_SET);
        int byte = fgetc(file);
        for (int flip = 0; flip < 2; flip++) {
            fseek(file, at, SEEK_SET);
            fputc(flip ? byte : byte ^ 1 << i % 8, file);
            fflush(file);
            assert_int_equal(facet_session_restore(s, path, why), flip ? FACET_OK : FACET_FAILED);
            assert_int_equal(facet_session_length(s), flip ? 75 : 0);
        }
    }
    fclose(file);
    facet_session_close(s);
    free(path);
}

static void cancelled_files_leave_nothing(void **state)
{
    const struct fixture *f = *state;
    char *path = scratch_path(f->folder, "cancelled.kv");
    struct facet_session *s = session(f->model, 0, FACET_CACHE_F16);
    struct facet_prompt prompt = image_prompt(f, 75);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    facet_session_cancel(s);
    assert_int_equal(facet_session_save(s, path, why), FACET_CANCELLED);
    assert_int_not_equal(access(path, F_OK), 0);
    facet_session_resume(s);
    assert_int_equal(facet_session_save(s, path, why), FACET_OK);
    facet_session_cancel(s);
    assert_int_equal(facet_session_restore(s, path, why), FACET_CANCELLED);
    assert_int_equal(facet_session_length(s), 0);
    facet_session_resume(s);
    assert_int_equal(facet_session_restore(s, path, why), FACET_OK);
    assert_int_equal(facet_session_length(s), 75);
    facet_session_close(s);
    free(path);
}

/* It is for text alone then. */
static void a_context_may_be_shorter_than_a_picture(void **state)
{
    const struct fixture *f = *state;
    struct facet_session_options options = {.n_ctx = f->info.n_soft_tokens - 1};
    struct facet_session *s = facet_session_open(f->model, &options, why);
    assert_non_null(s);
    struct facet_prompt text = text_prompt(f, options.n_ctx), picture = image_prompt(f, 57);
    assert_int_equal(facet_session_prompt(s, &picture, NULL, why), FACET_FAILED);
    assert_non_null(strstr(why, "the context holds"));
    assert_int_equal(facet_session_prompt(s, &text, NULL, why), FACET_OK);
    expect_logits(f, s, &text, 1e-3);
    facet_session_close(s);
}

static void a_soft_token_cannot_be_appended(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 0, FACET_CACHE_DEFAULT);
    struct facet_prompt prompt = text_prompt(f, 20);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_append(s, f->soft_id, why), FACET_FAILED);
    assert_int_equal(facet_session_length(s), 20);
    facet_session_close(s);
}

static void a_vocabulary_makes_no_session(void **state)
{
    const struct fixture *f = *state;
    struct facet_model_options options = {.vocabulary_only = true};
    struct facet_model *model = facet_model_open(f->path, &options, why);
    assert_non_null(model);
    assert_int_equal(facet_session_bytes(model, NULL), 0);
    assert_null(facet_session_open(model, NULL, why));
    assert_non_null(strstr(why, "vocabulary"));
    facet_model_close(model);
}

static struct facet_model *open_variant(const struct fixture *f, const struct tiny *text,
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

static void expect_digests(struct facet_model *model, const struct fixture *f, bool same_decoder,
                           bool same_tower)
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
    const struct fixture *f = *state;
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
    const struct fixture *f = *state;
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
        struct facet_prompt prompt = text_prompt(f, N_IDS);
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
    const struct fixture *f = *state;
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
        struct facet_prompt prompt = text_prompt(f, N_IDS);
        float *want = NULL;
        for (int k = 0; k < 2; k++) {
            struct facet_model_options options = {
                .text_only = true, .kernels = k ? "exact" : "scalar", .n_threads = 2};
            struct facet_model *model = facet_model_open(path, &options, why);
            assert_non_null(model);
            for (uint32_t batch = N_IDS; batch; batch /= 3) {
                struct facet_session_options o = {
                    .n_ctx = shapes[i].n_ctx, .n_batch = batch, .cache = FACET_CACHE_F32};
                struct facet_session *s = facet_session_open(model, &o, why);
                assert_non_null(s);
                assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
                for (size_t back = 1; back < N_IDS; back *= 4) {
                    assert_int_equal(facet_session_rewind(s, N_IDS - back, why), FACET_OK);
                    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
                }
                size_t bytes = f->info.n_vocab * sizeof *want;
                if (!want)
                    want = memcpy(malloc(bytes), facet_session_logits(s), bytes);
                assert_true(distance(f, facet_session_logits(s), want) < 1e-4);
                facet_session_close(s);
            }
            facet_model_close(model);
        }
        free(want);
    }
    free(path);
}

struct seen {
    size_t done, total, calls;
};

static void see(void *user, const char *what, size_t done, size_t total)
{
    struct seen *seen = user;
    (void)what;
    if (seen->calls++)
        assert_int_equal(total, seen->total);
    assert_true(done > seen->done && done <= total);
    seen->done = done;
    seen->total = total;
}

/* The second prompt is computed in two steps, with a checkpoint between them. */
static void progress_only_rises(void **state)
{
    const struct fixture *f = *state;
    struct seen seen = {0};
    struct facet_session_options options = {
        .n_ctx = 256, .n_batch = 16, .progress = see, .progress_user = &seen};
    struct facet_session *s = facet_session_open(f->model, &options, why);
    int32_t ids[N_IDS + 30];
    for (int32_t item = 0; item < 2; item++) {
        memcpy(ids, f->ids, sizeof f->ids);
        for (int32_t i = 0; i < 30; i++)
            ids[N_IDS + i] = 600 + item * 40 + i;
        struct facet_prompt prompt = {.ids = ids, .n_ids = N_IDS + 30};
        seen = (struct seen){0};
        assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
        assert_int_equal(seen.done, N_IDS + 30);
    }
    seen = (struct seen){0};
    answer(s, 3);
    assert_int_equal(seen.calls, 0);
    facet_session_close(s);
}

struct canceller {
    struct facet_session *session;
    size_t at, done, total;
};

static void cancel_at(void *user, const char *what, size_t done, size_t total)
{
    struct canceller *c = user;
    (void)what;
    c->done = done;
    c->total = total;
    if (done == c->at)
        facet_session_cancel(c->session);
}

static void a_cancelled_picture_is_not_told_to_be_done(void **state)
{
    const struct fixture *f = *state;
    struct canceller c = {0};
    struct facet_session_options options = {
        .n_ctx = 256, .progress = cancel_at, .progress_user = &c};
    c.session = facet_session_open(f->model, &options, why);
    size_t n = 3 * (size_t)f->info.image_size * f->info.image_size;
    float *planes = calloc(n, sizeof *planes),
          *soft = calloc((size_t)N_SOFT * f->info.n_embd, sizeof *soft);
    for (c.at = 0; c.at < 3; c.at++) {
        facet_session_resume(c.session);
        assert_int_equal(facet_session_encode_image(c.session, planes, soft, why), FACET_CANCELLED);
        assert_int_equal(c.done, c.at);
    }
    facet_session_resume(c.session);
    c.at = 1000;
    assert_int_equal(facet_session_encode_image(c.session, planes, soft, why), FACET_OK);
    assert_int_equal(c.done, c.total);
    free(planes);
    free(soft);
    facet_session_close(c.session);
}

/* What was said before the cancel stays, however long ago the prompt's rows left the windows. */
static void a_cancelled_answer_is_kept(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 0, FACET_CACHE_F32);
    struct facet_prompt prompt = text_prompt(f, 30);
    int cancelled = 0;
    for (int round = 0; round < 40; round += STRIDE) {
        facet_session_resume(s);
        assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
        answer(s, 60);
        pthread_t thread;
        pthread_create(&thread, NULL, cancel_soon, s);
        size_t length = 0;
        enum facet_status status = FACET_OK;
        while (status == FACET_OK && (length = facet_session_length(s)) < 256)
            status = facet_session_append(s, 800, why);
        pthread_join(thread, NULL);
        if (status == FACET_OK)
            continue;
        cancelled++;
        assert_true(facet_session_length(s) >= length);
    }
    assert_true(cancelled > 0);
    facet_session_close(s);
}

/* Random rows stand where those of a prompt would: answers behind them are numbers, another depth's
 * are others, and the room left is respected. */
static void a_filled_session_goes_on(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 7, FACET_CACHE_F16);
    float first[2];
    for (int i = 0; i < 2; i++) {
        size_t n = i ? 90 : 30;
        assert_int_equal(facet_session_rewind(s, 0, why), FACET_OK);
        assert_int_equal(facet_session_fill(s, n, why), FACET_OK);
        assert_int_equal(facet_session_length(s), n);
        assert_null(facet_session_logits(s));
        assert_int_equal(facet_session_append(s, f->ids[1], why), FACET_OK);
        first[i] = facet_session_logits(s)[1];
        assert_true(isfinite(first[i]));
    }
    assert_true(first[0] != first[1]);
    assert_int_equal(facet_session_fill(s, 1 << 20, why), FACET_FAILED);
    assert_non_null(strstr(why, "the context holds"));
    assert_int_equal(facet_session_length(s), 91);
    facet_session_close(s);
}

static struct facet_session *session_beside(const struct facet_model *model,
                                            struct facet_session *beside)
{
    struct facet_session_options options = {.n_ctx = 256, .beside = beside};
    struct facet_session *s = facet_session_open(model, &options, why);
    if (!s)
        fail_msg("%s", why);
    return s;
}

/* Sequence i of several: a prompt that begins at another place, then tokens of its own. */
static struct facet_prompt prompt_of(const struct fixture *f, size_t i)
{
    return (struct facet_prompt){.ids = f->ids + 3 * i, .n_ids = 5 + 11 * i};
}

static int32_t token_of(const struct fixture *f, size_t i, size_t step)
{
    return f->ids[(7 * i + step) % N_IDS];
}

/* Sequences in groups that change from step to step have the logits, to the last bit, that each has
 * alone. */
static void sequences_together_are_as_alone(void **state)
{
    enum { N = 5, N_STEPS = 40 };
    const struct fixture *f = *state;
    static const char *const kernels[] = {"exact", NULL};
    for (size_t k = 0; k < 2; k++) {
        struct facet_model *model = open_with(f, kernels[k], 2);
        struct facet_session *s[N], *alone = session(model, 0, FACET_CACHE_DEFAULT);
        float *logits = malloc((size_t)N * N_STEPS * f->info.n_vocab * sizeof *logits);
        for (size_t i = 0; i < N; i++) {
            struct facet_prompt prompt = prompt_of(f, i);
            s[i] = session_beside(model, i ? s[0] : NULL);
            assert_int_equal(facet_session_prompt(s[i], &prompt, NULL, why), FACET_OK);
        }
        for (size_t step = 0; step < N_STEPS; step++)
            for (size_t first = 0, n; first < N; first += n) {
                int32_t ids[N];
                n = 1 + (step + first) % (N - first);
                for (size_t i = 0; i < n; i++)
                    ids[i] = token_of(f, first + i, step);
                assert_int_equal(facet_sessions_append(s + first, ids, n, why), FACET_OK);
                for (size_t i = first; i < first + n; i++)
                    memcpy(logits + (i * N_STEPS + step) * f->info.n_vocab,
                           facet_session_logits(s[i]), f->info.n_vocab * sizeof *logits);
            }
        for (size_t i = 0; i < N; i++) {
            struct facet_prompt prompt = prompt_of(f, i);
            assert_int_equal(facet_session_prompt(alone, &prompt, NULL, why), FACET_OK);
            for (size_t step = 0; step < N_STEPS; step++) {
                int32_t id = token_of(f, i, step);
                assert_int_equal(facet_sessions_append(&alone, &id, 1, why), FACET_OK);
                assert_memory_equal(facet_session_logits(alone),
                                    logits + (i * N_STEPS + step) * f->info.n_vocab,
                                    f->info.n_vocab * sizeof *logits);
            }
            facet_session_close(s[i]);
        }
        facet_session_close(alone);
        facet_model_close(model);
        free(logits);
    }
}

static void what_is_kept_can_be_copied(void **state)
{
    const struct fixture *f = *state;
    size_t kept = 0;
    for (size_t n = 30; n < N_IDS; n += 29) {
        struct facet_session *from = session(f->model, 0, FACET_CACHE_DEFAULT);
        struct facet_session *to = session_beside(f->model, from);
        struct facet_prompt prompt = image_prompt(f, n), whole = image_prompt(f, N_IDS);
        assert_int_equal(facet_session_copy(to, from, why), FACET_FAILED);
        assert_int_equal(facet_session_prompt(from, &prompt, NULL, why), FACET_OK);
        facet_session_keep(from);
        for (size_t i = 0; i < 40; i++)
            assert_int_equal(facet_session_append(from, f->ids[i], why), FACET_OK);
        assert_int_equal(facet_session_copy(to, from, why), FACET_OK);
        assert_int_equal(facet_session_length(to), n);
        assert_int_equal(facet_session_prompt(to, &whole, &kept, why), FACET_OK);
        assert_int_equal(kept, n);
        expect_logits(f, to, &whole, 1e-3);
        for (size_t i = 0; i < 30; i++) { /* again and again from there on */
            assert_int_equal(facet_session_append(from, f->ids[i], why), FACET_OK);
            if (i % 15 < 14)
                continue;
            assert_int_equal(facet_session_prompt(from, &whole, &kept, why), FACET_OK);
            assert_true(kept >= n);
            expect_logits(f, from, &whole, 1e-3);
        }
        facet_session_close(from);
        facet_session_close(to);
    }
}

static void sessions_that_cannot_be_together_are_refused(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *a = session(f->model, 0, FACET_CACHE_DEFAULT);
    struct facet_session *b = session(f->model, 0, FACET_CACHE_DEFAULT);
    struct facet_session *apart[] = {a, b}, *twice[] = {a, a}, *beside[] = {a, NULL};
    struct facet_session_options longer = {.n_ctx = 300, .beside = a};
    struct facet_prompt prompt = text_prompt(f, 9);
    int32_t ids[2] = {f->ids[1], f->ids[2]};
    assert_int_equal(facet_session_prompt(a, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_sessions_append(apart, ids, 2, why), FACET_FAILED);
    assert_int_equal(facet_sessions_append(twice, ids, 2, why), FACET_FAILED);
    assert_int_equal(facet_sessions_append(apart, ids, 0, why), FACET_OK);
    assert_null(facet_session_open(f->model, &longer, why));
    beside[1] = session_beside(f->model, a);
    ids[1] = f->soft_id;
    assert_int_equal(facet_sessions_append(beside, ids, 2, why), FACET_FAILED);
    assert_int_equal(facet_session_length(a), 9);
    assert_non_null(facet_session_logits(a));
    ids[1] = f->ids[2];
    assert_int_equal(facet_sessions_append(beside, ids, 2, why), FACET_OK);
    assert_int_equal(facet_session_length(beside[1]), 1);
    facet_session_cancel(a);
    assert_int_equal(facet_sessions_append(beside, ids, 2, why), FACET_CANCELLED);
    assert_int_equal(facet_session_length(a), 10);
    assert_int_equal(facet_session_length(beside[1]), 1);
    facet_session_close(a);
    facet_session_close(b);
    facet_session_close(beside[1]);
}

static void the_size_told_grows_with_the_context(void **state)
{
    const struct fixture *f = *state;
    struct facet_session_options small = {.n_ctx = 1024}, large = {.n_ctx = 4096};
    size_t a = facet_session_bytes(f->model, &small), b = facet_session_bytes(f->model, &large);
    /* one of seven layers is global: a key and a value of 64 numbers in F32, and 4 bytes for the
     * id; for each 256 positions what 4 heads of 16 rows make of them */
    size_t position = 2 * 64 * 4 + 4, span = 16 * 4 * (64 + 2) * 4;
    assert_int_equal(b - a, (4096 - 1024) * position + (4096 - 1024) / 256 * span);
}

static void next_stops_at_the_end_of_a_turn(void **state)
{
    const struct fixture *f = *state;
    struct facet_session *s = session(f->model, 0, FACET_CACHE_DEFAULT);
    struct facet_sampler *sampler = facet_sampler_new(f->model, &facet_sampling_default, why);
    struct facet_prompt prompt = text_prompt(f, 20);
    struct facet_token token;
    assert_int_equal(facet_session_next(s, sampler, 0, &token, why),
                     FACET_FAILED); /* nothing to draw from */
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_next(s, sampler, 4, &token, why), FACET_OK);
    assert_int_equal(facet_session_length(s), token.is_end ? 20 : 21);
    assert_int_equal(token.n_alternatives, 4);
    assert_true(token.alternatives[0].logprob >= token.alternatives[3].logprob);
    facet_sampler_free(sampler);
    facet_session_close(s);
}

/* Without a tower, <image_soft_token> is a row of the embedding like any other. */
static void a_text_model_takes_every_id(void **state)
{
    const struct fixture *f = *state;
    struct facet_model_options options = {.text_only = true, .kernels = "exact"};
    struct facet_model *model = facet_model_open(f->path, &options, why);
    struct facet_session *s = session(model, 0, FACET_CACHE_DEFAULT);
    const int32_t ids[] = {2, f->soft_id, f->soft_id, 600};
    struct facet_prompt prompt = {.ids = ids, .n_ids = 4};
    struct facet_prompt pictured = {f->with_images, N_IDS, (const float *const *)f->soft, 2};
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_append(s, f->soft_id, why), FACET_OK);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_prompt(s, &pictured, NULL, why), FACET_FAILED);
    assert_non_null(strstr(why, "no vision tower"));
    facet_session_close(s);
    facet_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_of_any_size_agree),
        cmocka_unit_test(token_by_token_agrees_in_every_cache),
        cmocka_unit_test(kernels_and_threads_agree),
        cmocka_unit_test(rewind_goes_anywhere),
        cmocka_unit_test(prompts_keep_their_common_prefix),
        cmocka_unit_test(an_answer_can_be_dropped),
        cmocka_unit_test(a_shared_beginning_is_computed_once),
        cmocka_unit_test(stale_checkpoint_logits_are_not_used),
        cmocka_unit_test(a_saved_session_goes_on),
        cmocka_unit_test(damaged_session_files_are_refused),
        cmocka_unit_test(wrong_prompts_are_refused),
        cmocka_unit_test(a_cancelled_session_recovers),
        cmocka_unit_test(hostile_session_files_are_refused),
        cmocka_unit_test(a_restored_session_answers_again_at_once),
        cmocka_unit_test(a_restored_session_is_as_one_never_closed),
        cmocka_unit_test(any_flipped_bit_is_found),
        cmocka_unit_test(cancelled_files_leave_nothing),
        cmocka_unit_test(a_context_may_be_shorter_than_a_picture),
        cmocka_unit_test(a_soft_token_cannot_be_appended),
        cmocka_unit_test(a_vocabulary_makes_no_session),
        cmocka_unit_test(digests_tell_models_apart),
        cmocka_unit_test(heads_that_share_a_key_are_64_at_most),
        cmocka_unit_test(odd_shapes_agree),
        cmocka_unit_test(progress_only_rises),
        cmocka_unit_test(a_cancelled_picture_is_not_told_to_be_done),
        cmocka_unit_test(a_cancelled_answer_is_kept),
        cmocka_unit_test(a_filled_session_goes_on),
        cmocka_unit_test(sequences_together_are_as_alone),
        cmocka_unit_test(what_is_kept_can_be_copied),
        cmocka_unit_test(sessions_that_cannot_be_together_are_refused),
        cmocka_unit_test(the_size_told_grows_with_the_context),
        cmocka_unit_test(a_text_model_takes_every_id),
        cmocka_unit_test(next_stops_at_the_end_of_a_turn),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
