/* Gemma 3's tokenizer: byte-pair merges over a SentencePiece vocabulary with byte fallback.
 *
 * Built from GGUF metadata or from a Hugging Face tokenizer.json. Which pieces are control tokens
 * and which are found in raw text is decided by their text and id (published files mark them
 * wrongly): MODEL.md, "Tokenizer". */
#ifndef ENGINE_TOKENIZER_H
#define ENGINE_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/facet.h"
#include "engine/gguf.h"

struct tokenizer;

/* From tokenizer.ggml.*, borrowed: g stays open as long. n_rows: rows of the embedding, pieces past
 * them are left out (0: none). */
struct tokenizer *tokenizer_from_gguf(const struct gguf *g, size_t n_rows, struct err *err);
/* From the bytes of a tokenizer.json; `name` for messages. */
struct tokenizer *tokenizer_from_json(const char *json, size_t n_bytes, size_t n_rows,
                                      const char *name, struct err *err);
void tokenizer_free(struct tokenizer *t);

size_t tokenizer_size(const struct tokenizer *t);
void tokenizer_get_special(const struct tokenizer *t, struct facet_special_ids *ids);

/* As facet_tokenize, facet_token_bytes, facet_token_is_control, facet_decoder_push and _flush. */
int32_t *tokenizer_encode(const struct tokenizer *t, const char *text, size_t n_bytes, bool special,
                          size_t *n_ids, struct err *err);
const char *tokenizer_bytes(const struct tokenizer *t, int32_t id, size_t *n_bytes);
/* The piece as the vocabulary spells it ("▁foo", "<0x0A>", "<bos>"), for listings. Borrowed. */
const char *tokenizer_piece(const struct tokenizer *t, int32_t id, size_t *n_bytes);
bool tokenizer_is_control(const struct tokenizer *t, int32_t id);
size_t tokenizer_push(const struct tokenizer *t, struct facet_decoder *d, int32_t id,
                      char out[FACET_DECODER_BYTES]);
size_t tokenizer_flush(struct facet_decoder *d, char out[FACET_DECODER_BYTES]);

#endif
