/* What the files of history/ share: a store's insides, and statements. */
#ifndef HISTORY_SQL_H
#define HISTORY_SQL_H

#include <pthread.h>

#include <sqlite3.h>

#include "history/store.h"
#include "history/writer.h"

struct store {
    sqlite3 *db;
    char *path;
    char writer[WRITER_BYTES];
    pthread_mutex_t lock; /* recursive: a callback may call the store again */
};

/* Sets the error to what SQLite says. Always false. */
bool sql_fail(struct store *s, struct err *err);
/* Statements without parameters and rows. */
bool sql_run(struct store *s, const char *sql, struct err *err);
/* Prepares sql and binds its ?s: 'i' an int64_t, 'd' a double, 't' a text that outlives the
 * statement, 'b' bytes and their size_t that do. NULL on failure. */
sqlite3_stmt *sql_query(struct store *s, struct err *err, const char *sql, const char *types, ...);
/* Runs a statement that changes something, not in the midst of another thread's transaction, and
 * frees it. NULL: its preparation failed. */
bool sql_finish(struct store *s, sqlite3_stmt *statement, struct err *err);
/* The same of an INSERT: the new row's number, 0 on failure. */
int64_t sql_insert(struct store *s, sqlite3_stmt *statement, struct err *err);
/* The first column of the first row, and frees the statement; fallback where there is no row. */
bool sql_number(struct store *s, sqlite3_stmt *statement, int64_t fallback, int64_t *out,
                struct err *err);
/* Text of a column that a foreign hand may have made NULL; borrowed from the row. */
const char *sql_text(sqlite3_stmt *row, int column);

#endif
