/* What makes two answers of a batch comparable: prompt, system prompt, model, options, seed. */
#ifndef CLI_BATCH_JOB_H
#define CLI_BATCH_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/file.h"
#include "chat/options.h"

struct batch_job {
    json_t *prompt, *system, *model, *options; /* as they stand in each record; owned */
    const json_t *schema; /* among the options; borrowed from them; NULL: answers are free */
    json_t *seed;                /* a number, or null: drawn from each item's digest */
    char hash[SHA256_HEX_BYTES]; /* of all that, but not of where the model lies or how long a
                                    context may get: the same hash gives the same answers */
};

bool batch_job_init(struct batch_job *job, const char *prompt, const struct options *options,
                    struct err *err);
void batch_job_done(struct batch_job *job);

/* What differs between the job and a record of another one: "prompt", "model", … */
const char *batch_job_difference(const struct batch_job *job, const json_t *record);

/* The seed for an item: the one that was given, else 48 bits of its digest, so that an answer
 * does not depend on which others came before it. */
uint64_t batch_job_seed(const struct batch_job *job, const char *digest);

#endif
