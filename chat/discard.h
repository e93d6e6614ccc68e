/* Deleting a conversation, with what is kept on disk to go on with it at once. */
#ifndef CHAT_DISCARD_H
#define CHAT_DISCARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "history/store.h"

/* store_undelete takes it back; what was kept of it is computed again then. */
bool discard_conversation(struct store *store, int64_t conversation, struct err *err);
/* Only what is kept on disk, of all models. */
void discard_kept(int64_t conversation);
/* Whether the history has it, and not as deleted. */
bool discard_spared(struct store *store, int64_t conversation);

#endif
