/* The step that gives samples to another trainer (gpu/): files of a few samples each, as a net
 * takes them. A file has its name once it is whole; whoever has read it removes it.
 *
 * All numbers are little-endian. For each sample: n_ids, n_targets, n_views (u32); ids (i32, < 0:
 * soft token −1 − id of the sample); the targets' positions (u32), and what follows there (i32);
 * and for each view its patches [n_patches][3·patch_size²] (u8, as rows of `tower.h`, 0 to 255),
 * and which marks lie on them [n_patches][(FINDER_MARKS + 7) / 8] (bits, the lowest first). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "train/batch.h"
#include "train/finder.h"
#include "train/steps.h"

enum { MARK_BYTES = (FINDER_MARKS + 7) / 8 };

struct feed {
    struct net net;
    struct facet_model *words;
    struct arena arena;
    struct batch batch;
    char *pixels; /* a view's */
    enum lesson lesson;
    enum sample_split split;
    uint64_t seed;
};

/* 0 to 255 are −1 to 1 (MODEL.md, "Vision"). */
static void put_view(struct feed *f, size_t view, struct str *out)
{
    const struct vision_params *v = &f->net.vision;
    const size_t n_patches = (size_t)v->n_side * v->n_side,
                 n = n_patches * 3 * v->patch_size * v->patch_size;
    const float *patches = f->batch.patches + view * n;
    const uint8_t *seen = f->batch.seen + view * n_patches * FINDER_MARKS;
    for (size_t i = 0; i < n; i++)
        f->pixels[i] = (char)(uint8_t)((patches[i] + 1) * 127.5F + 0.5F);
    str_put(out, f->pixels, n);
    for (size_t i = 0; i < n_patches; i++, seen += FINDER_MARKS) {
        char bits[MARK_BYTES] = {0};
        for (size_t j = 0; j < FINDER_MARKS; j++)
            bits[j / 8] = (char)(bits[j / 8] | (seen[j] != 0) << j % 8);
        str_put(out, bits, sizeof bits);
    }
}

static void put_batch(struct feed *f, struct str *out)
{
    const struct batch *b = &f->batch;
    const uint32_t sizes[3] = {(uint32_t)b->tokens.n, (uint32_t)b->n_targets, (uint32_t)b->n_views};
    str_put(out, (const char *)sizes, sizeof sizes);
    str_put(out, (const char *)b->ids, b->tokens.n * sizeof *b->ids);
    for (size_t i = 0; i < b->n_targets; i++)
        str_put(out, (const char *)&b->targets[i].position, sizeof b->targets[i].position);
    str_put(out, (const char *)b->answers, b->n_targets * sizeof *b->answers);
    for (size_t i = 0; i < b->n_views; i++)
        put_view(f, i, out);
}

static bool put_sample(struct feed *f, uint64_t index, struct str *out, struct err *err)
{
    struct sample s = {0};
    arena_reset(&f->arena);
    batch_clear(&f->batch);
    const bool ok = sample_make_for(&s, f->lesson, f->split, f->seed, index, err) &&
                    batch_fill(&f->batch, &f->net, f->words, &s, 1, &f->arena, err);
    if (ok)
        put_batch(f, out);
    sample_done(&s);
    return ok;
}

/* Waits while `ahead` of its files have not been read. */
static void wait_for_reader(const char *out, uint64_t first, uint64_t files, uint64_t ahead)
{
    if (files < ahead)
        return;
    char path[4096];
    snprintf(path, sizeof path, "%s/%" PRIu64 "-%06" PRIu64, out, first, files - ahead);
    while (file_exists(path))
        usleep(5000);
}

static bool feed(struct feed *f, int argc, char **argv, struct err *err)
{
    const char *out = step_text(argc, argv, "out", ".");
    const uint64_t first = (uint64_t)step_number(argc, argv, "first", 0),
                   stride = (uint64_t)step_number(argc, argv, "stride", 1),
                   n = (uint64_t)step_number(argc, argv, "n", 16),
                   n_files = (uint64_t)step_number(argc, argv, "files", 1),
                   ahead = (uint64_t)step_number(argc, argv, "ahead", 1e9);
    struct str bytes = {0};
    bool ok = file_make_dirs(out, err);
    for (uint64_t i = 0; ok && i < n_files; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%" PRIu64 "-%06" PRIu64, out, first, i);
        wait_for_reader(out, first, i, ahead);
        str_clear(&bytes);
        for (uint64_t j = 0; ok && j < n; j++)
            ok = put_sample(f, (i * stride + first) * n + j, &bytes, err);
        ok = ok && file_write(path, str_text(&bytes), bytes.len, 0644, err);
    }
    str_done(&bytes);
    return ok;
}

/* out=DIR words=GGUF shape=NAME lesson=sight|all|hard split=train|test seed=1; `files` files of n
 * samples each: numbers (i · stride + first) · n on, i from 0, so that `stride` processes, each
 * with a `first` below it, share the work. */
bool step_feed(int argc, char **argv, struct err *err)
{
    const char *lesson = step_text(argc, argv, "lesson", "all");
    struct feed f = {.lesson = !strcmp(lesson, "sight")  ? LESSON_SIGHT
                               : !strcmp(lesson, "hard") ? LESSON_HARD
                                                         : LESSON_ALL,
                     .split = strcmp(step_text(argc, argv, "split", "train"), "test") ? SPLIT_TRAIN
                                                                                      : SPLIT_TEST,
                     .seed = (uint64_t)step_number(argc, argv, "seed", 1)};
    struct net_shape shape;
    if (!net_shape_find(step_text(argc, argv, "shape", "student"), &shape, err))
        return false;
    shape.n_vocab = 1; /* of no matter here */
    const struct facet_model_options vocabulary = {.vocabulary_only = true};
    f.words = facet_model_open(step_text(argc, argv, "words", "build/model/vocabulary.gguf"),
                               &vocabulary, err->text);
    bool ok = f.words && net_init(&f.net, &shape, err);
    if (ok) {
        f.pixels = mem_new(3 * (size_t)shape.image_size * shape.image_size, 1);
        ok = feed(&f, argc, argv, err);
    }
    if (f.words)
        facet_model_close(f.words);
    free(f.pixels);
    arena_done(&f.arena);
    batch_done(&f.batch);
    net_done(&f.net);
    return ok;
}
