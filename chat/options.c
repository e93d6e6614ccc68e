#include "chat/options.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "chat/config.h"
#include "chat/form.h"
#include "chat/named.h"
#include "chat/nearest.h"
#include "chat/preset.h"

#define OPTION(field, kind, flag, letter, argument, fallback, live, help)                          \
    {flag, letter, argument, fallback, live, help},
const struct option_row option_rows[] = {
#include "chat/options.def"
};
#undef OPTION
const size_t n_option_rows = sizeof option_rows / sizeof *option_rows;

/* AT_tui: the number of the row that comes behind GROUP(tui, …), which itself takes none. */
#define OPTION(field, ...)    ROW_##field,
#undef GROUP
#define GROUP(section, title) AT_##section, BEFORE_##section = AT_##section - 1,
enum {
#include "chat/options.def"
};
#undef OPTION
#define OPTION(field, ...)
#undef GROUP
#define GROUP(section, title) {#section, title, AT_##section},
const struct option_group option_groups[] = {
#include "chat/options.def"
};
#undef OPTION
#undef GROUP
const size_t n_option_groups = sizeof option_groups / sizeof *option_groups;

/* How row i is read and where it goes. */
enum kind { TEXT, REAL, COUNT, OWN_REAL, OWN_COUNT, SEED, BOOL, CROPS, CACHE, LIST, SCHEMA, THEME,
            NOTIFY, PRESET };
#define OPTION(field, kind, flag, letter, argument, fallback, live, help)                          \
    {kind, offsetof(struct options, field)},
static const struct slot {
    enum kind kind;
    size_t offset;
} slots[] = {
#include "chat/options.def"
};
#undef OPTION

/* What numbers may be; where nothing is said, 0 to the most that the engine's types hold. */
static const struct range {
    size_t offset;
    double low, high;
} ranges[] = {
    {offsetof(struct options, temperature), 0, 100},
    {offsetof(struct options, top_p), 0, 1},
    {offsetof(struct options, min_p), 0, 1},
    {offsetof(struct options, repeat_penalty), 0.01, 100},
    {offsetof(struct options, threads), 0, 4096},
    {offsetof(struct options, cache_size), 0, 1e6},
};

static struct range range_of(size_t offset)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].offset == offset)
            return ranges[i];
    return (struct range){offset, 0, UINT32_MAX};
}

/* A decimal number with a point whatever the locale says; no nan, inf, hexadecimal. */
static bool parse_real(double *out, const char *text)
{
    if (!*text || strspn(text, "0123456789.+-eE") != strlen(text))
        return false;
    locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    char *end;
    *out = strtod_l(text, &end, c);
    freelocale(c);
    return *end == 0 && isfinite(*out);
}

static bool parse_whole(uint64_t *out, const char *text)
{
    if (!*text || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    *out = strtoull(text, NULL, 10);
    return errno == 0;
}

static bool set_real(float *out, const char *text, struct range range, struct err *err)
{
    double value;
    if (!parse_real(&value, text) || value < range.low || value > range.high)
        return err_set(err, "\"%s\" is not a number from %g to %g", text, range.low, range.high);
    *out = (float)value;
    return true;
}

static bool set_count(size_t *out, const char *text, struct range range, struct err *err)
{
    uint64_t value;
    if (!parse_whole(&value, text) || (double)value > range.high)
        return err_set(err, "\"%s\" is not a whole number from 0 to %.0f", text, range.high);
    *out = (size_t)value;
    return true;
}

static bool set_own_real(float *out, const char *text, struct range range, struct err *err)
{
    if (strcmp(text, OPTION_OWN_TEXT) != 0)
        return set_real(out, text, range, err);
    *out = NAN;
    return true;
}

static bool set_own_count(size_t *out, const char *text, struct range range, struct err *err)
{
    if (strcmp(text, OPTION_OWN_TEXT) != 0)
        return set_count(out, text, range, err);
    *out = OPTION_OWN;
    return true;
}

static bool set_seed(struct options *o, const char *text, struct err *err)
{
    if (!parse_whole(&o->seed, text))
        return err_set(err, "\"%s\" is not a whole number from 0 to %llu", text,
                       (unsigned long long)UINT64_MAX);
    o->seed_given = true;
    return true;
}

static bool set_bool(bool *out, const char *text, struct err *err)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *out = i % 2;
            return true;
        }
    if (text)
        return err_set(err, "\"%s\" is neither yes nor no", text);
    return *out = true;
}

static bool set_cache(enum facet_cache_type *out, const char *text, struct err *err)
{
    static const struct {
        const char *name;
        enum facet_cache_type type;
    } types[] = {{"f16", FACET_CACHE_F16}, {"f32", FACET_CACHE_F32}, {"q8_0", FACET_CACHE_Q8_0}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcasecmp(text, types[i].name) == 0) {
            *out = types[i].type;
            return true;
        }
    return err_set(err, "\"%s\" is none of f16, f32, q8_0", text);
}

static const char *const notify_names[] = {
    [NOTIFY_OFF] = "off", [NOTIFY_BELL] = "bell", [NOTIFY_DESKTOP] = "desktop"};

static bool set_notify(enum notify *out, const char *text, struct err *err)
{
    for (size_t i = 0; i < sizeof notify_names / sizeof *notify_names; i++)
        if (strcasecmp(text, notify_names[i]) == 0) {
            *out = (enum notify)i;
            return true;
        }
    return err_set(err, "\"%s\" is none of off, bell, desktop", text);
}

static bool add_stop(struct options *o, const char *text, struct err *err)
{
    size_t n = strlen(text);
    if (n == 0)
        return err_set(err, "an empty text would end every answer at once");
    if (utf8_valid(text, n) != n)
        return err_set(err, "\"%s\" is not UTF-8", text);
    o->stop = mem_grow(o->stop, o->n_stop + 1, sizeof *o->stop);
    o->stop[o->n_stop++] = mem_copy(text);
    return true;
}

static bool set_schema(char **out, const char *value, struct err *err)
{
    bool off = strcmp(value, "off") == 0;
    char *schema = off ? NULL : form_read(value, err);
    if (!schema && !off)
        return false;
    free(*out);
    *out = schema;
    return true;
}

static bool set_theme(char **out, const char *name, struct err *err)
{
    if (strcmp(name, "auto") != 0 && !named_exists(NAMED_THEME, name, err))
        return false;
    free(*out);
    *out = mem_copy(name);
    return true;
}

static bool set_preset(struct options *o, const char *name, struct err *err)
{
    if (!preset_apply(o, name, err))
        return false;
    free(o->preset);
    o->preset = mem_copy(name);
    return true;
}

static bool set_slot(struct options *o, const struct slot *slot, const char *value, struct err *err)
{
    void *field = (char *)o + slot->offset;
    switch (slot->kind) {
    case TEXT:
        free(*(char **)field);
        *(char **)field = mem_copy(value);
        return true;
    case REAL:
        return set_real(field, value, range_of(slot->offset), err);
    case COUNT:
        return set_count(field, value, range_of(slot->offset), err);
    case OWN_REAL:
        return set_own_real(field, value, range_of(slot->offset), err);
    case OWN_COUNT:
        return set_own_count(field, value, range_of(slot->offset), err);
    case SEED:
        return set_seed(o, value, err);
    case BOOL:
        return set_bool(field, value, err);
    case CROPS:
        return crop_choice_parse(field, value, err);
    case CACHE:
        return set_cache(field, value, err);
    case LIST:
        return add_stop(o, value, err);
    case SCHEMA:
        return set_schema(field, value, err);
    case THEME:
        return set_theme(&o->theme, value, err);
    case NOTIFY:
        return set_notify(field, value, err);
    case PRESET:
        return set_preset(o, value, err);
    }
    return false;
}

bool options_set(struct options *o, const char *name, const char *value, struct err *err)
{
    struct nearest nearest = nearest_start(name);
    for (size_t i = 0; i < n_option_rows; i++) {
        nearest_try(&nearest, option_rows[i].flag);
        if (strcmp(option_rows[i].flag, name) != 0)
            continue;
        if (!value && slots[i].kind != BOOL)
            return err_set(err, "%s: needs a value (%s)", name, option_rows[i].argument);
        return set_slot(o, &slots[i], value, err) || err_prefix(err, "%s", name);
    }
    if (nearest.name)
        return err_set(err, "%s: no such option; did you mean %s?", name, nearest.name);
    return err_set(err, "%s: no such option", name);
}

static void put_stops(const struct options *o, struct str *out)
{
    for (size_t i = 0; i < o->n_stop; i++)
        str_printf(out, "%s\"%s\"", i ? ", " : "", o->stop[i]);
    if (!o->n_stop)
        str_puts(out, "none");
}

static void fill(float *value, float own)
{
    if (isnan(*value))
        *value = own;
}

/* With the model's own values where those are meant. Borrows what o owns. */
static struct options with_own(const struct options *o, const struct facet_model *model)
{
    const struct facet_sampling own = facet_model_sampling(model);
    struct options all = *o;
    fill(&all.temperature, own.temperature);
    fill(&all.top_p, own.top_p);
    fill(&all.min_p, own.min_p);
    fill(&all.repeat_penalty, own.repetition_penalty);
    if (all.top_k == OPTION_OWN)
        all.top_k = own.top_k;
    return all;
}

void options_put(const struct options *o, const struct facet_model *model, size_t row,
                 struct str *out)
{
    const struct options all = model ? with_own(o, model) : *o;
    const void *field = (const char *)&all + slots[row].offset;
    switch (slots[row].kind) {
    case REAL:
    case OWN_REAL:
        if (isnan(*(const float *)field))
            str_puts(out, OPTION_OWN_TEXT);
        else
            str_printf(out, "%g", (double)*(const float *)field);
        break;
    case COUNT:
    case OWN_COUNT:
        if (*(const size_t *)field == OPTION_OWN)
            str_puts(out, OPTION_OWN_TEXT);
        else
            str_printf(out, "%zu", *(const size_t *)field);
        break;
    case SEED:
        if (o->seed_given)
            str_printf(out, "%llu", (unsigned long long)o->seed);
        else
            str_puts(out, "another each time");
        break;
    case BOOL:
        str_puts(out, *(const bool *)field ? "yes" : "no");
        break;
    case CROPS:
        crop_choice_put(field, out);
        break;
    case NOTIFY:
        str_puts(out, notify_names[o->notify]);
        break;
    case LIST:
        put_stops(o, out);
        break;
    case SCHEMA:
        str_puts(out, o->schema ? o->schema : "off");
        break;
    case TEXT:
    case CACHE:
    case THEME:
    case PRESET:
        break;
    }
}

static bool take_preset(void *user, const char *section, const char *name, const char *value,
                        struct err *err)
{
    (void)section;
    return strcmp(name, "preset") != 0 || options_set(user, name, value, err);
}

static bool check_preset(const char *name, struct err *err)
{
    struct options trial = {0};
    bool ok = options_set(&trial, "preset", name, err);
    options_done(&trial);
    return ok;
}

static bool take_entry(void *user, const char *section, const char *name, const char *value,
                       struct err *err)
{
    if (strcmp(section, "keys") == 0) /* for tui/bindings */
        return true;
    if (!config_has_section(section, err))
        return false;
    return strcmp(name, "preset") == 0 ? check_preset(value, err)
                                       : options_set(user, name, value, err);
}

/* Twice: its preset first, so that the rest of it wins over that wherever it stands. */
static bool read_config(struct options *o, struct err *err)
{
    config_read(take_preset, o, NULL);
    return config_read(take_entry, o, err);
}

/* To its end, whatever is wrong; the error is the first. */
static bool read_environment(struct options *o, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; i < n_option_rows; i++) {
        struct err mistake;
        struct str name = {0};
        str_puts(&name, "FACET_");
        for (const char *c = option_rows[i].flag; *c; c++)
            str_putc(&name, *c == '-' ? '_' : (char)toupper((unsigned char)*c));
        const char *value = getenv(name.data);
        if (value && *value && !options_set(o, option_rows[i].flag, value, &mistake) && ok)
            ok = err_set(err, "$%s: %s", name.data, mistake.text);
        str_done(&name);
    }
    return ok;
}

static void set_defaults(struct options *o)
{
    *o = (struct options){0};
    for (size_t i = 0; i < n_option_rows; i++)
        if (option_rows[i].fallback)
            set_slot(o, &slots[i], option_rows[i].fallback, NULL);
}

bool options_init(struct options *o, struct err *err)
{
    struct err first, second;
    set_defaults(o);
    bool file = read_config(o, &first), environment = read_environment(o, &second);
    if (file && environment)
        return true;
    o->mistake = mem_copy(file ? second.text : first.text);
    return err_set(err, "%s", o->mistake);
}

void options_done(struct options *o)
{
    free(o->model);
    free(o->mmproj);
    free(o->system);
    free(o->vision_precision);
    free(o->draft);
    free(o->schema);
    free(o->theme);
    free(o->preset);
    free(o->mistake);
    for (size_t i = 0; i < o->n_stop; i++)
        free(o->stop[i]);
    free(o->stop);
    *o = (struct options){0};
}

bool options_typed(const char *text, char **name, char **value, struct err *err)
{
    text += strspn(text, "-");
    const size_t n = strcspn(text, " =");
    const char *from = text + n + strspn(text + n, " ");
    from += *from == '=';
    from += strspn(from, " ");
    size_t length = strlen(from);
    while (length && from[length - 1] == ' ')
        length--;
    if (!n || !length)
        return err_set(err, "/set %.*s: a value is missing", n ? (int)n : 6, n ? text : "OPTION");
    const bool quoted = length > 1 && (*from == '\'' || *from == '"') && from[length - 1] == *from;
    *name = mem_text(text, n);
    *value = mem_text(from + quoted, length - 2 * quoted);
    return true;
}

bool options_copy(struct options *to, const struct options *from)
{
    *to = *from;
    to->model = mem_copy(from->model);
    to->mmproj = mem_copy(from->mmproj);
    to->system = mem_copy(from->system);
    to->vision_precision = mem_copy(from->vision_precision);
    to->draft = mem_copy(from->draft);
    to->schema = mem_copy(from->schema);
    to->theme = mem_copy(from->theme);
    to->preset = mem_copy(from->preset);
    to->mistake = mem_copy(from->mistake);
    to->stop = mem_new(from->n_stop, sizeof *to->stop);
    for (size_t i = 0; i < from->n_stop; i++)
        to->stop[i] = mem_copy(from->stop[i]);
    return true;
}

struct facet_sampling options_sampling(const struct options *o, const struct facet_model *model,
                                       uint64_t turn)
{
    const struct options all = with_own(o, model);
    struct facet_sampling sampling = facet_sampling_default;
    sampling.temperature = all.temperature;
    sampling.top_k = (uint32_t)all.top_k;
    sampling.top_p = all.top_p;
    sampling.min_p = all.min_p;
    sampling.repetition_penalty = all.repeat_penalty;
    sampling.seed = o->seed + turn;
    return sampling;
}

uint32_t options_best(const struct options *o, const struct facet_model *model)
{
    enum { MOST = 256 };
    struct facet_sampling sampling = options_sampling(o, model, 0);
    uint32_t n = facet_sampling_best(&sampling);
    return o->full_head || o->confidence || o->schema || n > MOST ? 0 : n;
}
