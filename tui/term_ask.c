#include "tui/term_state.h"

#include <stdio.h>
#include <time.h>

#define ASK_POSITION   "\033[6n"
#define ASK_BACKGROUND "\033]11;?\033\\"
#define ASK_NAME       "\033[>q"
#define ASK_ATTRIBUTES "\033[c"

/* Answers of the first row would be taken for function keys. */
#define SECOND_ROW  "\033[2;1H"
#define BLANK_AGAIN "\033[2;1H\033[K"

enum { PATIENCE_MS = 100 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* Samples are written where the first picture will cover them. What every terminal answers comes
 * last: behind it nothing is to be waited for. (The name of the terminal that tmux runs in may come
 * later.) */
static void put_questions(struct terminal *t)
{
    struct str out = {0};
    for (int i = 0; i < GLYPH_KINDS && LINES > 1 && COLS > 8; i++)
        str_printf(&out, SECOND_ROW "%s" ASK_POSITION, glyph_sample((enum glyph_kind)i));
    str_puts(&out, BLANK_AGAIN ASK_BACKGROUND);
    if (!t->pictures_settled)
        str_puts(&out, ASK_NAME);
    if (!t->pictures_settled && graphics_in_tmux())
        graphics_put_through(&out, ASK_NAME, sizeof ASK_NAME - 1);
    str_puts(&out, ASK_ATTRIBUTES);
    term_put_bytes(out.data, out.len);
    str_done(&out);
}

/* False for what nothing may be read behind: a paste's text would be lost. */
static bool keep(struct terminal *t, const struct term_event *event)
{
    if (event->kind != TERM_NOTHING)
        t->early[t->n_early++] = *event;
    return event->kind != TERM_PASTE && event->kind != TERM_QUIT && t->n_early < EARLY_EVENTS;
}

static void wait_for_answers(struct terminal *t)
{
    double end = now_ms() + PATIENCE_MS;
    for (double left; t->asking && (left = end - now_ms()) > 0;) {
        struct term_event event = term_next(t);
        if (!keep(t, &event))
            return;
        if (event.kind == TERM_NOTHING && t->asking)
            term_wait(t, NULL, 0, (int)left + 1);
    }
}

/* Lesser terminals may not know the questions, and show them. */
void term_ask(struct terminal *t)
{
    if (term_colors(t) < 256)
        return;
    refresh(); /* goes to the screen that is ours */
    put_questions(t);
    t->asking = true;
    wait_for_answers(t);
    t->asking = false;
    if (t->n_widths == GLYPH_KINDS)
        glyph_learn(t->widths);
}

void term_told_position(struct terminal *t, const char *text)
{
    int row, col;
    if (t->asking && t->n_widths < GLYPH_KINDS && sscanf(text, "%d;%d", &row, &col) == 2)
        t->widths[t->n_widths++] = col - 1;
}

void term_told_last(struct terminal *t)
{
    t->asking = false;
}
