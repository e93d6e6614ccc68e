/* What tells a model from others. */
#ifndef CHAT_MODEL_DIGEST_H
#define CHAT_MODEL_DIGEST_H

#include "base/err.h"
#include "base/file.h"

/* A digest of the sizes, first 8 MiB and last 1 MiB of the model's files (weights, or those of a
 * Hugging Face folder, and the projector, named or found beside them): metadata, vocabulary, shapes
 * and some weights, without reading gigabytes. The name and the time of a file do not count, so a
 * copy is the same model. mmproj may be NULL. */
bool model_digest(char digest[SHA256_HEX_BYTES], const char *path, const char *mmproj,
                  struct err *err);

#endif
