/* What the lexer needs to know of a language. */
#ifndef TUI_LANGUAGES_H
#define TUI_LANGUAGES_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_QUOTES = 4, MAX_LINE_COMMENTS = 2 };

/* What a string begins and ends with. */
struct quote {
    const char *mark;
    bool raw;   /* a backslash is one */
    bool lines; /* it may go on behind the end of a line */
};

struct language {
    const char *names;    /* a space before and behind each */
    const char *keywords; /* likewise */
    const char *line_comments[MAX_LINE_COMMENTS];
    const char *comment_open, *comment_close;
    struct quote quotes[MAX_QUOTES]; /* the longest first */
    char sigil;                      /* makes the word behind it a keyword */
    bool any_case;                   /* of keywords */
    bool dashes;                     /* are parts of words */
    bool keys;                       /* words and strings before ':' are like keywords */
    bool spaced;                     /* a line comment needs a space before it */
    bool tags;                       /* there is code within <...> alone */
    bool patch;                      /* a line is what its first character says */
};

extern const struct language languages[];
extern const size_t n_languages;

#endif
