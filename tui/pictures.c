#include "tui/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/editor.h"

void pictures_done(struct pictures *p)
{
    for (size_t i = 0; i < p->n; i++)
        attachment_release(p->list[i]);
    free(p->list);
    *p = (struct pictures){0};
}

bool pictures_at(const struct pictures *p, size_t at, struct token *token)
{
    return token_read(editor_text(), at, token) && token->kind == TOKEN_IMAGE &&
           token->number >= 1 && token->number <= p->n;
}

size_t pictures_number(const struct pictures *p, const struct attachment *picture)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i] == picture)
            return i + 1;
    return 0;
}

bool pictures_next(const struct pictures *p, size_t *at, struct token *token)
{
    for (; *at < editor_length(); ++*at)
        if (pictures_at(p, *at, token))
            return true;
    return false;
}

bool pictures_is_named(const struct pictures *p, size_t number)
{
    struct token token;
    for (size_t at = 0; pictures_next(p, &at, &token); at += token.bytes)
        if (token.number == number)
            return true;
    return false;
}

/* Token `from` becomes `to`; 0: goes, with the space behind it. */
static void rename_tokens(struct pictures *p, size_t from, size_t to)
{
    struct token token;
    for (size_t at = 0; pictures_next(p, &at, &token);) {
        if (token.number != from) {
            at += token.bytes;
            continue;
        }
        char name[32] = "";
        if (to)
            snprintf(name, sizeof name, "[image %zu]", to);
        size_t end = at + token.bytes;
        if (!to && editor_text()[end] == ' ')
            end++;
        editor_replace(at, end, name);
        at += strlen(name);
    }
}

static void take_away(struct pictures *p, size_t number)
{
    rename_tokens(p, number, 0);
    attachment_release(p->list[number - 1]);
    for (size_t i = number; i < p->n; i++) {
        p->list[i - 1] = p->list[i];
        rename_tokens(p, i + 1, i);
    }
    p->n--;
}

void pictures_settle(struct pictures *p)
{
    for (size_t i = p->n; i > 0; i--)
        if (!pictures_is_named(p, i))
            take_away(p, i);
}

static void add(struct pictures *p, struct attachment *picture)
{
    p->list = mem_grow(p->list, p->n + 1, sizeof(void *));
    p->list[p->n++] = picture;
}

void pictures_put(struct pictures *p, struct attachment *picture, size_t at, size_t end)
{
    char token[32];
    add(p, picture);
    snprintf(token, sizeof token, "[image %zu]", p->n);
    editor_replace(at, end, token);
}

void pictures_add(struct pictures *p, struct attachment *picture)
{
    add(p, picture);
    struct str token = {0};
    size_t at = editor_cursor();
    if (at > 0 && !strchr(" \n", editor_text()[at - 1]))
        str_putc(&token, ' ');
    str_printf(&token, "[image %zu] ", p->n);
    editor_insert(token.data, token.len);
    str_done(&token);
}

bool pictures_remove(struct pictures *p, size_t number)
{
    for (size_t i = p->n; i > 0 && number == 0; i--)
        if (pictures_is_named(p, i))
            number = i;
    if (number < 1 || number > p->n)
        return false;
    take_away(p, number);
    return true;
}
