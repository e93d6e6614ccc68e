#include "engine/numeral.h"

#include <stdio.h>
#include <string.h>

enum { MAX_DIGITS = 16, DIGITS_OF_LAST = 15, EXPONENT_DIGITS = 2 };

static const uint8_t digits[2] = {'0', '9'}, zeros[2] = {'0', '0'};

/* From `least` to `most` of these digits. */
static uint32_t any_of(struct grammar *g, const uint8_t span[2], size_t least, size_t most,
                       uint32_t next)
{
    uint32_t state = next;
    for (size_t i = most; i > 0; i--) {
        state = grammar_byte(g, span[0], span[1], state);
        if (i > least)
            state = grammar_either(g, state, next);
    }
    return state;
}

static uint32_t of_length(struct grammar *g, uint64_t low, uint64_t high, uint32_t next)
{
    char first[24], last[24];
    size_t n = (size_t)snprintf(first, sizeof first, "%llu", (unsigned long long)low);
    snprintf(last, sizeof last, "%llu", (unsigned long long)high);
    return grammar_between(g, (const uint8_t *)first, (const uint8_t *)last, n, digits, next);
}

/* Whole numbers without a sign. */
static uint32_t whole(struct grammar *g, int64_t low, int64_t high, uint32_t next)
{
    uint32_t all = GRAMMAR_NEVER;
    int64_t first = 0, last = 9; /* of as many digits */
    for (size_t n = 1; n <= DIGITS_OF_LAST; n++, first = last + 1, last = 10 * last + 9) {
        int64_t from = low > first ? low : first, to = high < last ? high : last;
        if (from <= to)
            all = grammar_either(g, all, of_length(g, (uint64_t)from, (uint64_t)to, next));
    }
    return all;
}

static uint32_t any_fraction(struct grammar *g, uint32_t next)
{
    return grammar_either(g, grammar_text(g, ".", 1, any_of(g, digits, 1, MAX_DIGITS, next)), next);
}

/* Digits that are not all 0. */
static uint32_t some_digits(struct grammar *g, uint32_t next)
{
    uint32_t rest = any_of(g, digits, 0, MAX_DIGITS / 2, next);
    uint32_t first = grammar_byte(g, '1', '9', rest), state = first;
    for (size_t i = 1; i < MAX_DIGITS / 2; i++)
        state = grammar_either(g, first, grammar_text(g, "0", 1, state));
    return state;
}

static int64_t units_of(unsigned decimals)
{
    int64_t units = 1;
    while (decimals-- > 0)
        units *= 10;
    return units;
}

/* A point and so many decimals, from `low` to `high`. */
static uint32_t point(struct grammar *g, int64_t low, int64_t high, unsigned decimals,
                      uint32_t next)
{
    char first[24], last[24];
    snprintf(first, sizeof first, "%0*lld", (int)decimals, (long long)low);
    snprintf(last, sizeof last, "%0*lld", (int)decimals, (long long)high);
    return grammar_text(
        g, ".", 1,
        grammar_between(g, (const uint8_t *)first, (const uint8_t *)last, decimals, digits, next));
}

/* Numbers that are from `low` to `high` units of their last decimal. */
static uint32_t with_decimals(struct grammar *g, int64_t low, int64_t high, unsigned decimals,
                              uint32_t next)
{
    int64_t units = units_of(decimals), first = low / units, last = high / units;
    if (decimals == 0 || low > high)
        return whole(g, low, high, next);
    if (first == last)
        return whole(g, first, first, point(g, low % units, high % units, decimals, next));
    uint32_t inner = whole(g, first + 1, last - 1, point(g, 0, units - 1, decimals, next));
    return grammar_either(
        g, whole(g, first, first, point(g, low % units, units - 1, decimals, next)),
        grammar_either(g, inner, whole(g, last, last, point(g, 0, high % units, decimals, next))));
}

/* What may stand behind so many decimals: any digits, some that are not all 0, none but 0. */
struct tails {
    uint32_t any, some, none;
};

static struct tails tails_of(struct grammar *g, unsigned decimals, uint32_t next)
{
    if (decimals == 0)
        return (struct tails){
            any_fraction(g, next), grammar_text(g, ".", 1, some_digits(g, next)),
            grammar_either(g, grammar_text(g, ".", 1, any_of(g, zeros, 1, MAX_DIGITS, next)),
                           next)};
    return (struct tails){any_of(g, digits, 0, MAX_DIGITS - decimals, next), some_digits(g, next),
                          any_of(g, zeros, 0, MAX_DIGITS - decimals, next)};
}

/* Numbers of the range, none of which is below 0, without a sign. */
static uint32_t without_sign(struct grammar *g, const struct numeral_range *r, uint32_t next)
{
    int64_t low = r->low + r->low_open, high = r->high - r->high_open,
            units = units_of(r->decimals);
    struct tails tails = tails_of(g, r->decimals, next);
    if (r->low > r->high || (r->low == r->high && (r->low_open || r->high_open)))
        return GRAMMAR_NEVER;
    uint32_t all = with_decimals(g, low, r->high - 1, r->decimals, tails.any);
    if (r->low_open)
        all = grammar_either(g, all, with_decimals(g, r->low, r->low, r->decimals, tails.some));
    if (!r->high_open)
        all = grammar_either(g, all, with_decimals(g, r->high, r->high, r->decimals, tails.none));
    if (r->decimals > 0)
        all = grammar_either(g, all, whole(g, (low + units - 1) / units, high / units, next));
    return all;
}

static uint32_t minus(struct grammar *g, uint32_t number)
{
    return grammar_byte(g, '-', '-', number);
}

/* What is below 0, with the sign turned. */
static struct numeral_range negative(const struct numeral_range *r)
{
    struct numeral_range turned = {-r->high, -r->low, r->high_open, r->low_open, r->decimals};
    if (r->high >= 0) {
        turned.low = 0;
        turned.low_open = true;
    }
    return turned;
}

static struct numeral_range positive(const struct numeral_range *r)
{
    struct numeral_range above = *r;
    if (r->low < 0) {
        above.low = 0;
        above.low_open = false;
    }
    return above;
}

uint32_t numeral_fraction(struct grammar *g, const struct numeral_range *range, uint32_t next)
{
    struct numeral_range above = positive(range), below = negative(range);
    return grammar_either(g, without_sign(g, &above, next),
                          minus(g, without_sign(g, &below, next)));
}

uint32_t numeral_integer(struct grammar *g, const struct numeral_range *range, uint32_t next)
{
    struct numeral_range above = positive(range), below = negative(range);
    return grammar_either(
        g, whole(g, above.low + above.low_open, above.high - above.high_open, next),
        minus(g, whole(g, below.low + below.low_open, below.high - below.high_open, next)));
}

uint32_t numeral_any(struct grammar *g, uint32_t next)
{
    uint32_t power = any_of(g, digits, 1, EXPONENT_DIGITS, next);
    power = grammar_either(
        g, power,
        grammar_either(g, grammar_byte(g, '-', '-', power), grammar_byte(g, '+', '+', power)));
    uint32_t exponent =
        grammar_either(g, grammar_byte(g, 'e', 'e', power), grammar_byte(g, 'E', 'E', power));
    uint32_t number = whole(g, 0, NUMERAL_LAST, any_fraction(g, grammar_either(g, exponent, next)));
    return grammar_either(g, number, minus(g, number));
}
