/* How sure the model was of each token of an answer, and which others it thought of. It is kept
 * with the message in memory, not in the history: what is loaded from there has none. */
#ifndef CHAT_CONFIDENCE_H
#define CHAT_CONFIDENCE_H

#include <stddef.h>

#include "base/str.h"
#include "engine/facet.h"

enum { CONFIDENCE_OTHERS = 4 };

struct confidence_token {
    size_t start, end; /* bytes of the answer's text; none: its character ends with a later token */
    float probability; /* before temperature and the other options of sampling */
    struct {
        size_t text; /* where it is in texts */
        float probability;
    } others[CONFIDENCE_OTHERS]; /* the likeliest ones that were not drawn, best first */
    size_t n_others;
};

/* Zero to start. */
struct confidence {
    struct confidence_token *tokens;
    size_t n, cap;
    struct str texts; /* of the others, each with its NUL */
    size_t end;       /* where in the text the next token starts */
    struct facet_decoder decoder;
};

void confidence_free(struct confidence *c);
/* NULL of NULL. */
struct confidence *confidence_copy(const struct confidence *c);

/* The next token, which shows so many bytes; then the others. */
void confidence_add(struct confidence *c, size_t n_bytes, float probability);
void confidence_add_other(struct confidence *c, const char *text, size_t n, float probability);
/* The same for a token with its alternatives, CONFIDENCE_OTHERS + 1 of them. */
void confidence_draw(struct confidence *c, const struct facet_model *model,
                     const struct facet_token *token);
/* The text is so long: what was drawn behind that is dropped, and what is drawn next starts there. */
void confidence_end(struct confidence *c, size_t n_bytes);

const char *confidence_other(const struct confidence *c, const struct confidence_token *token,
                             size_t i);

#endif
