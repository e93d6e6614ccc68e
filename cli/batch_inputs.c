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

static void push(struct batch_items *items, struct batch_item item)
{
    if (items->n == items->cap) {
        items->cap = items->cap ? 2 * items->cap : 64;
        items->list = mem_grow(items->list, items->cap, sizeof *items->list);
    }
    items->list[items->n++] = item;
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
        push(items, (struct batch_item){.path = path, .certain = has_picture_suffix(path)});
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
        push(items, (struct batch_item){.path = mem_copy(strcmp(path, "-") == 0 ? "./-" : path),
                                        .certain = true});
        free(path);
    }
    free(text);
    return true;
}

/* ---- Manifests ---- */

bool batch_is_manifest(const char *input)
{
    size_t n = strlen(input);
    return n > 6 && strcmp(input + n - 6, ".jsonl") == 0;
}

const char *batch_item_text(const struct batch_item *item, const char *key)
{
    return json_string_value(json_object_get(item->entry, key));
}

const char *batch_item_image(const struct batch_item *item, size_t i)
{
    const json_t *one = json_object_get(item->entry, "image");
    const json_t *list = json_object_get(item->entry, "images");
    return one && i == 0 ? json_string_value(one) : json_string_value(json_array_get(list, i));
}

size_t batch_item_pictures(const struct batch_item *item)
{
    size_t n = 0;
    while (item->entry && batch_item_image(item, n))
        n++;
    return item->entry ? n : 1;
}

static bool is_list_of_texts(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return false;
    return json_is_array(list);
}

/* NULL if the entry can be asked, else what is wrong with it. */
static const char *fault_of(const json_t *entry)
{
    if (!json_is_object(entry))
        return "is no JSON object";
    const json_t *image = json_object_get(entry, "image"),
                 *images = json_object_get(entry, "images"),
                 *prompt = json_object_get(entry, "prompt"),
                 *system = json_object_get(entry, "system"), *seed = json_object_get(entry, "seed");
    if (image && images)
        return "has both \"image\" and \"images\"";
    if (image && !json_is_string(image))
        return "has an \"image\" that is no text";
    if (images && !is_list_of_texts(images))
        return "has \"images\" that are no list of texts";
    if (prompt && !json_is_string(prompt))
        return "has a \"prompt\" that is no text";
    if (system && !json_is_string(system))
        return "has a \"system\" that is no text";
    if (seed && !(json_is_integer(seed) && json_integer_value(seed) >= 0))
        return "has a \"seed\" that is no whole number";
    return NULL;
}

static bool add_line(struct batch_items *items, const char *path, const char *line, size_t n,
                     size_t number, struct err *err)
{
    if (strspn(line, " \t\r") >= n)
        return true;
    json_error_t why;
    json_t *entry = json_loadb(line, n, 0, &why);
    const char *fault = entry ? fault_of(entry) : why.text;
    if (!fault) {
        push(items, (struct batch_item){mem_copy(path), true, number, entry});
        return true;
    }
    err_set(err, entry ? "%s:%zu: the line %s" : "%s:%zu: %s", path, number, fault);
    json_decref(entry);
    return false;
}

static bool add_manifest(struct batch_items *items, const char *path, struct err *err)
{
    size_t n, number = 0;
    char *text = file_read(path, LIST_LIMIT_BYTES, &n, err);
    bool ok = text != NULL;
    for (char *line = text, *end; ok && line < text + n; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + n - line));
        end = end ? end : text + n;
        ok = add_line(items, path, line, (size_t)(end - line), ++number, err);
    }
    free(text);
    return ok;
}

bool batch_items_add(struct batch_items *items, const char *input, bool recursive, struct err *err)
{
    if (strcmp(input, "-") == 0)
        return add_list(items, err);
    if (file_is_dir(input))
        return add_folder(items, input, recursive, err);
    if (batch_is_manifest(input))
        return add_manifest(items, input, err);
    push(items, (struct batch_item){.path = mem_copy(input), .certain = true});
    return true;
}

void batch_items_done(struct batch_items *items)
{
    for (size_t i = 0; i < items->n; i++) {
        free(items->list[i].path);
        json_decref(items->list[i].entry);
    }
    free(items->list);
    *items = (struct batch_items){0};
}
