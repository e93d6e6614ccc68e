/* Words to be read: ordinary ones, some that sound like words, and some that do not. */
#ifndef TRAIN_WORDS_H
#define TRAIN_WORDS_H

#include "train/random.h"
#include "train/sample.h"

enum { WORD_BYTES = 12 };

/* A tenth of all words; whatever their case. */
bool word_held_out(const char *word);
/* 2 to 8 letters of this split, in lower case. */
void word_any(struct random *r, enum sample_split split, char word[WORD_BYTES]);
/* The same from the list alone. */
void word_ordinary(struct random *r, enum sample_split split, char word[WORD_BYTES]);
/* Puts it in lower case, UPPER CASE or Capitals. */
void word_case(struct random *r, char word[WORD_BYTES]);

#endif
