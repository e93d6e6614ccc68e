/* facet.h: a session in a file.
 *
 *   head: what it is and which model's · i32 ids[n_ids] · per image: f32 soft[n_soft][n_embd]
 *   f32 logits[n_vocab] and those of the checkpoint, if there are any · the cache · u64 checksum of
 * all
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
#include "engine/checksum.h"
#include "engine/session.h"

static const char magic[8] = "facetKV4";

enum { HAS_LOGITS = 1, HAS_CHECKPOINT_LOGITS = 2, KEEPS_CHECKPOINT = 4 };

struct head {
    char magic[8];
    char decoder[FACET_DIGEST_BYTES - 1];
    uint64_t cache_type, ring; /* positions that a local layer keeps */
    uint64_t n_ids, n_images, flags;
    uint64_t n_best; /* of the logits, see session.h */
};

static struct head make_head(const struct facet_session *s)
{
    uint32_t window = s->model->m->text.window;
    char decoder[FACET_DIGEST_BYTES];
    struct head head = {.cache_type = (uint64_t)kvcache_type(s->cache),
                        .ring = s->n_ctx < window ? s->n_ctx : window,
                        .n_ids = s->n_ids,
                        .n_images = s->n_images,
                        .n_best = s->has_logits ? s->n_best_logits : 0,
                        .flags = (s->has_logits ? HAS_LOGITS : 0u) |
                                 (s->has_checkpoint_logits ? HAS_CHECKPOINT_LOGITS : 0u) |
                                 (s->keeps_checkpoint ? KEEPS_CHECKPOINT : 0u)};
    facet_model_get_digest(s->model, FACET_DECODER, decoder);
    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.decoder, decoder, sizeof head.decoder);
    return head;
}

static size_t soft_bytes(const struct facet_session *s)
{
    return (size_t)s->model->m->vision.n_soft * s->model->m->text.n_embd * sizeof(float);
}

static size_t logits_bytes(const struct facet_session *s)
{
    return s->model->m->text.n_vocab * sizeof(float);
}

/* A file on its way, and the session whose it is. */
struct stream {
    const struct facet_session *session;
    FILE *file;
    struct checksum sum;
    size_t done, total; /* bytes; total 0: not known */
};

static bool goes_on(struct stream *t, const void *bytes, size_t n)
{
    const struct facet_session *s = t->session;
    checksum_add(&t->sum, bytes, n);
    t->done += n;
    if (t->total > 0 && s->progress)
        s->progress(s->progress_user, "saving", t->done, t->total);
    return !atomic_load(&s->stop);
}

static bool put(void *user, void *bytes, size_t n)
{
    struct stream *t = user;
    return fwrite(bytes, 1, n, t->file) == n && goes_on(t, bytes, n);
}

static bool get(void *user, void *bytes, size_t n)
{
    struct stream *t = user;
    return fread(bytes, 1, n, t->file) == n && goes_on(t, bytes, n);
}

static bool count(void *user, void *bytes, size_t n)
{
    (void)bytes;
    *(size_t *)user += n;
    return true;
}

static enum facet_status fail(const struct facet_session *s, char *error, const char *path,
                              struct err *err)
{
    if (atomic_load(&s->stop))
        return FACET_CANCELLED;
    err_prefix(err, "%s", path);
    if (error)
        memcpy(error, err->text, sizeof err->text);
    return FACET_FAILED;
}

/* ---- Saving ---- */

static bool write_session(const struct facet_session *s, kvcache_run_fn *to, void *user)
{
    struct head head = make_head(s);
    bool ok = to(user, &head, sizeof head) && to(user, s->ids, s->n_ids * sizeof *s->ids);
    for (size_t i = 0; ok && i < s->n_images; i++)
        ok = to(user, s->images[i].soft, soft_bytes(s));
    if (ok && s->has_logits)
        ok = to(user, s->logits, logits_bytes(s));
    if (ok && s->has_checkpoint_logits)
        ok = to(user, s->checkpoint_logits, logits_bytes(s));
    return ok && kvcache_write(s->cache, to, user);
}

static bool write_file(const struct facet_session *s, FILE *file)
{
    struct stream t = {.session = s, .file = file};
    write_session(s, count, &t.total);
    if (!write_session(s, put, &t))
        return false;
    uint64_t sum = checksum_value(&t.sum);
    return fwrite(&sum, sizeof sum, 1, file) == 1;
}

enum facet_status facet_session_save(struct facet_session *s, const char *path, char *error)
{
    struct err err = {0};
    size_t bytes = strlen(path) + sizeof ".XXXXXX";
    char *part = mem_try(bytes, 1, "file name", &err);
    if (!part)
        return fail(s, error, path, &err);
    snprintf(part, bytes, "%s.XXXXXX", path);
    int fd = mkostemp(part, O_CLOEXEC); /* 0600 */
    FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
    bool ok = out && write_file(s, out);
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
    return ok ? FACET_OK : fail(s, error, path, &err);
}

/* ---- Restoring ---- */

/* The ids are checked. */
static bool read_images(struct facet_session *s, struct stream *t, struct err *err)
{
    float *soft = mem_try(1, soft_bytes(s), "soft tokens", err);
    bool ok = soft != NULL;
    for (size_t i = 0; ok && i < s->n_ids; i++) {
        if (s->ids[i] != session_soft_id(s))
            continue;
        ok = get(t, soft, soft_bytes(s)) ? session_add_image(s, i, soft, err)
                                         : err_set(err, "is cut off");
        i += s->model->m->vision.n_soft - 1;
    }
    free(soft);
    return ok;
}

static bool read_head(const struct facet_session *s, struct stream *t, struct head *head,
                      struct err *err)
{
    struct head own = make_head(s);
    if (!get(t, head, sizeof *head) || memcmp(head->magic, magic, sizeof magic) != 0)
        return err_set(err, "is no saved session");
    if (memcmp(head->decoder, own.decoder, sizeof own.decoder) != 0 ||
        head->cache_type != own.cache_type || head->ring != own.ring)
        return err_set(err, "was saved with another model or cache type");
    if (head->n_best > s->model->m->text.n_vocab)
        return err_set(err, "is damaged");
    if (head->n_ids > s->n_ctx)
        return err_set(err, "holds %llu positions, the context %zu",
                       (unsigned long long)head->n_ids, s->n_ctx);
    return true;
}

static bool read_session(struct facet_session *s, struct stream *t, struct err *err)
{
    struct head head;
    uint64_t sum;
    if (!read_head(s, t, &head, err))
        return false;
    if (!get(t, s->ids, head.n_ids * sizeof *s->ids))
        return err_set(err, "is cut off");
    s->n_ids = head.n_ids;
    if (!session_check_ids(s, s->ids, s->n_ids, head.n_images, err) || !read_images(s, t, err))
        return false;
    s->has_logits = head.flags & HAS_LOGITS;
    s->n_best_logits = head.n_best;
    s->has_checkpoint_logits = head.flags & HAS_CHECKPOINT_LOGITS;
    s->keeps_checkpoint = head.flags & KEEPS_CHECKPOINT;
    if ((s->has_logits && !get(t, s->logits, logits_bytes(s))) ||
        (s->has_checkpoint_logits && !get(t, s->checkpoint_logits, logits_bytes(s))))
        return err_set(err, "is cut off");
    if (!kvcache_read(s->cache, get, t, s->n_ids, err))
        return false;
    return (fread(&sum, sizeof sum, 1, t->file) == 1 && sum == checksum_value(&t->sum)) ||
           err_set(err, "is damaged");
}

static void empty(struct facet_session *s)
{
    kvcache_rewind(s->cache, 0);
    session_cut(s, 0);
    s->has_logits = s->has_checkpoint_logits = s->keeps_checkpoint = false;
    s->n_best_logits = 0;
}

enum facet_status facet_session_restore(struct facet_session *s, const char *path, char *error)
{
    struct err err = {0};
    empty(s);
    struct stream t = {.session = s, .file = fopen(path, "rbe")};
    if (!t.file) {
        err_set(&err, "%s", strerror(errno));
        return fail(s, error, path, &err);
    }
    bool ok = read_session(s, &t, &err);
    fclose(t.file);
    if (ok)
        return FACET_OK;
    empty(s);
    return fail(s, error, path, &err);
}
