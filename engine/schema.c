#include "engine/schema.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "engine/charset.h"
#include "engine/schema_part.h"

/* What a keyword says something about: types, or none of them. */
enum {
    SAYS_NOTHING = 0,
    SAYS_TYPE = 128,
    SAYS_VALUE = 256, /* all there is to say, but for the type */
    SAYS_ALL = 512,   /* nothing else goes beside it */
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
    {"discriminator", SAYS_NOTHING}, /* what oneOf says anyway */
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

static uint32_t typed(struct compiler *c, size_t part, unsigned types)
{
    uint32_t all = GRAMMAR_NEVER;
    if (types & TYPE_NULL)
        all = schema_text(c, "null", GRAMMAR_END);
    if (types & TYPE_BOOLEAN)
        all = grammar_either(c->g, all,
                             grammar_either(c->g, schema_text(c, "true", GRAMMAR_END),
                                            schema_text(c, "false", GRAMMAR_END)));
    if (types & IS_NUMBER)
        all = grammar_either(c->g, all, schema_number(c, part, !(types & TYPE_NUMBER)));
    if (types & TYPE_STRING)
        all = grammar_either(c->g, all, schema_string(c, part));
    if (types & TYPE_ARRAY)
        all = grammar_either(c->g, all, schema_array(c, part));
    if (types & TYPE_OBJECT)
        all = grammar_either(c->g, all, schema_object(c, part));
    return all;
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
    json_object_foreach((json_t *)schema, name, ignored) {
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
    json_object_foreach((json_t *)schema, name, ignored) {
        const struct keyword *k = keyword_named(name);
        if (!k)
            return schema_refuse(c, part, "%.60s is not supported", name);
        spoken |= k->says & ALL_TYPES;
    }
    *types = type ? schema_types_named(type) : spoken ? spoken : ALL_TYPES;
    return *types || schema_refuse(c, part,
                                   "type is none of null, boolean, integer, number, string, "
                                   "array, object, nor a list of them");
}

/* Every keyword must mean something here. */
static bool check_keywords(struct compiler *c, size_t part, const struct keyword *alone,
                           unsigned types)
{
    const char *name;
    json_t *ignored;
    json_object_foreach((json_t *)c->parts[part].schema, name, ignored) {
        const struct keyword *k = keyword_named(name);
        if (k == alone || k->says == SAYS_NOTHING)
            continue;
        if (alone && !(k->says == SAYS_TYPE && alone->says == SAYS_VALUE))
            return schema_refuse(c, part, "%s beside %s is not supported", name, alone->name);
        if (k->says != SAYS_TYPE && !(k->says & types))
            return schema_refuse(c, part, "%s does not go with its type", name);
    }
    return true;
}

static uint32_t reference(struct compiler *c, size_t part)
{
    const char *pointer = json_string_value(json_object_get(c->parts[part].schema, "$ref"));
    const json_t *schema = pointer ? schema_find(c, pointer) : NULL;
    if (!schema) {
        schema_refuse(c, part, "$ref %.100s is not in this schema",
                      pointer ? pointer : "that is no text");
        return GRAMMAR_NEVER;
    }
    return grammar_call(c->g, schema_rule(c, (struct part){.schema = schema, .pointer = pointer}),
                        GRAMMAR_END);
}

/* What is written for one of them must not match another. */
static void check_exclusive(struct compiler *c, size_t part, const json_t *list)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n && !c->failed; i++)
        for (size_t k = 0; k < n && !c->failed; k++)
            if (i != k && !schema_excludes(c, json_array_get(list, i), json_array_get(list, k)))
                schema_refuse(c, part,
                              "oneOf: numbers %zu and %zu may match together; anyOf lets them",
                              i < k ? i : k, i < k ? k : i);
}

static uint32_t combination(struct compiler *c, size_t part, const char *keyword)
{
    const json_t *list = json_object_get(c->parts[part].schema, keyword);
    uint32_t all = GRAMMAR_NEVER;
    size_t n = json_array_size(list);
    if (n == 0)
        schema_refuse(c, part, "%s is no list of schemas", keyword);
    if (n > 1 && strcmp(keyword, "allOf") == 0)
        schema_refuse(c, part, "allOf of more than one is not supported");
    if (strcmp(keyword, "oneOf") == 0)
        check_exclusive(c, part, list);
    for (size_t i = 0; i < n; i++) {
        uint32_t rule = schema_rule_below(c, part, keyword, i, json_array_get(list, i));
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
        schema_refuse(c, part, "is no schema: neither an object nor true or false");
    if (c->failed || !get_types(c, part, &types) || !check_keywords(c, part, alone, types))
        return GRAMMAR_NEVER;
    if (!alone)
        return typed(c, part, types);
    if (alone->says == SAYS_VALUE)
        return schema_given(c, part, types);
    return strcmp(alone->name, "$ref") == 0 ? reference(c, part)
                                            : combination(c, part, alone->name);
}

static uint32_t schema_character(struct compiler *c)
{
    return charset_write(&charset_any, c->g, GRAMMAR_END);
}

/* Parts add others as they are compiled. */
static void compile_parts(struct compiler *c)
{
    schema_rule(c, (struct part){.schema = c->root, .pointer = "#"});
    schema_rule(c, (struct part){.schema = NULL, .pointer = "#"});
    for (size_t i = 0; i < c->n && !c->failed && !c->g->full; i++)
        grammar_define(c->g, (uint32_t)i, i == CHARACTER ? schema_character(c) : schema(c, i));
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
        return schema_refuse(c, part == SIZE_MAX ? 0 : part, "%s", why.text);
    return !grammar_is_empty(c->g) || schema_refuse(c, 0, "nothing can be as it says");
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
