/* Vocabularies out of files: GGUF metadata, or Hugging Face's tokenizer.json. */
#ifndef ENGINE_VOCABULARY_READ_H
#define ENGINE_VOCABULARY_READ_H

#include <stddef.h>

#include "base/err.h"
#include "engine/gguf.h"
#include "engine/vocabulary.h"

/* n_rows: pieces from there on are left out; 0: none are. NULL on failure.
 * The GGUF file must stay open as long as the vocabulary. */
struct vocabulary *vocabulary_read_gguf(const struct gguf *g, size_t n_rows, struct err *err);
struct vocabulary *vocabulary_read_json(const char *json, size_t n_bytes, size_t n_rows,
                                        const char *name, struct err *err);

#endif
