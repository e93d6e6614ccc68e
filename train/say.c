#include "train/say.h"

#include <stdarg.h>

#include "base/str.h"

enum { MOST_FILLERS = 9 };

struct sayer {
    struct random *r;
    const char *fillers[MOST_FILLERS];
};

static const char *put_choice(struct sayer *s, const char *p, struct str *out);

/* Up to the end of an alternative; out NULL: it is passed over. Returns where it stopped. */
static const char *put_alternative(struct sayer *s, const char *p, struct str *out)
{
    while (*p && *p != '|' && *p != ']') {
        if (*p == '[') {
            p = put_choice(s, p + 1, out);
            p += *p == ']';
            continue;
        }
        bool filler = *p == '$';
        p += filler || *p == '\\';
        if (out && filler)
            str_puts(out, s->fillers[*p - '1']);
        else if (out)
            str_putc(out, *p);
        p++;
    }
    return p;
}

static uint32_t count_alternatives(const char *p)
{
    uint32_t n = 1;
    for (int depth = 0; *p && depth >= 0; p++) {
        if (*p == '\\') {
            p++;
            continue;
        }
        depth += (*p == '[') - (*p == ']');
        n += *p == '|' && depth == 0;
    }
    return n;
}

/* One of the alternatives that begin here. Returns where the last one ends. */
static const char *put_choice(struct sayer *s, const char *p, struct str *out)
{
    uint32_t n = count_alternatives(p), taken = out ? random_below(s->r, n) : n;
    for (uint32_t i = 0; i < n; i++) {
        p = put_alternative(s, p, i == taken ? out : NULL);
        p += i + 1 < n;
    }
    return p;
}

static int count_fillers(const char *p)
{
    int most = 0;
    for (; *p; p++)
        if (*p == '\\')
            p++;
        else if (*p == '$' && p[1] - '0' > most)
            most = p[1] - '0';
    return most;
}

char *say(struct random *r, const char *pattern, ...)
{
    struct sayer s = {.r = r};
    struct str out = {0};
    va_list args;
    va_start(args, pattern);
    for (int i = 0, n = count_fillers(pattern); i < n; i++)
        s.fillers[i] = va_arg(args, const char *);
    va_end(args);
    put_choice(&s, pattern, &out);
    return str_take(&out);
}
