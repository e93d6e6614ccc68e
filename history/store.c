#include "history/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "history/schema.h"
#include "history/sql.h"

enum { BUSY_MS = 5000 }; /* another facet holds the lock for one commit, some milliseconds */

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
    return status == SQLITE_OK || sql_fail(s, err);
}

static bool purge(struct store *s, struct err *err)
{
    int64_t before = (int64_t)time(NULL) - STORE_KEEP_DAYS * INT64_C(86400);
    return sql_finish(
               s,
               sql_query(s, err, "DELETE FROM message WHERE deleted > 0 AND deleted < ?", "i", before),
               err) &&
           sql_finish(s,
                      sql_query(s, err, "DELETE FROM conversation WHERE deleted > 0 AND deleted < ?",
                                "i", before),
                      err);
}

static bool open_database(struct store *s, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX;
    if (strcmp(s->path, STORE_MEMORY) != 0 && !make_private(s->path, err))
        return false;
    if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK)
        return sql_fail(s, err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    return write_ahead(s, err) &&
           sql_run(s, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", err) &&
           store_begin(s, err) && store_end(s, schema_migrate(s, err) && purge(s, err), err);
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
    if (sql_run(s, "BEGIN IMMEDIATE", err))
        return true;
    pthread_mutex_unlock(&s->lock);
    return false;
}

bool store_end(struct store *s, bool keep, struct err *err)
{
    bool ok = keep && sql_run(s, "COMMIT", err);
    if (!ok)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL,
                     NULL); /* its own failure: SQLite did it already */
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static int64_t or_now(int64_t when)
{
    return when ? when : (int64_t)time(NULL);
}

int64_t store_add_conversation(struct store *s, const struct store_conversation *c, struct err *err)
{
    int64_t created = or_now(c->created);
    return sql_insert(s,
                      sql_query(s, err,
                                "INSERT INTO conversation(title, model, created, updated, archived,"
                                " forked_from) VALUES(?, ?, ?, ?, ?, nullif(?, 0))",
                                "ttiiii", c->title, c->model, created, created,
                                (int64_t)c->archived, c->forked_from),
                      err);
}

static bool add_images(struct store *s, int64_t message, const struct store_message *m,
                       struct err *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < m->n_images; i++)
        ok = sql_finish(s,
                        sql_query(s, err,
                                  "INSERT INTO image(message, part, path, digest)"
                                  " VALUES(?, ?, ?, ?)",
                                  "iitt", message, (int64_t)m->images[i].part, m->images[i].path,
                                  m->images[i].digest),
                        err);
    return ok;
}

int64_t store_add_message(struct store *s, int64_t conversation, const struct store_message *m,
                          struct err *err)
{
    int64_t id = sql_insert(
        s,
        sql_query(s, err,
                  "INSERT INTO message(conversation, parent, role, text, state, told, writer,"
                  " created) VALUES(?, nullif(?, 0), ?, ?, ?, ?, ?, ?)",
                  "iittiiti", conversation, m->parent, m->role, m->text, (int64_t)m->state,
                  (int64_t)m->told, s->writer, or_now(m->created)),
        err);
    bool ok = id && add_images(s, id, m, err) &&
              (!m->receipt || store_set_receipt(s, id, m->receipt, err));
    return ok ? id : 0;
}

bool store_update_message(struct store *s, int64_t message, const char *text, int state,
                          struct err *err)
{
    return sql_finish(s,
                      sql_query(s, err,
                                "UPDATE message SET text = ?, state = ?, writer = ? WHERE id = ?",
                                "titi", text, (int64_t)state, s->writer, message),
                      err);
}

bool store_set_told(struct store *s, int64_t message, int told, struct err *err)
{
    return sql_finish(s,
                      sql_query(s, err, "UPDATE message SET told = ? WHERE id = ?", "ii",
                                (int64_t)told, message),
                      err);
}

bool store_set_receipt(struct store *s, int64_t message, const struct store_receipt *r,
                       struct err *err)
{
    return sql_finish(
        s,
        sql_query(s, err,
                  "INSERT OR REPLACE INTO receipt(message, model, digest, options, seed,"
                  " continued_from, n_prompt, n_kept, n_answer, encode_s, prompt_s, answer_s,"
                  " reason, version) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "itttiiiiidddtt", message, r->model, r->digest, r->options, (int64_t)r->seed,
                  (int64_t)r->continued_from, (int64_t)r->n_prompt, (int64_t)r->n_kept,
                  (int64_t)r->n_answer, r->encode_s, r->prompt_s, r->answer_s, r->reason,
                  r->version),
        err);
}

bool store_remove_message(struct store *s, int64_t message, struct err *err)
{
    return sql_finish(s, sql_query(s, err, "DELETE FROM message WHERE id = ?", "i", message), err);
}

bool store_choose(struct store *s, int64_t conversation, int64_t parent, int64_t child,
                  struct err *err)
{
    const char *sql = parent ? "UPDATE message SET chosen = nullif(?, 0) WHERE id = ?"
                             : "UPDATE conversation SET chosen = nullif(?, 0) WHERE id = ?";
    return sql_finish(s, sql_query(s, err, sql, "ii", child, parent ? parent : conversation), err);
}

/* The number is the time, unless that was given already. */
bool store_delete_message(struct store *s, int64_t message, struct err *err)
{
    return sql_finish(
        s,
        sql_query(s, err,
                  "WITH RECURSIVE below(id) AS (SELECT ?1 UNION"
                  " SELECT message.id FROM message JOIN below ON message.parent = below.id)"
                  " UPDATE message SET deleted = (SELECT max(?2, 1 + max(deleted)) FROM message"
                  "  WHERE conversation = (SELECT conversation FROM message WHERE id = ?1))"
                  " WHERE id IN below AND deleted = 0",
                  "ii", message, (int64_t)time(NULL)),
        err);
}

bool store_undelete_message(struct store *s, int64_t message, struct err *err)
{
    return sql_finish(
        s,
        sql_query(s, err,
                  "WITH RECURSIVE below(id) AS (SELECT ?1 UNION"
                  " SELECT message.id FROM message JOIN below ON message.parent = below.id)"
                  " UPDATE message SET deleted = 0 WHERE id IN below"
                  " AND deleted = (SELECT deleted FROM message WHERE id = ?1)",
                  "i", message),
        err);
}

bool store_add_picture(struct store *s, const char *digest, const void *bytes, size_t n_bytes,
                       const void *thumbnail, size_t n_thumbnail, struct err *err)
{
    return sql_finish(s,
                      sql_query(s, err,
                                "INSERT OR IGNORE INTO picture(digest, bytes, thumbnail)"
                                " VALUES(?, ?, ?)",
                                "tbb", digest, bytes, n_bytes, thumbnail, n_thumbnail),
                      err);
}

/* ---- Conversations as a whole ---- */

static bool change(struct store *s, int64_t conversation, const char *sql, const char *types,
                   const void *text, int64_t number, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *statement = *types == 't' ? sql_query(s, err, sql, types, text, conversation)
                                            : sql_query(s, err, sql, types, number, conversation);
    bool ok =
        sql_finish(s, statement, err) &&
        (sqlite3_changes(s->db) > 0 ||
         err_set(err, "there is no conversation %lld in the history", (long long)conversation));
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_rename(struct store *s, int64_t conversation, const char *title, struct err *err)
{
    return change(s, conversation, "UPDATE conversation SET title = ? WHERE id = ?", "ti", title, 0,
                  err);
}

bool store_archive(struct store *s, int64_t conversation, bool archived, struct err *err)
{
    return change(s, conversation, "UPDATE conversation SET archived = ? WHERE id = ?", "ii", NULL,
                  archived, err);
}

bool store_delete(struct store *s, int64_t conversation, struct err *err)
{
    return change(s, conversation,
                  "UPDATE conversation SET deleted = ? WHERE id = ? AND deleted = 0", "ii", NULL,
                  time(NULL), err);
}

bool store_undelete(struct store *s, int64_t conversation, struct err *err)
{
    return change(s, conversation,
                  "UPDATE conversation SET deleted = ? WHERE id = ? AND deleted > 0", "ii", NULL, 0,
                  err);
}
