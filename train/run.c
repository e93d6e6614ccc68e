/* The step that learns: until n_steps are done, or it is interrupted; then it goes on from its
 * checkpoint when called again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/str.h"
#include "train/learn.h"
#include "train/linear.h"
#include "train/steps.h"

static volatile sig_atomic_t stop;
static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct run {
    struct learner *learner;
    struct facet_model *words;
    const char *out;
    char *checkpoint, *curve, *tests;
    double save_every; /* seconds */
    uint32_t test_every, n_steps, n_test;
};

/* ---- What is said --------------------------------------------------------------------------- */

static bool append(const char *path, const char *line, struct err *err)
{
    FILE *file = fopen(path, "a");
    bool ok = file && fputs(line, file) >= 0;
    if (file && fclose(file))
        ok = false;
    return ok || err_set(err, "%s: %s", path, strerror(errno));
}

/* Means since the last line. */
struct means {
    struct progress sum;
    uint32_t n;
    double since;
};
enum { LINE_STEPS = 20 };

static bool tell(const struct run *run, struct means *m, const struct progress *p, struct err *err)
{
    m->sum.words += p->words;
    m->sum.marks += p->marks;
    m->sum.right += p->right;
    m->sum.norm += p->norm;
    m->sum.n_tokens += p->n_tokens;
    m->sum.n_views += p->n_views;
    if (++m->n < LINE_STEPS)
        return true;
    char line[200];
    const double n = m->n, took = seconds() - m->since;
    snprintf(line, sizeof line, "%u,%.4f,%.3f,%.4f,%.2f,%.2e,%zu,%zu,%.2f\n",
             learner_steps(run->learner), m->sum.words / n, m->sum.marks / n, m->sum.right / n,
             m->sum.norm / n, p->rate, m->sum.n_tokens, m->sum.n_views, took);
    fprintf(stderr, "step %u/%u  words %.3f  right %.3f  marks %.2f  norm %.2f  %.2f s a step\n",
            learner_steps(run->learner), run->n_steps, m->sum.words / n, m->sum.right / n,
            m->sum.marks / n, m->sum.norm / n, took / n);
    *m = (struct means){.since = seconds()};
    return append(run->curve, line, err);
}

static bool test(const struct run *run, struct err *err)
{
    struct scores s;
    if (!learner_test(run->learner, 0, run->n_test, &s, err))
        return false;
    struct str line = {0};
    str_printf(&line, "%u words=%.4f", learner_steps(run->learner), s.words);
    for (size_t i = 0; i < s.n_skills; i++)
        str_printf(&line, " %s=%zu/%zu", s.skills[i].skill, s.skills[i].n_right, s.skills[i].n);
    str_putc(&line, '\n');
    fputs(str_text(&line), stderr);
    const bool ok = append(run->tests, str_text(&line), err);
    str_done(&line);
    return ok;
}

/* ---- What is done --------------------------------------------------------------------------- */

static bool learn(const struct run *run, struct err *err)
{
    struct means means = {.since = seconds()};
    double saved = seconds();
    bool ok = true;
    while (ok && !stop && learner_steps(run->learner) < run->n_steps) {
        struct progress p;
        ok = learner_step(run->learner, &p, err) && tell(run, &means, &p, err);
        const uint32_t done = learner_steps(run->learner);
        if (ok && (done % run->test_every == 0 || done == run->n_steps))
            ok = test(run, err);
        if (ok && seconds() - saved > run->save_every) {
            ok = learner_save(run->learner, run->checkpoint, err);
            saved = seconds();
        }
    }
    return ok && learner_save(run->learner, run->checkpoint, err);
}

static bool recipe_of(int argc, char **argv, struct recipe *r, struct err *err)
{
    *r = (struct recipe){
        .seed = (uint64_t)step_number(argc, argv, "seed", 1),
        .samples = (uint32_t)step_number(argc, argv, "samples", 16),
        .n_steps = (uint32_t)step_number(argc, argv, "steps", 40000),
        .n_warm = (uint32_t)step_number(argc, argv, "warm", 200),
        .n_fall = (uint32_t)step_number(argc, argv, "fall", 4000),
        .n_sight = (uint32_t)step_number(argc, argv, "sight", 4000),
        .hard_from = (uint32_t)step_number(argc, argv, "hard_from", UINT32_MAX),
        .rate = step_number(argc, argv, "rate", 1e-3),
        .tower_rate = step_number(argc, argv, "tower_rate", 0.4),
        .rests_from = (uint32_t)step_number(argc, argv, "rests_from", UINT32_MAX),
        .decay = step_number(argc, argv, "decay", 0.05),
        .muon = step_number(argc, argv, "muon", 1) != 0,
        .clip = step_number(argc, argv, "clip", 1),
        .finder = step_number(argc, argv, "finder", 0.3),
        .round_from = (uint32_t)step_number(argc, argv, "round_from", 0),
        .round_embed = TYPE_Q8_0,
    };
    const char *type = step_text(argc, argv, "round", "none");
    r->rounds = strcmp(type, "none") != 0;
    r->round_matrix = strcmp(type, "q4_0") ? TYPE_Q8_0 : TYPE_Q4_0;
    if (r->samples % LANES || !r->samples)
        return err_set(err, "samples=%u: must be a multiple of %d", r->samples, LANES);
    return strcmp(type, "q4_0") && strcmp(type, "q8_0") && r->rounds
               ? err_set(err, "round=%s: is q4_0, q8_0 or none", type)
               : true;
}

static bool open_run(int argc, char **argv, struct run *run, struct err *err)
{
    struct recipe recipe;
    if (!recipe_of(argc, argv, &recipe, err) || !file_make_dirs(run->out, err))
        return false;
    struct facet_model_options vocabulary = {.vocabulary_only = true};
    run->words = facet_model_open(step_text(argc, argv, "words", "build/model/vocabulary.gguf"),
                                  &vocabulary, err->text);
    if (!run->words)
        return false;
    struct facet_model_info info;
    facet_model_get_info(run->words, &info);
    struct net_shape shape;
    if (!net_shape_find(step_text(argc, argv, "shape", "student"), &shape, err))
        return false;
    shape.n_vocab = info.n_vocab;
    run->n_steps = recipe.n_steps;
    run->learner =
        learner_new(&shape, &recipe, run->words, step_text(argc, argv, "teacher", NULL), err);
    const char *tower = step_text(argc, argv, "tower", NULL);
    if (run->learner && file_exists(run->checkpoint))
        return learner_load(run->learner, run->checkpoint, err);
    return run->learner && (!tower || learner_take_tower(run->learner, tower, err));
}

bool step_learn(int argc, char **argv, struct err *err)
{
    struct run run = {.out = step_text(argc, argv, "out", "build/model/student"),
                      .save_every = step_number(argc, argv, "save_every", 300),
                      .n_test = (uint32_t)step_number(argc, argv, "n_test", 128),
                      .test_every = (uint32_t)step_number(argc, argv, "test_every", 500)};
    run.checkpoint = path_join(run.out, "checkpoint");
    run.curve = path_join(run.out, "curve.csv");
    run.tests = path_join(run.out, "tests.txt");
    linear_choose(step_number(argc, argv, "bf16", 1) != 0);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    const bool ok = open_run(argc, argv, &run, err) && learn(&run, err);
    if (run.learner)
        learner_free(run.learner);
    if (run.words)
        facet_model_close(run.words);
    free(run.checkpoint);
    free(run.curve);
    free(run.tests);
    return ok;
}
