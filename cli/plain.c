#include "cli/plain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

bool plain_is_wanted(const struct options *options)
{
    const char *accessible = getenv("ACCESSIBLE"), *term = getenv("TERM");
    bool dumb = !term || !*term || strcmp(term, "dumb") == 0;
    return options->plain || (accessible && *accessible && strcmp(accessible, "0") != 0) ||
           (dumb && isatty(STDIN_FILENO));
}

static bool is_in(uint32_t cp, const uint32_t *list)
{
    while (*list && *list != cp)
        list++;
    return *list != 0;
}

/* "It ended." ends with the space behind; scripts that write no spaces need none. */
size_t plain_sentences(const char *text, size_t n)
{
    static const uint32_t stops[] = {'.', '!', '?', 0x2026, 0x61F, 0x964, 0},
                          full_stops[] = {0x3002, 0xFF01, 0xFF1F, 0},
                          closers[] = {'"', '\'', ')', ']', '*', 0x201D, 0x2019, 0xBB, 0x300D, 0};
    size_t complete = 0;
    bool stopped = false;
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        at += utf8_next(text + at, n - at, &cp, NULL);
        bool space = cp < 0x80 && isspace((int)cp);
        if (cp == '\n' || (stopped && space) || is_in(cp, full_stops))
            complete = at;
        stopped = is_in(cp, stops) || (stopped && is_in(cp, closers));
    }
    return complete;
}

void plain_write(struct out *out, struct str *held, const char *text, size_t n)
{
    str_put(held, text, n);
    size_t whole = plain_sentences(str_text(held), held->len);
    if (whole == 0)
        return;
    out_write(out, held->data, whole);
    memmove(held->data, held->data + whole, held->len - whole + 1);
    held->len -= whole;
}

void plain_end(struct out *out, struct str *held)
{
    if (held->len)
        out_write(out, held->data, held->len);
    str_done(held);
}
