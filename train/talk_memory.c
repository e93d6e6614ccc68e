/* What the user said, asked for later in the talk. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "train/talk.h"
#include "train/words.h"

static const char skill[] = "memory";

struct fact {
    const char *tell, *heard, *ask, *answer;
};

static const struct fact facts[] = {
    {"My name is $1.|I am $1.|I am called $1.|Hello, I am $1.|Hi, my name is $1[.|!]",
     "Hello, $1![ What can I do for you?|]",
     "What is my name?|Who am I?|Do you know my name?|What am I called?",
     "[Your name is|You are] $1."},
    {"I live in $2.|I am from $2.|My home is $2.", "$2: I will remember that.|I see: $2.",
     "Where do I live?|Where am I from?|Which town did I name?", "[You live in|In] $2."},
    {"My favourite colour is $3.|I like $3 best of all colours.",
     "$3: [noted|I will remember that].",
     "What is my favourite colour?|Which colour do I like[ best|]?",
     "[Your favourite colour is|It is] $3."},
    {"I have a $4.|My pet is a $4.", "A $4![ How nice.|]",
     "Which pet do I have?|What is my pet?|Which animal have I?", "[You have a|A] $4."},
    {"I am $5 years old.|My age is $5.", "$5 years: [noted|I will remember that].",
     "How old am I?|What is my age?", "[You are|] $5[ years old|]."},
    {"Remember the number $5.|The number is $5.|My number is $5.", "$5: I will remember that.",
     "Which number was it?|What was the number?|[Tell|Say] me the number.", "[It was|] $5."},
    {"Remember the word $6.|The password is $6.|The word is \"$6\".", "$6: I will remember that.",
     "Which word was it?|What was the word?|What is the password?|Say the word.", "[It was|] $6."},
};
enum { FACTS = sizeof facts / sizeof *facts };

static char *trimmed(char *text)
{
    char *copy = mem_copy(text + (*text == ' '));
    free(text);
    return copy;
}

void talk_memory(struct talk *t)
{
    uint32_t which = random_below(t->r, FACTS);
    const struct fact *f = &facts[which];
    char word[WORD_BYTES];
    word_any(t->r, t->split, word);
    const char *name = talk_name(t), *town = talk_town(t), *colour = talk_colour(t),
               *animal = talk_animal(t);
    char number[12];
    const char *const keys[FACTS] = {name, town, colour, animal, number, number, word};
    snprintf(number, sizeof number, "%d", random_between(t->r, 3, 99));
#define SAY(text) trimmed(say(t->r, text, name, town, colour, animal, number, word))
    talk_add(t, skill, SAY(f->tell), SAY(f->heard), NULL);
    for (int between = random_between(t->r, 0, TALK_EXCHANGES - 2); between > 0; between--)
        talk_any(t);
    talk_add(t, skill, SAY(f->ask), SAY(f->answer), keys[which]);
#undef SAY
}
