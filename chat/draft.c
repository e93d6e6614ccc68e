#include "chat/draft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

enum { MAX_DRAFT_BYTES = 16 << 20 };

static const char prefix[] = "draft-";

struct draft {
    char *folder;
    char *path; /* NULL: nothing is kept */
    int fd;     /* of that file, for its lock */
};

void draft_content_done(struct draft_content *c)
{
    for (size_t i = 0; i < c->n_pictures; i++)
        free(c->pictures[i]);
    free(c->pictures);
    free(c->text);
    *c = (struct draft_content){0};
}

/* ---- The file: a line "picture PATH" for each, an empty line, the text ------------------------
 */

static void encode(struct str *out, const char *text, const char *const *pictures, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *path = realpath(pictures[i], NULL);
        const char *known = path ? path : pictures[i];
        if (!strchr(known, '\n'))
            str_printf(out, "picture %s\n", known);
        free(path);
    }
    str_printf(out, "\n%s", text);
}

static void decode(struct draft_content *c, const char *data)
{
    static const char word[] = "picture ";
    size_t n = sizeof word - 1;
    while (strncmp(data, word, n) == 0) {
        size_t end = strcspn(data, "\n");
        c->pictures = mem_grow(c->pictures, c->n_pictures + 1, sizeof *c->pictures);
        c->pictures[c->n_pictures++] = mem_text(data + n, end - n);
        data += end + (data[end] != 0);
    }
    c->text = mem_copy(data + (*data == '\n'));
}

/* ---- What dead ones left ----------------------------------------------------------------------
 */

/* The file, locked; -1 if it is gone or its facet lives. */
static int open_dead(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0 &&
        st.st_size > 0)
        return fd;
    close(fd);
    return -1;
}

static bool is_draft(const char *name)
{
    return strncmp(name, prefix, sizeof prefix - 1) == 0 && name[strlen(name) - 1] != '~';
}

/* Keeps the newer of the two, *path and *fd or this one. */
static void prefer_newer(char *path, int fd, char **best, int *best_fd)
{
    struct stat a, b;
    bool newer = *best_fd < 0 ||
                 (fstat(fd, &a) == 0 && fstat(*best_fd, &b) == 0 &&
                  (a.st_mtim.tv_sec > b.st_mtim.tv_sec || (a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
                                                           a.st_mtim.tv_nsec > b.st_mtim.tv_nsec)));
    char *drop = newer ? *best : path;
    int drop_fd = newer ? *best_fd : fd;
    if (newer) {
        *best = path;
        *best_fd = fd;
    }
    if (drop_fd >= 0)
        close(drop_fd);
    free(drop);
}

static void find_dead(struct draft *d)
{
    DIR *dir = opendir(d->folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!is_draft(entry->d_name))
            continue;
        char *path = path_join(d->folder, entry->d_name);
        int fd = open_dead(path);
        if (fd >= 0)
            prefer_newer(path, fd, &d->path, &d->fd);
        else
            free(path);
    }
    if (dir)
        closedir(dir);
}

struct draft *draft_open(struct draft_content *found)
{
    struct draft *d = mem_new(1, sizeof *d);
    size_t size;
    *found = (struct draft_content){0};
    d->folder = path_xdg(XDG_STATE);
    d->fd = -1;
    find_dead(d);
    char *data = d->path ? file_read(d->path, MAX_DRAFT_BYTES, &size, NULL) : NULL;
    if (data)
        decode(found, data);
    free(data);
    return d;
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static void drop(struct draft *d)
{
    if (d->path)
        unlink(d->path);
    if (d->fd >= 0)
        close(d->fd);
    free(d->path);
    d->path = NULL;
    d->fd = -1;
}

static bool choose_name(struct draft *d, struct err *err)
{
    struct str path = {0};
    if (!file_make_dirs(d->folder, err))
        return false;
    str_printf(&path, "%s/%sXXXXXX", d->folder, prefix);
    d->fd = mkostemp(path.data, O_CLOEXEC);
    if (d->fd < 0)
        err_set(err, "%s: %s", path.data, strerror(errno));
    else
        flock(d->fd, LOCK_EX);
    d->path = d->fd < 0 ? NULL : str_take(&path);
    str_done(&path);
    return d->path != NULL;
}

/* The new file is locked before it takes the old one's name: no moment is without a lock. */
static bool replace(struct draft *d, const char *beside, const struct str *data, struct err *err)
{
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && flock(fd, LOCK_EX) == 0 &&
              write(fd, data->data, data->len) == (ssize_t)data->len &&
              rename(beside, d->path) == 0;
    if (!ok) {
        err_set(err, "%s: %s", beside, strerror(errno));
        if (fd >= 0)
            close(fd);
        unlink(beside);
        return false;
    }
    close(d->fd);
    d->fd = fd;
    return true;
}

bool draft_write(struct draft *d, const char *text, const char *const *pictures, size_t n_pictures,
                 struct err *err)
{
    if (!*text) {
        drop(d);
        return true;
    }
    if (!d->path && !choose_name(d, err))
        return false;
    struct str data = {0}, beside = {0};
    encode(&data, text, pictures, n_pictures);
    str_printf(&beside, "%s~", d->path);
    bool ok = replace(d, str_text(&beside), &data, err);
    str_done(&data);
    str_done(&beside);
    return ok;
}

void draft_close(struct draft *d)
{
    if (!d)
        return;
    if (d->fd >= 0)
        close(d->fd);
    free(d->path);
    free(d->folder);
    free(d);
}
