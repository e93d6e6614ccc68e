#include "tui/term_state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include "base/utf8.h"

enum { CHEAP_CELLS = 5 }; /* sent again rather than skipped */

/* ---- Bytes ---------------------------------------------------------------------------------- */

void term_put_bytes(const char *bytes, size_t n)
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

void term_put_text(const char *bytes)
{
    term_put_bytes(bytes, strlen(bytes));
}

void term_send(struct terminal *t, const char *bytes, size_t n)
{
    (void)t;
    term_put_bytes(bytes, n);
}

/* ---- Cells ---------------------------------------------------------------------------------- */

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

/* ---- Graphics ------------------------------------------------------------------------------- */

bool term_cell_pixels(int *width, int *height)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col &&
                 size.ws_xpixel && size.ws_ypixel;
    *width = known ? size.ws_xpixel / size.ws_col : 0;
    *height = known ? size.ws_ypixel / size.ws_row : 0;
    return *width > 0 && *height > 0;
}

void term_hide_graphic(struct terminal *t)
{
    struct str out = {0};
    if (t->graphic.serial)
        graphics_erase(&out, t->pictures);
    term_put_bytes(out.data, out.len);
    t->graphic.serial = 0;
    str_done(&out);
}

void term_rest(struct terminal *t)
{
    put_style(t, plain);
    term_put_bytes(t->out.data, t->out.len);
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
    term_rest(t);
    erase();
    clearok(curscr, TRUE);
    refresh();
    t->shows_cursor = -1;
    t->all = false;
    term_hide_graphic(t);
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
    term_hide_graphic(t);
}

static void show_graphic(struct terminal *t, const struct surface *s)
{
    const struct graphic *g = &s->graphic;
    struct str out = {0};
    int width, height;
    bool known = term_cell_pixels(&width, &height);
    if (t->graphic.serial || !surface_shows_graphic(s) || (t->pictures == PICTURES_SIXEL && !known))
        return;
    if (!known) { /* kitty scales it to the cells, whatever they are */
        width = 10;
        height = 20;
    }
    str_puts(&out, "\0337");
    graphics_draw(&out, t->pictures, g->image, g->where, width, height);
    str_puts(&out, "\0338");
    term_put_bytes(out.data, out.len);
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
    term_put_bytes(t->out.data, t->out.len);
    str_clear(&t->out);
    show_graphic(t, s);
}
