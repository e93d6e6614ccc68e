#include "tui/term_state.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "tui/keys.h"

enum {
    PASTE_PATIENCE_MS = 300, /* a paste whose end mark does not come is taken as ended */
    FIRST_OWN_CODE = 0x1000, /* above all of curses' own */
    CODE_MOUSE = FIRST_OWN_CODE - 5,
    CODE_FOCUS_OUT = FIRST_OWN_CODE - 4,
    CODE_FOCUS_IN = FIRST_OWN_CODE - 3,
    CODE_PASTE_BEGIN = FIRST_OWN_CODE - 2,
    CODE_PASTE_END = FIRST_OWN_CODE - 1,
    KEY_OF_PASTE = K_CTRL | K_ALT, /* no key has both */
    KEY_OF_MOUSE,
    KEY_OF_FOCUS_OUT,
    KEY_OF_FOCUS_IN,
    WHEEL_ROWS = 3,
    ANSWER_BYTES = 64,
};

/* Sequences that terminfo has no portable name for. */
static const struct {
    const char *sequence;
    uint32_t key;
} extra_keys[] = {
    {"\033[1;3A", K_ALT | K_UP},
    {"\033[1;3B", K_ALT | K_DOWN},
    {"\033[1;3C", K_ALT | K_RIGHT},
    {"\033[1;3D", K_ALT | K_LEFT},
    {"\033[1;5C", K_CTRL | K_RIGHT},
    {"\033[1;5D", K_CTRL | K_LEFT},
    {"\033[1;5H", K_CTRL | K_HOME},
    {"\033[1;5F", K_CTRL | K_END},
    {"\033[H", K_HOME},
    {"\033[A", K_UP},
    {"\033[B", K_DOWN},
    {"\033[C", K_RIGHT},
    {"\033[D", K_LEFT},
    {"\033[F", K_END},
    {"\033[1~", K_HOME},
    {"\033[4~", K_END},
    {"\033OP", K_F1},
    {"\033[11~", K_F1},
    {"\033[13;3u", K_ALT | K_ENTER},
};
enum { N_EXTRA_KEYS = sizeof extra_keys / sizeof extra_keys[0] };

void term_define_keys(void)
{
    define_key("\033[200~", CODE_PASTE_BEGIN);
    define_key("\033[201~", CODE_PASTE_END);
    define_key("\033[<", CODE_MOUSE);
    define_key("\033[I", CODE_FOCUS_IN);
    define_key("\033[O", CODE_FOCUS_OUT);
    for (int i = 0; i < N_EXTRA_KEYS; i++)
        define_key(extra_keys[i].sequence, FIRST_OWN_CODE + i);
}

void term_wait(struct terminal *t, const int *fds, int n, int timeout_ms)
{
    struct pollfd all[2 + TERM_WAIT_FDS] = {{.fd = t->signals, .events = POLLIN},
                                            {.fd = STDIN_FILENO, .events = POLLIN}};
    for (int i = 0; i < n; i++)
        all[2 + i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    if (poll(all, (nfds_t)(2 + n), timeout_ms) > 0)
        t->readable = all[1].revents != 0;
}

static struct term_event signal_event(struct terminal *t)
{
    char c;
    struct term_event event = {.kind = TERM_NOTHING};
    if (read(t->signals, &c, 1) != 1)
        return event;
    event.kind = c == 'q' ? TERM_QUIT : c == 'z' ? TERM_SUSPEND : TERM_RESIZED;
    if (event.kind == TERM_RESIZED) {
        reset_prog_mode(); /* after SIGCONT the shell may have left other modes */
        term_send_modes(t, true);
        term_take_size(t);
    }
    return event;
}

static uint32_t from_curses(int code)
{
    static const struct {
        int code;
        uint32_t key;
    } map[] = {
        {KEY_UP, K_UP},         {KEY_DOWN, K_DOWN},
        {KEY_LEFT, K_LEFT},     {KEY_RIGHT, K_RIGHT},
        {KEY_HOME, K_HOME},     {KEY_END, K_END},
        {KEY_PPAGE, K_PAGE_UP}, {KEY_NPAGE, K_PAGE_DOWN},
        {KEY_DC, K_DELETE},     {KEY_BACKSPACE, K_BACKSPACE},
        {KEY_ENTER, K_ENTER},   {KEY_BTAB, K_BACKTAB},
    };
    if (code >= FIRST_OWN_CODE && code < FIRST_OWN_CODE + N_EXTRA_KEYS)
        return extra_keys[code - FIRST_OWN_CODE].key;
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return K_F1 + (uint32_t)(code - KEY_F(1));
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
        if (map[i].code == code)
            return map[i].key;
    return 0;
}

static uint32_t from_control(int c)
{
    switch (c) {
    case 27:
        return K_ESC;
    case '\r':
        return K_ENTER;
    case '\t':
        return K_TAB;
    case 8:
    case 127:
        return K_BACKSPACE;
    }
    return K_CTRL | (uint32_t)(c >= 1 && c <= 26 ? c + 'a' - 1 : c + '@'); /* Ctrl-@, \\, ], ^, _ */
}

/* Adds a byte to the character being read; true when it is complete. */
static bool add_byte(struct terminal *t, int c, uint32_t *cp)
{
    t->held[t->n_held++] = (char)c;
    if (t->n_held < sizeof t->held && utf8_incomplete_tail(t->held, t->n_held) == t->n_held)
        return false;
    utf8_next(t->held, t->n_held, cp, NULL);
    t->n_held = 0;
    return true;
}

/* One key without modifiers by Esc; false if there is none (yet). 0 for one that means nothing. */
static bool read_key(struct terminal *t, uint32_t *key)
{
    for (;;) {
        int c = wgetch(t->keys);
        if (c == ERR)
            return false;
        t->readable = false;
        if (c == CODE_PASTE_BEGIN)
            *key = KEY_OF_PASTE;
        else if (c >= CODE_MOUSE && c <= CODE_FOCUS_IN)
            *key = KEY_OF_MOUSE + (uint32_t)(c - CODE_MOUSE);
        else if (c >= 0x100)
            *key = from_curses(c);
        else if (c < 0x20 || c == 0x7F)
            *key = from_control(c);
        else if (!add_byte(t, c, key))
            continue;
        return true;
    }
}

static bool more_within(int timeout_ms)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&in, 1, timeout_ms) > 0 && (in.revents & POLLIN);
}

static struct term_event read_paste(struct terminal *t)
{
    str_clear(&t->paste);
    for (bool after_return = false;;) {
        int c = wgetch(t->keys);
        if (c == CODE_PASTE_END || (c == ERR && !more_within(PASTE_PATIENCE_MS)))
            break;
        if (c <= 0 || c >= 0x100) /* nothing yet, a NUL, or a key's sequence */
            continue;
        if (c == '\r' || (c == '\n' && !after_return))
            str_putc(&t->paste, '\n');
        else if (c != '\n')
            str_putc(&t->paste, (char)c);
        after_return = c == '\r';
    }
    return (struct term_event){
        .kind = TERM_PASTE, .text = str_text(&t->paste), .n_bytes = t->paste.len};
}

/* "]11;rgb:RRRR/GGGG/BBBB", one to four digits each; light if the first digits are high. */
static enum background parse_background(const char *text)
{
    static const char intro[] = "]11;rgb:";
    unsigned sum = 0;
    if (strncmp(text, intro, sizeof intro - 1) != 0)
        return BACKGROUND_UNKNOWN;
    text += sizeof intro - 1;
    for (int i = 0; i < 3; i++) {
        char digit[2] = {text[0], 0};
        sum += (unsigned)strtoul(digit, NULL, 16);
        text += strcspn(text, "/");
        text += *text == '/';
    }
    return sum >= 3 * 8 ? BACKGROUND_LIGHT : BACKGROUND_DARK;
}

/* ERR if there is none within the time. */
static int byte_within(struct terminal *t, int timeout_ms)
{
    for (;;) {
        int c = wgetch(t->keys);
        if (c != ERR || !more_within(timeout_ms))
            return c;
    }
}

static struct term_event pictures_event(struct terminal *t, enum pictures pictures)
{
    t->pictures = pictures;
    return (struct term_event){.kind = TERM_GRAPHICS};
}

/* The terminal's answer to a question behind ESC ] or ESC P, up to BEL or ESC \. It may come long
 * after the question. */
static struct term_event read_answer(struct terminal *t, char kind, int c)
{
    char text[ANSWER_BYTES] = {kind};
    size_t n = 1;
    for (; c != ERR && c != 27 && c != '\007'; c = byte_within(t, PASTE_PATIENCE_MS))
        if (c < 0x80 && n + 1 < sizeof text)
            text[n++] = (char)c;
    if (c == 27)
        byte_within(t, PASTE_PATIENCE_MS); /* the backslash */
    text[n] = 0;
    enum pictures named = graphics_of_name(text);
    if (!t->pictures_settled && named != PICTURES_OFF)
        return pictures_event(t, named);
    enum background background = parse_background(text);
    return (struct term_event){.kind = background ? TERM_BACKGROUND : TERM_NOTHING,
                               .background = background};
}

/* What is behind ESC [ and no key that is known: an answer, or a key that means nothing here. */
static struct term_event read_sequence(struct terminal *t, int c)
{
    char text[ANSWER_BYTES];
    size_t n = 0;
    int width, height;
    for (; c >= 0x20 && c < 0x40; c = byte_within(t, PASTE_PATIENCE_MS))
        if (n + 1 < sizeof text)
            text[n++] = (char)c;
    text[n] = 0;
    if (c == 'R')
        term_told_position(t, text);
    if (c == 'c')
        term_told_last(t);
    bool sixel = c == 'c' && t->pictures == PICTURES_SYMBOLS && graphics_has_sixel(text) &&
                 term_cell_pixels(&width, &height);
    return sixel && !t->pictures_settled ? pictures_event(t, PICTURES_SIXEL)
                                         : (struct term_event){.kind = TERM_NOTHING};
}

/* "button;column;row" and M for a press, m for its end (xterm's 1006), from 1. */
static struct term_event read_mouse(struct terminal *t)
{
    char text[ANSWER_BYTES];
    size_t n = 0;
    int c;
    for (;;) {
        c = wgetch(t->keys);
        if (c == ERR && more_within(PASTE_PATIENCE_MS))
            continue;
        if (c == ERR || c >= 0x80 || !strchr("0123456789;", c))
            break;
        if (n + 1 < sizeof text)
            text[n++] = (char)c;
    }
    text[n] = 0;
    int button, col, row;
    struct term_event event = {.kind = TERM_NOTHING};
    if (c != 'M' || sscanf(text, "%d;%d;%d", &button, &col, &row) != 3)
        return event;
    bool wheel = button == 64 || button == 65;
    if (button != 0 && !wheel)
        return event;
    event = (struct term_event){.kind = TERM_MOUSE, .row = row - 1, .col = col - 1};
    event.wheel = !wheel ? 0 : button == 64 ? -WHEEL_ROWS : WHEEL_ROWS;
    return event;
}

struct term_event term_next(struct terminal *t)
{
    if (!t->asking && t->next_early < t->n_early)
        return t->early[t->next_early++];
    struct term_event event = signal_event(t);
    if (event.kind != TERM_NOTHING)
        return event;
    uint32_t key;
    if (!read_key(t, &key)) {
        /* Readable, and yet nothing to read: the other end has hung up. */
        event.kind = t->readable && t->n_held == 0 ? TERM_QUIT : TERM_NOTHING;
        return event;
    }
    if (key == KEY_OF_PASTE)
        return read_paste(t);
    if (key == KEY_OF_MOUSE)
        return read_mouse(t);
    if (key == KEY_OF_FOCUS_IN || key == KEY_OF_FOCUS_OUT)
        return (struct term_event){.kind = TERM_FOCUS, .focused = key == KEY_OF_FOCUS_IN};
    uint32_t second;
    bool more = key == K_ESC && read_key(t, &second);
    bool opens = more && (second == ']' || second == 'P' || second == '[');
    int c = opens ? byte_within(t, ESCAPE_DELAY_MS) : ERR; /* none: Alt with that key */
    if (c != ERR)
        return second == '[' ? read_sequence(t, c) : read_answer(t, (char)second, c);
    bool control = more && second & K_CTRL && (second & K_CHARACTER_MASK) < 0x80;
    if (control) { /* two keys, pressed in haste: none has both Alt and Ctrl */
        ungetch((int)(second & 0x1F));
        more = false;
    }
    if (more)
        key = second == K_ESC ? K_ESC : K_ALT | second;
    return (struct term_event){.kind = TERM_KEY, .key = key};
}
