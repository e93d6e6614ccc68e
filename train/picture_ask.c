#include "train/picture_ask.h"

#include <ctype.h>
#include <string.h>

#include <utf8proc.h>

/* The end of the alternative that begins at p: its '|', ']' or the end of all. */
static const char *alternative_end(const char *p)
{
    for (int depth = 0; *p; p++) {
        if (depth == 0 && (*p == '|' || *p == ']'))
            break;
        depth += *p == '[' ? 1 : *p == ']' ? -1 : 0;
    }
    return p;
}

/* One of the alternatives from p on; returns behind the last. */
static const char *put_one(struct str *out, struct random *r, const char *p,
                           const char *const arg[ASK_ARGUMENTS])
{
    uint32_t n = 1;
    const char *end = alternative_end(p);
    for (const char *q = end; *q == '|'; q = alternative_end(q + 1))
        n++;
    for (uint32_t skip = random_below(r, n); skip > 0; skip--, end = alternative_end(p))
        p = end + 1;
    while (p < end) {
        if (*p == '[') {
            p = put_one(out, r, p + 1, arg);
        } else if (*p == '$') {
            str_puts(out, arg[p[1] - '1']);
            p += 2;
        } else {
            str_putc(out, *p++);
        }
    }
    while (*p == '|')
        p = alternative_end(p + 1);
    return *p == ']' ? p + 1 : p;
}

static const char *next_letter(const char *p)
{
    while (*p && !isalnum((unsigned char)*p))
        p++;
    return p;
}

/* Takes a character from p, a letter as a capital; returns whether that is still to come. */
static bool put_capital(struct str *out, const char **p)
{
    utf8proc_int32_t c;
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)*p, -1, &c);
    if (n < 1)
        return false;
    *p += n;
    str_put(out, (char *)bytes, (size_t)utf8proc_encode_char(utf8proc_totitle(c), bytes));
    utf8proc_category_t kind = utf8proc_category(c);
    return kind > UTF8PROC_CATEGORY_LO && kind != UTF8PROC_CATEGORY_ND;
}

/* '~' and '^', once it is known what stands behind them. */
static void settle(struct str *out, const char *p)
{
    bool capital = false;
    while (*p) {
        if (*p == '^') {
            capital = true;
            p++;
        } else if (*p == '~') {
            str_putc(out, capital ? 'A' : 'a');
            capital = false;
            if (strchr("aeiouAEIOU", *next_letter(p++)))
                str_putc(out, 'n');
        } else if (capital) {
            capital = put_capital(out, &p);
        } else {
            str_putc(out, *p++);
        }
    }
}

void pattern_put(struct str *out, struct random *r, const char *pattern,
                 const char *const arg[ASK_ARGUMENTS])
{
    struct str raw = {0};
    put_one(&raw, r, pattern, arg);
    settle(out, str_text(&raw));
    str_done(&raw);
}

static const char ONE_WORD[] = "[Answer|Reply] [in|with] [one|a single] word.|One word[, please|].|"
                               "[Just|Only] [one|a single] word[, please|].|In one word.|"
                               "Be brief.|[Short|Brief] answer[, please|].";
static const char SENTENCE[] = "[Answer|Reply] [in|with] a [full |whole |]sentence.|"
                               "In a [full|whole] sentence[, please|].|Use a [full |]sentence.";

static bool was_asked(const struct sample *s, const char *user)
{
    for (size_t i = 0; i < s->n_exchanges; i++)
        if (!strcmp(s->exchanges[i].user, user))
            return true;
    return false;
}

bool picture_ask(struct sample *s, struct random *r, const struct question *q)
{
    struct str user = {0}, model = {0};
    double manner = random_unit(r);
    pattern_put(&user, r, q->ask, q->arg);
    bool brief = q->brief && (s->system || manner < 0.4);
    if (!s->system && (brief || (q->brief && manner > 0.9))) {
        str_putc(&user, ' ');
        pattern_put(&user, r, !brief ? SENTENCE : q->hint ? q->hint : ONE_WORD, q->arg);
    }
    pattern_put(&model, r, brief ? q->brief : q->full, q->arg);
    bool is_new = !was_asked(s, str_text(&user));
    if (is_new)
        sample_add(s, q->skill, str_text(&user), str_text(&model), q->key);
    str_done(&user);
    str_done(&model);
    return is_new;
}
