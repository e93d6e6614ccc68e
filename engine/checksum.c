#include "engine/checksum.h"

#include <string.h>

/* Odd, so that multiplying loses nothing: 2⁶⁴ divided by the golden ratio. */
static const uint64_t FACTOR = 0x9E3779B97F4A7C15u;

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * FACTOR;
    return sum ^ sum >> 29;
}

static void add_block(struct checksum *c, const uint8_t *block)
{
    uint64_t words[CHECKSUM_LANES];
    memcpy(words, block, sizeof words);
    for (int i = 0; i < CHECKSUM_LANES; i++)
        c->lanes[i] = mix(c->lanes[i], words[i]);
}

void checksum_add(struct checksum *c, const void *bytes, size_t n)
{
    const uint8_t *at = bytes, *end = at + n;
    size_t n_held = c->n_bytes % CHECKSUM_BLOCK;
    c->n_bytes += n;
    if (n_held > 0) {
        size_t missing = CHECKSUM_BLOCK - n_held, part = n < missing ? n : missing;
        memcpy(c->held + n_held, at, part);
        at += part;
        if (part < missing)
            return;
        add_block(c, c->held);
    }
    for (; end - at >= CHECKSUM_BLOCK; at += CHECKSUM_BLOCK)
        add_block(c, at);
    if (at < end)
        memcpy(c->held, at, (size_t)(end - at));
}

uint64_t checksum_value(const struct checksum *c)
{
    struct checksum last = *c;
    size_t n_held = c->n_bytes % CHECKSUM_BLOCK;
    memset(last.held + n_held, 0, CHECKSUM_BLOCK - n_held);
    add_block(&last, last.held);
    uint64_t sum = c->n_bytes;
    for (int i = 0; i < CHECKSUM_LANES; i++)
        sum = mix(sum, last.lanes[i]);
    return sum;
}
