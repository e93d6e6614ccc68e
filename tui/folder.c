#include "tui/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "tui/attaching.h"
#include "tui/fuzzy.h"

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

static int fit(const char *name, const char *filter)
{
    return name[0] == '.' && filter[0] != '.' ? 0 : fuzzy_score(name, filter);
}

static int compare(const void *a, const void *b)
{
    const struct folder_entry *x = a, *y = b;
    if (x->fit != y->fit)
        return x->fit > y->fit ? -1 : 1;
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
        n += f->list[i].fit > 0;
    }
    if (f->n)
        qsort(f->list, f->n, sizeof *f->list, compare);
    return n;
}
