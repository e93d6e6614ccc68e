#include "engine/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/quant.h"

/* What a safetensors type is to quant.h, if it is anything. */
enum { TYPE_FOREIGN = 0xFFFF };
/* What type_name_any writes at most. */
enum { TYPE_NAME_BYTES = 24 };

static bool lists_new(struct weights *w, const char *path, size_t n, size_t text_bytes,
                      struct err *err)
{
    *w = (struct weights){.n = n};
    w->path = mem_try(strlen(path) + 1, 1, path, err);
    w->all = mem_try(n, sizeof *w->all, path, err);
    w->by_name = mem_try(n, sizeof *w->by_name, path, err);
    w->text = mem_try(text_bytes, 1, path, err);
    if (!w->path || !w->all || !w->by_name || !w->text) {
        weights_done(w);
        return false;
    }
    strcpy(w->path, path);
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp((*(const struct weight *const *)a)->info.name,
                  (*(const struct weight *const *)b)->info.name);
}

static bool sort_names(struct weights *w, struct err *err)
{
    for (size_t i = 0; i < w->n; i++)
        w->by_name[i] = &w->all[i];
    if (w->n)
        qsort(w->by_name, w->n, sizeof *w->by_name, compare);
    for (size_t i = 1; i < w->n; i++) {
        if (compare(&w->by_name[i - 1], &w->by_name[i]) != 0)
            continue;
        err_set(err, "%s: tensor \"%.80s\" is there twice", w->path, w->by_name[i]->info.name);
        weights_done(w);
        return false;
    }
    return true;
}

/* Copies s[n] behind what is in the names; returns where it now is. */
static const char *put_text(char **at, const char *s, size_t n)
{
    char *copy = *at;
    memcpy(copy, s, n);
    copy[n] = 0;
    *at += n + 1;
    return copy;
}

static void from_gguf_tensor(struct weight *w, const struct gguf_tensor *t, char **text)
{
    char buffer[TYPE_NAME_BYTES];
    const char *type = type_name_any(t->type, buffer);
    *w = (struct weight){.type = t->type, .data = t->data};
    w->info.name = put_text(text, t->name.text, t->name.n);
    w->info.type = put_text(text, type, strnlen(type, sizeof buffer - 1));
    w->info.n_dims = t->n_dims;
    w->info.bytes = t->bytes;
    for (size_t i = 0; i < 4; i++)
        w->info.shape[i] = i < t->n_dims ? t->dims[t->n_dims - 1 - i] : 1;
}

bool weights_from_gguf(struct weights *w, const struct gguf *g, struct err *err)
{
    size_t n = gguf_tensor_count(g), bytes = 1;
    for (size_t i = 0; i < n; i++)
        bytes += gguf_tensor_at(g, i)->name.n + 1 + TYPE_NAME_BYTES;
    if (!lists_new(w, gguf_path(g), n, bytes, err))
        return false;
    char *text = w->text;
    for (size_t i = 0; i < n; i++)
        from_gguf_tensor(&w->all[i], gguf_tensor_at(g, i), &text);
    return sort_names(w, err);
}

static uint32_t dtype_type(const char *dtype)
{
    if (strcmp(dtype, "BF16") == 0)
        return TYPE_BF16;
    if (strcmp(dtype, "F16") == 0)
        return TYPE_F16;
    return strcmp(dtype, "F32") == 0 ? (uint32_t)TYPE_F32 : (uint32_t)TYPE_FOREIGN;
}

bool weights_from_safetensors(struct weights *w, const char *folder,
                              struct safetensors *const *files, size_t n_files, struct err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < n_files; i++)
        n += safetensors_count(files[i]);
    if (!lists_new(w, folder, n, 1, err))
        return false;
    struct weight *to = w->all;
    for (size_t i = 0; i < n_files; i++) {
        for (size_t k = 0; k < safetensors_count(files[i]); k++, to++) {
            const struct safetensors_entry *e = safetensors_at(files[i], k);
            to->info = (struct facet_tensor_info){e->name, e->dtype, {0}, e->n_dims, e->bytes};
            memcpy(to->info.shape, e->shape, sizeof e->shape);
            to->type = dtype_type(e->dtype);
            to->data = e->data;
        }
    }
    return sort_names(w, err);
}

bool weights_from_list(struct weights *w, const char *path, const struct weight *given, size_t n, struct err *err)
{
    size_t bytes = 1;
    for (size_t i = 0; i < n; i++)
        bytes += strlen(given[i].info.name) + 1;
    if (!lists_new(w, path, n, bytes, err))
        return false;
    char *text = w->text;
    for (size_t i = 0; i < n; i++) {
        w->all[i] = given[i];
        w->all[i].info.name = put_text(&text, given[i].info.name, strlen(given[i].info.name));
        w->all[i].info.type = type_traits_get(given[i].type)->name;
    }
    return sort_names(w, err);
}

void weights_done(struct weights *w)
{
    free(w->path);
    free(w->all);
    free(w->by_name);
    free(w->text);
    *w = (struct weights){0};
}

const struct weight *weights_find(const struct weights *w, const char *name)
{
    struct weight wanted = {.info.name = name};
    const struct weight *p = &wanted;
    const struct weight **found =
        w->n ? bsearch(&p, w->by_name, w->n, sizeof *w->by_name, compare) : NULL;
    return found ? *found : NULL;
}

bool weights_have(const struct weights *w, const char *first, const char *second)
{
    char name[256];
    int n = snprintf(name, sizeof name, "%s%s", first, second);
    return n > 0 && (size_t)n < sizeof name && weights_find(w, name) != NULL;
}
