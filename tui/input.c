#include "tui/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/complete.h"
#include "tui/editor.h"
#include "tui/flow.h"

enum { PROMPT_CELLS = 2, MAX_SENT = 500 };

struct input {
    const struct theme *theme;
    struct editor editor;
    struct attachment **pictures; /* number N is pictures[N - 1] */
    size_t n_pictures;
    char **sent;
    size_t n_sent, at_sent; /* at_sent == n_sent: the message being written */
    char *draft;            /* what was being written when Up left it; owned */
    struct flow flow;
    int cols; /* that the rows are made for */
    int goal; /* column that Up and Down keep to; -1: the cursor's */
    size_t top;
};

struct input *input_new(const struct theme *theme)
{
    struct input *in = mem_new(1, sizeof *in);
    in->theme = theme;
    in->goal = -1;
    in->cols = 80;
    return in;
}

void input_clear(struct input *in)
{
    editor_set(&in->editor, "");
    for (size_t i = 0; i < in->n_pictures; i++)
        attachment_release(in->pictures[i]);
    in->n_pictures = 0;
    in->at_sent = in->n_sent;
}

void input_free(struct input *in)
{
    if (!in)
        return;
    input_clear(in);
    editor_done(&in->editor);
    for (size_t i = 0; i < in->n_sent; i++)
        free(in->sent[i]);
    free(in->sent);
    free(in->pictures);
    free(in->draft);
    flow_done(&in->flow);
    free(in);
}

const char *input_text(const struct input *in)
{
    return str_text(&in->editor.text);
}

bool input_is_empty(const struct input *in)
{
    return in->editor.text.len == 0;
}

void input_set(struct input *in, const char *text)
{
    editor_set(&in->editor, text);
    in->goal = -1;
}

void input_insert(struct input *in, const char *text, size_t n)
{
    editor_insert(&in->editor, text, n);
    in->goal = -1;
}

/* ---- What was sent before ------------------------------------------------------------------- */

void input_remember(struct input *in)
{
    const char *text = input_text(in);
    bool again = in->n_sent && strcmp(in->sent[in->n_sent - 1], text) == 0;
    if (*text && !again) {
        if (in->n_sent == MAX_SENT) {
            free(in->sent[0]);
            memmove(in->sent, in->sent + 1, --in->n_sent * sizeof *in->sent);
        }
        in->sent = mem_grow(in->sent, in->n_sent + 1, sizeof *in->sent);
        in->sent[in->n_sent++] = mem_copy(text);
    }
    in->at_sent = in->n_sent;
}

static void recall(struct input *in, size_t at)
{
    if (in->at_sent == in->n_sent) {
        free(in->draft);
        in->draft = mem_copy(input_text(in));
    }
    in->at_sent = at;
    input_set(in, at < in->n_sent ? in->sent[at] : in->draft);
}

/* ---- Rows ----------------------------------------------------------------------------------- */

/* One column stays free for the cursor behind a full row. */
static void lay(struct input *in, int cols)
{
    int width = cols - PROMPT_CELLS - 1;
    struct flow_format format = {.width = width > 1 ? width : 1};
    in->cols = cols;
    flow_reset(&in->flow);
    flow_update(&in->flow, input_text(in), in->editor.text.len, &format);
}

static size_t row_end(const struct input *in, size_t row)
{
    if (row + 1 == in->flow.n_rows)
        return in->editor.text.len;
    size_t next = in->flow.rows[row + 1].start;
    return next > in->flow.rows[row].start && input_text(in)[next - 1] == '\n' ? next - 1 : next;
}

static size_t cursor_row(const struct input *in)
{
    size_t row = 0;
    while (row + 1 < in->flow.n_rows && in->flow.rows[row + 1].start <= in->editor.cursor)
        row++;
    return row;
}

static int cursor_col(const struct input *in, size_t row)
{
    size_t start = in->flow.rows[row].start;
    return (int)glyph_cells(input_text(in) + start, in->editor.cursor - start);
}

static void go_to_row(struct input *in, size_t row, int goal)
{
    size_t start = in->flow.rows[row].start;
    in->editor.cursor =
        start + glyph_fit(input_text(in) + start, row_end(in, row) - start, (size_t)goal);
    in->editor.cutting = false;
    in->goal = goal;
}

static void up_or_down(struct input *in, bool up)
{
    lay(in, in->cols);
    size_t row = cursor_row(in);
    int goal = in->goal >= 0 ? in->goal : cursor_col(in, row);
    if (up && row > 0)
        go_to_row(in, row - 1, goal);
    else if (!up && row + 1 < in->flow.n_rows)
        go_to_row(in, row + 1, goal);
    else if (up && in->at_sent > 0)
        recall(in, in->at_sent - 1);
    else if (!up && in->at_sent < in->n_sent)
        recall(in, in->at_sent + 1);
}

bool input_act(struct input *in, enum action action)
{
    static void (*const edits[])(struct editor *) = {
        [ACTION_LEFT] = editor_left,
        [ACTION_RIGHT] = editor_right,
        [ACTION_WORD_LEFT] = editor_word_left,
        [ACTION_WORD_RIGHT] = editor_word_right,
        [ACTION_LINE_START] = editor_line_start,
        [ACTION_LINE_END] = editor_line_end,
        [ACTION_DELETE_BACK] = editor_delete_back,
        [ACTION_DELETE] = editor_delete,
        [ACTION_DELETE_OR_QUIT] = editor_delete,
        [ACTION_KILL_TO_END] = editor_kill_to_end,
        [ACTION_KILL_TO_START] = editor_kill_to_start,
        [ACTION_KILL_WORD_BACK] = editor_kill_word_back,
        [ACTION_KILL_WORD] = editor_kill_word,
        [ACTION_YANK] = editor_yank,
    };
    if (action == ACTION_UP || action == ACTION_DOWN) {
        up_or_down(in, action == ACTION_UP);
        return true;
    }
    if (action == ACTION_NEWLINE) {
        input_insert(in, "\n", 1);
        return true;
    }
    if ((size_t)action >= sizeof edits / sizeof edits[0] || !edits[action])
        return false;
    edits[action](&in->editor);
    in->goal = -1;
    return true;
}

bool input_complete(struct input *in, struct str *others)
{
    struct completion c;
    if (!complete_line(input_text(in), in->editor.cursor, &c))
        return false;
    editor_remove(&in->editor, c.start, in->editor.cursor);
    input_insert(in, str_text(&c.text), c.text.len);
    str_put(others, str_text(&c.others), c.others.len);
    completion_done(&c);
    return true;
}

/* ---- Pictures ------------------------------------------------------------------------------- */

/* The next token that names a picture, at or behind *at; false if there is none. */
static bool next_token(const struct input *in, size_t *at, size_t *length, size_t *number)
{
    const char *text = input_text(in);
    for (; *at < in->editor.text.len; ++*at) {
        *length = editor_token(text, *at, number);
        if (*length && *number >= 1 && *number <= in->n_pictures)
            return true;
    }
    return false;
}

static bool is_named(const struct input *in, size_t number)
{
    size_t length, found;
    for (size_t at = 0; next_token(in, &at, &length, &found); at += length)
        if (found == number)
            return true;
    return false;
}

/* Token `from` becomes `to`; 0: goes, with the space behind it. */
static void rename_tokens(struct input *in, size_t from, size_t to)
{
    struct editor *e = &in->editor;
    size_t length, number;
    for (size_t at = 0; next_token(in, &at, &length, &number);) {
        if (number != from) {
            at += length;
            continue;
        }
        char token[32];
        int n = to ? snprintf(token, sizeof token, "[image %zu]", to) : 0;
        size_t cursor = e->cursor, end = at + length;
        if (!to && end < e->text.len && e->text.data[end] == ' ')
            end++;
        editor_remove(e, at, end);
        size_t after = cursor >= end ? cursor - (end - at) + (size_t)n : cursor > at ? at : cursor;
        e->cursor = at;
        editor_insert(e, token, (size_t)n);
        e->cursor = after;
        at += (size_t)n;
    }
}

static void remove_picture(struct input *in, size_t number)
{
    rename_tokens(in, number, 0);
    attachment_release(in->pictures[number - 1]);
    for (size_t i = number; i < in->n_pictures; i++) {
        in->pictures[i - 1] = in->pictures[i];
        rename_tokens(in, i + 1, i);
    }
    in->n_pictures--;
}

static void drop_unnamed(struct input *in)
{
    for (size_t i = in->n_pictures; i > 0; i--)
        if (!is_named(in, i))
            remove_picture(in, i);
}

void input_attach(struct input *in, struct attachment *picture)
{
    if (!strstr(str_text(&in->editor.cut), "[image "))
        drop_unnamed(in); /* else Ctrl-Y may bring a token back */
    in->pictures = mem_grow(in->pictures, in->n_pictures + 1, sizeof(void *));
    in->pictures[in->n_pictures++] = picture;
    struct str token = {0};
    size_t at = in->editor.cursor;
    if (at > 0 && !strchr(" \n", input_text(in)[at - 1]))
        str_putc(&token, ' ');
    str_printf(&token, "[image %zu] ", in->n_pictures);
    input_insert(in, token.data, token.len);
    str_done(&token);
}

/* The number of a picture; 0: it is not there. */
static size_t number_of(const struct input *in, const struct attachment *picture)
{
    for (size_t i = 0; i < in->n_pictures; i++)
        if (in->pictures[i] == picture)
            return i + 1;
    return 0;
}

bool input_exchange(struct input *in, const struct attachment *old, struct attachment *picture)
{
    size_t number = number_of(in, old);
    if (!number)
        return false;
    attachment_release(in->pictures[number - 1]);
    in->pictures[number - 1] = picture;
    return true;
}

void input_refuse(struct input *in, const struct attachment *old, const char *text)
{
    size_t number = number_of(in, old), at = 0, length, found;
    if (!number)
        return;
    while (next_token(in, &at, &length, &found) && found != number)
        at += length;
    bool was_named = at < in->editor.text.len;
    remove_picture(in, number);
    if (!was_named)
        return;
    in->editor.cursor = at;
    input_insert(in, text, strlen(text));
}

bool input_detach(struct input *in, size_t number)
{
    for (size_t i = in->n_pictures; i > 0 && number == 0; i--)
        if (is_named(in, i))
            number = i;
    if (number < 1 || number > in->n_pictures)
        return false;
    remove_picture(in, number);
    return true;
}

size_t input_n_pictures(const struct input *in)
{
    size_t n = 0;
    for (size_t i = 1; i <= in->n_pictures; i++)
        n += is_named(in, i);
    return n;
}

const struct attachment *input_picture(const struct input *in, size_t k, size_t *number)
{
    for (size_t i = 1; i <= in->n_pictures; i++)
        if (is_named(in, i) && k-- == 0) {
            *number = i;
            return in->pictures[i - 1];
        }
    return NULL;
}

size_t input_nearest(const struct input *in)
{
    size_t length, number, nearest = 0, least = SIZE_MAX, k = 0, cursor = in->editor.cursor;
    for (size_t at = 0; next_token(in, &at, &length, &number); at += length) {
        size_t away = at > cursor ? at - cursor : cursor > at + length ? cursor - at - length : 0;
        if (away < least) {
            least = away;
            nearest = number;
        }
    }
    for (size_t i = 1; i < nearest; i++)
        k += is_named(in, i);
    return k;
}

struct attachment *const *input_settle(struct input *in, size_t *n)
{
    drop_unnamed(in);
    *n = in->n_pictures;
    return in->pictures;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

int input_rows(struct input *in, int cols)
{
    lay(in, cols);
    return (int)in->flow.n_rows;
}

static void draw_row(const struct input *in, struct surface *s, size_t row, int at,
                     struct rect where)
{
    const char *text = input_text(in);
    struct style plain = in->theme->tones[TONE_TEXT], token = in->theme->tones[TONE_ACCENT];
    int col = where.col + PROMPT_CELLS, end = where.col + where.cols;
    for (size_t i = in->flow.rows[row].start, stop = row_end(in, row); i < stop;) {
        size_t number, n = editor_token(text, i, &number);
        bool picture = n && number >= 1 && number <= in->n_pictures && i + n <= stop;
        if (!picture)
            n = utf8_cluster(text + i, stop - i, NULL);
        col = surface_put(s, at, col, end, text + i, n, picture ? token : plain);
        i += n;
    }
}

void input_draw(struct input *in, struct surface *s, struct rect where, bool focused)
{
    lay(in, where.cols);
    size_t row = cursor_row(in), rows = (size_t)where.rows;
    if (row < in->top)
        in->top = row;
    if (row >= in->top + rows)
        in->top = row - rows + 1;
    if (in->top + rows > in->flow.n_rows)
        in->top = in->flow.n_rows > rows ? in->flow.n_rows - rows : 0;
    surface_puts(s, where.row, where.col, where.col + where.cols, in->top ? "⋮" : ">",
                 in->theme->tones[focused ? TONE_ACCENT : TONE_MUTED]);
    for (size_t r = 0; r < rows && in->top + r < in->flow.n_rows; r++)
        draw_row(in, s, in->top + r, where.row + (int)r, where);
    int col = where.col + PROMPT_CELLS + cursor_col(in, row), end = where.col + where.cols - 1;
    if (focused) {
        s->cursor_row = where.row + (int)(row - in->top);
        s->cursor_col = col < end ? col : end;
    }
}
