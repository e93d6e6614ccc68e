/* Arrays and objects. */
#include "engine/schema_part.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "engine/charset.h"

enum { MAX_NAME_BYTES = 250 }; /* of a member, where others are told from it */

/* ---- Arrays ---- */

struct array {
    const json_t *prefix, *items;
    size_t least, most;
};

static uint32_t item(struct compiler *c, size_t part, const struct array *a, size_t i,
                     uint32_t next)
{
    uint32_t rule = i < json_array_size(a->prefix)
                        ? schema_rule_below(c, part, "prefixItems", i, json_array_get(a->prefix, i))
                        : schema_rule_below(c, part, "items", SIZE_MAX, a->items);
    return grammar_call(c->g, rule, next);
}

/* What may follow the i-th item and those behind it, if any more may come for ever. */
static uint32_t more_items(struct compiler *c, size_t part, const struct array *a, size_t i,
                           uint32_t end)
{
    uint32_t loop = grammar_loop(c->g);
    return grammar_close(c->g, loop,
                         schema_text(c, ",", schema_space(c, item(c, part, a, i, loop))), end);
}

static uint32_t array_items(struct compiler *c, size_t part, const struct array *a)
{
    uint32_t end = schema_text(c, "]", GRAMMAR_END), state = end;
    size_t counted = a->most, n_prefix = json_array_size(a->prefix);
    if (a->most == SIZE_MAX) {
        counted = a->least > n_prefix ? a->least : n_prefix;
        counted = counted > 0 ? counted : 1;
        state = more_items(c, part, a, counted, end);
    }
    for (size_t i = counted; i-- > 0;) {
        state = item(c, part, a, i, state);
        if (i > 0)
            state = schema_text(c, ",", schema_space(c, state));
        if (i >= a->least)
            state = grammar_either(c->g, state, end);
    }
    return schema_text(c, "[", state);
}

uint32_t schema_array(struct compiler *c, size_t part)
{
    const json_t *schema = c->parts[part].schema;
    struct array a = {json_object_get(schema, "prefixItems"), json_object_get(schema, "items"), 0,
                      0};
    if (!schema_counts(c, part, "minItems", "maxItems", &a.least, &a.most))
        return GRAMMAR_NEVER;
    if (a.prefix && !json_is_array(a.prefix))
        schema_refuse(c, part, "prefixItems is no list");
    if (!a.items)
        a.items = json_true();
    if (json_is_false(a.items) && a.most > json_array_size(a.prefix))
        a.most = json_array_size(a.prefix);
    if (a.least > a.most)
        schema_refuse(c, part, "minItems asks for more than there may be");
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
    return ok || schema_refuse(c, part, "required is no list of names");
}

static uint32_t member_rule(struct compiler *c, size_t part, const char *name, const json_t *schema)
{
    return schema_rule(
        c, (struct part){
               .schema = schema, .above = (uint32_t)part, .keyword = "properties", .name = name});
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
    c->failed = c->failed || !o->members;
    if (c->failed)
        return false;
    json_object_foreach((json_t *)properties, name, schema) {
        o->members[o->n++] = (struct member){name, member_rule(c, part, name, schema),
                                             is_required(c->parts[part].schema, name)};
    }
    for (size_t i = 0; i < json_array_size(required); i++) {
        name = json_string_value(json_array_get(required, i));
        if (has_member(o, name))
            continue;
        if (json_is_false(json_object_get(c->parts[part].schema, "additionalProperties")))
            return schema_refuse(c, part, "\"%.60s\" is required, but may not be there", name);
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
                          charset_write(&others, c->g, schema_characters(c, 0, SIZE_MAX, end)));
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
    uint32_t colon = schema_text(c, "\":", schema_space(c, grammar_call(c->g, o->other, next)));
    uint32_t state = schema_text(c, "\"", other_name(c, names, o->n, colon));
    free(names);
    return state;
}

/* From the last member to the first: `rest` follows another one, `first` the bracket. */
static uint32_t object_members(struct compiler *c, const struct object *o)
{
    uint32_t end = schema_text(c, "}", GRAMMAR_END), rest = end, first = end;
    if (o->open) {
        rest = grammar_loop(c->g);
        first = other_member(c, o, rest);
        grammar_close(c->g, rest, schema_text(c, ",", schema_space(c, first)), end);
        first = grammar_either(c->g, first, end);
    }
    for (size_t i = o->n; i-- > 0;) {
        const struct member *m = &o->members[i];
        uint32_t here = schema_key(c, m->name, grammar_call(c->g, m->rule, rest));
        uint32_t behind = schema_text(c, ",", schema_space(c, here));
        first = m->required ? here : grammar_either(c->g, here, first);
        rest = m->required ? behind : grammar_either(c->g, behind, rest);
    }
    return schema_text(c, "{", first);
}

static bool check_names(struct compiler *c, size_t part, const struct object *o)
{
    for (size_t i = 0; o->open && i < o->n; i++)
        if (strlen(o->members[i].name) > MAX_NAME_BYTES)
            return schema_refuse(c, part,
                                 "where others may be, no name may be longer than %d bytes",
                                 MAX_NAME_BYTES);
    return true;
}

uint32_t schema_object(struct compiler *c, size_t part)
{
    const json_t *schema = c->parts[part].schema,
                 *properties = json_object_get(schema, "properties"),
                 *required = json_object_get(schema, "required"),
                 *others = json_object_get(schema, "additionalProperties");
    struct object o = {.open = others ? !json_is_false(others) : !properties};
    uint32_t state = GRAMMAR_NEVER;
    o.other = schema_rule_below(c, part, "additionalProperties", SIZE_MAX,
                                others && o.open ? others : json_true());
    if (properties && !json_is_object(properties))
        schema_refuse(c, part, "properties is no object");
    if (!c->failed && check_required(c, part, required) &&
        get_members(c, part, properties, required, &o) && check_names(c, part, &o))
        state = object_members(c, &o);
    free(o.members);
    return state;
}
