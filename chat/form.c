#include "chat/form.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/facet.h"

static const size_t MAX_FILE_BYTES = 1 << 20;

/* Of a schema that can be followed. */
static char *one_line(const char *schema)
{
    json_t *json = json_loads(schema, JSON_DECODE_ANY, NULL);
    char *line = json_is_object(json) ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15))
                                      : mem_copy("{}"); /* true */
    json_decref(json);
    return line;
}

static char *take_schema(const char *schema, struct err *err)
{
    return facet_schema_check(schema, err ? err->text : NULL) ? one_line(schema) : NULL;
}

static char *read_file(const char *path, struct err *err)
{
    size_t n;
    char *text = file_read(path, MAX_FILE_BYTES, &n, err), *line = NULL;
    if (!text)
        return NULL;
    if (memchr(text, 0, n))
        err_set(err, "%s: is not text", path);
    else if (!(line = take_schema(text, err)))
        err_prefix(err, "%s", path);
    free(text);
    return line;
}

/* ---- Members by name ---- */

static json_t *member_type(const char *word)
{
    static const char *const words[][2] = {
        {"int", "integer"}, {"float", "number"}, {"bool", "boolean"}, {"text", "string"}};
    if (strcmp(word, "list") == 0)
        return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i][0]) == 0)
            return json_pack("{s:s}", "type", words[i][1]);
    return NULL;
}

/* " name type ": the next word, and *text behind it. free() it. */
static char *take_word(const char **text)
{
    while (isspace((unsigned char)**text))
        ++*text;
    const char *start = *text;
    while (**text && **text != ',' && !isspace((unsigned char)**text))
        ++*text;
    return mem_text(start, (size_t)(*text - start));
}

/* Up to the comma behind it, or the end. */
static bool take_member(const char **text, json_t *properties, json_t *required, struct err *err)
{
    char *name = take_word(text), *word = take_word(text), *more = take_word(text);
    json_t *type = member_type(*word ? word : "text");
    bool ok = true;
    if (!*name)
        ok = err_set(err, "a name is missing");
    else if (!type || *more)
        ok = err_set(err, "\"%s\" is none of int, float, bool, list, text", *more ? more : word);
    else if (json_object_get(properties, name))
        ok = err_set(err, "\"%s\" is there twice", name);
    else if (json_object_set(properties, name, type) != 0 ||
             json_array_append_new(required, json_string(name)) != 0)
        ok = err_set(err, "a name is not UTF-8");
    json_decref(type);
    free(name);
    free(word);
    free(more);
    return ok;
}

static char *read_members(const char *text, struct err *err)
{
    json_t *properties = json_object(), *required = json_array();
    json_t *schema = json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties,
                               "required", required);
    bool ok = take_member(&text, properties, required, err);
    while (ok && *text++ == ',')
        ok = take_member(&text, properties, required, err);
    char *line = ok ? json_dumps(schema, JSON_COMPACT) : NULL;
    json_decref(schema);
    return line;
}

/* ---- All of it ---- */

char *form_read(const char *value, struct err *err)
{
    if (*value == '{')
        return take_schema(value, err);
    if (file_exists(value))
        return read_file(value, err);
    char *line = strpbrk(value, ", ") ? read_members(value, err) : NULL;
    if (!line && !strpbrk(value, ", "))
        err_set(err, "%s: no such file", value);
    else if (!line)
        err_prefix(err, "\"%s\" is no file and no list of members", value);
    return line;
}

void form_tell(struct str *system, const char *schema)
{
    str_printf(system, "%sAnswer with JSON alone, on one line, that follows this JSON Schema: %s",
               system->len ? "\n\n" : "", schema);
}
