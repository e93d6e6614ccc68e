#include "tui/steps.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { MAX_DIGITS = 6 };

/* Reads "12" at *text and goes behind it. */
static bool read_number(const char **text, size_t *number)
{
    size_t n = strspn(*text, "0123456789");
    if (n == 0 || n > MAX_DIGITS)
        return false;
    *number = strtoul(*text, NULL, 10);
    *text += n;
    return true;
}

static bool skip(const char **text, const char *what)
{
    size_t n = strlen(what);
    if (strncmp(*text, what, n) != 0)
        return false;
    *text += n;
    return true;
}

bool token_read(const char *text, size_t at, struct token *token)
{
    const char *p = text + at;
    size_t size;
    bool paste = false;
    if (!skip(&p, "[image ")) {
        paste = skip(&p, "[paste ");
        if (!paste)
            return false;
    }
    token->kind = paste ? TOKEN_PASTE : TOKEN_IMAGE;
    if (!read_number(&p, &token->number))
        return false;
    if (paste && !(skip(&p, ": ") && read_number(&p, &size) &&
                   (skip(&p, " lines") || skip(&p, " characters"))))
        return false;
    if (!skip(&p, "]"))
        return false;
    token->bytes = (size_t)(p - text) - at;
    return true;
}

size_t steps_command_start(const char *text)
{
    struct token token;
    size_t at = 0;
    for (;;) {
        if (text[at] == ' ')
            at++;
        else if (token_read(text, at, &token) && token.kind == TOKEN_IMAGE)
            at += token.bytes;
        else
            return at;
    }
}

size_t steps_next(const char *text, size_t len, size_t at)
{
    struct token token;
    if (at >= len)
        return len;
    return at +
           (token_read(text, at, &token) ? token.bytes : utf8_cluster(text + at, len - at, NULL));
}

/* Clusters can only be found going forward: from the start of the line. */
size_t steps_floor(const char *text, size_t len, size_t at)
{
    size_t i = steps_line_start(text, at);
    for (;;) {
        size_t after = steps_next(text, len, i);
        if (after > at || after == i)
            return i;
        i = after;
    }
}

size_t steps_previous(const char *text, size_t len, size_t at)
{
    return at ? steps_floor(text, len, at - 1) : 0;
}

static bool is_word(const char *text, size_t at)
{
    struct token token;
    unsigned char c = (unsigned char)text[at];
    return c >= 0x80 || isalnum(c) || token_read(text, at, &token);
}

size_t steps_word_left(const char *text, size_t len, size_t at)
{
    while (at > 0 && !is_word(text, steps_previous(text, len, at)))
        at = steps_previous(text, len, at);
    while (at > 0 && is_word(text, steps_previous(text, len, at)))
        at = steps_previous(text, len, at);
    return at;
}

size_t steps_word_right(const char *text, size_t len, size_t at)
{
    while (at < len && !is_word(text, at))
        at = steps_next(text, len, at);
    while (at < len && is_word(text, at))
        at = steps_next(text, len, at);
    return at;
}

size_t steps_blank_left(const char *text, size_t len, size_t at)
{
    while (at > 0 && isspace((unsigned char)text[at - 1]))
        at--;
    while (at > 0 && !isspace((unsigned char)text[at - 1]))
        at = steps_previous(text, len, at);
    return at;
}

enum kind { BLANK, LETTER, OTHER };

static enum kind kind_at(const char *text, size_t at, bool big)
{
    if (isspace((unsigned char)text[at]))
        return BLANK;
    return big || text[at] == '_' || is_word(text, at) ? LETTER : OTHER;
}

/* Behind the characters of that kind. */
static size_t skip_kind(const char *text, size_t len, size_t at, enum kind kind, bool big)
{
    while (at < len && kind_at(text, at, big) == kind)
        at = steps_next(text, len, at);
    return at;
}

size_t steps_vi_right(const char *text, size_t len, size_t at, bool big)
{
    if (at < len)
        at = skip_kind(text, len, at, kind_at(text, at, big), big);
    return skip_kind(text, len, at, BLANK, big);
}

size_t steps_vi_left(const char *text, size_t len, size_t at, bool big)
{
    enum kind kind = BLANK;
    while (at > 0) {
        size_t before = steps_previous(text, len, at);
        enum kind here = kind_at(text, before, big);
        if (kind != BLANK && here != kind)
            break;
        kind = here;
        at = before;
    }
    return at;
}

size_t steps_vi_end(const char *text, size_t len, size_t at, bool big)
{
    at = skip_kind(text, len, steps_next(text, len, at), BLANK, big);
    if (at < len)
        at = skip_kind(text, len, at, kind_at(text, at, big), big);
    return steps_previous(text, len, at);
}

size_t steps_line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

size_t steps_line_end(const char *text, size_t len, size_t at)
{
    while (at < len && text[at] != '\n')
        at++;
    return at;
}
