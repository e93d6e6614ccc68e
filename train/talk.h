/* Talks without a picture. A topic adds an exchange, or two that belong together, to a talk that
 * may have some. */
#ifndef TRAIN_TALK_H
#define TRAIN_TALK_H

#include "train/random.h"
#include "train/sample.h"
#include "train/say.h"

struct talk {
    struct sample *s;
    struct random *r;
    enum sample_split split;
    bool brief;          /* answers that have a key are that key */
    char numbers[8][12]; /* what talk_number gave */
    unsigned n_numbers;
};

enum { TALK_EXCHANGES = 4 }; /* the most of one talk */

/* Takes user and model. key: of an answer that can be right or wrong, else NULL; copied. The user's
 * text is written carelessly at times: only its first letter's case and its last mark change. */
void talk_add(struct talk *t, const char *skill, char *user, char *model, const char *key);

/* One of n texts that this split may have: those of test talks are in no other. */
const char *talk_pick(struct talk *t, const char *const *texts, size_t n);
#define TALK_PICK(t, texts) talk_pick(t, texts, sizeof(texts) / sizeof *(texts))
const char *talk_name(struct talk *t); /* of a person */
const char *talk_town(struct talk *t);
const char *talk_animal(struct talk *t);
const char *talk_colour(struct talk *t);
/* In digits; good until seven more were asked for. */
const char *talk_number(struct talk *t, int n);
/* One of a few texts, held back or not. */
const char *talk_one_of(struct talk *t, const char *const *texts, size_t n);
#define TALK_ONE_OF(t, texts) talk_one_of(t, texts, sizeof(texts) / sizeof *(texts))

/* Any topic that needs nothing said before. */
void talk_any(struct talk *t);

void talk_facet(struct talk *t); /* its keys, commands and options, as its tables have them */
void talk_faq(struct talk *t);   /* what is asked about facet */
void talk_small(struct talk *t); /* greetings, who it is, what it cannot do */
void talk_no_picture(struct talk *t);
void talk_letters(struct talk *t); /* spelling, copying */
void talk_sums(struct talk *t);
void talk_languages(struct talk *t);
void talk_world(struct talk *t);   /* what every child knows */
void talk_reading(struct talk *t); /* questions about a few sentences */
void talk_json(struct talk *t);
void talk_tools(struct talk *t);  /* functions to call; sets the system text, so it comes first */
void talk_memory(struct talk *t); /* what the user said before; goes on to the talk's end */

#endif
