/* Values that are given: names of members, enum, const. */
#include "engine/schema_part.h"

#include <stdlib.h>

#include "base/mem.h"

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
    uint32_t state = short_form ? schema_text(c, short_form, next) : GRAMMAR_NEVER;
    free(short_form);
    return state;
}

uint32_t schema_key(struct compiler *c, const char *name, uint32_t next)
{
    json_t *string = json_string(name);
    uint32_t state = scalar(c, string, schema_text(c, ":", schema_space(c, next)));
    json_decref(string);
    return state;
}

static uint32_t list_value(struct compiler *c, const json_t *given, uint32_t next)
{
    uint32_t state = schema_text(c, "]", next);
    for (size_t i = json_array_size(given); i-- > 0;) {
        state = schema_value(c, json_array_get(given, i), state);
        if (i > 0)
            state = schema_text(c, ",", schema_space(c, state));
    }
    return schema_text(c, "[", state);
}

static uint32_t object_value(struct compiler *c, json_t *given, uint32_t next)
{
    size_t n = 0;
    void **members = mem_try(json_object_size(given), sizeof *members, "schema", c->err);
    uint32_t state = schema_text(c, "}", next);
    c->failed = c->failed || !members;
    for (void *i = members ? json_object_iter(given) : NULL; i; i = json_object_iter_next(given, i))
        members[n++] = i;
    while (n-- > 0) {
        state = schema_value(c, json_object_iter_value(members[n]), state);
        state = schema_key(c, json_object_iter_key(members[n]), state);
        if (n > 0)
            state = schema_text(c, ",", schema_space(c, state));
    }
    free(members);
    return schema_text(c, "{", state);
}

uint32_t schema_value(struct compiler *c, const json_t *given, uint32_t next)
{
    if (json_is_array(given))
        return list_value(c, given, next);
    if (json_is_object(given))
        return object_value(c, (json_t *)given, next);
    return scalar(c, given, next);
}

uint32_t schema_given(struct compiler *c, size_t part, unsigned types)
{
    const json_t *schema = c->parts[part].schema;
    const json_t *list = json_object_get(schema, "enum"), *one = json_object_get(schema, "const");
    uint32_t all = GRAMMAR_NEVER;
    if (list && one)
        schema_refuse(c, part, "const beside enum is not supported");
    else if (one)
        all = schema_type_of(one) & types ? schema_value(c, one, GRAMMAR_END) : GRAMMAR_NEVER;
    else if (!json_is_array(list))
        schema_refuse(c, part, "enum is no list");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (schema_type_of(json_array_get(list, i)) & types)
            all = grammar_either(c->g, all, schema_value(c, json_array_get(list, i), GRAMMAR_END));
    if (all == GRAMMAR_NEVER)
        schema_refuse(c, part, "no value is left to choose");
    return all;
}
