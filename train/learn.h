/* Steps of training: samples are drawn, loss and derivatives computed by LANES threads, each with
 * half of the samples; Muon (muon.h) moves the matrices of layers and AdamW (arXiv 1711.05101) the
 * other parameters.
 *
 * What comes out depends on the recipe alone, not on how many threads there are or how often
 * training was interrupted. */
#ifndef TRAIN_LEARN_H
#define TRAIN_LEARN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/facet.h"
#include "engine/pool.h"
#include "engine/quant.h"
#include "train/net.h"
#include "train/sample.h"

enum { LANES = 2 };

struct recipe {
    uint64_t seed;
    uint32_t samples;      /* a step, of all lanes together */
    /* The rate rises for n_warm steps, stays, and falls in the last n_fall to none. */
    uint32_t n_steps, n_warm, n_fall;
    uint32_t n_sight;  /* the first steps are for the tower alone */
    uint32_t hard_from; /* from this one on, half of them of what is hard */
    double rate, decay; /* of weights, a step: rate · decay */
    double tower_rate;  /* the share of the rate of the tower and what leads to the decoder */
    uint32_t rests_from; /* from this step on the tower itself does not move, as in Gemma 3 */
    double clip;        /* the longest gradient */
    bool muon;          /* moves the layers' matrices; AdamW all else, or all */
    double finder;      /* weight of the finder's loss */
    /* Rounding of matrices in the forward pass while derivatives pass straight through, from
     * step `round_from` on. */
    bool rounds;
    uint32_t round_from;
    enum weight_type round_matrix, round_embed;
};

struct progress {
    double words, marks; /* the last step's loss: nats a token; a patch */
    double right;        /* share of tokens foretold */
    double norm, rate;
    size_t n_tokens, n_views;
};

struct learner;
/* words (the vocabulary) is borrowed, teacher's path may be NULL: then answers are what is learned,
 * else what that net says of them: 256 of its logits a token, sampled. */
struct learner *learner_new(const struct net_shape *shape, const struct recipe *recipe,
                            const struct facet_model *words, const char *teacher, struct err *err);
void learner_free(struct learner *l);

bool learner_step(struct learner *l, struct progress *progress, struct err *err);
uint32_t learner_steps(const struct learner *l); /* done */
const struct net *learner_net(const struct learner *l);
const float *learner_values(const struct learner *l);

/* How much of the test split's samples first … first + n − 1 is foretold: answers all of whose
 * tokens are the likeliest, by skill. */
struct skill_score {
    const char *skill;
    size_t n, n_right;
};
enum { MAX_SKILLS = 64 };
struct scores {
    struct skill_score skills[MAX_SKILLS];
    size_t n_skills;
    double words; /* nats a token */
};
bool learner_test(struct learner *l, size_t first, size_t n, struct scores *scores, struct err *err);

/* All that goes on from there. The file is replaced at once. */
bool learner_save(const struct learner *l, const char *path, struct err *err);
/* Goes on where a learner of the same shape stopped. */
bool learner_load(struct learner *l, const char *path, struct err *err);
/* Begins with the tower of another net, of the same shape. */
bool learner_take_tower(struct learner *l, const char *path, struct err *err);
/* The parameters alone, of a net of any shape: *values is the caller's. */
bool net_load(struct net *net, float **values, const char *path, struct err *err);

#endif
