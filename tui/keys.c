#include "tui/keys.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define C(letter) (K_CTRL | (letter))
#define A(key)    (K_ALT | (key))

const char *const key_context_names[KEYS_CONTEXTS] = {
    [KEYS_INPUT] = "Writing",
    [KEYS_TRANSCRIPT] = "Reading (Tab goes there)",
    [KEYS_CONVERSATIONS] = "Conversations",
    [KEYS_CHOOSER] = "Choosing from a list (what is typed narrows it)",
    [KEYS_PICTURE] = "Looking at a picture (Alt-P goes there and back)",
    [KEYS_REGION] = "Choosing a region of a picture",
    [KEYS_PICKER] = "Choosing pictures from folders (letters filter; a point first: hidden ones)",
    [KEYS_EVERYWHERE] = "Everywhere",
};

/* clang-format off: a table, one row a line */
struct key_row key_rows[] = {
    {ACTION_SEND, KEYS_INPUT, {K_ENTER}, "send"},
    {ACTION_NEWLINE, KEYS_INPUT, {A(K_ENTER), C('j')}, "new line"},
    {ACTION_COMPLETE, KEYS_INPUT, {K_TAB}, "complete a command or path; if empty: read"},
    {ACTION_UNFOLD, KEYS_INPUT, {C('o')}, "unfold a paste"},
    {ACTION_READLINE, KEYS_INPUT, {K_UP}, "line above, then what was sent before"},
    {ACTION_READLINE, KEYS_INPUT, {K_DOWN, C('n')}, "line below, then what was sent after"},
    {ACTION_READLINE, KEYS_INPUT, {C('r'), C('s')}, "search what was sent"},
    {ACTION_READLINE, KEYS_INPUT, {A('b'), C(K_LEFT)}, "word back"},
    {ACTION_READLINE, KEYS_INPUT, {A('f'), C(K_RIGHT)}, "word forward"},
    {ACTION_READLINE, KEYS_INPUT, {C('a'), K_HOME}, "start of the line"},
    {ACTION_READLINE, KEYS_INPUT, {C('e'), K_END}, "end of the line"},
    {ACTION_READLINE, KEYS_INPUT, {C('k')}, "cut to the end of the line"},
    {ACTION_READLINE, KEYS_INPUT, {C('u')}, "cut to the start of the line"},
    {ACTION_READLINE, KEYS_INPUT, {C('w'), A(K_BACKSPACE)}, "cut the word before"},
    {ACTION_READLINE, KEYS_INPUT, {A('d')}, "cut the word after"},
    {ACTION_READLINE, KEYS_INPUT, {C('y'), A('y')}, "put back what was cut; what was cut before"},
    {ACTION_READLINE, KEYS_INPUT, {C('_')}, "undo; these and more as inputrc has them"},
    {ACTION_DELETE_OR_QUIT, KEYS_INPUT, {C('d')}, "delete; with nothing written, quit"},

    {ACTION_ROW_UP, KEYS_TRANSCRIPT, {K_UP, 'k'}, "up a line"},
    {ACTION_ROW_DOWN, KEYS_TRANSCRIPT, {K_DOWN, 'j'}, "down a line"},
    {ACTION_TOP, KEYS_TRANSCRIPT, {K_HOME, 'g'}, "to the start"},
    {ACTION_BOTTOM, KEYS_TRANSCRIPT, {K_END, 'G'}, "to the end, and follow"},
    {ACTION_PAGE_DOWN, KEYS_TRANSCRIPT, {' '}, NULL},
    {ACTION_PALETTE, KEYS_TRANSCRIPT, {':'}, NULL},
    {ACTION_MESSAGE_PREVIOUS, KEYS_TRANSCRIPT, {'['}, "select the message before"},
    {ACTION_MESSAGE_NEXT, KEYS_TRANSCRIPT, {']'}, "select the message after"},
    {ACTION_CODE_PREVIOUS, KEYS_TRANSCRIPT, {'{', 'u'}, "select the code block before"},
    {ACTION_CODE_NEXT, KEYS_TRANSCRIPT, {'}'}, "select the code block after"},
    {ACTION_COPY, KEYS_TRANSCRIPT, {'y'}, "copy what is selected, or the last answer"},
    {ACTION_WRITE, KEYS_TRANSCRIPT, {'w', 's'}, "write it to a file"},
    {ACTION_OPEN, KEYS_TRANSCRIPT, {'o'}, "open it in $EDITOR"},
    {ACTION_REGENERATE, KEYS_TRANSCRIPT, {'r'}, "another answer to the last message"},
    {ACTION_CONTINUE, KEYS_TRANSCRIPT, {'c'}, "go on with a cut answer"},
    {ACTION_EDIT, KEYS_TRANSCRIPT, {'e'}, "edit the question and send it again"},
    {ACTION_BRANCH_PREVIOUS, KEYS_TRANSCRIPT, {'<'}, "to what was said there before"},
    {ACTION_BRANCH_NEXT, KEYS_TRANSCRIPT, {'>'}, "to what was said there after"},
    {ACTION_FORK, KEYS_TRANSCRIPT, {'f'}, "a new conversation of all up to there"},
    {ACTION_DELETE_MESSAGE, KEYS_TRANSCRIPT, {'d'}, "delete it and what follows"},
    {ACTION_UNDELETE, KEYS_TRANSCRIPT, {'U'}, "take the last deletion back"},
    {ACTION_SEARCH, KEYS_TRANSCRIPT, {'/'}, "find text; Esc ends that"},
    {ACTION_MATCH_NEXT, KEYS_TRANSCRIPT, {'n'}, "to the next place where it is"},
    {ACTION_MATCH_PREVIOUS, KEYS_TRANSCRIPT, {'N'}, "to the place before"},
    {ACTION_SHADE, KEYS_TRANSCRIPT, {'p'}, "how sure it was of each word, and back"},
    {ACTION_WORD_PREVIOUS, KEYS_TRANSCRIPT, {K_LEFT, 'h'}, "there: the word before, and what else it might be"},
    {ACTION_WORD_NEXT, KEYS_TRANSCRIPT, {K_RIGHT, 'l'}, "there: the word after"},
    {ACTION_FOCUS_INPUT, KEYS_TRANSCRIPT, {K_ENTER, 'i', 'q'}, "back to writing"},
    {ACTION_DELETE_OR_QUIT, KEYS_TRANSCRIPT, {C('d')}, NULL},

    {ACTION_TAKE, KEYS_CONVERSATIONS, {K_ENTER, 'o'}, "open it"},
    {ACTION_ROW_UP, KEYS_CONVERSATIONS, {K_UP, 'k'}, "up"},
    {ACTION_ROW_DOWN, KEYS_CONVERSATIONS, {K_DOWN, 'j'}, "down"},
    {ACTION_TOP, KEYS_CONVERSATIONS, {K_HOME, 'g'}, "the newest"},
    {ACTION_BOTTOM, KEYS_CONVERSATIONS, {K_END, 'G'}, "the oldest"},
    {ACTION_NEW, KEYS_CONVERSATIONS, {'n'}, "a new conversation"},
    {ACTION_RENAME, KEYS_CONVERSATIONS, {'r'}, "another title"},
    {ACTION_ARCHIVE, KEYS_CONVERSATIONS, {'a'}, "archive it: out of the list, still found"},
    {ACTION_DELETE_CONVERSATION, KEYS_CONVERSATIONS, {'d', K_DELETE}, "delete it"},
    {ACTION_UNDELETE, KEYS_CONVERSATIONS, {'U'}, "bring back what was deleted last"},
    {ACTION_FIND, KEYS_CONVERSATIONS, {'/'}, "find words in all of them"},
    {ACTION_FOCUS_INPUT, KEYS_CONVERSATIONS, {'i', 'q'}, "back to writing"},
    {ACTION_PALETTE, KEYS_CONVERSATIONS, {':'}, NULL},
    {ACTION_DELETE_OR_QUIT, KEYS_CONVERSATIONS, {C('d')}, NULL},

    {ACTION_TAKE, KEYS_CHOOSER, {K_ENTER}, "take the marked one"},
    {ACTION_ROW_UP, KEYS_CHOOSER, {K_UP, C('p')}, "up"},
    {ACTION_ROW_DOWN, KEYS_CHOOSER, {K_DOWN, C('n'), C('j'), K_TAB}, "down"},
    {ACTION_TOP, KEYS_CHOOSER, {C(K_HOME)}, NULL},
    {ACTION_BOTTOM, KEYS_CHOOSER, {C(K_END)}, NULL},

    {ACTION_PALETTE, KEYS_EVERYWHERE, {C('p')}, "everything that can be done, to choose from"},
    {ACTION_CONVERSATIONS, KEYS_EVERYWHERE, {K_F1 + 1}, "the conversations"},
    {ACTION_FIND, KEYS_EVERYWHERE, {K_F1 + 2}, "find words in all conversations"},
    {ACTION_NEW, KEYS_EVERYWHERE, {K_F1 + 3}, "a new conversation"},
    {ACTION_THEME, KEYS_EVERYWHERE, {K_F1 + 5}, "another theme, seen while it is chosen"},
    {ACTION_CONTEXT, KEYS_EVERYWHERE, {K_F1 + 4}, "what fills the context; leave out or pin"},
    {ACTION_VIEW_BEFORE, KEYS_PICTURE, {K_LEFT, K_BACKSPACE}, "the view before: whole, crops"},
    {ACTION_VIEW_AFTER, KEYS_PICTURE, {K_RIGHT, ' '}, "the next view"},
    {ACTION_PICTURE_BEFORE, KEYS_PICTURE, {K_UP, 'k'}, "the picture before, of several"},
    {ACTION_PICTURE_AFTER, KEYS_PICTURE, {K_DOWN, 'j'}, "the next picture"},
    {ACTION_SAW, KEYS_PICTURE, {'w'}, "what the model saw of it"},
    {ACTION_LOOKED, KEYS_PICTURE, {'h'}, "where the answer looked; again: no more"},
    {ACTION_WORD_BEFORE, KEYS_PICTURE, {'['}, "where the word before looked"},
    {ACTION_WORD_AFTER, KEYS_PICTURE, {']'}, "where the next word looked"},
    {ACTION_CROPS, KEYS_PICTURE, {'c'}, "other crops, before it is sent: by rule, none, 2 to 4"},
    {ACTION_REGION, KEYS_PICTURE, {'r'}, "choose a region to be looked at closely"},
    {ACTION_FOCUS_INPUT, KEYS_PICTURE, {K_ENTER, 'i', 'q'}, "back to writing"},
    {ACTION_DELETE_OR_QUIT, KEYS_PICTURE, {C('d')}, NULL},

    {ACTION_REGION_LEFT, KEYS_REGION, {K_LEFT, 'h'}, "move it left"},
    {ACTION_REGION_RIGHT, KEYS_REGION, {K_RIGHT, 'l'}, "right"},
    {ACTION_REGION_UP, KEYS_REGION, {K_UP, 'k'}, "up"},
    {ACTION_REGION_DOWN, KEYS_REGION, {K_DOWN, 'j'}, "down"},
    {ACTION_LARGER, KEYS_REGION, {'+', '='}, "larger"},
    {ACTION_SMALLER, KEYS_REGION, {'-'}, "smaller"},
    {ACTION_NARROWER, KEYS_REGION, {A(K_LEFT), 'H'}, "narrower"},
    {ACTION_WIDER, KEYS_REGION, {A(K_RIGHT), 'L'}, "wider"},
    {ACTION_LOWER, KEYS_REGION, {A(K_UP), 'K'}, "lower"},
    {ACTION_TALLER, KEYS_REGION, {A(K_DOWN), 'J'}, "taller"},
    {ACTION_TAKE_REGION, KEYS_REGION, {K_ENTER}, "attach it: the whole, and the region closely"},
    {ACTION_DELETE_OR_QUIT, KEYS_REGION, {C('d')}, NULL},

    {ACTION_ROW_UP, KEYS_PICKER, {K_UP, C('p')}, NULL},
    {ACTION_ROW_DOWN, KEYS_PICKER, {K_DOWN, C('n')}, NULL},
    {ACTION_TOP, KEYS_PICKER, {K_HOME}, "to the start"},
    {ACTION_BOTTOM, KEYS_PICKER, {K_END}, "to the end"},
    {ACTION_PICK_TAKE, KEYS_PICKER, {K_ENTER}, "attach what is marked, or this; into a folder"},
    {ACTION_PICK_MARK, KEYS_PICKER, {' '}, "mark, or unmark"},
    {ACTION_PICK_CLEAR, KEYS_PICKER, {C('u')}, "clear the filter"},
    {ACTION_PICK_INTO, KEYS_PICKER, {K_RIGHT}, "into the folder"},
    {ACTION_PICK_UP, KEYS_PICKER, {K_LEFT}, "to the folder above"},
    {ACTION_PICK_BACK, KEYS_PICKER, {K_BACKSPACE}, "delete of the filter; to the folder above"},
    {ACTION_DELETE_OR_QUIT, KEYS_PICKER, {C('d')}, NULL},

    {ACTION_PAGE_UP, KEYS_EVERYWHERE, {K_PAGE_UP}, "page up"},
    {ACTION_PAGE_DOWN, KEYS_EVERYWHERE, {K_PAGE_DOWN}, "page down"},
    {ACTION_ROW_UP, KEYS_EVERYWHERE, {A('k')}, "up a line"},
    {ACTION_ROW_DOWN, KEYS_EVERYWHERE, {A('j')}, "down a line"},
    {ACTION_TOP, KEYS_EVERYWHERE, {A('<'), C(K_HOME)}, "to the start"},
    {ACTION_BOTTOM, KEYS_EVERYWHERE, {C(K_END), A('>')}, "to the end, and follow"},
    {ACTION_FOCUS_NEXT, KEYS_EVERYWHERE, {K_TAB, A(K_DOWN)}, "to the next pane"},
    {ACTION_FOCUS_PREVIOUS, KEYS_EVERYWHERE, {K_BACKTAB, A(K_UP)}, "to the pane before"},
    {ACTION_FOCUS_LEFT, KEYS_EVERYWHERE, {A(K_LEFT)}, "to the pane at the left"},
    {ACTION_FOCUS_RIGHT, KEYS_EVERYWHERE, {A(K_RIGHT)}, "to the pane at the right"},
    {ACTION_WIDER, KEYS_EVERYWHERE, {A('+'), A('=')}, "make the side pane wider"},
    {ACTION_NARROWER, KEYS_EVERYWHERE, {A('-')}, "make it narrower"},
    {ACTION_CANCEL, KEYS_EVERYWHERE, {K_ESC}, "stop the answer; else one step back"},
    {ACTION_INTERRUPT, KEYS_EVERYWHERE, {C('c')}, "stop the answer; clear the line; twice: quit"},
    {ACTION_SUSPEND, KEYS_EVERYWHERE, {C('z')}, "to the shell; fg comes back"},
    {ACTION_REDRAW, KEYS_EVERYWHERE, {C('l')}, "draw the screen anew"},
    {ACTION_COMPOSE, KEYS_EVERYWHERE, {A('e')}, "write the message in $EDITOR"},
    {ACTION_PICK, KEYS_EVERYWHERE, {A('o')}, "choose pictures from folders"},
    {ACTION_EXAMPLE, KEYS_EVERYWHERE, {K_F1 + 6}, "try an example, a picture and a question; again: the next"},
    {ACTION_PICTURE, KEYS_EVERYWHERE, {A('p')}, "look at the picture"},
    {ACTION_HELP, KEYS_EVERYWHERE, {K_F1}, "this list"},
};
/* clang-format on */
const size_t n_key_rows = sizeof key_rows / sizeof key_rows[0];

static bool row_has(const struct key_row *row, uint32_t key)
{
    for (int i = 0; i < KEYS_PER_ACTION; i++)
        if (row->keys[i] && row->keys[i] == key)
            return true;
    return false;
}

enum action keys_find(enum key_context context, uint32_t key)
{
    enum action everywhere = ACTION_NONE;
    for (size_t i = 0; i < n_key_rows; i++) {
        if (!row_has(&key_rows[i], key))
            continue;
        if (key_rows[i].context == context)
            return key_rows[i].action;
        if (key_rows[i].context == KEYS_EVERYWHERE)
            everywhere = key_rows[i].action;
    }
    return everywhere;
}

const char *keys_first(enum key_context context, enum action action, char name[KEY_NAME_BYTES])
{
    name[0] = 0;
    for (size_t i = 0; i < n_key_rows; i++) {
        const struct key_row *row = &key_rows[i];
        bool own = row->context == context;
        if (row->action == action && row->keys[0] && (own || row->context == KEYS_EVERYWHERE))
            keys_name(row->keys[0], name);
        if (own && row->action == action && row->keys[0])
            break;
    }
    return name;
}

void keys_name(uint32_t key, char name[KEY_NAME_BYTES])
{
    static const char *const names[] = {"Up",    "Down", "Left",      "Right",  "Home",
                                        "End",   "PgUp", "PgDn",      "Delete", "Backspace",
                                        "Enter", "Tab",  "Shift-Tab", "Esc"};
    const char *prefix = key & K_ALT ? "Alt-" : key & K_CTRL ? "Ctrl-" : "";
    uint32_t base = key & K_CHARACTER_MASK;
    char text[5] = {0};
    if (base >= K_F1 && base <= K_F12)
        snprintf(name, KEY_NAME_BYTES, "%sF%u", prefix, (unsigned)(base - K_F1 + 1));
    else if (base >= K_UP && base < K_F1)
        snprintf(name, KEY_NAME_BYTES, "%s%s", prefix, names[base - K_UP]);
    else if (base == ' ')
        snprintf(name, KEY_NAME_BYTES, "%sSpace", prefix);
    else {
        text[utf8_put(base, text)] = 0;
        if (key & K_CTRL)
            text[0] = (char)toupper((unsigned char)text[0]);
        snprintf(name, KEY_NAME_BYTES, "%s%s", prefix, text);
    }
}

bool keys_is_text(uint32_t key)
{
    return key >= 0x20 && key < 0x110000 && key != 0x7F && !(key >= 0x80 && key < 0xA0);
}
