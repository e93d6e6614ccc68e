/* A checksum as fast as memory, of files that are large and only have to be whole: any change of
 * one word changes it. It is no protection against who wants to deceive. */
#ifndef ENGINE_CHECKSUM_H
#define ENGINE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { CHECKSUM_LANES = 4, CHECKSUM_BLOCK = 8 * CHECKSUM_LANES };

/* Zero to start. */
struct checksum {
    uint64_t lanes[CHECKSUM_LANES], n_bytes;
    uint8_t held[CHECKSUM_BLOCK]; /* n_bytes % CHECKSUM_BLOCK bytes of a block */
};

void checksum_add(struct checksum *c, const void *bytes, size_t n);
/* Of all that was added. */
uint64_t checksum_value(const struct checksum *c);

#endif
