#include "chat/options.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "chat/nearest.h"

#define OPTION(field, kind, flag, letter, argument, fallback, live, help)                          \
    {flag, letter, argument, fallback, live, help},
const struct option_row option_rows[] = {
#include "chat/options.def"
};
#undef OPTION
const size_t n_option_rows = sizeof option_rows / sizeof *option_rows;

/* How row i is read and where it goes. */
enum kind { TEXT, REAL, COUNT, SEED, BOOL, CROPS, CACHE, LIST };
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

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strlen(text);
    while (n && isspace((unsigned char)text[n - 1]))
        text[--n] = 0;
    return text;
}

static bool set_from_line(struct options *o, char *line, struct err *err)
{
    line = trim(line);
    if (!*line || *line == '#' || *line == ';')
        return true;
    char *equals = strchr(line, '=');
    if (!equals)
        return err_set(err, "\"%s\" is not of the form: option = value", line);
    *equals = 0;
    char *value = trim(equals + 1);
    size_t n = strlen(value);
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') { /* keeps white space at the ends */
        value[n - 1] = 0;
        value++;
    }
    return options_set(o, trim(line), value, err);
}

/* Read here and not by libinih, which cuts lines at 200 bytes: a system prompt is longer. */
static bool read_file(struct options *o, const char *path, struct err *err)
{
    enum { LIMIT = 1 << 20 };
    size_t size;
    if (!file_exists(path))
        return true;
    char *text = file_read(path, LIMIT, &size, err);
    if (!text)
        return false;
    bool ok = true;
    char *rest = text;
    for (size_t number = 1; ok && rest; number++) {
        char *line = strsep(&rest, "\n");
        ok = set_from_line(o, line, err) || err_prefix(err, "%s:%zu", path, number);
    }
    free(text);
    return ok;
}

static bool read_environment(struct options *o, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < n_option_rows; i++) {
        struct str name = {0};
        str_puts(&name, "FACET_");
        for (const char *c = option_rows[i].flag; *c; c++)
            str_putc(&name, *c == '-' ? '_' : (char)toupper((unsigned char)*c));
        const char *value = getenv(name.data);
        if (value && *value)
            ok = options_set(o, option_rows[i].flag, value, err) ||
                 err_prefix(err, "$%s", name.data);
        str_done(&name);
    }
    return ok;
}

bool options_init(struct options *o, struct err *err)
{
    *o = (struct options){0};
    bool ok = true;
    for (size_t i = 0; ok && i < n_option_rows; i++)
        if (option_rows[i].fallback)
            ok = set_slot(o, &slots[i], option_rows[i].fallback, err);
    char *folder = path_xdg(XDG_CONFIG), *path = path_join(folder, "facet.conf");
    ok = ok && read_file(o, path, err) && read_environment(o, err);
    free(path);
    free(folder);
    if (!ok)
        options_done(o);
    return ok;
}

void options_done(struct options *o)
{
    free(o->model);
    free(o->mmproj);
    free(o->system);
    free(o->vision_precision);
    free(o->draft);
    for (size_t i = 0; i < o->n_stop; i++)
        free(o->stop[i]);
    free(o->stop);
    *o = (struct options){0};
}

bool options_copy(struct options *to, const struct options *from)
{
    *to = *from;
    to->model = mem_copy(from->model);
    to->mmproj = mem_copy(from->mmproj);
    to->system = mem_copy(from->system);
    to->vision_precision = mem_copy(from->vision_precision);
    to->draft = mem_copy(from->draft);
    to->stop = mem_new(from->n_stop, sizeof *to->stop);
    for (size_t i = 0; i < from->n_stop; i++)
        to->stop[i] = mem_copy(from->stop[i]);
    return true;
}

struct facet_sampling options_sampling(const struct options *o, uint64_t turn)
{
    struct facet_sampling sampling = facet_sampling_default;
    sampling.temperature = o->temperature;
    sampling.top_k = (uint32_t)o->top_k;
    sampling.top_p = o->top_p;
    sampling.min_p = o->min_p;
    sampling.repetition_penalty = o->repeat_penalty;
    sampling.seed = o->seed + turn;
    return sampling;
}

uint32_t options_best(const struct options *o)
{
    enum { MOST = 256 };
    struct facet_sampling sampling = options_sampling(o, 0);
    uint32_t n = facet_sampling_best(&sampling);
    return o->full_head || n > MOST ? 0 : n;
}
