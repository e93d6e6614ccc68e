#include "chat/named.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/nearest.h"

enum { MAX_FILE_BYTES = 1 << 18 };

static const struct {
    const char *what, *folder, *suffix;
} kinds[] = {[NAMED_THEME] = {"theme", "themes", ".theme"},
             [NAMED_PRESET] = {"preset", "presets", ".preset"}};

/* "themes/NAME.theme", free() it. */
static char *relative(enum named_kind kind, const char *name)
{
    struct str path = {0};
    str_printf(&path, "%s/%s%s", kinds[kind].folder, name, kinds[kind].suffix);
    return str_take(&path);
}

static const char *find_shipped(const char *path)
{
    for (size_t i = 0; i < n_shipped_files; i++)
        if (strcmp(shipped_files[i].path, path) == 0)
            return shipped_files[i].text;
    return NULL;
}

static bool unknown(enum named_kind kind, const char *name, struct err *err)
{
    struct named_list list = named_list(kind);
    struct nearest nearest = nearest_start(name);
    for (size_t i = 0; i < list.n; i++)
        nearest_try(&nearest, list.names[i]);
    if (nearest.name)
        err_set(err, "there is no %s \"%s\"; did you mean %s?", kinds[kind].what, name,
                nearest.name);
    else
        err_set(err, "there is no %s \"%s\"; facet help %s lists them", kinds[kind].what, name,
                kinds[kind].folder);
    named_list_done(&list);
    return false;
}

/* Where the user's own file is, or what ships: one of them, or neither. free() *own. */
static void locate(enum named_kind kind, const char *name, char **own, const char **shipped)
{
    *shipped = NULL;
    if (strchr(name, '/')) {
        *own = path_expand(name);
        return;
    }
    char *path = relative(kind, name), *folder = path_xdg(XDG_CONFIG);
    *own = path_join(folder, path);
    if (!file_exists(*own)) {
        free(*own);
        *own = NULL;
        *shipped = find_shipped(path);
    }
    free(folder);
    free(path);
}

char *named_read(enum named_kind kind, const char *name, char **file, struct err *err)
{
    const char *shipped;
    size_t size;
    char *text = NULL;
    locate(kind, name, file, &shipped);
    if (*file) {
        text = file_read(*file, MAX_FILE_BYTES, &size, err);
    } else if (shipped) {
        text = mem_copy(shipped);
        *file = relative(kind, name);
    } else {
        unknown(kind, name, err);
    }
    if (!text) {
        free(*file);
        *file = NULL;
    }
    return text;
}

bool named_exists(enum named_kind kind, const char *name, struct err *err)
{
    const char *shipped;
    char *own;
    locate(kind, name, &own, &shipped);
    bool found = shipped || (own && file_exists(own));
    if (!found && own)
        err_set(err, "%s: there is no such file", own);
    else if (!found)
        unknown(kind, name, err);
    free(own);
    return found;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

/* Adds "NAME.theme" as NAME, once. */
static void add(struct named_list *list, const char *file, const char *suffix)
{
    size_t n = strlen(file), n_suffix = strlen(suffix);
    if (n <= n_suffix || strcmp(file + n - n_suffix, suffix) != 0 || *file == '.')
        return;
    char *name = mem_text(file, n - n_suffix);
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->names[i], name) == 0) {
            free(name);
            return;
        }
    list->names = mem_grow(list->names, list->n + 1, sizeof *list->names);
    list->names[list->n++] = name;
}

static void add_own(struct named_list *list, enum named_kind kind)
{
    char *config = path_xdg(XDG_CONFIG), *folder = path_join(config, kinds[kind].folder);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        add(list, entry->d_name, kinds[kind].suffix);
    if (dir)
        closedir(dir);
    free(folder);
    free(config);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct named_list named_list(enum named_kind kind)
{
    struct named_list list = {0};
    for (size_t i = 0; i < n_shipped_files; i++)
        add(&list, path_base(shipped_files[i].path), kinds[kind].suffix);
    add_own(&list, kind);
    if (list.n)
        qsort(list.names, list.n, sizeof *list.names, by_name);
    return list;
}

void named_list_done(struct named_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct named_list){0};
}

char *named_summary(enum named_kind kind, const char *name)
{
    char *file, *text = named_read(kind, name, &file, NULL);
    const char *words = text && *text == '#' ? text + 1 + strspn(text + 1, " ") : "";
    char *summary = mem_text(words, strcspn(words, "\r\n"));
    free(text);
    free(file);
    return summary;
}
