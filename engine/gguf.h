/* GGUF files, versions 2 and 3: a header of typed key-value pairs and tensor descriptions, then the
 * tensors' bytes.
 *
 *   "GGUF" · u32 version · u64 n_tensors · u64 n_pairs
 *   pair:   string key · u32 type · value           (string: u64 length, bytes)
 *   tensor: string name · u32 n_dims · u64 dims[n_dims], fastest first · u32 weight type · u64
 * offset padding to general.alignment (default 32) · data; offsets count from here
 *
 * The file stays mapped; strings, arrays and tensors are borrowed from the map. Everything is
 * checked at open: sizes, offsets, counts, types, names, UTF-8 is not. Split files
 * (NAME-00001-of-0000N.gguf) open as one, from any part. */
#ifndef ENGINE_GGUF_H
#define ENGINE_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum gguf_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_TYPE_COUNT
};

/* A byte string inside the map; no NUL behind it. */
struct gguf_string {
    const char *text;
    size_t n;
};

/* A key's value if it is an array of scalars: elements lie packed and unaligned at `data`. */
struct gguf_array {
    enum gguf_type type;
    uint64_t n;
    const uint8_t *data;
};

struct gguf_tensor {
    struct gguf_string name;
    uint32_t type;    /* enum weight_type, or a number that quant.h does not know */
    uint32_t n_dims;  /* 1 to 4 */
    uint64_t dims[4]; /* fastest first; 1 behind n_dims */
    const uint8_t *data;
    uint64_t bytes; /* 0 for a weight type that quant.h does not know */
};

struct gguf;

struct gguf *gguf_open(const char *path, struct err *err);
void gguf_close(struct gguf *g);
const char *gguf_path(const struct gguf *g);

/* The value of `key`; false (no error) if there is none or it has another kind of type. Integers of
 * any width that fit are taken for one another. */
bool gguf_get_u32(const struct gguf *g, const char *key, uint32_t *out);
bool gguf_get_f32(const struct gguf *g, const char *key, float *out);
bool gguf_get_bool(const struct gguf *g, const char *key, bool *out);
bool gguf_get_string(const struct gguf *g, const char *key, struct gguf_string *out);
bool gguf_get_array(const struct gguf *g, const char *key, struct gguf_array *out);

/* Element i of an array of numbers, as a double; 0 past the end. */
double gguf_array_number(const struct gguf_array *a, uint64_t i);
/* Walks an array of strings: *at starts at a->data; false at the end. */
struct gguf_string_walk {
    const uint8_t *at;
    uint64_t left;
};
struct gguf_string_walk gguf_array_strings(const struct gguf_array *a);
bool gguf_next_string(struct gguf_string_walk *walk, struct gguf_string *out);

size_t gguf_tensor_count(const struct gguf *g);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i);
/* By name; NULL if there is none. */
const struct gguf_tensor *gguf_find(const struct gguf *g, const char *name);

#endif
