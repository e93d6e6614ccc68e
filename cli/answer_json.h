/* An answer as JSON: what batch's records and ask --json have of it. */
#ifndef CLI_ANSWER_JSON_H
#define CLI_ANSWER_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "chat/chat.h"
#include "chat/confidence.h"
#include "cli/args.h"

/* --confidence answer|tokens */
enum figures { FIGURES_NONE, FIGURES_ANSWER, FIGURES_TOKENS };
#define FLAG_CONFIDENCE                                                                            \
    {                                                                                              \
        "confidence", 0, "answer|tokens",                                                          \
            "with how sure the model was: of the answer, or also of each token"                    \
    }
bool figures_parse(enum figures *figures, const struct args *args, struct err *err);

/* "end", "stop", "max-tokens", "context-full", "cancelled". */
const char *answer_finish(enum chat_reason reason);

struct answered {
    const char *text; /* NULL: "" */
    size_t n_bytes;
    enum chat_reason reason;
    const struct chat_stats *stats;
    bool is_data; /* it follows a schema, if it has come to its end */
    double total_s;
    enum figures figures;
    const struct confidence *confidence; /* figures of the text; may be NULL */
};

/* Sets "answer", "finish", "tokens" and "seconds", of an answer that follows a schema "data", the
 * value that it is (null if it was cut), and if figures are wanted
 * "confidence": {"mean", "min", "tokens": [{"text", "probability"}]}, mean and min null without a
 * token. */
void answer_json_put(json_t *record, const struct answered *a);

#endif
