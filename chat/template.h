/* Gemma 3's chat template: messages become the exact prompt, as text and as token ids.
 * MODEL.md, "Chat format", says what is trimmed, where the system text goes, and how a picture with
 * its crops is written; the rules are those of the published template and of the reference processor. */
#ifndef CHAT_TEMPLATE_H
#define CHAT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chat/message.h"
#include "engine/facet.h"

struct prompt {
    char *text;        /* as a person may read it, <bos> first; the soft tokens of a view are written
                          "<image_soft_token>*256" */
    int32_t *ids;      /* <bos> first */
    size_t n_ids;
    size_t n_views;    /* runs of soft tokens among the ids */
    size_t n_image_ids; /* ids that belong to pictures: soft tokens and the marks and newlines around them */
};

/* open_answer: nothing is added after the messages' end: their last one, of the model, is left open to be
 * continued. Otherwise the model's turn is begun (add_generation_prompt). Special tokens are recognised
 * only where the template puts them, never in what people wrote. Roles must alternate, user first.
 * The views of attachment a: attachment_views(a); n_soft tokens each. */
bool prompt_render(struct prompt *out, const struct facet_model *model, const struct messages *messages,
                   bool open_answer, struct err *err);
void prompt_done(struct prompt *p);

#endif
