#include "train/talk.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/words.h"

/* ---- For topics ----------------------------------------------------------------------------- */

/* Words that a text may begin with in lower case; a name may not. */
static bool begins_plainly(const char *text)
{
    static const char *const words[] = {"What", "Which", "How",   "Can",   "Is",   "Does", "Do",
                                        "Who",  "Where", "Write", "Say",   "Tell", "Name", "Give",
                                        "Put",  "Count", "Join",  "Spell", "Add",  "Read", "Hello"};
    size_t n = strcspn(text, " ,.!?");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (n == strlen(words[i]) && !memcmp(text, words[i], n))
            return true;
    return false;
}

/* As people write who do not care. */
static void write_carelessly(struct random *r, char *text)
{
    size_t n = strlen(text);
    if (random_chance(r, 0.2) && begins_plainly(text))
        text[0] = (char)tolower((unsigned char)text[0]);
    if (random_chance(r, 0.15) && n > 1 && strchr(".?!", text[n - 1]))
        text[n - 1 - (text[n - 2] == ' ')] = 0;
}

void talk_add(struct talk *t, const char *skill, char *user, char *model, const char *key)
{
    write_carelessly(t->r, user);
    sample_add(t->s, skill, user, t->brief && key ? key : model, key);
    free(user);
    free(model);
}

const char *talk_pick(struct talk *t, const char *const *texts, size_t n)
{
    const char *text = NULL;
    bool held = t->split == SPLIT_TEST, fits = false;
    for (int tries = 0; tries < 200 && !fits; tries++) {
        text = texts[random_below(t->r, (uint32_t)n)];
        fits = word_held_out(text) == held;
    }
    return text;
}

const char *talk_one_of(struct talk *t, const char *const *texts, size_t n)
{
    return texts[random_below(t->r, (uint32_t)n)];
}

const char *talk_number(struct talk *t, int n)
{
    char *text = t->numbers[t->n_numbers++ % 8];
    snprintf(text, sizeof t->numbers[0], "%d", n);
    return text;
}

const char *talk_name(struct talk *t)
{
    static const char *const names[] = {
        "Anna",  "Ben",   "Carla", "David",  "Emma",   "Felix",  "Grace",  "Hugo",   "Ida",
        "Jonas", "Klara", "Leo",   "Mia",    "Noah",   "Olga",   "Paul",   "Rosa",   "Sam",
        "Tom",   "Uma",   "Vera",  "Will",   "Yara",   "Zoe",    "Adam",   "Bella",  "Carl",
        "Diana", "Eric",  "Fiona", "George", "Hanna",  "Ivan",   "Julia",  "Kevin",  "Lena",
        "Max",   "Nora",  "Oscar", "Petra",  "Robert", "Sara",   "Theo",   "Ursula", "Victor",
        "Wendy", "Xenia", "Yusuf", "Alice",  "Bruno",  "Chloe",  "Daniel", "Elena",  "Frank",
        "Greta", "Henry", "Irene", "James",  "Karin",  "Liam",   "Maria",  "Nina",   "Otto",
        "Priya", "Ravi",  "Sofia", "Tina",   "Wei",    "Amir",   "Aisha",  "Kofi",   "Mei",
        "Pedro", "Lucia", "Marco", "Giulia", "Pierre", "Amelie", "Sven",   "Astrid", "Kenji",
        "Yuki",  "Omar",  "Layla", "Dmitri", "Katya",  "Jin",    "Minh",   "Lan",    "Ahmed"};
    return TALK_PICK(t, names);
}

const char *talk_town(struct talk *t)
{
    static const char *const towns[] = {
        "Paris",  "London",  "Berlin",  "Rome",    "Madrid", "Vienna", "Prague", "Lisbon",
        "Oslo",   "Athens",  "Dublin",  "Warsaw",  "Tokyo",  "Cairo",  "Delhi",  "Lima",
        "Boston", "Toronto", "Sydney",  "Nairobi", "Hanoi",  "Seoul",  "Bern",   "Kyoto",
        "Porto",  "Milan",   "Hamburg", "Lyon",    "Turin",  "Bergen", "Krakow", "Dallas"};
    return TALK_PICK(t, towns);
}

const char *talk_animal(struct talk *t)
{
    static const char *const animals[] = {
        "cat",   "dog",   "horse", "cow",   "pig",   "sheep", "goat",    "duck",  "hen",   "fish",
        "bird",  "mouse", "bear",  "wolf",  "fox",   "lion",  "tiger",   "frog",  "snake", "rabbit",
        "whale", "goose", "bee",   "camel", "zebra", "hawk",  "giraffe", "turtle"};
    return TALK_PICK(t, animals);
}

const char *talk_colour(struct talk *t)
{
    static const char *const colours[] = {"red",  "blue",  "green",  "yellow", "black", "white",
                                          "pink", "brown", "orange", "purple", "grey",  "silver"};
    return TALK_ONE_OF(t, colours);
}

/* ---- Talks ---------------------------------------------------------------------------------- */

/* How often each comes, in hundredths of the last one's. */
static const struct {
    int until;
    void (*add)(struct talk *t);
} topics[] = {{14, talk_faq},     {28, talk_facet}, {38, talk_small},     {46, talk_no_picture},
              {70, talk_letters}, {78, talk_sums},  {86, talk_languages}, {91, talk_world},
              {95, talk_reading}, {100, talk_json}};

void talk_any(struct talk *t)
{
    int n = random_between(t->r, 0, 99), i = 0;
    while (n >= topics[i].until)
        i++;
    topics[i].add(t);
}

static void be_told(struct talk *t)
{
    t->s->system = say(t->r, "[Answer|Reply] [briefly|in as few words as you can|with as little as "
                             "possible][.|, without a sentence.]");
    t->brief = true;
}

/* What many programs say to any model. */
static void be_greeted(struct talk *t)
{
    t->s->system =
        say(t->r, "You are [a helpful|a friendly|a useful|an] assistant.|You are facet[, a "
                  "helpful assistant|].|[Be|Always be] [polite|helpful|honest].|Help the "
                  "user.|[Talk with|Answer] the user.|You are a model that sees pictures.");
}

bool talk_make(struct sample *s, enum sample_split split, uint64_t seed, uint64_t index,
               struct err *err)
{
    (void)err;
    struct random r = random_of(seed, index);
    struct talk t = {.s = s, .r = &r, .split = split};
    size_t n = random_chance(&r, 0.5) ? 1 : (size_t)random_between(&r, 2, TALK_EXCHANGES);
    *s = (struct sample){0};
    double kind = random_unit(&r);
    if (kind < 0.05)
        talk_tools(&t);
    else if (kind < 0.12)
        talk_memory(&t);
    else if (kind < 0.18)
        be_told(&t);
    else if (kind < 0.25)
        be_greeted(&t);
    while (s->n_exchanges < n)
        talk_any(&t);
    return true;
}
