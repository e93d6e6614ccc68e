/* Sets of characters, and how these stand in a JSON string: as UTF-8, or where they must, as an
 * escape of two letters. Control codes that have none are never written. */
#ifndef ENGINE_CHARSET_H
#define ENGINE_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/grammar.h"

enum { CHARSET_MAX_RANGES = 256, CHARSET_LAST = 0x10FFFF };

struct charset {
    struct char_range {
        uint32_t low, high;
    } ranges[CHARSET_MAX_RANGES];
    size_t n;
    bool full; /* some range found no room: it cannot be used */
};

extern const struct charset charset_any;

bool charset_has(const struct charset *set, uint32_t c);
void charset_add(struct charset *set, uint32_t low, uint32_t high);
void charset_add_all(struct charset *set, const struct charset *of);
void charset_invert(struct charset *set);
void charset_remove(struct charset *set, uint32_t c);

/* One character of the set, in a JSON string; GRAMMAR_NEVER if none of them can be written. */
uint32_t charset_write(const struct charset *set, struct grammar *g, uint32_t next);

#endif
