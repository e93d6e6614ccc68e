#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "base/mem.h"
#include "base/str.h"

bool file_map_open(struct file_map *map, const char *path, struct err *err)
{
    *map = (struct file_map){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, "%s: %s", path, strerror(errno));
    struct stat st;
    bool ok = fstat(fd, &st) == 0;
    if (!ok)
        err_set(err, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        ok = err_set(err, "%s: not a regular file", path);
    else if (st.st_size > 0) {
        void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (data == MAP_FAILED)
            ok = err_set(err, "%s: cannot map: %s", path, strerror(errno));
        else
            *map = (struct file_map){data, (size_t)st.st_size};
    }
    close(fd);
    return ok;
}

void file_map_close(struct file_map *map)
{
    if (map->data)
        munmap((void *)map->data, map->size);
    *map = (struct file_map){0};
}

static char *read_stream(FILE *in, const char *name, size_t limit, size_t *size, struct err *err)
{
    struct str all = {0};
    char part[16384];
    size_t n;
    while ((n = fread(part, 1, sizeof part, in)) > 0) {
        if (all.len + n > limit) {
            err_set(err, "%s: larger than %zu MiB", name, limit >> 20);
            str_done(&all);
            return NULL;
        }
        str_put(&all, part, n);
    }
    if (ferror(in)) {
        err_set(err, "%s: %s", name, strerror(errno));
        str_done(&all);
        return NULL;
    }
    *size = all.len;
    return str_take(&all);
}

char *file_read(const char *path, size_t limit, size_t *size, struct err *err)
{
    if (strcmp(path, "-") == 0)
        return read_stream(stdin, "standard input", limit, size, err);
    FILE *in = fopen(path, "rbe");
    if (!in) {
        err_set(err, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *data = read_stream(in, path, limit, size, err);
    fclose(in);
    return data;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* To a device or a pipe: there is nothing to rename over, and nothing that may be replaced. */
static bool write_special(const char *path, const void *data, size_t size, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write_all(fd, data, size);
    if (!ok)
        err_set(err, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

bool file_write(const char *path, const void *data, size_t size, unsigned mode, struct err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_special(path, data, size, err);
    struct str temporary = {0};
    str_printf(&temporary, "%s.XXXXXX", path);
    int fd = mkostemp(temporary.data, O_CLOEXEC);
    bool ok = fd >= 0 && fchmod(fd, mode) == 0 && write_all(fd, data, size);
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(temporary.data, path) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok) {
        if (fd >= 0)
            unlink(temporary.data);
        err_set(err, "%s: %s", path, strerror(why));
    }
    str_done(&temporary);
    return ok;
}

bool file_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool file_make_dirs(const char *path, struct err *err)
{
    char *part = mem_copy(path);
    bool ok = true;
    for (char *slash = part + 1; ok; slash++) {
        if (*slash != '/' && *slash != 0)
            continue;
        char end = *slash;
        *slash = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            ok = err_set(err, "%s: %s", part, strerror(errno));
        *slash = end;
        if (end == 0)
            break;
    }
    free(part);
    return ok;
}

char *path_join(const char *dir, const char *name)
{
    struct str s = {0};
    size_t n = strlen(dir);
    str_printf(&s, "%s%s%s", dir, n && dir[n - 1] != '/' ? "/" : "", name);
    return str_take(&s);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *path_expand(const char *path)
{
    const char *home = getenv("HOME");
    if (path[0] == '~' && (path[1] == '/' || path[1] == 0) && home)
        return path_join(home, path[1] ? path + 2 : "");
    return mem_copy(path);
}

char *path_xdg(enum xdg kind)
{
    static const struct {
        const char *variable, *fallback;
    } places[] = {
        [XDG_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
        [XDG_DATA] = {"XDG_DATA_HOME", ".local/share"},
        [XDG_CACHE] = {"XDG_CACHE_HOME", ".cache"},
        [XDG_STATE] = {"XDG_STATE_HOME", ".local/state"},
    };
    const char *base = getenv(places[kind].variable);
    if (base && base[0] == '/') /* the specification ignores relative paths */
        return path_join(base, "facet");
    const char *home = getenv("HOME");
    char *under = path_join(home && *home ? home : "/", places[kind].fallback);
    char *full = path_join(under, "facet");
    free(under);
    return full;
}

void sha256_hex(const void *data, size_t size, char hex[SHA256_HEX_BYTES])
{
    struct sha256_ctx ctx;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&ctx);
    sha256_update(&ctx, size, data);
    sha256_digest(&ctx, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
