#include "engine/speculate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "engine/draft.h"
#include "engine/lookup.h"
#include "engine/matmul.h"

enum {
    MAX_GUESSES = STEP_TOKENS - 1,
    /* Times whose median counts. */
    N_TIMES = 5,
    /* Steps after which a time that was not measured again counts no more: contexts grow, and what
       a busy moment made slow gets another chance. */
    TIMES_LAST = 256,
};

_Static_assert((int)STEP_TOKENS <= (int)KVCACHE_SPARE, "guesses can be held back");

/* What does not promise this much more tokens a second is not worth a change. */
static const double least_gain = 1.03;
/* Share of the time that goes into asking a draft that did not pay again. */
static const double most_probing = 0.01;

/* Until something is known. */
static const float first_draft_share = 0.7f;

/* The latest times of something. */
struct times {
    double seconds[N_TIMES];
    size_t n, last; /* measured; at which step */
};

enum guesser { BY_LOOKUP, BY_DRAFT };

struct speculator {
    double (*clock)(void); /* seconds */
    bool looks_up;
    struct lookup lookup;
    struct draft *draft;
    float *logits;   /* [STEP_TOKENS][n_vocab] of the last step, if it had guesses */
    size_t n_rows;   /* of that step */
    size_t n_best;   /* as the session's n_best_logits, of those logits */
    enum guesser by; /* whose guesses they are */
    struct times steps[STEP_TOKENS + 1]; /* by rows */
    struct times drafts;                 /* for each guess */
    float draft_right;                   /* share of the draft's guesses that came true */
    size_t step;                         /* steps computed */
    double total_s, probing_s;           /* in steps; in asking a draft that does not pay */
    struct facet_speculation counts;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool speculate_wanted(const struct facet_session_options *o)
{
    return o && (o->lookup || o->draft);
}

size_t speculator_bytes(const struct facet_model *model, const struct facet_session_options *o,
                        size_t n_ctx)
{
    size_t bytes =
        sizeof(struct speculator) + STEP_TOKENS * (size_t)model->m->text.n_vocab * sizeof(float);
    return o->draft ? bytes + draft_bytes(o->draft, (uint32_t)n_ctx) : bytes;
}

struct speculator *speculator_new(const struct facet_model *model,
                                  const struct facet_session_options *o, size_t n_ctx,
                                  struct err *err)
{
    struct speculator *p = mem_try(1, sizeof *p, "session", err);
    if (!p)
        return NULL;
    *p = (struct speculator){
        .looks_up = o->lookup, .clock = now_s, .draft_right = first_draft_share};
    lookup_init(&p->lookup);
    p->logits = mem_try(STEP_TOKENS * (size_t)model->m->text.n_vocab, sizeof *p->logits,
                        "logits of guesses", err);
    bool ok = p->logits != NULL;
    if (ok && o->draft)
        ok = draft_fits(model, o->draft, err) &&
             (p->draft = draft_new(o->draft, (uint32_t)n_ctx, err));
    if (ok)
        return p;
    speculator_free(p);
    return NULL;
}

void speculator_free(struct speculator *p)
{
    if (!p)
        return;
    draft_free(p->draft);
    free(p->logits);
    free(p);
}

void speculator_cancel(struct speculator *p)
{
    if (p->draft)
        draft_cancel(p->draft);
}

void speculator_resume(struct speculator *p)
{
    if (p->draft)
        draft_resume(p->draft);
}

void speculate_set_clock(struct facet_session *s, double (*clock)(void))
{
    s->speculator->clock = clock;
}

void speculate_count(const struct speculator *p, struct facet_speculation *counts)
{
    *counts = p->counts;
}

/* ---- Times ---- */

static void times_add(struct times *t, size_t step, double seconds)
{
    t->seconds[t->n++ % N_TIMES] = seconds;
    t->last = step;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median; 0 if nothing was measured lately. */
static double times_median(const struct times *t, size_t step)
{
    double sorted[N_TIMES];
    size_t n = t->n < N_TIMES ? t->n : N_TIMES;
    if (n == 0 || step - t->last > TIMES_LAST)
        return 0;
    memcpy(sorted, t->seconds, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    return sorted[n / 2];
}

/* Seconds of steps of 1 … STEP_TOKENS rows. What was not measured lies on the line through what
 * was, so that steps grow by one row at a time until they no longer pay. False: not even one row is
 * known. */
static bool step_times(const struct speculator *p, double seconds[STEP_TOKENS + 1])
{
    for (size_t rows = 1; rows <= STEP_TOKENS; rows++)
        seconds[rows] = times_median(&p->steps[rows], p->step);
    for (size_t rows = 2; rows <= STEP_TOKENS; rows++) {
        size_t next = rows;
        while (next <= STEP_TOKENS && seconds[next] == 0)
            next++;
        if (next == rows)
            continue;
        double before = seconds[rows - 1], grows = 0.1 * before;
        if (next <= STEP_TOKENS)
            grows = (seconds[next] - before) / (double)(next - rows + 1);
        else if (rows > 2)
            grows = before - seconds[rows - 2];
        seconds[rows] = before + (grows > 0 ? grows : 0);
    }
    return seconds[1] > 0;
}

/* ---- Guessing ---- */

/* Of guesses with these chances, each of them made in `each` seconds, the number that gives most
 * tokens a second, and those. 0 if none gives more than *rate. */
static size_t best_number(const double step_seconds[STEP_TOKENS + 1], const float *chances,
                          size_t most, double each, double *rate)
{
    double tokens = 1, chance = 1, least = *rate * least_gain;
    size_t best = 0;
    for (size_t n = 1; n <= most; n++) {
        chance *= (double)chances[n - 1];
        tokens += chance;
        double promised = tokens / (step_seconds[n + 1] + (double)n * each);
        if (promised <= least || promised <= *rate)
            continue;
        *rate = promised;
        best = n;
    }
    return best;
}

/* Guesses up to the first that could not be appended. */
static size_t possible(const struct facet_session *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!session_can_follow(s, s->ids[s->n_ids + i]))
            return i;
    return n;
}

/* Has the draft guess. Following a prompt is not part of what a guess takes. */
static size_t ask_draft(struct facet_session *s, size_t n)
{
    struct speculator *p = s->speculator;
    double started = p->clock();
    size_t n_followed;
    if (!draft_follow(p->draft, s, &n_followed))
        return 0;
    if (n_followed > KVCACHE_SPARE)
        started = p->clock();
    size_t n_made = draft_guess(p->draft, s, n, s->ids + s->n_ids);
    times_add(&p->drafts, p->step, (p->clock() - started) / (double)n);
    return n_made;
}

/* The draft's guesses if they promise more than *rate; now and then one even if they do not. False:
 * it was not asked. */
static bool guess_by_draft(struct facet_session *s, const double *step_seconds, size_t most,
                           double rate, size_t *n)
{
    struct speculator *p = s->speculator;
    float chances[MAX_GUESSES];
    for (size_t i = 0; i < MAX_GUESSES; i++)
        chances[i] = p->draft_right;
    double each = times_median(&p->drafts, p->drafts.last);
    size_t n_worth = best_number(step_seconds, chances, most, each, &rate);
    if (n_worth == 0 && (most == 0 || p->probing_s > most_probing * p->total_s))
        return false;
    double started = p->clock();
    *n = ask_draft(s, n_worth ? n_worth : 1);
    if (n_worth == 0)
        p->probing_s += p->clock() - started + step_seconds[2] - step_seconds[1];
    return true;
}

/* Writes guesses behind the session's ids; returns how many are worth computing. */
static size_t guess(struct facet_session *s)
{
    struct speculator *p = s->speculator;
    double step_seconds[STEP_TOKENS + 1], rate;
    float chances[MAX_GUESSES];
    size_t room = s->n_ctx - s->n_ids, most = room < MAX_GUESSES ? room : MAX_GUESSES, n = 0;
    size_t found =
        p->looks_up ? possible(s, lookup_guess(&p->lookup, s->ids, s->n_ids, most, chances)) : 0;
    if (!step_times(p, step_seconds))
        return 0;
    rate = 1 / step_seconds[1];
    n = best_number(step_seconds, chances, found, 0, &rate);
    p->by = p->draft && guess_by_draft(s, step_seconds, most, rate, &n) ? BY_DRAFT : BY_LOOKUP;
    return n;
}

/* ---- Steps ---- */

/* Computes the last of the session's ids, and guesses with it. */
static enum facet_status compute(struct facet_session *s, char *error)
{
    struct speculator *p = s->speculator;
    size_t n = guess(s);
    double started = p->clock();
    p->counts.proposed += n;
    enum facet_status status = session_step(s, s->n_ids + n, n > 0 ? p->logits : NULL, error);
    if (status != FACET_OK)
        return status;
    double seconds = p->clock() - started;
    times_add(&p->steps[1 + n], ++p->step, seconds);
    p->total_s += seconds;
    p->n_rows = 1 + n;
    p->n_best = s->n_best_logits;
    if (n > 0)
        session_take_logits(s, p->logits, 0, p->n_best);
    return FACET_OK;
}

enum facet_status speculate_append(struct facet_session *s, int32_t id, char *error)
{
    struct speculator *p = s->speculator;
    size_t n_held = kvcache_held_back(s->cache);
    bool right = n_held > 0 && s->ids[s->n_ids] == id;
    if (n_held > 0 && p->by == BY_DRAFT)
        p->draft_right = lookup_share(p->draft_right, right);
    s->ids[s->n_ids++] = id;
    lookup_learn(&p->lookup, s->ids, s->n_ids);
    if (!right || atomic_load(&s->stop))
        return compute(s, error);
    kvcache_admit(s->cache);
    p->counts.accepted++;
    session_take_logits(s, p->logits, p->n_rows - n_held, p->n_best);
    return FACET_OK;
}
