/* A small model that guesses what a large one will say: its own session holds the same text,
 * without the pictures. */
#ifndef ENGINE_DRAFT_H
#define ENGINE_DRAFT_H

#include "engine/session.h"

struct draft;

/* Whether the models' vocabularies are the same; one line if not. */
bool draft_fits(const struct facet_model *model, const struct facet_model *draft, struct err *err);
size_t draft_bytes(const struct facet_model *draft, uint32_t n_ctx);
struct draft *draft_new(const struct facet_model *draft, uint32_t n_ctx, struct err *err);
void draft_free(struct draft *d);
/* As facet_session_cancel and facet_session_resume. */
void draft_cancel(struct draft *d);
void draft_resume(struct draft *d);

/* Brings the draft to the end of what s holds; false if that cannot be. *n_computed: positions. */
bool draft_follow(struct draft *d, const struct facet_session *s, size_t *n_computed);
/* What it would say next: up to `most` ids, none that s could not append. Returns how many. */
size_t draft_guess(struct draft *d, const struct facet_session *s, size_t most, int32_t *ids);

#endif
