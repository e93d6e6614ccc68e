#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *mem_try(size_t count, size_t size, const char *what, struct err *err)
{
    size_t bytes;
    if (!size_mul(count, size, &bytes)) {
        err_set(err, "%s: size overflows", what);
        return NULL;
    }
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p)
        err_set(err, "%s: no memory for %zu MiB", what, bytes >> 20);
    return p;
}

static void *checked(void *p)
{
    if (!p) {
        fputs("facet: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *mem_new(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *mem_grow(void *old, size_t count, size_t size)
{
    size_t bytes;
    return checked(size_mul(count, size, &bytes) ? realloc(old, bytes ? bytes : 1) : NULL);
}

char *mem_text(const char *text, size_t n)
{
    char *copy = mem_new(n + 1, 1);
    if (n)
        memcpy(copy, text, n);
    return copy;
}

char *mem_copy(const char *text)
{
    return text ? mem_text(text, strlen(text)) : NULL;
}
