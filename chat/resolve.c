#include "chat/resolve.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static const char shipped_model[] = "facet-small.gguf";

/* A projector goes with a model and is none. */
static bool is_model_name(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".gguf") == 0 && name[0] != '.' && !strstr(name, "mmproj");
}

/* ---- What ships ----------------------------------------------------------------------------- */

/* The file below the first n bytes of folder; NULL: it is not there. */
static char *find_below(const char *folder, size_t n, const char *models, const char *name)
{
    struct str path = {0};
    str_printf(&path, "%.*s/%s/%s", (int)n, folder, models, name);
    if (file_exists(str_text(&path)))
        return str_take(&path);
    str_done(&path);
    return NULL;
}

/* Above the folder that the program lies in: where it was built, or where it was installed. */
static char *find_by_program(const char *name)
{
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program);
    for (int up = 0; up < 2; up++)
        while (n > 0 && program[--n] != '/')
            ;
    if (n < 0)
        return NULL;
    char *path = find_below(program, (size_t)n, "models", name);
    return path ? path : find_below(program, (size_t)n, "share/facet/models", name);
}

static char *find_in_data_dirs(const char *name)
{
    const char *dirs = getenv("XDG_DATA_DIRS");
    char *path = NULL;
    if (!dirs || !*dirs)
        dirs = "/usr/local/share:/usr/share";
    while (!path && *dirs) {
        size_t n = strcspn(dirs, ":");
        if (*dirs == '/') /* the specification ignores relative paths */
            path = find_below(dirs, n, "facet/models", name);
        dirs += n + (dirs[n] == ':');
    }
    return path;
}

char *model_find_shipped(const char *name)
{
    char *path = find_by_program(name ? name : shipped_model);
    return path ? path : find_in_data_dirs(name ? name : shipped_model);
}

bool model_is_shipped(const char *path)
{
    char *shipped = model_find_shipped(NULL);
    struct stat a, b;
    bool same = shipped && stat(path, &a) == 0 && stat(shipped, &b) == 0 && a.st_dev == b.st_dev &&
                a.st_ino == b.st_ino;
    free(shipped);
    return same;
}

/* ---- Which is meant ------------------------------------------------------------------------- */

static char *only_model(const char *folder, struct err *err)
{
    DIR *dir = opendir(folder);
    char *found = NULL;
    bool several = false;
    for (struct dirent *entry; dir && !several && (entry = readdir(dir));) {
        if (!is_model_name(entry->d_name))
            continue;
        several = found != NULL;
        if (several)
            err_set(err,
                    "which model? %s holds %s, %s and maybe more: give one with -m FILE or in "
                    "$FACET_MODEL",
                    folder, found, entry->d_name);
        else
            found = mem_copy(entry->d_name);
    }
    if (dir)
        closedir(dir);
    char *path = several ? NULL : found ? path_join(folder, found) : model_find_shipped(NULL);
    if (!found && !path)
        err_set(err,
                "no model: give one with -m FILE or in $FACET_MODEL (which is not set), or put a "
                "GGUF file into %s",
                folder);
    free(found);
    return path;
}

/* NULL: nothing in the folder has that name, and it is not the one that ships. */
static char *named_model(const char *folder, const char *name)
{
    char *path = strchr(name, '/') ? NULL : path_join(folder, name);
    if (path && file_exists(path))
        return path;
    free(path);
    return strcmp(name, shipped_model) == 0 ? model_find_shipped(NULL) : NULL;
}

static char *model_at(const char *given, const char *folder, struct err *err)
{
    char *path = path_expand(given);
    if (file_exists(path))
        return path;
    int why = errno;
    char *named = named_model(folder, given);
    if (!named)
        err_set(err, "%s: %s", path, strerror(why));
    free(path);
    return named;
}

char *model_resolve(const char *given, struct err *err)
{
    char *data = path_xdg(XDG_DATA), *folder = path_join(data, "models");
    char *path = given ? model_at(given, folder, err) : only_model(folder, err);
    free(folder);
    free(data);
    return path;
}
