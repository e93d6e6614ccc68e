/* Grammars from JSON Schemas: what they take, what they refuse, and whatever is drawn under one is valid. */
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
     {"\"b\"", "\"abba\"", "\"\xC3\xA9" "b\""},
     {"\"a\"", "\"\""}},
    {"{\"type\":\"string\",\"pattern\":\"^a|b$\"}", {"\"a\"", "\"ax\"", "\"xb\""}, {"\"x\"", "\"ba\""}},
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
    {"{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{\"const\":3}},"
     "\"required\":[\"b\"]}",
     {"{\"b\":2}", "{\"a\":1,\"b\":2}", "{\"a\": 1, \"b\": 2, \"c\": 3}", "{\"b\":2,\"c\":3}"},
     {"{}", "{\"a\":1}", "{\"b\":2,\"a\":1}", "{\"b\":2,}", "{,\"b\":2}", "{\"b\":2,\"d\":1}",
      "{ \"b\":2}", "{\"b\" :2}"}},
    {"{\"properties\":{\"ab\":{\"const\":1},\"ac\":{\"const\":2}},\"additionalProperties\":{\"const\":0}}",
     {"{}", "{\"ab\":1}", "{\"x\":0}", "{\"ab\":1,\"\":0}", "{\"a\":0,\"abc\":0,\"ad\":0}",
      "{\"ac\":2,\"b\":0}"},
     {"{\"ab\":0}", "{\"x\":1}", "{\"x\":0,\"ab\":1}", "{\"ac\":2,\"ac\":0}", "{\"ad\":1}"}},
    {"{\"type\":\"object\"}", {"{}", "{\"a\":[{\"b\":null}],\"c\":\"d\"}"}, {"[]", "{\"a\"}"}},
    {"{\"type\":\"object\",\"required\":[\"z\"]}", {"{\"z\":1}", "{\"z\":1,\"a\":2}"}, {"{}"}},
    {"{\"properties\":{}}", {"{}"}, {"{\"a\":1}"}},
    {"{\"anyOf\":[{\"type\":\"integer\"},{\"const\":\"x\"}]}", {"1", "\"x\""}, {"\"y\"", "null"}},
    {"{\"allOf\":[{\"type\":\"null\"}],\"title\":\"t\"}", {"null"}, {"1"}},
    {"{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]}", {"1", "\"x\""}, {"null"}},
    {"true", {"null", "[{\"a\":[1,\"b\",{}]}]", "1.5"}, {"", "[", "{\"a\":}"}},
    {"{\"$defs\":{\"t\":{\"properties\":{\"v\":{\"type\":\"integer\"},\"next\":{\"$ref\":\"#/$defs/t\"}},"
     "\"required\":[\"v\"]}},\"$ref\":\"#/$defs/t\"}",
     {"{\"v\":1}", "{\"v\":1,\"next\":{\"v\":2,\"next\":{\"v\":3}}}"},
     {"{\"next\":{\"v\":1}}", "{\"v\":1,\"next\":null}"}},
    {"{\"properties\":{\"a~/b\":{\"const\":1},\"c\":{\"$ref\":\"#/properties/a~0~1b\"}}}",
     {"{\"a~/b\":1,\"c\":1}"},
     {"{\"c\":2}"}},
    {"{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}", {"[]", "[[],[[]]]"}, {"[1]", "[[]"}},
    /* what can have no end is never begun */
    {"{\"anyOf\":[{\"type\":\"null\"},{\"properties\":{\"a\":{\"$ref\":\"#/anyOf/1\"}},\"required\":[\"a\"]}]}",
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
    {"{\"type\":\"integer\",\"minimum\":1e300}", "#: minimum is too large"},
    {"{\"type\":\"number\",\"minimum\":0.5}", "#: minimum is supported of integers"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_taken_or_refused),
        cmocka_unit_test(faults_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
