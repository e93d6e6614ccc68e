#include "tui/pastes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LONG_LINES = 8, LONG_CHARACTERS = 1000 };

void pastes_done(struct pastes *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->list[i].token);
        free(p->list[i].text);
    }
    free(p->list);
    *p = (struct pastes){0};
}

/* A line break at the end begins no line. */
static size_t count_lines(const char *text, size_t n)
{
    size_t lines = n > 0;
    for (size_t i = 0; i + 1 < n; i++)
        lines += text[i] == '\n';
    return lines;
}

static size_t count_characters(const char *text, size_t n)
{
    size_t characters = 0;
    for (size_t i = 0; i < n; i++)
        characters += ((unsigned char)text[i] & 0xC0) != 0x80;
    return characters;
}

bool paste_is_long(const char *text, size_t n)
{
    return count_lines(text, n) > LONG_LINES || count_characters(text, n) > LONG_CHARACTERS;
}

const char *pastes_add(struct pastes *p, const char *text, size_t n)
{
    struct str token = {0};
    size_t lines = count_lines(text, n);
    if (lines > 1)
        str_printf(&token, "[paste %zu: %zu lines]", p->n + 1, lines);
    else
        str_printf(&token, "[paste %zu: %zu characters]", p->n + 1, count_characters(text, n));
    p->list = mem_grow(p->list, p->n + 1, sizeof *p->list);
    p->list[p->n] = (struct paste){str_take(&token), mem_text(text, n)};
    return p->list[p->n++].token;
}

const struct paste *pastes_at(const struct pastes *p, const char *text, size_t at)
{
    if (text[at] != '[')
        return NULL;
    for (size_t i = 0; i < p->n; i++)
        if (strncmp(text + at, p->list[i].token, strlen(p->list[i].token)) == 0)
            return &p->list[i];
    return NULL;
}

char *pastes_unfold(const struct pastes *p, const char *text)
{
    struct str out = {0};
    for (size_t at = 0; text[at];) {
        const struct paste *paste = pastes_at(p, text, at);
        if (paste)
            str_puts(&out, paste->text);
        else
            str_putc(&out, text[at]);
        at += paste ? strlen(paste->token) : 1;
    }
    return str_take(&out);
}
