#include "engine/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"

/* The format's own limit on its header. */
enum { MAX_HEADER_BYTES = 100 * 1000 * 1000 };

struct safetensors {
    struct file_map map;
    json_t *header; /* owns names and dtypes */
    struct safetensors_entry *all;
    size_t n;
};

/* Bytes of an element; 0 for a type that is not known. */
static size_t dtype_bytes(const char *dtype)
{
    static const struct {
        const char *name;
        size_t bytes;
    } known[] = {{"F64", 8}, {"I64", 8}, {"U64", 8},  {"F32", 4}, {"I32", 4},
                 {"U32", 4}, {"F16", 2}, {"BF16", 2}, {"I16", 2}, {"U16", 2},
                 {"I8", 1},  {"U8", 1},  {"BOOL", 1}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(dtype, known[i].name) == 0)
            return known[i].bytes;
    return 0;
}

/* A size from JSON: an integer that is not negative. */
static bool get_size(const json_t *value, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_shape(struct safetensors_entry *e, const json_t *shape)
{
    size_t n = json_array_size(shape);
    if (!json_is_array(shape) || n > 4)
        return false;
    e->n_dims = n ? (uint32_t)n : 1;
    for (size_t i = 0; i < 4; i++) {
        e->shape[i] = 1;
        if (i < n && !get_size(json_array_get(shape, i), &e->shape[i]))
            return false;
    }
    return true;
}

static bool size_fits(const struct safetensors_entry *e)
{
    size_t bytes = dtype_bytes(e->dtype);
    if (bytes == 0)
        return true;
    for (size_t i = 0; i < 4; i++)
        if (!size_mul(bytes, e->shape[i], &bytes))
            return false;
    return bytes == e->bytes;
}

/* data[size]: what the offsets count in. Returns what is wrong, or NULL. */
static const char *read_entry(struct safetensors_entry *e, const json_t *j, const uint8_t *data,
                              size_t size)
{
    const json_t *offsets = json_object_get(j, "data_offsets");
    uint64_t begin, end;
    e->dtype = json_string_value(json_object_get(j, "dtype"));
    if (!e->dtype)
        return "has no dtype";
    if (!read_shape(e, json_object_get(j, "shape")))
        return "has no shape of at most four sizes";
    if (json_array_size(offsets) != 2 || !get_size(json_array_get(offsets, 0), &begin) ||
        !get_size(json_array_get(offsets, 1), &end) || begin > end)
        return "has no sensible data_offsets";
    if (end > size)
        return "reaches past the end of the file (is it complete?)";
    e->data = data + begin;
    e->bytes = end - begin;
    return size_fits(e) ? NULL : "has a size that its type and shape do not give";
}

static bool read_entries(struct safetensors *s, const char *path, size_t data_at, struct err *err)
{
    s->all = mem_try(json_object_size(s->header), sizeof *s->all, path, err);
    if (!s->all)
        return false;
    const char *name;
    json_t *value;
    json_object_foreach(s->header, name, value)
    {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        struct safetensors_entry *e = &s->all[s->n];
        e->name = name;
        const char *wrong = read_entry(e, value, s->map.data + data_at, s->map.size - data_at);
        if (wrong)
            return err_set(err, "%s: tensor \"%.80s\" %s", path, name, wrong);
        s->n++;
    }
    return true;
}

static bool open_into(struct safetensors *s, const char *path, struct err *err)
{
    if (!file_map_open(&s->map, path, err))
        return false;
    uint64_t n = 0;
    for (size_t i = 0; i < 8 && s->map.size >= 8; i++)
        n |= (uint64_t)s->map.data[i] << (8 * i);
    if (s->map.size < 10 || n < 2 || s->map.data[8] != '{')
        return err_set(err, "%s: not a safetensors file", path);
    if (n > MAX_HEADER_BYTES || n > s->map.size - 8)
        return err_set(err, "%s: a header of %llu bytes does not fit in the file", path,
                       (unsigned long long)n);
    /* As for GGUF files: fewer TLB misses where the file system has huge pages. */
    madvise((void *)s->map.data, s->map.size, MADV_HUGEPAGE);
    json_error_t wrong;
    s->header = json_loadb((const char *)s->map.data + 8, n, JSON_REJECT_DUPLICATES, &wrong);
    if (!s->header)
        return err_set(err, "%s: header: %s at byte %d", path, wrong.text, wrong.position);
    return read_entries(s, path, 8 + (size_t)n, err);
}

struct safetensors *safetensors_open(const char *path, struct err *err)
{
    struct safetensors *s = mem_try(1, sizeof *s, path, err);
    if (s && !open_into(s, path, err)) {
        safetensors_close(s);
        return NULL;
    }
    return s;
}

void safetensors_close(struct safetensors *s)
{
    if (!s)
        return;
    file_map_close(&s->map);
    json_decref(s->header);
    free(s->all);
    free(s);
}

size_t safetensors_count(const struct safetensors *s)
{
    return s->n;
}

const struct safetensors_entry *safetensors_at(const struct safetensors *s, size_t i)
{
    return i < s->n ? &s->all[i] : NULL;
}
