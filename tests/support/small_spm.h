/* A SentencePiece model of a few pieces, as spm_train would write it. */
#ifndef TESTS_SUPPORT_SMALL_SPM_H
#define TESTS_SUPPORT_SMALL_SPM_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* The control tokens of Gemma's format but `missing` (NULL: all) with the ids 0 to 8, a newline,
 * two spaces, the bytes, and pieces that spell "the cat". str_done() it. */
struct str small_spm(const char *missing);
/* A GGUF file of that vocabulary and nothing else. */
bool small_words(const char *path, struct err *err);

#endif
