#include "tools/gguf_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

static void put_number(struct str *s, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        str_putc(s, (char)(value >> (8 * i)));
}

static void put_string(struct str *s, const char *text)
{
    put_number(s, strlen(text), 8);
    str_puts(s, text);
}

struct gguf_writer *gguf_writer_new(void)
{
    struct gguf_writer *w = mem_new(1, sizeof *w);
    w->version = 3;
    w->alignment = 32;
    return w;
}

void gguf_writer_free(struct gguf_writer *w)
{
    while (w->n_keys)
        gguf_drop_key(w, w->keys[0].key);
    while (w->n_tensors)
        gguf_drop_tensor(w, w->tensors[0].name);
    free(w->keys);
    free(w->tensors);
    free(w);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

/* The key's value, empty but for the type. */
static struct str *begin_key(struct gguf_writer *w, const char *key, enum gguf_type type)
{
    struct written_key *k = NULL;
    for (size_t i = 0; i < w->n_keys; i++)
        if (strcmp(w->keys[i].key, key) == 0)
            k = &w->keys[i];
    if (!k) {
        w->keys = mem_grow(w->keys, w->n_keys + 1, sizeof *w->keys);
        k = &w->keys[w->n_keys++];
        *k = (struct written_key){.key = mem_copy(key)};
    }
    str_clear(&k->value);
    if (type != GGUF_TYPE_COUNT)
        put_number(&k->value, type, 4);
    return &k->value;
}

void gguf_put_u32(struct gguf_writer *w, const char *key, uint32_t value)
{
    put_number(begin_key(w, key, GGUF_U32), value, 4);
}

void gguf_put_f32(struct gguf_writer *w, const char *key, float value)
{
    str_put(begin_key(w, key, GGUF_F32), (const char *)&value, sizeof value);
}

void gguf_put_bool(struct gguf_writer *w, const char *key, bool value)
{
    put_number(begin_key(w, key, GGUF_BOOL), value, 1);
}

void gguf_put_string(struct gguf_writer *w, const char *key, const char *value)
{
    put_string(begin_key(w, key, GGUF_STRING), value);
}

void gguf_put_array(struct gguf_writer *w, const char *key, enum gguf_type type, size_t n,
                    const void *data, size_t bytes)
{
    struct str *s = begin_key(w, key, GGUF_ARRAY);
    put_number(s, type, 4);
    put_number(s, n, 8);
    str_put(s, data, bytes);
}

void gguf_put_strings(struct gguf_writer *w, const char *key, size_t n, const char *const *values)
{
    struct str *s = begin_key(w, key, GGUF_ARRAY);
    put_number(s, GGUF_STRING, 4);
    put_number(s, n, 8);
    for (size_t i = 0; i < n; i++)
        put_string(s, values[i]);
}

void gguf_put_raw(struct gguf_writer *w, const char *key, const void *value, size_t bytes)
{
    str_put(begin_key(w, key, GGUF_TYPE_COUNT), value, bytes);
}

void gguf_drop_key(struct gguf_writer *w, const char *key)
{
    for (size_t i = 0; i < w->n_keys; i++) {
        if (strcmp(w->keys[i].key, key) != 0)
            continue;
        free(w->keys[i].key);
        str_done(&w->keys[i].value);
        w->n_keys--;
        memmove(&w->keys[i], &w->keys[i + 1], (w->n_keys - i) * sizeof *w->keys);
        return;
    }
}

/* ---- Tensors -------------------------------------------------------------------------------- */

void gguf_put_tensor(struct gguf_writer *w, const char *name, uint32_t type, uint32_t n_dims,
                     const uint64_t dims[4], void *data, size_t bytes)
{
    w->tensors = mem_grow(w->tensors, w->n_tensors + 1, sizeof *w->tensors);
    struct written_tensor *t = &w->tensors[w->n_tensors++];
    *t = (struct written_tensor){mem_copy(name), type, n_dims, {0}, data, bytes};
    memcpy(t->dims, dims, n_dims * sizeof *dims);
}

struct written_tensor *gguf_written(const struct gguf_writer *w, const char *name)
{
    for (size_t i = 0; i < w->n_tensors; i++)
        if (strcmp(w->tensors[i].name, name) == 0)
            return &w->tensors[i];
    return NULL;
}

void gguf_rename_tensor(struct gguf_writer *w, const char *name, const char *to)
{
    struct written_tensor *t = gguf_written(w, name);
    if (!t)
        return;
    free(t->name);
    t->name = mem_copy(to);
}

void gguf_drop_tensor(struct gguf_writer *w, const char *name)
{
    struct written_tensor *t = gguf_written(w, name);
    if (!t)
        return;
    free(t->name);
    free(t->data);
    w->n_tensors--;
    memmove(t, t + 1, (size_t)(w->tensors + w->n_tensors - t) * sizeof *t);
}

/* ---- The file ------------------------------------------------------------------------------- */

static void pad(struct str *s, size_t alignment)
{
    while (s->len % alignment)
        str_putc(s, 0);
}

static void put_header(struct str *s, const struct gguf_writer *w)
{
    bool tell = w->alignment != 32;
    str_puts(s, "GGUF");
    put_number(s, w->version, 4);
    put_number(s, w->n_tensors, 8);
    put_number(s, w->n_keys + tell, 8);
    for (size_t i = 0; i < w->n_keys; i++) {
        put_string(s, w->keys[i].key);
        str_put(s, w->keys[i].value.data, w->keys[i].value.len);
    }
    if (tell) {
        put_string(s, "general.alignment");
        put_number(s, GGUF_U32, 4);
        put_number(s, w->alignment, 4);
    }
}

struct str gguf_writer_bytes(const struct gguf_writer *w)
{
    struct str s = {0};
    size_t offset = 0;
    put_header(&s, w);
    for (size_t i = 0; i < w->n_tensors; i++) {
        const struct written_tensor *t = &w->tensors[i];
        put_string(&s, t->name);
        put_number(&s, t->n_dims, 4);
        for (uint32_t k = 0; k < t->n_dims; k++)
            put_number(&s, t->dims[k], 8);
        put_number(&s, t->type, 4);
        put_number(&s, offset, 8);
        offset += (t->bytes + w->alignment - 1) / w->alignment * w->alignment;
    }
    for (size_t i = 0; i < w->n_tensors; i++) {
        pad(&s, w->alignment);
        str_put(&s, w->tensors[i].data, w->tensors[i].bytes);
    }
    return s;
}

bool gguf_writer_save(const struct gguf_writer *w, const char *path, struct err *err)
{
    struct str s = gguf_writer_bytes(w);
    bool ok = file_write(path, s.data, s.len, 0644, err);
    str_done(&s);
    return ok;
}
