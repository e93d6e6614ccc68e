#include "tui/glyph.h"

#include <string.h>
#include <glib.h>
#include <utf8proc.h>
#include <wchar.h>

#include "base/utf8.h"

enum {
    JOINER = 0x200D,
    EMOJI_SELECTOR = 0xFE0F,
    MAX_PARTS = 5, /* more marks than that on a letter are a prank */
    MARK_BIDI = 0x21C4,
    DOTTED_CIRCLE = 0x25CC,
};

static const char *const samples[GLYPH_KINDS] = {
    [GLYPH_JOINED] = "\U0001F469\u200D\U0001F680",
    [GLYPH_TONED] = "\U0001F44B\U0001F3FD",
    [GLYPH_CHOSEN] = "\u2764\uFE0F",
    [GLYPH_FLAG] = "\U0001F1FA\U0001F1F3",
    [GLYPH_COMBINED] = "e\u0301",
    [GLYPH_AMBIGUOUS] = "\u00A7",
};

/* What the terminal said, where it is to be heeded; 0: as wcwidth has it. */
static struct {
    bool joined, toned, chosen, wide; /* drawn as one; ambiguous ones wide */
    int flag, mark;                   /* cells of a flag, and of a mark on a letter */
} learned;

const char *glyph_sample(enum glyph_kind kind)
{
    return samples[kind];
}

void glyph_learn(const int cells[GLYPH_KINDS])
{
    learned.joined = cells[GLYPH_JOINED] == 2;
    learned.toned = cells[GLYPH_TONED] == 2;
    learned.chosen = cells[GLYPH_CHOSEN] == 2;
    learned.wide = cells[GLYPH_AMBIGUOUS] == 2;
    learned.flag = cells[GLYPH_FLAG] > 0 && cells[GLYPH_FLAG] <= 4 ? cells[GLYPH_FLAG] : 0;
    learned.mark = cells[GLYPH_COMBINED] == 2;
}

bool glyph_has_blocks(void)
{
    return !learned.wide;
}

static int width_of(uint32_t cp)
{
    int w = wcwidth((wchar_t)cp);
    return w == 1 && learned.wide && cp >= 0x80 && g_unichar_iswide_cjk(cp) ? 2 : w;
}

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
    int w = width_of(cp);
    g->cells += w > 0 ? w : 0;
}

/* Lines and blocks of two cells would tear what is drawn with them. */
static uint32_t plain_line(uint32_t cp)
{
    if (!learned.wide || cp < 0x2500 || cp > 0x259F)
        return cp;
    return cp >= 0x2591 && cp <= 0x2593 ? (uint32_t)".:#"[cp - 0x2591]
           : cp > 0x257F                ? '#'
           : cp < 0x2502                ? '-'
           : cp < 0x2504                ? '|'
                                        : '+';
}

static bool is_flag_half(uint32_t cp)
{
    return cp >= 0x1F1E6 && cp <= 0x1F1FF;
}

static bool is_flag(const char *s, size_t n)
{
    uint32_t half, other;
    size_t first = utf8_next(s, n, &half, NULL);
    if (!is_flag_half(half) || first == n)
        return false;
    return first + utf8_next(s + first, n - first, &other, NULL) == n && is_flag_half(other);
}

/* An emoji of several characters that the terminal draws as one. */
static bool is_drawn_as_one(const char *s, size_t n)
{
    uint32_t cp;
    bool joined = false, toned = false, chosen = false;
    size_t i = utf8_next(s, n, &cp, NULL);
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)cp);
    if (property->boundclass != UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC)
        return false;
    while (i < n) {
        i += utf8_next(s + i, n - i, &cp, NULL);
        if (wcwidth((wchar_t)cp) < 0)
            return false;
        joined = joined || cp == JOINER;
        toned = toned || is_skin_tone(cp);
        chosen = chosen || cp == EMOJI_SELECTOR;
    }
    return (joined || toned || chosen) && (!toned || learned.toned) &&
           (joined ? learned.joined : !chosen || learned.chosen);
}

/* Cells of a cluster that is put as it stands; 0: it is not. */
static int cells_as_it_stands(const char *s, size_t n)
{
    if (n >= GLYPH_BYTES)
        return 0;
    return is_flag(s, n) ? learned.flag : is_drawn_as_one(s, n) ? 2 : 0;
}

/* The first character of a cluster; false if nothing may follow it. */
static bool put_base(struct glyph *g, size_t *len, uint32_t cp)
{
    int w = wcwidth((wchar_t)cp);
    if (w > 0) {
        put(g, len, plain_line(cp));
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
        g->cells += w == 0 ? learned.mark : 0;
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
    g->cells = bytes > first ? cells_as_it_stands(s, bytes) : 0;
    if (g->cells)
        memcpy(g->text, s, bytes); /* the NUL behind it is there */
    else if (put_base(g, &len, cp))
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
