#include "tui/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "tui/color.h"
#include "tui/keys.h"

enum {
    ESCAPE_DELAY_MS = 25,
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
    LEAVE_BYTES = 256,
    ANSWER_BYTES = 64,
    CHEAP_CELLS = 5, /* sent again rather than skipped */
};

/* Pastes and the window's focus are told apart from keys. */
#define MODES_ON       "\033[?2004h\033[?1004h"
#define MODES_OFF      "\033[?2004l\033[?1004l"
#define MOUSE_ON       "\033[?1000h\033[?1006h"
#define MOUSE_OFF      "\033[?1006l\033[?1000l"
#define ASK_BACKGROUND "\033]11;?\033\\"
#define ASK_NAME "\033[>q"
#define ASK_ATTRIBUTES "\033[c"

struct terminal {
    SCREEN *screen;
    struct surface shown; /* what the terminal holds */
    bool all;             /* the next show sends everything */
    bool readable;        /* poll said so and nothing was read since */
    bool mouse;
    int signals;  /* read end of the pipe that signals write to */
    char held[4]; /* bytes of a character not yet complete */
    size_t n_held;
    struct str paste;
    WINDOW *keys;        /* a pad: reading from it leaves the screen alone */
    struct style ground; /* of cells that have no colours of their own */
    struct style pen;    /* what was last sent is drawn with */
    int at_row, at_col;  /* of the cursor; row -1: somewhere */
    int shows_cursor;    /* -1: who knows */
    bool rgb;            /* knows every colour */
    struct str out;
    enum pictures pictures;
    bool pictures_settled;  /* the terminal's answers change it no more */
    struct graphic graphic; /* what it shows; its image is gone */
};

static const struct style plain = {COLOR_OWN, COLOR_OWN, 0};

/* What signal handlers need, which can be handed nothing. Set by term_open, before they are. */
static struct {
    int pipe;
    struct termios before;
    char leave[LEAVE_BYTES]; /* takes the terminal back to what it was */
    size_t n_leave;
} on_signal;

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

/* ---- Signals -------------------------------------------------------------------------------- */

static void note_signal(int number)
{
    int saved = errno;
    char c = number == SIGWINCH || number == SIGCONT ? 'r' : number == SIGTSTP ? 'z' : 'q';
    ssize_t ignored = write(on_signal.pipe, &c, 1);
    (void)ignored;
    errno = saved;
}

static void crash(int number)
{
    ssize_t ignored = write(STDOUT_FILENO, on_signal.leave, on_signal.n_leave);
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &on_signal.before);
    signal(number, SIG_DFL);
    raise(number);
}

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_flags = flags};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static const int noted[] = {SIGWINCH, SIGCONT, SIGTSTP, SIGTERM, SIGHUP, SIGINT};
static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};

static void set_signals(bool ours)
{
    for (size_t i = 0; i < sizeof noted / sizeof noted[0]; i++)
        handle(noted[i], ours ? note_signal : SIG_DFL, ours ? SA_RESTART : 0);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        handle(fatal[i], ours ? crash : SIG_DFL, ours ? SA_ONSTACK | SA_NODEFER : 0);
}

static void add_leave(const char *text)
{
    size_t n = text && text != (char *)-1 ? strlen(text) : 0;
    if (on_signal.n_leave + n > LEAVE_BYTES)
        return;
    if (n)
        memcpy(on_signal.leave + on_signal.n_leave, text, n);
    on_signal.n_leave += n;
}

static void prepare_leave(void)
{
    on_signal.n_leave = 0;
    add_leave(MOUSE_OFF MODES_OFF);
    add_leave(tigetstr("rmkx"));
    add_leave(tigetstr("cnorm"));
    add_leave(tigetstr("sgr0"));
    add_leave(tigetstr("rmcup"));
}

/* A stack overflow needs another stack for its handler. */
static void prepare_crash_stack(void)
{
    static char stack[16384];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
}

static bool make_pipe(struct terminal *t, struct err *err)
{
    int fds[2];
    if (pipe(fds) != 0)
        return err_set(err, "cannot make a pipe: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    }
    t->signals = fds[0];
    on_signal.pipe = fds[1];
    return true;
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static void set_locale(void)
{
    setlocale(LC_ALL, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    setlocale(LC_NUMERIC, "C"); /* numbers in files and options have a point */
}

static void send_all(const char *bytes, size_t n)
{
    while (n) {
        ssize_t sent = write(STDOUT_FILENO, bytes, n);
        if (sent < 0 && errno == EAGAIN) /* somebody may have made it non-blocking */
            poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
        else if (sent < 0 && errno != EINTR)
            return;
        bytes += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
}

static void send(const char *bytes)
{
    send_all(bytes, strlen(bytes));
}

/* Lesser terminals may not know the questions, and show them. */
static void ask_terminal(struct terminal *t)
{
    t->pictures = graphics_guess(&t->pictures_settled);
    if (term_colors(t) < 256)
        return;
    send(ASK_BACKGROUND);
    if (!t->pictures_settled)
        send(ASK_NAME ASK_ATTRIBUTES);
}

/* What curses does not know of, and the shell is not to be left with. */
static void send_modes(const struct terminal *t, bool on)
{
    if (t->mouse || !on)
        send(on ? MOUSE_ON : MOUSE_OFF);
    send(on ? MODES_ON : MODES_OFF);
}

void term_set_mouse(struct terminal *t, bool on)
{
    t->mouse = on;
    send(on ? MOUSE_ON : MOUSE_OFF);
}

static void set_modes(struct terminal *t)
{
    t->keys = newpad(1, 1);
    raw();
    noecho();
    nonl();
    keypad(t->keys, TRUE);
    nodelay(t->keys, TRUE);
    intrflush(t->keys, FALSE);
    set_escdelay(ESCAPE_DELAY_MS);
    if (has_colors()) {
        start_color(); /* sets COLORS */
        use_default_colors();
    }
    define_key("\033[200~", CODE_PASTE_BEGIN);
    define_key("\033[201~", CODE_PASTE_END);
    define_key("\033[<", CODE_MOUSE);
    define_key("\033[I", CODE_FOCUS_IN);
    define_key("\033[O", CODE_FOCUS_OUT);
    for (int i = 0; i < N_EXTRA_KEYS; i++)
        define_key(extra_keys[i].sequence, FIRST_OWN_CODE + i);
}

/* By the environment's word, or terminfo's. */
static bool knows_rgb(void)
{
    const char *says = getenv("COLORTERM");
    if (says && (strcmp(says, "truecolor") == 0 || strcmp(says, "24bit") == 0))
        return true;
    const char *text = tigetstr("RGB");
    return tigetflag("RGB") > 0 || tigetnum("RGB") > 0 || (text && text != (char *)-1) ||
           tigetflag("Tc") > 0;
}

static void close_pipe(struct terminal *t)
{
    close(t->signals);
    close(on_signal.pipe);
}

struct terminal *term_open(struct err *err)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        err_set(err, "the full screen needs a terminal for input and output");
        return NULL;
    }
    set_locale();
    struct terminal *t = mem_new(1, sizeof *t);
    tcgetattr(STDIN_FILENO, &on_signal.before);
    if (!make_pipe(t, err)) {
        free(t);
        return NULL;
    }
    t->screen = newterm(NULL, stdout, stdin);
    if (!t->screen) {
        const char *name = getenv("TERM");
        err_set(err, "TERM=%s: no such terminal is known here", name ? name : "");
        close_pipe(t);
        free(t);
        return NULL;
    }
    prepare_leave();
    prepare_crash_stack();
    set_signals(true); /* after newterm, which sets its own */
    set_modes(t);
    t->rgb = has_colors() && COLORS >= 8 && knows_rgb();
    t->ground = t->pen = plain;
    send_modes(t, true);
    ask_terminal(t);
    t->all = true;
    surface_resize(&t->shown, LINES, COLS);
    return t;
}

static void rest(struct terminal *t);
static void hide_graphic(struct terminal *t)
{
    if (t->graphic.serial)
        send(graphics_erase(t->pictures));
    t->graphic.serial = 0;
}

void term_close(struct terminal *t)
{
    if (!t)
        return;
    rest(t);
    hide_graphic(t);
    send_modes(t, false);
    delwin(t->keys);
    endwin();
    set_signals(false);
    delscreen(t->screen);
    close_pipe(t);
    surface_done(&t->shown);
    str_done(&t->paste);
    str_done(&t->out);
    free(t);
}

enum pictures term_pictures(const struct terminal *t)
{
    return t->pictures;
}

int term_colors(const struct terminal *t)
{
    return t->rgb ? COLOR_RGB_FLAG : has_colors() ? COLORS : 0;
}

void term_size(const struct terminal *t, int *rows, int *cols)
{
    (void)t;
    *rows = LINES;
    *cols = COLS;
}

/* Of the text only what can neither end the sequence nor begin another one. */
void term_notify(struct terminal *t, const char *text)
{
    struct str out = {0};
    (void)t;
    str_putc(&out, '\007');
    if (text) {
        str_puts(&out, "\033]9;");
        for (size_t i = 0, n = strlen(text); i < n;) {
            struct glyph glyph;
            i += glyph_next(text + i, n - i, &glyph);
            str_puts(&out, glyph.text);
        }
        str_puts(&out, "\033\\");
    }
    send(str_text(&out));
    str_done(&out);
}

void term_forget(struct terminal *t)
{
    t->all = true;
}

void term_set_ground(struct terminal *t, struct style ground)
{
    if (!style_equal(ground, t->ground))
        term_forget(t);
    t->ground = ground;
}

static void take_size(struct terminal *t)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
        resize_term(size.ws_row, size.ws_col);
    term_forget(t);
}

void term_leave(struct terminal *t)
{
    rest(t);
    hide_graphic(t);
    send_modes(t, false);
    endwin();
    set_signals(false);
}

void term_return(struct terminal *t)
{
    set_signals(true);
    reset_prog_mode();
    send_modes(t, true);
    take_size(t);
}

void term_suspend(struct terminal *t)
{
    term_leave(t);
    kill(0, SIGTSTP); /* the group: whatever started facet stops with it, as on Ctrl-Z */
    term_return(t);
}

void term_send(struct terminal *t, const char *bytes, size_t n)
{
    (void)t;
    while (n > 0) {
        ssize_t sent = write(STDOUT_FILENO, bytes, n);
        if (sent <= 0 && errno != EINTR)
            return;
        bytes += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
}

/* ---- Input ---------------------------------------------------------------------------------- */

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
        send_modes(t, true);
        take_size(t);
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
    if (!t->pictures_settled && graphics_knows_kitty(text))
        return pictures_event(t, PICTURES_KITTY);
    enum background background = parse_background(text);
    return (struct term_event){.kind = background ? TERM_BACKGROUND : TERM_NOTHING,
                               .background = background};
}

/* Pixels of a cell; false if the terminal does not tell. */
static bool cell_pixels(int *width, int *height)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col &&
                 size.ws_xpixel && size.ws_ypixel;
    *width = known ? size.ws_xpixel / size.ws_col : 0;
    *height = known ? size.ws_ypixel / size.ws_row : 0;
    return *width > 0 && *height > 0;
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
    bool sixel = c == 'c' && t->pictures == PICTURES_SYMBOLS && graphics_has_sixel(text) &&
                 cell_pixels(&width, &height);
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

/* ---- Output --------------------------------------------------------------------------------- */

/* Cells are sent by terminfo's own strings and not by way of curses' windows: those want a number
 * for each pair of colours, and a picture has more pairs than there are numbers. */

/* Without the pauses ("$<5>") that terminals of old needed. */
static void put_cap(struct terminal *t, const char *cap)
{
    for (const char *pause; cap && (pause = strstr(cap, "$<"));) {
        str_put(&t->out, cap, (size_t)(pause - cap));
        cap = strchr(pause, '>');
        cap += cap != NULL;
    }
    str_puts(&t->out, cap ? cap : "");
}

static void put_color(struct terminal *t, int32_t color, bool back)
{
    const char *cap = back ? set_a_background : set_a_foreground;
    if (color == COLOR_OWN || term_colors(t) < 8)
        return;
    uint32_t rgb = color_rgb(color);
    if (t->rgb && color_is_rgb(color))
        str_printf(&t->out, "\033[%d;2;%u;%u;%um", back ? 48 : 38, rgb >> 16, rgb >> 8 & 0xFF,
                   rgb & 0xFF);
    else if (COLORS > 256) /* the parameter would be taken for an RGB colour */
        str_printf(&t->out, "\033[%d;5;%dm", back ? 48 : 38, (int)color_nearest(color, 256));
    else if (cap)
        put_cap(t, tparm(cap, (long)color_nearest(color, COLORS)));
}

/* Whether something that is on can only be got rid of by beginning anew. */
static bool must_reset(struct style pen, struct style style)
{
    return (pen.attrs & ~style.attrs) || (pen.fg != COLOR_OWN && style.fg == COLOR_OWN) ||
           (pen.bg != COLOR_OWN && style.bg == COLOR_OWN);
}

static void put_style(struct terminal *t, struct style style)
{
    const struct {
        uint8_t attr;
        const char *cap;
    } caps[] = {{ATTR_BOLD, enter_bold_mode},
                {ATTR_DIM, enter_dim_mode},
                {ATTR_ITALIC, enter_italics_mode},
                {ATTR_UNDERLINE, enter_underline_mode},
                {ATTR_REVERSE, enter_reverse_mode}};
    if (must_reset(t->pen, style)) {
        put_cap(t, exit_attribute_mode);
        t->pen = plain;
    }
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
        if (style.attrs & ~t->pen.attrs & caps[i].attr)
            put_cap(t, caps[i].cap);
    if (style.fg != t->pen.fg)
        put_color(t, style.fg, false);
    if (style.bg != t->pen.bg)
        put_color(t, style.bg, true);
    t->pen = style;
}

static struct style on_ground(const struct terminal *t, struct style style)
{
    if (style.fg == COLOR_OWN)
        style.fg = t->ground.fg;
    if (style.bg == COLOR_OWN)
        style.bg = t->ground.bg;
    return style;
}

/* What stands between here and there is sent again where that is shorter than saying where to go.
 */
static bool can_repeat(const struct terminal *t, int row, int col)
{
    if (t->at_row != row || col < t->at_col || col - t->at_col > CHEAP_CELLS)
        return false;
    for (int c = t->at_col; c < col; c++) {
        const struct cell *cell = surface_at(&t->shown, row, c);
        if (!cell->text[0] || cell->text[1] || !style_equal(on_ground(t, cell->style), t->pen))
            return false;
    }
    return true;
}

static void put_move(struct terminal *t, int row, int col)
{
    bool next_row = t->at_row >= 0 && t->at_row + 1 == row;
    if (can_repeat(t, row, col))
        for (int c = t->at_col; c < col; c++)
            str_putc(&t->out, surface_at(&t->shown, row, c)->text[0]);
    else if (next_row && col == 0)
        str_puts(&t->out, "\r\n");
    else if (next_row && col <= t->at_col && t->at_col - col <= CHEAP_CELLS)
        str_printf(&t->out, "\n%.*s", t->at_col - col, "\b\b\b\b\b");
    else
        put_cap(t, tparm(cursor_address, (long)row, (long)col));
    t->at_row = row;
    t->at_col = col;
}

/* Terminals do not agree on the width of what is more than one character, nor on what happens
 * behind the last column: there the cursor is told where to go on. */
static void put_cell(struct terminal *t, int row, int col, const struct cell *cell)
{
    size_t n = strlen(cell->text);
    uint32_t cp;
    bool last = col + cell->cells >= t->shown.cols;
    if (last && row + 1 == t->shown.rows && auto_right_margin && !eat_newline_glitch)
        return; /* would scroll */
    put_move(t, row, col);
    put_style(t, on_ground(t, cell->style));
    str_put(&t->out, cell->text, n);
    t->at_row = last || utf8_next(cell->text, n, &cp, NULL) < n ? -1 : row;
    t->at_col = col + cell->cells;
}

static bool is_blank(const struct cell *cell)
{
    return strcmp(cell->text, " ") == 0 && style_equal(cell->style, plain);
}

/* Clears the row from there on in one go, if it is to be blank on the terminal's own ground. */
static bool put_blank_end(struct terminal *t, const struct surface *s, int row, int col)
{
    int differ = 0;
    if (t->ground.bg != COLOR_OWN || !clr_eol)
        return false;
    for (int c = col; c < s->cols; c++) {
        if (!is_blank(surface_at(s, row, c)))
            return false;
        differ += !is_blank(surface_at(&t->shown, row, c));
    }
    if (differ <= CHEAP_CELLS)
        return false;
    put_move(t, row, col);
    put_style(t, plain);
    put_cap(t, clr_eol);
    return true;
}

/* As the rest of the world wants it; what was put is sent. */
static void rest(struct terminal *t)
{
    put_style(t, plain);
    send_all(t->out.data, t->out.len);
    str_clear(&t->out);
}

/* Leaves the terminal blank, on its own ground. */
static void begin_anew(struct terminal *t, const struct surface *s)
{
    if (t->shown.rows != s->rows || t->shown.cols != s->cols)
        surface_resize(&t->shown, s->rows, s->cols);
    surface_clear(&t->shown);
    for (int i = 0; i < s->rows * s->cols && t->ground.bg != COLOR_OWN; i++)
        t->shown.cells[i].text[0] = 0; /* equal to nothing that is drawn */
    rest(t);
    erase();
    clearok(curscr, TRUE);
    refresh();
    t->shows_cursor = -1;
    t->all = false;
    hide_graphic(t);
}

static bool same_graphic(const struct graphic *a, const struct graphic *b)
{
    return a->serial == b->serial && a->where.row == b->where.row && a->where.col == b->where.col &&
           a->where.rows == b->where.rows && a->where.cols == b->where.cols;
}

/* What is no longer to be seen goes before the cells are sent, which cover sixels. */
static void drop_graphic(struct terminal *t, const struct surface *s)
{
    if (t->graphic.serial == 0 || (surface_shows_graphic(s) && same_graphic(&t->graphic, &s->graphic)))
        return;
    struct rect r = t->graphic.where;
    for (int row = r.row; row < r.row + r.rows && row < t->shown.rows; row++)
        for (int col = r.col; col < r.col + r.cols && col < t->shown.cols; col++)
            surface_at(&t->shown, row, col)->text[0] = 0; /* equal to nothing that is drawn */
    hide_graphic(t);
}

static void show_graphic(struct terminal *t, const struct surface *s)
{
    const struct graphic *g = &s->graphic;
    struct str out = {0};
    int width, height;
    bool known = cell_pixels(&width, &height);
    if (t->graphic.serial || !surface_shows_graphic(s) || (t->pictures == PICTURES_SIXEL && !known))
        return;
    if (!known) { /* kitty scales it to the cells, whatever they are */
        width = 10;
        height = 20;
    }
    str_printf(&out, "\0337\033[%d;%dH", g->where.row + 1, g->where.col + 1);
    graphics_draw(&out, t->pictures, g->image, g->where.cols, g->where.rows, width, height);
    str_puts(&out, "\0338");
    send_all(out.data, out.len);
    str_done(&out);
    t->graphic = *g;
}

static void put_row(struct terminal *t, const struct surface *s, int row)
{
    for (int col = 0; col < s->cols; col++) {
        const struct cell *want = surface_at(s, row, col);
        struct cell *have = surface_at(&t->shown, row, col);
        if (cell_equal(want, have))
            continue;
        bool ended = is_blank(want) && put_blank_end(t, s, row, col);
        if (want->cells && !ended)
            put_cell(t, row, col, want);
        for (int c = col; c < (ended ? s->cols : col + 1); c++)
            *surface_at(&t->shown, row, c) = *surface_at(s, row, c);
    }
}

static void put_cursor(struct terminal *t, const struct surface *s)
{
    bool shows = s->cursor_row >= 0;
    if (shows && (t->at_row != s->cursor_row || t->at_col != s->cursor_col))
        put_move(t, s->cursor_row, s->cursor_col);
    if (t->shows_cursor != shows)
        put_cap(t, shows ? cursor_normal : cursor_invisible);
    t->shows_cursor = shows;
}

void term_show(struct terminal *t, const struct surface *s)
{
    if (t->all || t->shown.rows != s->rows || t->shown.cols != s->cols)
        begin_anew(t, s);
    drop_graphic(t, s);
    t->at_row = -1; /* what else was sent meanwhile may have moved it */
    for (int row = 0; row < s->rows; row++)
        put_row(t, s, row);
    put_cursor(t, s);
    send_all(t->out.data, t->out.len);
    str_clear(&t->out);
    show_graphic(t, s);
}
