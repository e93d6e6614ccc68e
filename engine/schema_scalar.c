/* Numbers and strings. */
#include "engine/schema_part.h"

#include <math.h>
#include <string.h>

#include "engine/numeral.h"
#include "engine/pattern.h"

/* A whole number, not below 0. Beyond MAX_COUNT they are as good as that, which is the most that is
 * written. */
static bool get_count(struct compiler *c, size_t part, const json_t *schema, const char *name,
                      size_t *count)
{
    const json_t *v = json_object_get(schema, name);
    double number = json_number_value(v);
    if (!v)
        return true;
    if (!json_is_number(v) || number < 0 || number != floor(number))
        return schema_refuse(c, part, "%s is no number of things", name);
    *count = number < MAX_COUNT ? (size_t)number : MAX_COUNT;
    return true;
}

bool schema_counts(struct compiler *c, size_t part, const char *least_name, const char *most_name,
                   size_t *least, size_t *most)
{
    const json_t *schema = c->parts[part].schema;
    *least = 0;
    *most = SIZE_MAX;
    if (!get_count(c, part, schema, least_name, least) ||
        !get_count(c, part, schema, most_name, most))
        return false;
    if (*least == MAX_COUNT)
        return schema_refuse(c, part, "%s is too large", least_name);
    return *least <= *most || schema_refuse(c, part, "%s is above %s", least_name, most_name);
}

static const char *const bounds[] = {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"};

/* Decimals that say all bounds, as exactly as a double does; those of integers need none. */
static unsigned decimals_of(struct compiler *c, size_t part, bool integer)
{
    unsigned decimals = 0;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        const json_t *v = json_object_get(c->parts[part].schema, bounds[i]);
        double number = json_number_value(v);
        if (v && !json_is_number(v))
            schema_refuse(c, part, "%s is no number", bounds[i]);
        unsigned n = 0;
        while (!integer && fabs(number - round(number)) > 1e-15 * fabs(number) &&
               n++ < NUMERAL_MAX_DECIMALS)
            number *= 10;
        if (n > NUMERAL_MAX_DECIMALS)
            schema_refuse(c, part, "%s has more than %d decimals", bounds[i], NUMERAL_MAX_DECIMALS);
        decimals = n > decimals ? n : decimals;
    }
    return decimals;
}

/* Of the numbers, or with sign -1 of those with their sign turned: the least one, and whether that
 * is left out. Of integers a bound between two is moved to the next. */
static void get_least(struct compiler *c, size_t part, const char *const names[2], int sign,
                      double units, int64_t *least, bool *open)
{
    *least = -NUMERAL_LAST;
    *open = false;
    for (int exclusive = 0; exclusive < 2; exclusive++) {
        const json_t *v = json_object_get(c->parts[part].schema, names[exclusive]);
        double bound = units * sign * json_number_value(v);
        double next = units > 1 ? round(bound) : ceil(bound);
        bool excludes = exclusive && (units > 1 || bound == next);
        if (next > (double)NUMERAL_LAST)
            schema_refuse(c, part, "%s is beyond the numbers that are written", names[exclusive]);
        else if (v && (next > (double)*least || (next == (double)*least && excludes))) {
            *least = (int64_t)next;
            *open = excludes;
        }
    }
}

/* False if there are no bounds. */
static bool get_range(struct compiler *c, size_t part, bool integer, struct numeral_range *r)
{
    bool any = false;
    r->decimals = decimals_of(c, part, integer);
    get_least(c, part, bounds, 1, pow(10, r->decimals), &r->low, &r->low_open);
    get_least(c, part, bounds + 2, -1, pow(10, r->decimals), &r->high, &r->high_open);
    r->high = -r->high;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        any = any || json_object_get(c->parts[part].schema, bounds[i]);
    return any;
}

uint32_t schema_number(struct compiler *c, size_t part, bool integer)
{
    struct numeral_range r;
    bool bounded = get_range(c, part, integer, &r);
    uint32_t state = integer   ? numeral_integer(c->g, &r, GRAMMAR_END)
                     : bounded ? numeral_fraction(c->g, &r, GRAMMAR_END)
                               : numeral_any(c->g, GRAMMAR_END);
    if (state == GRAMMAR_NEVER && !c->g->full)
        schema_refuse(c, part, "no number lies between its bounds");
    return state;
}

#define YEAR "[12]\\d{3}"
#define DATE                                                                                       \
    "(" YEAR "-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|"          \
    "02-(0[1-9]|1\\d|2[0-8]))|([12]\\d(0[48]|[2468][048]|[13579][26])|1[26]00|2[048]00)-02-29)"
#define TIME "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)"
#define WORD "[A-Za-z0-9]+"

static const struct {
    const char *name, *pattern;
} formats[] = {
    {"date", "^" DATE "$"},
    {"time", "^" TIME "$"},
    {"date-time", "^" DATE "T" TIME "$"},
    {"uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
    {"email", "^" WORD "([._+-]" WORD ")*@" WORD "(-" WORD ")*(\\." WORD "(-" WORD ")*)+$"},
};

static const char *pattern_of(struct compiler *c, size_t part)
{
    const json_t *schema = c->parts[part].schema, *pattern = json_object_get(schema, "pattern"),
                 *format = json_object_get(schema, "format");
    if (pattern && !json_is_string(pattern))
        schema_refuse(c, part, "pattern is no string");
    if (pattern && format)
        schema_refuse(c, part, "format beside pattern is not supported");
    if (!format)
        return json_string_value(pattern);
    for (size_t i = 0; json_is_string(format) && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(json_string_value(format), formats[i].name) == 0)
            return formats[i].pattern;
    schema_refuse(c, part, "format \"%.60s\" is not supported",
                  json_is_string(format) ? json_string_value(format) : "?");
    return NULL;
}

/* From `least` to `most` characters. */
uint32_t schema_characters(struct compiler *c, size_t least, size_t most, uint32_t next)
{
    uint32_t state = next;
    if (most == SIZE_MAX) {
        uint32_t loop = grammar_loop(c->g);
        state = grammar_close(c->g, loop, grammar_call(c->g, CHARACTER, loop), next);
        most = least;
    }
    for (size_t i = most; i > 0; i--) {
        state = grammar_call(c->g, CHARACTER, state);
        if (i > least)
            state = grammar_either(c->g, state, next);
    }
    return state;
}

uint32_t schema_string(struct compiler *c, size_t part)
{
    size_t least, most;
    uint32_t end = schema_text(c, "\"", GRAMMAR_END), state = GRAMMAR_NEVER;
    const char *pattern = pattern_of(c, part);
    struct err why;
    if (!schema_counts(c, part, "minLength", "maxLength", &least, &most))
        return GRAMMAR_NEVER;
    if (pattern && (least > 0 || most < SIZE_MAX))
        schema_refuse(c, part,
                      "minLength and maxLength beside pattern or format are not supported");
    else if (pattern && !pattern_write(c->g, pattern, end, &state, &why))
        schema_refuse(c, part, "pattern: %s", why.text);
    else if (!pattern)
        state = schema_characters(c, least, most, end);
    return schema_text(c, "\"", state);
}
