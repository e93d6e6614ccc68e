/* JSON, from what is said and for functions to be called. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "train/talk.h"
#include "train/words.h"

/* ---- From a sentence ------------------------------------------------------------------------ */

struct field {
    const char *name, *value;
    bool number;
};

/* {"name": "Anna", "age": 7}; free() it. */
static char *object_of(const struct field *fields, size_t n)
{
    struct str s = {0};
    for (size_t i = 0; i < n; i++) {
        const char *quote = fields[i].number ? "" : "\"";
        str_printf(&s, "%s\"%s\": %s%s%s", i ? ", " : "{", fields[i].name, quote, fields[i].value,
                   quote);
    }
    str_putc(&s, '}');
    return str_take(&s);
}

/* "name, age and town"; free() it. */
static char *names_of(const struct field *fields, size_t n)
{
    struct str s = {0};
    for (size_t i = 0; i < n; i++)
        str_printf(&s, "%s%s", !i ? "" : i + 1 < n ? ", " : " and ", fields[i].name);
    return str_take(&s);
}

static void add_object(struct talk *t, char *sentence, const struct field *fields, size_t n)
{
    char *names = names_of(fields, n), *object = object_of(fields, n);
    talk_add(t, "json",
             say(t->r,
                 "[Give|Write|Answer with|Return] $1 as JSON: $2|$2\n[Give|Return] $1 as JSON.|"
                 "[As JSON|In JSON], with the keys $1: $2|$2 JSON with $1, please.|"
                 "Make a JSON object with $1 of this: $2",
                 names, sentence),
             mem_copy(object), object);
    free(names);
    free(object);
    free(sentence);
}

static void person(struct talk *t)
{
    const struct field fields[] = {{"name", talk_name(t), false},
                                   {"age", talk_number(t, random_between(t->r, 2, 99)), true},
                                   {"town", talk_town(t), false}};
    size_t n = 1 + random_below(t->r, 3);
    const char *name = fields[0].value, *age = fields[1].value, *town = fields[2].value;
    char *sentence = n < 3 ? say(t->r, "$1 is $2[ years old|].", name, age)
                           : say(t->r,
                                 "$1 is $2[ years old|] and [lives in|is from] $3.|"
                                 "$1, $2, lives in $3.|$1 from $3 is $2[ years old|].",
                                 name, age, town);
    add_object(t, sentence, fields, n);
}

static void article(struct talk *t)
{
    char word[WORD_BYTES];
    word_any(t->r, t->split, word);
    const struct field fields[] = {{"item", word, false},
                                   {"price", talk_number(t, random_between(t->r, 2, 99)), true},
                                   {"colour", talk_colour(t), false}};
    size_t n = 2 + random_below(t->r, 2);
    char *sentence =
        n < 3 ? say(t->r, "The $1 costs $2 dollars.|$2 dollars for the $1.", word, fields[1].value)
              : say(t->r, "The $3 $1 costs $2 dollars.|The $1 is $3 and costs $2 dollars.", word,
                    fields[1].value, fields[2].value);
    add_object(t, sentence, fields, n);
}

static void list(struct talk *t)
{
    int n = random_between(t->r, 2, 5);
    struct str sentence = {0}, array = {0};
    for (int i = 0; i < n; i++) {
        const char *animal = talk_animal(t);
        str_printf(&sentence, "%s%s", !i ? "" : i + 1 < n ? ", " : " and ", animal);
        str_printf(&array, "%s\"%s\"", i ? ", " : "[", animal);
    }
    str_putc(&array, ']');
    char *words = str_take(&sentence), *answer = str_take(&array);
    talk_add(
        t, "json",
        say(t->r,
            "[Write|Give|Return] this as a JSON [array|list]: $1|$1 as a JSON list[.|, please.]|"
            "A JSON array of $1[.|, please.]",
            words),
        mem_copy(answer), answer);
    free(words);
    free(answer);
}

void talk_json(struct talk *t)
{
    static void (*const all[])(struct talk * t) = {person, person, article, list};
    all[random_below(t->r, sizeof all / sizeof *all)](t);
}

/* ---- Functions ------------------------------------------------------------------------------ */

/* $1: a town, $2: a name, $3: a number, $4: a word */
static const struct tool {
    const char *name, *parameter, *what;
    int value; /* which of them the parameter is */
    const char *asks;
    const char *result, *told; /* what it gives, and what is said of it */
} tools[] = {
    {"get_weather", "town", "tells the weather of a town", 1,
     "[What is|How is|Tell me] the weather in $1?|Is it cold in $1?|Will it rain in $1?",
     "$3 degrees, rain", "It is $3 degrees in $1, with rain."},
    {"get_time", "town", "tells the time in a town", 1,
     "What time is it in $1?|How late is it in $1?|[Tell me t|T]he time in $1[.|]", "$3:05",
     "It is $3:05 in $1."},
    {"set_timer", "minutes", "sets a timer", 3,
     "[Set|Start] a timer for $3 minutes.|[Wake|Call] me in $3 minutes.|Timer, $3 minutes.", "ok",
     "The timer is set to $3 minutes."},
    {"call_person", "name", "calls a person on the telephone", 2,
     "Call $2[, please|].|Ring $2 up.|I want to talk to $2.", "ok", "I am calling $2."},
    {"search", "word", "finds a word in the user's files", 4,
     "[Find|Search for] $4[ in my files|][.|]|Where do my files say $4?|Which files have the word "
     "$4?",
     "$3 files", "$4 is in $3 files."},
    {"turn_on", "device", "turns a device on", 4,
     "Turn [on the $4|the $4 on][, please|].|Switch the $4 on.", "ok", "The $4 is on."},
    {"add_note", "text", "keeps a note", 4,
     "[Note|Write down]: $4|Make a note: $4|Keep a note of $4.", "ok", "I noted it: $4."},
};
enum { TOOLS = sizeof tools / sizeof *tools, MOST_TOOLS = 3 };

/* The functions as a list of JSON objects, the wanted one among them. */
static void put_tools(struct talk *t, struct str *out, const struct tool *wanted)
{
    uint32_t n = 1 + random_below(t->r, MOST_TOOLS), place = random_below(t->r, n);
    uint32_t other = (uint32_t)(wanted - tools);
    str_putc(out, '[');
    for (uint32_t i = 0; i < n; i++) {
        const struct tool *tool = i == place ? wanted : &tools[++other % TOOLS];
        str_printf(out,
                   "%s{\"name\": \"%s\", \"description\": \"%s\", \"parameters\": {\"%s\": "
                   "{\"type\": \"%s\"}}}",
                   i ? ", " : "", tool->name, tool->what, tool->parameter,
                   tool->value == 3 ? "integer" : "string");
    }
    str_putc(out, ']');
}

static char *system_of(struct talk *t, const struct tool *wanted)
{
    struct str functions = {0};
    put_tools(t, &functions, wanted);
    char *listed = str_take(&functions);
    char *text = say(t->r,
                     "You may call functions. To call one, answer with JSON alone: {\"name\": "
                     "..., \"parameters\": {...}}.\n$1|"
                     "You have access to functions. If you decide to call one, answer as "
                     "{\"name\": function name, \"parameters\": {name: value}} and with nothing "
                     "else.\n$1",
                     listed);
    free(listed);
    return text;
}

void talk_tools(struct talk *t)
{
    const struct tool *tool = &tools[random_below(t->r, TOOLS)];
    char word[WORD_BYTES];
    word_ordinary(t->r, t->split, word);
    const char *values[] = {talk_town(t), talk_name(t), talk_number(t, random_between(t->r, 2, 23)),
                            word};
    struct field field = {tool->parameter, values[tool->value - 1], tool->value == 3};
    char *parameters = object_of(&field, 1);
    char *call = say(t->r, "{\"name\": \"$1\", \"parameters\": $2}", tool->name, parameters);
#define SAY(text) say(t->r, text, values[0], values[1], values[2], values[3])
    t->s->system = system_of(t, tool);
    talk_add(t, "tools", SAY(tool->asks), mem_copy(call), call);
    if (random_chance(t->r, 0.5)) {
        char *result = SAY(tool->result), *told = SAY(tool->told);
        talk_add(t, "tools", say(t->r, "\\[Tool result: $1\\]", result), mem_copy(told), told);
        free(result);
        free(told);
    }
#undef SAY
    free(parameters);
    free(call);
}
