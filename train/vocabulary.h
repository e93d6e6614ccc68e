/* The vocabulary of the model that ships, as Gemma 3's own files hold theirs. */
#ifndef TRAIN_VOCABULARY_H
#define TRAIN_VOCABULARY_H

#include "train/spm.h"
#include "tools/gguf_write.h"

/* Puts the tokenizer's keys, the chat template among them. An error if a piece is missing that
 * Gemma's chat format or the engine needs, or stands where Gemma does not have it. */
bool vocabulary_put(struct gguf_writer *w, const struct spm *s, struct err *err);

#endif
