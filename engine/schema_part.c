#include "engine/schema_part.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATH_BYTES = 300 };

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

bool schema_refuse(struct compiler *c, size_t part, const char *format, ...)
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

uint32_t schema_rule(struct compiler *c, struct part part)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->parts[i].schema == part.schema)
            return (uint32_t)i;
    if (c->n == c->cap) {
        struct part *more = c->n < MAX_PARTS ? realloc(c->parts, 2 * c->cap * sizeof *more) : NULL;
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

uint32_t schema_rule_below(struct compiler *c, size_t above, const char *keyword, size_t index,
                           const json_t *schema)
{
    return schema_rule(
        c, (struct part){
               .schema = schema, .above = (uint32_t)above, .keyword = keyword, .index = index});
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

const json_t *schema_find(const struct compiler *c, const char *pointer)
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

/* ---- Types ---- */

static const char *const type_names[] = {"null",   "boolean", "integer", "number",
                                         "string", "array",   "object"};

unsigned schema_type_of(const json_t *v)
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

static unsigned type_named(const json_t *name)
{
    for (size_t i = 0; json_is_string(name) && i < sizeof type_names / sizeof *type_names; i++)
        if (strcmp(json_string_value(name), type_names[i]) == 0)
            return 1u << i;
    return 0;
}

unsigned schema_types_named(const json_t *type)
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

/* ---- Texts ---- */

uint32_t schema_space(struct compiler *c, uint32_t next)
{
    return grammar_either(c->g, grammar_byte(c->g, ' ', ' ', next), next);
}

uint32_t schema_text(struct compiler *c, const char *bytes, uint32_t next)
{
    return grammar_text(c->g, bytes, strlen(bytes), next);
}
