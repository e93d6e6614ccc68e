#include "engine/matcher.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    MAX_PAIRS = 1 << 22,  /* of a table */
    MAX_ROWS = 1 << 18,   /* places that something followed */
    MAX_TOGETHER = 1 << 14, /* states at one place */
    NO_ROW = 0,
    UNKNOWN = UINT32_MAX,
};

/* Pairs of numbers, each once, by their index; 0 is none. Everything here is one: a stack is a state to return
 * to and the stack below, a reading is a state and its stack, a place is a reading and the place without
 * it. */
struct pairs {
    struct pair {
        uint32_t a, b;
        uint32_t row; /* of places: their row, or NO_ROW */
    } *list;
    size_t n, cap;
    uint32_t *slots; /* open addressing, twice as many as cap */
};

struct matcher {
    const struct grammar *g;
    struct pairs stacks, readings, places;
    struct pairs open;  /* readings of a step, also of states that take no byte */
    uint32_t *together; /* [MAX_TOGETHER] readings of the place that is made */
    size_t n_together;
    uint32_t *rows; /* [n_rows][n_classes]: the place that a byte leads to, or UNKNOWN */
    size_t n_rows, cap_rows;
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
    p->list[p->n] = (struct pair){.a = a, .b = b, .row = NO_ROW};
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

/* The place of the states that are open. */
static uint32_t make_place(struct matcher *m)
{
    uint32_t place = PLACE_NONE;
    follow(m);
    pairs_clear(&m->open);
    qsort(m->together, m->n_together, sizeof *m->together, by_number);
    for (size_t i = 0; i < m->n_together && !m->failed; i++)
        put(m, &m->places, m->together[i], place, &place);
    return m->failed ? PLACE_NONE : place;
}

static bool make_row(struct matcher *m, uint32_t place)
{
    size_t n_classes = m->g->n_classes;
    if (m->n_rows == m->cap_rows) {
        uint32_t *rows = m->n_rows < MAX_ROWS
                             ? realloc(m->rows, 2 * m->cap_rows * n_classes * sizeof *rows)
                             : NULL;
        if (!rows)
            return false;
        m->rows = rows;
        m->cap_rows *= 2;
    }
    memset(m->rows + m->n_rows * n_classes, 0xFF, n_classes * sizeof *m->rows);
    m->places.list[place].row = (uint32_t)m->n_rows++;
    return true;
}

static uint32_t step(struct matcher *m, uint32_t place, uint8_t byte)
{
    for (uint32_t at = place; at; at = m->places.list[at].b) {
        const struct pair *reading = &m->readings.list[m->places.list[at].a];
        const struct state *s = &m->g->states[reading->a];
        if (s->kind == STATE_BYTE && byte >= s->low && byte <= s->high)
            open_state(m, s->next, reading->b);
    }
    return make_place(m);
}

uint32_t matcher_step(struct matcher *m, uint32_t place, uint8_t byte)
{
    if (place == PLACE_NONE || m->failed)
        return PLACE_NONE;
    if (m->places.list[place].row == NO_ROW && !make_row(m, place)) {
        m->failed = true;
        return PLACE_NONE;
    }
    size_t at = m->places.list[place].row * m->g->n_classes + m->g->class_of[byte];
    if (m->rows[at] == UNKNOWN) {
        uint32_t next = step(m, place, byte);
        if (!m->failed)
            m->rows[at] = next;
        return next;
    }
    return m->rows[at];
}

uint32_t matcher_read(struct matcher *m, uint32_t place, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && place != PLACE_NONE; i++)
        place = matcher_step(m, place, (uint8_t)bytes[i]);
    return place;
}

uint32_t matcher_start(struct matcher *m)
{
    return m->start;
}

bool matcher_may_end(const struct matcher *m, uint32_t place)
{
    for (; place; place = m->places.list[place].b)
        if (m->g->states[m->readings.list[m->places.list[place].a].a].kind == STATE_END)
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
    *m = (struct matcher){.g = g, .n_rows = NO_ROW + 1, .cap_rows = 16};
    m->together = mem_try(MAX_TOGETHER, sizeof *m->together, "matcher", err);
    m->rows = mem_try(m->cap_rows * g->n_classes, sizeof *m->rows, "matcher", err);
    m->failed = !pairs_init(&m->stacks) || !pairs_init(&m->readings) || !pairs_init(&m->places) ||
                !pairs_init(&m->open);
    if (m->together && m->rows && !m->failed) {
        open_state(m, g->rules[0], 0);
        m->start = make_place(m);
    }
    if (m->together && m->rows && !matcher_failed(m, err))
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
    pairs_done(&m->places);
    pairs_done(&m->open);
    free(m->together);
    free(m->rows);
    free(m);
}
