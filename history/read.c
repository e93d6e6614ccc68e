#include "history/sql.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* ---- Conversations ---- */

static const char conversation_columns[] =
    "SELECT id, title, model, created, updated,"
    " (SELECT count(*) FROM message WHERE conversation = conversation.id AND deleted = 0),"
    " archived, deleted, forked_from, chosen FROM conversation";

/* Gives the conversations that a condition with one parameter picks, and counts them. */
static bool give_conversations(struct store *s, const char *condition, int64_t parameter,
                               bool (*each)(void *, const struct store_conversation *), void *user,
                               size_t *n, struct err *err)
{
    struct str sql = {0};
    str_printf(&sql, "%s WHERE %s ORDER BY updated DESC, id DESC", conversation_columns, condition);
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *row = sql_query(s, err, sql.data, "i", parameter);
    str_done(&sql);
    bool go = row != NULL;
    int status = SQLITE_DONE;
    for (*n = 0; go && (status = sqlite3_step(row)) == SQLITE_ROW; ++*n) {
        struct store_conversation c = {
            .id = sqlite3_column_int64(row, 0),
            .title = sql_text(row, 1),
            .model = sql_text(row, 2),
            .created = sqlite3_column_int64(row, 3),
            .updated = sqlite3_column_int64(row, 4),
            .n_messages = (size_t)sqlite3_column_int64(row, 5),
            .archived = sqlite3_column_int(row, 6) != 0,
            .deleted = sqlite3_column_int64(row, 7),
            .forked_from = sqlite3_column_int64(row, 8),
            .chosen = sqlite3_column_int64(row, 9),
        };
        go = each(user, &c);
    }
    bool ok = row && (status == SQLITE_DONE || status == SQLITE_ROW || sql_fail(s, err));
    sqlite3_finalize(row);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_list_shelf(struct store *s, enum store_shelf shelf,
                      bool (*each)(void *user, const struct store_conversation *c), void *user,
                      struct err *err)
{
    static const char *const conditions[] = {
        [STORE_CURRENT] = "archived = 0 AND deleted = ?",
        [STORE_ARCHIVED] = "archived <> 0 AND deleted = ?",
        [STORE_DELETED] = "deleted > ?",
    };
    size_t n;
    return give_conversations(s, conditions[shelf], 0, each, user, &n, err);
}

static bool none(int64_t conversation, struct err *err)
{
    return err_set(err, "there is no conversation %lld in the history", (long long)conversation);
}

bool store_get(struct store *s, int64_t conversation,
               bool (*each)(void *user, const struct store_conversation *c), void *user,
               struct err *err)
{
    size_t n;
    return give_conversations(s, "id = ?", conversation, each, user, &n, err) &&
           (n > 0 || none(conversation, err));
}

int64_t store_last(struct store *s, struct err *err)
{
    int64_t id;
    pthread_mutex_lock(&s->lock);
    bool ok = sql_number(s,
                         sql_query(s, err,
                                   "SELECT id FROM conversation WHERE archived = 0 AND deleted = 0"
                                   " ORDER BY updated DESC, id DESC LIMIT 1",
                                   ""),
                         0, &id, err);
    pthread_mutex_unlock(&s->lock);
    return ok ? id : 0;
}

/* ---- Messages ---- */

/* The pictures of one message. */
struct images {
    struct store_image *list;
    size_t n;
};

static void images_done(struct images *images)
{
    for (size_t i = 0; i < images->n; i++) {
        free((char *)images->list[i].path);
        free((char *)images->list[i].digest);
    }
    free(images->list);
}

static bool read_images(struct store *s, int64_t message, struct images *images, struct err *err)
{
    *images = (struct images){0};
    sqlite3_stmt *row = sql_query(
        s, err, "SELECT part, path, digest FROM image WHERE message = ? ORDER BY part, id", "i",
        message);
    if (!row)
        return false;
    int status;
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        images->list = mem_grow(images->list, images->n + 1, sizeof *images->list);
        images->list[images->n++] = (struct store_image){
            .part = (size_t)sqlite3_column_int64(row, 0),
            .path = mem_copy(sql_text(row, 1)),
            .digest = mem_copy(sql_text(row, 2)),
        };
    }
    bool ok = status == SQLITE_DONE || sql_fail(s, err);
    sqlite3_finalize(row);
    return ok;
}

/* The columns of a message and its receipt; give_message knows their order. */
#define MESSAGE_COLUMNS                                                                            \
    "SELECT message.id, message.parent, message.chosen, message.role, message.text,"               \
    " message.state, message.writer, message.created, message.deleted, message.told,"              \
    " receipt.message, receipt.model, digest, options, seed, continued_from, n_prompt, n_kept,"    \
    " n_answer, encode_s, prompt_s, answer_s, reason, version"
#define RECEIPTS " LEFT JOIN receipt ON receipt.message = message.id"
enum { RECEIPT_AT = 10 };

static struct store_receipt receipt_of(sqlite3_stmt *row)
{
    return (struct store_receipt){
        .model = sql_text(row, RECEIPT_AT + 1),
        .digest = sql_text(row, RECEIPT_AT + 2),
        .options = sql_text(row, RECEIPT_AT + 3),
        .seed = (uint64_t)sqlite3_column_int64(row, RECEIPT_AT + 4),
        .continued_from = (size_t)sqlite3_column_int64(row, RECEIPT_AT + 5),
        .n_prompt = (size_t)sqlite3_column_int64(row, RECEIPT_AT + 6),
        .n_kept = (size_t)sqlite3_column_int64(row, RECEIPT_AT + 7),
        .n_answer = (size_t)sqlite3_column_int64(row, RECEIPT_AT + 8),
        .encode_s = sqlite3_column_double(row, RECEIPT_AT + 9),
        .prompt_s = sqlite3_column_double(row, RECEIPT_AT + 10),
        .answer_s = sqlite3_column_double(row, RECEIPT_AT + 11),
        .reason = sql_text(row, RECEIPT_AT + 12),
        .version = sql_text(row, RECEIPT_AT + 13),
    };
}

/* *go: what `each` said. */
static bool give_message(struct store *s, sqlite3_stmt *row,
                         bool (*each)(void *, const struct store_message *), void *user, bool *go,
                         struct err *err)
{
    struct images images;
    bool ok = read_images(s, sqlite3_column_int64(row, 0), &images, err);
    if (ok) {
        struct store_receipt receipt = receipt_of(row);
        struct store_message m = {
            .id = sqlite3_column_int64(row, 0),
            .parent = sqlite3_column_int64(row, 1),
            .chosen = sqlite3_column_int64(row, 2),
            .role = sql_text(row, 3),
            .text = sql_text(row, 4),
            .state = sqlite3_column_int(row, 5),
            .told = sqlite3_column_int(row, 9),
            .created = sqlite3_column_int64(row, 7),
            .deleted = sqlite3_column_int64(row, 8),
            .n_images = images.n,
            .images = images.list,
            .receipt = sqlite3_column_type(row, RECEIPT_AT) == SQLITE_NULL ? NULL : &receipt,
        };
        if (m.state == STORE_WRITING && !writer_is_alive(sql_text(row, 6)))
            m.state = STORE_INTERRUPTED;
        *go = each(user, &m);
    }
    images_done(&images);
    return ok;
}

/* Gives the messages that a statement with one parameter, the conversation, finds. */
static bool give_messages(struct store *s, const char *sql, int64_t conversation,
                          bool (*each)(void *user, const struct store_message *m), void *user,
                          struct err *err)
{
    pthread_mutex_lock(&s->lock);
    int64_t there = 0;
    sqlite3_stmt *row = NULL;
    bool ok =
        sql_number(s,
                   sql_query(s, err, "SELECT 1 FROM conversation WHERE id = ?", "i", conversation),
                   0, &there, err) &&
        (there || none(conversation, err));
    if (ok)
        row = sql_query(s, err, sql, "i", conversation);
    ok = row != NULL;
    bool go = ok;
    int status = SQLITE_DONE;
    while (ok && go && (status = sqlite3_step(row)) == SQLITE_ROW)
        ok = give_message(s, row, each, user, &go, err);
    if (ok && status != SQLITE_DONE && status != SQLITE_ROW)
        ok = sql_fail(s, err);
    sqlite3_finalize(row);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

/* Children are younger than their parents, so that no path goes in a circle, whatever a foreign
 * hand wrote. */
static const char path_sql[] =
    "WITH RECURSIVE path(id, next, depth) AS ("
    "  SELECT id, chosen, 1 FROM message WHERE id = (SELECT chosen FROM conversation WHERE id = ?1)"
    "  UNION ALL SELECT message.id, message.chosen, depth + 1 FROM path JOIN message"
    "    ON message.id = path.next AND message.id > path.id)"
    " ,seen(id, depth) AS (SELECT id, depth FROM path UNION ALL"
    "  SELECT id, 0 FROM message WHERE conversation = ?1 AND role = 'system') " MESSAGE_COLUMNS
    " FROM seen JOIN message ON message.id = seen.id" RECEIPTS " ORDER BY depth";

bool store_messages(struct store *s, int64_t conversation,
                    bool (*each)(void *user, const struct store_message *m), void *user,
                    struct err *err)
{
    return give_messages(s, path_sql, conversation, each, user, err);
}

bool store_tree(struct store *s, int64_t conversation,
                bool (*each)(void *user, const struct store_message *m), void *user,
                struct err *err)
{
    static const char sql[] = MESSAGE_COLUMNS " FROM message" RECEIPTS " WHERE conversation = ?"
                                              " ORDER BY role <> 'system', message.id";
    return give_messages(s, sql, conversation, each, user, err);
}

/* ---- Pictures ---- */

void *store_picture(struct store *s, const char *digest, bool thumbnail, size_t *n_bytes,
                    struct err *err)
{
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *row = sql_query(s, err,
                                  thumbnail ? "SELECT thumbnail FROM picture WHERE digest = ?"
                                            : "SELECT bytes FROM picture WHERE digest = ?",
                                  "t", digest);
    void *bytes = NULL;
    int status = row ? sqlite3_step(row) : SQLITE_DONE;
    if (status == SQLITE_ROW) {
        *n_bytes = (size_t)sqlite3_column_bytes(row, 0);
        bytes = mem_try(*n_bytes + 1, 1, "a picture of the history", err);
        if (bytes && *n_bytes)
            memcpy(bytes, sqlite3_column_blob(row, 0), *n_bytes);
    } else if (status != SQLITE_DONE) {
        sql_fail(s, err);
    }
    sqlite3_finalize(row);
    pthread_mutex_unlock(&s->lock);
    return bytes;
}
