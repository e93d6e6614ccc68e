#include "history/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "history/writer.h"

enum { BUSY_MS = 5000 }; /* another facet holds the lock for one commit, some milliseconds */
enum { STATE_WRITING = 1, STATE_INTERRUPTED = 2 };

struct store {
    sqlite3 *db;
    char *path;
    char writer[WRITER_BYTES];
    pthread_mutex_t lock; /* recursive: a callback may call the store again */
};

/* Step i makes schema i + 1 of schema i; what stands here is never changed, only added to. */
static const char *const migrations[] = {
    "CREATE TABLE conversation("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  title TEXT NOT NULL,"
    "  model TEXT NOT NULL,"
    "  created INTEGER NOT NULL," /* Unix seconds */
    "  updated INTEGER NOT NULL);"
    "CREATE INDEX conversation_by_updated ON conversation(updated);"
    "CREATE TABLE message("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,"
    "  role TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  state INTEGER NOT NULL,"
    "  writer TEXT NOT NULL," /* the process, see writer.h */
    "  created INTEGER NOT NULL);"
    "CREATE INDEX message_by_conversation ON message(conversation);"
    "CREATE TABLE image("
    "  id INTEGER PRIMARY KEY,"
    "  message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,"
    "  part INTEGER NOT NULL,"
    "  path TEXT NOT NULL,"
    "  digest TEXT NOT NULL);"
    "CREATE INDEX image_by_message ON image(message);"
    "CREATE INDEX image_by_digest ON image(digest);"
    "CREATE TRIGGER message_added AFTER INSERT ON message BEGIN"
    "  UPDATE conversation SET updated = CAST(strftime('%s') AS INTEGER) WHERE id = "
    "new.conversation; END;"
    "CREATE TRIGGER message_written AFTER UPDATE OF text ON message BEGIN"
    "  UPDATE conversation SET updated = CAST(strftime('%s') AS INTEGER) WHERE id = "
    "new.conversation; END;"
    "CREATE TRIGGER message_removed AFTER DELETE ON message"
    "  WHEN NOT EXISTS (SELECT 1 FROM message WHERE conversation = old.conversation) BEGIN"
    "  DELETE FROM conversation WHERE id = old.conversation; END;",
};
enum { SCHEMA = sizeof migrations / sizeof *migrations };

static bool fail(struct store *s, struct err *err)
{
    return err_set(err, "%s: %s", s->path, s->db ? sqlite3_errmsg(s->db) : "no memory");
}

static bool run(struct store *s, const char *sql, struct err *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || fail(s, err);
}

/* Prepares sql and binds its ?s: 'i' an int64_t, 't' a text that outlives the statement. */
static sqlite3_stmt *query(struct store *s, struct err *err, const char *sql, const char *types,
                           ...)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail(s, err);
        return NULL;
    }
    va_list args;
    va_start(args, types);
    for (int i = 0; types[i]; i++) {
        if (types[i] == 'i')
            sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
        else
            sqlite3_bind_text(statement, i + 1, va_arg(args, const char *), -1, SQLITE_STATIC);
    }
    va_end(args);
    return statement;
}

/* Runs a statement that changes something, not in the midst of another thread's transaction. NULL:
 * its preparation failed. */
static bool finish(struct store *s, sqlite3_stmt *statement, struct err *err)
{
    if (!statement)
        return false;
    pthread_mutex_lock(&s->lock);
    bool ok = sqlite3_step(statement) == SQLITE_DONE || fail(s, err);
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static bool migrate(struct store *s, struct err *err)
{
    sqlite3_stmt *statement = query(s, err, "PRAGMA user_version", "");
    if (!statement)
        return false;
    int status = sqlite3_step(statement);
    int version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    if (status != SQLITE_ROW)
        return fail(s, err);
    if (version < 0 || version > SCHEMA)
        return err_set(err, "%s: made by a newer facet (schema %d, this one knows %d)", s->path,
                       version, SCHEMA);
    for (; version < SCHEMA; version++) {
        char set[48];
        snprintf(set, sizeof set, "PRAGMA user_version = %d", version + 1);
        if (!run(s, migrations[version], err) || !run(s, set, err))
            return false;
    }
    return true;
}

/* SQLite gives its side files the mode of the database, so that is made first. */
static bool make_private(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat st;
    bool ok = fd >= 0 && fstat(fd, &st) == 0;
    if (ok && (st.st_mode & 077))
        ok = fchmod(fd, 0600) == 0;
    if (!ok)
        err_set(err, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

/* A new file is switched to WAL by making a read lock a write lock, which SQLite does not wait for:
 * so two facets that make it at once wait here. */
static bool write_ahead(struct store *s, struct err *err)
{
    enum { STEP_MS = 10 };
    int status = SQLITE_BUSY;
    for (int waited_ms = 0; status == SQLITE_BUSY && waited_ms < BUSY_MS; waited_ms += STEP_MS) {
        status = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (status == SQLITE_BUSY)
            sqlite3_sleep(STEP_MS);
    }
    return status == SQLITE_OK || fail(s, err);
}

static bool open_database(struct store *s, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX;
    if (!make_private(s->path, err))
        return false;
    if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK)
        return fail(s, err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    return write_ahead(s, err) &&
           run(s, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", err) &&
           store_begin(s, err) && store_end(s, migrate(s, err), err);
}

static char *usual_place(struct err *err)
{
    char *folder = path_xdg(XDG_DATA);
    char *path = file_make_dirs(folder, err) ? path_join(folder, "history.db") : NULL;
    free(folder);
    return path;
}

struct store *store_open(const char *path, struct err *err)
{
    char *own = path ? mem_copy(path) : usual_place(err);
    if (!own)
        return NULL;
    struct store *s = mem_new(1, sizeof *s);
    s->path = own;
    writer_self(s->writer);
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&s->lock, &kind);
    pthread_mutexattr_destroy(&kind);
    if (open_database(s, err))
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    pthread_mutex_destroy(&s->lock);
    free(s->path);
    free(s);
}

/* IMMEDIATE: a lock that is to be written under is waited for now, where waiting is allowed. */
bool store_begin(struct store *s, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    if (run(s, "BEGIN IMMEDIATE", err))
        return true;
    pthread_mutex_unlock(&s->lock);
    return false;
}

bool store_end(struct store *s, bool keep, struct err *err)
{
    bool ok = keep && run(s, "COMMIT", err);
    if (!ok)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL,
                     NULL); /* its own failure: SQLite did it already */
    pthread_mutex_unlock(&s->lock);
    return ok;
}

int64_t store_add_conversation(struct store *s, const char *title, const char *model,
                               struct err *err)
{
    int64_t now = time(NULL);
    pthread_mutex_lock(&s->lock);
    bool ok = finish(
        s,
        query(s, err, "INSERT INTO conversation(title, model, created, updated) VALUES(?, ?, ?, ?)",
              "ttii", title, model, now, now),
        err);
    int64_t id = ok ? sqlite3_last_insert_rowid(s->db) : 0;
    pthread_mutex_unlock(&s->lock);
    return id;
}

int64_t store_add_message(struct store *s, int64_t conversation, const char *role, const char *text,
                          int state, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    bool ok = finish(s,
                     query(s, err,
                           "INSERT INTO message(conversation, role, text, state, writer, created)"
                           " VALUES(?, ?, ?, ?, ?, ?)",
                           "ittiti", conversation, role, text, (int64_t)state, s->writer,
                           (int64_t)time(NULL)),
                     err);
    int64_t id = ok ? sqlite3_last_insert_rowid(s->db) : 0;
    pthread_mutex_unlock(&s->lock);
    return id;
}

bool store_add_image(struct store *s, int64_t message, size_t part, const char *path,
                     const char *digest, struct err *err)
{
    return finish(s,
                  query(s, err, "INSERT INTO image(message, part, path, digest) VALUES(?, ?, ?, ?)",
                        "iitt", message, (int64_t)part, path, digest),
                  err);
}

bool store_update_message(struct store *s, int64_t message, const char *text, int state,
                          struct err *err)
{
    return finish(s,
                  query(s, err, "UPDATE message SET text = ?, state = ?, writer = ? WHERE id = ?",
                        "titi", text, (int64_t)state, s->writer, message),
                  err);
}

bool store_remove_message(struct store *s, int64_t message, struct err *err)
{
    return finish(s, query(s, err, "DELETE FROM message WHERE id = ?", "i", message), err);
}

/* A column that a foreign hand may have made NULL. */
static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

bool store_list(struct store *s, bool (*each)(void *user, const struct store_conversation *c),
                void *user, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *row = query(s, err,
                              "SELECT id, title, model, created, updated,"
                              " (SELECT count(*) FROM message WHERE conversation = conversation.id)"
                              " FROM conversation ORDER BY updated DESC, id DESC",
                              "");
    bool go = row != NULL;
    int status = SQLITE_DONE;
    while (go && (status = sqlite3_step(row)) == SQLITE_ROW) {
        struct store_conversation c = {
            .id = sqlite3_column_int64(row, 0),
            .title = text_of(row, 1),
            .model = text_of(row, 2),
            .created = sqlite3_column_int64(row, 3),
            .updated = sqlite3_column_int64(row, 4),
            .n_messages = (size_t)sqlite3_column_int64(row, 5),
        };
        go = each(user, &c);
    }
    bool ok = row && (status == SQLITE_DONE || status == SQLITE_ROW || fail(s, err));
    sqlite3_finalize(row);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

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
    sqlite3_stmt *row =
        query(s, err, "SELECT part, path, digest FROM image WHERE message = ? ORDER BY part, id",
              "i", message);
    if (!row)
        return false;
    int status;
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        images->list = mem_grow(images->list, images->n + 1, sizeof *images->list);
        images->list[images->n++] = (struct store_image){
            .part = (size_t)sqlite3_column_int64(row, 0),
            .path = mem_copy(text_of(row, 1)),
            .digest = mem_copy(text_of(row, 2)),
        };
    }
    bool ok = status == SQLITE_DONE || fail(s, err);
    sqlite3_finalize(row);
    return ok;
}

/* Row: id, role, text, state, writer, created. *go: what `each` said. */
static bool give_message(struct store *s, sqlite3_stmt *row,
                         bool (*each)(void *, const struct store_message *), void *user, bool *go,
                         struct err *err)
{
    struct images images;
    bool ok = read_images(s, sqlite3_column_int64(row, 0), &images, err);
    if (ok) {
        struct store_message m = {
            .id = sqlite3_column_int64(row, 0),
            .role = text_of(row, 1),
            .text = text_of(row, 2),
            .state = sqlite3_column_int(row, 3),
            .created = sqlite3_column_int64(row, 5),
            .n_images = images.n,
            .images = images.list,
        };
        if (m.state == STATE_WRITING && !writer_is_alive(text_of(row, 4)))
            m.state = STATE_INTERRUPTED;
        *go = each(user, &m);
    }
    images_done(&images);
    return ok;
}

static bool conversation_exists(struct store *s, int64_t conversation, struct err *err)
{
    sqlite3_stmt *row = query(s, err, "SELECT 1 FROM conversation WHERE id = ?", "i", conversation);
    if (!row)
        return false;
    int status = sqlite3_step(row);
    sqlite3_finalize(row);
    if (status == SQLITE_DONE)
        return err_set(err, "there is no conversation %lld in the history",
                       (long long)conversation);
    return status == SQLITE_ROW || fail(s, err);
}

bool store_messages(struct store *s, int64_t conversation,
                    bool (*each)(void *user, const struct store_message *m), void *user,
                    struct err *err)
{
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *row = NULL;
    bool ok = conversation_exists(s, conversation, err);
    if (ok)
        row = query(
            s, err,
            "SELECT id, role, text, state, writer, created FROM message WHERE conversation = ?"
            " ORDER BY role <> 'system', id",
            "i", conversation);
    ok = row != NULL;
    bool go = ok;
    int status = SQLITE_DONE;
    while (ok && go && (status = sqlite3_step(row)) == SQLITE_ROW)
        ok = give_message(s, row, each, user, &go, err);
    if (ok && status != SQLITE_DONE && status != SQLITE_ROW)
        ok = fail(s, err);
    sqlite3_finalize(row);
    pthread_mutex_unlock(&s->lock);
    return ok;
}
