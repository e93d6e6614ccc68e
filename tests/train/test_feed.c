/* What the step "feed" writes, beside what a net is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/support/scratch.h"
#include "tests/support/small_spm.h"
#include "train/batch.h"
#include "train/finder.h"
#include "train/steps.h"

enum { N = 6, MARK_BYTES = (FINDER_MARKS + 7) / 8 };

/* The step with arguments as a shell splits them. */
static bool step(struct err *err, const char *format, ...)
{
    char text[600], *arguments[12];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int n = 0;
    for (char *part = strtok(text, " "); part; part = strtok(NULL, " "))
        arguments[n++] = part;
    return step_feed(n, arguments, err);
}

/* Takes `size` bytes. */
static const uint8_t *next(const uint8_t **at, size_t size)
{
    const uint8_t *taken = *at;
    *at += size;
    return taken;
}

static void check_view(const struct batch *b, const struct net *net, size_t view, const uint8_t **at)
{
    const size_t n_patches = (size_t)net->vision.n_side * net->vision.n_side,
                 n = n_patches * 3 * net->vision.patch_size * net->vision.patch_size;
    const uint8_t *pixels = next(at, n), *bits = next(at, n_patches * MARK_BYTES);
    for (size_t i = 0; i < n; i++)
        assert_float_equal((float)pixels[i] / 127.5f - 1, b->patches[view * n + i], 1e-5);
    for (size_t i = 0; i < n_patches; i++)
        for (size_t j = 0; j < FINDER_MARKS; j++)
            assert_int_equal(bits[i * MARK_BYTES + j / 8] >> j % 8 & 1,
                             b->seen[(view * n_patches + i) * FINDER_MARKS + j]);
}

static void check_sample(const struct batch *b, const struct net *net, const uint8_t **at)
{
    uint32_t sizes[3];
    memcpy(sizes, next(at, sizeof sizes), sizeof sizes);
    assert_int_equal(sizes[0], b->tokens.n);
    assert_int_equal(sizes[1], b->n_targets);
    assert_int_equal(sizes[2], b->n_views);
    assert_memory_equal(next(at, 4 * b->tokens.n), b->ids, 4 * b->tokens.n);
    for (size_t i = 0; i < b->n_targets; i++)
        assert_memory_equal(next(at, 4), &b->targets[i].position, 4);
    assert_memory_equal(next(at, 4 * b->n_targets), b->answers, 4 * b->n_targets);
    for (size_t i = 0; i < b->n_views; i++)
        check_view(b, net, i, at);
}

/* Two processes' files hold what a learner would draw, in turns. */
static void files_hold_what_is_learned(void **state)
{
    (void)state;
    struct err err = {""};
    char *folder = scratch_new(), *words_path = scratch_path(folder, "words.gguf"),
         *out = scratch_path(folder, "feed");
    assert_true(small_words(words_path, &err));
    for (int i = 0; i < 2; i++)
        assert_true(step(&err, "words=%s out=%s shape=tiny seed=4 lesson=all n=3 first=%d stride=2",
                         words_path, out, i));
    const struct facet_model_options vocabulary = {.vocabulary_only = true};
    struct facet_model *words = facet_model_open(words_path, &vocabulary, err.text);
    struct net_shape shape;
    struct net net;
    assert_true(words && net_shape_find("tiny", &shape, &err));
    shape.n_vocab = 1;
    assert_true(net_init(&net, &shape, &err));
    struct arena arena = {0};
    struct batch b = {0};
    for (uint64_t file = 0; file < 2; file++) {
        size_t size;
        char *path = path_join(out, file ? "1-000000" : "0-000000"),
             *data = file_read(path, 1 << 28, &size, &err);
        const uint8_t *at = (const uint8_t *)data;
        assert_non_null(data);
        for (uint64_t i = file * N / 2; i < (file + 1) * N / 2; i++) {
            struct sample s = {0};
            batch_clear(&b);
            arena_reset(&arena);
            assert_true(sample_make_for(&s, LESSON_ALL, SPLIT_TRAIN, 4, i, &err));
            assert_true(batch_fill(&b, &net, words, &s, 1, &arena, &err));
            check_sample(&b, &net, &at);
            sample_done(&s);
        }
        assert_ptr_equal(at, (const uint8_t *)data + size);
        free(data);
        free(path);
    }
    batch_done(&b);
    arena_done(&arena);
    net_done(&net);
    facet_model_close(words);
    free(words_path);
    free(out);
    scratch_free(folder);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    struct err err = {""};
    assert_false(step(&err, "shape=huge"));
    assert_non_null(strstr(err.text, "huge"));
    assert_false(step(&err, "shape=tiny words=/nowhere.gguf"));
    assert_non_null(strstr(err.text, "/nowhere.gguf"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_hold_what_is_learned),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
