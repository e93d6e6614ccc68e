#include "engine/matcher.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    MAX_PAIRS = 1 << 22, /* of a table */
    MAX_PLACES = 1 << 18,
    MAX_TOGETHER = 1 << 14, /* states at one place */
    UNKNOWN = UINT32_MAX,
};

/* Pairs of numbers, each once, by their index; 0 is none. Everything is made of them: a stack is a
 * state to return to and the stack below, a reading is a state and its stack, a set of readings is
 * one of them and the set of the others. */
struct pairs {
    struct pair {
        uint32_t a, b;
        uint32_t place; /* of a set: its place, if it has one */
    } *list;
    size_t n, cap;
    uint32_t *slots; /* open addressing, twice as many as cap */
};

struct matcher {
    const struct grammar *g;
    struct pairs stacks, readings, sets;
    struct pairs open;  /* states and stacks that a step leads to, also those that take no byte */
    uint32_t *together; /* [MAX_TOGETHER] readings of the set that is made */
    size_t n_together;
    uint32_t *set_of; /* of each place */
    uint32_t *rows;   /* [n_places][n_classes]: the place that a byte leads to, or UNKNOWN */
    size_t n_places, cap_places;
    uint32_t start;
    bool failed;
};

/* ---- Pairs ---- */

static uint32_t hash(uint32_t a, uint32_t b)
{
    uint64_t h = ((uint64_t)a << 32 | b) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32);
}

static size_t slot_of(const struct pairs *p, uint32_t a, uint32_t b)
{
    size_t mask = 2 * p->cap - 1, i = hash(a, b) & mask;
    while (p->slots[i] && (p->list[p->slots[i]].a != a || p->list[p->slots[i]].b != b))
        i = (i + 1) & mask;
    return i;
}

static bool pairs_resize(struct pairs *p, size_t cap)
{
    struct pair *list = realloc(p->list, cap * sizeof *list);
    uint32_t *slots = list ? calloc(2 * cap, sizeof *slots) : NULL;
    if (list)
        p->list = list;
    if (!slots)
        return false;
    free(p->slots);
    p->slots = slots;
    p->cap = cap;
    for (size_t i = 1; i < p->n; i++)
        slots[slot_of(p, list[i].a, list[i].b)] = (uint32_t)i;
    return true;
}

static bool pairs_init(struct pairs *p)
{
    p->n = 1;
    return pairs_resize(p, 64);
}

static void pairs_done(struct pairs *p)
{
    free(p->list);
    free(p->slots);
}

static void pairs_clear(struct pairs *p)
{
    while (p->n > 1) {
        p->n--;
        p->slots[slot_of(p, p->list[p->n].a, p->list[p->n].b)] = 0;
    }
}

/* The pair's index; 0 if there is no room for it. */
static uint32_t pairs_put(struct pairs *p, uint32_t a, uint32_t b)
{
    size_t i = slot_of(p, a, b);
    if (p->slots[i])
        return p->slots[i];
    if (p->n == p->cap) {
        if (p->n >= MAX_PAIRS || !pairs_resize(p, 2 * p->cap))
            return 0;
        i = slot_of(p, a, b);
    }
    p->list[p->n] = (struct pair){.a = a, .b = b};
    return p->slots[i] = (uint32_t)p->n++;
}

/* ---- Places ---- */

static void put(struct matcher *m, struct pairs *p, uint32_t a, uint32_t b, uint32_t *index)
{
    *index = pairs_put(p, a, b);
    m->failed = m->failed || *index == 0;
}

static void open_state(struct matcher *m, uint32_t state, uint32_t stack)
{
    uint32_t index;
    if (m->g->states[state].kind != STATE_NEVER)
        put(m, &m->open, state, stack, &index);
}

static void keep_reading(struct matcher *m, const struct pair *p)
{
    uint32_t reading;
    put(m, &m->readings, p->a, p->b, &reading);
    if (m->n_together < MAX_TOGETHER)
        m->together[m->n_together++] = reading;
    else
        m->failed = true;
}

/* Follows what takes no byte, from the states that are open. */
static void follow(struct matcher *m)
{
    m->n_together = 0;
    for (size_t i = 1; i < m->open.n && !m->failed; i++) {
        struct pair p = m->open.list[i];
        const struct state *s = &m->g->states[p.a];
        if (s->kind == STATE_EITHER) {
            open_state(m, s->next, p.b);
            open_state(m, s->other, p.b);
        } else if (s->kind == STATE_CALL) {
            uint32_t stack;
            put(m, &m->stacks, s->next, p.b, &stack);
            open_state(m, m->g->rules[s->other], stack);
        } else if (s->kind == STATE_END && p.b) {
            open_state(m, m->stacks.list[p.b].a, m->stacks.list[p.b].b);
        } else {
            keep_reading(m, &p);
        }
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The place of this set, with a row where nothing is known yet. */
static uint32_t new_place(struct matcher *m, uint32_t set)
{
    size_t n_classes = m->g->n_classes;
    if (m->n_places == m->cap_places) {
        size_t cap = 2 * m->cap_places;
        uint32_t *rows =
            cap <= MAX_PLACES ? realloc(m->rows, cap * n_classes * sizeof *rows) : NULL;
        m->rows = rows ? rows : m->rows;
        uint32_t *sets = rows ? realloc(m->set_of, cap * sizeof *sets) : NULL;
        m->set_of = sets ? sets : m->set_of;
        if (!sets) {
            m->failed = true;
            return PLACE_NONE;
        }
        m->cap_places = cap;
    }
    memset(m->rows + m->n_places * n_classes, 0xFF, n_classes * sizeof *m->rows);
    m->set_of[m->n_places] = set;
    return m->sets.list[set].place = (uint32_t)m->n_places++;
}

/* The place where the states are that are open. */
static uint32_t close_step(struct matcher *m)
{
    uint32_t set = 0;
    follow(m);
    pairs_clear(&m->open);
    qsort(m->together, m->n_together, sizeof *m->together, by_number);
    for (size_t i = 0; i < m->n_together && !m->failed; i++)
        put(m, &m->sets, m->together[i], set, &set);
    if (m->failed || set == 0)
        return PLACE_NONE;
    uint32_t place = m->sets.list[set].place;
    return place != PLACE_NONE ? place : new_place(m, set);
}

/* A step that was not taken before. */
static uint32_t take_step(struct matcher *m, uint32_t place, uint8_t byte)
{
    if (m->failed)
        return PLACE_NONE;
    for (uint32_t set = m->set_of[place]; set; set = m->sets.list[set].b) {
        const struct pair *reading = &m->readings.list[m->sets.list[set].a];
        const struct state *s = &m->g->states[reading->a];
        if (s->kind == STATE_BYTE && byte >= s->low && byte <= s->high)
            open_state(m, s->next, reading->b);
    }
    uint32_t next = close_step(m);
    if (!m->failed)
        m->rows[place * m->g->n_classes + m->g->class_of[byte]] = next;
    return next;
}

uint32_t matcher_read(struct matcher *m, uint32_t place, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && place != PLACE_NONE; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        uint32_t next = m->rows[place * m->g->n_classes + m->g->class_of[byte]];
        place = next != UNKNOWN ? next : take_step(m, place, byte);
    }
    return place;
}

uint32_t matcher_start(struct matcher *m)
{
    return m->start;
}

bool matcher_may_end(const struct matcher *m, uint32_t place)
{
    for (uint32_t set = m->set_of[place]; set; set = m->sets.list[set].b)
        if (m->g->states[m->readings.list[m->sets.list[set].a].a].kind == STATE_END)
            return true;
    return false;
}

bool matcher_failed(const struct matcher *m, struct err *err)
{
    if (m->failed)
        err_set(err, "the grammar leaves too much open, or memory is short");
    return m->failed;
}

/* ---- Opening and closing ---- */

struct matcher *matcher_new(const struct grammar *g, struct err *err)
{
    struct matcher *m = mem_try(1, sizeof *m, "matcher", err);
    if (!m)
        return NULL;
    *m = (struct matcher){.g = g, .n_places = PLACE_NONE + 1, .cap_places = 16};
    m->together = mem_try(MAX_TOGETHER, sizeof *m->together, "matcher", err);
    m->set_of = mem_try(m->cap_places, sizeof *m->set_of, "matcher", err);
    m->rows = mem_try(m->cap_places * g->n_classes, sizeof *m->rows, "matcher", err);
    m->failed = !pairs_init(&m->stacks) || !pairs_init(&m->readings) || !pairs_init(&m->sets) ||
                !pairs_init(&m->open);
    bool ok = m->together && m->set_of && m->rows && !m->failed;
    if (ok) {
        open_state(m, g->rules[0], 0);
        m->start = close_step(m);
    }
    if (ok && !matcher_failed(m, err))
        return m;
    matcher_free(m);
    return NULL;
}

void matcher_free(struct matcher *m)
{
    if (!m)
        return;
    pairs_done(&m->stacks);
    pairs_done(&m->readings);
    pairs_done(&m->sets);
    pairs_done(&m->open);
    free(m->together);
    free(m->set_of);
    free(m->rows);
    free(m);
}
