#include "history/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BOOT_BYTES = 40 };

/* Start of a process, in clock ticks since boot: field 22 of proc(5)'s stat; 0 if there is no such
 * process. Field 2 is the program's name in parentheses and may hold any character, so count behind
 * the last ')'. */
static unsigned long long start_of(long pid)
{
    char path[40], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *in = fopen(path, "re");
    if (!in)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[n] = 0;
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at, NULL, 10) : 0;
}

static void read_boot(char out[BOOT_BYTES])
{
    FILE *in = fopen("/proc/sys/kernel/random/boot_id", "re");
    size_t n = in ? fread(out, 1, BOOT_BYTES - 1, in) : 0;
    if (in)
        fclose(in);
    out[n] = 0;
    out[strcspn(out, "\n")] = 0;
}

static void describe(char out[WRITER_BYTES], long pid)
{
    char boot[BOOT_BYTES];
    read_boot(boot);
    snprintf(out, WRITER_BYTES, "%ld %llu %s", pid, start_of(pid), boot);
}

void writer_self(char out[WRITER_BYTES])
{
    describe(out, (long)getpid());
}

bool writer_is_alive(const char *writer)
{
    long pid = strtol(writer, NULL, 10);
    char now[WRITER_BYTES];
    if (pid <= 0 || start_of(pid) == 0)
        return false;
    describe(now, pid);
    return strcmp(now, writer) == 0;
}
