#include "base/ini.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char fence[] = "\"\"\"";
enum { FENCE = sizeof fence - 1 };

/* What is still to be read, and where it is. */
struct reader {
    char *rest; /* NULL: read to the end */
    size_t number;
    const char *section;
    ini_take *take;
    void *user;
};

static char *next_line(struct reader *r)
{
    r->number++;
    return strsep(&r->rest, "\n");
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

/* The lines up to the next fence, the first being what stands behind the opening one. */
static bool read_fenced(struct reader *r, char *first, struct str *out, struct err *err)
{
    for (char *line = first; line; line = r->rest ? next_line(r) : NULL) {
        char *end = strstr(line, fence);
        if (end)
            *end = 0;
        size_t n = strlen(line);
        if (n && !end && line[n - 1] == '\r')
            line[n - 1] = 0;
        if (line != first || *trim(line)) {
            str_puts(out, out->len ? "\n" : "");
            str_puts(out, line);
        }
        if (end)
            break;
        if (!r->rest)
            return err_set(err, "%s is opened and not closed", fence);
    }
    while (out->len && out->data[out->len - 1] == '\n')
        out->data[--out->len] = 0;
    return true;
}

static bool take_entry(struct reader *r, const char *name, char *value, struct err *err)
{
    size_t n = strlen(value);
    if (strncmp(value, fence, FENCE) == 0) {
        struct str text = {0};
        bool ok = read_fenced(r, value + FENCE, &text, err) &&
                  r->take(r->user, r->section, name, str_text(&text), err);
        str_done(&text);
        return ok;
    }
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
        value[n - 1] = 0;
        value++;
    }
    return r->take(r->user, r->section, name, value, err);
}

static bool take_line(struct reader *r, char *line, struct err *err)
{
    line = trim(line);
    size_t n = strlen(line);
    if (n == 0 || *line == '#' || *line == ';')
        return true;
    if (*line == '[' && line[n - 1] == ']') {
        line[n - 1] = 0;
        r->section = trim(line + 1);
        return true;
    }
    char *equals = strchr(line, '=');
    if (!equals)
        return err_set(err, "\"%s\" is neither name = value nor [section]", line);
    *equals = 0;
    return take_entry(r, trim(line), trim(equals + 1), err);
}

void ini_check(const char *text, const char *file, ini_take *take, void *user, ini_tell *tell,
               void *listener)
{
    char *copy = mem_copy(text);
    struct reader r = {.rest = copy, .section = "", .take = take, .user = user};
    while (r.rest) {
        char *line = next_line(&r);
        size_t number = r.number;
        struct err mistake, whole;
        if (take_line(&r, line, &mistake))
            continue;
        err_set(&whole, "%s:%zu: %s", file, number, mistake.text);
        tell(listener, whole.text);
    }
    free(copy);
}

/* The first that is told of. */
struct first {
    bool any;
    struct err *err;
};

static void note_first(void *listener, const char *mistake)
{
    struct first *first = listener;
    if (!first->any)
        err_set(first->err, "%s", mistake);
    first->any = true;
}

bool ini_read(const char *text, const char *file, ini_take *take, void *user, struct err *err)
{
    struct first first = {.err = err};
    ini_check(text, file, take, user, note_first, &first);
    return !first.any;
}
