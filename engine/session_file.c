/* facet.h: a session's cache in a file.
 *
 *   "facetKV2" · u64 fingerprint of model and options · u64 n_ids · u64 n_images · u64 has_logits
 *   i32 ids[n_ids] · per image: f32 soft[n_soft][n_embd] · f32 logits[n_vocab] if any · rows of the
 * cache
 *
 * In the order of bytes of the machine. Where the images are, the runs of soft tokens among the ids
 * tell. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/session.h"

static const char magic[8] = "facetKV2";

struct head {
    char magic[8];
    uint64_t fingerprint, n_ids, n_images, has_logits;
};

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001B3u;
    return hash;
}

/* Tells models, cache types and windows apart: the parameters, and the first weights of each layer.
 */
static uint64_t fingerprint(const struct facet_session *s)
{
    const struct model *m = s->model->m;
    enum cache_type type = kvcache_type(s->cache);
    uint64_t ring = s->n_ctx < m->text.window ? s->n_ctx : m->text.window;
    uint64_t hash = mix(0xCBF29CE484222325u, &m->text, sizeof m->text);
    hash = mix(hash, &type, sizeof type);
    hash = mix(hash, &ring, sizeof ring);
    hash = mix(hash, m->tw.embed.data, m->tw.embed.row_bytes);
    for (uint32_t l = 0; l < m->text.n_layers; l++)
        hash = mix(hash, m->tw.layers[l].q.data, m->tw.layers[l].q.row_bytes);
    return hash;
}

static size_t soft_bytes(const struct facet_session *s)
{
    return (size_t)s->model->m->vision.n_soft * s->model->m->text.n_embd * sizeof(float);
}

static bool put(FILE *out, const void *bytes, size_t n)
{
    return fwrite(bytes, 1, n, out) == n;
}

static bool get(FILE *in, void *bytes, size_t n)
{
    return fread(bytes, 1, n, in) == n;
}

static bool write_session(const struct facet_session *s, FILE *out)
{
    struct head head = {.fingerprint = fingerprint(s),
                        .n_ids = s->n_ids,
                        .n_images = s->n_images,
                        .has_logits = s->has_logits && !s->n_best_logits};
    memcpy(head.magic, magic, sizeof magic);
    bool ok = put(out, &head, sizeof head) && put(out, s->ids, s->n_ids * sizeof *s->ids);
    for (size_t i = 0; ok && i < s->n_images; i++)
        ok = put(out, s->images[i].soft, soft_bytes(s));
    if (ok && head.has_logits)
        ok = put(out, s->logits, s->model->m->text.n_vocab * sizeof *s->logits);
    return ok && kvcache_write(s->cache, out);
}

static enum facet_status fail(char *error, const char *path, struct err *err)
{
    err_prefix(err, "%s", path);
    if (error)
        memcpy(error, err->text, sizeof err->text);
    return FACET_FAILED;
}

enum facet_status facet_session_save(struct facet_session *s, const char *path, char *error)
{
    struct err err = {0};
    size_t bytes = strlen(path) + sizeof ".XXXXXX";
    char *part = mem_try(bytes, 1, "file name", &err);
    if (!part)
        return fail(error, path, &err);
    snprintf(part, bytes, "%s.XXXXXX", path);
    int fd = mkostemp(part, O_CLOEXEC); /* 0600 */
    FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
    bool ok = out && write_session(s, out);
    if (out)
        ok = fclose(out) == 0 && ok;
    else if (fd >= 0)
        close(fd);
    ok = ok && rename(part, path) == 0;
    if (!ok)
        err_set(&err, "%s", strerror(errno));
    if (!ok && fd >= 0)
        remove(part);
    free(part);
    return ok ? FACET_OK : fail(error, path, &err);
}

/* The ids are checked. */
static bool read_images(struct facet_session *s, FILE *in, struct err *err)
{
    float *soft = mem_try(1, soft_bytes(s), "soft tokens", err);
    bool ok = soft != NULL;
    for (size_t i = 0; ok && i < s->n_ids; i++) {
        if (s->ids[i] != session_soft_id(s))
            continue;
        ok = get(in, soft, soft_bytes(s)) ? session_add_image(s, i, soft, err)
                                          : err_set(err, "is cut off");
        i += s->model->m->vision.n_soft - 1;
    }
    free(soft);
    return ok;
}

static bool read_session(struct facet_session *s, FILE *in, struct err *err)
{
    struct head head;
    if (!get(in, &head, sizeof head) || memcmp(head.magic, magic, sizeof magic) != 0)
        return err_set(err, "is no saved session");
    if (head.fingerprint != fingerprint(s))
        return err_set(err, "was saved with another model or cache type");
    if (head.n_ids > s->n_ctx)
        return err_set(err, "holds %llu positions, the context %zu", (unsigned long long)head.n_ids,
                       s->n_ctx);
    if (!get(in, s->ids, head.n_ids * sizeof *s->ids))
        return err_set(err, "is cut off");
    s->n_ids = head.n_ids;
    if (!session_check_ids(s, s->ids, s->n_ids, head.n_images, err) || !read_images(s, in, err))
        return false;
    if (head.has_logits && !get(in, s->logits, s->model->m->text.n_vocab * sizeof *s->logits))
        return err_set(err, "is cut off");
    if (!kvcache_read(s->cache, in, s->n_ids, err))
        return false;
    s->has_logits = head.has_logits != 0;
    s->n_best_logits = 0;
    session_checkpoint(s);
    return true;
}

enum facet_status facet_session_restore(struct facet_session *s, const char *path, char *error)
{
    struct err err = {0};
    kvcache_rewind(s->cache, 0);
    session_cut(s, 0);
    s->has_logits = s->has_checkpoint_logits = false;
    FILE *in = fopen(path, "rbe");
    if (!in) {
        err_set(&err, "%s", strerror(errno));
        return fail(error, path, &err);
    }
    bool ok = read_session(s, in, &err);
    fclose(in);
    if (ok)
        return FACET_OK;
    kvcache_rewind(s->cache, 0);
    session_cut(s, 0);
    return fail(error, path, &err);
}
