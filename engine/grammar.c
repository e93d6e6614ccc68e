#include "engine/grammar.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Doubles *cap if it is full. */
static bool make_room(void **list, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    void *more = realloc(*list, 2 * *cap * size);
    if (!more)
        return false;
    *list = more;
    *cap *= 2;
    return true;
}

static uint32_t add(struct grammar *g, struct state state)
{
    g->full = g->full || g->n == GRAMMAR_MAX_STATES ||
              !make_room((void **)&g->states, g->n, &g->cap, sizeof state);
    if (g->full)
        return GRAMMAR_NEVER;
    g->states[g->n] = state;
    return (uint32_t)g->n++;
}

bool grammar_init(struct grammar *g, struct err *err)
{
    *g = (struct grammar){.cap = 256, .cap_rules = 16};
    g->states = mem_try(g->cap, sizeof *g->states, "grammar", err);
    g->rules = mem_try(g->cap_rules, sizeof *g->rules, "grammar", err);
    if (!g->states || !g->rules)
        return false;
    add(g, (struct state){.kind = STATE_END});
    add(g, (struct state){.kind = STATE_NEVER});
    return true;
}

void grammar_done(struct grammar *g)
{
    free(g->states);
    free(g->rules);
    *g = (struct grammar){0};
}

/* ---- Building ---- */

uint32_t grammar_byte(struct grammar *g, uint8_t low, uint8_t high, uint32_t next)
{
    if (next == GRAMMAR_NEVER || low > high)
        return GRAMMAR_NEVER;
    return add(g, (struct state){.kind = STATE_BYTE, .low = low, .high = high, .next = next});
}

uint32_t grammar_text(struct grammar *g, const char *bytes, size_t n, uint32_t next)
{
    while (n-- > 0)
        next = grammar_byte(g, (uint8_t)bytes[n], (uint8_t)bytes[n], next);
    return next;
}

uint32_t grammar_either(struct grammar *g, uint32_t a, uint32_t b)
{
    if (a == GRAMMAR_NEVER || a == b)
        return b;
    if (b == GRAMMAR_NEVER)
        return a;
    return add(g, (struct state){.kind = STATE_EITHER, .next = a, .other = b});
}

static uint32_t any_of(struct grammar *g, const uint8_t span[2], size_t n, uint32_t next)
{
    while (n-- > 0)
        next = grammar_byte(g, span[0], span[1], next);
    return next;
}

/* From bytes[n] up to the last string of n bytes, or down to the first. */
static uint32_t from_here(struct grammar *g, const uint8_t *bytes, size_t n, const uint8_t span[2],
                          bool up, uint32_t next)
{
    uint8_t low = up ? *bytes : span[0], high = up ? span[1] : *bytes;
    if (n <= 1)
        return n == 0 ? next : grammar_byte(g, low, high, next);
    uint32_t same = grammar_byte(g, *bytes, *bytes, from_here(g, bytes + 1, n - 1, span, up, next));
    if (low == high)
        return same;
    low += up;
    high -= !up;
    return grammar_either(g, same, grammar_byte(g, low, high, any_of(g, span, n - 1, next)));
}

uint32_t grammar_between(struct grammar *g, const uint8_t *low, const uint8_t *high, size_t n,
                         const uint8_t span[2], uint32_t next)
{
    if (n <= 1)
        return n == 0 ? next : grammar_byte(g, *low, *high, next);
    if (*low == *high)
        return grammar_byte(g, *low, *low,
                            grammar_between(g, low + 1, high + 1, n - 1, span, next));
    uint32_t first = grammar_byte(g, *low, *low, from_here(g, low + 1, n - 1, span, true, next));
    uint32_t last = grammar_byte(g, *high, *high, from_here(g, high + 1, n - 1, span, false, next));
    uint32_t inner = *high - *low < 2 ? GRAMMAR_NEVER
                                      : grammar_byte(g, (uint8_t)(*low + 1), (uint8_t)(*high - 1),
                                                     any_of(g, span, n - 1, next));
    return grammar_either(g, grammar_either(g, first, inner), last);
}

uint32_t grammar_loop(struct grammar *g)
{
    return add(g,
               (struct state){.kind = STATE_EITHER, .next = GRAMMAR_NEVER, .other = GRAMMAR_NEVER});
}

uint32_t grammar_close(struct grammar *g, uint32_t loop, uint32_t body, uint32_t next)
{
    if (!g->full) {
        g->states[loop].next = body;
        g->states[loop].other = next;
    }
    return loop;
}

uint32_t grammar_rule(struct grammar *g)
{
    g->full =
        g->full || !make_room((void **)&g->rules, g->n_rules, &g->cap_rules, sizeof *g->rules);
    if (g->full)
        return 0;
    g->rules[g->n_rules] = GRAMMAR_NEVER;
    return (uint32_t)g->n_rules++;
}

void grammar_define(struct grammar *g, uint32_t rule, uint32_t start)
{
    if (!g->full)
        g->rules[rule] = start;
}

uint32_t grammar_call(struct grammar *g, uint32_t rule, uint32_t next)
{
    if (next == GRAMMAR_NEVER)
        return GRAMMAR_NEVER;
    return add(g, (struct state){.kind = STATE_CALL, .next = next, .other = rule});
}

/* ---- Finishing ---- */

/* Whether a state comes to an end, if those marked do. */
static bool can_end(const struct grammar *g, const bool *ends, const struct state *s)
{
    switch ((enum state_kind)s->kind) {
    case STATE_END:
        return true;
    case STATE_NEVER:
        return false;
    case STATE_BYTE:
        return ends[s->next];
    case STATE_EITHER:
        return ends[s->next] || ends[s->other];
    case STATE_CALL:
        return ends[s->next] && ends[g->rules[s->other]];
    }
    return false;
}

/* States go on with older ones, but for loops and calls: few rounds will do. */
static bool take_out_endless(struct grammar *g, struct err *err)
{
    bool *ends = mem_try(g->n, sizeof *ends, "grammar", err);
    if (!ends)
        return false;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < g->n; i++)
            if (!ends[i] && can_end(g, ends, &g->states[i]))
                ends[i] = more = true;
    }
    for (size_t i = 0; i < g->n; i++)
        if (!ends[i])
            g->states[i].kind = STATE_NEVER;
    free(ends);
    return true;
}

struct search {
    const struct grammar *g;
    uint32_t *todo; /* [n states] */
    uint32_t *seen; /* [n states]: the rule that it was seen for, + 1 */
    bool *sound;    /* [n rules]: does not begin with itself */
};

/* Whether all rules that it may begin with are known to be sound. */
static bool begins_soundly(struct search *s, uint32_t rule)
{
    size_t n = 0;
    s->todo[n++] = s->g->rules[rule];
    while (n > 0) {
        uint32_t at = s->todo[--n];
        const struct state *state = &s->g->states[at];
        if (s->seen[at] == rule + 1)
            continue;
        s->seen[at] = rule + 1;
        if (state->kind == STATE_CALL && !s->sound[state->other])
            return false;
        if (state->kind != STATE_EITHER)
            continue;
        s->todo[n++] = state->next;
        s->todo[n++] = state->other;
    }
    return true;
}

/* Or n_rules, if there is none. */
static size_t find_left_recursion(struct search *s)
{
    size_t n_rules = s->g->n_rules, first = 0;
    for (bool more = true; more;) {
        more = false;
        memset(s->seen, 0, s->g->n * sizeof *s->seen);
        for (size_t i = n_rules; i-- > 0;)
            if (!s->sound[i] && begins_soundly(s, (uint32_t)i))
                s->sound[i] = more = true;
    }
    while (first < n_rules && s->sound[first])
        first++;
    return first;
}

static bool check_left_recursion(const struct grammar *g, size_t *rule, struct err *err)
{
    struct search s = {.g = g};
    s.todo = mem_try(2 * g->n, sizeof *s.todo, "grammar", err);
    s.seen = mem_try(g->n, sizeof *s.seen, "grammar", err);
    s.sound = mem_try(g->n_rules, sizeof *s.sound, "grammar", err);
    bool ok = s.todo && s.seen && s.sound;
    if (ok) {
        *rule = find_left_recursion(&s);
        ok = *rule == g->n_rules || err_set(err, "refers to itself with nothing between");
    }
    free(s.todo);
    free(s.seen);
    free(s.sound);
    return ok;
}

static void find_classes(struct grammar *g)
{
    bool begins[257] = {true};
    for (size_t i = 0; i < g->n; i++) {
        const struct state *s = &g->states[i];
        if (s->kind != STATE_BYTE)
            continue;
        begins[s->low] = begins[s->high + 1] = true;
        memset(g->used + s->low, 1, (size_t)(s->high - s->low) + 1);
    }
    size_t n = 0;
    for (size_t byte = 0; byte < 256; byte++) {
        n += begins[byte];
        g->class_of[byte] = (uint8_t)(n - 1);
    }
    g->n_classes = n;
}

bool grammar_finish(struct grammar *g, size_t *rule, struct err *err)
{
    *rule = SIZE_MAX;
    if (g->full)
        return err_set(err, "is too large");
    if (!take_out_endless(g, err) || !check_left_recursion(g, rule, err))
        return false;
    find_classes(g);
    return true;
}

bool grammar_is_empty(const struct grammar *g)
{
    return g->states[g->rules[0]].kind == STATE_NEVER;
}
