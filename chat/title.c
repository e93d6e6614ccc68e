#include "chat/title.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/utf8.h"

enum { TITLE_CELLS = 60 };

/* text as one line of words, at most TITLE_CELLS wide. */
static char *one_line(const char *text)
{
    struct str line = {0};
    size_t n = strlen(text), cells = 0, word_end = 0;
    for (size_t at = 0; at < n;) {
        int width;
        size_t length = utf8_cluster(text + at, n - at, &width);
        bool gap = (unsigned char)text[at] <= ' ' || text[at] == 0x7f;
        if (cells + (size_t)width + 1 > TITLE_CELLS && at + length < n) {
            if (word_end > TITLE_CELLS / 2) /* else it is one long word */
                line.data[line.len = word_end] = 0;
            str_puts(&line, "…");
            break;
        }
        if (!gap) {
            str_put(&line, text + at, length);
            cells += (size_t)width;
        } else if (line.len && line.data[line.len - 1] != ' ') {
            word_end = line.len;
            str_putc(&line, ' ');
            cells++;
        }
        at += length;
    }
    while (line.len && line.data[line.len - 1] == ' ')
        line.data[--line.len] = 0;
    return str_take(&line);
}

char *title_of(const struct messages *ms)
{
    const struct message *first = NULL;
    for (size_t i = 0; i < ms->n && !first; i++)
        if (ms->list[i].role == ROLE_USER)
            first = &ms->list[i];
    struct str words = {0};
    const char *picture = "";
    for (size_t i = 0; first && i < first->n_parts; i++) {
        const struct part *part = &first->parts[i];
        if (part->text)
            str_puts(&words, part->text);
        else if (!*picture)
            picture = path_base(part->image->path);
    }
    char *title = one_line(str_text(&words));
    str_done(&words);
    if (*title)
        return title;
    free(title);
    return one_line(picture);
}
