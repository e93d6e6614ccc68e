/* Inside schema.c and its like: the parts of a schema on their way to rules of a grammar. */
#ifndef ENGINE_SCHEMA_PART_H
#define ENGINE_SCHEMA_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "engine/grammar.h"

enum {
    MAX_PARTS = 10000,
    MAX_COUNT = 1 << 16, /* of characters or items that are counted */
    CHARACTER = 1,       /* the rule of one character in a string */
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
    IS_NUMBER = TYPE_INTEGER | TYPE_NUMBER,
};

/* A part of the schema, which is a rule of the grammar, and where it stands: at `pointer`, as a
 * $ref says it, or below another part. */
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

/* Says what is wrong with a part, and where that is; false. The first one counts. */
bool schema_refuse(struct compiler *c, size_t part, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The rule of a part; the same one wherever the same JSON is meant, so that a schema may refer to
 * itself. */
uint32_t schema_rule(struct compiler *c, struct part part);
uint32_t schema_rule_below(struct compiler *c, size_t above, const char *keyword, size_t index,
                           const json_t *schema);
/* What a $ref means, "#/$defs/receipt"; NULL if there is no such thing. */
const json_t *schema_find(const struct compiler *c, const char *pointer);

/* Types of a value, of which an integer has two, or named by a part; 0 if "type" is at fault, or
 * not there. */
unsigned schema_type_of(const json_t *value);
unsigned schema_types_named(const json_t *type);

/* All that follow make states that go on with `next` (grammar.h), or end a rule. A text as it is,
 * perhaps a space, the name of a member with its colon, a value that is given, so many characters
 * of a string: */
uint32_t schema_text(struct compiler *c, const char *bytes, uint32_t next);
uint32_t schema_space(struct compiler *c, uint32_t next);
uint32_t schema_key(struct compiler *c, const char *name, uint32_t next);
uint32_t schema_value(struct compiler *c, const json_t *given, uint32_t next);
uint32_t schema_characters(struct compiler *c, size_t least, size_t most, uint32_t next);

/* Two counts of a part; most is SIZE_MAX where nothing is said. Beyond MAX_COUNT they are as good
 * as that. */
bool schema_counts(struct compiler *c, size_t part, const char *least_name, const char *most_name,
                   size_t *least, size_t *most);

/* Whole parts. */
uint32_t schema_given(struct compiler *c, size_t part, unsigned types); /* enum, const */
uint32_t schema_number(struct compiler *c, size_t part, bool integer);
uint32_t schema_string(struct compiler *c, size_t part);
uint32_t schema_array(struct compiler *c, size_t part);
uint32_t schema_object(struct compiler *c, size_t part);

/* Whether no text that is written for schema a is allowed by b; false also where that is not seen.
 */
bool schema_excludes(const struct compiler *c, const json_t *a, const json_t *b);

#endif
