/* One safetensors file:
 *
 *   u64 n · n bytes of JSON {name: {"dtype", "shape", "data_offsets": [begin, end]}, …} · data
 *
 * Offsets count from the data. The file stays mapped; everything is checked at open. */
#ifndef ENGINE_SAFETENSORS_H
#define ENGINE_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct safetensors_entry {
    const char *name;
    const char *dtype; /* "BF16", "F32", …: as the file has it */
    uint64_t shape[4]; /* slowest first */
    uint32_t n_dims;   /* 1 to 4; a scalar counts as one of 1 */
    const uint8_t *data;
    uint64_t bytes;
};

struct safetensors;

struct safetensors *safetensors_open(const char *path, struct err *err);
void safetensors_close(struct safetensors *s);
size_t safetensors_count(const struct safetensors *s);
const struct safetensors_entry *safetensors_at(const struct safetensors *s, size_t i);

#endif
