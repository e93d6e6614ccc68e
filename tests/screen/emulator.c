#include "tests/screen/emulator.h"

#include <nettle/base64.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "tui/color.h"

/* Patience is for machines that have more to do: what comes at all comes at once. */
enum { PATIENCE_MS = 60000, STEP_MS = 10, MAX_SETTLE_STEPS = 10 };

struct emulator {
    pid_t pid;
    int fd;
    int rows, cols;
    VTerm *vterm;
    VTermScreen *screen;
    bool alternate;
    bool escape, in_graphics; /* the last byte was ESC; within ESC _ */
    int accidents, clears;
    size_t bytes;
    struct str row, written, copied; /* written: all that the program wrote */
    char cell[32];
    const int *lies; /* columns, borrowed */
    int n_lies;
    bool holds_answers;
    bool ended;
    int status;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
    struct emulator *e = user;
    if (property == VTERM_PROP_ALTSCREEN)
        e->alternate = value->boolean;
    if (property == VTERM_PROP_TITLE || property == VTERM_PROP_ICONNAME)
        e->accidents++;
    return 1;
}

static int on_bell(void *user)
{
    ((struct emulator *)user)->accidents++;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property, .bell = on_bell};

struct emulator *emulator_start(int rows, int cols, int (*program)(void *user), void *user)
{
    struct emulator *e = mem_new(1, sizeof *e);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    e->pid = forkpty(&e->fd, NULL, NULL, &size);
    if (e->pid == 0) {
        free(e); /* so that a leak checker sees the program's leaks alone */
        exit(program(user));
    }
    e->rows = rows;
    e->cols = cols;
    e->vterm = vterm_new(rows, cols);
    vterm_set_utf8(e->vterm, 1);
    e->screen = vterm_obtain_screen(e->vterm);
    vterm_screen_enable_altscreen(e->screen, 1);
    vterm_screen_set_callbacks(e->screen, &callbacks, e);
    vterm_screen_reset(e->screen, 1);
    return e;
}

void emulator_stop(struct emulator *e)
{
    if (!e->ended) {
        kill(e->pid, SIGKILL);
        waitpid(e->pid, NULL, 0);
    }
    close(e->fd);
    vterm_free(e->vterm);
    str_done(&e->row);
    str_done(&e->written);
    str_done(&e->copied);
    free(e);
}

void emulator_send(struct emulator *e, const char *keys)
{
    size_t n = strlen(keys);
    while (n) {
        ssize_t sent = write(e->fd, keys, n);
        if (sent <= 0)
            return;
        keys += sent;
        n -= (size_t)sent;
    }
}

void emulator_resize(struct emulator *e, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    e->rows = rows;
    e->cols = cols;
    vterm_set_size(e->vterm, rows, cols);
    ioctl(e->fd, TIOCSWINSZ, &size);
}

void emulator_cell_size(struct emulator *e, int width, int height)
{
    struct winsize size = {.ws_row = (unsigned short)e->rows,
                           .ws_col = (unsigned short)e->cols,
                           .ws_xpixel = (unsigned short)(e->cols * width),
                           .ws_ypixel = (unsigned short)(e->rows * height)};
    ioctl(e->fd, TIOCSWINSZ, &size);
}

void emulator_signal(struct emulator *e, int number)
{
    kill(e->pid, number);
}

static void count_clears(struct emulator *e, const char *bytes, size_t n)
{
    for (size_t i = 0; i + 3 < n; i++)
        if (memcmp(bytes + i, "\033[2J", 4) == 0 ||
            (n - i >= 6 && memcmp(bytes + i, "\033[H\033[J", 6) == 0))
            e->clears++;
}

/* To the emulator but for ESC _ … ESC \, which it does not know. An ESC waits for what follows it. */
static void show_bytes(struct emulator *e, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool escaped = e->escape;
        e->escape = bytes[i] == 27;
        if (e->in_graphics) {
            e->in_graphics = !(escaped && bytes[i] == '\\');
        } else if (escaped && bytes[i] == '_') {
            e->in_graphics = true;
        } else {
            if (escaped)
                vterm_input_write(e->vterm, "\033", 1);
            if (!e->escape)
                vterm_input_write(e->vterm, bytes + i, 1);
        }
    }
}

void emulator_lie(struct emulator *e, const int *cols, int n)
{
    e->lies = cols;
    e->n_lies = n;
}

static bool answer(struct emulator *e, const char *bytes, size_t n)
{
    struct str out = {0};
    str_put(&out, bytes, n);
    int row, col, end = 0;
    for (const char *at = str_text(&out); e->n_lies && *at; at++) {
        if (sscanf(at, "\033[%d;%d%n", &row, &col, &end) != 2 || at[end] != 'R')
            continue;
        struct str lie = {0};
        size_t before = (size_t)(at - out.data);
        str_put(&lie, out.data, before);
        str_printf(&lie, "\033[%d;%d", row, *e->lies++);
        e->n_lies--;
        size_t behind = lie.len;
        str_puts(&lie, at + end);
        str_done(&out);
        out = lie;
        at = out.data + behind;
    }
    bool ok = write(e->fd, str_text(&out), out.len) > 0;
    str_done(&out);
    return ok;
}

static bool answer_all(struct emulator *e)
{
    char bytes[4096];
    size_t n = vterm_output_read(e->vterm, bytes, sizeof bytes);
    return n == 0 || answer(e, bytes, n);
}

void emulator_hold_answers(struct emulator *e, bool hold)
{
    e->holds_answers = hold;
    if (!hold)
        answer_all(e);
}

/* Reads what is there within the time; false at its end. */
static bool take(struct emulator *e, int ms)
{
    char bytes[4096];
    struct pollfd in = {.fd = e->fd, .events = POLLIN};
    if (poll(&in, 1, ms) <= 0)
        return true;
    ssize_t n = read(e->fd, bytes, sizeof bytes);
    if (n <= 0)
        return false;
    e->bytes += (size_t)n;
    str_put(&e->written, bytes, (size_t)n);
    count_clears(e, bytes, (size_t)n);
    show_bytes(e, bytes, (size_t)n);
    return e->holds_answers || answer_all(e);
}

void emulator_run(struct emulator *e, int ms)
{
    double end = now_ms() + ms;
    for (double left; (left = end - now_ms()) > 0;)
        if (!take(e, left < STEP_MS ? (int)left + 1 : STEP_MS))
            return;
}

/* What is being written when the text was found belongs to the same picture. */
static void settle(struct emulator *e)
{
    struct pollfd in = {.fd = e->fd, .events = POLLIN};
    for (int i = 0; i < MAX_SETTLE_STEPS && poll(&in, 1, STEP_MS) > 0; i++)
        if (!take(e, 0))
            return;
}

/* Waits until any of the texts, the second of which may be NULL, is there, or none is. */
static bool wait_for(struct emulator *e, const char *text, const char *other, bool present)
{
    int row, col;
    double end = now_ms() + PATIENCE_MS;
    bool open = true;
    while ((emulator_find(e, text, &row, &col) ||
            (other && emulator_find(e, other, &row, &col))) != present) {
        if (!open || now_ms() > end)
            return false;
        open = take(e, STEP_MS);
    }
    settle(e);
    return true;
}

bool emulator_shows(struct emulator *e, const char *text)
{
    return wait_for(e, text, NULL, true);
}

bool emulator_shows_either(struct emulator *e, const char *text, const char *other)
{
    return wait_for(e, text, other, true);
}

bool emulator_hides(struct emulator *e, const char *text)
{
    return wait_for(e, text, NULL, false);
}

double emulator_latency(struct emulator *e, const char *keys, const char *text)
{
    int row, col;
    double start = now_ms();
    emulator_send(e, keys);
    while (!emulator_find(e, text, &row, &col))
        if (!take(e, STEP_MS) || now_ms() - start > PATIENCE_MS)
            return -1;
    return now_ms() - start;
}

size_t emulator_resident_bytes(const struct emulator *e)
{
    char path[64];
    size_t total, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)e->pid);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%zu %zu", &total, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

int emulator_wait(struct emulator *e)
{
    double end = now_ms() + PATIENCE_MS;
    int status;
    while (!e->ended && now_ms() < end) {
        take(e, STEP_MS);
        if (waitpid(e->pid, &status, WNOHANG) == e->pid) {
            e->ended = true;
            e->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
    emulator_run(e, STEP_MS);
    return e->ended ? e->status : -1;
}

static VTermScreenCell cell_at(struct emulator *e, int row, int col)
{
    VTermScreenCell cell;
    memset(&cell, 0, sizeof cell);
    vterm_screen_get_cell(e->screen, (VTermPos){.row = row, .col = col}, &cell);
    return cell;
}

const char *emulator_cell(struct emulator *e, int row, int col, int *width)
{
    VTermScreenCell cell = cell_at(e, row, col);
    size_t n = 0;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] && n + 5 < sizeof e->cell; i++)
        n += utf8_put(cell.chars[i], e->cell + n);
    e->cell[n] = 0;
    if (width)
        *width = cell.width;
    return e->cell;
}

const char *emulator_row(struct emulator *e, int row)
{
    str_clear(&e->row);
    for (int col = 0; col < e->cols;) {
        int width;
        const char *text = emulator_cell(e, row, col, &width);
        str_puts(&e->row, *text ? text : " ");
        col += width > 0 ? width : 1;
    }
    while (e->row.len && e->row.data[e->row.len - 1] == ' ')
        e->row.data[--e->row.len] = 0;
    return str_text(&e->row);
}

bool emulator_find(struct emulator *e, const char *text, int *row, int *col)
{
    for (int r = 0; r < e->rows; r++) {
        const char *line = emulator_row(e, r), *at = strstr(line, text);
        if (!at)
            continue;
        *row = r;
        *col = (int)utf8_cells(line, (size_t)(at - line));
        return true;
    }
    return false;
}

bool emulator_is_bold(struct emulator *e, int row, int col)
{
    return cell_at(e, row, col).attrs.bold;
}

bool emulator_has_color(struct emulator *e, int row, int col)
{
    VTermScreenCell cell = cell_at(e, row, col);
    return !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) || !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg);
}

static int32_t color_of(const VTermColor *color, bool own)
{
    if (own)
        return COLOR_OWN;
    if (VTERM_COLOR_IS_INDEXED(color))
        return color->indexed.idx;
    return COLOR_RGB(color->rgb.red << 16 | color->rgb.green << 8 | color->rgb.blue);
}

struct style emulator_style(struct emulator *e, int row, int col)
{
    VTermScreenCell cell = cell_at(e, row, col);
    struct style style = {color_of(&cell.fg, VTERM_COLOR_IS_DEFAULT_FG(&cell.fg)),
                          color_of(&cell.bg, VTERM_COLOR_IS_DEFAULT_BG(&cell.bg)), 0};
    style.attrs |= cell.attrs.bold ? ATTR_BOLD : 0;
    style.attrs |= cell.attrs.italic ? ATTR_ITALIC : 0;
    style.attrs |= cell.attrs.underline ? ATTR_UNDERLINE : 0;
    style.attrs |= cell.attrs.reverse ? ATTR_REVERSE : 0;
    return style;
}

void emulator_cursor(struct emulator *e, int *row, int *col)
{
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(e->vterm), &at);
    *row = at.row;
    *col = at.col;
}

bool emulator_on_alternate_screen(const struct emulator *e)
{
    return e->alternate;
}

int emulator_accidents(const struct emulator *e)
{
    return e->accidents;
}

int emulator_clears(const struct emulator *e)
{
    return e->clears;
}

int emulator_has_written(const struct emulator *e, const char *bytes)
{
    int count = 0;
    size_t n = strlen(bytes);
    const char *at = e->written.data, *stop = at + e->written.len;
    while (at && (at = memmem(at, (size_t)(stop - at), bytes, n))) {
        count++;
        at += n;
    }
    return count;
}

int emulator_wrote(struct emulator *e, const char *bytes)
{
    int count;
    double end = now_ms() + PATIENCE_MS;
    while ((count = emulator_has_written(e, bytes)) == 0 && now_ms() < end)
        if (!take(e, STEP_MS))
            break;
    return count;
}

size_t emulator_bytes(const struct emulator *e)
{
    return e->bytes;
}

const char *emulator_copied(struct emulator *e)
{
    static const char intro[] = "\033]52;c;";
    struct base64_decode_ctx decode;
    const char *at = NULL, *next = str_text(&e->written), *end = next + e->written.len;
    while ((next = memmem(next, (size_t)(end - next), intro, sizeof intro - 1)))
        at = next += sizeof intro - 1;
    size_t n = at ? strcspn(at, "\007") : 0;
    uint8_t *bytes = mem_new(BASE64_DECODE_LENGTH(n) + 1, 1);
    base64_decode_init(&decode);
    str_clear(&e->copied);
    if (base64_decode_update(&decode, &n, bytes, n, at ? at : ""))
        str_put(&e->copied, (const char *)bytes, n);
    free(bytes);
    return str_text(&e->copied);
}

void emulator_dump(struct emulator *e)
{
    for (int r = 0; r < e->rows; r++)
        fprintf(stderr, "    |%s\n", emulator_row(e, r));
}
