/* What a text may be, byte by byte: a network of states, in which rules call rules, so that
 * brackets may nest without end. matcher.h reads along it.
 *
 * It is built from the end to the beginning: every function here makes a state that takes something
 * and then goes on with the state `next`, and returns it.
 *
 *     "yes" or "no", then a dot:
 *     uint32_t dot = grammar_text(g, ".", 1, GRAMMAR_END);
 *     either = grammar_either(g, grammar_text(g, "yes", 3, dot), grammar_text(g, "no", 2, dot));
 *
 * When memory is short, or the states are too many, all of them return GRAMMAR_NEVER from then on,
 * and grammar_finish says so. */
#ifndef ENGINE_GRAMMAR_H
#define ENGINE_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    GRAMMAR_END,   /* of a rule: nothing more is taken */
    GRAMMAR_NEVER, /* of what cannot be: either of it and another is the other */
    GRAMMAR_MAX_STATES = 1 << 20,
};

enum state_kind { STATE_END, STATE_NEVER, STATE_BYTE, STATE_EITHER, STATE_CALL };

struct state {
    uint8_t kind;
    uint8_t low, high; /* STATE_BYTE: from low to high */
    uint32_t next;     /* STATE_EITHER: one of both */
    uint32_t other;    /* the other one; STATE_CALL: the rule */
};

struct grammar {
    struct state *states;
    size_t n, cap;
    uint32_t *rules; /* where each begins */
    size_t n_rules, cap_rules;
    bool full;
    /* Since grammar_finish: bytes that no state tells apart are of one class. */
    uint8_t class_of[256];
    size_t n_classes;
    bool used[256]; /* some state takes the byte */
};

/* False if memory is short. grammar_done in any case. */
bool grammar_init(struct grammar *g, struct err *err);
void grammar_done(struct grammar *g);

uint32_t grammar_byte(struct grammar *g, uint8_t low, uint8_t high, uint32_t next);
uint32_t grammar_text(struct grammar *g, const char *bytes, size_t n, uint32_t next);
uint32_t grammar_either(struct grammar *g, uint32_t a, uint32_t b);
/* The strings of n bytes from low[n] to high[n], in the order of memcmp; bytes behind the first one
 * lie from span[0] to span[1]: numbers of n digits, characters of n bytes. */
uint32_t grammar_between(struct grammar *g, const uint8_t *low, const uint8_t *high, size_t n,
                         const uint8_t span[2], uint32_t next);

/* What comes any number of times: `grammar_close(g, loop, body, next)`, where the body goes on with
 * the loop. Returns the loop. */
uint32_t grammar_loop(struct grammar *g);
uint32_t grammar_close(struct grammar *g, uint32_t loop, uint32_t body, uint32_t next);

/* A rule, which must take at least a byte; grammar_define says where it begins. The first one made
 * is the whole text. */
uint32_t grammar_rule(struct grammar *g);
void grammar_define(struct grammar *g, uint32_t rule, uint32_t start);
uint32_t grammar_call(struct grammar *g, uint32_t rule, uint32_t next);

/* Takes out what could be begun but never come to an end, so that whoever follows the grammar
 * always can. False if memory or room was short (*rule is SIZE_MAX), or for the rule that begins
 * with itself. A grammar that takes nothing at all is not at fault: grammar_is_empty. */
bool grammar_finish(struct grammar *g, size_t *rule, struct err *err);
bool grammar_is_empty(const struct grammar *g);

#endif
