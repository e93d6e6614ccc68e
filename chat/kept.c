#include "chat/kept.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* Since it was touched last, of a file that a writer left behind when it was killed. */
static const time_t STALE_S = 3600;

static const char *const folders[KEPT_KINDS] = {
    [KEPT_IMAGES] = "images", [KEPT_SESSIONS] = "sessions", [KEPT_BEGINNINGS] = "beginnings"};

void kept_init(struct kept *kept, const struct options *options)
{
    double bytes = 1e9 * (double)options->cache_size;
    *kept = (struct kept){
        .folder = path_xdg(XDG_CACHE), .limit = (uint64_t)bytes, .read_only = options->no_history};
}

void kept_done(struct kept *kept)
{
    free(kept->folder);
    *kept = (struct kept){0};
}

char *kept_path(const struct kept *kept, enum kept_kind kind, const char *name)
{
    if (kept->limit == 0)
        return NULL;
    char *folder = path_join(kept->folder, folders[kind]), *path = path_join(folder, name);
    free(folder);
    return path;
}

char *kept_path_to_write(const struct kept *kept, enum kept_kind kind, const char *name)
{
    if (kept->limit == 0 || kept->read_only)
        return NULL;
    char *folder = path_join(kept->folder, folders[kind]), *path = NULL;
    if (file_make_dirs(folder, NULL))
        path = path_join(folder, name);
    free(folder);
    return path;
}

void kept_touch(const struct kept *kept, const char *path)
{
    if (!kept->read_only)
        utimensat(AT_FDCWD, path, NULL, 0);
}

/* ---- What is there ---- */

struct file {
    char *path;
    uint64_t bytes;
    struct timespec used;
    bool is_part; /* being written, or left behind */
};

struct files {
    struct file *list;
    size_t n;
};

static void add_file(struct files *files, char *path, const struct stat *st)
{
    files->list = mem_grow(files->list, files->n + 1, sizeof *files->list);
    files->list[files->n++] = (struct file){.path = path,
                                            .bytes = (uint64_t)st->st_size,
                                            .used = st->st_mtim,
                                            .is_part = strchr(path_base(path), '.') != NULL};
}

static void add_kind(struct files *files, const struct kept *kept, enum kept_kind kind)
{
    char *folder = path_join(kept->folder, folders[kind]);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char *path = path_join(folder, entry->d_name);
        struct stat st;
        if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
            add_file(files, path, &st);
        else
            free(path);
    }
    if (dir)
        closedir(dir);
    free(folder);
}

static void free_files(struct files *files)
{
    for (size_t i = 0; i < files->n; i++)
        free(files->list[i].path);
    free(files->list);
}

struct kept_count kept_count(const struct kept *kept, enum kept_kind kind)
{
    struct kept_count count = {0};
    struct files files = {0};
    add_kind(&files, kept, kind);
    for (count.n = 0; count.n < files.n; count.n++)
        count.bytes += files.list[count.n].bytes;
    free_files(&files);
    return count;
}

void kept_drop(const struct kept *kept, enum kept_kind kind, const char *start)
{
    struct files files = {0};
    add_kind(&files, kept, kind);
    for (size_t i = 0; i < files.n; i++)
        if (strncmp(path_base(files.list[i].path), start, strlen(start)) == 0)
            unlink(files.list[i].path);
    free_files(&files);
}

size_t kept_clear(const struct kept *kept)
{
    struct files files = {0};
    size_t n_left = 0;
    for (int kind = 0; kind < KEPT_KINDS; kind++)
        add_kind(&files, kept, (enum kept_kind)kind);
    for (size_t i = 0; i < files.n; i++)
        n_left += unlink(files.list[i].path) != 0;
    free_files(&files);
    return n_left;
}

/* ---- The limit ---- */

static int by_use(const void *a, const void *b)
{
    const struct timespec *s = &((const struct file *)a)->used,
                          *t = &((const struct file *)b)->used;
    if (s->tv_sec != t->tv_sec)
        return s->tv_sec < t->tv_sec ? -1 : 1;
    return s->tv_nsec < t->tv_nsec ? -1 : s->tv_nsec > t->tv_nsec;
}

/* Drops what was left behind, and the oldest until the rest takes no more than `limit`. */
static void drop_oldest(struct files *files, uint64_t limit)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < files->n; i++)
        sum += files->list[i].bytes;
    if (files->n > 0)
        qsort(files->list, files->n, sizeof *files->list, by_use);
    for (size_t i = 0; i < files->n; i++) {
        const struct file *file = &files->list[i];
        bool is_stale = file->is_part && time(NULL) - file->used.tv_sec > STALE_S;
        if ((is_stale || sum > limit) && unlink(file->path) == 0)
            sum -= file->bytes;
    }
    free_files(files);
}

void kept_settle(const struct kept *kept, const char *path)
{
    struct files beginnings = {0}, all = {0};
    struct stat st;
    if (stat(path, &st) == 0 && (uint64_t)st.st_size > kept->limit)
        unlink(path);
    add_kind(&beginnings, kept, KEPT_BEGINNINGS);
    drop_oldest(&beginnings, kept->limit / 4);
    for (int kind = 0; kind < KEPT_KINDS; kind++)
        add_kind(&all, kept, (enum kept_kind)kind);
    drop_oldest(&all, kept->limit);
}
