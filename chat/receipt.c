#include "chat/receipt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

const char *reason_name(enum chat_reason reason)
{
    static const char *const names[] = {
        [CHAT_ENDED] = "ended",           [CHAT_STOP_STRING] = "stop string",
        [CHAT_MAX_TOKENS] = "max tokens", [CHAT_CONTEXT_FULL] = "context full",
        [CHAT_CANCELLED] = "cancelled",
    };
    return names[reason];
}

/* ---- Writing: a function for each kind of options.def ---- */

static void put_TEXT(json_t *all, const char *flag, char *const *value)
{
    if (*value)
        json_object_set_new(all, flag, json_string(*value));
}

static void put_REAL(json_t *all, const char *flag, const float *value)
{
    json_object_set_new(all, flag, json_sprintf("%.9g", (double)*value));
}

static void put_COUNT(json_t *all, const char *flag, const size_t *value)
{
    json_object_set_new(all, flag, json_sprintf("%zu", *value));
}

static void put_OWN_REAL(json_t *all, const char *flag, const float *value)
{
    if (isnan(*value))
        json_object_set_new(all, flag, json_string(OPTION_OWN_TEXT));
    else
        put_REAL(all, flag, value);
}

static void put_OWN_COUNT(json_t *all, const char *flag, const size_t *value)
{
    if (*value == OPTION_OWN)
        json_object_set_new(all, flag, json_string(OPTION_OWN_TEXT));
    else
        put_COUNT(all, flag, value);
}

static void put_CROPS(json_t *all, const char *flag, const struct crop_choice *value)
{
    struct str text = {0};
    crop_choice_put(value, &text);
    json_object_set_new(all, flag, json_string(str_text(&text)));
    str_done(&text);
}

static void put_CACHE(json_t *all, const char *flag, const enum facet_cache_type *value)
{
    static const char *const names[] = {
        [FACET_CACHE_F16] = "f16", [FACET_CACHE_F32] = "f32", [FACET_CACHE_Q8_0] = "q8_0"};
    if (*value != FACET_CACHE_DEFAULT)
        json_object_set_new(all, flag, json_string(names[*value]));
}

static void put_LIST(json_t *all, const char *flag, const struct options *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < o->n_stop; i++)
        json_array_append_new(list, json_string(o->stop[i]));
    json_object_set_new(all, flag, list);
}

/* Switches change what is shown and kept, or how fast it goes, but not the text; the seed has a
 * place of its own. */
#define PUT_TEXT(field, flag)  put_TEXT(all, flag, &o->field)
#define PUT_REAL(field, flag)  put_REAL(all, flag, &o->field)
#define PUT_COUNT(field, flag) put_COUNT(all, flag, &o->field)
#define PUT_OWN_REAL(field, flag)  put_OWN_REAL(all, flag, &o->field)
#define PUT_OWN_COUNT(field, flag) put_OWN_COUNT(all, flag, &o->field)
#define PUT_CROPS(field, flag) put_CROPS(all, flag, &o->field)
#define PUT_CACHE(field, flag) put_CACHE(all, flag, &o->field)
#define PUT_LIST(field, flag)  put_LIST(all, flag, o)
#define PUT_SCHEMA(field, flag) put_TEXT(all, flag, &o->field)
#define PUT_BOOL(field, flag)  (void)0
#define PUT_SEED(field, flag)  (void)0
#define PUT_PRESET(field, flag) (void)0
#define PUT_THEME(field, flag)  (void)0
#define PUT_NOTIFY(field, flag) (void)0

char *receipt_options(const struct options *o, const char *system)
{
    json_t *all = json_object();
#define OPTION(field, kind, flag, ...) PUT_##kind(field, flag);
#include "chat/options.def"
#undef OPTION
    json_object_del(all, "model");
    json_object_del(all, "draft");
    json_object_del(all, "cache-size");
    json_object_del(all, "system");
    if (system)
        json_object_set_new(all, "system", json_string(system));
    char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(all);
    return text;
}

/* ---- Reading ---- */

static bool apply_one(struct options *o, const char *name, const json_t *value, struct err *err)
{
    bool ok = true;
    if (json_is_string(value))
        return options_set(o, name, json_string_value(value), err);
    for (size_t i = 0; ok && i < json_array_size(value); i++)
        ok = json_is_string(json_array_get(value, i)) &&
             options_set(o, name, json_string_value(json_array_get(value, i)), err);
    return ok;
}

bool receipt_apply(struct options *o, const char *json, struct err *err)
{
    const char *name;
    json_t *value, *all = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    bool ok = json_is_object(all) || err_set(err, "the receipt's options are no JSON object");
    json_object_foreach(all, name, value)
        ok = ok && apply_one(o, name, value, err);
    json_decref(all);
    return ok;
}
