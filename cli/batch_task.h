/* One item of a batch on its way: what is asked about which pictures, from its files to the
 * messages. */
#ifndef CLI_BATCH_TASK_H
#define CLI_BATCH_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "chat/message.h"
#include "chat/options.h"
#include "cli/batch_inputs.h"
#include "cli/batch_job.h"

struct batch_picture {
    char *path;  /* that it is opened by */
    char *bytes; /* NULL if it could not be read, or is not needed any more */
    size_t n_bytes;
};

struct batch_task {
    size_t index;
    const struct batch_item *item;
    const char *prompt, *system; /* of the line, else of the batch; borrowed; system may be NULL */
    struct batch_picture *pictures;
    size_t n_pictures;
    char digest[SHA256_HEX_BYTES]; /* of the picture, or of the line with its pictures; "" if the
                                      picture could not be read */
    uint64_t seed;
    struct str warning; /* of the pictures' decoder */
    struct confidence *confidence; /* of its answer; NULL: not wanted; owned */
    double start_s;
};

/* What an item asks: the line's prompt and system prompt, where it has any, else the batch's. */
const char *batch_item_prompt(const struct batch_item *item, const char *prompt);
const char *batch_item_system(const struct batch_item *item, const struct options *options);

/* Reads the pictures. False and why, with everything else set, if one cannot be read. */
bool batch_task_init(struct batch_task *t, const struct batch_item *item, size_t index,
                     const struct batch_job *job, const char *prompt, const struct options *options,
                     struct err *err);
void batch_task_done(struct batch_task *t);

/* Decodes the pictures, whose bytes are dropped, and lays out what is asked. */
bool batch_task_compose(struct batch_task *t, const struct options *options,
                        struct messages *messages, struct err *err);
/* The same with blank pictures of so many crops each: for what prompts have in common. */
void batch_item_lay_out(const struct batch_item *item, const char *prompt,
                        const struct options *options, size_t n_crops, struct messages *messages);

/* Two items that ask the same of the same. */
bool batch_task_is_twin(const struct batch_task *a, const struct batch_task *b);

#endif
