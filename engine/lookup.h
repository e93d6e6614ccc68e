/* Prompt look-up: the tokens before the end stood somewhere before; what followed there may follow
 * here (Saxena 2023, "Prompt Lookup Decoding"). Whether that comes true is learned as tokens come,
 * also while nobody acts on it: a guess costs nothing but looking. */
#ifndef ENGINE_LOOKUP_H
#define ENGINE_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

/* Guesses by the number of tokens that are the same before both places: 2, 3, 4 to 7, 8 and more.
 */
enum { LOOKUP_CLASSES = 4 };

struct lookup {
    size_t at;     /* the position that is guessed */
    size_t source; /* like the one here; 0: there is none */
    size_t same;   /* tokens before both that are the same; counted up to some limit */
    float right[LOOKUP_CLASSES]; /* share of the guesses that came true */
};

void lookup_init(struct lookup *l);
/* ids[n − 1] came after those before it. */
void lookup_learn(struct lookup *l, const int32_t *ids, size_t n);
/* Guesses what follows ids[0..n): writes up to `most` ids behind them, and the chance of each if
 * those before it are right. Returns how many, 0 or most. */
size_t lookup_guess(struct lookup *l, int32_t *ids, size_t n, size_t most, float *chances);

/* Moves a share that was measured before towards what came now. */
float lookup_share(float share, int right);

#endif
