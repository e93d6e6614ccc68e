#include "engine/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/charset.h"

struct text {
    const char *at, *end;
};

struct writer {
    struct grammar *g;
    struct err *err;
    size_t n_atoms; /* written; of those that repeat, each time */
    bool failed;
};

static bool fail(struct writer *w, const char *why)
{
    if (!w->failed)
        err_set(w->err, "%s", why);
    w->failed = true;
    return false;
}

static bool is_at(const struct text *t, const char *what)
{
    size_t n = strlen(what);
    return (size_t)(t->end - t->at) >= n && memcmp(t->at, what, n) == 0;
}

static bool take(struct text *t, const char *what)
{
    bool there = is_at(t, what);
    t->at += there ? strlen(what) : 0;
    return there;
}

static uint32_t take_char(struct text *t)
{
    uint32_t c;
    t->at += utf8_next(t->at, (size_t)(t->end - t->at), &c, NULL);
    return c;
}

/* ---- Characters ---- */

static const struct charset digits = {.ranges = {{'0', '9'}}, .n = 1};
static const struct charset letters = {.ranges = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
                                       .n = 4};
static const struct charset spaces = {.ranges = {{9, 13},
                                                 {' ', ' '},
                                                 {0xA0, 0xA0},
                                                 {0x1680, 0x1680},
                                                 {0x2000, 0x200A},
                                                 {0x2028, 0x2029},
                                                 {0x202F, 0x202F},
                                                 {0x205F, 0x205F},
                                                 {0x3000, 0x3000},
                                                 {0xFEFF, 0xFEFF}},
                                      .n = 10};

/* Of \d and its like; NULL for another letter. */
static const struct charset *named_set(uint32_t letter)
{
    switch (letter | 0x20) {
    case 'd':
        return &digits;
    case 'w':
        return &letters;
    case 's':
        return &spaces;
    default:
        return NULL;
    }
}

static bool take_hex(struct text *t, size_t n, uint32_t *c)
{
    char hex[5] = "";
    if ((size_t)(t->end - t->at) < n)
        return false;
    memcpy(hex, t->at, n);
    t->at += n;
    *c = (uint32_t)strtoul(hex, NULL, 16);
    return strspn(hex, "0123456789abcdefABCDEF") == n && (*c < 0xD800 || *c > 0xDFFF);
}

/* Behind the backslash, where no set is named. */
static bool take_escape(struct writer *w, struct text *t, uint32_t *c)
{
    static const char names[] = "nrtfv0", are[] = "\n\r\t\f\v";
    *c = take_char(t);
    if (*c == 'x' || *c == 'u')
        return take_hex(t, *c == 'x' ? 2 : 4, c) || fail(w, "\\x and \\u need 2 and 4 hex digits");
    if (*c == 0 || *c >= 0x80)
        return true;
    const char *name = strchr(names, (int)*c);
    if (name)
        *c = (unsigned char)are[name - names];
    return name || !strchr("bBckpP123456789", (int)*c) ||
           fail(w, "\\b, \\c, \\k, \\p and \\1 are not supported");
}

/* One character, or a set that has a name, of a class or alone. */
static bool take_set(struct writer *w, struct text *t, struct charset *set)
{
    uint32_t c = 0;
    *set = (struct charset){0};
    if (!take(t, "\\")) {
        c = take_char(t);
    } else if (t->at == t->end) {
        return fail(w, "it ends with a backslash");
    } else if (named_set((unsigned char)*t->at)) {
        c = take_char(t);
        charset_add_all(set, named_set(c));
        if (c < 'a')
            charset_invert(set);
        return true;
    } else if (!take_escape(w, t, &c)) {
        return false;
    }
    charset_add(set, c, c);
    return true;
}

static bool is_one(const struct charset *set)
{
    return set->n == 1 && set->ranges[0].low == set->ranges[0].high;
}

static bool take_class_part(struct writer *w, struct text *t, struct charset *set)
{
    struct charset first, last;
    if (!take_set(w, t, &first))
        return false;
    struct text before = *t;
    if (!take(t, "-") || t->at == t->end || *t->at == ']') {
        *t = before;
        charset_add_all(set, &first);
        return true;
    }
    if (!take_set(w, t, &last))
        return false;
    if (!is_one(&first) || !is_one(&last) || first.ranges[0].low > last.ranges[0].low)
        return fail(w, "a class has a range with no beginning or no end");
    charset_add(set, first.ranges[0].low, last.ranges[0].low);
    return true;
}

/* Behind the bracket that opens it. */
static bool take_class(struct writer *w, struct text *t, struct charset *set)
{
    bool inverted = take(t, "^");
    *set = (struct charset){0};
    while (t->at < t->end && *t->at != ']')
        if (!take_class_part(w, t, set))
            return false;
    if (!take(t, "]"))
        return fail(w, "a class has no end");
    if (inverted)
        charset_invert(set);
    return !set->full || fail(w, "a class has too many parts");
}

static uint32_t write_set(struct writer *w, const struct charset *set, uint32_t next)
{
    uint32_t state = charset_write(set, w->g, next);
    if (state == GRAMMAR_NEVER && next != GRAMMAR_NEVER && !w->g->full)
        fail(w, "a class has no character that can be written");
    return state;
}

/* ---- Terms ---- */

/* Beyond the bracket that closes the group. */
static bool skip_group(struct writer *w, struct text *t);

static bool skip_atom(struct writer *w, struct text *t)
{
    struct charset set;
    if (take(t, "("))
        return skip_group(w, t);
    if (take(t, "["))
        return take_class(w, t, &set);
    if (strchr("*+?{}])", *t->at) && *t->at)
        return fail(w, "one of * + ? { } ] ) stands where nothing is before it");
    return take_set(w, t, &set);
}

static bool skip_group(struct writer *w, struct text *t)
{
    while (t->at < t->end && *t->at != ')') {
        /* what repeats the atom before is passed over as if it were atoms, too */
        if (strchr("*+?{}|", *t->at) && *t->at)
            t->at++;
        else if (!skip_atom(w, t))
            return false;
    }
    return take(t, ")") || fail(w, "a group has no end");
}

static size_t take_number(struct text *t)
{
    size_t n = 0;
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9' && n <= PATTERN_MAX_COUNT)
        n = 10 * n + (size_t)(*t->at++ - '0');
    return n;
}

struct times {
    size_t least, most; /* most: SIZE_MAX: any number */
};

/* Behind the bracket that opens it. */
static bool take_braces(struct writer *w, struct text *t, struct times *times)
{
    const char *start = t->at;
    times->least = times->most = take_number(t);
    bool number = t->at > start;
    if (take(t, ",")) {
        start = t->at;
        times->most = take_number(t);
        if (t->at == start)
            times->most = SIZE_MAX;
    }
    if (!number || !take(t, "}") || times->least > times->most)
        return fail(w, "{ } hold one number, or two in order");
    return (times->least <= PATTERN_MAX_COUNT &&
            (times->most <= PATTERN_MAX_COUNT || times->most == SIZE_MAX)) ||
           fail(w, "{ } hold numbers up to 1000");
}

static bool take_times(struct writer *w, struct text *t, struct times *times)
{
    *times = (struct times){1, 1};
    if (take(t, "*"))
        *times = (struct times){0, SIZE_MAX};
    else if (take(t, "+"))
        *times = (struct times){1, SIZE_MAX};
    else if (take(t, "?"))
        *times = (struct times){0, 1};
    else if (!take(t, "{"))
        return true;
    else if (!take_braces(w, t, times))
        return false;
    take(t, "?"); /* as few as may be: the same texts */
    return true;
}

static uint32_t write_alternatives(struct writer *w, struct text t, bool top, uint32_t next);

static uint32_t write_group(struct writer *w, struct text inner, uint32_t next)
{
    if (take(&inner, "?") && !take(&inner, ":")) {
        fail(w, "of (?, only (?: is supported");
        return GRAMMAR_NEVER;
    }
    return write_alternatives(w, inner, false, next);
}

static uint32_t write_atom(struct writer *w, struct text t, uint32_t next)
{
    struct charset set;
    if (w->n_atoms++ > GRAMMAR_MAX_STATES)
        fail(w, "it repeats too much");
    if (w->failed)
        return GRAMMAR_NEVER;
    if (take(&t, "("))
        return write_group(w, (struct text){t.at, t.end - 1}, next);
    if (is_at(&t, "^") || is_at(&t, "$")) {
        fail(w, "^ stands at the beginning alone, and $ at the end");
        return GRAMMAR_NEVER;
    }
    if (take(&t, ".")) {
        set = (struct charset){.ranges = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}, .n = 3};
        charset_invert(&set);
    } else if (!(take(&t, "[") ? take_class(w, &t, &set) : take_set(w, &t, &set))) {
        return GRAMMAR_NEVER;
    }
    return write_set(w, &set, next);
}

static uint32_t write_term(struct writer *w, struct text atom, struct times times, uint32_t next)
{
    uint32_t state = next;
    if (times.most == SIZE_MAX) {
        uint32_t loop = grammar_loop(w->g);
        state = grammar_close(w->g, loop, write_atom(w, atom, loop), next);
    } else {
        for (size_t i = times.most; i > times.least && !w->g->full && !w->failed; i--)
            state = grammar_either(w->g, write_atom(w, atom, state), next);
    }
    for (size_t i = 0; i < times.least && !w->g->full && !w->failed; i++)
        state = write_atom(w, atom, state);
    return state;
}

/* From the end on, since what follows must be there first. */
static uint32_t write_sequence(struct writer *w, struct text t, uint32_t next)
{
    struct text atom = t;
    struct times times;
    if (t.at == t.end || w->failed)
        return next;
    if (!skip_atom(w, &t))
        return GRAMMAR_NEVER;
    atom.end = t.at;
    if (!take_times(w, &t, &times))
        return GRAMMAR_NEVER;
    return write_term(w, atom, times, write_sequence(w, t, next));
}

static uint32_t anything(struct writer *w, uint32_t next)
{
    uint32_t loop = grammar_loop(w->g);
    return grammar_close(w->g, loop, charset_write(&charset_any, w->g, loop), next);
}

/* An alternative of the whole pattern: what it is not tied to may be anything. */
static uint32_t write_found(struct writer *w, struct text t, bool ends, uint32_t next)
{
    bool begins = take(&t, "^");
    t.end -= ends;
    uint32_t state = write_sequence(w, t, ends ? next : anything(w, next));
    return begins ? state : anything(w, state);
}

static uint32_t write_alternatives(struct writer *w, struct text t, bool top, uint32_t next)
{
    uint32_t all = GRAMMAR_NEVER;
    for (struct text rest = t;; t = rest) {
        bool dollar = false; /* is what the alternative ends with */
        while (rest.at < rest.end && *rest.at != '|') {
            dollar = *rest.at == '$';
            if (strchr("*+?{}", *rest.at) && *rest.at && rest.at > t.at)
                rest.at++;
            else if (!skip_atom(w, &rest))
                return GRAMMAR_NEVER;
        }
        t.end = rest.at;
        uint32_t one = top ? write_found(w, t, dollar, next) : write_sequence(w, t, next);
        all = grammar_either(w->g, all, one);
        if (!take(&rest, "|"))
            return all;
    }
}

bool pattern_write(struct grammar *g, const char *pattern, uint32_t next, uint32_t *start,
                   struct err *err)
{
    size_t n = strlen(pattern);
    struct writer w = {.g = g, .err = err};
    if (n > PATTERN_MAX_BYTES)
        return fail(&w, "it is longer than 1000 bytes");
    *start = write_alternatives(&w, (struct text){pattern, pattern + n}, true, next);
    return !w.failed;
}
