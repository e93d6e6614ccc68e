#include "cli/batch_job.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/resolve.h"
#include "cli/json.h"

/* The head of a model file holds its metadata, vocabulary and shapes; the tail, weights. Together
 * with the size they tell models apart without reading gigabytes. */
static const size_t HEAD_BYTES = (size_t)8 << 20, TAIL_BYTES = (size_t)1 << 20;

static bool put_file_mark(struct str *marks, const char *path, struct err *err)
{
    struct file_map map;
    if (!file_map_open(&map, path, err))
        return false;
    size_t head = map.size < HEAD_BYTES ? map.size : HEAD_BYTES;
    size_t tail = map.size - head < TAIL_BYTES ? map.size - head : TAIL_BYTES;
    char hex[SHA256_HEX_BYTES];
    sha256_hex(map.data, head, hex);
    str_printf(marks, "%zu %s ", map.size, hex);
    sha256_hex(map.data + (map.size - tail), tail, hex);
    str_printf(marks, "%s\n", hex);
    file_map_close(&map);
    return true;
}

static int is_weights(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return (n > 12 && strcmp(entry->d_name + n - 12, ".safetensors") == 0) ||
           strcmp(entry->d_name, "config.json") == 0;
}

static int is_projector(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return strncmp(entry->d_name, "mmproj", 6) == 0 && n > 5 &&
           strcmp(entry->d_name + n - 5, ".gguf") == 0;
}

/* The marks of a folder's files that `which` picks; none is no failure. */
static bool put_folder_marks(struct str *marks, const char *folder,
                             int (*which)(const struct dirent *), struct err *err)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, which, alphasort);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        char *path = path_join(folder, entries[i]->d_name);
        ok = ok && put_file_mark(marks, path, err);
        free(path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return ok;
}

/* A projector that was not named is found beside the model, so what lies there counts. */
static bool put_projector_mark(struct str *marks, const char *model, const char *mmproj,
                               struct err *err)
{
    if (mmproj) {
        char *path = path_expand(mmproj);
        bool ok = put_file_mark(marks, path, err);
        free(path);
        return ok;
    }
    const char *name = path_base(model);
    char *folder = name == model ? mem_copy(".") : mem_text(model, (size_t)(name - model));
    bool ok = put_folder_marks(marks, folder, is_projector, err);
    free(folder);
    return ok;
}

static json_t *model_json(const struct options *options, struct err *err)
{
    char *path = model_resolve(options->model, err);
    if (!path)
        return NULL;
    struct str marks = {0};
    bool folder = file_is_dir(path);
    bool ok = folder ? put_folder_marks(&marks, path, is_weights, err)
                     : put_file_mark(&marks, path, err) &&
                           put_projector_mark(&marks, path, options->mmproj, err);
    json_t *model = NULL;
    if (ok) {
        char hex[SHA256_HEX_BYTES];
        sha256_hex(str_text(&marks), marks.len, hex);
        model = json_pack("{s:o, s:s}", "path", json_words(path), "digest", hex);
    }
    str_done(&marks);
    free(path);
    return model;
}

static json_t *crops_json(const struct crop_choice *crops)
{
    switch (crops->kind) {
    case CROPS_AUTO:
        return json_string("auto");
    case CROPS_HF:
        return json_string("hf");
    case CROPS_OFF:
        return json_string("off");
    case CROPS_FIXED:
        break;
    }
    return json_integer(crops->n);
}

static const char *cache_name(enum facet_cache_type type)
{
    static const char *const names[] = {"default", "f16", "f32", "q8_0"};
    return names[type];
}

/* A float as it was written: 0.95, not 0.949999988079071. */
static json_t *number(float value)
{
    char text[32];
    snprintf(text, sizeof text, "%.7g", (double)value);
    return json_real(strtod(text, NULL));
}

static json_t *options_json(const struct options *o)
{
    json_t *stop = json_array();
    for (size_t i = 0; i < o->n_stop; i++)
        json_array_append_new(stop, json_words(o->stop[i]));
    return json_pack("{s:o, s:I, s:o, s:o, s:o, s:I, s:o, s:o, s:s, s:s}", "temperature",
                     number(o->temperature), "top_k", (json_int_t)o->top_k, "top_p",
                     number(o->top_p), "min_p", number(o->min_p), "repeat_penalty",
                     number(o->repeat_penalty), "max_tokens", (json_int_t)o->max_tokens, "stop",
                     stop, "crops", crops_json(&o->crops), "cache", cache_name(o->cache),
                     "vision_precision", o->vision_precision ? o->vision_precision : "default");
}

static void hash_job(struct batch_job *job)
{
    json_t *all = json_pack("[O,O,O,O,O]", job->prompt, job->system,
                            json_object_get(job->model, "digest"), job->options, job->seed);
    char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(9));
    sha256_hex(text ? text : "", text ? strlen(text) : 0, job->hash);
    free(text);
    json_decref(all);
}

bool batch_job_init(struct batch_job *job, const char *prompt, const struct options *options,
                    struct err *err)
{
    *job = (struct batch_job){.model = model_json(options, err)};
    if (!job->model)
        return false;
    job->prompt = json_words(prompt);
    job->system = json_words(options->system);
    job->options = options_json(options);
    job->seed = options->seed_given ? json_integer((json_int_t)options->seed) : json_null();
    hash_job(job);
    return true;
}

void batch_job_done(struct batch_job *job)
{
    json_decref(job->prompt);
    json_decref(job->system);
    json_decref(job->model);
    json_decref(job->options);
    json_decref(job->seed);
    *job = (struct batch_job){0};
}

const char *batch_job_difference(const struct batch_job *job, const json_t *record)
{
    bool of_line = json_object_get(record, "line"); /* which may have had its own */
    if (!of_line && !json_equal(job->prompt, json_object_get(record, "prompt")))
        return "another prompt";
    if (!of_line && !json_equal(job->system, json_object_get(record, "system")))
        return "another system prompt";
    if (!json_equal(json_object_get(job->model, "digest"),
                    json_object_get(json_object_get(record, "model"), "digest")))
        return "another model";
    if (!json_equal(job->options, json_object_get(record, "options")))
        return "other options";
    return of_line ? "another prompt, system prompt or seed" : "another seed";
}

uint64_t batch_job_seed(const struct batch_job *job, const char *digest)
{
    if (json_is_integer(job->seed))
        return (uint64_t)json_integer_value(job->seed);
    char head[13]; /* 48 bits: JSON readers that know doubles alone still get all of it */
    snprintf(head, sizeof head, "%.12s", digest);
    return strtoull(head, NULL, 16);
}
