/* The records of a batch: one JSON object a line, on disk when batch_log_write returns. A file that
 * is there already says what is done; a last line that was torn by a crash is cut off. */
#ifndef CLI_BATCH_LOG_H
#define CLI_BATCH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "base/err.h"
#include "cli/batch_job.h"

struct batch_log {
    FILE *file;       /* stdout, or the output, locked against a second batch */
    const char *path; /* borrowed; NULL: stdout */
    json_t *known;    /* "digest path" → true: answered, false: failed */
    size_t n_torn;    /* bytes that were cut off */
};

/* Opens or makes the file. Records of another job (another prompt, model, …) are an error, or with
 * `mixed` are left as they are and count for nothing. A file that holds anything else is not
 * touched. */
bool batch_log_open(struct batch_log *log, const char *path, const struct batch_job *job,
                    bool mixed, struct err *err);
void batch_log_close(struct batch_log *log);

enum batch_state { BATCH_NEW, BATCH_ANSWERED, BATCH_FAILED };
/* digest NULL: the file could not be read. */
enum batch_state batch_log_find(const struct batch_log *log, const char *path, const char *digest);

/* Takes the reference. False without an error: nobody reads standard output any more. */
bool batch_log_write(struct batch_log *log, json_t *record, struct err *err);

#endif
