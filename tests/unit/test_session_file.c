/* Sessions in files: they go on as if never closed; what is damaged or hostile is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/facet.h"
#include "tests/support/scratch.h"
#include "tests/support/stride.h"
#include "tests/unit/tiny_session.h"

static char why[FACET_ERROR_BYTES];

static void a_saved_session_goes_on(void **state)
{
    const struct tiny_session *f = *state;
    char *path = scratch_path(f->folder, "session.kv");
    static const enum facet_cache_type caches[] = {FACET_CACHE_F16, FACET_CACHE_F32,
                                                   FACET_CACHE_Q8_0};
    for (size_t i = 0; i < 3; i++) {
        struct facet_session *a = tiny_session_open(f->model, 0, caches[i]),
                             *b = tiny_session_open(f->model, 0, caches[i]);
        struct facet_prompt prompt = tiny_session_image_prompt(f, 75);
        assert_int_equal(facet_session_prompt(a, &prompt, NULL, why), FACET_OK);
        assert_int_equal(facet_session_save(a, path, why), FACET_OK);
        assert_int_equal(facet_session_restore(b, path, why), FACET_OK);
        assert_int_equal(facet_session_length(b), 75);
        for (int t = 75; t < TINY_SESSION_IDS; t++) {
            assert_memory_equal(facet_session_logits(a), facet_session_logits(b),
                                f->info.n_vocab * sizeof(float));
            assert_int_equal(facet_session_append(a, f->ids[t], why), FACET_OK);
            assert_int_equal(facet_session_append(b, f->ids[t], why), FACET_OK);
        }
        size_t kept;
        struct facet_prompt all = tiny_session_image_prompt(f, TINY_SESSION_IDS);
        assert_int_equal(facet_session_prompt(b, &all, &kept, why), FACET_OK);
        assert_int_equal(kept, TINY_SESSION_IDS - 1);
        facet_session_close(a);
        facet_session_close(b);
    }
    struct facet_session *other = tiny_session_open(f->model, 0, FACET_CACHE_F16);
    assert_int_equal(facet_session_restore(other, path, why), FACET_FAILED); /* saved with Q8_0 */
    assert_non_null(strstr(why, path));
    assert_int_equal(facet_session_length(other), 0);
    facet_session_close(other);
    free(path);
}

static void damaged_session_files_are_refused(void **state)
{
    const struct tiny_session *f = *state;
    char *path = scratch_path(f->folder, "cut.kv");
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_F16);
    struct facet_prompt prompt = tiny_session_image_prompt(f, 75);
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
    const struct tiny_session *f = *state;
    char *path = scratch_path(f->folder, "hostile.kv");
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_F16);
    struct facet_prompt text = tiny_session_text_prompt(f, 75),
                        images = tiny_session_image_prompt(f, 75);
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
        for (size_t i = 9; i < 9 + TINY_SESSION_SOFT; i++)
            patch_id(path, i, i < 9 + n ? f->soft_id : 700);
        assert_int_equal(facet_session_restore(s, path, why), FACET_FAILED);
    }
    facet_session_close(s);
    free(path);
}

static void a_restored_session_answers_again_at_once(void **state)
{
    const struct tiny_session *f = *state;
    char *path = scratch_path(f->folder, "again.kv");
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_F32);
    struct facet_prompt prompt = tiny_session_image_prompt(f, TINY_SESSION_IDS);
    size_t kept;
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_save(s, path, why), FACET_OK);
    assert_int_equal(facet_session_restore(s, path, why), FACET_OK);
    tiny_session_answer(s, 70);
    assert_int_equal(facet_session_prompt(s, &prompt, &kept, why), FACET_OK);
    assert_int_equal(kept, TINY_SESSION_IDS);
    tiny_session_expect_logits(f, s, &prompt, 1e-4);
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

static void do_something(const struct tiny_session *f, struct facet_session *s, uint32_t what,
                         size_t n, size_t *kept)
{
    struct facet_prompt text = tiny_session_text_prompt(f, n + 1),
                        images = tiny_session_image_prompt(f, n < 57 ? 57 : n);
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
        assert_int_equal(
            facet_session_rewind(s, facet_session_length(s) * n / TINY_SESSION_IDS, why), FACET_OK);
        break;
    case 4:
        if (n > 60)
            facet_session_keep(s);
        break;
    default:
        for (size_t i = 0; i <= n / 4 && facet_session_length(s) < 256; i++)
            assert_int_equal(
                facet_session_append(s, f->ids[1 + (n + i) % (TINY_SESSION_IDS - 1)], why),
                FACET_OK);
    }
}

static void expect_equal(const struct tiny_session *f, const struct facet_session *a,
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
    const struct tiny_session *f = *state;
    enum { STEPS = 60 / STRIDE };
    char *path = scratch_path(f->folder, "closed.kv");
    for (int type = FACET_CACHE_F16; type <= FACET_CACHE_Q8_0; type++) {
        struct facet_session *open = tiny_session_open(f->model, 32, (enum facet_cache_type)type),
                             *closed = tiny_session_open(f->model, 32, (enum facet_cache_type)type);
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
            closed = tiny_session_open(f->model, 32, (enum facet_cache_type)type);
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
    const struct tiny_session *f = *state;
    char *path = scratch_path(f->folder, "flipped.kv");
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_Q8_0);
    struct facet_prompt prompt = tiny_session_image_prompt(f, 75);
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
    const struct tiny_session *f = *state;
    char *path = scratch_path(f->folder, "cancelled.kv");
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_F16);
    struct facet_prompt prompt = tiny_session_image_prompt(f, 75);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_saved_session_goes_on),
        cmocka_unit_test(damaged_session_files_are_refused),
        cmocka_unit_test(hostile_session_files_are_refused),
        cmocka_unit_test(a_restored_session_answers_again_at_once),
        cmocka_unit_test(a_restored_session_is_as_one_never_closed),
        cmocka_unit_test(any_flipped_bit_is_found),
        cmocka_unit_test(cancelled_files_leave_nothing),
    };
    return cmocka_run_group_tests(tests, tiny_session_set_up, tiny_session_tear_down);
}
