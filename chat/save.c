#include "chat/save.h"

#include <string.h>

#include "base/file.h"
#include "base/str.h"

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

bool messages_save(const struct messages *ms, const char *path, struct err *err)
{
    struct str out = {0};
    for (size_t i = 0; i < ms->n; i++)
        put_message(&out, &ms->list[i]);
    bool ok = file_write(path, str_text(&out), out.len, 0644, err);
    str_done(&out);
    return ok;
}
