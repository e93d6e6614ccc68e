#include "history/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utf8proc.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "history/sql.h"

enum {
    TRIGRAM = 3,         /* shorter words are not in the index */
    RANKED = 2000,       /* the newest so many of what is found are ranked */
    SNIPPET_BEFORE = 24, /* characters of the text around a hit */
    SNIPPET_CHARACTERS = 120,
    SCAN_BYTES = 1 << 18,
};

struct search {
    char **words; /* owned */
    size_t n_words;
    char *model, *image;   /* owned; NULL: any */
    int64_t before, after; /* 0: any time */
};

static void search_done(struct search *q)
{
    for (size_t i = 0; i < q->n_words; i++)
        free(q->words[i]);
    free(q->words);
    free(q->model);
    free(q->image);
}

/* ---- Reading a query ---- */

static bool parse_date(int64_t *out, const char *text, struct err *err)
{
    int year, month = 1, day = 1, used = 0;
    struct tm tm = {.tm_isdst = -1};
    bool ok = sscanf(text, "%4d%n-%2d%n-%2d%n", &year, &used, &month, &used, &day, &used) >= 1 &&
              text[used] == 0 && year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
    if (!ok)
        return err_set(err, "\"%s\" is no date: 2026-11-01, 2026-11 and 2026 are", text);
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    *out = mktime(&tm);
    return true;
}

static void set_text(char **field, const char *text)
{
    free(*field);
    *field = mem_copy(text);
}

static bool add_term(struct search *q, const char *term, struct err *err)
{
    const char *colon = strchr(term, ':');
    size_t n = colon ? (size_t)(colon - term) : 0;
    const char *value = colon ? colon + 1 : term;
    if (n == 6 && memcmp(term, "before", n) == 0)
        return parse_date(&q->before, value, err);
    if (n == 5 && memcmp(term, "after", n) == 0)
        return parse_date(&q->after, value, err);
    if (n == 5 && memcmp(term, "model", n) == 0 && *value)
        set_text(&q->model, value);
    else if (n == 5 && memcmp(term, "image", n) == 0 && *value)
        set_text(&q->image, value);
    else {
        q->words = mem_grow(q->words, q->n_words + 1, sizeof *q->words);
        q->words[q->n_words++] = mem_copy(term);
    }
    return true;
}

/* Terms end at spaces outside quotes. */
static bool parse(struct search *q, const char *text, struct err *err)
{
    bool ok = true;
    struct str term = {0};
    while (ok && *text) {
        bool quoted = false;
        text += strspn(text, " \t\r\n");
        for (; *text && (quoted || !strchr(" \t\r\n", *text)); text++)
            if (*text == '"')
                quoted = !quoted;
            else
                str_putc(&term, *text);
        if (term.len)
            ok = add_term(q, term.data, err);
        str_clear(&term);
    }
    str_done(&term);
    bool any = q->n_words || q->model || q->image || q->before || q->after;
    return ok && (any || err_set(err, "nothing to search for"));
}

/* ---- The statement ---- */

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* All long words, for MATCH; "" if there are none. */
static char *match_text(const struct search *q)
{
    struct str all = {0};
    for (size_t i = 0; i < q->n_words; i++) {
        if (characters(q->words[i]) < TRIGRAM)
            continue;
        str_puts(&all, all.len ? " \"" : "\"");
        for (const char *c = q->words[i]; *c; c++)
            str_puts(&all, *c == '"' ? "\"\"" : (char[2]){*c, 0});
        str_putc(&all, '"');
    }
    return str_take(&all);
}

/* A LIKE with the word anywhere, quoted into the statement. */
static void put_like(struct str *sql, const char *column, const char *word, bool at_start)
{
    struct str pattern = {0};
    str_puts(&pattern, at_start ? "" : "%");
    for (const char *c = word; *c; c++) {
        if (strchr("%_\\", *c))
            str_putc(&pattern, '\\');
        str_putc(&pattern, *c);
    }
    str_putc(&pattern, '%');
    char *quoted = sqlite3_mprintf("%s LIKE %Q ESCAPE '\\'", column, str_text(&pattern));
    str_puts(sql, quoted ? quoted : "0");
    sqlite3_free(quoted);
    str_done(&pattern);
}

static bool has_filter(const struct search *q)
{
    return q->model || q->image || q->before || q->after;
}

static void put_filters(struct str *sql, const struct search *q)
{
    if (q->before)
        str_printf(sql, " AND m.created < %lld", (long long)q->before);
    if (q->after)
        str_printf(sql, " AND m.created >= %lld", (long long)q->after);
    if (q->model) {
        str_puts(sql, " AND (");
        put_like(sql, "c.model", q->model, false);
        str_puts(sql, " OR m.id IN (SELECT message FROM receipt WHERE ");
        put_like(sql, "model", q->model, false);
        str_puts(sql, "))");
    }
    if (q->image) {
        str_puts(sql, " AND m.id IN (SELECT message FROM image WHERE ");
        put_like(sql, "path", q->image, false);
        str_puts(sql, " OR ");
        put_like(sql, "digest", q->image, true);
        str_puts(sql, ")");
    }
}

/* Ranking is dear where much is found, and of much the newest will do; not so where filters take
 * from it. */
static void put_messages(struct str *sql, const struct search *q, const char *match)
{
    str_puts(sql, "SELECT c.id, m.id, c.title, m.role, m.created, c.archived, m.text FROM ");
    if (*match) {
        char *quoted = sqlite3_mprintf("%Q", match);
        str_printf(sql,
                   "(SELECT rowid AS id, bm25(message_text) AS score FROM message_text"
                   " WHERE message_text MATCH %s ORDER BY rowid DESC LIMIT %d) AS found"
                   " JOIN message AS m ON m.id = found.id",
                   quoted ? quoted : "''", has_filter(q) ? -1 : (int)RANKED);
        sqlite3_free(quoted);
    } else {
        str_puts(sql, "message AS m");
    }
    str_puts(sql, " CROSS JOIN conversation AS c ON c.id = m.conversation"
                  " WHERE m.deleted = 0 AND c.deleted = 0");
    for (size_t i = 0; i < q->n_words; i++)
        if (characters(q->words[i]) < TRIGRAM) {
            str_puts(sql, " AND ");
            put_like(sql, "m.text", q->words[i], false);
        }
    put_filters(sql, q);
    str_puts(sql, *match ? " ORDER BY score, m.id DESC" : " ORDER BY m.id DESC");
}

static void put_words(struct str *sql, const struct search *q, const char *column)
{
    for (size_t i = 0; i < q->n_words; i++) {
        str_puts(sql, " AND ");
        put_like(sql, column, q->words[i], false);
    }
}

/* Most titles are words of the first message: those are told that say what no message does. */
static void put_titles(struct str *sql, const struct search *q)
{
    str_puts(sql, "SELECT c.id, 0, title, '', updated, archived, title FROM conversation AS c"
                  " WHERE deleted = 0");
    put_words(sql, q, "title");
    str_puts(sql, " AND NOT EXISTS (SELECT 1 FROM message AS m WHERE m.conversation = c.id"
                  " AND m.deleted = 0");
    put_words(sql, q, "m.text");
    str_puts(sql, ") ORDER BY updated DESC, c.id DESC");
}

/* ---- Snippets ---- */

/* Bytes of text that are the word in any case; 0: it does not stand here. */
static size_t begins_with(const char *text, const char *word)
{
    const char *start = text;
    size_t n = strlen(text), left = strlen(word);
    while (left) {
        uint32_t a, b;
        if (!n)
            return 0;
        size_t of_text = utf8_next(text, n, &a, NULL), of_word = utf8_next(word, left, &b, NULL);
        if (a != b &&
            utf8proc_tolower((utf8proc_int32_t)a) != utf8proc_tolower((utf8proc_int32_t)b))
            return 0;
        text += of_text;
        n -= of_text;
        word += of_word;
        left -= of_word;
    }
    return (size_t)(text - start);
}

static bool is_middle(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* How many of the words were seen last within a snippet's length before `at`; *first: where the
 * first of them begins. seen: place + 1, 0 of those not seen yet. */
static size_t count_near(const size_t *seen, size_t n_words, size_t at, size_t *first)
{
    size_t n = 0;
    *first = at;
    for (size_t i = 0; i < n_words; i++) {
        if (!seen[i] || at - (seen[i] - 1) > SNIPPET_CHARACTERS)
            continue;
        n++;
        if (seen[i] - 1 < *first)
            *first = seen[i] - 1;
    }
    return n;
}

/* Where the most of the words stand near each other: the first of them there, and its length. Of a
 * very long text the beginning is looked at, or all before a first one. */
static size_t find_words(const struct search *q, const char *text, size_t *n_bytes)
{
    size_t best = 0, most = 0, first, n;
    size_t *seen = mem_new(q->n_words, sizeof *seen);
    for (size_t at = 0; most < q->n_words && text[at] && (!most || at < SCAN_BYTES); at++)
        for (size_t i = 0; i < q->n_words && !is_middle(text[at]); i++) {
            if (!begins_with(text + at, q->words[i]))
                continue;
            seen[i] = at + 1;
            n = count_near(seen, q->n_words, at, &first);
            best = n > most ? first : best;
            most = n > most ? n : most;
        }
    free(seen);
    *n_bytes = 0;
    for (size_t i = 0; most && i < q->n_words; i++)
        if ((n = begins_with(text + best, q->words[i])) > *n_bytes)
            *n_bytes = n;
    return best;
}

static void make_snippet(struct str *out, const struct search *q, const char *text,
                         struct search_hit *hit)
{
    size_t found = find_words(q, text, &hit->n_bytes), start = found;
    for (int i = 0; i < SNIPPET_BEFORE && start > 0; i++)
        do
            start--;
        while (start > 0 && is_middle(text[start]));
    size_t gap = start + strcspn(text + start, " \n");
    if (start && gap < found) /* with a whole word, where there are such */
        start = gap + 1;
    str_puts(out, start ? "…" : "");
    hit->at = out->len + found - start;
    size_t end = start;
    for (int i = 0; (i < SNIPPET_CHARACTERS || end < found + hit->n_bytes) && text[end]; i++)
        do
            end++;
        while (is_middle(text[end]));
    str_put(out, text + start, end - start);
    str_puts(out, text[end] ? "…" : "");
    for (size_t i = 0; i < out->len; i++)
        if (strchr("\n\r\t", out->data[i]))
            out->data[i] = ' ';
    hit->snippet = str_text(out);
}

/* ---- Running it ---- */

struct giving {
    const struct search *q;
    size_t left;
    bool (*each)(void *user, const struct search_hit *hit);
    void *user;
};

static bool give_hit(struct giving *g, sqlite3_stmt *row)
{
    struct str snippet = {0};
    struct search_hit hit = {
        .conversation = sqlite3_column_int64(row, 0),
        .message = sqlite3_column_int64(row, 1),
        .title = sql_text(row, 2),
        .role = sql_text(row, 3),
        .created = sqlite3_column_int64(row, 4),
        .archived = sqlite3_column_int(row, 5) != 0,
    };
    make_snippet(&snippet, g->q, sql_text(row, 6), &hit);
    bool go = g->each(g->user, &hit) && --g->left > 0;
    if (!go)
        g->left = 0;
    str_done(&snippet);
    return go;
}

static bool give_hits(struct store *s, struct giving *g, struct str *sql, struct err *err)
{
    if (g->left == 0)
        return true;
    str_printf(sql, " LIMIT %zu", g->left);
    sqlite3_stmt *row = sql_query(s, err, sql->data, "");
    if (!row)
        return false;
    int status;
    while ((status = sqlite3_step(row)) == SQLITE_ROW && give_hit(g, row))
        ;
    bool ok = status == SQLITE_ROW || status == SQLITE_DONE || sql_fail(s, err);
    sqlite3_finalize(row);
    return ok;
}

static bool run(struct store *s, struct giving *g, struct err *err)
{
    const struct search *q = g->q;
    struct str titles = {0}, messages = {0};
    char *match = match_text(q);
    put_titles(&titles, q);
    put_messages(&messages, q, match);
    pthread_mutex_lock(&s->lock);
    bool ok = (has_filter(q) || give_hits(s, g, &titles, err)) && give_hits(s, g, &messages, err);
    pthread_mutex_unlock(&s->lock);
    free(match);
    str_done(&titles);
    str_done(&messages);
    return ok;
}

bool store_search(struct store *s, const char *query, size_t limit,
                  bool (*each)(void *user, const struct search_hit *hit), void *user,
                  struct err *err)
{
    struct search q = {0};
    struct giving g = {&q, limit, each, user};
    bool ok = parse(&q, query, err) && run(s, &g, err);
    search_done(&q);
    return ok;
}
