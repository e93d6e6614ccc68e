/* A session's inside: what it holds, and how it computes what is missing. session.c implements the
 * public calls; session_file.c saves and restores. */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include <stdatomic.h>

#include "engine/kvcache.h"
#include "engine/workspace.h"

/* A picture in the context, with a copy of its soft tokens to compute its positions again. */
struct held_image {
    size_t start; /* its first position */
    float *soft;  /* [n_soft][n_embd] */
};

struct speculator; /* speculate.h */

struct facet_session {
    const struct facet_model *model;
    struct workspace *work; /* perhaps shared */
    atomic_bool stop;
    size_t n_ctx;
    struct kvcache *cache;
    int32_t *ids; /* [n_ctx], those of the cache's positions and of the prompt under way; behind
                     them, those that the cache holds back */
    size_t n_ids;
    struct held_image *images; /* by position; [n_images], room for max_images */
    size_t n_images, max_images;
    float *logits; /* [n_vocab] */
    bool has_logits;
    size_t n_best;         /* logits wanted of appended tokens; 0: all */
    size_t n_best_logits;  /* that many are the logits' best, and the others −INFINITY; 0: all are
                              there */
    float *checkpoint_logits; /* [n_vocab], of the cache's checkpoint */
    bool has_checkpoint_logits;
    bool keeps_checkpoint; /* prompts do not move it */
    size_t computed_from;  /* what the prompt under way could keep: progress counts from here */
    struct speculator *speculator; /* NULL: nothing is guessed */
    facet_progress_fn *progress;
    void *progress_user;
};

/* The id at a picture's positions; -1 without a tower: it is a token like any other then. */
static inline int32_t session_soft_id(const struct facet_session *s)
{
    return s->model->m->has_vision ? s->model->special.image_soft : -1;
}
/* Ids that the embedding has a row for. */
bool session_is_token(const struct facet_session *s, int32_t id);
/* Of them, those that an answer goes on with. */
bool session_can_follow(const struct facet_session *s, int32_t id);
/* Whether a prompt of these ids could be: tokens of the vocabulary, and n_images whole runs of soft
 * tokens. */
bool session_check_ids(const struct facet_session *s, const int32_t *ids, size_t n_ids,
                       size_t n_images, struct err *err);
/* Makes the present end, with its logits, the point that another answer starts from. */
void session_checkpoint(struct facet_session *s);
/* Forgets all positions from n on, in the lists; not in the cache. */
void session_cut(struct facet_session *s, size_t n);
/* Appends a copy of a picture at that position. */
bool session_add_image(struct facet_session *s, size_t start, const float *soft, struct err *err);

/* Brings the cache to the first `end` of ids; what lies behind n_ids, up to STEP_TOKENS − 1
 * guesses, is held back there. all: where the logits of every position computed go, or NULL: then
 * the session has those of the last. */
enum facet_status session_compute(struct facet_session *s, size_t end, float *all, char *error);
/* The same, with `all` of up to STEP_TOKENS positions, and only the session's n_best of the logits, perhaps:
 * n_best_logits tells. */
enum facet_status session_step(struct facet_session *s, size_t end, float *all, char *error);
/* The session's logits are that one of rows [][n_vocab], which have n_best of them or all (0). */
void session_take_logits(struct facet_session *s, const float *rows, size_t row, size_t n_best);
/* What was not computed is not held. */
void session_give_up(struct facet_session *s);
/* As facet_session_prompt, of text alone, but that only a long way moves the checkpoint, and not to
 * the very end; and, as session_step, perhaps with the best logits only. */
enum facet_status session_follow(struct facet_session *s, const struct facet_prompt *prompt,
                                 size_t *n_kept, char *error);

#endif
