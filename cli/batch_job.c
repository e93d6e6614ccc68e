#include "cli/batch_job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chat/model_digest.h"
#include "chat/resolve.h"
#include "cli/json.h"

static json_t *model_json(const struct options *options, struct err *err)
{
    char digest[SHA256_HEX_BYTES];
    char *path = model_resolve(options->model, err);
    json_t *model = NULL;
    if (path && model_digest(digest, path, options->mmproj, err))
        model = json_pack("{s:o, s:s}", "path", json_words(path), "digest", digest);
    free(path);
    return model;
}

static json_t *crops_json(const struct crop_choice *crops)
{
    if (crops->kind == CROPS_FIXED)
        return json_integer(crops->n);
    struct str text = {0};
    crop_choice_put(crops, &text);
    json_t *json = json_string(str_text(&text));
    str_done(&text);
    return json;
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

static json_t *own_number(float value)
{
    return isnan(value) ? json_string(OPTION_OWN_TEXT) : number(value);
}

static json_t *own_count(size_t value)
{
    return value == OPTION_OWN ? json_string(OPTION_OWN_TEXT) : json_integer((json_int_t)value);
}

static json_t *options_json(const struct options *o)
{
    json_t *stop = json_array();
    for (size_t i = 0; i < o->n_stop; i++)
        json_array_append_new(stop, json_words(o->stop[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:s, s:s, s:s*}", "temperature",
                     own_number(o->temperature), "top_k", own_count(o->top_k), "top_p",
                     own_number(o->top_p), "min_p", own_number(o->min_p), "repeat_penalty",
                     own_number(o->repeat_penalty), "max_tokens", (json_int_t)o->max_tokens, "stop",
                     stop, "crops", crops_json(&o->crops), "cache", cache_name(o->cache),
                     "vision_precision", o->vision_precision ? o->vision_precision : "default",
                     "schema", o->schema);
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
    job->schema = json_object_get(job->options, "schema");
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
    const json_t *options = json_object_get(record, "options"),
                 *schema = json_object_get(options, "schema");
    if (job->schema != schema && !json_equal(job->schema, schema))
        return "another schema";
    if (!json_equal(job->options, options))
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
