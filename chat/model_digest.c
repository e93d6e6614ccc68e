#include "chat/model_digest.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* The head of a model file holds its metadata, vocabulary and shapes; the tail, weights. Together
 * with the size they tell models apart without reading gigabytes. */
static const size_t HEAD_BYTES = (size_t)8 << 20, TAIL_BYTES = (size_t)1 << 20;

static bool put_file_mark(struct str *marks, const char *path, struct err *err)
{
    struct file_map map;
    if (!file_map_open(&map, path, err))
        return false;
    size_t head = map.size < HEAD_BYTES ? map.size : HEAD_BYTES;
    size_t tail = map.size - head < TAIL_BYTES ? map.size - head : TAIL_BYTES;
    char hex[SHA256_HEX_BYTES];
    sha256_hex(map.data, head, hex);
    str_printf(marks, "%zu %s ", map.size, hex);
    sha256_hex(map.data + (map.size - tail), tail, hex);
    str_printf(marks, "%s\n", hex);
    file_map_close(&map);
    return true;
}

static int is_weights(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return (n > 12 && strcmp(entry->d_name + n - 12, ".safetensors") == 0) ||
           strcmp(entry->d_name, "config.json") == 0;
}

static int is_projector(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return strncmp(entry->d_name, "mmproj", 6) == 0 && n > 5 &&
           strcmp(entry->d_name + n - 5, ".gguf") == 0;
}

/* The marks of a folder's files that `which` picks; none is no failure. */
static bool put_folder_marks(struct str *marks, const char *folder,
                             int (*which)(const struct dirent *), struct err *err)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, which, alphasort);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        char *path = path_join(folder, entries[i]->d_name);
        ok = ok && put_file_mark(marks, path, err);
        free(path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return ok;
}

/* A projector that was not named is found beside the model, so what lies there counts. */
static bool put_projector_mark(struct str *marks, const char *model, const char *mmproj,
                               struct err *err)
{
    if (mmproj) {
        char *path = path_expand(mmproj);
        bool ok = put_file_mark(marks, path, err);
        free(path);
        return ok;
    }
    const char *name = path_base(model);
    char *folder = name == model ? mem_copy(".") : mem_text(model, (size_t)(name - model));
    bool ok = put_folder_marks(marks, folder, is_projector, err);
    free(folder);
    return ok;
}

bool model_digest(char digest[SHA256_HEX_BYTES], const char *path, const char *mmproj,
                  struct err *err)
{
    struct str marks = {0};
    bool ok = file_is_dir(path) ? put_folder_marks(&marks, path, is_weights, err)
                                : put_file_mark(&marks, path, err) &&
                                      put_projector_mark(&marks, path, mmproj, err);
    if (ok)
        sha256_hex(str_text(&marks), marks.len, digest);
    str_done(&marks);
    return ok;
}
