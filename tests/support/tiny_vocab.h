/* A small vocabulary that is laid out as Gemma 3's: specials, newline and space runs, tags and
 * bytes have Gemma's ids (0 to 493), <start_of_image> is 500, <end_of_image> 501,
 * <image_soft_token> 502, all others are pieces of English words, best first, then single
 * characters. Each piece of a word is reached by merges, as the pieces of all its beginnings are
 * there. */
#ifndef TESTS_SUPPORT_TINY_VOCAB_H
#define TESTS_SUPPORT_TINY_VOCAB_H

#include "tools/gguf_write.h"

enum {
    TINY_BOS = 2,
    TINY_END_OF_TURN = 106,
    TINY_NEWLINE = 107,
    TINY_WORDS = 494, /* where pieces of words begin */
    TINY_START_OF_IMAGE = 500,
    TINY_END_OF_IMAGE,
    TINY_IMAGE_SOFT,
    TINY_LEAST_VOCAB = 640
};

/* Puts the tokenizer's keys for n pieces, at least TINY_LEAST_VOCAB. */
void tiny_vocab_put(struct gguf_writer *w, size_t n);

/* For each of n pieces, whether it is a whole word behind a space, or a mark that ends one; free()
 * it. */
bool *tiny_vocab_words(size_t n);

/* The vocabulary as the text of a Hugging Face tokenizer.json; free() it. */
char *tiny_vocab_json(size_t n);

#endif
