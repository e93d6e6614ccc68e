/* Which model is meant, which ones there are, and what one is: `facet models list|show`. */
#ifndef CLI_MODELS_H
#define CLI_MODELS_H

#include <stdbool.h>

#include "chat/options.h"
#include "cli/progress.h"
#include "cli/verb.h"

extern const struct verb verb_models_list, verb_models_show;

/* Opens the model that the options mean (chat/resolve.h says which): with its tower, without, or
 * the vocabulary alone, for which a file without weights will do. NULL and the error. */
enum models_part { MODELS_WHOLE, MODELS_TEXT, MODELS_TOKENS };
struct facet_model *models_open(const struct options *options, enum models_part part,
                                struct err *err);

/* If no model was given, and the one that ships is used: says so and how to get another, in one
 * line, once on this machine, and not with --quiet. */
void models_tell_shipped(const struct options *options, struct progress *progress);

/* The bytes of a session with these options. */
size_t models_session_bytes(const struct facet_model *model, const struct options *options);
/* What the model is, for people, a dozen lines. */
void models_print(const struct facet_model *model, const struct options *options);

/* The engine's errors arrive in plain buffers. Always returns false. */
bool engine_error(struct err *err, const char *text);

#endif
