/* Where a cursor may stand in a text being written: between grapheme clusters, and never inside a
 * token ("[image 2]", "[paste 1: 214 lines]"), which is passed over and deleted as one character.
 * Offsets are bytes; text[len] is a NUL. */
#ifndef TUI_STEPS_H
#define TUI_STEPS_H

#include <stdbool.h>
#include <stddef.h>

struct token {
    enum { TOKEN_IMAGE, TOKEN_PASTE } kind;
    size_t number;
    size_t bytes;
};
/* Reads the token that begins at text[at]; false if none does. */
bool token_read(const char *text, size_t at, struct token *token);

/* Where a command may begin: behind the tokens of pictures that stand at the start. */
size_t steps_command_start(const char *text);

size_t steps_next(const char *text, size_t len, size_t at);
size_t steps_previous(const char *text, size_t len, size_t at);
/* The nearest place at or before `at` where the cursor may stand. */
size_t steps_floor(const char *text, size_t len, size_t at);

size_t steps_word_left(const char *text, size_t len, size_t at);
size_t steps_word_right(const char *text, size_t len, size_t at);
/* As a shell does it, back to white space: paths and words with points are whole. */
size_t steps_blank_left(const char *text, size_t len, size_t at);

/* vi's words: letters, or other characters but white space; the big ones are both together. */
size_t steps_vi_right(const char *text, size_t len, size_t at, bool big);
size_t steps_vi_left(const char *text, size_t len, size_t at, bool big);
/* The last character of a word, behind `at`. */
size_t steps_vi_end(const char *text, size_t len, size_t at, bool big);

/* The line, between line breaks, that `at` is in. */
size_t steps_line_start(const char *text, size_t at);
size_t steps_line_end(const char *text, size_t len, size_t at);

#endif
