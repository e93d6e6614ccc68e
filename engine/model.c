#include "engine/model.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/model_bind.h"
#include "engine/model_gguf.h"
#include "engine/model_hf.h"
#include "engine/model_params.h"
#include "engine/model_sampling.h"
#include "engine/model_shape.h"
#include "engine/pool.h"
#include "engine/tokenizer.h"
#include "engine/weights.h"

struct model_files {
    struct gguf *gguf, *mmproj;
    struct shards shards;
    struct weights text, tower; /* tower: of a projector file */
    struct owned *owned;
    void *made; /* weights of no file */
};

/* s[n] with a NUL behind; NULL if memory is short. */
static char *copy_text(const char *s, size_t n, struct err *err)
{
    char *copy = mem_try(n + 1, 1, "model", err);
    return copy ? memcpy(copy, s, n) : NULL;
}

/* ---- Text ----------------------------------------------------------------------------------- */

static bool set_name(struct model *m, const char *name, size_t n, struct err *err)
{
    m->name = copy_text(name, n, err);
    for (char *c = m->name; c && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return m->name != NULL;
}

/* The last part of the path, without ".gguf". */
static bool name_by_path(struct model *m, struct err *err)
{
    size_t n = strlen(m->path);
    while (n > 1 && m->path[n - 1] == '/')
        n--;
    size_t start = n;
    while (start > 0 && m->path[start - 1] != '/')
        start--;
    if (n - start > 5 && strncasecmp(m->path + n - 5, ".gguf", 5) == 0)
        n -= 5;
    return set_name(m, m->path + start, n - start, err);
}

/* n_pieces: size of the vocabulary; 0: not known. Files have more rows than tokens (padding), or
 * more pieces than rows. */
static bool set_n_vocab(struct model *m, uint64_t n_pieces, struct err *err)
{
    uint64_t rows = m->tw.embed.rows < m->tw.head.rows ? m->tw.embed.rows : m->tw.head.rows;
    if (rows > INT32_MAX)
        return err_set(err, "%s: a vocabulary of %llu rows", m->path, (unsigned long long)rows);
    m->text.n_vocab = (uint32_t)(n_pieces && n_pieces < rows ? n_pieces : rows);
    return true;
}

/* Of a file that may have no tensors: as many tokens as there would be with them. */
static uint32_t count_vocabulary(const struct model_files *f)
{
    uint64_t n = model_gguf_pieces(f->gguf);
    const struct weight *embed = weights_find(&f->text, "token_embd.weight");
    if (embed && embed->info.shape[0] < n)
        n = embed->info.shape[0];
    return n < INT32_MAX ? (uint32_t)n : INT32_MAX;
}

static bool open_gguf(struct model *m, const struct facet_model_options *o, struct err *err)
{
    struct model_files *f = m->files;
    struct gguf_string name;
    f->gguf = gguf_open(m->path, err);
    if (!f->gguf || !model_gguf_check_text(f->gguf, err) ||
        !weights_from_gguf(&f->text, f->gguf, err))
        return false;
    bool named = gguf_get_string(f->gguf, "general.name", &name) && name.n > 0 && name.n < 256;
    if (!(named ? set_name(m, name.text, name.n, err) : name_by_path(m, err)))
        return false;
    if (o->vocabulary_only)
        m->text.n_vocab = count_vocabulary(f);
    else if (!model_gguf_text_params(m, f->gguf, err) ||
             !model_bind_text(m, &f->text, false, &f->owned, err) ||
             !set_n_vocab(m, model_gguf_pieces(f->gguf), err))
        return false;
    model_sampling_gguf(m, f->gguf);
    struct err wrong;
    m->tokenizer = tokenizer_from_gguf(f->gguf, m->text.n_vocab, &wrong);
    if (m->tokenizer)
        return true;
    if (o->vocabulary_only)
        return err_set(err, "%s", wrong.text);
    /* Files made to measure speed have placeholders for pieces. */
    model_note(m, "no tokenizer: %s", wrong.text);
    return true;
}

/* A folder need not have a tokenizer, unless it alone is wanted. */
static bool open_folder_vocabulary(struct model *m, bool needed, struct err *err)
{
    char *path = model_hf_path(m->path, "tokenizer.json", err);
    if (!path)
        return false;
    bool ok = true;
    struct file_map map;
    if (needed || file_exists(path)) {
        ok = file_map_open(&map, path, err);
        if (ok)
            m->tokenizer = tokenizer_from_json(map.data ? (const char *)map.data : "", map.size,
                                               m->text.n_vocab, path, err);
        file_map_close(&map);
        ok = m->tokenizer != NULL;
    }
    free(path);
    return ok;
}

static bool open_folder(struct model *m, const struct facet_model_options *o, bool *tower,
                        struct err *err)
{
    struct model_files *f = m->files;
    if (!name_by_path(m, err))
        return false;
    if (o->vocabulary_only) {
        *tower = false;
        if (!open_folder_vocabulary(m, true, err))
            return false;
        m->text.n_vocab = (uint32_t)tokenizer_size(m->tokenizer);
        return true;
    }
    if (!model_hf_params(m, m->path, tower, err) || !model_hf_sampling(m, m->path, err) ||
        !shards_open(&f->shards, m->path, err) ||
        !weights_from_safetensors(&f->text, m->path, f->shards.files, f->shards.n, err) ||
        !model_bind_text(m, &f->text, true, &f->owned, err) ||
        !set_n_vocab(m, m->text.n_vocab, err) || !open_folder_vocabulary(m, false, err))
        return false;
    return !m->tokenizer || set_n_vocab(m, tokenizer_size(m->tokenizer), err);
}

/* ---- Tower ---------------------------------------------------------------------------------- */

static void drop_tower(struct model *m)
{
    free(m->vw.layers);
    free(m->mmproj_path);
    m->mmproj_path = NULL;
    m->vw = (struct vision_weights){0};
    m->vision = (struct vision_params){0};
    weights_done(&m->files->tower);
    gguf_close(m->files->mmproj);
    m->files->mmproj = NULL;
}

static bool open_mmproj(struct model *m, const char *path, struct err *err)
{
    struct model_files *f = m->files;
    drop_tower(m);
    f->mmproj = gguf_open(path, err);
    m->mmproj_path = f->mmproj ? copy_text(path, strlen(path), err) : NULL;
    m->has_vision = m->mmproj_path && model_gguf_vision_params(m, f->mmproj, err) &&
                    weights_from_gguf(&f->tower, f->mmproj, err) &&
                    model_bind_vision(m, &f->tower, false, &f->owned, err);
    if (!m->has_vision)
        drop_tower(m);
    return m->has_vision;
}

/* A projector file beside the model. */
struct candidate {
    char *path;
    size_t shared; /* characters that it has in common with the model's name, behind "mmproj-" */
};

static size_t shared_prefix(const char *candidate, const char *model)
{
    candidate += strlen("mmproj");
    if (*candidate == '-' || *candidate == '_' || *candidate == '.')
        candidate++;
    size_t n = 0;
    while (candidate[n] && strncasecmp(candidate + n, model + n, 1) == 0)
        n++;
    return n;
}

/* The likeliest first: mmproj-F16 before mmproj-BF16, and the same each time. */
static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->shared != y->shared)
        return x->shared < y->shared ? 1 : -1;
    size_t n = strlen(x->path), k = strlen(y->path);
    return n != k ? (n < k ? -1 : 1) : strcmp(x->path, y->path);
}

static bool is_projector_name(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strncasecmp(name, "mmproj", 6) == 0 && strcasecmp(name + n - 5, ".gguf") == 0;
}

enum { MAX_CANDIDATES = 64 };

static size_t find_candidates(const struct model *m, struct candidate found[MAX_CANDIDATES])
{
    const char *base = path_base(m->path);
    size_t n = 0, n_folder = (size_t)(base - m->path);
    char *folder = n_folder ? copy_text(m->path, n_folder, NULL) : copy_text(".", 1, NULL);
    DIR *dir = folder ? opendir(folder) : NULL;
    struct dirent *entry;
    while (dir && n < MAX_CANDIDATES && (entry = readdir(dir))) {
        if (!is_projector_name(entry->d_name))
            continue;
        size_t n_name = strlen(entry->d_name);
        char *path = mem_try(n_folder + n_name + 1, 1, "path", NULL);
        if (!path)
            break;
        memcpy(path, m->path, n_folder);
        memcpy(path + n_folder, entry->d_name, n_name);
        found[n++] = (struct candidate){path, shared_prefix(entry->d_name, base)};
    }
    if (dir)
        closedir(dir);
    free(folder);
    qsort(found, n, sizeof *found, compare_candidates);
    return n;
}

/* What lies beside a model need not belong to it: what does not fit is left, with a note. */
static void open_mmproj_beside(struct model *m)
{
    struct candidate found[MAX_CANDIDATES];
    struct err first = {""}, other;
    size_t n = find_candidates(m, found);
    for (size_t i = 0; i < n; i++) {
        if (!m->has_vision)
            open_mmproj(m, found[i].path, first.text[0] ? &other : &first);
        free(found[i].path);
    }
    if (!m->has_vision && n)
        model_note(m, "projector file not used: %s", first.text);
}

/* in_folder: config.json says that the folder has a tower. */
static bool open_tower(struct model *m, const struct facet_model_options *o, bool in_folder,
                       struct err *err)
{
    struct model_files *f = m->files;
    if (o->mmproj)
        return open_mmproj(m, o->mmproj, err);
    bool has = model_has_tower(&f->text, !f->gguf);
    if (!has && f->gguf)
        open_mmproj_beside(m);
    if (has != in_folder && !f->gguf)
        model_note(m, "config.json and the files do not agree on a vision tower: left out");
    if (!has || (!f->gguf && !in_folder)) {
        if (!m->has_vision)
            drop_tower(m);
        return true;
    }
    m->has_vision = (in_folder || model_gguf_vision_params(m, f->gguf, err)) &&
                    model_bind_vision(m, &f->text, !f->gguf, &f->owned, err);
    return m->has_vision;
}

/* ---- The whole ------------------------------------------------------------------------------ */

static bool make_listing(struct model *m, struct err *err)
{
    const struct weights *lists[] = {&m->files->text, &m->files->tower};
    m->listing = mem_try(lists[0]->n + lists[1]->n, sizeof *m->listing, m->path, err);
    if (!m->listing)
        return false;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < lists[k]->n; i++) {
            const struct facet_tensor_info *info = &lists[k]->all[i].info;
            m->listing[m->n_listing++] = *info;
            m->weight_bytes += info->bytes;
            m->n_parameters += info->shape[0] * info->shape[1] * info->shape[2] * info->shape[3];
        }
    }
    return true;
}

static bool open_into(struct model *m, const char *path, const struct facet_model_options *o,
                      struct err *err)
{
    bool tower = !o->text_only && !o->mmproj;
    m->files = mem_try(1, sizeof *m->files, path, err);
    m->path = copy_text(path, strlen(path), err);
    if (!m->files || !m->path)
        return false;
    if (!(file_is_dir(path) ? open_folder(m, o, &tower, err) : open_gguf(m, o, err)))
        return false;
    bool in_folder = tower && !m->files->gguf;
    if (!o->text_only && !o->vocabulary_only && !open_tower(m, o, in_folder, err))
        return false;
    return make_listing(m, err);
}

static bool make_into(struct model *m, const char *shape, const struct facet_model_options *o,
                      struct err *err)
{
    m->files = mem_try(1, sizeof *m->files, shape, err);
    m->path = copy_text(shape, strlen(shape), err);
    if (!m->files || !m->path || !set_name(m, shape, strlen(shape), err))
        return false;
    struct model_files *f = m->files;
    if (!model_shape_plan(m, &f->text, shape, !o->text_only, err))
        return false;
    f->made = model_shape_fill(&f->text, o->n_threads ? o->n_threads : pool_default_threads(), err);
    return f->made && model_bind_text(m, &f->text, false, &f->owned, err) &&
           (!m->has_vision || model_bind_vision(m, &f->text, false, &f->owned, err)) &&
           set_n_vocab(m, 0, err) && make_listing(m, err);
}

typedef bool open_fn(struct model *m, const char *what, const struct facet_model_options *o,
                     struct err *err);

static struct model *open_by(open_fn *into, const char *what,
                             const struct facet_model_options *options, struct err *err)
{
    static const struct facet_model_options none = {0};
    struct model *m = mem_try(1, sizeof *m, what, err);
    if (!m)
        return NULL;
    m->image_soft_id = -1;
    m->sampling = facet_sampling_default;
    if (into(m, what, options ? options : &none, err))
        return m;
    model_free(m);
    return NULL;
}

struct model *model_open(const char *path, const struct facet_model_options *options,
                         struct err *err)
{
    return open_by(open_into, path, options, err);
}

struct model *model_open_shape(const char *shape, const struct facet_model_options *options,
                               struct err *err)
{
    return open_by(make_into, shape, options, err);
}

uint64_t model_plan_bytes(const char *shape, const struct facet_model_options *options,
                          struct err *err)
{
    struct model m = {0};
    struct weights w = {0};
    bool tower = !options || !options->text_only;
    uint64_t bytes = model_shape_plan(&m, &w, shape, tower, err) ? model_shape_bytes(&w) : 0;
    weights_done(&w);
    free(m.tw.layers);
    free(m.vw.layers);
    return bytes;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    struct model_files *f = m->files;
    tokenizer_free(m->tokenizer);
    if (f) {
        drop_tower(m);
        weights_done(&f->text);
        gguf_close(f->gguf);
        shards_close(&f->shards);
        owned_free(f->owned);
        free(f->made);
    }
    free(m->name);
    free(m->path);
    free(m->tw.layers);
    free(m->listing);
    free(m->chat_note);
    free(f);
    free(m);
}
