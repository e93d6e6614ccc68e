#include "tui/folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "tui/attaching.h"

void folder_done(struct folder *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->list[i].name);
    free(f->list);
    *f = (struct folder){NULL, 0};
}

static void add_entry(struct folder *f, const char *path, const char *name)
{
    struct stat info;
    char *full = path_join(path, name);
    bool known = stat(full, &info) == 0, is_folder = known && S_ISDIR(info.st_mode);
    if (is_folder || (known && S_ISREG(info.st_mode) && attaching_is_picture(full))) {
        f->list = mem_grow(f->list, f->n + 1, sizeof *f->list);
        f->list[f->n++] = (struct folder_entry){mem_copy(name), is_folder, 0};
    }
    free(full);
}

bool folder_read(struct folder *f, const char *path, struct err *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return err_set(err, "%s: %s", path, strerror(errno));
    for (struct dirent *d; (d = readdir(dir));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            add_entry(f, path, d->d_name);
    closedir(dir);
    return true;
}

/* How far the letters lie apart, and from the start; -1: they are not there. */
static int fit(const char *name, const char *filter)
{
    int first = -1, last = -1, at = 0;
    if (name[0] == '.' && filter[0] != '.')
        return -1;
    for (const char *want = filter; *want; want++, at++) {
        while (name[at] && tolower((unsigned char)name[at]) != tolower((unsigned char)*want))
            at++;
        if (!name[at])
            return -1;
        first = first < 0 ? at : first;
        last = at;
    }
    return first < 0 ? 0 : 4 * (last - first) + first;
}

static int compare(const void *a, const void *b)
{
    const struct folder_entry *x = a, *y = b;
    if ((x->fit < 0) != (y->fit < 0))
        return x->fit < 0 ? 1 : -1;
    if (x->fit != y->fit)
        return x->fit < y->fit ? -1 : 1;
    if (x->is_folder != y->is_folder)
        return x->is_folder ? -1 : 1;
    int order = strcasecmp(x->name, y->name);
    return order ? order : strcmp(x->name, y->name);
}

size_t folder_filter(struct folder *f, const char *filter)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        f->list[i].fit = fit(f->list[i].name, filter);
        n += f->list[i].fit >= 0;
    }
    if (f->n)
        qsort(f->list, f->n, sizeof *f->list, compare);
    return n;
}
