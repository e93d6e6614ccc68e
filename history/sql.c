#include "history/sql.h"

#include <stdarg.h>

bool sql_fail(struct store *s, struct err *err)
{
    if (s->db && sqlite3_errcode(s->db) == SQLITE_FULL)
        return err_set(err, "%s: the disk is full: make room, or keep nothing (--no-history)",
                       s->path);
    return err_set(err, "%s: %s", s->path, s->db ? sqlite3_errmsg(s->db) : "no memory");
}

bool sql_run(struct store *s, const char *sql, struct err *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || sql_fail(s, err);
}

static void bind_all(sqlite3_stmt *statement, const char *types, va_list args)
{
    for (int i = 0; types[i]; i++)
        switch (types[i]) {
        case 'i':
            sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
            break;
        case 'd':
            sqlite3_bind_double(statement, i + 1, va_arg(args, double));
            break;
        case 't':
            sqlite3_bind_text(statement, i + 1, va_arg(args, const char *), -1, SQLITE_STATIC);
            break;
        case 'b': {
            const void *bytes = va_arg(args, const void *);
            sqlite3_bind_blob64(statement, i + 1, bytes, va_arg(args, size_t), SQLITE_STATIC);
            break;
        }
        }
}

sqlite3_stmt *sql_query(struct store *s, struct err *err, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        sql_fail(s, err);
        return NULL;
    }
    va_list args;
    va_start(args, types);
    bind_all(statement, types, args);
    va_end(args);
    return statement;
}

bool sql_finish(struct store *s, sqlite3_stmt *statement, struct err *err)
{
    if (!statement)
        return false;
    pthread_mutex_lock(&s->lock);
    bool ok = sqlite3_step(statement) == SQLITE_DONE || sql_fail(s, err);
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

int64_t sql_insert(struct store *s, sqlite3_stmt *statement, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    int64_t id = sql_finish(s, statement, err) ? sqlite3_last_insert_rowid(s->db) : 0;
    pthread_mutex_unlock(&s->lock);
    return id;
}

bool sql_number(struct store *s, sqlite3_stmt *statement, int64_t fallback, int64_t *out,
                struct err *err)
{
    if (!statement)
        return false;
    int status = sqlite3_step(statement);
    *out = status == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : fallback;
    bool ok = status == SQLITE_ROW || status == SQLITE_DONE || sql_fail(s, err);
    sqlite3_finalize(statement);
    return ok;
}

const char *sql_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}
