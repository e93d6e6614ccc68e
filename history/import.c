#include "history/import.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "history/base64.h"
#include "history/export_json.h"
#include "history/import_parts.h"
#include "history/sql.h"

enum { MAX_THUMBNAIL_BYTES = 256 << 10 }; /* 128 × 128 pixels of a PNG take a fifth of it */
static const size_t MAX_PICTURE_BYTES = (size_t)1 << 28;

const char *import_text(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : fallback;
}

int64_t import_time(const json_t *object, const char *key)
{
    double when = json_number_value(json_object_get(object, key));
    return when > 0 && when < 1e11 ? (int64_t)when : 0;
}

bool import_dated(struct store *s, int64_t conversation, int64_t updated, struct err *err)
{
    return !updated ||
           sql_finish(s,
                      sql_query(s, err, "UPDATE conversation SET updated = ? WHERE id = ?", "ii",
                                updated, conversation),
                      err);
}

/* ---- facet's own ---- */

struct reading {
    const char *name; /* of the file */
    struct store *store;
    struct import_count *count;
    int64_t conversation;
    int64_t *rows; /* of the messages read */
    size_t n;
    struct err *err;
};

static bool is_role(const char *role)
{
    static const char *const roles[] = {"system", "user", "model", "tool"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(role, roles[i]) == 0)
            return true;
    return false;
}

static size_t size_of(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (size_t)value : 0;
}

static double seconds_of(const json_t *object, const char *key)
{
    double value = json_number_value(json_object_get(object, key));
    return value > 0 ? value : 0;
}

/* free() its options. */
static struct store_receipt read_receipt(const json_t *r)
{
    char *options = json_dumps(json_object_get(r, "options"), JSON_COMPACT | JSON_SORT_KEYS);
    return (struct store_receipt){
        .model = import_text(r, "model", ""),
        .digest = import_text(r, "digest", ""),
        .options = options ? options : mem_copy("{}"),
        .seed = strtoull(import_text(r, "seed", "0"), NULL, 10),
        .continued_from = size_of(r, "continued_from"),
        .n_prompt = size_of(r, "n_prompt"),
        .n_kept = size_of(r, "n_kept"),
        .n_answer = size_of(r, "n_answer"),
        .encode_s = seconds_of(r, "encode_s"),
        .prompt_s = seconds_of(r, "prompt_s"),
        .answer_s = seconds_of(r, "answer_s"),
        .reason = import_text(r, "reason", ""),
        .version = import_text(r, "version", ""),
    };
}

static bool read_images(struct store_message *m, struct store_image *images, const json_t *list,
                        struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *image = json_array_get(list, i);
        images[i] = (struct store_image){size_of(image, "part"), import_text(image, "path", NULL),
                                         import_text(image, "sha256", NULL)};
        if (!images[i].path || !images[i].digest)
            return err_set(err, "picture %zu has no path or no digest", i + 1);
    }
    m->images = images;
    m->n_images = json_array_size(list);
    return true;
}

/* An export of an older facet says nothing of it. */
static int read_told(const json_t *json)
{
    for (int told = STORE_DROPPED; told <= STORE_PINNED; told++)
        if (strcmp(import_text(json, "told", ""), export_told_names[told]) == 0)
            return told;
    return STORE_TOLD;
}

/* The row of the message at that place; 0: null. */
static bool row_at(const struct reading *r, const json_t *place, int64_t *row, struct err *err)
{
    json_int_t at = json_integer_value(place);
    *row = 0;
    if (!place || json_is_null(place))
        return true;
    if (at < 1 || (size_t)at > r->n)
        return err_set(err, "names a message that is not there");
    *row = r->rows[at - 1];
    return true;
}

static bool add_read(struct reading *r, const json_t *json, const struct store_message *m)
{
    const json_t *receipt = json_object_get(json, "receipt");
    struct store_message whole = *m;
    struct store_receipt read = {0};
    if (json_is_object(receipt)) {
        read = read_receipt(receipt);
        whole.receipt = &read;
    }
    int64_t row = store_add_message(r->store, r->conversation, &whole, r->err);
    free((char *)read.options);
    if (row)
        r->rows[r->n++] = row;
    return row > 0;
}

static bool read_message(struct reading *r, const json_t *json)
{
    const json_t *list = json_object_get(json, "images");
    struct store_message m = {.role = import_text(json, "role", ""),
                              .text = import_text(json, "text", NULL),
                              .told = read_told(json),
                              .created = import_time(json, "created")};
    if (strcmp(import_text(json, "state", ""), "complete") != 0)
        m.state = STORE_INTERRUPTED;
    if (!m.text || !is_role(m.role))
        return err_set(r->err, "has no text or no role");
    struct store_image *images = mem_new(json_array_size(list), sizeof *images);
    bool ok = row_at(r, json_object_get(json, "parent"), &m.parent, r->err) &&
              read_images(&m, images, list, r->err) && add_read(r, json, &m);
    free(images);
    return ok;
}

static bool read_choice(struct reading *r, const json_t *json, int64_t parent)
{
    int64_t child;
    return row_at(r, json_object_get(json, "chosen"), &child, r->err) &&
           (strcmp(import_text(json, "role", ""), "system") == 0 ||
            store_choose(r->store, r->conversation, parent, child, r->err));
}

static bool read_messages(struct reading *r, const json_t *json)
{
    const json_t *list = json_object_get(json, "messages");
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++)
        if (!read_message(r, json_array_get(list, i)))
            return err_prefix(r->err, "message %zu", i + 1);
    for (size_t i = 0; i < n; i++)
        if (!read_choice(r, json_array_get(list, i), r->rows[i]))
            return err_prefix(r->err, "message %zu", i + 1);
    r->count->messages += n;
    return read_choice(r, json, 0);
}

static bool read_conversation(struct reading *r, const json_t *json)
{
    struct store_conversation c = {.title = import_text(json, "title", ""),
                                   .model = import_text(json, "model", ""),
                                   .created = import_time(json, "created"),
                                   .archived = json_is_true(json_object_get(json, "archived"))};
    r->conversation = store_add_conversation(r->store, &c, r->err);
    if (!r->conversation)
        return false;
    r->rows = mem_new(json_array_size(json_object_get(json, "messages")), sizeof *r->rows);
    r->n = 0;
    bool ok = read_messages(r, json) &&
              import_dated(r->store, r->conversation, import_time(json, "updated"), r->err);
    free(r->rows);
    r->count->conversations += ok;
    return ok;
}

/* What path says from the folder of the export on. */
static char *path_from(const char *export, const char *path)
{
    const char *base = path_base(export);
    struct str all = {0};
    if (*path != '/')
        str_put(&all, export, (size_t)(base - export));
    str_puts(&all, path);
    return str_take(&all);
}

/* A picture's own file, which is no device. */
static bool read_file(struct str *file, const char *export, const char *path, struct err *err)
{
    size_t n;
    char *whole = path_from(export, path);
    struct stat st;
    char *bytes = stat(whole, &st) == 0 && S_ISREG(st.st_mode)
                      ? file_read(whole, MAX_PICTURE_BYTES, &n, err)
                      : NULL;
    if (bytes)
        str_put(file, bytes, n);
    else
        err_set(err, "the picture %s is not there, or no file", whole);
    bool ok = bytes != NULL;
    free(bytes);
    free(whole);
    return ok;
}

static bool read_picture(const struct reading *r, const char *digest, const json_t *json)
{
    struct str file = {0}, thumbnail = {0};
    const json_t *f = json_object_get(json, "file"), *t = json_object_get(json, "thumbnail");
    const char *path = import_text(json, "path", NULL);
    char hex[SHA256_HEX_BYTES];
    if (path && !read_file(&file, r->name, path, r->err))
        return false;
    bool ok = (path || base64_read(&file, import_text(json, "file", ""), json_string_length(f))) &&
              base64_read(&thumbnail, import_text(json, "thumbnail", ""), json_string_length(t)) &&
              thumbnail.len <= MAX_THUMBNAIL_BYTES;
    sha256_hex(str_text(&file), file.len, hex);
    if (!ok || strcmp(hex, digest) != 0)
        ok = err_set(r->err, "a picture is not what its digest says");
    else
        ok = store_add_picture(r->store, digest, str_text(&file), file.len, str_text(&thumbnail),
                               thumbnail.len, r->err);
    str_done(&file);
    str_done(&thumbnail);
    return ok;
}

static bool read_export(struct store *s, const char *name, json_t *all, struct import_count *count,
                        struct err *err)
{
    struct reading r = {.name = name, .store = s, .count = count, .err = err};
    const char *digest;
    json_t *picture, *pictures = json_object_get(all, "pictures");
    const json_t *list = json_object_get(all, "conversations");
    if (json_integer_value(json_object_get(all, "version")) != 1)
        return err_set(err, "made by a newer facet");
    json_object_foreach(pictures, digest, picture)
        if (!read_picture(&r, digest, picture))
            return false;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!read_conversation(&r, json_array_get(list, i)))
            return err_prefix(err, "conversation %zu", i + 1);
    return true;
}

/* ---- Telling them apart ---- */

static bool import_json(struct store *s, const char *name, const void *bytes, size_t n,
                        struct import_count *count, struct err *err)
{
    json_error_t why;
    json_t *all = json_loadb(bytes, n, 0, &why);
    bool ok;
    if (!all)
        ok = err_set(err, "line %d: %s", why.line, why.text);
    else if (strcmp(import_text(all, "format", ""), "facet history") == 0)
        ok = read_export(s, name, all, count, err);
    else if (json_is_array(all))
        ok = import_chatgpt(s, all, count, err);
    else
        ok = err_set(err, "neither an export of facet, nor one of ChatGPT, nor a store of oterm");
    json_decref(all);
    return ok;
}

bool history_import(struct store *s, const char *name, const void *bytes, size_t n,
                    struct import_count *count, struct err *err)
{
    static const char sqlite[] = "SQLite format 3";
    *count = (struct import_count){0};
    if (!store_begin(s, err))
        return false;
    bool ok = n > sizeof sqlite && memcmp(bytes, sqlite, sizeof sqlite) == 0
                  ? import_oterm(s, bytes, n, count, err)
                  : import_json(s, name, bytes, n, count, err);
    return store_end(s, ok, err) || err_prefix(err, "%s", name);
}
