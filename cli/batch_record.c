#include "cli/batch_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/json.h"
#include "cli/progress.h"

/* "image" and "images" both give a list. */
static json_t *images_json(const struct batch_item *item)
{
    json_t *list = json_array();
    const char *image;
    for (size_t i = 0; (image = batch_item_image(item, i)); i++)
        json_array_append_new(list, json_words(image));
    return list;
}

static void put_line(json_t *record, const struct batch_item *item)
{
    json_t *id = json_object_get(item->entry, "id");
    json_object_set_new(record, "line", json_integer((json_int_t)item->line));
    json_object_set_new(record, "id", id ? json_incref(id) : json_null());
    json_object_set_new(record, "images", images_json(item));
}

/* What every record has, "input" first. */
static json_t *new_record(const struct batch_task *t, const struct batch_job *job)
{
    json_t *record = json_pack("{s:o, s:o, s:I, s:s, s:o, s:o, s:O, s:O, s:I}", "input",
                               json_words(t->item->path), "sha256",
                               t->digest[0] ? json_string(t->digest) : json_null(), "index",
                               (json_int_t)t->index, "job", job->hash, "prompt",
                               json_words(t->prompt), "system", json_words(t->system), "model",
                               job->model, "options", job->options, "seed", (json_int_t)t->seed);
    if (t->item->entry)
        put_line(record, t->item);
    return record;
}

json_t *batch_record_answer(const struct batch_task *t, const struct batch_job *job,
                            enum figures figures, const struct chat_event *event)
{
    json_t *record = new_record(t, job);
    answer_json_put(record, &(struct answered){.text = event->text,
                                               .n_bytes = event->n_bytes,
                                               .reason = event->reason,
                                               .stats = &event->stats,
                                               .is_data = job->schema != NULL,
                                               .total_s = clock_s() - t->start_s,
                                               .figures = figures,
                                               .confidence = t->confidence});
    if (t->warning.len)
        json_object_set_new(record, "warning", json_words(str_text(&t->warning)));
    return record;
}

json_t *batch_record_error(const struct batch_task *t, const struct batch_job *job, const char *why)
{
    json_t *record = new_record(t, job);
    json_object_set_new(record, "error", json_words(why));
    return record;
}

/* photo.jpg → photo.txt, as captioning tools want it. */
static char *sidecar_path(const char *path, const char *suffix)
{
    const char *dot = strrchr(path_base(path), '.');
    size_t stem = dot && dot > path_base(path) ? (size_t)(dot - path) : strlen(path);
    struct str out = {0};
    str_put(&out, path, stem);
    str_puts(&out, suffix);
    return str_take(&out);
}

bool batch_sidecar_write(const struct batch_task *t, enum sidecar kind, const json_t *record,
                         bool *kept, struct err *err)
{
    *kept = false;
    if (kind == SIDECAR_NONE || t->n_pictures == 0)
        return true;
    char *path = sidecar_path(t->pictures[0].path, kind == SIDECAR_TXT ? ".txt" : ".json");
    char *json =
        kind == SIDECAR_JSON ? json_dumps(record, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    const json_t *answer = json_object_get(record, "answer");
    struct str text = {0};
    if (json)
        str_puts(&text, json);
    else
        str_put(&text, json_string_value(answer), json_string_length(answer));
    str_putc(&text, '\n');
    *kept = file_exists(path);
    bool ok = *kept || file_write(path, text.data, text.len, 0644, err);
    str_done(&text);
    free(json);
    free(path);
    return ok;
}
