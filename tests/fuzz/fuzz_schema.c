/* Hostile schemas: each gives a grammar or one line of error. Texts are walked at random along the
 * grammar: there is always a way on or an end, and what has come to its end is JSON.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined … tests/fuzz/fuzz_schema.c
 * With -DFUZZ_MAIN a program of its own: fuzz_schema [N [FILE…]]. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/str.h"
#include "engine/matcher.h"
#include "engine/schema.h"
#include "tests/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { WALKS = 4, MOST_BYTES = 200 };

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 16;
}

/* A byte that may follow, or -1. Brackets and quotes that close are tried first now and then. */
static int choose(struct matcher *m, uint32_t place)
{
    static const char closing[] = "\"]}";
    for (size_t i = 0; i < sizeof closing - 1 && next_random() % 4 == 0; i++)
        if (matcher_read(m, place, &closing[i], 1) != PLACE_NONE)
            return closing[i];
    uint32_t first = next_random();
    for (uint32_t i = 0; i < 256; i++) {
        char byte = (char)((first + i) % 256);
        if (matcher_read(m, place, &byte, 1) != PLACE_NONE)
            return (unsigned char)byte;
    }
    return -1;
}

static void check_json(const struct str *text)
{
    json_t *value = json_loadb(text->data, text->len, JSON_DECODE_ANY, NULL);
    if (!value)
        abort();
    json_decref(value);
}

static void walk(struct matcher *m)
{
    struct str text = {0};
    uint32_t place = matcher_start(m);
    while (text.len < MOST_BYTES && !matcher_failed(m, NULL)) {
        bool ends = matcher_may_end(m, place);
        int byte = choose(m, place);
        if (matcher_failed(m, NULL))
            break;
        if (ends)
            check_json(&text);
        if (byte < 0 && !ends)
            abort();
        if (byte < 0)
            break;
        str_putc(&text, (char)byte);
        place = matcher_read(m, place, &(char){(char)byte}, 1);
    }
    str_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct grammar g;
    struct err err = {""};
    char *schema = mem_text((const char *)bytes, n);
    if (!grammar_init(&g, &err))
        abort();
    bool ok = schema_compile(&g, schema, &err);
    if (ok == (err.text[0] != 0) || strchr(err.text, '\n'))
        abort();
    struct matcher *m = ok ? matcher_new(&g, &err) : NULL;
    for (int i = 0; m && i < WALKS; i++)
        walk(m);
    matcher_free(m);
    grammar_done(&g);
    free(schema);
    return 0;
}

#ifdef FUZZ_MAIN
static const char *const schemas[] = {
    "{\"type\":\"object\",\"properties\":{\"caption\":{\"type\":\"string\",\"maxLength\":30},\"n\":"
    "{\"type\":\"integer\","
    "\"minimum\":-3,\"maximum\":140}},\"required\":[\"n\"],\"additionalProperties\":{\"enum\":[1,"
    "\"a\",null,[2.5]]}}",
    "{\"$defs\":{\"a\":{\"items\":{\"$ref\":\"#\"},\"minItems\":1,\"maxItems\":3}},\"anyOf\":[{\"$"
    "ref\":\"#/$defs/a\"},"
    "{\"const\":{\"k\":[true]}},{\"type\":\"number\",\"exclusiveMinimum\":0}]}",
    "{\"pattern\":\"^(a|[b-d\\\\u00e9]{2,3})*\\\\d+[^\\\\s]?$\",\"type\":\"string\"}",
    "{\"oneOf\":[{\"format\":\"date\"},{\"prefixItems\":[{\"format\":\"email\"},true],\"items\":"
    "false},"
    "{\"type\":[\"null\",\"boolean\"]}]}",
    "{\"allOf\":[{\"type\":\"array\",\"items\":{\"minLength\":2,\"pattern\":\"x\"}}]}",
};

int main(int argc, char **argv)
{
    enum { N = sizeof schemas / sizeof *schemas };
    struct str seeds[N] = {{0}};
    for (size_t i = 0; i < N; i++)
        str_puts(&seeds[i], schemas[i]);
    const struct fuzz fuzz = {
        .target = LLVMFuzzerTestOneInput, .head = 100, .seeds = seeds, .n_seeds = N};
    int result = fuzz_main(argc, argv, &fuzz);
    for (size_t i = 0; i < N; i++)
        str_done(&seeds[i]);
    return result;
}
#endif
