/* Grammars from JSON Schemas: what they take, what they refuse, and whatever is drawn under one is
 * valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "engine/facet.h"
#include "engine/kernels/kernels.h"
#include "engine/matcher.h"
#include "engine/sampler.h"
#include "engine/schema.h"
#include "tests/support/scratch.h"
#include "tests/support/tiny.h"
#include "tests/support/tiny_vocab.h"

struct reader {
    struct grammar grammar;
    struct matcher *matcher;
};

static void reader_open(struct reader *r, const char *schema)
{
    struct err err = {""};
    assert_true(grammar_init(&r->grammar, &err));
    if (!schema_compile(&r->grammar, schema, &err))
        fail_msg("%s: %s", schema, err.text);
    r->matcher = matcher_new(&r->grammar, &err);
    assert_non_null(r->matcher);
}

static void reader_close(struct reader *r)
{
    matcher_free(r->matcher);
    grammar_done(&r->grammar);
}

enum verdict { REFUSED, BEGUN, COMPLETE };

static enum verdict read_text(struct reader *r, const char *text)
{
    uint32_t place = matcher_read(r->matcher, matcher_start(r->matcher), text, strlen(text));
    assert_false(matcher_failed(r->matcher, NULL));
    return !place ? REFUSED : matcher_may_end(r->matcher, place) ? COMPLETE : BEGUN;
}

/* ---- Single texts ---- */

static const struct {
    const char *schema, *takes[8], *refuses[8];
} cases[] = {
    {"{\"type\":\"null\"}", {"null"}, {"", "nul", "true", "nullx", " null"}},
    {"{\"type\":\"boolean\"}", {"true", "false"}, {"null", "True", "tru"}},
    {"{\"type\":[\"boolean\",\"null\"]}", {"true", "false", "null"}, {"0", "\"\""}},
    {"{\"type\":\"integer\"}",
     {"0", "7", "-7", "123456789012345", "-999999999999999"},
     {"-0", "00", "01", "1.0", "1e2", "+1", "1234567890123456"}},
    {"{\"type\":\"number\"}",
     {"0", "-0.5", "3.14", "1e9", "1.5E-30", "0.1234567890123456", "1e+07"},
     {".5", "1.", "1e", "1e100", "0x1", "0.12345678901234567", "--1"}},
    {"{\"type\":\"integer\",\"minimum\":3,\"maximum\":120}",
     {"3", "9", "10", "99", "100", "120"},
     {"2", "0", "-3", "121", "130", "1000", "03"}},
    {"{\"type\":\"integer\",\"minimum\":-12,\"exclusiveMaximum\":3}",
     {"-12", "-9", "-1", "0", "2"},
     {"-13", "-20", "3", "-100", "-0", "10"}},
    {"{\"type\":\"integer\",\"exclusiveMinimum\":0.5}", {"1", "2", "100"}, {"0", "-1"}},
    {"{\"type\":\"number\",\"minimum\":0,\"maximum\":1}",
     {"0", "0.5", "1", "1.0", "0.0", "0.999"},
     {"1.1", "2", "-0.5", "1.00000001", "-0", "1e0"}},
    {"{\"type\":\"number\",\"exclusiveMinimum\":-1,\"exclusiveMaximum\":10}",
     {"-0.99", "0", "9", "9.99", "-0.001"},
     {"-1", "-1.0", "10", "10.0", "-2", "-0"}},
    {"{\"type\":\"number\",\"exclusiveMinimum\":0}", {"0.1", "1", "0.00001"}, {"0", "0.0", "-1"}},
    {"{\"type\":\"string\"}",
     {"\"\"", "\"a b\"", "\"\\n\\t\\\"\\\\\"", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
     {"a", "\"\n\"", "\"\\u0041\"", "\"\xC3\"", "\"\x01\"", "\"\xED\xA0\x80\"", "\"\xC0\xAF\"",
      "\"\x7F\""}},
    {"{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}",
     {"\"ab\"", "\"abc\"", "\"\xF0\x9F\x98\x80\\n\""},
     {"\"a\"", "\"abcd\"", "\"\xF0\x9F\x98\x80\""}},
    {"{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}\\\\d+(-x|y)?$\"}",
     {"\"AB1\"", "\"AB123-x\"", "\"ZZ0y\""},
     {"\"A1\"", "\"AB\"", "\"AB1z\"", "\"xAB1\"", "\"AB1xy\""}},
    {"{\"type\":\"string\",\"pattern\":\"b+\"}",
     {"\"b\"", "\"abba\"",
      "\"\xC3\xA9"
      "b\""},
     {"\"a\"", "\"\""}},
    {"{\"type\":\"string\",\"pattern\":\"^a|b$\"}",
     {"\"a\"", "\"ax\"", "\"xb\""},
     {"\"x\"", "\"ba\""}},
    {"{\"type\":\"string\",\"pattern\":\"^[^a-c\\\\s]*$\"}",
     {"\"\"", "\"dx\xC3\xA9\"", "\"\\\"\\\\\""},
     {"\"a\"", "\" \"", "\"\\n\""}},
    {"{\"type\":\"string\",\"pattern\":\"^(?:ab?){0,2}.$\"}",
     {"\"x\"", "\"abax\"", "\"aaa\"", "\"ab\""},
     {"\"\"", "\"ababab\""}},
    {"{\"type\":\"string\",\"format\":\"date\"}",
     {"\"2024-02-29\"", "\"2000-02-29\"", "\"2023-12-31\"", "\"1999-04-30\""},
     {"\"2023-02-29\"", "\"1900-02-29\"", "\"2023-04-31\"", "\"2023-13-01\"", "\"2023-1-1\""}},
    {"{\"type\":\"string\",\"format\":\"date-time\"}",
     {"\"2024-02-29T23:59:59Z\"", "\"2024-01-01T00:00:00.25+02:00\""},
     {"\"2024-01-01 00:00:00Z\"", "\"2024-01-01T24:00:00Z\"", "\"2024-01-01T00:00:00\""}},
    {"{\"type\":\"string\",\"format\":\"uuid\"}",
     {"\"123e4567-e89b-12d3-a456-426614174000\""},
     {"\"123e4567e89b12d3a456426614174000\""}},
    {"{\"format\":\"email\"}", {"\"a.b@c-d.org\""}, {"\"a@b\"", "\".a@b.c\"", "\"a b@c.d\""}},
    {"{\"enum\":[\"a\\u0001b\",1,null,{\"k\":[1,2.5]},0.1]}",
     {"\"a\\u0001b\"", "1", "null", "{\"k\":[1,2.5]}", "{\"k\": [1, 2.5]}", "0.1"},
     {"2", "\"ab\"", "{\"k\":[1,2.5 ]}", "{}"}},
    {"{\"enum\":[\"a\",1,null],\"type\":[\"string\",\"null\"]}", {"\"a\"", "null"}, {"1"}},
    {"{\"const\":{\"a\":true,\"b\":\"c\"}}", {"{\"a\":true,\"b\":\"c\"}"}, {"{\"a\":true}"}},
    {"{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}",
     {"[]", "[1]", "[1, 2,3]"},
     {"[1,]", "[ 1]", "[1  ,2]", "[1,  2]", "[1 ]", "[,1]", "1"}},
    {"{\"items\":{\"const\":1},\"minItems\":2,\"maxItems\":3}",
     {"[1,1]", "[1,1,1]"},
     {"[]", "[1]", "[1,1,1,1]"}},
    {"{\"items\":{\"const\":1},\"minItems\":2}", {"[1,1]", "[1,1,1,1]"}, {"[]", "[1]"}},
    {"{\"prefixItems\":[{\"const\":1},{\"const\":2}],\"items\":{\"const\":3}}",
     {"[]", "[1]", "[1,2]", "[1,2,3,3]"},
     {"[2]", "[1,3]", "[1,2,1]"}},
    {"{\"prefixItems\":[{\"const\":1},{\"const\":2}],\"items\":false,\"minItems\":1}",
     {"[1]", "[1,2]"},
     {"[]", "[1,2,3]"}},
    {"{\"type\":\"array\",\"maxItems\":0}", {"[]"}, {"[1]"}},
    {"{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{"
     "\"const\":3}},"
     "\"required\":[\"b\"]}",
     {"{\"b\":2}", "{\"a\":1,\"b\":2}", "{\"a\": 1, \"b\": 2, \"c\": 3}", "{\"b\":2,\"c\":3}"},
     {"{}", "{\"a\":1}", "{\"b\":2,\"a\":1}", "{\"b\":2,}", "{,\"b\":2}", "{\"b\":2,\"d\":1}",
      "{ \"b\":2}", "{\"b\" :2}"}},
    {"{\"properties\":{\"ab\":{\"const\":1},\"ac\":{\"const\":2}},\"additionalProperties\":{"
     "\"const\":0}}",
     {"{}", "{\"ab\":1}", "{\"x\":0}", "{\"ab\":1,\"\":0}", "{\"a\":0,\"abc\":0,\"ad\":0}",
      "{\"ac\":2,\"b\":0}"},
     {"{\"ab\":0}", "{\"x\":1}", "{\"x\":0,\"ab\":1}", "{\"ac\":2,\"ac\":0}", "{\"ad\":1}"}},
    {"{\"type\":\"object\"}", {"{}", "{\"a\":[{\"b\":null}],\"c\":\"d\"}"}, {"[]", "{\"a\"}"}},
    {"{\"type\":\"object\",\"required\":[\"z\"]}", {"{\"z\":1}", "{\"z\":1,\"a\":2}"}, {"{}"}},
    {"{\"properties\":{}}", {"{}"}, {"{\"a\":1}"}},
    {"{\"anyOf\":[{\"type\":\"integer\"},{\"const\":\"x\"}]}", {"1", "\"x\""}, {"\"y\"", "null"}},
    {"{\"allOf\":[{\"type\":\"null\"}],\"title\":\"t\"}", {"null"}, {"1"}},
    {"{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]}", {"1", "\"x\""}, {"null"}},
    {"{\"oneOf\":[{\"properties\":{\"k\":{\"const\":\"a\"}},\"required\":[\"k\"]},"
     "{\"properties\":{\"k\":{\"enum\":[\"b\",\"c\"]},\"l\":true},\"required\":[\"k\"]},"
     "{\"type\":\"object\",\"properties\":{\"m\":true},\"required\":[\"m\"],"
     "\"additionalProperties\":false}]}",
     {"{\"k\":\"a\"}", "{\"k\":\"c\",\"l\":1}", "{\"m\":null}"},
     {"{\"k\":\"a\",\"l\":1}", "{}"}},
    /* as pydantic writes them */
    {"{\"$defs\":{\"Cat\":{\"properties\":{\"kind\":{\"const\":\"cat\",\"title\":\"Kind\",\"type\":"
     "\"string\"},\"lives\":{\"anyOf\":[{\"type\":\"integer\",\"minimum\":0},{\"type\":\"null\"}],"
     "\"default\":null}},\"required\":[\"kind\"],\"title\":\"Cat\",\"type\":\"object\"},"
     "\"Dog\":{\"properties\":{\"kind\":{\"const\":\"dog\",\"type\":\"string\"}},"
     "\"required\":[\"kind\"],\"type\":\"object\"}},\"properties\":{\"pet\":{\"discriminator\":"
     "{\"propertyName\":\"kind\"},\"oneOf\":[{\"$ref\":\"#/$defs/Cat\"},{\"$ref\":\"#/$defs/"
     "Dog\"}]}},"
     "\"required\":[\"pet\"],\"title\":\"Owner\",\"type\":\"object\"}",
     {"{\"pet\":{\"kind\":\"cat\",\"lives\":9}}", "{\"pet\":{\"kind\":\"cat\",\"lives\":null}}",
      "{\"pet\":{\"kind\":\"dog\"}}"},
     {"{\"pet\":{\"kind\":\"dog\",\"lives\":9}}", "{\"pet\":{}}"}},
    {"true", {"null", "[{\"a\":[1,\"b\",{}]}]", "1.5"}, {"", "[", "{\"a\":}"}},
    {"{\"$defs\":{\"t\":{\"properties\":{\"v\":{\"type\":\"integer\"},\"next\":{\"$ref\":\"#/$defs/"
     "t\"}},"
     "\"required\":[\"v\"]}},\"$ref\":\"#/$defs/t\"}",
     {"{\"v\":1}", "{\"v\":1,\"next\":{\"v\":2,\"next\":{\"v\":3}}}"},
     {"{\"next\":{\"v\":1}}", "{\"v\":1,\"next\":null}"}},
    {"{\"properties\":{\"a~/b\":{\"const\":1},\"c\":{\"$ref\":\"#/properties/a~0~1b\"}}}",
     {"{\"a~/b\":1,\"c\":1}"},
     {"{\"c\":2}"}},
    {"{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}", {"[]", "[[],[[]]]"}, {"[1]", "[[]"}},
    /* what can have no end is never begun */
    {"{\"anyOf\":[{\"type\":\"null\"},{\"properties\":{\"a\":{\"$ref\":\"#/anyOf/"
     "1\"}},\"required\":[\"a\"]}]}",
     {"null"},
     {"{\"a\":null}", "{}"}},
    {"{\"properties\":{\"a\":false,\"b\":{\"const\":1}}}", {"{}", "{\"b\":1}"}, {"{\"a\":1}"}},
};

static void texts_are_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reader r;
        reader_open(&r, cases[i].schema);
        for (size_t k = 0; k < 8 && cases[i].takes[k]; k++)
            if (read_text(&r, cases[i].takes[k]) != COMPLETE)
                fail_msg("%s refuses %s", cases[i].schema, cases[i].takes[k]);
        for (size_t k = 0; k < 8 && cases[i].refuses[k]; k++)
            if (read_text(&r, cases[i].refuses[k]) == COMPLETE)
                fail_msg("%s takes %s", cases[i].schema, cases[i].refuses[k]);
        reader_close(&r);
    }
}

static const struct {
    const char *schema, *why;
} faults[] = {
    {"{", "line 1: "},
    {"5", "#: is no schema"},
    {"{\"properties\":{\"total\":{\"type\":\"number\",\"multipleOf\":2}}}",
     "#/properties/total: multipleOf is not supported"},
    {"{\"type\":\"array\",\"items\":{\"not\":{}}}", "#/items: not is not supported"},
    {"{\"anyOf\":[{},{\"type\":\"int\"}]}", "#/anyOf/1: type is none of"},
    {"{\"type\":\"string\",\"minimum\":1}", "#: minimum does not go with its type"},
    {"{\"type\":\"integer\",\"minimum\":5,\"maximum\":4}", "#: no number lies between"},
    {"{\"type\":\"integer\",\"minimum\":\"5\"}", "#: minimum is no number"},
    {"{\"type\":\"integer\",\"minimum\":1e300}", "#: minimum is beyond"},
    {"{\"type\":\"number\",\"minimum\":0.0005}", "#: minimum has more than 3 decimals"},
    {"{\"minLength\":-1}", "#: minLength is no number of things"},
    {"{\"minLength\":4,\"maxLength\":3}", "#: minLength is above maxLength"},
    {"{\"minItems\":1,\"items\":false}", "#: minItems asks for more"},
    {"{\"pattern\":\"(\"}", "#: pattern: a group has no end"},
    {"{\"pattern\":\"[z-a]\"}", "#: pattern: a class has a range"},
    {"{\"pattern\":\"a{2\"}", "#: pattern: { } hold"},
    {"{\"pattern\":\"*a\"}", "#: pattern: one of * +"},
    {"{\"pattern\":\"a^b\"}", "#: pattern: ^ stands at the beginning"},
    {"{\"pattern\":\"(?=a)\"}", "#: pattern: of (?"},
    {"{\"pattern\":\"\\\\bx\"}", "#: pattern: \\b"},
    {"{\"pattern\":\"\\\\u0001\"}", "#: pattern: a class has no character"},
    {"{\"pattern\":\"(((a{1000}){1000}){1000}){1000}\"}", "#: pattern: it repeats too much"},
    {"{\"pattern\":\"((({0}){1000}){1000}){1000}\"}", "#: pattern: "},
    {"{\"pattern\":\"a\",\"maxLength\":3}", "#: minLength and maxLength beside pattern"},
    {"{\"format\":\"ipv4\"}", "#: format \"ipv4\" is not supported"},
    {"{\"enum\":[]}", "#: no value is left"},
    {"{\"enum\":[1],\"type\":\"string\"}", "#: no value is left"},
    {"{\"enum\":[1],\"minimum\":0}", "#: minimum beside enum"},
    {"{\"$ref\":\"#/$defs/a\"}", "#: $ref #/$defs/a is not in this schema"},
    {"{\"$ref\":\"other.json\"}", "#: $ref other.json is not in this schema"},
    {"{\"$ref\":\"#\"}", "#: "},
    {"{\"allOf\":[{},{}]}", "#: allOf of more than one"},
    {"{\"anyOf\":[]}", "#: anyOf is no list"},
    {"{\"properties\":[]}", "#: properties is no object"},
    {"{\"required\":[1]}", "#: required is no list of names"},
    {"{\"properties\":{},\"required\":[\"a\"],\"additionalProperties\":false}",
     "#: \"a\" is required, but may not be there"},
    {"{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}", "#: nothing can be"},
    {"false", "#: nothing can be"},
    {"{\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/$defs/a\"},{\"type\":\"null\"}]}},"
     "\"items\":{\"$ref\":\"#/$defs/a\"}}",
     "refers to itself with nothing between"},
    {"{\"uniqueItems\":true}", "#: uniqueItems is not supported"},
    {"{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]}", "#: oneOf: "},
    {"{\"oneOf\":[{\"const\":1},{\"enum\":[2,1.0]}]}", "#: oneOf: "},
    {"{\"oneOf\":[{\"type\":\"object\"},{\"properties\":{\"a\":true}}]}", "#: oneOf: "},
    {"{\"oneOf\":[{\"properties\":{\"a\":true},\"required\":[\"a\"]},{\"properties\":{\"b\":true}}]"
     "}",
     "#: oneOf: "},
};

static void faults_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct grammar g;
        struct err err = {""};
        assert_true(grammar_init(&g, NULL));
        if (schema_compile(&g, faults[i].schema, &err))
            fail_msg("%s is taken", faults[i].schema);
        if (!strstr(err.text, faults[i].why))
            fail_msg("%s: %s", faults[i].schema, err.text);
        grammar_done(&g);
    }
}

/* ---- All short texts ---- */

enum { MAX_SHORT = 7 };

/* Every text of at most `longest` letters is complete if is_match says so, and begun or complete if
 * that is so of one that begins like it. */
struct brute {
    struct reader reader;
    const char *letters;
    size_t longest, completed; /* a text of so many letters has them all, if it can be completed */
    bool (*is_match)(const void *what, const char *text);
    const void *what;
    size_t n_matches;
};

/* Whether the text, or one that begins with it, matches. */
static bool try_all(struct brute *b, char *text, size_t n)
{
    bool match = b->is_match(b->what, text), more = false;
    if (n < b->longest)
        for (const char *letter = b->letters; *letter; letter++) {
            text[n] = *letter;
            text[n + 1] = 0;
            more = try_all(b, text, n + 1) || more;
        }
    text[n] = 0;
    enum verdict verdict = read_text(&b->reader, text);
    if ((verdict == COMPLETE) != match)
        fail_msg("\"%s\" is %s", text, match ? "refused" : "taken");
    if (match || more)
        assert_int_not_equal(verdict, REFUSED);
    else if (n <= b->completed)
        assert_int_equal(verdict, REFUSED);
    b->n_matches += match;
    return match || more;
}

static void try_schema(struct brute *b, const char *schema)
{
    char text[MAX_SHORT + 1] = "";
    reader_open(&b->reader, schema);
    try_all(b, text, 0);
    assert_true(b->n_matches > 0);
    reader_close(&b->reader);
}

static bool is_found(const void *what, const char *text)
{
    size_t n = strlen(text);
    if (n < 2 || text[0] != '"' || text[n - 1] != '"' || memchr(text + 1, '"', n - 2))
        return false;
    char inner[MAX_SHORT] = "";
    memcpy(inner, text + 1, n - 2);
    return regexec(what, inner, 0, NULL, 0) == 0;
}

static void patterns_match_as_regular_expressions_do(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "^a$",      "a",           "^a",           "b$",
        "^(a|b)*$", "^(ab?)+$",    "^a|b$",        "^[^a]{2}$",
        "^a{0,2}b", "^(a?)*b$",    "^((a|ab)b)?$", "^.b.$",
        "(a|b)a",   "^(|a)(b|)a$", "^a{2}$",       "^(aa|b){1,2}$",
    };
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        char schema[100];
        regex_t expression;
        assert_int_equal(regcomp(&expression, patterns[i], REG_EXTENDED | REG_NOSUB), 0);
        snprintf(schema, sizeof schema, "{\"pattern\":\"%s\"}", patterns[i]);
        struct brute b = {.letters = "ab\"",
                          .longest = 7,
                          .completed = 4,
                          .is_match = is_found,
                          .what = &expression};
        try_schema(&b, schema);
        regfree(&expression);
    }
}

struct bounds {
    double low, high;
    bool low_open, high_open, integer;
    size_t decimals;
};

/* What JSON calls a number, without an exponent. */
static bool is_number(const void *what, const char *text)
{
    const struct bounds *bounds = what;
    size_t minus = *text == '-', whole = strspn(text + minus, "0123456789");
    const char *rest = text + minus + whole;
    size_t fraction = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    if (!whole || (whole > 1 && text[minus] == '0') || (*rest == '.' && !fraction) ||
        rest[*rest == '.' ? 1 + fraction : 0])
        return false;
    double value = atof(text);
    if (fraction && fraction < bounds->decimals)
        return false;
    if ((bounds->integer && *rest) || (minus && value == 0))
        return false;
    return (bounds->low_open ? value > bounds->low : value >= bounds->low) &&
           (bounds->high_open ? value < bounds->high : value <= bounds->high);
}

static void numbers_keep_between_bounds(void **state)
{
    (void)state;
    static const struct bounds all[] = {
        {0, 1, false, false, false, 0},    {0, 1, true, true, false, 0},
        {-1, 1, false, true, false, 0},    {-11, 10, true, false, false, 0},
        {1, 11, true, false, false, 0},    {-10, -1, false, true, false, 0},
        {0, 0, false, false, false, 0},    {-11, 101, false, false, true, 0},
        {9, 110, true, true, true, 0},     {-110, -9, false, false, true, 0},
        {0, 9, false, false, true, 0},     {10, 10, false, false, true, 0},
        {-1, 1, true, true, true, 0},      {0.1, 1.9, false, false, false, 1},
        {0.1, 1.9, true, true, false, 1},  {-1.1, 0.9, true, false, false, 1},
        {-0.09, 1, false, true, false, 2}, {-11.9, -0.1, false, true, false, 1},
        {1, 1.01, true, false, false, 2},  {0.9, 0.9, false, false, false, 1},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct bounds *bounds = &all[i];
        char schema[200];
        snprintf(schema, sizeof schema, "{\"type\":\"%s\",\"%s\":%g,\"%s\":%g}",
                 bounds->integer ? "integer" : "number",
                 bounds->low_open ? "exclusiveMinimum" : "minimum", bounds->low,
                 bounds->high_open ? "exclusiveMaximum" : "maximum", bounds->high);
        struct brute b = {.letters = "-019.",
                          .longest = 6,
                          .completed = 4,
                          .is_match = is_number,
                          .what = bounds};
        try_schema(&b, schema);
    }
}

static bool is_listed(const void *what, const char *text)
{
    for (const char *const *list = what; *list; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

static void brackets_close(void **state)
{
    (void)state;
    static const char *const nested[] = {"[]", "[[]]", "[[],[]]", "[[[]]]", "[[], []]", NULL};
    struct brute b = {
        .letters = "[], ", .longest = 7, .completed = 3, .is_match = is_listed, .what = nested};
    try_schema(&b, "{\"type\":\"array\",\"maxItems\":2,\"items\":{\"$ref\":\"#\"}}");
}

/* ---- Whatever is drawn ---- */

/* An own reading of JSON Schema, for what the schemas below say. */
static bool is_valid(const json_t *root, const json_t *schema, const json_t *v);

static const json_t *meaning(const json_t *root, const char *pointer)
{
    if (strcmp(pointer, "#") == 0)
        return root;
    assert_memory_equal(pointer, "#/$defs/", 8);
    return json_object_get(json_object_get(root, "$defs"), pointer + 8);
}

static bool is_type(const char *type, const json_t *v)
{
    return strcmp(type, "null") == 0      ? json_is_null(v)
           : strcmp(type, "boolean") == 0 ? json_is_boolean(v)
           : strcmp(type, "integer") == 0 ? json_is_integer(v)
           : strcmp(type, "number") == 0  ? json_is_number(v)
           : strcmp(type, "string") == 0  ? json_is_string(v)
           : strcmp(type, "array") == 0   ? json_is_array(v)
                                          : json_is_object(v);
}

static bool types_match(const json_t *type, const json_t *v)
{
    if (json_is_string(type))
        return is_type(json_string_value(type), v);
    for (size_t i = 0; i < json_array_size(type); i++)
        if (is_type(json_string_value(json_array_get(type, i)), v))
            return true;
    return !type;
}

static size_t n_valid(const json_t *root, const json_t *list, const json_t *v)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n += is_valid(root, json_array_get(list, i), v);
    return n;
}

static bool keeps_least(const json_t *schema, const char *name, double value, bool open)
{
    const json_t *bound = json_object_get(schema, name);
    return !bound || (open ? value > json_number_value(bound) : value >= json_number_value(bound));
}

static bool keeps_most(const json_t *schema, const char *name, double value, bool open)
{
    const json_t *bound = json_object_get(schema, name);
    return !bound || (open ? value < json_number_value(bound) : value <= json_number_value(bound));
}

static bool string_is_valid(const json_t *schema, const json_t *v)
{
    const char *text = json_string_value(v),
               *pattern = json_string_value(json_object_get(schema, "pattern"));
    double length = 0;
    regex_t expression;
    for (const char *at = text; *at; at++)
        length += ((unsigned char)*at & 0xC0) != 0x80;
    if (!keeps_least(schema, "minLength", length, false) ||
        !keeps_most(schema, "maxLength", length, false))
        return false;
    if (!pattern)
        return true;
    assert_int_equal(regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&expression, text, 0, NULL, 0) == 0;
    regfree(&expression);
    return found;
}

static bool array_is_valid(const json_t *root, const json_t *schema, const json_t *v)
{
    const json_t *prefix = json_object_get(schema, "prefixItems"),
                 *items = json_object_get(schema, "items");
    double n = (double)json_array_size(v);
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *one = i < json_array_size(prefix) ? json_array_get(prefix, i) : items;
        if (one && !is_valid(root, one, json_array_get(v, i)))
            return false;
    }
    return keeps_least(schema, "minItems", n, false) && keeps_most(schema, "maxItems", n, false);
}

static bool object_is_valid(const json_t *root, const json_t *schema, const json_t *v)
{
    const json_t *required = json_object_get(schema, "required");
    const char *name;
    json_t *value;
    for (size_t i = 0; i < json_array_size(required); i++)
        if (!json_object_get(v, json_string_value(json_array_get(required, i))))
            return false;
    json_object_foreach((json_t *)v, name, value) {
        const json_t *one = json_object_get(json_object_get(schema, "properties"), name);
        one = one ? one : json_object_get(schema, "additionalProperties");
        if (one && !is_valid(root, one, value))
            return false;
    }
    return true;
}

static bool is_valid(const json_t *root, const json_t *schema, const json_t *v)
{
    const json_t *one = json_object_get(schema, "const"), *list = json_object_get(schema, "enum"),
                 *ref = json_object_get(schema, "$ref");
    bool listed = !list;
    double value = json_number_value(v);
    if (json_is_boolean(schema))
        return json_is_true(schema);
    for (size_t i = 0; i < json_array_size(list); i++)
        listed = listed || json_equal(json_array_get(list, i), v);
    return listed && (!one || json_equal(one, v)) &&
           types_match(json_object_get(schema, "type"), v) &&
           (!ref || is_valid(root, meaning(root, json_string_value(ref)), v)) &&
           (!json_object_get(schema, "anyOf") ||
            n_valid(root, json_object_get(schema, "anyOf"), v) > 0) &&
           (!json_object_get(schema, "oneOf") ||
            n_valid(root, json_object_get(schema, "oneOf"), v) == 1) &&
           (!json_is_number(v) || (keeps_least(schema, "minimum", value, false) &&
                                   keeps_least(schema, "exclusiveMinimum", value, true) &&
                                   keeps_most(schema, "maximum", value, false) &&
                                   keeps_most(schema, "exclusiveMaximum", value, true))) &&
           (!json_is_string(v) || string_is_valid(schema, v)) &&
           (!json_is_array(v) || array_is_valid(root, schema, v)) &&
           (!json_is_object(v) || object_is_valid(root, schema, v));
}

static const char *const drawn[] = {
    "true",
    "{\"type\":\"string\"}",
    "{\"type\":\"string\",\"minLength\":3,\"maxLength\":20}",
    "{\"type\":\"integer\"}",
    "{\"type\":\"number\"}",
    "{\"type\":\"integer\",\"minimum\":-37,\"exclusiveMaximum\":1042}",
    "{\"type\":\"number\",\"minimum\":-2,\"exclusiveMaximum\":13}",
    "{\"type\":[\"null\",\"boolean\",\"integer\"]}",
    "{\"enum\":[\"red\",\"green\",\"read\",7,70,null,[1,{\"a\":\"\xC3\xA9\"}]]}",
    "{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":6},\"minItems\":"
    "2,\"maxItems\":9}",
    "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"string\"},{\"type\":\"number\"}],\"items\":{"
    "\"type\":\"boolean\"},\"minItems\":1}",
    "{\"type\":\"object\",\"properties\":{\"caption\":{\"type\":\"string\"},\"tags\":{\"type\":"
    "\"array\",\"items\":{\"type\":\"string\"}},"
    "\"people\":{\"type\":\"integer\",\"minimum\":0}},\"required\":[\"caption\",\"tags\","
    "\"people\"]}",
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"type\":\"boolean\"},"
    "\"c\":{\"type\":\"integer\"},"
    "\"d\":{\"const\":\"x\"}},\"required\":[\"c\"]}",
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"the\":{\"const\":1}},"
    "\"additionalProperties\":{\"type\":\"string\"}}",
    "{\"type\":\"object\",\"required\":[\"name\"]}",
    "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"array\",\"items\":{\"enum\":[0,1]}}"
    "}",
    "{\"$defs\":{\"tree\":{\"type\":\"object\",\"properties\":{\"v\":{\"type\":\"integer\"},"
    "\"kids\":{\"type\":\"array\",\"items\":"
    "{\"$ref\":\"#/$defs/tree\"},\"maxItems\":2}},\"required\":[\"v\"]}},\"$ref\":\"#/$defs/"
    "tree\"}",
    "{\"anyOf\":[{\"type\":\"string\",\"maxLength\":4},{\"type\":\"array\",\"items\":{\"$ref\":\"#"
    "\"},\"maxItems\":3}]}",
    "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"k\":{\"const\":\"a\"},\"n\":{\"type\":"
    "\"integer\"}},\"required\":[\"k\"]},"
    "{\"type\":\"object\",\"properties\":{\"k\":{\"enum\":[\"b\",\"ab\"]},\"s\":{\"type\":"
    "\"string\"}},\"required\":[\"k\"]}]}",
    "{\"type\":\"string\",\"pattern\":\"^[A-Z][a-z]{1,8}( [A-Z][a-z]*)*$\"}",
    "{\"type\":\"string\",\"pattern\":\"the|[0-9]{2}\"}",
    "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-(0[1-9]|1[0-2])$\"}",
};

enum { DRAWN_EACH = 60, MOST_TOKENS = 300, VOCABULARY = 2048 };

struct drawing {
    struct facet_model *model;
    float logits[VOCABULARY];
    uint32_t random;
};

static float next_random(struct drawing *d)
{
    d->random = d->random * 1664525u + 1013904223u;
    return (float)(d->random >> 8) * 0x1p-24f;
}

/* The longer the text, the likelier what closes something. */
static void random_logits(struct drawing *d, size_t n_tokens)
{
    for (int32_t id = 0; id < VOCABULARY; id++) {
        size_t n;
        const char *bytes = facet_token_bytes(d->model, id, &n);
        bool closes = n == 1 && strchr("\"]}", *bytes);
        d->logits[id] = 8 * next_random(d) + (closes ? 0.1f * (float)n_tokens : 0);
    }
    d->logits[TINY_END_OF_TURN] += 4;
}

/* False if it has no end within MOST_TOKENS. */
static bool draw_text(struct drawing *d, struct facet_sampler *sampler, struct str *text)
{
    struct err err;
    str_clear(text);
    for (size_t i = 0; i < MOST_TOKENS; i++) {
        struct facet_token token;
        size_t n;
        random_logits(d, i);
        if (!sampler_draw(sampler, d->logits, NULL, 0, -1, &token, &err))
            fail_msg("%s", err.text);
        if (token.id == TINY_END_OF_TURN || token.id == 1)
            return true;
        assert_false(facet_token_is_control(d->model, token.id));
        const char *bytes = facet_token_bytes(d->model, token.id, &n);
        str_put(text, bytes, n);
    }
    return false;
}

static size_t draw_all(struct drawing *d, const char *schema_text, const struct facet_sampling *how)
{
    char why[FACET_ERROR_BYTES];
    struct str text = {0};
    size_t n_complete = 0;
    json_t *schema = json_loads(schema_text, JSON_DECODE_ANY, NULL);
    struct facet_sampler *sampler = facet_sampler_new(d->model, how, why);
    struct facet_grammar *grammar = facet_grammar_from_schema(d->model, schema_text, why);
    if (!sampler || !grammar)
        fail_msg("%s: %s", schema_text, why);
    for (size_t i = 0; i < DRAWN_EACH; i++) {
        json_error_t error;
        assert_int_equal(facet_sampler_follow(sampler, grammar, "", 0, why), FACET_OK);
        if (!draw_text(d, sampler, &text))
            continue;
        json_t *value = json_loadb(text.data, text.len, JSON_DECODE_ANY, &error);
        if (!value || !is_valid(schema, schema, value))
            fail_msg("%s: %s", schema_text, str_text(&text));
        json_decref(value);
        n_complete++;
    }
    facet_sampler_free(sampler);
    facet_grammar_free(grammar);
    json_decref(schema);
    str_done(&text);
    return n_complete;
}

/* ---- With a model ---- */

static char *folder, *path, *mmproj;

static int make_model(void **state)
{
    (void)state;
    folder = scratch_new();
    path = scratch_path(folder, "tiny.gguf");
    mmproj = scratch_path(folder, "mmproj.gguf");
    return tiny_default.n_vocab == VOCABULARY &&
                   tiny_pair(&tiny_default, &tiny_default, path, mmproj, NULL)
               ? 0
               : -1;
}

static int remove_model(void **state)
{
    (void)state;
    free(path);
    free(mmproj);
    scratch_free(folder);
    return 0;
}

static void whatever_is_drawn_is_valid(void **state)
{
    (void)state;
    static const struct facet_sampling kinds[] = {
        {.temperature = 1, .top_k = 64, .top_p = 0.95f, .repetition_penalty = 1, .seed = 3},
        {.temperature = 1, .top_k = 0, .top_p = 1, .repetition_penalty = 1.2f, .seed = 4},
        {.temperature = 0, .top_p = 1, .repetition_penalty = 1},
    };
    struct facet_model_options options = {.vocabulary_only = true};
    struct drawing d = {.random = 1};
    char why[FACET_ERROR_BYTES];
    d.model = facet_model_open(path, &options, why);
    assert_non_null(d.model);
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if (draw_all(&d, drawn[i], &kinds[k]) < DRAWN_EACH / 2)
                fail_msg("%s: most texts have no end", drawn[i]);
    facet_model_close(d.model);
}

static void answer(struct facet_session *s, struct facet_sampler *sampler,
                   const struct facet_model *model, struct str *text)
{
    char why[FACET_ERROR_BYTES];
    struct facet_token token = {0};
    size_t n;
    while (!token.is_end) {
        if (facet_session_next(s, sampler, 2, &token, why) != FACET_OK)
            fail_msg("%s", why);
        assert_true(token.n_alternatives == 2 && isfinite(token.logprob));
        const char *bytes = facet_token_bytes(model, token.id, &n);
        if (!token.is_end)
            str_put(text, bytes, n);
    }
}

static void a_sampler_follows_from_where_the_text_is(void **state)
{
    (void)state;
    char why[FACET_ERROR_BYTES];
    static const int32_t ids[] = {TINY_BOS, TINY_WORDS, TINY_WORDS + 1};
    static const char begun[] = "{\"a\":\"b\\n";
    struct facet_prompt prompt = {ids, 3, NULL, 0};
    struct facet_model *model = facet_model_open(path, NULL, why);
    struct facet_session *s = model ? facet_session_open(model, NULL, why) : NULL;
    struct facet_sampler *sampler =
        model ? facet_sampler_new(model, &facet_sampling_default, why) : NULL;
    struct facet_grammar *g = facet_grammar_from_schema(
        model,
        "{\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":9}},\"required\":[\"a\"]}", why);
    assert_true(s && sampler && g);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_sampler_follow(sampler, g, "{\"b\"", 4, why), FACET_FAILED);
    assert_string_equal(why, "what was said before does not fit the schema");
    assert_int_equal(facet_sampler_follow(sampler, g, begun, sizeof begun - 1, why), FACET_OK);
    struct str text = {0};
    str_puts(&text, begun);
    answer(s, sampler, model, &text);
    json_t *value = json_loadb(text.data, text.len, 0, NULL);
    assert_true(json_is_string(json_object_get(value, "a")));
    json_decref(value);
    struct facet_token token; /* what is complete can only end */
    assert_int_equal(facet_sampler_follow(sampler, g, "{\"a\":\"\"}", 8, why), FACET_OK);
    assert_int_equal(facet_sampler_draw(sampler, s, -1, &token, why), FACET_OK);
    assert_true(token.is_end);
    assert_int_equal(facet_sampler_follow(sampler, NULL, "", 0, why), FACET_OK);
    str_done(&text);
    facet_sampler_free(sampler);
    facet_grammar_free(g);
    facet_session_close(s);
    facet_model_close(model);
}

static void the_best_logits_alone_are_too_few(void **state)
{
    (void)state;
    char why[FACET_ERROR_BYTES];
    struct facet_model_options options = {.vocabulary_only = true};
    struct facet_model *model = facet_model_open(path, &options, why);
    struct facet_sampler *s = facet_sampler_new(model, &facet_sampling_default, why);
    struct facet_grammar *g = facet_grammar_from_schema(model, "true", why);
    assert_true(sampler_can_draw(s, 200, -1));
    assert_int_equal(facet_sampler_follow(s, g, "", 0, why), FACET_OK);
    assert_false(sampler_can_draw(s, 200, -1));
    facet_sampler_free(s);
    facet_grammar_free(g);
    facet_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_taken_or_refused),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(patterns_match_as_regular_expressions_do),
        cmocka_unit_test(numbers_keep_between_bounds),
        cmocka_unit_test(brackets_close),
        cmocka_unit_test(whatever_is_drawn_is_valid),
        cmocka_unit_test(a_sampler_follows_from_where_the_text_is),
        cmocka_unit_test(the_best_logits_alone_are_too_few),
    };
    return cmocka_run_group_tests(tests, make_model, remove_model);
}
