#include "tui/editor.h"

#include <locale.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/editor_commands.h"
#include "tui/keys.h"
#include "tui/steps.h"

enum { MAX_REMEMBERED = 1000, KEY_BYTES = 16, ABORT = 'g' & 0x1F };

/* readline's own, in no header: where a command that gives up goes, and the line that was being
 * written while one of the history is shown. */
extern sigjmp_buf _rl_top_level;
extern HIST_ENTRY *_rl_saved_line_for_history;

/* What readline's functions need, which are handed nothing. */
static struct {
    const char *bytes; /* of the key that is being handed over */
    size_t n_bytes;
    enum editor_wish wish;
    char *accepted;   /* a line that readline thinks complete, until it is put back; owned */
    sigjmp_buf level; /* read_all's */
    FILE *nowhere;
} editor;

/* ---- readline's view of the terminal -------------------------------------------------------- */

/* Where a command asks for more than there is, it is told that nothing will come. */
static int next_byte(FILE *stream)
{
    (void)stream;
    if (editor.n_bytes == 0)
        return RL_ISSTATE(RL_STATE_READCMD) ? ABORT : EOF;
    editor.n_bytes--;
    return (unsigned char)*editor.bytes++;
}

static int has_byte(void)
{
    return editor.n_bytes > 0;
}

/* Called behind each command. readline 8.2 may run several in one call (of a macro, or what ended a
 * search), and what gives up in the second would jump into the call of the first, a function that
 * has returned: it is to jump to read_all, which also makes a call of each key of a macro. */
static void end_command(void)
{
    memcpy(&_rl_top_level, &editor.level, sizeof editor.level);
    RL_UNSETSTATE(RL_STATE_MACROINPUT);
}

static int compose(int count, int key)
{
    (void)count;
    (void)key;
    editor.wish = EDITOR_COMPOSE;
    return 0;
}

static void connect(void)
{
    editor.nowhere = fopen("/dev/null", "r+e");
    rl_instream = rl_outstream = editor.nowhere;
    rl_getc_function = next_byte;
    rl_input_available_hook = has_byte;
    rl_redisplay_function = end_command;
    rl_prep_term_function = NULL;
    rl_deprep_term_function = NULL;
    rl_catch_signals = rl_catch_sigwinch = 0;
    rl_change_environment = 0;
}

/* Settings of an inputrc that are about a terminal, which here is not readline's. */
static void overrule(void)
{
    rl_variable_bind("bell-style", "none");
    rl_variable_bind("blink-matching-paren", "off");  /* it would wait for half a second */
    rl_variable_bind("completion-query-items", "-1"); /* nobody could answer */
    rl_variable_bind("page-completions", "off");
    rl_variable_bind("enable-bracketed-paste", "off"); /* the pane's */
    rl_variable_bind("revert-all-at-newline", "off");  /* needs the lists of part_from_history */
    rl_variable_bind("input-meta", "on");
    rl_variable_bind("output-meta", "on");
    rl_variable_bind("convert-meta", "off");
}

/* Lines of the history keep no undo lists of their own: readline frees lists that these still point
 * to. What is undone is what was done to the line at hand. Nor does the line that was left for them
 * keep a list that the one at hand goes on with. */
static void part_from_history(void)
{
    HIST_ENTRY **entries = history_list();
    for (size_t i = 0; entries && entries[i]; i++)
        entries[i]->data = NULL;
    HIST_ENTRY *saved = _rl_saved_line_for_history;
    for (UNDO_LIST *list = rl_undo_list; saved && list; list = list->next)
        if (list == saved->data)
            saved->data = NULL;
}

static void on_line(char *line);

/* readline sets the locale of the environment, which may not be a UTF-8 one: facet's stays. */
static void begin(void)
{
    char *locale = mem_copy(setlocale(LC_CTYPE, NULL));
    rl_callback_handler_install("", on_line);
    setlocale(LC_CTYPE, locale);
    free(locale);
    overrule();
}

/* A macro may go on behind it; NULL is Ctrl-D in an empty line. */
static void on_line(char *line)
{
    if (editor.accepted)
        free(line);
    else
        editor.accepted = line;
    if (_rl_saved_line_for_history)
        _rl_saved_line_for_history->data = NULL; /* may be freed by now */
    begin();
}

void editor_open(editor_row_fn *row, void *user)
{
    connect();
    rl_readline_name = "facet";
    rl_add_defun("edit-and-execute-command", compose, -1);
    editor_commands_name(row, user);
    begin();
    editor_commands_bind();
    rl_bind_keyseq_if_unbound_in_map("\030\005", compose, emacs_standard_keymap);
    rl_bind_keyseq_if_unbound_in_map("v", compose, vi_movement_keymap);
    using_history();
    stifle_history(MAX_REMEMBERED);
}

void editor_close(void)
{
    editor_clear();
    rl_callback_handler_remove();
    rl_clear_history();
    if (editor.nowhere)
        fclose(editor.nowhere);
    editor.nowhere = NULL;
}

/* ---- Reading -------------------------------------------------------------------------------- */

const char *editor_text(void)
{
    return rl_line_buffer;
}

size_t editor_length(void)
{
    return (size_t)rl_end;
}

size_t editor_cursor(void)
{
    return (size_t)rl_point;
}

const char *editor_message(void)
{
    return rl_display_prompt ? rl_display_prompt : "";
}

static bool is_vi(void)
{
    return rl_editing_mode == 0;
}

bool editor_in_commands(void)
{
    return is_vi() && rl_get_keymap() == vi_movement_keymap;
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static size_t special_bytes(uint32_t key, char bytes[KEY_BYTES])
{
    static const char *const plain[] = {"\033[A", "\033[B",  "\033[D",  "\033[C",  "\033[H",
                                        "\033[F", "\033[5~", "\033[6~", "\033[3~", "\177",
                                        "\r",     "\t",      "\033[Z",  "\033"};
    uint32_t base = key & K_CHARACTER_MASK;
    int modifier = key & K_ALT ? 3 : key & K_CTRL ? 5 : 0;
    if (base > K_ESC)
        return 0;
    const char *sequence = plain[base - K_UP];
    if (!modifier || base == K_BACKTAB)
        return (size_t)snprintf(bytes, KEY_BYTES, "%s", sequence);
    if (sequence[0] != '\033' || !sequence[1]) /* a byte of its own */
        return (size_t)snprintf(bytes, KEY_BYTES, "%s%s", key & K_ALT ? "\033" : "", sequence);
    if (sequence[strlen(sequence) - 1] == '~')
        return (size_t)snprintf(bytes, KEY_BYTES, "\033[%c;%d~", sequence[2], modifier);
    return (size_t)snprintf(bytes, KEY_BYTES, "\033[1;%d%c", modifier, sequence[2]);
}

static bool is_beyond_ascii(uint32_t key)
{
    uint32_t base = key & K_CHARACTER_MASK;
    return base >= 0x80 && base < K_UP;
}

/* What a terminal sends for the key. */
static size_t key_bytes(uint32_t key, char bytes[KEY_BYTES])
{
    uint32_t base = key & K_CHARACTER_MASK;
    size_t n = 0;
    if (base >= K_UP)
        return special_bytes(key, bytes);
    if (key & K_ALT && is_beyond_ascii(key))
        return 0;
    if (key & K_ALT)
        bytes[n++] = '\033';
    if (key & K_CTRL)
        bytes[n++] = (char)(base & 0x1F);
    else
        n += utf8_put(base, bytes + n);
    return n;
}

/* Where a NUL is in the text, or half a character; else its end. */
static size_t find_fragment(void)
{
    size_t n = strlen(rl_line_buffer);
    return n < editor_length() ? n : utf8_valid(rl_line_buffer, n);
}

/* A NUL can be quoted, and a command that takes the first byte of a character alone (an argument of
 * 0, say) leaves the others. */
static void drop_fragments(void)
{
    size_t at;
    uint32_t broken;
    while ((at = find_fragment()) < editor_length()) {
        size_t n = utf8_next(rl_line_buffer + at, editor_length() - at, &broken, NULL);
        size_t cursor = editor_cursor();
        rl_delete_text((int)at, (int)(at + n));
        rl_point = (int)(cursor >= at + n ? cursor - n : cursor > at ? at : cursor);
    }
}

/* A command of readline's own may leave the cursor inside a cluster or a token: on it goes. */
static void settle_cursor(size_t before)
{
    size_t at = editor_cursor(), length = editor_length();
    size_t start = steps_floor(rl_line_buffer, length, at);
    if (start != at)
        rl_point = (int)(at > before ? steps_next(rl_line_buffer, length, start) : start);
}

enum {
    SEARCHING = RL_STATE_ISEARCH | RL_STATE_NSEARCH,
    HALFWAY = RL_STATE_NUMERICARG | RL_STATE_MULTIKEY | RL_STATE_VIMOTION | RL_STATE_CHARSEARCH,
};

/* Of several states at once readline cleans up one alone. */
static void give_up(void)
{
    rl_callback_sigcleanup();
    RL_UNSETSTATE(SEARCHING | HALFWAY);
}

static void begin_anew(void)
{
    give_up();
    part_from_history();
    rl_free_line_state();
    rl_callback_handler_remove();
    begin();
}

/* A line that is complete behind an argument readline would only notice at the next key. */
static void accept_now(void)
{
    if (!editor.accepted)
        editor.accepted = mem_copy(rl_line_buffer);
    begin_anew();
}

static void read_all(void)
{
    (void)sigsetjmp(editor.level, 0);
    while (editor.n_bytes || rl_executing_macro) {
        if (rl_executing_macro)
            RL_SETSTATE(RL_STATE_MACROINPUT);
        rl_callback_read_char();
        part_from_history();
        if (rl_done)
            accept_now();
    }
}

static void feed(const char *bytes, size_t n)
{
    size_t before = editor_cursor();
    editor.bytes = bytes;
    editor.n_bytes = n;
    read_all();
    drop_fragments();
    settle_cursor(before);
}

bool editor_wants(uint32_t key)
{
    if (key == K_ESC)
        return RL_ISSTATE(SEARCHING | HALFWAY) || (is_vi() && !editor_in_commands());
    return RL_ISSTATE(RL_STATE_MULTIKEY);
}

static void drop_argument(void)
{
    RL_UNSETSTATE(RL_STATE_NUMERICARG);
    rl_restore_prompt();
    rl_discard_argument();
}

/* Ends what is under way; a search stays where it is, and one for a character finds nothing. */
void editor_settle(void)
{
    static const char escape = '\033', abort = ABORT;
    if (RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_CHARSEARCH))
        feed(&escape, 1);
    else if (RL_ISSTATE(RL_STATE_NSEARCH))
        feed(&abort, 1);
    else if (RL_ISSTATE(RL_STATE_NUMERICARG))
        drop_argument();
    give_up();
    drop_fragments();
    settle_cursor(editor_cursor());
}

static void take_back(void)
{
    editor.wish = EDITOR_SEND;
    editor_set(editor.accepted);
    free(editor.accepted);
    editor.accepted = NULL;
}

enum editor_wish editor_key(uint32_t key)
{
    char bytes[KEY_BYTES];
    editor.wish = EDITOR_NOTHING;
    if (key == K_ESC && RL_ISSTATE(RL_STATE_NSEARCH | HALFWAY))
        editor_settle();
    else if (RL_ISSTATE(RL_STATE_MULTIKEY) && is_beyond_ascii(key))
        editor_settle(); /* no sequence has it, and half of its bytes would be left */
    else
        feed(bytes, key_bytes(key, bytes));
    if (editor.accepted)
        take_back();
    return editor.wish;
}

/* ---- Changes from outside ------------------------------------------------------------------- */

void editor_clear(void)
{
    editor_settle();
    begin_anew();
}

void editor_insert(const char *text, size_t n)
{
    char *copy = mem_text(text, n);
    editor_settle();
    rl_insert_text(copy);
    settle_cursor(editor_cursor());
    free(copy);
}

void editor_replace(size_t start, size_t end, const char *text)
{
    editor_settle();
    size_t cursor = editor_cursor(), n = strlen(text);
    rl_begin_undo_group();
    rl_delete_text((int)start, (int)end);
    rl_point = (int)start;
    rl_insert_text(text);
    rl_end_undo_group();
    if (cursor >= end)
        cursor = cursor - (end - start) + n;
    else if (cursor > start)
        cursor = start + n;
    editor_move(cursor);
}

void editor_set(const char *text)
{
    editor_settle();
    editor_replace(0, editor_length(), text);
    editor_move(editor_length());
}

void editor_move(size_t cursor)
{
    rl_point = (int)steps_floor(rl_line_buffer, editor_length(), cursor);
}

static HIST_ENTRY *last_line(void)
{
    return history_length ? history_get(history_base + history_length - 1) : NULL;
}

/* Looking for words (yank-last-arg) readline steps two bytes over the NUL of a line that ends in
 * a backslash or "$(": there, more of them follow. */
void editor_remember(const char *text)
{
    enum { MORE = 2 };
    HIST_ENTRY *last = last_line();
    if (last && strcmp(last->line, text) == 0)
        return;
    size_t n = strlen(text) + 1;
    add_history(text);
    last = last_line();
    last->line = mem_grow(last->line, n + MORE, 1);
    memset(last->line + n, 0, MORE);
}
