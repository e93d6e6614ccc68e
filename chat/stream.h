/* From token ids to text that may be shown: whole characters only, and nothing that may turn out to
 * be the start of a stop string. */
#ifndef CHAT_STREAM_H
#define CHAT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "engine/facet.h"

struct stream {
    const struct facet_model *model; /* borrowed; not needed by stream_put */
    char *const *stops;              /* borrowed; none is empty */
    size_t n_stops;
    struct facet_decoder decoder;
    struct str held; /* shown only once it is known to begin no stop string */
    bool stopped;
};

/* Set model and stops, the rest zero, to start. */
void stream_done(struct stream *s);
/* Appends to out what may be shown now. False: a stop string came; it and what follows are not
 * shown. */
bool stream_push(struct stream *s, int32_t id, struct str *out);
/* The same for text at hand. */
bool stream_put(struct stream *s, const char *bytes, size_t n, struct str *out);
/* Gives what was held back. complete: no more can come, so that bytes of an unfinished character
 * become U+FFFD; else (the answer was cut and may be continued) they are dropped. */
void stream_end(struct stream *s, bool complete, struct str *out);

#endif
