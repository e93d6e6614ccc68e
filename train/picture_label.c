/* Labels and tickets: fields with a name and a value, one below another or side by side. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "train/picture.h"
#include "train/picture_ask.h"
#include "train/picture_paper.h"
#include "train/words.h"

enum { FIELDS = 6, VALUE_BYTES = 24 };

enum content { WORD, PERSON, WEIGHT, PRICE, DATE, TIME, CODE, SEAT, NUMBER };

static const struct kind {
    const char *title, *name;
    struct {
        const char *name;
        enum content content;
    } fields[8];
} kinds[] = {
    {"LABEL",
     "label",
     {{"Product", WORD},
      {"Weight", WEIGHT},
      {"Price", PRICE},
      {"Date", DATE},
      {"Code", CODE},
      {"Brand", WORD},
      {"Quantity", NUMBER},
      {"Colour", WORD}}},
    {"TICKET",
     "ticket",
     {{"Name", PERSON},
      {"From", WORD},
      {"To", WORD},
      {"Date", DATE},
      {"Time", TIME},
      {"Seat", SEAT},
      {"Price", PRICE},
      {"Coach", NUMBER}}},
    {"PARCEL",
     "parcel label",
     {{"To", PERSON},
      {"From", PERSON},
      {"Street", WORD},
      {"City", WORD},
      {"Weight", WEIGHT},
      {"Code", CODE},
      {"Number", NUMBER},
      {"Date", DATE}}},
    {"BADGE",
     "badge",
     {{"Name", PERSON},
      {"Team", WORD},
      {"Room", NUMBER},
      {"Number", CODE},
      {"Company", WORD},
      {"City", WORD},
      {"Table", NUMBER},
      {"Date", DATE}}},
};

struct label {
    struct paper paper;
    const struct kind *kind;
    int n;
    struct {
        const char *name;
        char value[VALUE_BYTES];
    } fields[FIELDS];
    const char *missing; /* a field it does not have */
};

static void any_word(struct random *r, enum sample_split split, char *out)
{
    char word[WORD_BYTES];
    do
        word_any(r, split, word);
    while (strlen(word) < 3);
    word[0] = (char)toupper((unsigned char)word[0]);
    strcpy(out, word);
}

static void fill(struct random *r, enum sample_split split, enum content content,
                 char value[VALUE_BYTES])
{
    static const char *const people[] = {
        "Anna", "Ben",   "Clara", "David", "Emma",  "Felix", "Greta", "Hugo",  "Ida",  "Jonas",
        "Kim",  "Laura", "Max",   "Nina",  "Oscar", "Paula", "Rosa",  "Simon", "Tina", "Victor"};
    int a = random_between(r, 1, 99), b = random_between(r, 0, 99);
    char letter = (char)('A' + random_below(r, 6));
    switch (content) {
    case WORD:
        any_word(r, split, value);
        break;
    case PERSON:
        strcpy(value, people[random_below(r, sizeof people / sizeof *people)]);
        strcat(value, " ");
        any_word(r, split, value + strlen(value));
        break;
    case WEIGHT:
        snprintf(value, VALUE_BYTES, "%d %s", a > 20 ? a * 10 : a, a > 20 ? "g" : "kg");
        break;
    case PRICE:
        snprintf(value, VALUE_BYTES, "%d.%02d", a, b);
        break;
    case DATE:
        paper_date(r, value);
        break;
    case TIME:
        snprintf(value, VALUE_BYTES, "%d:%02d", a % 24, b % 60);
        break;
    case CODE:
        snprintf(value, VALUE_BYTES, "%c%02d%c", letter, b, (char)('A' + a % 26));
        break;
    case SEAT:
        snprintf(value, VALUE_BYTES, "%d%c", a, letter);
        break;
    case NUMBER:
        snprintf(value, VALUE_BYTES, "%d", a);
        break;
    }
}

static void choose(struct label *l)
{
    struct random *r = l->paper.d.r;
    int order[8], back = 0;
    picture_shuffle(r, order, 8);
    for (int i = 0; i < 8; i++) /* the fields keep the order of the kind */
        order[i] = order[i] < l->n ? 1 : 0;
    for (int i = 0; i < 8; i++) {
        if (!order[i]) {
            l->missing = l->kind->fields[i].name;
            continue;
        }
        l->fields[back].name = l->kind->fields[i].name;
        fill(r, l->paper.d.split, l->kind->fields[i].content, l->fields[back++].value);
    }
}

static void write_tall(struct label *l)
{
    struct paper *p = &l->paper;
    double row = p->d.height / (l->n + 1.4), cap = p->n_crops ? 40 : 52, width = p->d.width;
    paper_line(p, width / 2, row * 0.8, cap * 1.3, width * 0.8, l->kind->title, PAPER_MIDDLE);
    paper_rule(p, width * 0.05, width * 0.95, row * 1.05);
    for (int i = 0; i < l->n; i++) {
        char name[32];
        double y = paper_clear(p, row * (i + 1.2), cap * 1.8);
        snprintf(name, sizeof name, "%s:", l->fields[i].name);
        paper_line(p, width * 0.06, y + cap * 1.3, cap, width * 0.34, name, PAPER_LEFT);
        paper_line(p, width * 0.43, y + cap * 1.3, cap, width * 0.53, l->fields[i].value,
                   PAPER_LEFT);
    }
}

/* Two rows, in as many columns as there are crops. */
static void write_wide(struct label *l)
{
    struct paper *p = &l->paper;
    int columns = (l->n + 1) / 2;
    double part = p->d.width / columns, high = p->d.height, cap = high * 0.075;
    for (int i = 0; i < l->n; i++) {
        double x = part * (i % columns) + part * 0.07, y = high * (i / columns ? 0.66 : 0.2);
        paper_line(p, x, y, cap * 0.9, part * 0.86, l->fields[i].name, PAPER_LEFT);
        paper_line(p, x, y + cap * 2.2, cap * 1.35, part * 0.86, l->fields[i].value, PAPER_LEFT);
    }
    paper_rule(p, p->d.width * 0.02, p->d.width * 0.98, high * 0.5);
}

static void ask(struct label *l, const struct question *q)
{
    picture_ask(l->paper.d.s, l->paper.d.r, q);
}

/* "From" and "To" are no nouns. */
static bool is_noun(const char *name)
{
    return strcmp(name, "From") && strcmp(name, "To");
}

static const char *field_question(const char *name)
{
    if (!is_noun(name))
        return "What does it say [for|under|at] \"$2\"?|[Tell me|Read] the field \"$2\".|What is "
               "written [for|at|under] \"$2\"?|Read what [stands at|belongs to] \"$2\".|$2?";
    return "What is the $3?|[What|Which] $3 is [given|written|shown]?|[Tell me|Read|Find] the "
           "$3.|What "
           "does it say [for|under] $3?|$2?|What is written [for|at|under] \"$2\"?|[What|Which] $3 "
           "do "
           "you read?|[Give me|I need] the $3.|What [stands at|belongs to] \"$2\"?";
}

static void in_small_letters(const char *name, char small[VALUE_BYTES])
{
    snprintf(small, VALUE_BYTES, "%s", name);
    small[0] = (char)tolower((unsigned char)small[0]);
}

static void ask_field(struct label *l, int i)
{
    char small[VALUE_BYTES];
    in_small_letters(l->fields[i].name, small);
    ask(l, &(struct question){
               .skill = "document",
               .ask = field_question(l->fields[i].name),
               .full = is_noun(l->fields[i].name) ? "The $3 is $1." : "$2: $1.",
               .brief = "$1",
               .hint = "[Just|Only] the value[, please|].|Short answer.|Be brief.",
               .key = l->fields[i].value,
               .arg = {l->fields[i].value, l->fields[i].name, small},
           });
}

static void ask_missing(struct label *l)
{
    char small[VALUE_BYTES];
    in_small_letters(l->missing, small);
    ask(l, &(struct question){
               .skill = "absent",
               .ask = field_question(l->missing),
               .full = "There is no field \"$2\".",
               .key = "no",
               .arg = {NULL, l->missing, small},
           });
}

static void ask_which(struct label *l, int i)
{
    ask(l, &(struct question){
               .skill = "document",
               .ask = "[What|Which] field has the value $1?|[What|Which] field says $1?|Where does "
                      "it say "
                      "$1?|"
                      "For [what|which] field is $1 the value?|$1: [what|which] field is that?",
               .full = "The field is $2.",
               .brief = "$2",
               .key = l->fields[i].name,
               .arg = {l->fields[i].value, l->fields[i].name},
           });
}

static void ask_json(struct label *l)
{
    struct str json = {0};
    for (int i = 0; i < l->n; i++)
        str_printf(&json, "%s\"%s\":\"%s\"", i ? "," : "{", l->fields[i].name, l->fields[i].value);
    str_putc(&json, '}');
    ask(l,
        &(struct question){
            .skill = "json",
            .ask =
                "[Give|Write] the fields [as|in] JSON[, please|].|All fields as "
                "JSON.|[Extract|Read] the "
                "fields. Answer in JSON.|Make JSON of [it|this].|What does it say? Answer in JSON.",
            .full = "$1",
            .key = l->fields[0].value,
            .arg = {str_text(&json)},
        });
    str_done(&json);
}

static bool value_is_alone(const struct label *l, int i)
{
    for (int k = 0; k < l->n; k++)
        if (k != i && !strcmp(l->fields[k].value, l->fields[i].value))
            return false;
    return true;
}

static void describe(struct label *l)
{
    struct str all = {0};
    str_printf(&all, "A %s: ", l->kind->name);
    for (int i = 0; i < l->n; i++)
        str_printf(&all, "%s%s %s",
                   i == 0         ? ""
                   : i + 1 < l->n ? ", "
                                  : " and ",
                   l->fields[i].name, l->fields[i].value);
    str_putc(&all, '.');
    picture_describe(&l->paper.d, str_text(&all), l->kind->name);
    str_done(&all);
}

static void ask_all(struct label *l)
{
    struct random *r = l->paper.d.r;
    int order[FIELDS];
    picture_shuffle(r, order, l->n);
    if (random_chance(r, 0.25))
        describe(l);
    for (int i = 0; i < 3; i++)
        ask_field(l, order[i]);
    if (random_chance(r, 0.4) && value_is_alone(l, order[0]))
        ask_which(l, order[0]);
    if (random_chance(r, 0.4))
        ask_missing(l);
    if (random_chance(r, 0.25))
        ask_json(l);
    else
        ask_field(l, order[l->n - 1]);
}

bool picture_label(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct label l = {.kind = &kinds[random_below(r, sizeof kinds / sizeof *kinds)]};
    bool crops = random_chance(r, 0.75), wide = crops && random_chance(r, 0.5);
    int height = wide    ? random_between(r, 620, 740)
                 : crops ? random_between(r, 1500, 1900)
                         : random_between(r, 800, 960);
    int width = wide    ? height * random_between(r, 310, 345) / 100
                : crops ? random_between(r, 620, 720)
                        : height * random_between(r, 95, 115) / 100;
    l.n = wide ? FIELDS : random_between(r, 4, crops ? FIELDS : 5);
    if (!paper_open(&l.paper, s, r, split, crops, width, height, err))
        return false;
    choose(&l);
    (wide ? write_wide : write_tall)(&l);
    ask_all(&l);
    return draw_close(&l.paper.d, err);
}
