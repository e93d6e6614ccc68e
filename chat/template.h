/* Gemma 3's chat template: messages become the exact prompt, as text and as token ids.
 * MODEL.md, "Chat format", says what is trimmed, where the system text goes, and how a picture with
 * its crops is written; the rules are those of the published template and of the reference
 * processor. */
#ifndef CHAT_TEMPLATE_H
#define CHAT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chat/message.h"
#include "engine/facet.h"

struct prompt {
    char *text;   /* as a person may read it, <bos> first; the soft tokens of a view are written
                     "<image_soft_token>*256" */
    int32_t *ids; /* <bos> first */
    size_t n_ids;
    size_t n_views;     /* runs of soft tokens among the ids */
    size_t n_image_ids; /* ids that belong to pictures: soft tokens and the marks and newlines
                           around them */
    struct prompt_mark {
        size_t n_ids, n_image_ids;
    } *marks; /* [number of messages + 1]: what stood before each message, and at the end */
};

/* How a prompt ends and how pictures stand in it; to be or-ed. 0: the model's turn is begun
 * (add_generation_prompt), pictures are written out. */
enum prompt_form {
    PROMPT_OPEN = 1,   /* the last message, of the model, is left open to be continued; what it ends
                          with is kept, white space too */
    PROMPT_CLOSED = 2, /* nothing follows the last message */
    PROMPT_BARE_IMAGES = 4, /* a picture is its <start_of_image> alone, as the published template
                               has it before the processor puts the views in */
};

/* What the answer must follow (messages->schema) is told at the end of the system text.
 *
 * Special tokens are recognised only where the template puts them, never in what people wrote.
 * After the system message every other message must be the user's, the first one too; dropped
 * messages are as if they were not there. The views of
 * attachment a: attachment_views(a); each as many soft tokens as the model's tower gives, 256
 * (Gemma 3's) where it has none. */
bool prompt_render(struct prompt *out, const struct facet_model *model,
                   const struct messages *messages, unsigned form, struct err *err);
void prompt_done(struct prompt *p);

#endif
