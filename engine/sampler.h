/* Drawing a token from logits. In this order, as Hugging Face's generate has it: what may not be
 * drawn is left out, repetition penalty
 * (Keskar et al. 2019: positive logits divided, negative multiplied), temperature, top-k, top-p,
 * min-p. */
#ifndef ENGINE_SAMPLER_H
#define ENGINE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/facet.h"
#include "engine/kernels/kernels.h"

enum { SAMPLER_BANNED = 6 };
/* banned[n_banned]: up to SAMPLER_BANNED ids that are never drawn. Copied. Free it with facet_sampler_free. */
struct facet_sampler *sampler_new(const struct facet_sampling *sampling, const struct kernels *k,
                                  size_t n_vocab, const int32_t *banned, size_t n_banned,
                                  struct err *err);

/* Whether this many of the best logits are all that a draw looks at. */
bool sampler_can_draw(const struct facet_sampler *s, size_t n_best, int n_alternatives);
/* recent[n_recent]: the ids before this one, oldest first, negative where no token stands. */
/* Fails only under a grammar (facet_sampler_follow). */
bool sampler_draw(struct facet_sampler *s, const float *logits, const int32_t *recent,
                  size_t n_recent, int n_alternatives, struct facet_token *token, struct err *err);

#endif
