/* One answer on its way: its pictures are encoded, its prompt is computed, its tokens are drawn.
 * Computing the position behind a drawn token, for one answer or several together, is the
 * backend's. */
#ifndef CHAT_REPLY_H
#define CHAT_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/backend_local.h"
#include "chat/kept_images.h"
#include "chat/stream.h"
#include "chat/template.h"

/* Steps that show as one line of progress: all views of a turn, or its prompt. */
struct task {
    const struct backend_turn *turn;
    const char *what;
    size_t part, n_parts;  /* the engine counts anew for each of them */
    size_t before, behind; /* done already, and still to do when the engine is through */
    double started;
};
/* done of total in the engine's count of the present part. */
void task_report(const struct task *task, size_t done, size_t total);

/* What all answers of a backend are made with. */
struct reply_kit {
    struct facet_model *model;
    struct facet_model_info info;
    size_t n_ctx;
    struct kept_images images;
    struct task *task; /* under way, or NULL */
    struct facet_grammar *grammar; /* of the schema that answers followed last; NULL: none yet */
    char *schema;                  /* that one */
};
/* What a kit owns itself. */
void reply_kit_done(struct reply_kit *kit);

struct reply {
    /* set by the backend */
    struct reply_kit *kit;
    struct facet_session *session;
    const struct backend_turn *turn;
    /* results */
    struct prompt prompt; /* from reply_open to reply_read */
    int32_t next;         /* drawn last; to be appended to the session */
    struct outcome outcome;
    /* private */
    size_t n_prepared; /* tokens computed by reply_prepare */
    double preparing;  /* since when; 0: not */
    struct facet_sampler *sampler;
    struct stream stream;
    struct str text;
    double started;
};

/* Renders the prompt and encodes the pictures that are not kept. Here as below, false: the answer is over, and
 * outcome tells how. */
bool reply_open(struct reply *r);
/* Computes, in the answer's session, what its prompt begins with. */
enum facet_status reply_prepare(struct reply *r, const struct facet_prompt *beginning);
/* The prompt that was rendered; its list of soft tokens is to be free()d. */
struct facet_prompt reply_prompt(const struct reply *r);
/* Of that prompt, up to the end of the pictures that the first question begins with; of no length
 * where it begins otherwise. */
struct facet_prompt reply_beginning(const struct reply *r, const struct facet_prompt *prompt);
/* Computes the prompt. turn->messages is not looked at any more. */
bool reply_read(struct reply *r);
/* Draws a token and gives its text, before what follows is computed: it is seen one step of the
 * model earlier. */
bool reply_draw(struct reply *r);
/* Ends it early: FACET_CANCELLED, or FACET_FAILED with the reason in outcome.err. Always false. */
bool reply_stop(struct reply *r, enum facet_status status);
void reply_done(struct reply *r);

#endif
