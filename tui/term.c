#include "tui/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "tui/keys.h"

enum {
    ESCAPE_DELAY_MS = 25,
    PASTE_PATIENCE_MS = 300, /* a paste whose end mark does not come is taken as ended */
    FIRST_OWN_CODE = 0x1000, /* above all of curses' own */
    CODE_PASTE_BEGIN = FIRST_OWN_CODE - 2,
    CODE_PASTE_END = FIRST_OWN_CODE - 1,
    KEY_OF_PASTE = K_CTRL | K_ALT, /* no key has both */
    LEAVE_BYTES = 256,
    ANSWER_BYTES = 64,
    MAX_GLYPH_PARTS = CCHARW_MAX,
};

#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define ASK_BACKGROUND "\033]11;?\033\\"

struct terminal {
    SCREEN *screen;
    struct surface shown; /* what the terminal holds */
    bool all;             /* the next show sends everything */
    bool readable;        /* poll said so and nothing was read since */
    int signals;          /* read end of the pipe that signals write to */
    char held[4];         /* bytes of a character not yet complete */
    size_t n_held;
    struct str paste;
};

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
    add_leave(PASTE_OFF);
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

static void send(const char *bytes)
{
    ssize_t ignored = write(STDOUT_FILENO, bytes, strlen(bytes));
    (void)ignored;
}

static void set_modes(void)
{
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    intrflush(stdscr, FALSE);
    set_escdelay(ESCAPE_DELAY_MS);
    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    define_key("\033[200~", CODE_PASTE_BEGIN);
    define_key("\033[201~", CODE_PASTE_END);
    for (int i = 0; i < N_EXTRA_KEYS; i++)
        define_key(extra_keys[i].sequence, FIRST_OWN_CODE + i);
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
    set_modes();
    send(PASTE_ON);
    if (term_colors(t) >= 256) /* lesser terminals may not know the question, and show it */
        send(ASK_BACKGROUND);
    t->all = true;
    surface_resize(&t->shown, LINES, COLS);
    return t;
}

void term_close(struct terminal *t)
{
    if (!t)
        return;
    send(PASTE_OFF);
    endwin();
    set_signals(false);
    delscreen(t->screen);
    close_pipe(t);
    surface_done(&t->shown);
    str_done(&t->paste);
    free(t);
}

int term_colors(const struct terminal *t)
{
    (void)t;
    return has_colors() ? COLORS : 0;
}

void term_size(const struct terminal *t, int *rows, int *cols)
{
    (void)t;
    *rows = LINES;
    *cols = COLS;
}

void term_forget(struct terminal *t)
{
    t->all = true;
}

static void take_size(struct terminal *t)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
        resize_term(size.ws_row, size.ws_col);
    term_forget(t);
}

void term_suspend(struct terminal *t)
{
    send(PASTE_OFF);
    endwin();
    set_signals(false);
    kill(0, SIGTSTP); /* the group: whatever started facet stops with it, as on Ctrl-Z */
    set_signals(true);
    reset_prog_mode();
    send(PASTE_ON);
    take_size(t);
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
        send(PASTE_ON);
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
        {KEY_F(1), K_F1},
    };
    if (code >= FIRST_OWN_CODE && code < FIRST_OWN_CODE + N_EXTRA_KEYS)
        return extra_keys[code - FIRST_OWN_CODE].key;
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
    return c >= 1 && c <= 26 ? K_CTRL | (uint32_t)('a' + c - 1) : 0;
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
        int c = getch();
        if (c == ERR)
            return false;
        t->readable = false;
        if (c == CODE_PASTE_BEGIN)
            *key = KEY_OF_PASTE;
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
        int c = getch();
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

/* "11;rgb:RRRR/GGGG/BBBB", one to four digits each; light if the first digits are high. */
static enum background parse_background(const char *text)
{
    static const char intro[] = "11;rgb:";
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

/* The terminal's answer to a question, up to BEL or ESC \. It may come long after the question. */
static struct term_event read_answer(void)
{
    char text[ANSWER_BYTES];
    size_t n = 0;
    for (;;) {
        int c = getch();
        if (c == ERR && more_within(PASTE_PATIENCE_MS))
            continue;
        if (c == 27)
            getch(); /* the backslash */
        if (c == ERR || c == 27 || c == '\007')
            break;
        if (c < 0x80 && n + 1 < sizeof text)
            text[n++] = (char)c;
    }
    text[n] = 0;
    enum background background = parse_background(text);
    return (struct term_event){.kind = background ? TERM_BACKGROUND : TERM_NOTHING,
                               .background = background};
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
    uint32_t second;
    bool more = key == K_ESC && read_key(t, &second);
    if (more && second == ']')
        return read_answer();
    if (more)
        key = second == K_ESC ? K_ESC : K_ALT | second;
    return (struct term_event){.kind = TERM_KEY, .key = key};
}

/* ---- Output --------------------------------------------------------------------------------- */

static attr_t curses_attrs(uint8_t attrs)
{
    attr_t a = A_NORMAL;
    a |= attrs & ATTR_BOLD ? A_BOLD : 0;
    a |= attrs & ATTR_ITALIC ? A_ITALIC : 0;
    a |= attrs & ATTR_UNDERLINE ? A_UNDERLINE : 0;
    a |= attrs & ATTR_REVERSE ? A_REVERSE : 0;
    a |= attrs & ATTR_DIM ? A_DIM : 0;
    return a;
}

static void put_part(int row, int col, wchar_t *part, const struct style *style)
{
    bool plain = (style->fg < 0 && style->bg < 0) || !has_colors();
    int pair = plain ? 0 : alloc_pair(style->fg, style->bg);
    cchar_t cell;
    if (pair < 0)
        pair = 0;
    if (setcchar(&cell, part, curses_attrs(style->attrs), (short)pair, NULL) == OK)
        mvadd_wch(row, col, &cell);
}

/* A glyph may be several curses cells ("क" and "ा"): each begins with one that has a width. */
static void put_cell(int row, int col, const struct cell *cell)
{
    wchar_t part[MAX_GLYPH_PARTS + 1];
    int n = 0, cells = 0;
    size_t len = strlen(cell->text);
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        i += utf8_next(cell->text + i, len - i, &cp, NULL);
        int w = wcwidth((wchar_t)cp);
        if (n && w > 0) {
            part[n] = 0;
            put_part(row, col, part, &cell->style);
            col += cells;
            n = cells = 0;
        }
        if (n < MAX_GLYPH_PARTS)
            part[n++] = (wchar_t)cp;
        cells += w > 0 ? w : 0;
    }
    part[n] = 0;
    if (n)
        put_part(row, col, part, &cell->style);
}

static void begin_anew(struct terminal *t, const struct surface *s)
{
    if (t->shown.rows != s->rows || t->shown.cols != s->cols)
        surface_resize(&t->shown, s->rows, s->cols);
    surface_clear(&t->shown);
    erase();
    clearok(curscr, TRUE);
    t->all = false;
}

void term_show(struct terminal *t, const struct surface *s)
{
    if (t->all || t->shown.rows != s->rows || t->shown.cols != s->cols)
        begin_anew(t, s);
    for (int row = 0; row < s->rows; row++)
        for (int col = 0; col < s->cols; col++) {
            const struct cell *want = surface_at(s, row, col);
            struct cell *have = surface_at(&t->shown, row, col);
            if (cell_equal(want, have))
                continue;
            if (want->cells)
                put_cell(row, col, want);
            *have = *want;
        }
    if (s->cursor_row >= 0)
        move(s->cursor_row, s->cursor_col);
    curs_set(s->cursor_row >= 0);
    refresh();
}
