#include "chat/resolve.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

/* A projector goes with a model and is none. */
static bool is_model_name(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".gguf") == 0 && name[0] != '.' && !strstr(name, "mmproj");
}

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
    if (!found)
        err_set(err,
                "no model: give one with -m FILE or in $FACET_MODEL (which is not set), or put a "
                "GGUF file into %s",
                folder);
    char *path = found && !several ? path_join(folder, found) : NULL;
    free(found);
    return path;
}

/* NULL: nothing in the folder has that name. */
static char *named_model(const char *folder, const char *name)
{
    char *path = strchr(name, '/') ? NULL : path_join(folder, name);
    if (path && file_exists(path))
        return path;
    free(path);
    return NULL;
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
