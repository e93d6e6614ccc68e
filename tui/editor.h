/* GNU readline as the editor of the input pane: the user's inputrc, emacs and vi modes, undo, kill
 * ring, macros, numeric arguments, searches. It edits; what is seen of it is drawn by the pane.
 *
 * readline has one state for the whole process, so there is one editor, of the one who called
 * editor_open, on that thread. It never touches the terminal: keys are handed to it, it reads and
 * writes no file, handles no signal. The cursor stands where steps.h allows. */
#ifndef TUI_EDITOR_H
#define TUI_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The cursor goes a row up (-1) or down (1); false if there is none in that direction, and a line
 * of the history is fetched. */
typedef bool editor_row_fn(void *user, int by);

/* Reads the inputrc, too. The locale must be set. */
void editor_open(editor_row_fn *row, void *user);
void editor_close(void);

/* Borrowed until the next change. */
const char *editor_text(void);
size_t editor_length(void);
size_t editor_cursor(void);
/* What readline has to say meanwhile ("(reverse-i-search)`ba': "); "" if nothing. */
const char *editor_message(void);
/* vi's command mode: letters are commands. */
bool editor_in_commands(void);
/* True if the key belongs to readline whatever it means elsewhere: the second of a sequence, or an
 * Esc that ends a search or vi's insert mode. */
bool editor_wants(uint32_t key);

enum editor_wish {
    EDITOR_NOTHING,
    EDITOR_SEND,    /* a key that the user bound to accept-line */
    EDITOR_COMPOSE, /* edit-and-execute-command: the text is to be edited in $EDITOR */
};
enum editor_wish editor_key(uint32_t key);

/* Ends a search or an argument that is under way, which can change text and cursor: to be called
 * before one looks at them for editor_replace. */
void editor_settle(void);

/* What follows ends a search or an argument that is under way, and can be undone, but for
 * editor_clear, which forgets the text with all that was done to it. */
void editor_clear(void);
/* Replaces the text; the cursor goes to its end. */
void editor_set(const char *text);
/* At the cursor. */
void editor_insert(const char *text, size_t n);
/* Replaces [start, end), the cursor staying where it is in the text. */
void editor_replace(size_t start, size_t end, const char *text);
/* To there, or the nearest place before it where the cursor may stand. */
void editor_move(size_t cursor);

/* Puts the text behind what Up and searches find. */
void editor_remember(const char *text);

#endif
