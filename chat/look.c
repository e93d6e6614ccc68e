#include "chat/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void look_done(struct look *look)
{
    free(look->text);
    attachment_release(look->picture);
    *look = (struct look){0};
}

/* The picture's first view among those of the prompt. */
static bool find_views(const struct messages *ms, const struct attachment *picture, size_t *first)
{
    *first = 0;
    for (size_t i = 0; i < ms->n; i++)
        for (size_t k = 0; !ms->list[i].dropped && k < ms->list[i].n_parts; k++) {
            const struct attachment *a = ms->list[i].parts[k].image;
            if (a && a == picture)
                return true;
            *first += a ? attachment_views(a) : 0;
        }
    return false;
}

/* Of a step that was drawn but not appended nothing is held but what it was drawn from. */
static bool is_one_token(const struct facet_model *model, const char *text, size_t n)
{
    size_t n_ids = 0;
    free(facet_tokenize(model, text, n, false, &n_ids, NULL));
    return n_ids == 1;
}

/* What a token adds to the text, compared with what is there; *n bytes of it. */
static bool reads_on(const struct reply *r, struct facet_decoder *decoder, size_t at,
                     const char *text, size_t *n)
{
    char out[FACET_DECODER_BYTES];
    struct str said = {0};
    size_t rest = strlen(text);
    int32_t id = facet_session_id(r->session, at);
    message_put_said(&said, out, facet_decoder_push(decoder, r->kit->model, id, out));
    *n = said.len < rest ? said.len : rest; /* a stop string is not seen */
    bool same = *n == 0 || memcmp(said.data, text, *n) == 0;
    str_done(&said);
    return same;
}

/* Without the white space at its end, which the next prompt has not. */
static size_t length_of(const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    return n;
}

/* Tokens at positions [*from, *to) that make the looked-at bytes of the answer, which begins at
 * position `at`. False if the session holds another one. */
static bool find_tokens(const struct reply *r, const struct look *look, size_t at, size_t *from,
                        size_t *to)
{
    struct facet_decoder decoder = {0};
    size_t length = length_of(look->text), held = facet_session_length(r->session), begin = at, n;
    for (size_t byte = 0; byte < length; byte += n) {
        const char *text = look->text + byte;
        n = strlen(text);
        if (at < held ? !reads_on(r, &decoder, at, text, &n)
                      : !is_one_token(r->kit->model, text, n))
            return false;
        at++;
        if (n == 0)
            continue; /* the first bytes of a character */
        if (byte + n > look->first && byte < look->end) {
            *from = *to ? *from : begin;
            *to = at;
        }
        begin = at;
    }
    return *to > 0;
}

static bool find(const struct reply *r, const struct look *look, size_t *view, size_t *from,
                 size_t *to, struct err *err)
{
    struct facet_prompt prompt = reply_prompt(r);
    bool holds = facet_session_held(r->session, &prompt) == prompt.n_ids;
    free((void *)prompt.soft);
    if (!find_views(r->turn->messages, look->picture, view))
        return err_set(err, "the answer was given without this picture");
    return (holds && find_tokens(r, look, prompt.n_ids, from, to)) ||
           err_set(err, "the model does not hold this answer any more");
}

enum facet_status look_back(struct reply *r, const struct look *look, struct chat_looked *looked)
{
    struct err *err = &r->outcome.err;
    struct facet_attention a;
    size_t view = 0, from = 0, to = 0;
    if (!find(r, look, &view, &from, &to, err))
        return FACET_FAILED;
    *looked = (struct chat_looked){.n_views = attachment_views(look->picture),
                                   .n_soft = r->kit->info.n_soft_tokens,
                                   .n_tokens = to - from};
    looked->share = mem_new(looked->n_views * looked->n_soft, sizeof *looked->share);
    enum facet_status status =
        facet_session_attention(r->session, from - 1, to - from, view, looked->n_views,
                                looked->share, &a, err->text);
    if (status == FACET_OK) {
        looked->total = a.total;
        looked->n_counted = a.n_positions;
    }
    return status;
}
