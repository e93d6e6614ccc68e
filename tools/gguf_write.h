/* Makes GGUF files in memory: keys and tensors are put, replaced or dropped, then the
 * file is written. Ends the process when memory is short. */
#ifndef TOOLS_GGUF_WRITE_H
#define TOOLS_GGUF_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "engine/gguf.h"

struct written_key {
    char *key;
    struct str value; /* type and bytes, as they stand in the file */
};

struct written_tensor {
    char *name;
    uint32_t type, n_dims;
    uint64_t dims[4]; /* fastest first */
    void *data;
    size_t bytes;
};

struct gguf_writer {
    uint32_t version, alignment; /* 3 and 32; an alignment that is not 32 gets its key */
    struct written_key *keys;
    size_t n_keys;
    struct written_tensor *tensors;
    size_t n_tensors;
};

struct gguf_writer *gguf_writer_new(void);
void gguf_writer_free(struct gguf_writer *w);

/* Each replaces what the key had. */
void gguf_put_u32(struct gguf_writer *w, const char *key, uint32_t value);
void gguf_put_f32(struct gguf_writer *w, const char *key, float value);
void gguf_put_bool(struct gguf_writer *w, const char *key, bool value);
void gguf_put_string(struct gguf_writer *w, const char *key, const char *value);
/* data: n elements of a scalar type, packed, `bytes` in all. */
void gguf_put_array(struct gguf_writer *w, const char *key, enum gguf_type type, size_t n,
                    const void *data, size_t bytes);
void gguf_put_strings(struct gguf_writer *w, const char *key, size_t n, const char *const *values);
/* Any value: the bytes behind the key, from its type on. */
void gguf_put_raw(struct gguf_writer *w, const char *key, const void *value, size_t bytes);
void gguf_drop_key(struct gguf_writer *w, const char *key);

/* A tensor of n_dims dimensions, fastest first; takes data. Two of one name may be put. */
void gguf_put_tensor(struct gguf_writer *w, const char *name, uint32_t type, uint32_t n_dims,
                     const uint64_t dims[4], void *data, size_t bytes);
/* NULL if there is none. */
struct written_tensor *gguf_written(const struct gguf_writer *w, const char *name);
void gguf_rename_tensor(struct gguf_writer *w, const char *name, const char *to);
void gguf_drop_tensor(struct gguf_writer *w, const char *name);

/* The file's bytes; str_done() them. */
struct str gguf_writer_bytes(const struct gguf_writer *w);
bool gguf_writer_save(const struct gguf_writer *w, const char *path, struct err *err);

#endif
