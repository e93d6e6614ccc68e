/* How an answer came about, so that it can be proved again. */
#ifndef CHAT_RECEIPT_H
#define CHAT_RECEIPT_H

#include "base/err.h"
#include "chat/chat.h"
#include "chat/options.h"

/* "ended", "stop string", "max tokens", "context full", "cancelled". */
const char *reason_name(enum chat_reason reason);

/* The options that an answer depends on, as a JSON object of texts that options_set understands
 * ("stop" is a list of them), without model and seed, which a receipt names itself; system: the
 * conversation's system text, or NULL. free() it. */
char *receipt_options(const struct options *o, const char *system);
/* Sets what such an object says; the rest stays. */
bool receipt_apply(struct options *o, const char *json, struct err *err);

#endif
