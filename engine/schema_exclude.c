/* Schemas of a oneOf: whether two can match one value. */
#include "engine/schema_part.h"

#include <string.h>

enum {
    MAX_DEPTH = 16,      /* of references and of members; deeper nobody looks, */
    MAX_COMPARED = 1000, /* nor at more pairs of schemas */
};

struct search {
    const struct compiler *compiler;
    size_t n_compared;
};

/* The schema that a reference, or a list of one, stands for. */
static const json_t *meant(const struct compiler *c, const json_t *schema)
{
    for (size_t i = 0; i < MAX_DEPTH; i++) {
        const char *pointer = json_string_value(json_object_get(schema, "$ref"));
        const json_t *all = json_object_get(schema, "allOf");
        if (pointer)
            schema = schema_find(c, pointer);
        else if (json_array_size(all) == 1)
            schema = json_array_get(all, 0);
        else
            break;
    }
    return schema;
}

static const json_t *choices(const json_t *schema)
{
    const json_t *any = json_object_get(schema, "anyOf");
    return any ? any : json_object_get(schema, "oneOf");
}

/* The i-th of the values that a schema lists; NULL behind the last one, or if it lists none. */
static const json_t *given(const json_t *schema, size_t i)
{
    const json_t *one = json_object_get(schema, "const");
    return one ? i == 0 ? one : NULL : json_array_get(json_object_get(schema, "enum"), i);
}

static unsigned types_allowed(const json_t *schema)
{
    unsigned types = 0;
    const json_t *value;
    for (size_t i = 0; (value = given(schema, i)); i++)
        types |= schema_type_of(value);
    if (!types)
        types = schema_types_named(json_object_get(schema, "type"));
    if (types & TYPE_NUMBER)
        types |= TYPE_INTEGER;
    return types ? types : ALL_TYPES;
}

/* Where "type" is missing, objects alone are written if it speaks of members. */
static unsigned types_written(const json_t *schema)
{
    unsigned types = types_allowed(schema);
    bool members = json_object_get(schema, "properties") && !json_object_get(schema, "items");
    return types == ALL_TYPES && members ? TYPE_OBJECT : types;
}

static bool is_same(const json_t *a, const json_t *b)
{
    return json_is_number(a) && json_is_number(b) ? json_number_value(a) == json_number_value(b)
                                                  : json_equal(a, b);
}

static bool values_differ(const json_t *a, const json_t *b)
{
    const json_t *x, *y;
    for (size_t i = 0; (x = given(a, i)); i++)
        for (size_t k = 0; (y = given(b, k)); k++)
            if (is_same(x, y))
                return false;
    return given(a, 0) && given(b, 0);
}

static bool requires(const json_t *schema, const char *name)
{
    const json_t *list = json_object_get(schema, "required");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one && strcmp(one, name) == 0)
            return true;
    }
    return false;
}

static const json_t *member(const json_t *schema, const char *name)
{
    return json_object_get(json_object_get(schema, "properties"), name);
}

static bool never_writes(const json_t *schema, const char *name)
{
    const json_t *others = json_object_get(schema, "additionalProperties");
    return json_object_get(schema, "properties") && (!others || json_is_false(others)) &&
           !member(schema, name) && !requires(schema, name);
}

static bool excludes(struct search *s, const json_t *a, const json_t *b, size_t depth);

/* A member that b requires and a does not write, or that a always writes and b does not know, or
 * that cannot be the same in both. */
static bool members_exclude(struct search *s, const json_t *a, const json_t *b, const json_t *names,
                            size_t depth)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (!name)
            continue;
        const json_t *in_a = member(a, name), *in_b = member(b, name);
        if ((requires(b, name) && never_writes(a, name)) ||
            (requires(a, name) && !in_b &&
             json_is_false(json_object_get(b, "additionalProperties"))) ||
            (in_a && in_b && excludes(s, in_a, in_b, depth)))
            return true;
    }
    return false;
}

static bool choices_exclude(struct search *s, const json_t *list, bool of_a, const json_t *other,
                            size_t depth)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (!(of_a ? excludes(s, one, other, depth) : excludes(s, other, one, depth)))
            return false;
    }
    return true;
}

static bool excludes(struct search *s, const json_t *a, const json_t *b, size_t depth)
{
    a = meant(s->compiler, a);
    b = meant(s->compiler, b);
    if (depth-- == 0 || s->n_compared++ > MAX_COMPARED)
        return false;
    if (choices(a))
        return choices_exclude(s, choices(a), true, b, depth);
    if (choices(b))
        return choices_exclude(s, choices(b), false, a, depth);
    if (!(types_written(a) & types_allowed(b)) || values_differ(a, b))
        return true;
    return types_written(a) == TYPE_OBJECT &&
           (members_exclude(s, a, b, json_object_get(a, "required"), depth) ||
            members_exclude(s, a, b, json_object_get(b, "required"), depth));
}

bool schema_excludes(const struct compiler *c, const json_t *a, const json_t *b)
{
    struct search s = {.compiler = c};
    return excludes(&s, a, b, MAX_DEPTH);
}
