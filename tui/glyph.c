#include "tui/glyph.h"

#include <string.h>
#include <utf8proc.h>
#include <wchar.h>

#include "base/utf8.h"

enum {
    JOINER = 0x200D,
    MAX_PARTS = 5, /* what one curses cell can hold (CCHARW_MAX) */
    MARK_BIDI = 0x21C4,
    DOTTED_CIRCLE = 0x25CC,
};

static bool is_bidi_control(uint32_t cp)
{
    return cp == 0x61C || cp == 0x200E || cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069);
}

/* The character shown instead of cp; 0 if cp may be shown. */
static uint32_t mark_for(uint32_t cp)
{
    if (cp < 0x20)
        return 0x2400 + cp;
    if (cp == 0x7F)
        return 0x2421;
    if (cp >= 0x80 && cp < 0xA0)
        return UTF8_REPLACEMENT;
    return is_bidi_control(cp) ? MARK_BIDI : 0;
}

static bool is_skin_tone(uint32_t cp)
{
    return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

/* Presentation selectors and tags change what terminals draw, some of them how wide. */
static bool is_selector(uint32_t cp)
{
    return (cp >= 0xFE00 && cp <= 0xFE0F) || (cp >= 0xE0000 && cp <= 0xE0FFF);
}

static void put(struct glyph *g, size_t *len, uint32_t cp)
{
    char bytes[4];
    size_t n = utf8_put(cp, bytes);
    if (*len + n >= GLYPH_BYTES)
        return;
    memcpy(g->text + *len, bytes, n);
    *len += n;
    g->text[*len] = 0;
    int w = wcwidth((wchar_t)cp);
    g->cells += w > 0 ? w : 0;
}

/* The first character of a cluster; false if nothing may follow it. */
static bool put_base(struct glyph *g, size_t *len, uint32_t cp)
{
    int w = wcwidth((wchar_t)cp);
    if (w > 0) {
        put(g, len, cp);
        return true;
    }
    if (w < 0) {
        g->mark = true;
        put(g, len, UTF8_REPLACEMENT);
        return false;
    }
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);
    if (category != UTF8PROC_CATEGORY_MN && category != UTF8PROC_CATEGORY_ME)
        return false;
    put(g, len, DOTTED_CIRCLE);
    put(g, len, cp);
    return true;
}

/* The rest of a cluster, s[0..n). */
static void put_rest(struct glyph *g, size_t *len, const char *s, size_t n)
{
    bool joined = false;
    for (size_t i = 0, parts = 1; i < n && parts < MAX_PARTS;) {
        uint32_t cp;
        i += utf8_next(s + i, n - i, &cp, NULL);
        int w = wcwidth((wchar_t)cp);
        if (joined && w > 0)
            return;
        if (joined)
            put(g, len, JOINER);
        joined = cp == JOINER;
        if (joined || w < 0 || is_selector(cp) || is_skin_tone(cp))
            continue;
        put(g, len, cp);
        parts++;
    }
}

static void tab(struct glyph *g)
{
    memset(g->text, ' ', GLYPH_TAB_CELLS);
    g->text[GLYPH_TAB_CELLS] = 0;
    g->cells = GLYPH_TAB_CELLS;
}

size_t glyph_next(const char *s, size_t n, struct glyph *g)
{
    *g = (struct glyph){.cells = 0};
    unsigned char c = (unsigned char)s[0];
    if (c >= 0x20 && c < 0x7F && (n == 1 || (unsigned char)s[1] < 0x80)) {
        g->text[0] = s[0];
        g->cells = 1;
        return 1;
    }
    if (c == '\t') {
        tab(g);
        return 1;
    }
    size_t len = 0;
    uint32_t cp;
    size_t first = utf8_next(s, n, &cp, NULL);
    uint32_t mark = mark_for(cp);
    if (mark) {
        put(g, &len, mark);
        g->mark = true;
        return first;
    }
    size_t bytes = utf8_cluster(s, n, NULL);
    if (put_base(g, &len, cp))
        put_rest(g, &len, s + first, bytes - first);
    return bytes;
}

size_t glyph_cells(const char *s, size_t n)
{
    size_t cells = 0;
    struct glyph g;
    for (size_t i = 0; i < n; cells += (size_t)g.cells)
        i += glyph_next(s + i, n - i, &g);
    return cells;
}

size_t glyph_fit(const char *s, size_t n, size_t cells)
{
    size_t i = 0;
    while (i < n) {
        struct glyph g;
        size_t step = glyph_next(s + i, n - i, &g);
        if ((size_t)g.cells > cells)
            break;
        cells -= (size_t)g.cells;
        i += step;
    }
    return i;
}
