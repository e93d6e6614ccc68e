#include "tui/remember.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"

enum { MAX_FILE_BYTES = 1 << 20 };

static json_t *load(const char *path)
{
    size_t size;
    struct err err;
    char *text = file_read(path, MAX_FILE_BYTES, &size, &err);
    json_t *all = text ? json_loadb(text, size, 0, NULL) : NULL;
    free(text);
    if (json_is_object(all))
        return all;
    json_decref(all);
    return json_object();
}

static char *place(void)
{
    char *folder = path_xdg(XDG_STATE), *path = path_join(folder, "screen.json");
    free(folder);
    return path;
}

char *remember_get(const char *key)
{
    char *path = place();
    json_t *all = load(path);
    char *value = mem_copy(json_string_value(json_object_get(all, key)));
    json_decref(all);
    free(path);
    return value;
}

void remember_set(const char *key, const char *value)
{
    struct err err;
    char *path = place(), *folder = path_xdg(XDG_STATE);
    json_t *all = load(path);
    json_object_set_new(all, key, json_string(value));
    char *text = json_dumps(all, JSON_INDENT(1) | JSON_SORT_KEYS);
    if (text && file_make_dirs(folder, &err))
        file_write(path, text, strlen(text), 0600, &err);
    free(text);
    json_decref(all);
    free(folder);
    free(path);
}
