#include "tui/highlight.h"

#include <ctype.h>
#include <string.h>

#include "tui/languages.h"
#include "tui/theme.h"

enum { MAX_WORD = 24 };

struct lexer {
    const struct language *language;
    const char *text;
    size_t at, end;
    struct flow_runs *runs;
    bool in_tag, named; /* within <...>, whose name has come */
};

/* Whether " word " is in a list. */
static bool is_listed(const char *list, const char *word, size_t n, bool any_case)
{
    char needle[MAX_WORD + 3] = " ";
    if (n == 0 || n > MAX_WORD)
        return false;
    for (size_t i = 0; i < n; i++)
        needle[i + 1] = any_case ? (char)tolower((unsigned char)word[i]) : word[i];
    needle[n + 1] = ' ';
    return strstr(list, needle) != NULL;
}

const struct language *highlight_language(const char *name, size_t n)
{
    for (size_t i = 0; i < n_languages; i++)
        if (is_listed(languages[i].names, name, n, true))
            return &languages[i];
    return NULL;
}

static bool is_at(const struct lexer *l, size_t i, const char *mark)
{
    size_t n = mark ? strlen(mark) : 0;
    return n && i + n <= l->end && memcmp(l->text + i, mark, n) == 0;
}

static bool is_word(const struct lexer *l, size_t i)
{
    unsigned char c = i < l->end ? (unsigned char)l->text[i] : 0;
    return isalnum(c) || c == '_' || c >= 0x80 || (c == '-' && l->language->dashes);
}

static size_t line_end(const struct lexer *l, size_t i)
{
    const char *newline = memchr(l->text + i, '\n', l->end - i);
    return newline ? (size_t)(newline - l->text) : l->end;
}

static void take(struct lexer *l, size_t to, uint8_t tone)
{
    flow_add(l->runs, l->at, to, tone, 0);
    l->at = to;
}

/* ---- One thing each: false if there is none here -------------------------------------------- */

static bool take_comment(struct lexer *l, size_t start)
{
    const struct language *g = l->language;
    if (is_at(l, l->at, g->comment_open)) {
        size_t i = l->at + strlen(g->comment_open);
        while (i < l->end && !is_at(l, i, g->comment_close))
            i++;
        take(l, i < l->end ? i + strlen(g->comment_close) : i, TONE_COMMENT);
        return true;
    }
    bool within = g->spaced && l->at > start && !isspace((unsigned char)l->text[l->at - 1]);
    for (int k = 0; k < MAX_LINE_COMMENTS; k++)
        if (!within && is_at(l, l->at, g->line_comments[k])) {
            take(l, line_end(l, l->at), TONE_COMMENT);
            return true;
        }
    return false;
}

/* A ':' is next: what was read is the name of something. */
static bool is_key(const struct lexer *l, size_t i)
{
    while (i < l->end && l->text[i] == ' ')
        i++;
    return l->language->keys && i < l->end && l->text[i] == ':';
}

static size_t string_end(const struct lexer *l, const struct quote *quote)
{
    size_t n = strlen(quote->mark), i = l->at + n;
    while (i < l->end) {
        if (is_at(l, i, quote->mark))
            return i + n;
        if (l->text[i] == '\n' && !quote->lines)
            return i;
        i += l->text[i] == '\\' && !quote->raw && i + 1 < l->end ? 2 : 1;
    }
    return l->end;
}

static bool take_string(struct lexer *l)
{
    for (int k = 0; k < MAX_QUOTES; k++) {
        const struct quote *quote = &l->language->quotes[k];
        if (!is_at(l, l->at, quote->mark))
            continue;
        size_t end = string_end(l, quote);
        take(l, end, is_key(l, end) ? TONE_KEYWORD : TONE_STRING);
        return true;
    }
    return false;
}

static bool take_number(struct lexer *l)
{
    size_t i = l->at;
    if (!isdigit((unsigned char)l->text[i]))
        return false;
    while (i < l->end && (isalnum((unsigned char)l->text[i]) || strchr("._'", l->text[i])))
        i++;
    take(l, i, TONE_NUMBER);
    return true;
}

static bool take_word(struct lexer *l)
{
    const struct language *g = l->language;
    bool sigil = g->sigil && l->text[l->at] == g->sigil && is_word(l, l->at + 1);
    size_t i = l->at + sigil;
    if (!is_word(l, i))
        return false;
    while (is_word(l, i))
        i++;
    bool keyword = sigil || (g->tags && !l->named) || is_key(l, i) ||
                   is_listed(g->keywords, l->text + l->at, i - l->at, g->any_case);
    l->named = true;
    take(l, i, keyword ? TONE_KEYWORD : TONE_CODE);
    return true;
}

static bool take_outside_tags(struct lexer *l)
{
    if (!l->language->tags || l->in_tag)
        return false;
    l->in_tag = l->text[l->at] == '<';
    l->named = false;
    take(l, l->at + 1, TONE_CODE);
    return true;
}

static void take_other(struct lexer *l)
{
    if (l->text[l->at] == '>')
        l->in_tag = false;
    take(l, l->at + 1, TONE_CODE);
}

static void take_patch_line(struct lexer *l)
{
    char c = l->text[l->at];
    uint8_t tone = c == '+'   ? TONE_STRING
                   : c == '-' ? TONE_ERROR
                   : c == '@' ? TONE_KEYWORD
                              : TONE_CODE;
    size_t end = line_end(l, l->at);
    take(l, end < l->end ? end + 1 : end, tone);
}

void highlight(const struct language *language, const char *text, size_t start, size_t end,
               struct flow_runs *runs)
{
    struct lexer l = {.language = language, .text = text, .at = start, .end = end, .runs = runs};
    if (!language)
        take(&l, end, TONE_CODE);
    while (l.at < end)
        if (language->patch)
            take_patch_line(&l);
        else if (!take_comment(&l, start) && !take_outside_tags(&l) && !take_string(&l) &&
                 !take_number(&l) && !take_word(&l))
            take_other(&l);
}
