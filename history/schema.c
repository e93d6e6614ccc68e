#include "history/schema.h"

#include <stdio.h>

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
    /* Conversations are trees: a message hangs below its parent, and `chosen` is the child used
     * last (of a conversation: the first message). Children are always younger than parents. */
    "ALTER TABLE conversation ADD COLUMN chosen INTEGER;"
    "ALTER TABLE conversation ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE conversation ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;" /* Unix seconds */
    "ALTER TABLE conversation ADD COLUMN forked_from INTEGER;"
    "ALTER TABLE message ADD COLUMN parent INTEGER REFERENCES message ON DELETE CASCADE;"
    "ALTER TABLE message ADD COLUMN chosen INTEGER;"
    "ALTER TABLE message ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX message_by_parent ON message(parent);"
    "CREATE INDEX message_deleted ON message(deleted) WHERE deleted > 0;"
    "DROP INDEX message_by_conversation;" /* this one counts, too */
    "CREATE INDEX message_by_conversation ON message(conversation, deleted);"
    "UPDATE message SET parent = (SELECT max(before.id) FROM message AS before"
    "  WHERE before.conversation = message.conversation AND before.id < message.id"
    "  AND before.role <> 'system') WHERE role <> 'system';"
    "UPDATE message SET chosen = (SELECT min(id) FROM message AS next"
    "  WHERE next.parent = message.id);"
    "UPDATE conversation SET chosen = (SELECT min(id) FROM message"
    "  WHERE conversation = conversation.id AND role <> 'system');"
    "CREATE TRIGGER message_chosen AFTER INSERT ON message WHEN new.role <> 'system' BEGIN"
    "  UPDATE message SET chosen = new.id WHERE id = new.parent;"
    "  UPDATE conversation SET chosen = new.id"
    "    WHERE id = new.conversation AND new.parent IS NULL; END;"
    /* How an answer came about. */
    "CREATE TABLE receipt("
    "  message INTEGER PRIMARY KEY REFERENCES message ON DELETE CASCADE,"
    "  model TEXT NOT NULL,"
    "  digest TEXT NOT NULL,"
    "  options TEXT NOT NULL," /* JSON */
    "  seed INTEGER NOT NULL,"
    "  continued_from INTEGER NOT NULL," /* bytes of the answer that were there before */
    "  n_prompt INTEGER NOT NULL,"
    "  n_kept INTEGER NOT NULL,"
    "  n_answer INTEGER NOT NULL,"
    "  encode_s REAL NOT NULL,"
    "  prompt_s REAL NOT NULL,"
    "  answer_s REAL NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  version TEXT NOT NULL);"
    /* Pictures: each file once, however often it was shown, until nothing shows it any more. */
    "CREATE TABLE picture("
    "  digest TEXT PRIMARY KEY,"
    "  bytes BLOB NOT NULL,"
    "  thumbnail BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TRIGGER image_removed AFTER DELETE ON image"
    "  WHEN NOT EXISTS (SELECT 1 FROM image WHERE digest = old.digest) BEGIN"
    "  DELETE FROM picture WHERE digest = old.digest; END;"
    /* The words of all messages. */
    "CREATE VIRTUAL TABLE message_text USING fts5(text, content = 'message',"
    "  content_rowid = 'id', tokenize = 'trigram');"
    "INSERT INTO message_text(message_text) VALUES('rebuild');"
    "CREATE TRIGGER text_added AFTER INSERT ON message BEGIN"
    "  INSERT INTO message_text(rowid, text) VALUES(new.id, new.text); END;"
    "CREATE TRIGGER text_removed AFTER DELETE ON message BEGIN"
    "  INSERT INTO message_text(message_text, rowid, text)"
    "    VALUES('delete', old.id, old.text); END;"
    "CREATE TRIGGER text_changed AFTER UPDATE OF text ON message"
    "  WHEN new.text IS NOT old.text BEGIN"
    "  INSERT INTO message_text(message_text, rowid, text) VALUES('delete', old.id, old.text);"
    "  INSERT INTO message_text(rowid, text) VALUES(new.id, new.text); END;",
    /* Whether the model is told of a message, in store.h's numbers. */
    "ALTER TABLE message ADD COLUMN told INTEGER NOT NULL DEFAULT 0;",
};
enum { SCHEMA = sizeof migrations / sizeof *migrations };

bool schema_migrate(struct store *s, struct err *err)
{
    int64_t version;
    if (!sql_number(s, sql_query(s, err, "PRAGMA user_version", ""), 0, &version, err))
        return false;
    if (version < 0 || version > SCHEMA)
        return err_set(err, "%s: made by a newer facet (schema %lld, this one knows %d)", s->path,
                       (long long)version, SCHEMA);
    for (; version < SCHEMA; version++) {
        char set[64];
        snprintf(set, sizeof set, "PRAGMA user_version = %lld", (long long)version + 1);
        if (!sql_run(s, migrations[version], err) || !sql_run(s, set, err))
            return false;
    }
    return true;
}
