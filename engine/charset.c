#include "engine/charset.h"

#include <stdlib.h>

#include "base/utf8.h"

const struct charset charset_any = {.ranges = {{0, CHARSET_LAST}}, .n = 1};

bool charset_has(const struct charset *set, uint32_t c)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->ranges[i].low <= c && c <= set->ranges[i].high)
            return true;
    return false;
}

void charset_add(struct charset *set, uint32_t low, uint32_t high)
{
    if (set->n == CHARSET_MAX_RANGES)
        set->full = true;
    else if (low <= high)
        set->ranges[set->n++] = (struct char_range){low, high};
}

void charset_add_all(struct charset *set, const struct charset *of)
{
    for (size_t i = 0; i < of->n; i++)
        charset_add(set, of->ranges[i].low, of->ranges[i].high);
}

static int by_low(const void *a, const void *b)
{
    uint32_t x = ((const struct char_range *)a)->low, y = ((const struct char_range *)b)->low;
    return (x > y) - (x < y);
}

void charset_invert(struct charset *set)
{
    struct charset rest = {.full = set->full};
    uint32_t next = 0; /* not looked at yet */
    qsort(set->ranges, set->n, sizeof *set->ranges, by_low);
    for (size_t i = 0; i < set->n; i++) {
        if (set->ranges[i].low > next)
            charset_add(&rest, next, set->ranges[i].low - 1);
        if (set->ranges[i].high >= next)
            next = set->ranges[i].high + 1;
    }
    charset_add(&rest, next, CHARSET_LAST);
    *set = rest;
}

void charset_remove(struct charset *set, uint32_t c)
{
    charset_invert(set);
    charset_add(set, c, c);
    charset_invert(set);
}

static uint32_t write_range(struct grammar *g, uint32_t low, uint32_t high, uint32_t next)
{
    static const uint8_t continuation[2] = {0x80, 0xBF};
    char first[4], last[4];
    utf8_put(high, last);
    size_t n = utf8_put(low, first);
    return grammar_between(g, (const uint8_t *)first, (const uint8_t *)last, n, continuation, next);
}

static uint32_t write_plain(const struct charset *set, struct grammar *g, uint32_t next)
{
    /* No range has characters of different lengths. */
    static const struct char_range plain[] = {
        {0x20, '"' - 1}, {'"' + 1, '\\' - 1}, {'\\' + 1, 0x7E},   {0xA0, 0x7FF},
        {0x800, 0xD7FF}, {0xE000, 0xFFFF},    {0x10000, 0x10FFFF}};
    uint32_t all = GRAMMAR_NEVER;
    for (size_t i = 0; i < set->n; i++)
        for (size_t k = 0; k < sizeof plain / sizeof *plain; k++) {
            const struct char_range *a = &set->ranges[i], *b = &plain[k];
            uint32_t low = a->low > b->low ? a->low : b->low;
            uint32_t high = a->high < b->high ? a->high : b->high;
            if (low <= high)
                all = grammar_either(g, write_range(g, low, high, next), all);
        }
    return all;
}

static uint32_t write_escapes(const struct charset *set, struct grammar *g, uint32_t next)
{
    static const struct {
        char is, letter;
    } escapes[] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                   {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
    uint32_t letters = GRAMMAR_NEVER;
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (charset_has(set, (unsigned char)escapes[i].is))
            letters = grammar_either(g, grammar_text(g, &escapes[i].letter, 1, next), letters);
    return grammar_byte(g, '\\', '\\', letters);
}

uint32_t charset_write(const struct charset *set, struct grammar *g, uint32_t next)
{
    return grammar_either(g, write_plain(set, g, next), write_escapes(set, g, next));
}
