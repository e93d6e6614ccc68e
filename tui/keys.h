/* Keys and what they do: one table, from which F1's list is made. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key is a character, or one of these, and modifiers. Control keys are K_CTRL | lower-case
 * letter. */
enum {
    K_UP = 0x110000,
    K_DOWN,
    K_LEFT,
    K_RIGHT,
    K_HOME,
    K_END,
    K_PAGE_UP,
    K_PAGE_DOWN,
    K_DELETE,
    K_BACKSPACE,
    K_ENTER,
    K_TAB,
    K_BACKTAB,
    K_ESC,
    K_F1, /* to K_F1 + 11 */
    K_F12 = K_F1 + 11,
    K_CHARACTER_MASK = 0x1FFFFF,
    K_ALT = 0x1000000,
    K_CTRL = 0x2000000,
};

enum action {
    ACTION_NONE,
    ACTION_SEND,
    ACTION_NEWLINE,
    ACTION_COMPLETE,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_WORD_LEFT,
    ACTION_WORD_RIGHT,
    ACTION_LINE_START,
    ACTION_LINE_END,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_DELETE_BACK,
    ACTION_DELETE,
    ACTION_KILL_TO_END,
    ACTION_KILL_TO_START,
    ACTION_KILL_WORD_BACK,
    ACTION_KILL_WORD,
    ACTION_YANK,
    ACTION_DELETE_OR_QUIT,
    ACTION_ROW_UP,
    ACTION_ROW_DOWN,
    ACTION_TOP,
    ACTION_BOTTOM,
    ACTION_FOCUS_INPUT,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_FOCUS_NEXT,
    ACTION_FOCUS_PREVIOUS,
    ACTION_CANCEL,
    ACTION_INTERRUPT,
    ACTION_SUSPEND,
    ACTION_REDRAW,
    ACTION_HELP,
    ACTION_TAKE,
    ACTION_PALETTE,
    ACTION_NEW,
    ACTION_FOCUS_LEFT,
    ACTION_FOCUS_RIGHT,
    ACTION_CONVERSATIONS,
    ACTION_FIND,
    ACTION_CONTEXT,
    ACTION_WIDER,
    ACTION_NARROWER,
    ACTION_PICTURE,
    ACTION_VIEW_BEFORE,
    ACTION_VIEW_AFTER,
    ACTION_PICTURE_BEFORE,
    ACTION_PICTURE_AFTER,
    ACTION_SAW,
    ACTION_REGION,
    ACTION_TAKE_REGION,
    ACTION_LOWER,
    ACTION_TALLER,
    ACTION_SMALLER,
    ACTION_LARGER,
    ACTION_PICK,
    ACTION_PICK_TAKE,
    ACTION_PICK_MARK,
    ACTION_PICK_UP,
    ACTION_PICK_INTO,
};

enum key_context {
    KEYS_INPUT,
    KEYS_TRANSCRIPT,
    KEYS_CONVERSATIONS,
    KEYS_PICTURE,
    KEYS_REGION,
    KEYS_PICKER,
    KEYS_CHOOSER,
    KEYS_EVERYWHERE,
    KEYS_CONTEXTS
};

enum { KEYS_PER_ACTION = 4, KEY_NAME_BYTES = 24 };

struct key_row {
    enum action action;
    enum key_context context;
    uint32_t keys[KEYS_PER_ACTION]; /* 0: none */
    const char *help;               /* NULL: too plain to be listed */
};
extern const struct key_row key_rows[];
extern const size_t n_key_rows;
extern const char *const key_context_names[KEYS_CONTEXTS];

/* What a key does with the focus there: the context's own keys first, then those of everywhere. */
enum action keys_find(enum key_context context, uint32_t key);
/* "Ctrl-A", "Alt-Enter", "PgUp", "j". */
void keys_name(uint32_t key, char name[KEY_NAME_BYTES]);
/* True for a key that stands for a character to be typed. */
bool keys_is_text(uint32_t key);

#endif
