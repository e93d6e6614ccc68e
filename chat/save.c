#include "chat/save.h"

#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "history/export.h"

/* In angle brackets a link's address may hold anything but these. */
static void put_address(struct str *out, const char *path)
{
    for (; *path; path++) {
        if (strchr("<>\\", *path))
            str_putc(out, '\\');
        if ((unsigned char)*path < ' ')
            str_printf(out, "%%%02X", (unsigned char)*path);
        else
            str_putc(out, *path);
    }
}

static void put_message(struct str *out, const struct message *m)
{
    static const char *const headings[] = {[ROLE_SYSTEM] = "System",
                                           [ROLE_USER] = "You",
                                           [ROLE_MODEL] = "Gemma",
                                           [ROLE_TOOL] = "Tool"};
    str_printf(out, "%s## %s\n\n", out->len ? "\n" : "", headings[m->role]);
    size_t images = 0;
    for (size_t i = 0; i < m->n_parts; i++) {
        if (m->parts[i].text) {
            str_puts(out, m->parts[i].text);
            continue;
        }
        str_printf(out, "![image %zu](<", ++images);
        put_address(out, m->parts[i].image->path);
        str_puts(out, ">)\n\n");
    }
    str_puts(out, m->interrupted ? "\n\n*(interrupted)*\n" : "\n");
}

static bool put_conversation(struct str *out, const struct chat *chat, struct store *store,
                             enum export_form form, struct err *err)
{
    int64_t number = chat_conversation(chat);
    const struct messages *ms = chat_messages(chat);
    if (store && number)
        return history_export(out, store, form, &number, 1, err);
    if (form != EXPORT_MARKDOWN)
        return err_set(err, "only Markdown (.md) can be made of what the history does not keep");
    for (size_t i = 0; i < ms->n; i++)
        put_message(out, &ms->list[i]);
    return ms->n > 0 || err_set(err, "nothing was said yet");
}

bool conversation_save(const struct chat *chat, struct store *store, const char *path,
                       struct err *err)
{
    struct str out = {0};
    if (chat_is_busy(chat))
        return err_set(err, "an answer is under way");
    if (file_exists(path))
        return err_set(err, "%s is there already: choose another name", path);
    bool ok = put_conversation(&out, chat, store, export_form_of(path), err) &&
              file_write(path, str_text(&out), out.len, 0600, err);
    str_done(&out);
    return ok;
}
