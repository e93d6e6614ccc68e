#include "chat/kept_images.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

/* To be changed when the same file and view come to be decoded, cut or scaled to other pixels. */
static const char *const PREPARED = "pixels 1";

/* The file: this, then the floats in the machine's order of bytes. */
struct head {
    char magic[8];
    char key[SHA256_HEX_BYTES - 1], sum[SHA256_HEX_BYTES - 1]; /* sum: of the floats */
};
static const char magic[8] = "facetIM1";

static void make_key(struct kept_images *images, const struct attachment *a, size_t view,
                     char key[SHA256_HEX_BYTES])
{
    struct str all = {0};
    if (!images->tower[0])
        facet_model_get_digest(images->model, FACET_TOWER, images->tower);
    str_printf(&all, "%s %s %s", images->tower, PREPARED, a->digest);
    const struct crop *crop = view ? &a->crops[view - 1] : NULL;
    if (crop)
        str_printf(&all, " %u %u %u %u", crop->x, crop->y, crop->width, crop->height);
    sha256_hex(all.data, all.len, key);
    str_done(&all);
}

static struct head make_head(const char *key, const float *soft, size_t bytes)
{
    struct head head;
    char sum[SHA256_HEX_BYTES];
    sha256_hex(soft, bytes, sum);
    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.key, key, sizeof head.key);
    memcpy(head.sum, sum, sizeof head.sum);
    return head;
}

static bool take(const char *file, size_t size, const char *key, float *soft, size_t bytes)
{
    if (size != sizeof(struct head) + bytes)
        return false;
    memcpy(soft, file + sizeof(struct head), bytes);
    struct head head = make_head(key, soft, bytes);
    return memcmp(file, &head, sizeof head) == 0;
}

bool kept_images_load(struct kept_images *images, const struct attachment *a, size_t view,
                      float *soft)
{
    if (images->kept->limit == 0)
        return false;
    char key[SHA256_HEX_BYTES];
    size_t bytes = images->n_floats * sizeof *soft, size;
    make_key(images, a, view, key);
    char *path = kept_path(images->kept, KEPT_IMAGES, key);
    char *file = file_read(path, sizeof(struct head) + bytes, &size, NULL);
    bool ok = file && take(file, size, key, soft, bytes);
    if (ok)
        kept_touch(images->kept, path);
    else if (file)
        unlink(path);
    free(file);
    free(path);
    return ok;
}

void kept_images_save(struct kept_images *images, const struct attachment *a, size_t view,
                      const float *soft)
{
    char key[SHA256_HEX_BYTES];
    make_key(images, a, view, key);
    char *path = kept_path_to_write(images->kept, KEPT_IMAGES, key);
    if (!path)
        return;
    size_t bytes = images->n_floats * sizeof *soft;
    struct head head = make_head(key, soft, bytes);
    struct str file = {0};
    str_put(&file, (const char *)&head, sizeof head);
    str_put(&file, (const char *)soft, bytes);
    if (file_write(path, file.data, file.len, 0600, NULL))
        kept_settle(images->kept, path);
    str_done(&file);
    free(path);
}
