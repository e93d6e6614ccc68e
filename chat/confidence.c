#include "chat/confidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/message.h"

void confidence_free(struct confidence *c)
{
    if (!c)
        return;
    free(c->tokens);
    str_done(&c->texts);
    free(c);
}

struct confidence *confidence_copy(const struct confidence *c)
{
    if (!c)
        return NULL;
    struct confidence *copy = mem_new(1, sizeof *copy);
    *copy = *c;
    copy->tokens = mem_new(c->n, sizeof *copy->tokens);
    copy->cap = c->n;
    if (c->n)
        memcpy(copy->tokens, c->tokens, c->n * sizeof *copy->tokens);
    copy->texts = (struct str){0};
    str_put(&copy->texts, str_text(&c->texts), c->texts.len);
    return copy;
}

void confidence_add(struct confidence *c, size_t n_bytes, float probability)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 64;
        c->tokens = mem_grow(c->tokens, c->cap, sizeof *c->tokens);
    }
    c->tokens[c->n++] = (struct confidence_token){
        .start = c->end, .end = c->end + n_bytes, .probability = probability};
    c->end += n_bytes;
}

void confidence_add_other(struct confidence *c, const char *text, size_t n, float probability)
{
    struct confidence_token *token = &c->tokens[c->n - 1];
    if (token->n_others == CONFIDENCE_OTHERS)
        return;
    token->others[token->n_others].text = c->texts.len;
    token->others[token->n_others++].probability = probability;
    message_put_said(&c->texts, text, n);
    str_putc(&c->texts, 0);
}

void confidence_draw(struct confidence *c, const struct facet_model *model,
                     const struct facet_token *token)
{
    char bytes[FACET_DECODER_BYTES];
    struct str said = {0};
    message_put_said(&said, bytes, facet_decoder_push(&c->decoder, model, token->id, bytes));
    confidence_add(c, said.len, expf(token->logprob));
    str_done(&said);
    for (size_t i = 0; i < token->n_alternatives; i++) {
        size_t n;
        const char *text = facet_token_bytes(model, token->alternatives[i].id, &n);
        if (text && token->alternatives[i].id != token->id)
            confidence_add_other(c, text, n, expf(token->alternatives[i].logprob));
    }
}

void confidence_end(struct confidence *c, size_t n_bytes)
{
    while (c->n && c->tokens[c->n - 1].start >= n_bytes)
        c->n--;
    if (c->n && c->tokens[c->n - 1].end > n_bytes)
        c->tokens[c->n - 1].end = n_bytes;
    c->end = n_bytes;
    c->decoder = (struct facet_decoder){.n_held = 0};
}

const char *confidence_other(const struct confidence *c, const struct confidence_token *token,
                             size_t i)
{
    return c->texts.data + token->others[i].text;
}
