/* The text being written: several lines, a cursor between grapheme clusters, one thing cut to put
 * back. A token "[image 2]" is passed over and deleted as one character. */
#ifndef TUI_EDITOR_H
#define TUI_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Zero to start. */
struct editor {
    struct str text;
    size_t cursor; /* byte offset, at a cluster's start or the end */
    struct str cut;
    bool cutting; /* the last change was a cut: the next one adds to it */
};

void editor_done(struct editor *e);
/* Replaces the text; the cursor goes to its end. */
void editor_set(struct editor *e, const char *text);
void editor_insert(struct editor *e, const char *text, size_t n);
/* Takes [start, end) away, the cursor staying where it is in the text. */
void editor_remove(struct editor *e, size_t start, size_t end);

void editor_left(struct editor *e);
void editor_right(struct editor *e);
void editor_word_left(struct editor *e);
void editor_word_right(struct editor *e);
void editor_line_start(struct editor *e);
void editor_line_end(struct editor *e);

void editor_delete_back(struct editor *e);
void editor_delete(struct editor *e);
void editor_kill_to_end(struct editor *e);
void editor_kill_to_start(struct editor *e);
void editor_kill_word_back(struct editor *e);
void editor_kill_word(struct editor *e);
void editor_yank(struct editor *e);

/* Bytes of an image token at text[at]; 0 if there is none. *number: its number. */
size_t editor_token(const char *text, size_t at, size_t *number);

#endif
