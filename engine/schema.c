#include "engine/schema.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "engine/charset.h"
#include "engine/numeral.h"
#include "engine/pattern.h"

enum {
    MAX_COUNT = 1 << 16, /* of characters or items that are counted */
    MAX_PATH_BYTES = 300,
    MAX_NAME_BYTES = 250, /* of a member, where others are told from it */
    CHARACTER = 1, /* the rule of one character in a string */
};

enum {
    TYPE_NULL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_INTEGER = 4,
    TYPE_NUMBER = 8,
    TYPE_STRING = 16,
    TYPE_ARRAY = 32,
    TYPE_OBJECT = 64,
    ALL_TYPES = 127,
};

static const char *const type_names[] = {"null",   "boolean", "integer", "number",
                                         "string", "array",   "object"};

/* What a keyword says something about: types, or none of them. */
enum {
    SAYS_NOTHING = 0,
    SAYS_TYPE = 128,
    SAYS_VALUE = 256, /* all there is to say, but for the type */
    SAYS_ALL = 512,   /* nothing else goes beside it */
    IS_NUMBER = TYPE_INTEGER | TYPE_NUMBER,
};

static const struct keyword {
    const char *name;
    unsigned says;
} keywords[] = {
    {"title", SAYS_NOTHING},
    {"description", SAYS_NOTHING},
    {"default", SAYS_NOTHING},
    {"examples", SAYS_NOTHING},
    {"deprecated", SAYS_NOTHING},
    {"readOnly", SAYS_NOTHING},
    {"writeOnly", SAYS_NOTHING},
    {"$schema", SAYS_NOTHING},
    {"$id", SAYS_NOTHING},
    {"$comment", SAYS_NOTHING},
    {"$defs", SAYS_NOTHING},
    {"definitions", SAYS_NOTHING},
    {"type", SAYS_TYPE},
    {"enum", SAYS_VALUE},
    {"const", SAYS_VALUE},
    {"anyOf", SAYS_ALL},
    {"oneOf", SAYS_ALL},
    {"allOf", SAYS_ALL},
    {"$ref", SAYS_ALL},
    {"properties", TYPE_OBJECT},
    {"required", TYPE_OBJECT},
    {"additionalProperties", TYPE_OBJECT},
    {"items", TYPE_ARRAY},
    {"prefixItems", TYPE_ARRAY},
    {"minItems", TYPE_ARRAY},
    {"maxItems", TYPE_ARRAY},
    {"minLength", TYPE_STRING},
    {"maxLength", TYPE_STRING},
    {"pattern", TYPE_STRING},
    {"format", TYPE_STRING},
    {"minimum", IS_NUMBER},
    {"maximum", IS_NUMBER},
    {"exclusiveMinimum", IS_NUMBER},
    {"exclusiveMaximum", IS_NUMBER},
};

/* A part of the schema, which is a rule of the grammar, and where it stands: at `pointer`, as a $ref says it, or
 * below another part. */
struct part {
    const json_t *schema;
    const char *pointer;
    uint32_t above;
    const char *keyword, *name; /* of "/properties/total", both; name NULL: see index */
    size_t index;               /* SIZE_MAX: none */
};

struct compiler {
    struct grammar *g;
    const json_t *root;
    struct part *parts; /* by the number of their rules */
    size_t n, cap;
    bool failed;
    struct err *err;
};

/* ---- Errors ---- */

static size_t put_path(const struct compiler *c, size_t part, char *path, size_t used)
{
    const struct part *p = &c->parts[part];
    char step[128];
    if (p->pointer) {
        snprintf(step, sizeof step, "%s", p->pointer);
    } else {
        used = put_path(c, p->above, path, used);
        if (p->name)
            snprintf(step, sizeof step, "/%s/%s", p->keyword, p->name);
        else if (p->index != SIZE_MAX)
            snprintf(step, sizeof step, "/%s/%zu", p->keyword, p->index);
        else
            snprintf(step, sizeof step, "/%s", p->keyword);
    }
    size_t n = strlen(step);
    if (used + n < MAX_PATH_BYTES) {
        memcpy(path + used, step, n + 1);
        used += n;
    }
    return used;
}

/* The first one counts. */
static bool refuse(struct compiler *c, size_t part, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool refuse(struct compiler *c, size_t part, const char *format, ...)
{
    char path[MAX_PATH_BYTES] = "", why[ERR_TEXT_BYTES - MAX_PATH_BYTES];
    va_list args;
    if (c->failed)
        return false;
    put_path(c, part, path, 0);
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    c->failed = true;
    return err_set(c->err, "%s: %s", path, why);
}

/* ---- Parts ---- */

/* Its rule; the same one wherever it is meant, so that a schema may refer to itself. */
static uint32_t rule_of(struct compiler *c, struct part part)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->parts[i].schema == part.schema)
            return (uint32_t)i;
    if (c->n == c->cap) {
        struct part *more = realloc(c->parts, 2 * c->cap * sizeof *more);
        if (!more) {
            c->g->full = true;
            return 0;
        }
        c->parts = more;
        c->cap *= 2;
    }
    c->parts[c->n++] = part;
    return grammar_rule(c->g);
}

static uint32_t rule_below(struct compiler *c, size_t above, const char *keyword, size_t index,
                           const json_t *schema)
{
    return rule_of(c, (struct part){.schema = schema,
                                    .above = (uint32_t)above,
                                    .keyword = keyword,
                                    .index = index});
}

static uint32_t space(struct compiler *c, uint32_t next)
{
    return grammar_either(c->g, grammar_byte(c->g, ' ', ' ', next), next);
}

static uint32_t text(struct compiler *c, const char *bytes, uint32_t next)
{
    return grammar_text(c->g, bytes, strlen(bytes), next);
}

/* ---- Values that are given ---- */

static uint32_t value(struct compiler *c, const json_t *given, uint32_t next);

/* As few digits as say it. */
static uint32_t scalar(struct compiler *c, const json_t *given, uint32_t next)
{
    char *short_form = json_dumps(given, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    json_t *again = short_form ? json_loads(short_form, JSON_DECODE_ANY, NULL) : NULL;
    if (!json_equal(given, again)) {
        free(short_form);
        short_form = json_dumps(given, JSON_ENCODE_ANY);
    }
    json_decref(again);
    uint32_t state = short_form ? text(c, short_form, next) : GRAMMAR_NEVER;
    free(short_form);
    return state;
}

static uint32_t key(struct compiler *c, const char *name, uint32_t next)
{
    json_t *string = json_string(name);
    uint32_t state = scalar(c, string, text(c, ":", space(c, next)));
    json_decref(string);
    return state;
}

static uint32_t list_value(struct compiler *c, const json_t *given, uint32_t next)
{
    uint32_t state = text(c, "]", next);
    for (size_t i = json_array_size(given); i-- > 0;) {
        state = value(c, json_array_get(given, i), state);
        if (i > 0)
            state = text(c, ",", space(c, state));
    }
    return text(c, "[", state);
}

static uint32_t members_from(struct compiler *c, json_t *given, void *iter, bool first,
                             uint32_t next)
{
    if (!iter)
        return text(c, "}", next);
    uint32_t rest = members_from(c, given, json_object_iter_next(given, iter), false, next);
    uint32_t state =
        key(c, json_object_iter_key(iter), value(c, json_object_iter_value(iter), rest));
    return first ? state : text(c, ",", space(c, state));
}

static uint32_t value(struct compiler *c, const json_t *given, uint32_t next)
{
    if (json_is_array(given))
        return list_value(c, given, next);
    if (json_is_object(given))
        return text(c, "{",
                    members_from(c, (json_t *)given, json_object_iter((json_t *)given), true, next));
    return scalar(c, given, next);
}

static unsigned type_of(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return TYPE_OBJECT;
    case JSON_ARRAY:
        return TYPE_ARRAY;
    case JSON_STRING:
        return TYPE_STRING;
    case JSON_INTEGER:
        return IS_NUMBER;
    case JSON_REAL:
        return json_real_value(v) == floor(json_real_value(v)) ? IS_NUMBER : TYPE_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return TYPE_BOOLEAN;
    case JSON_NULL:
        break;
    }
    return TYPE_NULL;
}

static uint32_t given_values(struct compiler *c, size_t part, const json_t *schema, unsigned types)
{
    const json_t *list = json_object_get(schema, "enum"), *one = json_object_get(schema, "const");
    uint32_t all = GRAMMAR_NEVER;
    if (list && one)
        refuse(c, part, "const beside enum is not supported");
    else if (one)
        all = type_of(one) & types ? value(c, one, GRAMMAR_END) : GRAMMAR_NEVER;
    else if (!json_is_array(list))
        refuse(c, part, "enum is no list");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (type_of(json_array_get(list, i)) & types)
            all = grammar_either(c->g, all, value(c, json_array_get(list, i), GRAMMAR_END));
    if (all == GRAMMAR_NEVER)
        refuse(c, part, "no value is left to choose");
    return all;
}

/* ---- Numbers and strings ---- */

/* A whole number, not below 0. Beyond MAX_COUNT they are as good as that, which is the most that is written. */
static bool get_count(struct compiler *c, size_t part, const json_t *schema, const char *name,
                      size_t *count)
{
    const json_t *v = json_object_get(schema, name);
    double number = json_number_value(v);
    if (!v)
        return true;
    if (!json_is_number(v) || number < 0 || number != floor(number))
        return refuse(c, part, "%s is no number of things", name);
    *count = number < MAX_COUNT ? (size_t)number : MAX_COUNT;
    return true;
}

/* Both counts; most is SIZE_MAX where nothing is said. */
static bool get_counts(struct compiler *c, size_t part, const char *least_name,
                       const char *most_name, size_t *least, size_t *most)
{
    const json_t *schema = c->parts[part].schema;
    *least = 0;
    *most = SIZE_MAX;
    if (!get_count(c, part, schema, least_name, least) ||
        !get_count(c, part, schema, most_name, most))
        return false;
    if (*least == MAX_COUNT)
        return refuse(c, part, "%s is too large", least_name);
    return *least <= *most || refuse(c, part, "%s is above %s", least_name, most_name);
}

static bool get_bound(struct compiler *c, size_t part, const char *name, double *bound)
{
    const json_t *v = json_object_get(c->parts[part].schema, name);
    *bound = json_number_value(v);
    return v && (json_is_number(v) || refuse(c, part, "%s is no number", name));
}

/* Bounds of integers that are no integers are moved to the next that is; those of other numbers must be whole. */
static bool get_low(struct compiler *c, size_t part, bool integer, struct numeral_range *r)
{
    static const char *const names[] = {"minimum", "exclusiveMinimum"};
    bool any = false;
    for (size_t open = 0; open < 2; open++) {
        double bound;
        if (!get_bound(c, part, names[open], &bound))
            continue;
        any = true;
        if (!integer && bound != floor(bound))
            return refuse(c, part, "%s is supported of integers, or if it is one", names[open]);
        if (bound > (double)NUMERAL_LAST)
            return refuse(c, part, "%s is too large", names[open]);
        bool excluded = open && bound == ceil(bound);
        if (bound < (double)r->low || (bound == (double)r->low && !excluded))
            continue;
        r->low = (int64_t)ceil(bound);
        r->low_open = excluded;
    }
    return any;
}

/* The same with the sign turned. */
static bool get_high(struct compiler *c, size_t part, bool integer, struct numeral_range *r)
{
    static const char *const names[] = {"maximum", "exclusiveMaximum"};
    bool any = false;
    for (size_t open = 0; open < 2; open++) {
        double bound;
        if (!get_bound(c, part, names[open], &bound))
            continue;
        any = true;
        if (!integer && bound != floor(bound))
            return refuse(c, part, "%s is supported of integers, or if it is one", names[open]);
        if (bound < -(double)NUMERAL_LAST)
            return refuse(c, part, "%s is too small", names[open]);
        bool excluded = open && bound == floor(bound);
        if (bound > (double)r->high || (bound == (double)r->high && !excluded))
            continue;
        r->high = (int64_t)floor(bound);
        r->high_open = excluded;
    }
    return any;
}

static uint32_t number(struct compiler *c, size_t part, bool integer)
{
    struct numeral_range r = {.low = -NUMERAL_LAST, .high = NUMERAL_LAST};
    bool low = get_low(c, part, integer, &r), high = get_high(c, part, integer, &r);
    uint32_t state = integer       ? numeral_integer(c->g, &r, GRAMMAR_END)
                     : low || high ? numeral_fraction(c->g, &r, GRAMMAR_END)
                                   : numeral_any(c->g, GRAMMAR_END);
    if (state == GRAMMAR_NEVER && !c->g->full)
        refuse(c, part, "no number lies between its bounds");
    return state;
}

#define YEAR  "[12]\\d{3}"
#define DATE                                                                                       \
    "(" YEAR "-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|"          \
    "02-(0[1-9]|1\\d|2[0-8]))|([12]\\d(0[48]|[2468][048]|[13579][26])|1[26]00|2[048]00)-02-29)"
#define TIME                                                                                       \
    "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)"
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
        refuse(c, part, "pattern is no string");
    if (pattern && format)
        refuse(c, part, "format beside pattern is not supported");
    if (!format)
        return json_string_value(pattern);
    for (size_t i = 0; json_is_string(format) && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(json_string_value(format), formats[i].name) == 0)
            return formats[i].pattern;
    refuse(c, part, "format \"%.60s\" is not supported",
           json_is_string(format) ? json_string_value(format) : "?");
    return NULL;
}

/* From `least` to `most` characters. */
static uint32_t characters(struct compiler *c, size_t least, size_t most, uint32_t next)
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

static uint32_t string(struct compiler *c, size_t part)
{
    size_t least, most;
    uint32_t end = text(c, "\"", GRAMMAR_END), state = GRAMMAR_NEVER;
    const char *pattern = pattern_of(c, part);
    struct err why;
    if (!get_counts(c, part, "minLength", "maxLength", &least, &most))
        return GRAMMAR_NEVER;
    if (pattern && (least > 0 || most < SIZE_MAX))
        refuse(c, part, "minLength and maxLength beside pattern or format are not supported");
    else if (pattern && !pattern_write(c->g, pattern, end, &state, &why))
        refuse(c, part, "pattern: %s", why.text);
    else if (!pattern)
        state = characters(c, least, most, end);
    return text(c, "\"", state);
}

/* ---- Arrays ---- */

struct array {
    const json_t *prefix, *items;
    size_t least, most;
};

static uint32_t item(struct compiler *c, size_t part, const struct array *a, size_t i,
                     uint32_t next)
{
    uint32_t rule = i < json_array_size(a->prefix)
                        ? rule_below(c, part, "prefixItems", i, json_array_get(a->prefix, i))
                        : rule_below(c, part, "items", SIZE_MAX, a->items);
    return grammar_call(c->g, rule, next);
}

/* What may follow the i-th item and those behind it, if any more may come for ever. */
static uint32_t more_items(struct compiler *c, size_t part, const struct array *a, size_t i,
                           uint32_t end)
{
    uint32_t loop = grammar_loop(c->g);
    return grammar_close(c->g, loop, text(c, ",", space(c, item(c, part, a, i, loop))), end);
}

static uint32_t array_items(struct compiler *c, size_t part, const struct array *a)
{
    uint32_t end = text(c, "]", GRAMMAR_END), state = end;
    size_t counted = a->most, n_prefix = json_array_size(a->prefix);
    if (a->most == SIZE_MAX) {
        counted = a->least > n_prefix ? a->least : n_prefix;
        counted = counted > 0 ? counted : 1;
        state = more_items(c, part, a, counted, end);
    }
    for (size_t i = counted; i-- > 0;) {
        state = item(c, part, a, i, state);
        if (i > 0)
            state = text(c, ",", space(c, state));
        if (i >= a->least)
            state = grammar_either(c->g, state, end);
    }
    return text(c, "[", state);
}

static uint32_t array(struct compiler *c, size_t part)
{
    const json_t *schema = c->parts[part].schema;
    struct array a = {json_object_get(schema, "prefixItems"), json_object_get(schema, "items"), 0, 0};
    if (!get_counts(c, part, "minItems", "maxItems", &a.least, &a.most))
        return GRAMMAR_NEVER;
    if (a.prefix && !json_is_array(a.prefix))
        refuse(c, part, "prefixItems is no list");
    if (!a.items)
        a.items = json_true();
    if (json_is_false(a.items) && a.most > json_array_size(a.prefix))
        a.most = json_array_size(a.prefix);
    if (a.least > a.most)
        refuse(c, part, "minItems asks for more than there may be");
    return c->failed ? GRAMMAR_NEVER : array_items(c, part, &a);
}

/* ---- Objects ---- */

struct member {
    const char *name;
    uint32_t rule;
    bool required;
};

struct object {
    struct member *members;
    size_t n;
    bool open;      /* others may be there, */
    uint32_t other; /* by that rule */
};

static bool is_required(const json_t *schema, const char *name)
{
    const json_t *required = json_object_get(schema, "required");
    for (size_t i = 0; i < json_array_size(required); i++)
        if (strcmp(json_string_value(json_array_get(required, i)), name) == 0)
            return true;
    return false;
}

static bool check_required(struct compiler *c, size_t part, const json_t *required)
{
    bool ok = !required || json_is_array(required);
    for (size_t i = 0; ok && i < json_array_size(required); i++)
        ok = json_is_string(json_array_get(required, i));
    return ok || refuse(c, part, "required is no list of names");
}

static uint32_t member_rule(struct compiler *c, size_t part, const char *name,
                            const json_t *schema)
{
    return rule_of(c, (struct part){.schema = schema,
                                    .above = (uint32_t)part,
                                    .keyword = "properties",
                                    .name = name});
}

static bool has_member(const struct object *o, const char *name)
{
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->members[i].name, name) == 0)
            return true;
    return false;
}

/* Those of "properties", then what else is required. */
static bool get_members(struct compiler *c, size_t part, const json_t *properties,
                        const json_t *required, struct object *o)
{
    const char *name;
    json_t *schema;
    o->members = mem_try(json_object_size(properties) + json_array_size(required),
                         sizeof *o->members, "schema", c->err);
    if (!o->members)
        return c->failed = true, false;
    json_object_foreach((json_t *)properties, name, schema)
        o->members[o->n++] = (struct member){name, member_rule(c, part, name, schema),
                                             is_required(c->parts[part].schema, name)};
    for (size_t i = 0; i < json_array_size(required); i++) {
        name = json_string_value(json_array_get(required, i));
        if (has_member(o, name))
            continue;
        if (json_is_false(json_object_get(c->parts[part].schema, "additionalProperties")))
            return refuse(c, part, "\"%.60s\" is required, but may not be there", name);
        o->members[o->n++] = (struct member){name, o->other, true};
    }
    return true;
}

/* Names that are not one of names[n], which are what is left of them behind what was written. */
static uint32_t other_name(struct compiler *c, const char *const *names, size_t n, uint32_t end);

static uint32_t other_after(struct compiler *c, const char *const *names, size_t n, uint32_t first,
                            uint32_t end)
{
    const char **rest = mem_try(n, sizeof *rest, "schema", c->err);
    size_t n_rest = 0;
    if (!rest) {
        c->failed = true;
        return GRAMMAR_NEVER;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t character = 0;
        size_t n_bytes = *names[i] ? utf8_next(names[i], strlen(names[i]), &character, NULL) : 0;
        if (character == first)
            rest[n_rest++] = names[i] + n_bytes;
    }
    struct charset set = {.ranges = {{first, first}}, .n = 1};
    uint32_t state = charset_write(&set, c->g, other_name(c, rest, n_rest, end));
    free(rest);
    return state;
}

static uint32_t other_name(struct compiler *c, const char *const *names, size_t n, uint32_t end)
{
    struct charset others = charset_any;
    uint32_t state = end;
    for (size_t i = 0; i < n; i++)
        if (!*names[i])
            state = GRAMMAR_NEVER; /* here one of them would end */
    for (size_t i = 0; i < n; i++) {
        uint32_t first = 0;
        if (*names[i])
            utf8_next(names[i], strlen(names[i]), &first, NULL);
        if (first == 0 || !charset_has(&others, first))
            continue;
        charset_remove(&others, first);
        state = grammar_either(c->g, state, other_after(c, names, n, first, end));
    }
    c->g->full = c->g->full || others.full;
    return grammar_either(c->g, state,
                          charset_write(&others, c->g, characters(c, 0, SIZE_MAX, end)));
}

static uint32_t other_member(struct compiler *c, const struct object *o, uint32_t next)
{
    const char **names = mem_try(o->n, sizeof *names, "schema", c->err);
    if (!names) {
        c->failed = true;
        return GRAMMAR_NEVER;
    }
    for (size_t i = 0; i < o->n; i++)
        names[i] = o->members[i].name;
    uint32_t colon = text(c, "\":", space(c, grammar_call(c->g, o->other, next)));
    uint32_t state = text(c, "\"", other_name(c, names, o->n, colon));
    free(names);
    return state;
}

/* From the last member to the first: `rest` follows another one, `first` the bracket. */
static uint32_t object_members(struct compiler *c, const struct object *o)
{
    uint32_t end = text(c, "}", GRAMMAR_END), rest = end, first = end;
    if (o->open) {
        rest = grammar_loop(c->g);
        first = other_member(c, o, rest);
        grammar_close(c->g, rest, text(c, ",", space(c, first)), end);
        first = grammar_either(c->g, first, end);
    }
    for (size_t i = o->n; i-- > 0;) {
        const struct member *m = &o->members[i];
        uint32_t here = key(c, m->name, grammar_call(c->g, m->rule, rest));
        uint32_t behind = text(c, ",", space(c, here));
        first = m->required ? here : grammar_either(c->g, here, first);
        rest = m->required ? behind : grammar_either(c->g, behind, rest);
    }
    return text(c, "{", first);
}

static bool check_names(struct compiler *c, size_t part, const struct object *o)
{
    for (size_t i = 0; o->open && i < o->n; i++)
        if (strlen(o->members[i].name) > MAX_NAME_BYTES)
            return refuse(c, part, "where others may be, no name may be longer than %d bytes",
                          MAX_NAME_BYTES);
    return true;
}

static uint32_t object(struct compiler *c, size_t part)
{
    const json_t *schema = c->parts[part].schema,
                 *properties = json_object_get(schema, "properties"),
                 *required = json_object_get(schema, "required"),
                 *others = json_object_get(schema, "additionalProperties");
    struct object o = {.open = others ? !json_is_false(others) : !properties};
    uint32_t state = GRAMMAR_NEVER;
    o.other = rule_below(c, part, "additionalProperties", SIZE_MAX,
                         others && o.open ? others : json_true());
    if (properties && !json_is_object(properties))
        refuse(c, part, "properties is no object");
    if (!c->failed && check_required(c, part, required) &&
        get_members(c, part, properties, required, &o) && check_names(c, part, &o))
        state = object_members(c, &o);
    free(o.members);
    return state;
}

/* ---- Schemas ---- */

static uint32_t typed(struct compiler *c, size_t part, unsigned types)
{
    uint32_t all = GRAMMAR_NEVER;
    if (types & TYPE_NULL)
        all = text(c, "null", GRAMMAR_END);
    if (types & TYPE_BOOLEAN)
        all = grammar_either(c->g, all,
                             grammar_either(c->g, text(c, "true", GRAMMAR_END),
                                            text(c, "false", GRAMMAR_END)));
    if (types & IS_NUMBER)
        all = grammar_either(c->g, all, number(c, part, !(types & TYPE_NUMBER)));
    if (types & TYPE_STRING)
        all = grammar_either(c->g, all, string(c, part));
    if (types & TYPE_ARRAY)
        all = grammar_either(c->g, all, array(c, part));
    if (types & TYPE_OBJECT)
        all = grammar_either(c->g, all, object(c, part));
    return all;
}

static unsigned type_named(const json_t *name)
{
    for (size_t i = 0; json_is_string(name) && i < sizeof type_names / sizeof *type_names; i++)
        if (strcmp(json_string_value(name), type_names[i]) == 0)
            return 1u << i;
    return 0;
}

/* Of "type"; 0 if it is at fault, or not there. */
static unsigned types_named(const json_t *type)
{
    unsigned types = type_named(type);
    for (size_t i = 0; i < json_array_size(type); i++) {
        unsigned one = type_named(json_array_get(type, i));
        if (!one)
            return 0;
        types |= one;
    }
    return types;
}

static const struct keyword *keyword_named(const char *name)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keywords[i].name, name) == 0)
            return &keywords[i];
    return NULL;
}

/* The keyword that says all there is to say but for the type, perhaps; NULL if there is none. */
static const struct keyword *find_alone(const json_t *schema)
{
    const char *name;
    json_t *ignored;
    json_object_foreach((json_t *)schema, name, ignored)
    {
        const struct keyword *k = keyword_named(name);
        if (k && k->says & (SAYS_ALL | SAYS_VALUE))
            return k;
    }
    return NULL;
}

/* Where no type is named, those that keywords speak of; where none does, all. */
static bool get_types(struct compiler *c, size_t part, unsigned *types)
{
    const json_t *schema = c->parts[part].schema, *type = json_object_get(schema, "type");
    const char *name;
    json_t *ignored;
    unsigned spoken = 0;
    json_object_foreach((json_t *)schema, name, ignored)
    {
        const struct keyword *k = keyword_named(name);
        if (!k)
            return refuse(c, part, "%.60s is not supported", name);
        spoken |= k->says & ALL_TYPES;
    }
    *types = type ? types_named(type) : spoken ? spoken : ALL_TYPES;
    return *types || refuse(c, part, "type is none of null, boolean, integer, number, string, "
                                     "array, object, nor a list of them");
}

/* Every keyword must mean something here. */
static bool check_keywords(struct compiler *c, size_t part, const struct keyword *alone,
                           unsigned types)
{
    const char *name;
    json_t *ignored;
    json_object_foreach((json_t *)c->parts[part].schema, name, ignored)
    {
        const struct keyword *k = keyword_named(name);
        if (k == alone || k->says == SAYS_NOTHING)
            continue;
        if (alone && !(k->says == SAYS_TYPE && alone->says == SAYS_VALUE))
            return refuse(c, part, "%s beside %s is not supported", name, alone->name);
        if (k->says != SAYS_TYPE && !(k->says & types))
            return refuse(c, part, "%s does not go with its type", name);
    }
    return true;
}

/* One step of a pointer; the next one begins at *at. */
static const json_t *step_into(const json_t *in, const char **at)
{
    char name[MAX_PATH_BYTES];
    size_t n = 0;
    for (; **at && **at != '/' && n + 1 < sizeof name; (*at)++) {
        char c = **at;
        if (c == '~' && ((*at)[1] == '0' || (*at)[1] == '1'))
            c = *++*at == '0' ? '~' : '/';
        name[n++] = c;
    }
    name[n] = 0;
    if (json_is_array(in) && n > 0 && strspn(name, "0123456789") == n)
        return json_array_get(in, strtoul(name, NULL, 10));
    return json_object_get(in, name);
}

/* What "#/$defs/receipt" means; NULL if there is no such thing. */
static const json_t *find(const struct compiler *c, const char *pointer)
{
    const json_t *found = c->root;
    if (*pointer++ != '#')
        return NULL;
    while (found && *pointer == '/') {
        pointer++;
        found = step_into(found, &pointer);
    }
    return *pointer ? NULL : found;
}

static uint32_t reference(struct compiler *c, size_t part)
{
    const char *pointer = json_string_value(json_object_get(c->parts[part].schema, "$ref"));
    const json_t *schema = pointer ? find(c, pointer) : NULL;
    if (!schema) {
        refuse(c, part, "$ref %.100s is not in this schema", pointer ? pointer : "that is no text");
        return GRAMMAR_NEVER;
    }
    return grammar_call(c->g, rule_of(c, (struct part){.schema = schema, .pointer = pointer}),
                        GRAMMAR_END);
}

static uint32_t combination(struct compiler *c, size_t part, const char *keyword)
{
    const json_t *list = json_object_get(c->parts[part].schema, keyword);
    uint32_t all = GRAMMAR_NEVER;
    size_t n = json_array_size(list);
    if (n == 0)
        refuse(c, part, "%s is no list of schemas", keyword);
    if (n > 1 && strcmp(keyword, "allOf") == 0)
        refuse(c, part, "allOf of more than one is not supported");
    for (size_t i = 0; i < n; i++) {
        uint32_t rule = rule_below(c, part, keyword, i, json_array_get(list, i));
        all = grammar_either(c->g, all, grammar_call(c->g, rule, GRAMMAR_END));
    }
    return all;
}

static uint32_t schema(struct compiler *c, size_t part)
{
    const json_t *schema = c->parts[part].schema;
    const struct keyword *alone = find_alone(schema);
    unsigned types = 0;
    if (json_is_false(schema))
        return GRAMMAR_NEVER;
    if (!json_is_true(schema) && !json_is_object(schema))
        refuse(c, part, "is no schema: neither an object nor true or false");
    if (c->failed || !get_types(c, part, &types) || !check_keywords(c, part, alone, types))
        return GRAMMAR_NEVER;
    if (!alone)
        return typed(c, part, types);
    if (alone->says == SAYS_VALUE)
        return given_values(c, part, schema, types);
    return strcmp(alone->name, "$ref") == 0 ? reference(c, part)
                                            : combination(c, part, alone->name);
}

static uint32_t character(struct compiler *c)
{
    return charset_write(&charset_any, c->g, GRAMMAR_END);
}

/* Parts add others as they are compiled. */
static void compile_parts(struct compiler *c)
{
    rule_of(c, (struct part){.schema = c->root, .pointer = "#"});
    rule_of(c, (struct part){.schema = NULL, .pointer = "#"});
    for (size_t i = 0; i < c->n && !c->failed && !c->g->full; i++)
        grammar_define(c->g, (uint32_t)i, i == CHARACTER ? character(c) : schema(c, i));
}

static bool compile(struct compiler *c)
{
    size_t part;
    struct err why;
    c->parts = mem_try(c->cap, sizeof *c->parts, "schema", c->err);
    if (!c->parts)
        return false;
    compile_parts(c);
    if (c->failed)
        return false;
    if (!grammar_finish(c->g, &part, &why))
        return refuse(c, part == SIZE_MAX ? 0 : part, "%s", why.text);
    return !grammar_is_empty(c->g) || refuse(c, 0, "nothing can be as it says");
}

bool schema_compile(struct grammar *g, const char *text, struct err *err)
{
    json_error_t why;
    struct compiler c = {.g = g, .cap = 16, .err = err};
    json_t *root = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return err_set(err, "line %d: %s", why.line, why.text);
    c.root = root;
    bool ok = compile(&c);
    free(c.parts);
    json_decref(root);
    return ok;
}
