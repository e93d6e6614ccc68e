/* What a batch writes about an item: its record, and the sidecar beside its picture. */
#ifndef CLI_BATCH_RECORD_H
#define CLI_BATCH_RECORD_H

#include <stdbool.h>

#include <jansson.h>

#include "base/err.h"
#include "chat/chat.h"
#include "cli/answer_json.h"
#include "cli/batch_task.h"

/* A new reference each. event: CHAT_DONE, with the answer for its text. */
json_t *batch_record_answer(const struct batch_task *t, const struct batch_job *job,
                            enum figures figures, const struct chat_event *event);
json_t *batch_record_error(const struct batch_task *t, const struct batch_job *job,
                           const char *why);

enum sidecar { SIDECAR_NONE, SIDECAR_TXT, SIDECAR_JSON };
/* Beside the first picture, if there is one. *kept: a file of that name was there and stays. */
bool batch_sidecar_write(const struct batch_task *t, enum sidecar kind, const json_t *record,
                         bool *kept, struct err *err);

#endif
