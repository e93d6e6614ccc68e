/* Counting and telling, for the programs that run golden cases. */
#ifndef TESTS_GOLDEN_GOLDEN_H
#define TESTS_GOLDEN_GOLDEN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct golden {
    size_t passed, failed;
    bool verbose;
};

static inline void golden_tell(const char *word, const char *name, const char *format, va_list args)
{
    printf("%s %s: ", word, name);
    vprintf(format, args);
    putchar('\n');
}

/* Counts a case; tells about it if it failed or if everything is wanted. */
__attribute__((format(printf, 4, 5))) static inline void golden_case(struct golden *g, bool ok, const char *name,
                                                                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!ok || g->verbose)
        golden_tell(ok ? "ok  " : "FAIL", name, format, args);
    va_end(args);
    if (ok)
        g->passed++;
    else
        g->failed++;
}

__attribute__((format(printf, 3, 4))) static inline void golden_fail(struct golden *g, const char *name,
                                                                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    golden_tell("FAIL", name, format, args);
    va_end(args);
    g->failed++;
}

/* The closing line; the exit status. */
static inline int golden_end(const struct golden *g)
{
    printf("%zu passed, %zu failed\n", g->passed, g->failed);
    return g->failed != 0;
}

#endif
