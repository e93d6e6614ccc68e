#include "engine/gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/quant.h"

/* Far above any model there is, and low enough that an index of that many entries is small. */
enum { MAX_PAIRS = 65536, MAX_TENSORS = 65536, MAX_PARTS = 1024 };
enum { MAX_KEY_BYTES = 65535, MAX_NAME_BYTES = 255, MAX_ALIGNMENT = 1 << 20 };
/* The least bytes that one of each can take in the file. */
enum { LEAST_PAIR = 8 + 4 + 1, LEAST_TENSOR = 8 + 4 + 8 + 4 + 8 };

struct pair {
    struct gguf_string key;
    enum gguf_type type;
    const uint8_t *value; /* of an array: its first element */
    enum gguf_type element;
    uint64_t n; /* elements of an array; bytes of a string, which are at `value` */
};

/* One file; a model that is not split has one. */
struct part {
    char *path;
    struct file_map map;
    struct pair *pairs;
    const struct pair **by_key; /* sorted */
    size_t n_pairs;
    struct gguf_tensor *tensors;
    size_t n_tensors;
};

struct gguf {
    char *path;
    struct part *parts;
    size_t n_parts;
    const struct gguf_tensor **tensors; /* of all parts, in the order of the files */
    const struct gguf_tensor **by_name; /* sorted */
    size_t n_tensors;
};

/* ---- Bytes ---------------------------------------------------------------------------------- */

struct reader {
    const uint8_t *at, *end;
    const char *path;
    struct err *err;
};

static size_t bytes_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

static uint64_t load(const uint8_t *p, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

static bool read_number(struct reader *r, size_t n, uint64_t *out)
{
    *out = 0;
    if (bytes_left(r) < n)
        return err_set(r->err, "%s: the file ends within its header", r->path);
    *out = load(r->at, n);
    r->at += n;
    return true;
}

static bool read_string(struct reader *r, struct gguf_string *out)
{
    uint64_t n;
    if (!read_number(r, 8, &n))
        return false;
    if (n > bytes_left(r))
        return err_set(r->err, "%s: a string of %llu bytes reaches past the end of the file",
                       r->path, (unsigned long long)n);
    *out = (struct gguf_string){(const char *)r->at, (size_t)n};
    r->at += n;
    return true;
}

/* How much of a name from a file an error shows. */
static int shown(const struct gguf_string *s)
{
    return s->n < 80 ? (int)s->n : 80;
}

static int compare_strings(const struct gguf_string *a, const struct gguf_string *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    int order = n ? memcmp(a->text, b->text, n) : 0;
    return order ? order : (a->n > b->n) - (a->n < b->n);
}

/* ---- Key-value pairs ------------------------------------------------------------------------ */

/* Bytes of a scalar; 0 for strings, arrays and unknown types. */
static size_t scalar_bytes(uint64_t type)
{
    static const uint8_t bytes[GGUF_TYPE_COUNT] = {
        [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2, [GGUF_I16] = 2,
        [GGUF_U32] = 4, [GGUF_I32] = 4, [GGUF_F32] = 4, [GGUF_BOOL] = 1,
        [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
    };
    return type < GGUF_TYPE_COUNT ? bytes[type] : 0;
}

static bool fail_key(const struct reader *r, const struct pair *p, const char *what)
{
    return err_set(r->err, "%s: key \"%.*s\" %s", r->path, shown(&p->key), p->key.text, what);
}

static bool skip_strings(struct reader *r, const struct pair *p)
{
    struct gguf_string s;
    for (uint64_t i = 0; i < p->n; i++)
        if (!read_string(r, &s))
            return fail_key(r, p, "has strings that reach past the end of the file");
    return true;
}

static bool read_array(struct reader *r, struct pair *p)
{
    uint64_t element, n;
    if (!read_number(r, 4, &element) || !read_number(r, 8, &n))
        return false;
    size_t size =
        element == GGUF_STRING ? 8 : scalar_bytes(element); /* a string's length at least */
    if (size == 0)
        return fail_key(r, p,
                        element == GGUF_ARRAY ? "is an array of arrays, which facet does not read"
                                              : "is an array of an unknown type");
    if (n > bytes_left(r) / size)
        return fail_key(r, p, "has more elements than the file has bytes");
    p->element = (enum gguf_type)element;
    p->n = n;
    p->value = r->at;
    if (element == GGUF_STRING)
        return skip_strings(r, p);
    r->at += n * size;
    return true;
}

static bool read_pair(struct reader *r, struct pair *p)
{
    uint64_t type;
    if (!read_string(r, &p->key) || !read_number(r, 4, &type))
        return false;
    if (p->key.n == 0 || p->key.n > MAX_KEY_BYTES)
        return err_set(r->err, "%s: a key is empty or longer than %d bytes", r->path,
                       MAX_KEY_BYTES);
    if (type >= GGUF_TYPE_COUNT)
        return fail_key(r, p, "has an unknown type");
    p->type = (enum gguf_type)type;
    if (type == GGUF_ARRAY)
        return read_array(r, p);
    if (type == GGUF_STRING) {
        struct gguf_string s;
        if (!read_string(r, &s))
            return fail_key(r, p, "has a string that reaches past the end of the file");
        p->value = (const uint8_t *)s.text;
        p->n = s.n;
        return true;
    }
    size_t size = scalar_bytes(type);
    if (bytes_left(r) < size)
        return fail_key(r, p, "reaches past the end of the file");
    p->value = r->at;
    r->at += size;
    return true;
}

static int compare_pairs(const void *a, const void *b)
{
    return compare_strings(&(*(const struct pair *const *)a)->key,
                           &(*(const struct pair *const *)b)->key);
}

static bool index_pairs(struct reader *r, struct part *part)
{
    part->by_key = mem_try(part->n_pairs, sizeof *part->by_key, r->path, r->err);
    if (!part->by_key)
        return false;
    for (size_t i = 0; i < part->n_pairs; i++)
        part->by_key[i] = &part->pairs[i];
    qsort(part->by_key, part->n_pairs, sizeof *part->by_key, compare_pairs);
    for (size_t i = 1; i < part->n_pairs; i++)
        if (compare_pairs(&part->by_key[i - 1], &part->by_key[i]) == 0)
            return fail_key(r, part->by_key[i], "is there twice");
    return true;
}

static const struct pair *find_pair(const struct part *part, const char *key)
{
    struct pair wanted = {.key = {key, strlen(key)}};
    const struct pair *p = &wanted;
    const struct pair **found = part->n_pairs ? bsearch(&p, part->by_key, part->n_pairs,
                                                        sizeof *part->by_key, compare_pairs)
                                              : NULL;
    return found ? *found : NULL;
}

static double number_at(enum gguf_type type, const uint8_t *p)
{
    uint64_t bits = load(p, scalar_bytes(type));
    union {
        uint32_t u;
        float f;
    } single = {.u = (uint32_t)bits};
    union {
        uint64_t u;
        double d;
    } wide = {.u = bits};
    switch (type) {
    case GGUF_I8:
        return (int8_t)bits;
    case GGUF_I16:
        return (int16_t)bits;
    case GGUF_I32:
        return (int32_t)bits;
    case GGUF_I64:
        return (double)(int64_t)bits;
    case GGUF_F32:
        return single.f;
    case GGUF_F64:
        return wide.d;
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32:
    case GGUF_U64:
    case GGUF_BOOL:
        return (double)bits;
    default:
        return 0;
    }
}

static bool part_get_u32(const struct part *part, const char *key, uint32_t *out)
{
    const struct pair *p = find_pair(part, key);
    if (!p || scalar_bytes(p->type) == 0 || p->type == GGUF_F32 || p->type == GGUF_F64 ||
        p->type == GGUF_BOOL)
        return false;
    double value = number_at(p->type, p->value);
    if (value < 0 || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

/* ---- Tensors -------------------------------------------------------------------------------- */

static bool fail_tensor(const struct reader *r, const struct gguf_tensor *t, const char *what)
{
    return err_set(r->err, "%s: tensor \"%.*s\" %s", r->path, shown(&t->name), t->name.text, what);
}

/* The offset stays in t->bytes until place_tensor. */
static bool read_tensor(struct reader *r, struct gguf_tensor *t)
{
    uint64_t n_dims, type;
    if (!read_string(r, &t->name) || !read_number(r, 4, &n_dims))
        return false;
    if (t->name.n == 0 || t->name.n > MAX_NAME_BYTES)
        return err_set(r->err, "%s: a tensor's name is empty or longer than %d bytes", r->path,
                       MAX_NAME_BYTES);
    if (n_dims < 1 || n_dims > 4)
        return fail_tensor(r, t, "does not have 1 to 4 dimensions");
    t->n_dims = (uint32_t)n_dims;
    for (size_t i = 0; i < 4; i++) {
        t->dims[i] = 1;
        if (i < n_dims && !read_number(r, 8, &t->dims[i]))
            return false;
        if (t->dims[i] == 0)
            return fail_tensor(r, t, "has a dimension of 0");
    }
    if (!read_number(r, 4, &type) || !read_number(r, 8, &t->bytes))
        return false;
    t->type = (uint32_t)type;
    return true;
}

/* Bytes by type and dims; 0 for a type that facet does not know. */
static bool tensor_bytes(const struct reader *r, const struct gguf_tensor *t, size_t *bytes)
{
    const struct type_traits *traits = type_traits_get(t->type);
    size_t n;
    *bytes = 0;
    if (!size_mul(t->dims[0], t->dims[1], &n) || !size_mul(n, t->dims[2], &n) ||
        !size_mul(n, t->dims[3], &n))
        return fail_tensor(r, t, "has dimensions whose product overflows");
    if (!traits->name)
        return true;
    if (t->dims[0] % traits->block_weights != 0) {
        err_set(r->err, "%s: tensor \"%.*s\": rows of %llu weights do not fill the %s blocks of %u",
                r->path, shown(&t->name), t->name.text, (unsigned long long)t->dims[0],
                traits->name, traits->block_weights);
        return false;
    }
    return size_mul(n / traits->block_weights, traits->block_bytes, bytes) ||
           fail_tensor(r, t, "has a size that overflows");
}

/* data: where the offsets count from, at most `end`. */
static bool place_tensor(const struct reader *r, struct gguf_tensor *t, const uint8_t *data,
                         size_t alignment)
{
    uint64_t offset = t->bytes;
    size_t bytes, size = (size_t)(r->end - data);
    if (!tensor_bytes(r, t, &bytes))
        return false;
    if (offset % alignment != 0)
        return fail_tensor(r, t, "does not begin at a multiple of general.alignment");
    if (offset > size || bytes > size - offset)
        return fail_tensor(r, t, "reaches past the end of the file (is it complete?)");
    t->data = data + offset;
    t->bytes = bytes;
    return true;
}

static bool place_tensors(struct reader *r, struct part *part)
{
    uint32_t alignment = 32;
    if (find_pair(part, "general.alignment") &&
        (!part_get_u32(part, "general.alignment", &alignment) || alignment == 0 ||
         alignment % 8 != 0 || alignment > MAX_ALIGNMENT))
        return err_set(r->err, "%s: general.alignment is not a sensible multiple of 8", r->path);
    size_t header = (size_t)(r->at - part->map.data);
    size_t padding = (alignment - header % alignment) % alignment;
    if (part->n_tensors && padding > bytes_left(r))
        return err_set(r->err, "%s: the file ends behind its header (is it complete?)", r->path);
    for (size_t i = 0; i < part->n_tensors; i++)
        if (!place_tensor(r, &part->tensors[i], r->at + padding, alignment))
            return false;
    return true;
}

static int compare_tensors(const void *a, const void *b)
{
    return compare_strings(&(*(const struct gguf_tensor *const *)a)->name,
                           &(*(const struct gguf_tensor *const *)b)->name);
}

/* ---- Files ---------------------------------------------------------------------------------- */

static bool check_magic(struct reader *r)
{
    static const char lfs[] = "version https://git-lfs";
    if (bytes_left(r) >= sizeof lfs && memcmp(r->at, lfs, sizeof lfs - 1) == 0)
        return err_set(r->err, "%s: a Git LFS pointer, not the model itself", r->path);
    if (bytes_left(r) < 4 || memcmp(r->at, "GGUF", 4) != 0)
        return err_set(r->err, "%s: not a GGUF file", r->path);
    r->at += 4;
    uint64_t version;
    if (!read_number(r, 4, &version))
        return false;
    if (version == 2 || version == 3)
        return true;
    if (version == UINT64_C(0x02000000) || version == UINT64_C(0x03000000))
        return err_set(r->err, "%s: a big-endian GGUF file, which facet cannot read", r->path);
    return err_set(r->err, "%s: GGUF version %llu, but facet reads 2 and 3", r->path,
                   (unsigned long long)version);
}

static bool check_count(const struct reader *r, uint64_t n, size_t least, size_t most,
                        const char *what)
{
    if (n <= bytes_left(r) / least && n <= most)
        return true;
    return err_set(r->err, "%s: the header promises %llu %s, more than %s", r->path,
                   (unsigned long long)n, what, n > most ? "any model has" : "the file can hold");
}

static bool read_header(struct reader *r, struct part *part)
{
    uint64_t n_tensors, n_pairs;
    if (!check_magic(r) || !read_number(r, 8, &n_tensors) || !read_number(r, 8, &n_pairs) ||
        !check_count(r, n_tensors, LEAST_TENSOR, MAX_TENSORS, "tensors") ||
        !check_count(r, n_pairs, LEAST_PAIR, MAX_PAIRS, "keys"))
        return false;
    part->pairs = mem_try(n_pairs, sizeof *part->pairs, r->path, r->err);
    part->tensors = mem_try(n_tensors, sizeof *part->tensors, r->path, r->err);
    if (!part->pairs || !part->tensors)
        return false;
    for (part->n_pairs = 0; part->n_pairs < n_pairs; part->n_pairs++)
        if (!read_pair(r, &part->pairs[part->n_pairs]))
            return false;
    for (part->n_tensors = 0; part->n_tensors < n_tensors; part->n_tensors++)
        if (!read_tensor(r, &part->tensors[part->n_tensors]))
            return false;
    return index_pairs(r, part) && place_tensors(r, part);
}

static bool part_open(struct part *part, const char *path, struct err *err)
{
    size_t n = strlen(path);
    part->path = mem_try(n + 1, 1, path, err);
    if (!part->path)
        return false;
    memcpy(part->path, path, n);
    if (!file_map_open(&part->map, path, err))
        return false;
    /* Fewer TLB misses where the file system has huge pages (tmpfs, some ext4 and xfs). */
    if (part->map.size)
        madvise((void *)part->map.data, part->map.size, MADV_HUGEPAGE);
    struct reader r = {part->map.data, NULL, path, err};
    r.end = part->map.size ? part->map.data + part->map.size : r.at;
    return read_header(&r, part);
}

static void part_close(struct part *part)
{
    file_map_close(&part->map);
    free(part->path);
    free(part->pairs);
    free(part->by_key);
    free(part->tensors);
    *part = (struct part){0};
}

/* ---- Split files ---------------------------------------------------------------------------- */

enum { SPLIT_TAIL = sizeof "-00001-of-00002.gguf" - 1 };

/* Whether the name ends in -NNNNN-of-NNNNN.gguf with that many parts. */
static bool name_is_split(const char *path, uint32_t count)
{
    size_t n = strlen(path);
    char tail[SPLIT_TAIL + 1];
    unsigned number;
    if (n < SPLIT_TAIL || sscanf(path + n - SPLIT_TAIL, "-%5u-of-", &number) != 1)
        return false;
    snprintf(tail, sizeof tail, "-%05u-of-%05u.gguf", number % 100000, count % 100000);
    return strcmp(path + n - SPLIT_TAIL, tail) == 0;
}

static bool open_sibling(struct part *part, const char *path, uint32_t i, uint32_t count,
                         struct err *err)
{
    size_t n = strlen(path);
    char *name = mem_try(n + 1, 1, path, err);
    if (!name)
        return false;
    memcpy(name, path, n - SPLIT_TAIL);
    snprintf(name + n - SPLIT_TAIL, SPLIT_TAIL + 1, "-%05u-of-%05u.gguf", (i + 1) % 100000,
             count % 100000);
    bool ok = part_open(part, name, err);
    uint32_t no, parts;
    if (!ok)
        err_prefix(err, "part %u of %u", i + 1, count);
    else if (!part_get_u32(part, "split.no", &no) || !part_get_u32(part, "split.count", &parts) ||
             no != i || parts != count)
        ok = err_set(err, "%s: its keys do not say that it is part %u of %u", name, i + 1, count);
    free(name);
    return ok;
}

/* parts[0] is open and says that it is one of `count`: opens all of them, in order. */
static bool open_all_parts(struct gguf *g, uint32_t count, struct err *err)
{
    if (count > MAX_PARTS)
        return err_set(err, "%s: split.count is %u", g->path, count);
    if (!name_is_split(g->path, count))
        return err_set(err,
                       "%s: one of %u parts, but its name does not end in -00001-of-%05u.gguf, "
                       "so the others cannot be found",
                       g->path, count, count);
    struct part *parts = mem_try(count, sizeof *parts, g->path, err);
    if (!parts)
        return false;
    part_close(&g->parts[0]);
    free(g->parts);
    g->parts = parts;
    g->n_parts = count;
    for (uint32_t i = 0; i < count; i++)
        if (!open_sibling(&parts[i], g->path, i, count, err))
            return false;
    return true;
}

/* ---- The whole ------------------------------------------------------------------------------ */

static bool index_tensors(struct gguf *g, struct err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n_parts; i++)
        n += g->parts[i].n_tensors;
    uint32_t promised;
    if (g->n_parts > 1 && part_get_u32(&g->parts[0], "split.tensors.count", &promised) &&
        promised != n)
        return err_set(err, "%s: split.tensors.count is %u, but the parts have %zu tensors",
                       g->path, promised, n);
    g->tensors = mem_try(n, sizeof *g->tensors, g->path, err);
    g->by_name = mem_try(n, sizeof *g->by_name, g->path, err);
    if (!g->tensors || !g->by_name)
        return false;
    for (size_t i = 0; i < g->n_parts; i++)
        for (size_t k = 0; k < g->parts[i].n_tensors; k++)
            g->tensors[g->n_tensors++] = &g->parts[i].tensors[k];
    if (n == 0)
        return true;
    memcpy(g->by_name, g->tensors, n * sizeof *g->tensors);
    qsort(g->by_name, n, sizeof *g->by_name, compare_tensors);
    for (size_t i = 1; i < n; i++)
        if (compare_tensors(&g->by_name[i - 1], &g->by_name[i]) == 0)
            return err_set(err, "%s: tensor \"%.*s\" is there twice", g->path,
                           shown(&g->by_name[i]->name), g->by_name[i]->name.text);
    return true;
}

static bool open_into(struct gguf *g, const char *path, struct err *err)
{
    size_t n = strlen(path);
    g->path = mem_try(n + 1, 1, path, err);
    g->parts = mem_try(1, sizeof *g->parts, path, err);
    if (!g->path || !g->parts)
        return false;
    memcpy(g->path, path, n);
    g->n_parts = 1;
    uint32_t count = 1;
    if (!part_open(&g->parts[0], path, err))
        return false;
    if (part_get_u32(&g->parts[0], "split.count", &count) && count > 1 &&
        !open_all_parts(g, count, err))
        return false;
    return index_tensors(g, err);
}

struct gguf *gguf_open(const char *path, struct err *err)
{
    struct gguf *g = mem_try(1, sizeof *g, path, err);
    if (g && !open_into(g, path, err)) {
        gguf_close(g);
        return NULL;
    }
    return g;
}

void gguf_close(struct gguf *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_parts; i++)
        part_close(&g->parts[i]);
    free(g->parts);
    free(g->path);
    free(g->tensors);
    free(g->by_name);
    free(g);
}

const char *gguf_path(const struct gguf *g)
{
    return g->path;
}

bool gguf_get_u32(const struct gguf *g, const char *key, uint32_t *out)
{
    return part_get_u32(&g->parts[0], key, out);
}

bool gguf_get_f32(const struct gguf *g, const char *key, float *out)
{
    const struct pair *p = find_pair(&g->parts[0], key);
    if (!p || (p->type != GGUF_F32 && p->type != GGUF_F64))
        return false;
    *out = (float)number_at(p->type, p->value);
    return true;
}

bool gguf_get_bool(const struct gguf *g, const char *key, bool *out)
{
    const struct pair *p = find_pair(&g->parts[0], key);
    if (!p || p->type != GGUF_BOOL)
        return false;
    *out = *p->value != 0;
    return true;
}

bool gguf_get_string(const struct gguf *g, const char *key, struct gguf_string *out)
{
    const struct pair *p = find_pair(&g->parts[0], key);
    if (!p || p->type != GGUF_STRING)
        return false;
    *out = (struct gguf_string){(const char *)p->value, (size_t)p->n};
    return true;
}

bool gguf_get_array(const struct gguf *g, const char *key, struct gguf_array *out)
{
    const struct pair *p = find_pair(&g->parts[0], key);
    if (!p || p->type != GGUF_ARRAY)
        return false;
    *out = (struct gguf_array){p->element, p->n, p->value};
    return true;
}

double gguf_array_number(const struct gguf_array *a, uint64_t i)
{
    size_t size = scalar_bytes(a->type);
    return size && i < a->n ? number_at(a->type, a->data + i * size) : 0;
}

struct gguf_string_walk gguf_array_strings(const struct gguf_array *a)
{
    return (struct gguf_string_walk){a->data, a->type == GGUF_STRING ? a->n : 0};
}

bool gguf_next_string(struct gguf_string_walk *walk, struct gguf_string *out)
{
    if (walk->left == 0)
        return false;
    size_t n = (size_t)load(walk->at, 8);
    *out = (struct gguf_string){(const char *)walk->at + 8, n};
    walk->at += 8 + n;
    walk->left--;
    return true;
}

size_t gguf_tensor_count(const struct gguf *g)
{
    return g->n_tensors;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i)
{
    return i < g->n_tensors ? g->tensors[i] : NULL;
}

const struct gguf_tensor *gguf_find(const struct gguf *g, const char *name)
{
    struct gguf_tensor wanted = {.name = {name, strlen(name)}};
    const struct gguf_tensor *t = &wanted;
    const struct gguf_tensor **found =
        g->n_tensors ? bsearch(&t, g->by_name, g->n_tensors, sizeof *g->by_name, compare_tensors)
                     : NULL;
    return found ? *found : NULL;
}
