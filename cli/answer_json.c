#include "cli/answer_json.h"

#include <math.h>
#include <string.h>

#include "chat/message.h"
#include "cli/json.h"

bool figures_parse(enum figures *figures, const struct args *args, struct err *err)
{
    const char *text = args_value(args, "confidence");
    if (text && strcmp(text, "answer") != 0 && strcmp(text, "tokens") != 0)
        return err_set(err, "--confidence is answer or tokens, not \"%s\"", text);
    *figures = !text ? FIGURES_NONE : strcmp(text, "answer") == 0 ? FIGURES_ANSWER : FIGURES_TOKENS;
    return true;
}

const char *answer_finish(enum chat_reason reason)
{
    switch (reason) {
    case CHAT_ENDED:
        return "end";
    case CHAT_STOP_STRING:
        return "stop";
    case CHAT_MAX_TOKENS:
        return "max-tokens";
    case CHAT_CONTEXT_FULL:
        return "context-full";
    case CHAT_CANCELLED:
        break;
    }
    return "cancelled";
}

/* With as many digits as a float has. */
static json_t *share(double value)
{
    return json_real(round(value * 1e7) / 1e7);
}

static json_t *tokens_json(const struct confidence *c, const struct answered *a)
{
    json_t *list = json_array();
    struct str said = {0}; /* what the figures' places are of */
    message_put_said(&said, a->text, a->n_bytes);
    for (size_t i = 0; i < c->n; i++) {
        const struct confidence_token *t = &c->tokens[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:o}", "text",
                                        json_text(str_text(&said) + t->start, t->end - t->start),
                                        "probability", share(t->probability)));
    }
    str_done(&said);
    return list;
}

static json_t *confidence_json(const struct answered *a)
{
    const struct confidence none = {0}, *c = a->confidence ? a->confidence : &none;
    double sum = 0, least = 1;
    for (size_t i = 0; i < c->n; i++) {
        sum += c->tokens[i].probability;
        least = c->tokens[i].probability < least ? c->tokens[i].probability : least;
    }
    json_t *json = json_pack("{s:o, s:o}", "mean", c->n ? share(sum / (double)c->n) : json_null(),
                             "min", c->n ? share(least) : json_null());
    if (a->figures == FIGURES_TOKENS)
        json_object_set_new(json, "tokens", tokens_json(c, a));
    return json;
}

static json_t *data_json(const struct answered *a)
{
    json_t *data = NULL;
    if (a->reason == CHAT_ENDED)
        data = json_loadb(a->text ? a->text : "", a->n_bytes, JSON_DECODE_ANY, NULL);
    return data ? data : json_null();
}

void answer_json_put(json_t *record, const struct answered *a)
{
    const struct chat_stats *s = a->stats;
    json_object_set_new(record, "answer", json_text(a->text ? a->text : "", a->n_bytes));
    if (a->is_data)
        json_object_set_new(record, "data", data_json(a));
    json_object_set_new(record, "finish", json_string(answer_finish(a->reason)));
    json_object_set_new(record, "tokens",
                        json_pack("{s:I, s:I, s:I, s:I}", "prompt", (json_int_t)s->n_prompt, "kept",
                                  (json_int_t)s->n_kept, "answer", (json_int_t)s->n_answer, "views",
                                  (json_int_t)s->n_views));
    json_object_set_new(record, "seconds",
                        json_pack("{s:o, s:o, s:o, s:o}", "encode", json_seconds(s->encode_s),
                                  "prompt", json_seconds(s->prompt_s), "answer",
                                  json_seconds(s->answer_s), "total", json_seconds(a->total_s)));
    if (a->figures != FIGURES_NONE)
        json_object_set_new(record, "confidence", confidence_json(a));
}
