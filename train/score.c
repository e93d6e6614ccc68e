/* The step that asks a finished model what it was not trained with, through the engine, as a user
 * would, and counts the answers that say what they must. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/template.h"
#include "train/picture.h"
#include "train/steps.h"

enum { MAX_ANSWER = 96, MAX_ROWS = 64 };

struct row {
    char skill[32];
    size_t n, n_right;
};

struct scorer {
    struct facet_model *model;
    struct facet_session *session;
    struct facet_sampler *sampler;
    struct facet_model_info info;
    bool crops; /* pan and scan where samples have it */
    FILE *answers; /* each question with its answer, or NULL */
    struct row rows[MAX_ROWS];
    size_t n_rows;
};

/* ---- What counts as right ------------------------------------------------------------------- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* `key` stands in the answer as words of its own, whatever the case. */
static bool says(const char *answer, const char *key)
{
    const size_t n = strlen(key);
    for (const char *at = answer; *at; at++)
        if (!strncasecmp(at, key, n) && (at == answer || !is_word(at[-1]) || !is_word(key[0])) &&
            (!is_word(at[n]) || !is_word(key[n - 1])))
            return true;
    return false;
}

static void count(struct scorer *s, const struct exchange *e, bool right)
{
    struct str skill = {0};
    str_puts(&skill, e->skill);
    if (!strcmp(e->skill, "count") && isdigit((unsigned char)e->key[0]))
        str_puts(&skill, atoi(e->key) <= 4 ? " (0 to 4)" : " (5 and more)");
    size_t i = 0;
    while (i < s->n_rows && strcmp(s->rows[i].skill, str_text(&skill)))
        i++;
    if (i == s->n_rows && i < MAX_ROWS)
        snprintf(s->rows[s->n_rows++].skill, sizeof s->rows->skill, "%s", str_text(&skill));
    str_done(&skill);
    if (i == MAX_ROWS)
        return;
    s->rows[i].n++;
    s->rows[i].n_right += right;
}

/* ---- Asking --------------------------------------------------------------------------------- */

struct views {
    size_t n;
    float *soft[1 + PANSCAN_MAX_CROPS];
};

static bool encode(struct scorer *s, const struct sample *sample, struct views *v, struct err *err)
{
    struct crop crops[PANSCAN_MAX_CROPS];
    const size_t size = s->info.image_size,
                 n_crops = s->crops && sample->crops
                               ? panscan_plan(PANSCAN_GOOGLE, sample->picture.width,
                                              sample->picture.height, crops)
                               : 0;
    float *planes = mem_new(3 * size * size, sizeof *planes);
    bool ok = true;
    for (v->n = 0; ok && v->n <= n_crops; v->n++) {
        v->soft[v->n] = mem_new((size_t)s->info.n_soft_tokens * s->info.n_embd, sizeof(float));
        ok = image_prepare(planes, &sample->picture, v->n ? &crops[v->n - 1] : NULL,
                           s->info.image_size, err) &&
             facet_session_encode_image(s->session, planes, v->soft[v->n], err->text) == FACET_OK;
    }
    free(planes);
    return ok;
}

/* The answer to what was said so far; free() it. */
static char *ask(struct scorer *s, const struct messages *ms, const struct views *v,
                 struct err *err)
{
    struct prompt p;
    if (!prompt_render(&p, s->model, ms, 0, err))
        return NULL;
    const struct facet_prompt prompt = {p.ids, p.n_ids, (const float *const *)v->soft, v->n};
    bool ok = facet_session_prompt(s->session, &prompt, NULL, err->text) == FACET_OK;
    prompt_done(&p);
    struct str answer = {0};
    struct facet_decoder decoder = {0};
    char text[FACET_DECODER_BYTES];
    for (size_t i = 0; ok && i < MAX_ANSWER; i++) {
        struct facet_token token;
        ok = facet_session_next(s->session, s->sampler, -1, &token, err->text) == FACET_OK;
        if (!ok || token.is_end)
            break;
        str_put(&answer, text, facet_decoder_push(&decoder, s->model, token.id, text));
    }
    if (ok)
        return str_take(&answer);
    str_done(&answer);
    return NULL;
}

static void say(struct messages *ms, enum role role, const char *text)
{
    message_add_text(messages_add(ms, role), text, strlen(text));
}

/* Each question after the right answers to those before it. */
static bool score_sample(struct scorer *s, const struct sample *sample, struct err *err)
{
    struct messages ms = {0};
    struct views views = {0};
    bool ok = !sample->picture.width || encode(s, sample, &views, err);
    if (sample->system)
        say(&ms, ROLE_SYSTEM, sample->system);
    for (size_t i = 0; ok && i < sample->n_exchanges; i++) {
        const struct exchange *e = &sample->exchanges[i];
        struct message *m = messages_add(&ms, ROLE_USER);
        if (i == 0 && views.n)
            message_add_image(m, attachment_blank(views.n - 1));
        message_add_text(m, e->user, strlen(e->user));
        char *answer = e->key ? ask(s, &ms, &views, err) : NULL;
        ok = answer || !e->key;
        if (answer) {
            count(s, e, says(answer, e->key));
            if (s->answers)
                fprintf(s->answers, "%s\t%s\t%s\t%s\t%s\n", says(answer, e->key) ? "ok" : "WRONG",
                        e->skill, e->user, answer, e->model);
        }
        free(answer);
        say(&ms, ROLE_MODEL, e->model);
    }
    messages_done(&ms);
    for (size_t i = 0; i < views.n; i++)
        free(views.soft[i]);
    return ok;
}

/* ---- The step ------------------------------------------------------------------------------- */

static bool open_scorer(struct scorer *s, const char *path, struct err *err)
{
    s->model = facet_model_open(path, NULL, err->text);
    if (!s->model)
        return false;
    facet_model_get_info(s->model, &s->info);
    if (!s->info.has_vision)
        return err_set(err, "%s: has no vision tower beside it", path);
    const struct facet_session_options options = {.n_ctx = 2048};
    struct facet_sampling greedy = facet_sampling_default;
    greedy.temperature = 0;
    s->session = facet_session_open(s->model, &options, err->text);
    s->sampler = s->session ? facet_sampler_new(s->model, &greedy, err->text) : NULL;
    return s->sampler != NULL;
}

static void close_scorer(struct scorer *s)
{
    if (s->answers)
        fclose(s->answers);
    if (s->sampler)
        facet_sampler_free(s->sampler);
    if (s->session)
        facet_session_close(s->session);
    if (s->model)
        facet_model_close(s->model);
}

static int by_skill(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->skill, ((const struct row *)b)->skill);
}

static void print_table(struct scorer *s)
{
    qsort(s->rows, s->n_rows, sizeof *s->rows, by_skill);
    printf("| skill | right | of |\n|---|---|---|\n");
    for (size_t i = 0; i < s->n_rows; i++)
        printf("| %s | %.1f %% | %zu |\n", s->rows[i].skill,
               100.0 * (double)s->rows[i].n_right / (double)s->rows[i].n, s->rows[i].n);
}

/* model=FILE n=1000 first=0 seed=2 split=test|train crops=1|0 answers=FILE kind=NAME: pictures of that sort alone */
bool step_score(int argc, char **argv, struct err *err)
{
    struct scorer s = {.crops = step_number(argc, argv, "crops", 1) != 0};
    const char *answers = step_text(argc, argv, "answers", NULL),
               *kind = step_text(argc, argv, "kind", NULL);
    const uint64_t seed = (uint64_t)step_number(argc, argv, "seed", 2),
                   first = (uint64_t)step_number(argc, argv, "first", 0),
                   n = (uint64_t)step_number(argc, argv, "n", 1000);
    const enum sample_split split =
        strcmp(step_text(argc, argv, "split", "test"), "train") ? SPLIT_TEST : SPLIT_TRAIN;
    bool ok = open_scorer(&s, step_text(argc, argv, "model", "models/facet-small.gguf"), err);
    if (ok && answers && !(s.answers = fopen(answers, "w")))
        ok = err_set(err, "%s: cannot be written", answers);
    for (uint64_t i = 0; ok && i < n; i++) {
        struct sample sample = {0};
        ok = (kind ? picture_make_kind(&sample, kind, split, seed, first + i, err)
                   : sample_make(&sample, split, seed, first + i, err)) &&
             score_sample(&s, &sample, err);
        sample_done(&sample);
    }
    if (ok)
        print_table(&s);
    close_scorer(&s);
    return ok;
}
