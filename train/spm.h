/* The model files of SentencePiece: the pieces that spm_train found, in the order of their ids. */
#ifndef TRAIN_SPM_H
#define TRAIN_SPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* SentencePiece's own numbers, which are GGUF's too. */
enum spm_type { SPM_NORMAL = 1, SPM_UNKNOWN, SPM_CONTROL, SPM_USER_DEFINED, SPM_UNUSED, SPM_BYTE };

struct spm_piece {
    char *text; /* owned; spaces are U+2581 */
    float score;
    int32_t type;
};

struct spm {
    struct spm_piece *pieces; /* owned */
    size_t n;
};

bool spm_read(struct spm *s, const char *path, struct err *err);
/* The same of a file's bytes; `name` for messages. */
bool spm_parse(struct spm *s, const void *bytes, size_t n, const char *name, struct err *err);
void spm_done(struct spm *s);

#endif
