#include "train/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/template.h"
#include "train/finder.h"

static const float certain = 1;

/* ---- Words ---------------------------------------------------------------------------------- */

static struct messages messages_of(const struct sample *s, size_t n_crops)
{
    struct messages ms = {0};
    if (s->system) {
        struct message *m = messages_add(&ms, ROLE_SYSTEM);
        message_add_text(m, s->system, strlen(s->system));
    }
    for (size_t i = 0; i < s->n_exchanges; i++) {
        struct message *user = messages_add(&ms, ROLE_USER);
        if (i == 0 && s->picture.width)
            message_add_image(user, attachment_blank(n_crops));
        message_add_text(user, s->exchanges[i].user, strlen(s->exchanges[i].user));
        struct message *model = messages_add(&ms, ROLE_MODEL);
        message_add_text(model, s->exchanges[i].model, strlen(s->exchanges[i].model));
    }
    return ms;
}

static void want_ids(struct batch *b, size_t n)
{
    if (n <= b->cap_ids)
        return;
    b->cap_ids = 2 * n;
    b->ids = mem_grow(b->ids, b->cap_ids, sizeof *b->ids);
    b->local = mem_grow(b->local, b->cap_ids, sizeof *b->local);
    b->global = mem_grow(b->global, b->cap_ids, sizeof *b->global);
}

/* ids[position] is to be foretold by what stands before it. */
static void add_target(struct batch *b, size_t position)
{
    if (b->n_targets == b->cap_targets) {
        b->cap_targets = b->cap_targets ? 2 * b->cap_targets : 1024;
        b->targets = mem_grow(b->targets, b->cap_targets, sizeof *b->targets);
        b->answers = mem_grow(b->answers, b->cap_targets, sizeof *b->answers);
    }
    b->answers[b->n_targets] = b->ids[position];
    b->targets[b->n_targets++] = (struct target){.position = (uint32_t)position - 1, .n = 1};
}

/* The prompt's ids behind the others; runs of soft tokens become as long as the net's, and refer to
 * the batch's. */
static void add_ids(struct batch *b, const struct net *net, const struct prompt *p, int32_t soft,
                    size_t first_view)
{
    size_t n_soft = 0, run = 0;
    for (size_t i = 0; i < p->n_ids; i++) {
        run = p->ids[i] == soft ? run + 1 : 0;
        if (run > net->vision.n_soft)
            continue;
        b->ids[b->tokens.n++] =
            run ? -1 - (int32_t)(first_view * net->vision.n_soft + n_soft++) : p->ids[i];
    }
}

/* Answers begin behind "<start_of_turn>model\n", n_head ids, and end with <end_of_turn>. */
static void add_targets(struct batch *b, size_t start, const struct facet_special_ids *special,
                        int32_t model_id, size_t n_head)
{
    for (size_t i = start; i + n_head < b->tokens.n; i++) {
        if (b->ids[i] != special->start_of_turn || b->ids[i + 1] != model_id)
            continue;
        for (i += n_head; i < b->tokens.n; i++) {
            add_target(b, i);
            if (b->ids[i] == special->end_of_turn)
                break;
        }
    }
}

/* A picture's soft tokens see each other; all else sees what is before it. */
static void set_sights(struct batch *b, const struct net *net, size_t start)
{
    const size_t n = b->tokens.n - start, window = net->text.window;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; b->ids[start + i] < 0 && end < n && b->ids[start + end] < 0;)
            end++;
        for (size_t j = i; j < end; j++) {
            const size_t first = j + 1 > window ? j + 1 - window : 0;
            b->global[start + j] = (struct sight){0, (uint32_t)end};
            b->local[start + j] = (struct sight){(uint32_t)first, (uint32_t)end};
        }
    }
}

static bool add_words(struct batch *b, const struct net *net, const struct facet_model *words,
                      const struct sample *s, size_t n_crops, struct err *err)
{
    struct facet_special_ids special;
    facet_model_get_special(words, &special);
    size_t n_head;
    int32_t *head = facet_tokenize(words, "model\n", 6, false, &n_head, err->text);
    struct messages ms = messages_of(s, n_crops);
    struct prompt p = {0};
    bool ok = head && prompt_render(&p, words, &ms, PROMPT_CLOSED, err);
    if (ok) {
        const size_t start = b->tokens.n;
        want_ids(b, start + p.n_ids);
        add_ids(b, net, &p, special.image_soft, b->n_views);
        add_targets(b, start, &special, head[0], 1 + n_head);
        set_sights(b, net, start);
    }
    prompt_done(&p);
    messages_done(&ms);
    free(head);
    return ok;
}

/* ---- Pixels --------------------------------------------------------------------------------- */

/* planes [3][size][size] → patches [n_side²][3·side²] */
static void unroll(const float *planes, const struct vision_params *v, float *patches)
{
    const size_t size = v->image_size, side = v->patch_size;
    for (size_t y = 0; y < v->n_side; y++)
        for (size_t x = 0; x < v->n_side; x++)
            for (size_t c = 0; c < 3; c++)
                for (size_t row = 0; row < side; row++, patches += side)
                    memcpy(patches, planes + (c * size + y * side + row) * size + x * side,
                           side * sizeof *patches);
}

static bool add_view(struct batch *b, const struct net *net, const struct sample *s,
                     const struct crop *crop, float *planes, struct err *err)
{
    const struct vision_params *v = &net->vision;
    const size_t n_patches = (size_t)v->n_side * v->n_side,
                 inputs = 3 * (size_t)v->patch_size * v->patch_size;
    const struct crop whole = {0, 0, s->picture.width, s->picture.height};
    if (!image_prepare(planes, &s->picture, crop, v->image_size, err))
        return false;
    unroll(planes, v, b->patches + b->n_views * n_patches * inputs);
    finder_look(s, crop ? crop : &whole, v->n_side,
                b->seen + b->n_views * n_patches * FINDER_MARKS);
    b->n_views++;
    return true;
}

static size_t plan(const struct sample *s, struct crop crops[PANSCAN_MAX_CROPS])
{
    return s->crops
               ? panscan_plan(PANSCAN_GOOGLE, s->picture.width, s->picture.height, crops)
               : 0;
}

static bool add_sample(struct batch *b, const struct net *net, const struct facet_model *words,
                       const struct sample *s, float *planes, struct err *err)
{
    struct crop crops[PANSCAN_MAX_CROPS];
    const size_t n_crops = plan(s, crops);
    b->starts[b->tokens.n_sequences++] = b->tokens.n;
    bool ok = add_words(b, net, words, s, n_crops, err);
    if (ok && s->picture.width)
        ok = add_view(b, net, s, NULL, planes, err);
    for (size_t i = 0; ok && i < n_crops; i++)
        ok = add_view(b, net, s, &crops[i], planes, err);
    return ok;
}

static void make_room(struct batch *b, const struct net *net, const struct sample *samples,
                      size_t n_samples, struct arena *arena)
{
    const struct vision_params *v = &net->vision;
    const size_t n_patches = (size_t)v->n_side * v->n_side;
    struct crop crops[PANSCAN_MAX_CROPS];
    size_t n_views = 0;
    for (size_t i = 0; i < n_samples; i++)
        n_views += samples[i].picture.width ? 1 + plan(&samples[i], crops) : 0;
    b->patches = arena_take(arena, n_views * n_patches * 3 * v->patch_size * v->patch_size);
    b->seen = (uint8_t *)arena_zeroes(arena, n_views * n_patches * FINDER_MARKS / sizeof(float) + 1);
    b->starts = mem_grow(b->starts, n_samples + 1, sizeof *b->starts);
}

bool batch_fill(struct batch *b, const struct net *net, const struct facet_model *words,
                const struct sample *samples, size_t n_samples, struct arena *arena,
                struct err *err)
{
    make_room(b, net, samples, n_samples, arena);
    float *planes = arena_take(arena, 3 * (size_t)net->vision.image_size * net->vision.image_size);
    for (size_t i = 0; i < n_samples; i++)
        if (!add_sample(b, net, words, &samples[i], planes, err))
            return false;
    b->starts[n_samples] = b->tokens.n;
    for (size_t i = 0; i < b->n_targets; i++) {
        b->targets[i].ids = &b->answers[i];
        b->targets[i].p = &certain;
    }
    b->tokens.ids = b->ids;
    b->tokens.starts = b->starts;
    b->tokens.local = b->local;
    b->tokens.global = b->global;
    return true;
}

void batch_clear(struct batch *b)
{
    b->tokens.n = b->tokens.n_sequences = 0;
    b->n_targets = b->n_views = 0;
    b->patches = NULL;
    b->pooled = NULL;
    b->seen = NULL;
}

void batch_done(struct batch *b)
{
    free(b->ids);
    free(b->answers);
    free(b->targets);
    free(b->starts);
    free(b->local);
    free(b->global);
    *b = (struct batch){0};
}
