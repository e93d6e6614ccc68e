#include "tui/term_state.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"

enum { LEAVE_BYTES = 256 };

/* Pastes and the window's focus are told apart from keys. */
#define MODES_ON       "\033[?2004h\033[?1004h"
#define MODES_OFF      "\033[?2004l\033[?1004l"
#define MOUSE_ON       "\033[?1000h\033[?1006h"
#define MOUSE_OFF      "\033[?1006l\033[?1000l"

/* What signal handlers need, which can be handed nothing. Set by term_open, before they are. */
static struct {
    int pipe;
    struct termios before;
    char leave[LEAVE_BYTES]; /* takes the terminal back to what it was */
    size_t n_leave;
} on_signal;

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

void term_send_modes(const struct terminal *t, bool on)
{
    if (t->mouse || !on)
        term_put_text(on ? MOUSE_ON : MOUSE_OFF);
    term_put_text(on ? MODES_ON : MODES_OFF);
}

void term_set_mouse(struct terminal *t, bool on)
{
    t->mouse = on;
    term_put_text(on ? MOUSE_ON : MOUSE_OFF);
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
    term_define_keys();
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
    term_send_modes(t, true);
    t->all = true;
    surface_resize(&t->shown, LINES, COLS);
    t->pictures = graphics_guess(&t->pictures_settled);
    term_ask(t);
    return t;
}

void term_close(struct terminal *t)
{
    if (!t)
        return;
    term_rest(t);
    term_hide_graphic(t);
    term_send_modes(t, false);
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
    term_put_text(str_text(&out));
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

void term_take_size(struct terminal *t)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
        resize_term(size.ws_row, size.ws_col);
    term_forget(t);
}

void term_leave(struct terminal *t)
{
    term_rest(t);
    term_hide_graphic(t);
    term_send_modes(t, false);
    endwin();
    set_signals(false);
}

void term_return(struct terminal *t)
{
    set_signals(true);
    reset_prog_mode();
    term_send_modes(t, true);
    term_take_size(t);
}

void term_suspend(struct terminal *t)
{
    term_leave(t);
    kill(0, SIGTSTP); /* the group: whatever started facet stops with it, as on Ctrl-Z */
    term_return(t);
}
