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
    ACTION_UNFOLD,
    ACTION_COMPOSE,
    ACTION_READLINE, /* listed for F1: the key goes to readline, whose binding it is */
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
    ACTION_RENAME,
    ACTION_ARCHIVE,
    ACTION_DELETE_CONVERSATION,
    ACTION_THEME,
    ACTION_MESSAGE_PREVIOUS,
    ACTION_MESSAGE_NEXT,
    ACTION_CODE_PREVIOUS,
    ACTION_CODE_NEXT,
    ACTION_COPY,
    ACTION_WRITE,
    ACTION_OPEN,
    ACTION_REGENERATE,
    ACTION_CONTINUE,
    ACTION_EDIT,
    ACTION_DELETE_MESSAGE,
    ACTION_BRANCH_PREVIOUS,
    ACTION_BRANCH_NEXT,
    ACTION_UNDELETE,
    ACTION_FORK,
    ACTION_SEARCH,
    ACTION_MATCH_NEXT,
    ACTION_MATCH_PREVIOUS,
    ACTION_SHADE,
    ACTION_WORD_PREVIOUS,
    ACTION_WORD_NEXT,
    ACTION_PICTURE,
    ACTION_VIEW_BEFORE,
    ACTION_VIEW_AFTER,
    ACTION_PICTURE_BEFORE,
    ACTION_PICTURE_AFTER,
    ACTION_SAW,
    ACTION_LOOKED,
    ACTION_WORD_BEFORE,
    ACTION_WORD_AFTER,
    ACTION_CROPS,
    ACTION_REGION,
    ACTION_TAKE_REGION,
    ACTION_REGION_LEFT,
    ACTION_REGION_RIGHT,
    ACTION_REGION_UP,
    ACTION_REGION_DOWN,
    ACTION_LOWER,
    ACTION_TALLER,
    ACTION_SMALLER,
    ACTION_LARGER,
    ACTION_EXAMPLE,
    ACTION_PICK,
    ACTION_PICK_TAKE,
    ACTION_PICK_MARK,
    ACTION_PICK_UP,
    ACTION_PICK_INTO,
    ACTION_PICK_CLEAR,
    ACTION_PICK_BACK,
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
extern struct key_row key_rows[]; /* in force; bindings.h changes it before the screen opens */
extern const size_t n_key_rows;
extern const char *const key_context_names[KEYS_CONTEXTS];

/* What a key does with the focus there: the context's own keys first, then those of everywhere. */
enum action keys_find(enum key_context context, uint32_t key);
/* The first key that does it there, or everywhere, by name; "" if none does. */
const char *keys_first(enum key_context context, enum action action, char name[KEY_NAME_BYTES]);
/* "Ctrl-A", "Alt-Enter", "PgUp", "j". */
void keys_name(uint32_t key, char name[KEY_NAME_BYTES]);
/* True for a key that stands for a character to be typed. */
bool keys_is_text(uint32_t key);

#endif
