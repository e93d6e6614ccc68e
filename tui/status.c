#include "tui/status.h"

#include <stdio.h>
#include <string.h>

#include "tui/glyph.h"
#include "tui/keys.h"

enum { GAUGE_CELLS = 12, PROGRESS_CELLS = 10, MAX_PARTS = 6, MEMORY_FROM_COLS = 110 };

static const char separator[] = " · ";

void status_count(struct str *out, size_t n)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%zu", n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            str_putc(out, ',');
        str_putc(out, digits[i]);
    }
}

static int share_of(int cells, size_t part, size_t total)
{
    return total ? (int)((double)part / (double)total * cells + 0.5) : 0;
}

/* Of what is done, `lighter` stands apart at the end. */
static void put_gauge(struct str *out, size_t done, size_t lighter, size_t total, int cells)
{
    int full = share_of(cells, done, total);
    int dark = share_of(cells, done > lighter ? done - lighter : 0, total);
    for (int i = 0; i < cells; i++)
        str_puts(out, i < dark ? "▓" : i < full ? "▒" : "░");
}

static void put_of(struct str *out, size_t done, size_t total)
{
    status_count(out, done);
    str_puts(out, " of ");
    status_count(out, total);
}

static size_t cells_of(const char *text)
{
    return glyph_cells(text, strlen(text));
}

static void put_bytes(struct str *out, size_t n)
{
    if (n >= 1000000000)
        str_printf(out, "%.1f GB", (double)n / 1e9);
    else
        str_printf(out, "%.0f MB", (double)n / 1e6);
}

/* What the line is made of, from left to right; the lowest ranks stay where it is narrow. */
struct parts {
    struct {
        struct str text;
        int rank;
    } list[MAX_PARTS];
    int n;
};

static struct str *add_part(struct parts *p, int rank)
{
    p->list[p->n].rank = rank;
    return &p->list[p->n++].text;
}

static void make_parts(struct parts *p, const struct status *status, int cols)
{
    str_puts(add_part(p, 0), status->model ? status->model : "opening the model …");
    if (status->total) {
        struct str *context = add_part(p, 3);
        if (cols >= 76) {
            put_gauge(context, status->used, status->images, status->total, GAUGE_CELLS);
            str_putc(context, ' ');
        }
        put_of(context, status->used, status->total);
    }
    if (status->tokens_a_second > 0)
        str_printf(add_part(p, 4), "%.1f tok/s", status->tokens_a_second);
    if (status->resident_bytes && cols >= MEMORY_FROM_COLS)
        put_bytes(add_part(p, 6), status->resident_bytes);
    str_puts(add_part(p, status->urgent ? 1 : 5), status->hint);
}

/* Drops parts, highest rank first, until the rest fits. */
static void fit_parts(struct parts *p, size_t room)
{
    for (;;) {
        size_t cells = 0;
        int worst = 0;
        for (int i = 0; i < p->n; i++) {
            cells += cells_of(str_text(&p->list[i].text)) + (i ? cells_of(separator) : 0);
            worst = p->list[i].rank > p->list[worst].rank ? i : worst;
        }
        if (cells <= room || p->n <= 1)
            return;
        str_done(&p->list[worst].text);
        p->n--;
        memmove(&p->list[worst], &p->list[worst + 1], (size_t)(p->n - worst) * sizeof p->list[0]);
    }
}

void status_draw(const struct status *status, const struct theme *theme, struct surface *s,
                 struct rect where)
{
    char key[KEY_NAME_BYTES], help[KEY_NAME_BYTES + 8];
    snprintf(help, sizeof help, "%s help", keys_first(KEYS_EVERYWHERE, ACTION_HELP, key));
    struct parts p = {.n = 0};
    int end = where.col + where.cols, left_end = end - (int)cells_of(help) - 2;
    make_parts(&p, status, where.cols);
    fit_parts(&p, left_end > where.col ? (size_t)(left_end - where.col) : 0);
    int col = where.col;
    for (int i = 0; i < p.n; i++) {
        if (i)
            col = surface_puts(s, where.row, col, left_end, separator, theme->tones[TONE_RULE]);
        col = surface_puts(s, where.row, col, left_end, str_text(&p.list[i].text),
                           theme->tones[i ? TONE_MUTED : TONE_TEXT]);
        str_done(&p.list[i].text);
    }
    surface_puts_right(s, where.row, left_end > where.col ? left_end : where.col, end, help,
                       theme->tones[TONE_MUTED]);
}

static void put_time(struct str *out, double seconds)
{
    if (seconds >= 90)
        str_printf(out, "%.0f min left", seconds / 60);
    else
        str_printf(out, "%.0f s left", seconds < 1 ? 1 : seconds);
}

enum { WITH_TIME = 1, WITH_STOP = 2, WITH_GAUGE = 4 };

static void put_tail(struct str *tail, const struct progress *p, int with)
{
    str_clear(tail);
    if (p->total) {
        str_putc(tail, ' ');
        if (with & WITH_GAUGE) {
            put_gauge(tail, p->done, 0, p->total, PROGRESS_CELLS);
            str_putc(tail, ' ');
        }
        put_of(tail, p->done, p->total);
    }
    if (p->seconds_left >= 0 && with & WITH_TIME) {
        str_puts(tail, separator);
        put_time(tail, p->seconds_left);
    }
    if (with & WITH_STOP) {
        str_puts(tail, separator);
        char key[KEY_NAME_BYTES];
        str_printf(tail, "%s stops", keys_first(KEYS_EVERYWHERE, ACTION_CANCEL, key));
    }
}

void progress_draw(const struct progress *p, const struct theme *theme, struct surface *s,
                   struct rect where)
{
    static const int choices[] = {WITH_TIME | WITH_STOP | WITH_GAUGE, WITH_TIME | WITH_STOP,
                                  WITH_TIME, 0};
    struct str tail = {0};
    int what = (int)cells_of(str_text(&p->what)), room = 0, end = where.col + where.cols;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        put_tail(&tail, p, choices[i]);
        room = where.cols - (int)cells_of(str_text(&tail));
        if (what <= room)
            break;
    }
    int col = surface_puts(s, where.row, where.col, where.col + (room > 0 ? room : 0),
                           str_text(&p->what), theme->tones[TONE_TEXT]);
    surface_puts(s, where.row, col, end, str_text(&tail), theme->tones[TONE_MUTED]);
    str_done(&tail);
}
