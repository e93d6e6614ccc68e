#include "history/export_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "history/base64.h"

struct exporting {
    struct store *store;
    const struct export_pictures *files; /* NULL: pictures stand in the document */
    json_t *pictures;
    json_t *messages;
    int64_t *rows; /* of the messages so far, ascending but for the first, a system text */
    size_t n;
    struct err *err;
    bool failed;
};

json_t *export_text(const char *text)
{
    size_t n = strlen(text);
    json_t *value = json_stringn(text, n);
    if (value)
        return value;
    struct str fixed = {0};
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        char bytes[4];
        at += utf8_next(text + at, n - at, &cp, NULL);
        str_put(&fixed, bytes, utf8_put(cp, bytes));
    }
    value = json_stringn(str_text(&fixed), fixed.len);
    str_done(&fixed);
    return value ? value : json_string("");
}

/* The place of a row among the messages, from 1; null: it is not there. */
static json_t *place_of(const struct exporting *e, int64_t row)
{
    for (size_t i = e->n; row && i > 0; i--) /* parents stand near the end, mostly */
        if (e->rows[i - 1] == row)
            return json_integer((json_int_t)i);
    return json_null();
}

static bool put_bytes(struct exporting *e, json_t *picture, const char *key, const char *digest,
                      bool thumbnail)
{
    size_t n;
    struct err err = {""};
    void *bytes = store_picture(e->store, digest, thumbnail, &n, &err);
    if (!bytes)
        return err.text[0] ? err_set(e->err, "%s", err.text) : true;
    struct str text = {0};
    base64_put(&text, bytes, n);
    json_object_set_new(picture, key, json_string(str_text(&text)));
    str_done(&text);
    free(bytes);
    return true;
}

static bool put_file(struct exporting *e, json_t *picture, const char *digest)
{
    struct str path = {0};
    if (!e->files)
        return put_bytes(e, picture, "file", digest, false);
    bool ok = export_picture(e->files, e->store, digest, &path, e->err);
    if (ok && path.len)
        json_object_set_new(picture, "path", export_text(str_text(&path)));
    str_done(&path);
    return ok;
}

static bool add_picture(struct exporting *e, const char *digest)
{
    if (json_object_get(e->pictures, digest))
        return true;
    json_t *picture = json_object();
    bool ok = put_file(e, picture, digest) &&
              put_bytes(e, picture, "thumbnail", digest, true);
    if (ok && json_object_size(picture) > 0)
        json_object_set(e->pictures, digest, picture);
    json_decref(picture);
    return ok;
}

static json_t *images_json(struct exporting *e, const struct store_message *m)
{
    json_t *images = json_array();
    for (size_t i = 0; i < m->n_images; i++) {
        e->failed = e->failed || !add_picture(e, m->images[i].digest);
        json_array_append_new(images,
                              json_pack("{s:I, s:o, s:o}", "part", (json_int_t)m->images[i].part,
                                        "path", export_text(m->images[i].path), "sha256",
                                        export_text(m->images[i].digest)));
    }
    return images;
}

static json_t *receipt_json(const struct store_receipt *r)
{
    if (!r)
        return json_null();
    json_t *options = json_loads(r->options, 0, NULL);
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:o, s:o}", "model",
                     export_text(r->model), "digest", export_text(r->digest), "options",
                     options ? options : json_object(), "seed",
                     json_sprintf("%llu", (unsigned long long)r->seed), "continued_from",
                     (json_int_t)r->continued_from, "n_prompt", (json_int_t)r->n_prompt, "n_kept",
                     (json_int_t)r->n_kept, "n_answer", (json_int_t)r->n_answer, "encode_s",
                     r->encode_s, "prompt_s", r->prompt_s, "answer_s", r->answer_s, "reason",
                     export_text(r->reason), "version", export_text(r->version));
}

const char *const export_told_names[STORE_PINNED + 1] = {
    [STORE_TOLD] = "told", [STORE_DROPPED] = "dropped", [STORE_PINNED] = "pinned"};

static const char *told_name(int told)
{
    return export_told_names[told >= STORE_TOLD && told <= STORE_PINNED ? told : STORE_TOLD];
}

static bool add_message(void *user, const struct store_message *m)
{
    struct exporting *e = user;
    if (m->deleted)
        return true;
    const char *state = m->state == STORE_COMPLETE ? "complete" : "interrupted";
    json_array_append_new(
        e->messages,
        json_pack("{s:o, s:I, s:o, s:o, s:s, s:s, s:I, s:o, s:o}", "parent", place_of(e, m->parent),
                  "chosen", (json_int_t)m->chosen, "role", export_text(m->role), "text",
                  export_text(m->text), "state", state, "told", told_name(m->told), "created",
                  (json_int_t)m->created, "images", images_json(e, m), "receipt",
                  receipt_json(m->receipt)));
    e->rows = mem_grow(e->rows, e->n + 1, sizeof *e->rows);
    e->rows[e->n++] = m->id;
    return !e->failed;
}

static bool take_head(void *user, const struct store_conversation *c)
{
    *(json_t **)user =
        json_pack("{s:o, s:o, s:I, s:I, s:b, s:I}", "title", export_text(c->title), "model",
                  export_text(c->model), "created", (json_int_t)c->created, "updated",
                  (json_int_t)c->updated, "archived", c->archived, "chosen", (json_int_t)c->chosen);
    return true;
}

/* Rows as places, now that all have one. */
static void place_choice(const struct exporting *e, json_t *object)
{
    json_int_t row = json_integer_value(json_object_get(object, "chosen"));
    json_object_set_new(object, "chosen", place_of(e, row));
}

static json_t *conversation_json(struct exporting *e, int64_t conversation)
{
    json_t *head = NULL;
    e->messages = json_array();
    e->n = 0;
    bool ok = store_get(e->store, conversation, take_head, &head, e->err) &&
              store_tree(e->store, conversation, add_message, e, e->err) && !e->failed;
    for (size_t i = 0; ok && i < e->n; i++)
        place_choice(e, json_array_get(e->messages, i));
    if (head) {
        place_choice(e, head);
        json_object_set(head, "messages", e->messages);
    }
    json_decref(e->messages);
    if (ok)
        return head;
    json_decref(head);
    return NULL;
}

bool export_json(struct str *out, struct store *s, const struct export_pictures *pictures,
                 const int64_t *conversations, size_t n, struct err *err)
{
    struct exporting e = {
        .store = s, .files = pictures, .pictures = json_object(), .err = err};
    json_t *list = json_array();
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        json_t *one = conversation_json(&e, conversations[i]);
        ok = one && json_array_append_new(list, one) == 0;
    }
    json_t *all = json_pack("{s:s, s:i, s:o, s:o}", "format", "facet history", "version", 1,
                            "conversations", list, "pictures", e.pictures);
    char *text = ok ? json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    if (text) {
        str_puts(out, text);
        str_putc(out, '\n');
    } else if (ok) {
        ok = err_set(err, "no memory for the export");
    }
    free(text);
    free(e.rows);
    json_decref(all);
    return ok;
}
