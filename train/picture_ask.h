/* Questions and answers from patterns, so that one thought is put in many ways.
 *
 * A pattern is text with alternatives, "[What|Which] colour is the $1[ here|]?"; they may nest, and
 * a '|' outside of brackets parts whole sentences. $1 to $9 are the arguments, taken as they are.
 * '~' becomes "a" or "an" by the letter that follows; '^' makes the next letter a capital. */
#ifndef TRAIN_PICTURE_ASK_H
#define TRAIN_PICTURE_ASK_H

#include "base/str.h"
#include "train/random.h"
#include "train/sample.h"

enum { ASK_ARGUMENTS = 9 };

struct question {
    const char *skill;
    const char *ask;   /* pattern of the question */
    const char *full;  /* pattern of the answer in a sentence */
    const char *brief; /* pattern of the shortest answer; NULL: the sentence, always */
    const char
        *hint; /* pattern that begs for the short one; NULL: "Answer in one word." and so on */
    const char *key;
    const char *arg[ASK_ARGUMENTS];
};

/* Patterns that many have in common. */
#define ASK_HERE   "[| here| in the picture| in this picture| in the image]"
#define ASK_COLOUR "[colour|color]"
/* Hints. */
#define ASK_YES_OR_NO "Yes or no?|Answer yes or no.|[Just|Only] yes or no.|Say yes or no."
#define ASK_NUMBER                                                                                 \
    "[Just|Only] the number[, please|].|[Answer|Reply] with a number.|One number[, please|]."
#define ASK_WORD                                                                                   \
    "[Just|Only] the word[, please|].|Answer in one word.|One word[, please|].|Nothing but the "   \
    "word."

void pattern_put(struct str *out, struct random *r, const char *pattern,
                 const char *const arg[ASK_ARGUMENTS]);
/* Adds an exchange; the answer is as long as the question asks for, and short where the sample has
 * instructions: picture_make's call for that. False if it was asked in the
 * very same words before: it is not asked again. */
bool picture_ask(struct sample *s, struct random *r, const struct question *q);

#endif
