#include "history/import_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "history/base64.h"
#include "history/sql.h"

/* A foreign database lies in memory, cannot be written to, and runs nothing of its own. */
static sqlite3 *open_foreign(const void *bytes, size_t n)
{
    sqlite3 *db = NULL;
    unsigned char *copy = sqlite3_malloc64(n);
    if (!copy || sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        sqlite3_free(copy);
        sqlite3_close(db);
        return NULL;
    }
    memcpy(copy, bytes, n);
    copy[18] = copy[19] = 1; /* written ahead or not: the log is not here */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_exec(db, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
    if (sqlite3_deserialize(db, "main", copy, (sqlite3_int64)n, (sqlite3_int64)n,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY) ==
        SQLITE_OK)
        return db;
    sqlite3_close(db); /* which frees the copy */
    return NULL;
}

static bool add_picture(struct draft *d, size_t place, const json_t *text, struct err *err)
{
    struct str file = {0};
    char digest[SHA256_HEX_BYTES];
    bool ok = true;
    if (json_string_length(text) &&
        base64_read(&file, json_string_value(text), json_string_length(text)) && file.len) {
        sha256_hex(file.data, file.len, digest);
        ok = store_add_picture(d->store, digest, file.data, file.len, "", 0, err);
        import_draft_add_image(d, place, "-", digest);
    }
    str_done(&file);
    return ok;
}

/* The pictures are a JSON list of base64. */
static bool add_pictures(struct draft *d, size_t place, const char *list, struct err *err)
{
    json_t *all = json_loads(list, 0, NULL);
    bool ok = true;
    for (size_t i = 0; ok && i < json_array_size(all); i++)
        ok = add_picture(d, place, json_array_get(all, i), err);
    json_decref(all);
    return ok;
}

static bool add_system(struct draft *d, const char *text, struct err *err)
{
    struct store_message m = {.role = "system", .text = text};
    return !*text || store_add_message(d->store, d->conversation, &m, err) > 0;
}

static bool import_messages(sqlite3 *db, struct draft *d, int64_t chat, struct err *err)
{
    sqlite3_stmt *row;
    /* images came later than the rest */
    if (sqlite3_prepare_v2(db, "SELECT author, text, images FROM message WHERE chat_id = ?", -1,
                           &row, NULL) != SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT author, text, '[]' FROM message WHERE chat_id = ?", -1, &row,
                           NULL) != SQLITE_OK)
        return err_set(err, "%s", sqlite3_errmsg(db));
    sqlite3_bind_int64(row, 1, chat);
    bool ok = true;
    int status;
    size_t last = 0;
    while (ok && (status = sqlite3_step(row)) == SQLITE_ROW) {
        last = import_draft_add(d, last, strcmp(sql_text(row, 0), "user") == 0, sql_text(row, 1), 0);
        ok = add_pictures(d, last, sql_text(row, 2), err);
    }
    if (ok && status != SQLITE_DONE)
        ok = err_set(err, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(row);
    return ok && import_draft_write(d, 0, err);
}

/* Row: id, name, model, system. */
static bool import_chat(struct store *s, sqlite3 *db, sqlite3_stmt *row, struct import_count *count,
                        struct err *err)
{
    struct draft d = {.store = s};
    struct store_conversation c = {.title = sql_text(row, 1), .model = sql_text(row, 2)};
    d.conversation = store_add_conversation(s, &c, err);
    bool ok = d.conversation && add_system(&d, sql_text(row, 3), err) &&
              import_messages(db, &d, sqlite3_column_int64(row, 0), err);
    count->conversations++;
    count->messages += d.n;
    import_draft_done(&d);
    return ok;
}

bool import_oterm(struct store *s, const void *bytes, size_t n, struct import_count *count,
                  struct err *err)
{
    sqlite3_stmt *row = NULL;
    sqlite3 *db = open_foreign(bytes, n);
    if (!db)
        return err_set(err, "no memory for the database");
    bool ok = sqlite3_prepare_v2(db, "SELECT id, name, model, system FROM chat ORDER BY id", -1,
                                 &row, NULL) == SQLITE_OK;
    int status = SQLITE_DONE;
    if (!ok)
        err_set(err, "no store of oterm: %s", sqlite3_errmsg(db));
    while (ok && (status = sqlite3_step(row)) == SQLITE_ROW)
        ok = import_chat(s, db, row, count, err);
    if (ok && status != SQLITE_DONE)
        ok = err_set(err, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(row);
    sqlite3_close(db);
    return ok;
}
