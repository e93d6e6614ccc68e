#include "base/utf8.h"

#include <utf8proc.h>

/* The lead byte fixes how many bytes follow and, for E0 ED F0 F4, narrows the first of them
 * (Unicode 15, table 3-7). */
static size_t lead(uint8_t b, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (b < 0x80)
        return 1;
    if (b >= 0xC2 && b <= 0xDF)
        return 2;
    if (b >= 0xE0 && b <= 0xEF) {
        *low = b == 0xE0 ? 0xA0 : 0x80;
        *high = b == 0xED ? 0x9F : 0xBF;
        return 3;
    }
    if (b >= 0xF0 && b <= 0xF4) {
        *low = b == 0xF0 ? 0x90 : 0x80;
        *high = b == 0xF4 ? 0x8F : 0xBF;
        return 4;
    }
    return 0;
}

/* Bytes of s that fit a character, up to its full length *want; 0 where s[0] can start none. */
static size_t fitting(const uint8_t *s, size_t n, size_t *want)
{
    uint8_t low, high;
    *want = lead(s[0], &low, &high);
    if (*want == 0)
        return 0;
    size_t i = 1;
    for (; i < *want && i < n && s[i] >= low && s[i] <= high; i++) {
        low = 0x80;
        high = 0xBF;
    }
    return i;
}

size_t utf8_next(const char *text, size_t n, uint32_t *cp, bool *ok)
{
    const uint8_t *s = (const uint8_t *)text;
    size_t want, got = fitting(s, n, &want);
    bool whole = got && got == want;
    if (ok)
        *ok = whole;
    if (!whole) {
        *cp = UTF8_REPLACEMENT;
        return got ? got : 1;
    }
    static const uint8_t mask[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t value = s[0] & mask[want];
    for (size_t i = 1; i < want; i++)
        value = value << 6 | (s[i] & 0x3F);
    *cp = value;
    return want;
}

size_t utf8_incomplete_tail(const char *text, size_t n)
{
    const uint8_t *s = (const uint8_t *)text;
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        if ((s[n - back] & 0xC0) == 0x80)
            continue;
        size_t want, got = fitting(s + n - back, back, &want);
        return got == back && got < want ? back : 0;
    }
    return 0;
}

size_t utf8_put(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const uint8_t mark[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (cp & 0x3F));
        cp >>= 6;
    }
    out[0] = (char)(mark[n] | cp);
    return n;
}

size_t utf8_valid(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n) {
        uint32_t cp;
        bool ok;
        size_t step = utf8_next(s + i, n - i, &cp, &ok);
        if (!ok)
            return i;
        i += step;
    }
    return n;
}

/* Columns of one scalar value by itself; what a terminal cannot place (controls) counts as one,
 * the cell of the mark shown in its stead. */
static int width_of(uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
        return 1;
    return utf8proc_charwidth((utf8proc_int32_t)cp);
}

size_t utf8_cluster(const char *s, size_t n, int *cells)
{
    uint32_t cp;
    size_t i = utf8_next(s, n, &cp, NULL);
    int width = width_of(cp);
    utf8proc_int32_t state = 0;
    while (i < n) {
        uint32_t next;
        size_t step = utf8_next(s + i, n - i, &next, NULL);
        if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)cp, (utf8proc_int32_t)next, &state))
            break;
        int w = width_of(next);
        if (next == 0xFE0F) /* emoji presentation */
            w = 2;
        if (w > width)
            width = w;
        cp = next;
        i += step;
    }
    if (cells)
        *cells = width;
    return i;
}

size_t utf8_cells(const char *s, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n;) {
        int cells;
        i += utf8_cluster(s + i, n - i, &cells);
        total += (size_t)cells;
    }
    return total;
}
