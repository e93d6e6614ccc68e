/* Several tokens in one step: the token that is appended goes through the model together with
 * guesses of what will follow, at little more than the time of one, since a step is bound by
 * reading the weights. A guess that proves right when the next token is appended has its logits
 * already.
 *
 * Nothing of this is seen from outside. Guessed positions are held back in the cache until they are
 * appended, and each token is drawn from the logits that it would have been drawn from without: a
 * row of a step of up to STEP_TOKENS has the same bits as one computed alone. Times decide how many
 * tokens are guessed, never which are drawn. */
#ifndef ENGINE_SPECULATE_H
#define ENGINE_SPECULATE_H

#include "engine/session.h"

struct speculator;

/* Whether a session of these options guesses; the others are for those that do. */
bool speculate_wanted(const struct facet_session_options *options);
size_t speculator_bytes(const struct facet_model *model,
                        const struct facet_session_options *options, size_t n_ctx);
struct speculator *speculator_new(const struct facet_model *model,
                                  const struct facet_session_options *options, size_t n_ctx,
                                  struct err *err);
void speculator_free(struct speculator *p);
/* The session was cancelled, or resumed. From any thread. */
void speculator_cancel(struct speculator *p);
void speculator_resume(struct speculator *p);

/* Appends a token that could come next. */
enum facet_status speculate_append(struct facet_session *s, int32_t id, char *error);
/* Another clock, of seconds, for tests: what is guessed depends on it, what is drawn does not. */
void speculate_set_clock(struct facet_session *s, double (*clock)(void));
void speculate_count(const struct speculator *p, struct facet_speculation *counts);

#endif
