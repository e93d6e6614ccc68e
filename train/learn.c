#include "train/learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "train/adamw.h"
#include "train/checkpoint.h"
#include "engine/kernels/blas.h"
#include "train/distil.h"
#include "train/muon.h"
#include "train/pass.h"

/* Samples that a lane computes at once, and numbers that a task of the optimiser moves. */
enum { AT_ONCE = 8, PIECE = 1 << 16 };

struct lane {
    float *g;
    struct arena arena;
    struct batch batch;
    struct pass_loss sum;
    size_t n_views;
    struct scores scores;
    struct err err;
    bool failed;
};

struct learner {
    struct net net;
    struct net_shape shape;
    struct recipe recipe;
    const struct facet_model *words;
    struct teacher *teacher; /* NULL: none */
    struct pool *pool;
    float *w, *first, *second; /* parameters and their moments */
    float *rounded;            /* what the passes compute with: w, or w rounded */
    uint32_t step;
    struct lane lanes[LANES];
    double *squares; /* [pieces] of the gradient */
    bool looks_once; /* teacher and student have one tower, and it rests */
    struct adamw move;
    size_t test_first, test_n;
};

/* ---- Life ----------------------------------------------------------------------------------- */

static struct teacher *teacher_open(const char *path, struct err *err)
{
    struct teacher *t = mem_new(1, sizeof *t);
    if (net_load(&t->net, &t->values, path, err))
        return t;
    free(t);
    return NULL;
}

static void teacher_close(struct teacher *t)
{
    if (!t)
        return;
    net_done(&t->net);
    free(t->values);
    free(t);
}

static size_t n_pieces(const struct learner *l)
{
    return (l->net.n_values + PIECE - 1) / PIECE;
}

struct learner *learner_new(const struct net_shape *shape, const struct recipe *recipe,
                            const struct facet_model *words, const char *teacher, struct err *err)
{
    struct learner *l = mem_new(1, sizeof *l);
    l->shape = *shape;
    l->recipe = *recipe;
    l->words = words;
    if (!blas_get())
        err_set(err, "OpenBLAS is not installed");
    else if (net_init(&l->net, shape, err) && (l->pool = pool_new(LANES, err)) &&
             (!teacher || (l->teacher = teacher_open(teacher, err)))) {
        const size_t n = l->net.n_values;
        l->w = mem_new(n, sizeof(float));
        l->first = mem_new(n, sizeof(float));
        l->second = mem_new(n, sizeof(float));
        l->rounded = recipe->rounds ? mem_new(n, sizeof(float)) : l->w;
        l->squares = mem_new(n_pieces(l), sizeof *l->squares);
        for (size_t i = 0; i < LANES; i++)
            l->lanes[i].g = mem_new(n, sizeof(float));
        net_start(&l->net, recipe->seed, l->w);
        return l;
    }
    learner_free(l);
    return NULL;
}

void learner_free(struct learner *l)
{
    for (size_t i = 0; i < LANES; i++) {
        free(l->lanes[i].g);
        arena_done(&l->lanes[i].arena);
        batch_done(&l->lanes[i].batch);
    }
    if (l->rounded != l->w)
        free(l->rounded);
    free(l->w);
    free(l->first);
    free(l->second);
    free(l->squares);
    if (l->pool)
        pool_free(l->pool);
    teacher_close(l->teacher);
    net_done(&l->net);
    free(l);
}

/* ---- Lanes ---------------------------------------------------------------------------------- */

/* Draws n ≤ AT_ONCE samples, `first` on, and lays them out in the lane's batch. */
static bool draw(struct learner *l, struct lane *lane, enum sample_split split, uint64_t first,
                 size_t n, struct sample samples[AT_ONCE])
{
    bool ok = true;
    const enum lesson lesson = split == SPLIT_TEST               ? LESSON_ALL
                               : l->step < l->recipe.n_sight  ? LESSON_SIGHT
                               : l->step < l->recipe.hard_from ? LESSON_ALL
                                                                : LESSON_HARD;
    arena_reset(&lane->arena);
    batch_clear(&lane->batch);
    for (size_t i = 0; ok && i < n; i++)
        ok = sample_make_for(&samples[i], lesson, split, l->recipe.seed, first + i, &lane->err);
    return ok && batch_fill(&lane->batch, &l->net, l->words, samples, n, &lane->arena, &lane->err);
}

static void drop(struct sample samples[AT_ONCE])
{
    for (size_t i = 0; i < AT_ONCE; i++)
        sample_done(&samples[i]);
}

static void add_loss(struct pass_loss *sum, const struct pass_loss *l)
{
    sum->words += l->words;
    sum->marks += l->marks;
    sum->n_targets += l->n_targets;
    sum->n_right += l->n_right;
    sum->n_patches += l->n_patches;
}

static enum pass_aim aim_of(const struct learner *l)
{
    return l->step < l->recipe.n_sight       ? AIM_MARKS
           : l->step >= l->recipe.rests_from ? AIM_WORDS
                                             : AIM_BOTH;
}

/* By how many parameters other's tower lies further back than net's: towers of one shape have the same ones, which are
 * the last. SIZE_MAX: theirs are of two shapes. */
static size_t tower_behind(const struct net *net, const struct net *other)
{
    const struct vision_params *a = &net->vision, *b = &other->vision;
    const bool same = a->n_layers == b->n_layers && a->width == b->width && a->n_ff == b->n_ff &&
                      a->n_heads == b->n_heads && a->n_side == b->n_side &&
                      a->patch_size == b->patch_size && a->pool == b->pool;
    return same ? other->n_params - net->n_params : SIZE_MAX;
}

static bool has_teachers_tower(const struct learner *l)
{
    const struct net *other = &l->teacher->net;
    const size_t behind = tower_behind(&l->net, other);
    bool same = behind != SIZE_MAX;
    for (size_t i = 0; same && i < l->net.n_params; i++) {
        const struct param *p = &l->net.params[i];
        if (p->part == PART_TOWER)
            same = !memcmp(l->rounded + p->offset, l->teacher->values + other->params[behind + i].offset,
                           p->rows * p->cols * sizeof *l->w);
    }
    return same;
}

/* The lane's share of a step: its samples, AT_ONCE at a time; their gradients' mean. */
static void learn_lane(void *job, size_t index, unsigned thread)
{
    (void)thread;
    struct learner *l = job;
    struct lane *lane = &l->lanes[index];
    const size_t share = l->recipe.samples / LANES;
    const uint64_t first = (uint64_t)l->step * l->recipe.samples + index * share;
    memset(lane->g, 0, l->net.n_values * sizeof *lane->g);
    lane->sum = (struct pass_loss){0};
    lane->n_views = 0;
    for (size_t done = 0; done < share && !lane->failed; done += AT_ONCE) {
        const size_t n = share - done < AT_ONCE ? share - done : AT_ONCE;
        struct sample samples[AT_ONCE] = {0};
        lane->failed = !draw(l, lane, SPLIT_TRAIN, first + done, n, samples);
        drop(samples);
        if (lane->failed)
            return;
        struct random r = random_of(l->recipe.seed + 1, first + done);
        if (l->looks_once)
            lane->batch.pooled = tower_glance(&l->net, l->rounded, lane->batch.patches,
                                              lane->batch.n_views, &lane->arena);
        if (l->teacher && l->step >= l->recipe.n_sight)
            teacher_tell(l->teacher, &lane->batch, &r, &lane->arena);
        uint8_t *right = (uint8_t *)arena_take(&lane->arena, lane->batch.n_targets);
        const float scale = (float)n / (float)l->recipe.samples;
        const struct pass_loss loss =
            pass_run(&l->net, l->rounded, lane->g, &lane->batch, aim_of(l),
                     (float)l->recipe.finder, scale, &lane->arena, right);
        add_loss(&lane->sum, &loss);
        lane->n_views += lane->batch.n_views;
    }
}

static bool run_lanes(struct learner *l, pool_fn *fn, struct err *err)
{
    for (size_t i = 0; i < LANES; i++)
        l->lanes[i].failed = false;
    pool_run(l->pool, LANES, fn, l, NULL);
    for (size_t i = 0; i < LANES; i++)
        if (l->lanes[i].failed)
            return err_set(err, "%s", l->lanes[i].err.text);
    return true;
}

/* ---- The optimiser -------------------------------------------------------------------------- */

static void add_piece(void *job, size_t piece, unsigned thread)
{
    (void)thread;
    struct learner *l = job;
    const size_t first = piece * PIECE,
                 end = first + PIECE < l->net.n_values ? first + PIECE : l->net.n_values;
    double squares = 0;
    for (size_t i = first; i < end; i++) {
        for (size_t lane = 1; lane < LANES; lane++)
            l->lanes[0].g[i] += l->lanes[lane].g[i];
        squares += (double)l->lanes[0].g[i] * (double)l->lanes[0].g[i];
    }
    l->squares[piece] = squares;
}

static bool decays(enum param_kind kind)
{
    return kind == PARAM_MATRIX || kind == PARAM_PATCH || kind == PARAM_FINDER;
}

/* Adam moves each number by the rate, and a patch of one colour moves all of a row's outputs at once:
 * so rows longer than the rate was chosen for get less of it (as in arXiv 2203.03466). */
static double share_of_rate(const struct learner *l, const struct param *p)
{
    enum { CHOSEN_FOR = 256 };
    const double share = p->part == PART_DECODER ? 1 : l->recipe.tower_rate;
    return p->rows > 1 && p->kind != PARAM_POSITION && p->cols > CHOSEN_FOR
               ? share * (double)CHOSEN_FOR / (double)p->cols
               : share;
}

static void move_param(void *job, size_t index, unsigned thread)
{
    struct learner *l = job;
    const struct param *p = &l->net.params[index];
    const size_t at = p->offset;
    struct adamw move = l->move;
    const enum pass_aim aim = aim_of(l);
    const bool sees = p->part == PART_TOWER || p->part == PART_FINDER;
    if ((aim == AIM_MARKS && p->part == PART_DECODER) || (aim == AIM_WORDS && sees))
        return; /* it has no gradient, but old ones' mean */
    if (l->recipe.muon && p->kind == PARAM_MATRIX) {
        const struct muon by = {move.rate * (p->part == PART_DECODER ? 1 : l->recipe.tower_rate),
                                move.decay, move.scale};
        muon_move(&by, &l->lanes[thread].arena, l->lanes[0].g + at, p->rows, p->cols, l->w + at,
                  l->first + at);
        return;
    }
    move.rate *= share_of_rate(l, p);
    adamw_move(&move, decays(p->kind), l->lanes[0].g + at, p->rows * p->cols, l->w + at,
               l->first + at, l->second + at);
}

/* A trapezoid. */
static double rate_at(const struct recipe *r, uint32_t step)
{
    const double rise = r->n_warm ? (step + 1.0) / r->n_warm : 1,
                 fall = r->n_fall ? (double)(r->n_steps - step) / r->n_fall : 1;
    return r->rate * fmin(1, fmin(rise, fall));
}

static void round_param(void *job, size_t index, unsigned thread)
{
    (void)thread;
    struct learner *l = job;
    const struct param *p = &l->net.params[index];
    const float *w = l->w + p->offset;
    float *out = l->rounded + p->offset;
    memcpy(out, w, p->rows * p->cols * sizeof *w);
    if (l->step < l->recipe.round_from || (p->kind != PARAM_MATRIX && p->kind != PARAM_EMBED))
        return;
    const enum weight_type type =
        p->kind == PARAM_EMBED ? l->recipe.round_embed : l->recipe.round_matrix;
    uint8_t *row = mem_new(1, type_row_bytes(type, p->cols));
    for (size_t i = 0; i < p->rows; i++) {
        quantize_row(type, w + i * p->cols, row, p->cols);
        dequantize_row(type, row, out + i * p->cols, p->cols);
    }
    free(row);
}

static void round_all(struct learner *l)
{
    if (l->rounded != l->w)
        pool_run(l->pool, l->net.n_params, round_param, l, NULL);
}

bool learner_step(struct learner *l, struct progress *progress, struct err *err)
{
    round_all(l);
    l->looks_once = l->teacher && aim_of(l) == AIM_WORDS && has_teachers_tower(l);
    if (!run_lanes(l, learn_lane, err))
        return false;
    pool_run(l->pool, n_pieces(l), add_piece, l, NULL);
    double squares = 0;
    for (size_t i = 0; i < n_pieces(l); i++)
        squares += l->squares[i];
    const double norm = sqrt(squares);
    if (!isfinite(norm))
        return err_set(err, "step %u: the gradient is not finite", l->step);
    l->move = (struct adamw){rate_at(&l->recipe, l->step), l->recipe.decay,
                             norm > l->recipe.clip ? l->recipe.clip / norm : 1, l->step + 1};
    pool_run(l->pool, l->net.n_params, move_param, l, NULL);
    l->step++;

    struct pass_loss sum = {0};
    *progress = (struct progress){.norm = norm, .rate = l->move.rate};
    for (size_t i = 0; i < LANES; i++) {
        add_loss(&sum, &l->lanes[i].sum);
        progress->n_views += l->lanes[i].n_views;
    }
    if (sum.n_targets) {
        progress->words = sum.words / (double)sum.n_targets;
        progress->right = (double)sum.n_right / (double)sum.n_targets;
    }
    progress->marks = sum.n_patches ? sum.marks / (double)sum.n_patches : 0;
    progress->n_tokens = sum.n_targets;
    return true;
}

uint32_t learner_steps(const struct learner *l)
{
    return l->step;
}

const struct net *learner_net(const struct learner *l)
{
    return &l->net;
}

const float *learner_values(const struct learner *l)
{
    return l->w;
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void add_score(struct scores *s, const char *skill, size_t n, size_t n_right)
{
    size_t i = 0;
    while (i < s->n_skills && strcmp(s->skills[i].skill, skill))
        i++;
    if (i == MAX_SKILLS)
        return;
    if (i == s->n_skills)
        s->skills[s->n_skills++] = (struct skill_score){skill, 0, 0};
    s->skills[i].n += n;
    s->skills[i].n_right += n_right;
}

/* Answers follow each other as exchanges do; each ends with <end_of_turn>. */
static void score(struct lane *lane, const struct sample *samples, size_t n, int32_t end_of_turn,
                  const uint8_t *right)
{
    size_t t = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < samples[i].n_exchanges; j++) {
            bool all = right[t];
            while (lane->batch.answers[t] != end_of_turn)
                all &= right[++t];
            t++;
            add_score(&lane->scores, samples[i].exchanges[j].skill, 1, all);
        }
}

static void test_lane(void *job, size_t index, unsigned thread)
{
    (void)thread;
    struct learner *l = job;
    struct lane *lane = &l->lanes[index];
    struct facet_special_ids special;
    facet_model_get_special(l->words, &special);
    lane->scores = (struct scores){0};
    lane->sum = (struct pass_loss){0};
    for (size_t done = index * AT_ONCE; done < l->test_n && !lane->failed; done += LANES * AT_ONCE) {
        const size_t n = l->test_n - done < AT_ONCE ? l->test_n - done : AT_ONCE;
        struct sample samples[AT_ONCE] = {0};
        lane->failed = !draw(l, lane, SPLIT_TEST, l->test_first + done, n, samples);
        if (!lane->failed) {
            uint8_t *right = (uint8_t *)arena_take(&lane->arena, lane->batch.n_targets);
            const struct pass_loss loss =
                pass_run(&l->net, l->rounded, NULL, &lane->batch, AIM_WORDS, 0, 1, &lane->arena, right);
            add_loss(&lane->sum, &loss);
            score(lane, samples, n, special.end_of_turn, right);
        }
        drop(samples);
    }
}

bool learner_test(struct learner *l, size_t first, size_t n, struct scores *scores, struct err *err)
{
    l->test_first = first;
    l->test_n = n;
    round_all(l);
    if (!run_lanes(l, test_lane, err))
        return false;
    *scores = (struct scores){0};
    struct pass_loss sum = {0};
    for (size_t i = 0; i < LANES; i++) {
        const struct scores *s = &l->lanes[i].scores;
        for (size_t j = 0; j < s->n_skills; j++)
            add_score(scores, s->skills[j].skill, s->skills[j].n, s->skills[j].n_right);
        add_loss(&sum, &l->lanes[i].sum);
    }
    scores->words = sum.words / (double)sum.n_targets;
    return true;
}

/* ---- Checkpoints ---------------------------------------------------------------------------- */

bool learner_save(const struct learner *l, const char *path, struct err *err)
{
    const float *parts[] = {l->w, l->first, l->second};
    return checkpoint_write(path, &l->shape, l->step, parts, 3, l->net.n_values, err);
}

bool learner_load(struct learner *l, const char *path, struct err *err)
{
    float *parts[] = {l->w, l->first, l->second};
    struct net_shape shape;
    return checkpoint_shape(path, &shape, err) &&
           (!memcmp(&shape, &l->shape, sizeof shape) ||
            err_set(err, "%s: is of a net of another shape", path)) &&
           checkpoint_read(path, &l->step, parts, 3, l->net.n_values, err);
}

bool learner_take_tower(struct learner *l, const char *path, struct err *err)
{
    struct net other;
    float *values;
    if (!net_load(&other, &values, path, err))
        return false;
    const size_t behind = tower_behind(&l->net, &other);
    const bool same = behind != SIZE_MAX;
    for (size_t i = 0; same && i < l->net.n_params; i++) {
        const struct param *to = &l->net.params[i];
        if (to->part == PART_TOWER || to->part == PART_FINDER)
            memcpy(l->w + to->offset, values + other.params[behind + i].offset,
                   to->rows * to->cols * sizeof *values);
    }
    free(values);
    net_done(&other);
    return same || err_set(err, "%s: has a tower of another shape", path);
}

bool net_load(struct net *net, float **values, const char *path, struct err *err)
{
    struct net_shape shape;
    uint32_t step;
    if (!checkpoint_shape(path, &shape, err) || !net_init(net, &shape, err))
        return false;
    *values = mem_new(net->n_values, sizeof **values);
    if (checkpoint_read(path, &step, values, 1, net->n_values, err))
        return true;
    free(*values);
    net_done(net);
    return false;
}
