#include "chat/save.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "chat/record.h"
#include "history/export.h"

static bool write_document(struct store *store, int64_t conversation, const char *path,
                           const struct export_pictures *pictures, struct err *err)
{
    struct str out = {0};
    bool ok = history_export(&out, store, export_form_of(path), pictures, &conversation, 1, err) &&
              file_write(path, str_text(&out), out.len, 0600, err);
    str_done(&out);
    return ok;
}

/* A folder of its own, for Markdown and the pictures that it shows. */
static bool write_folder(struct store *store, int64_t conversation, const char *folder,
                         struct err *err)
{
    char *path = path_join(folder, "conversation.md"), *pictures = path_join(folder, "pictures");
    bool ok = file_make_dirs(pictures, err) &&
              write_document(store, conversation, path,
                             &(struct export_pictures){pictures, path_base(pictures)}, err);
    free(pictures);
    free(path);
    return ok;
}

static bool write_to(struct store *store, int64_t conversation, const char *path, struct err *err)
{
    return *path_base(path) ? write_document(store, conversation, path, NULL, err)
                            : write_folder(store, conversation, path, err);
}

/* What the history does not keep, by way of one that is gone afterwards. */
static bool write_unkept(const struct chat *chat, const char *path, struct err *err)
{
    struct record record = {.store = store_open(STORE_MEMORY, err)};
    const char *model = chat_options(chat)->model;
    bool ok = record.store &&
              record_all(&record, chat_messages(chat), model ? path_base(model) : "", err) &&
              write_to(record.store, record.conversation, path, err);
    store_close(record.store);
    return ok;
}

bool conversation_save(const struct chat *chat, struct store *store, const char *path,
                       struct err *err)
{
    int64_t number = chat_conversation(chat);
    if (chat_is_busy(chat))
        return err_set(err, "an answer is under way");
    if (file_exists(path))
        return err_set(err, "%s is there already: choose another name", path);
    if (store && number)
        return write_to(store, number, path, err);
    return chat_messages(chat)->n > 0 ? write_unkept(chat, path, err)
                                      : err_set(err, "nothing was said yet");
}
