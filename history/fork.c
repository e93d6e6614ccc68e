#include "history/sql.h"

#include <string.h>

/* Makes the new conversation, which says where it comes from. */
static int64_t copy_conversation(struct store *s, int64_t conversation, struct err *err)
{
    return sql_insert(s,
                      sql_query(s, err,
                                "INSERT INTO conversation(title, model, created, updated,"
                                " forked_from) SELECT title, model, strftime('%s', 'now'),"
                                " strftime('%s', 'now'), id FROM conversation WHERE id = ?",
                                "i", conversation),
                      err);
}

static int64_t copy_message(struct store *s, int64_t from, int64_t to, int64_t parent,
                            struct err *err)
{
    int64_t id = sql_insert(s,
                            sql_query(s, err,
                                      "INSERT INTO message(conversation, parent, role, text, state,"
                                      " told, writer, created) SELECT ?, nullif(?, 0), role, text,"
                                      " state, told, writer, created FROM message WHERE id = ?",
                                      "iii", to, parent, from),
                            err);
    bool ok = id &&
              sql_finish(s,
                         sql_query(s, err,
                                   "INSERT INTO image(message, part, path, digest)"
                                   " SELECT ?, part, path, digest FROM image WHERE message = ?"
                                   " ORDER BY id",
                                   "ii", id, from),
                         err) &&
              sql_finish(s,
                         sql_query(s, err,
                                   "INSERT INTO receipt SELECT ?, model, digest, options, seed,"
                                   " continued_from, n_prompt, n_kept, n_answer, encode_s,"
                                   " prompt_s, answer_s, reason, version FROM receipt"
                                   " WHERE message = ?",
                                   "ii", id, from),
                         err);
    return ok ? id : 0;
}

struct forking {
    struct store *store;
    int64_t to, until, last;
    bool ended, failed;
    struct err *err;
};

static bool fork_message(void *user, const struct store_message *m)
{
    struct forking *f = user;
    bool system = strcmp(m->role, "system") == 0;
    int64_t id = copy_message(f->store, m->id, f->to, system ? 0 : f->last, f->err);
    f->failed = !id;
    if (!system)
        f->last = id;
    f->ended = m->id == f->until;
    return !f->failed && !f->ended;
}

static bool fork_path(struct forking *f, int64_t conversation)
{
    f->to = copy_conversation(f->store, conversation, f->err);
    return f->to && store_messages(f->store, conversation, fork_message, f, f->err) && !f->failed &&
           (!f->until || f->ended ||
            err_set(f->err, "message %lld is not seen in conversation %lld", (long long)f->until,
                    (long long)conversation));
}

int64_t store_fork(struct store *s, int64_t conversation, int64_t message, struct err *err)
{
    struct forking f = {.store = s, .until = message, .err = err};
    if (!store_begin(s, err))
        return 0;
    bool ok = fork_path(&f, conversation);
    return store_end(s, ok, err) ? f.to : 0;
}
