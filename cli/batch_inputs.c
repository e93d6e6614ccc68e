#include "cli/batch_inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"

static const size_t LIST_LIMIT_BYTES = (size_t)256 << 20;

static void push(struct batch_items *items, char *path, bool certain)
{
    if (items->n == items->cap) {
        items->cap = items->cap ? 2 * items->cap : 64;
        items->list = mem_grow(items->list, items->cap, sizeof *items->list);
    }
    items->list[items->n++] = (struct batch_item){path, certain};
}

/* Pictures by their names, those that facet cannot read included: the user should hear of them. */
static bool has_picture_suffix(const char *path)
{
    static const char *const suffixes[] = {"jpg",  "jpeg", "jpe",  "png", "webp", "gif",
                                           "bmp",  "ppm",  "pgm",  "pnm", "heic", "heif",
                                           "avif", "tif",  "tiff", "svg", "jxl",  "jp2"};
    const char *dot = strrchr(path_base(path), '.');
    for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcasecmp(dot + 1, suffixes[i]) == 0)
            return true;
    return false;
}

static bool add_folder(struct batch_items *items, const char *folder, bool recursive,
                       struct err *err);

/* Folders behind symbolic links are left out: they may lead round in a circle. */
static bool add_entry(struct batch_items *items, char *path, bool recursive, struct err *err)
{
    struct stat st, link;
    bool known = stat(path, &st) == 0 && lstat(path, &link) == 0;
    if (known && S_ISREG(st.st_mode)) {
        push(items, path, has_picture_suffix(path));
        return true;
    }
    bool ok =
        !(known && recursive && S_ISDIR(link.st_mode)) || add_folder(items, path, recursive, err);
    free(path);
    return ok;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Byte order, whatever the locale: a batch must find the same order again. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_folder(struct batch_items *items, const char *folder, bool recursive,
                       struct err *err)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_visible, by_name);
    if (n < 0)
        return err_set(err, "%s: %s", folder, strerror(errno));
    bool ok = true;
    for (int i = 0; i < n; i++) {
        ok = ok && add_entry(items, path_join(folder, entries[i]->d_name), recursive, err);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static bool add_list(struct batch_items *items, struct err *err)
{
    size_t n;
    char *text = file_read("-", LIST_LIMIT_BYTES, &n, err);
    if (!text)
        return false;
    for (char *line = text, *end; line < text + n; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + n - line));
        end = end ? end : text + n;
        size_t length = (size_t)(end - line);
        if (length > 0 && line[length - 1] == '\r')
            length--;
        if (length == 0)
            continue;
        char *path = mem_text(line, length);
        push(items, strcmp(path, "-") == 0 ? mem_copy("./-") : mem_copy(path), true);
        free(path);
    }
    free(text);
    return true;
}

bool batch_items_add(struct batch_items *items, const char *input, bool recursive, struct err *err)
{
    if (strcmp(input, "-") == 0)
        return add_list(items, err);
    if (file_is_dir(input))
        return add_folder(items, input, recursive, err);
    push(items, mem_copy(input), true);
    return true;
}

void batch_items_done(struct batch_items *items)
{
    for (size_t i = 0; i < items->n; i++)
        free(items->list[i].path);
    free(items->list);
    *items = (struct batch_items){0};
}
