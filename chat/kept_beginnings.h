/* What conversations begin with, kept on disk (kept.h): the system text and the pictures of the
 * first question, computed. Another question about a picture goes on from there, in whatever
 * conversation. Told by the model, the ids and the soft tokens. */
#ifndef CHAT_KEPT_BEGINNINGS_H
#define CHAT_KEPT_BEGINNINGS_H

#include <stdbool.h>

#include "chat/kept.h"
#include "engine/facet.h"

/* The session holds the beginning, and nothing else; false, and perhaps it is empty, if there is
 * none. */
bool kept_beginning_load(const struct kept *kept, const struct facet_model *model,
                         const struct facet_prompt *beginning, struct facet_session *session);
/* The session holds nothing else. */
void kept_beginning_save(const struct kept *kept, const struct facet_model *model,
                         const struct facet_prompt *beginning, struct facet_session *session);

#endif
