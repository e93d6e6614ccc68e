#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

void *mem_try_huge(size_t bytes, const char *what, struct err *err)
{
    const size_t page = (size_t)2 << 20;
    size_t whole;
    void *p = size_add(bytes, page - 1, &whole) ? aligned_alloc(page, whole / page * page) : NULL;
    if (!p)
        err_set(err, "%s: no memory for %zu MiB", what, bytes >> 20);
    else
        madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

size_t mem_available(void)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *f = fopen("/proc/meminfo", "re");
    while (f && kib == 0 && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %llu", &kib) != 1)
            kib = 0;
    if (f)
        fclose(f);
    return kib ? (size_t)kib << 10 : SIZE_MAX;
}

size_t mem_resident(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%*u %llu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
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
