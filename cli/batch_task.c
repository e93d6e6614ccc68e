#include "cli/batch_task.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/confidence.h"
#include "cli/progress.h"

static const size_t PICTURE_LIMIT_BYTES = (size_t)512 << 20;

const char *batch_item_prompt(const struct batch_item *item, const char *prompt)
{
    const char *own = batch_item_text(item, "prompt");
    return own ? own : prompt;
}

const char *batch_item_system(const struct batch_item *item, const struct options *options)
{
    const char *own = batch_item_text(item, "system");
    return own ? own : options->system;
}

/* Paths in a manifest start at its folder. */
static char *picture_path(const struct batch_item *item, size_t i)
{
    if (!item->entry)
        return mem_copy(item->path);
    const char *image = batch_item_image(item, i), *name = path_base(item->path);
    if (image[0] == '/' || name == item->path)
        return mem_copy(strcmp(image, "-") == 0 ? "./-" : image);
    char *folder = mem_text(item->path, (size_t)(name - item->path));
    char *path = path_join(folder, image);
    free(folder);
    return path;
}

static bool read_pictures(struct batch_task *t, struct err *err)
{
    bool ok = true;
    t->n_pictures = batch_item_pictures(t->item);
    t->pictures = mem_new(t->n_pictures, sizeof *t->pictures);
    for (size_t i = 0; i < t->n_pictures; i++) {
        struct batch_picture *p = &t->pictures[i];
        p->path = picture_path(t->item, i);
        p->bytes = file_read(p->path, PICTURE_LIMIT_BYTES, &p->n_bytes, ok ? err : NULL);
        ok = ok && p->bytes;
    }
    return ok;
}

static json_t *digest_json(const struct batch_picture *p)
{
    char digest[SHA256_HEX_BYTES];
    if (!p->bytes)
        return json_null();
    sha256_hex(p->bytes, p->n_bytes, digest);
    return json_string(digest);
}

/* Of a line: what it asks, and what its pictures hold. */
static void digest_line(struct batch_task *t)
{
    static const char *const keys[] = {"id", "prompt", "system", "seed", "image", "images"};
    json_t *all = json_array();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(t->item->entry, keys[i]);
        json_array_append_new(all, value ? json_incref(value) : json_null());
    }
    for (size_t i = 0; i < t->n_pictures; i++)
        json_array_append_new(all, digest_json(&t->pictures[i]));
    char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
    sha256_hex(text ? text : "", text ? strlen(text) : 0, t->digest);
    free(text);
    json_decref(all);
}

bool batch_task_init(struct batch_task *t, const struct batch_item *item, size_t index,
                     const struct batch_job *job, const char *prompt, const struct options *options,
                     struct err *err)
{
    *t = (struct batch_task){.index = index,
                             .item = item,
                             .prompt = batch_item_prompt(item, prompt),
                             .system = batch_item_system(item, options),
                             .start_s = clock_s()};
    bool ok = read_pictures(t, err);
    if (item->entry)
        digest_line(t);
    else if (ok)
        sha256_hex(t->pictures[0].bytes, t->pictures[0].n_bytes, t->digest);
    const json_t *seed = json_object_get(item->entry, "seed");
    t->seed = seed ? (uint64_t)json_integer_value(seed) : batch_job_seed(job, t->digest);
    return ok;
}

void batch_task_done(struct batch_task *t)
{
    for (size_t i = 0; i < t->n_pictures; i++) {
        free(t->pictures[i].path);
        free(t->pictures[i].bytes);
    }
    free(t->pictures);
    str_done(&t->warning);
    confidence_free(t->confidence);
    *t = (struct batch_task){0};
}

static void lay_out(const char *prompt, const char *system, struct attachment **pictures, size_t n,
                    struct messages *messages)
{
    *messages = (struct messages){0};
    if (system && *system)
        message_add_text(messages_add(messages, ROLE_SYSTEM), system, strlen(system));
    message_from_input(messages_add(messages, ROLE_USER), prompt, pictures, n);
}

static void release_all(struct attachment **pictures, size_t n)
{
    for (size_t i = 0; i < n; i++)
        attachment_release(pictures[i]);
    free(pictures);
}

static struct attachment *decode(struct batch_task *t, struct batch_picture *p,
                                 const struct options *options, struct err *err)
{
    struct attachment *a =
        attachment_from_bytes(p->path, p->bytes, p->n_bytes, &options->crops, err);
    free(p->bytes);
    p->bytes = NULL;
    if (a && a->facts.warning[0])
        str_printf(&t->warning, "%s%s", t->warning.len ? "; " : "", a->facts.warning);
    return a;
}

bool batch_task_compose(struct batch_task *t, const struct options *options,
                        struct messages *messages, struct err *err)
{
    struct attachment **pictures = mem_new(t->n_pictures, sizeof(struct attachment *));
    bool ok = true;
    for (size_t i = 0; ok && i < t->n_pictures; i++)
        ok = (pictures[i] = decode(t, &t->pictures[i], options, err)) != NULL;
    if (ok)
        lay_out(t->prompt, t->system, pictures, t->n_pictures, messages);
    release_all(pictures, t->n_pictures);
    return ok;
}

void batch_item_lay_out(const struct batch_item *item, const char *prompt,
                        const struct options *options, size_t n_crops, struct messages *messages)
{
    size_t n = batch_item_pictures(item);
    struct attachment **pictures = mem_new(n, sizeof(struct attachment *));
    for (size_t i = 0; i < n; i++)
        pictures[i] = attachment_blank(n_crops);
    lay_out(batch_item_prompt(item, prompt), batch_item_system(item, options), pictures, n,
            messages);
    release_all(pictures, n);
}

bool batch_task_is_twin(const struct batch_task *a, const struct batch_task *b)
{
    return a->digest[0] && strcmp(a->digest, b->digest) == 0 &&
           strcmp(a->item->path, b->item->path) == 0;
}
