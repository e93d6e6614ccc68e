#include "tui/input.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "chat/sent.h"
#include "tui/candidates.h"
#include "tui/flow.h"
#include "tui/pastes.h"
#include "tui/pictures.h"
#include "tui/steps.h"

enum { PROMPT_CELLS = 2 };

struct input {
    const struct theme *theme;
    bool keep; /* what is sent */
    struct pictures pictures;
    struct pastes pastes;
    struct candidates candidates;
    struct flow flow;
    int cols;       /* that the rows are made for */
    int goal;       /* column that going from row to row keeps to; -1: the cursor's */
    bool went_rows; /* the key at hand did */
    size_t top;
};

static bool go_rows(void *user, int by);

static void remember_one(void *user, const char *text)
{
    (void)user;
    editor_remember(text);
}

struct input *input_new(const struct theme *theme, bool keep)
{
    struct input *in = mem_new(1, sizeof *in);
    in->theme = theme;
    in->keep = keep;
    in->goal = -1;
    in->cols = 80;
    editor_open(go_rows, in);
    if (keep)
        sent_read(remember_one, NULL, NULL);
    editor_clear();
    return in;
}

void input_clear(struct input *in)
{
    editor_clear();
    pictures_done(&in->pictures);
    pastes_done(&in->pastes);
    candidates_close(&in->candidates);
    in->goal = -1;
}

void input_free(struct input *in)
{
    if (!in)
        return;
    input_clear(in);
    editor_close();
    flow_done(&in->flow);
    free(in);
}

const char *input_text(const struct input *in)
{
    (void)in;
    return editor_text();
}

bool input_is_empty(const struct input *in)
{
    (void)in;
    return editor_length() == 0;
}

void input_set(struct input *in, const char *text)
{
    if (*text)
        editor_set(text);
    else
        input_clear(in);
    candidates_close(&in->candidates);
    in->goal = -1;
}

void input_insert(struct input *in, const char *text, size_t n)
{
    editor_insert(text, n);
    candidates_close(&in->candidates);
    in->goal = -1;
}

void input_remember(struct input *in, bool sent)
{
    if (input_is_empty(in))
        return;
    char *text = input_full_text(in);
    editor_remember(text);
    if (in->keep && sent)
        sent_add(text, NULL);
    free(text);
}

/* ---- Rows ----------------------------------------------------------------------------------- */

/* One column stays free for the cursor behind a full row. */
static void lay(struct input *in, int cols)
{
    int width = cols - PROMPT_CELLS - 1;
    in->cols = cols;
    flow_plain(&in->flow, editor_text(), editor_length(), width > 1 ? width : 1);
}

static size_t row_end(const struct input *in, size_t row)
{
    if (row + 1 == in->flow.n_rows)
        return editor_length();
    size_t next = in->flow.rows[row + 1].start;
    return next > in->flow.rows[row].start && input_text(in)[next - 1] == '\n' ? next - 1 : next;
}

static size_t cursor_row(const struct input *in)
{
    size_t row = 0;
    while (row + 1 < in->flow.n_rows && in->flow.rows[row + 1].start <= editor_cursor())
        row++;
    return row;
}

static int cursor_col(const struct input *in, size_t row)
{
    size_t start = in->flow.rows[row].start;
    return (int)glyph_cells(editor_text() + start, editor_cursor() - start);
}

/* The cursor goes by clusters; a token that it would stand in is left to its left. */
static void go_to_row(struct input *in, size_t row, int goal)
{
    size_t start = in->flow.rows[row].start;
    size_t at = start + glyph_fit(editor_text() + start, row_end(in, row) - start, (size_t)goal);
    editor_move(at);
    in->goal = goal;
    in->went_rows = true;
}

static bool go_rows(void *user, int by)
{
    struct input *in = user;
    lay(in, in->cols);
    size_t row = cursor_row(in);
    if (by < 0 ? row == 0 : row + 1 == in->flow.n_rows)
        return false;
    go_to_row(in, by < 0 ? row - 1 : row + 1, in->goal >= 0 ? in->goal : cursor_col(in, row));
    return true;
}

bool input_wants(const struct input *in, uint32_t key)
{
    (void)in;
    return editor_wants(key);
}

enum editor_wish input_key(struct input *in, uint32_t key)
{
    in->went_rows = false;
    candidates_close(&in->candidates);
    enum editor_wish wish = editor_key(key);
    if (!in->went_rows)
        in->goal = -1;
    return wish;
}

bool input_complete(struct input *in, struct store *store)
{
    editor_settle();
    return candidates_tab(&in->candidates, store);
}

bool input_end_completion(struct input *in)
{
    return candidates_close(&in->candidates);
}

/* ---- Pastes --------------------------------------------------------------------------------- */

void input_paste(struct input *in, const char *text, size_t n)
{
    if (paste_is_long(text, n)) {
        text = pastes_add(&in->pastes, text, n);
        n = strlen(text);
    }
    input_insert(in, text, n);
}

char *input_full_text(const struct input *in)
{
    return pastes_unfold(&in->pastes, editor_text());
}

bool input_unfold(struct input *in)
{
    const struct paste *paste = NULL;
    size_t start = 0;
    editor_settle();
    for (size_t at = 0; at < editor_length(); at++) {
        const struct paste *here = pastes_at(&in->pastes, editor_text(), at);
        if (here) {
            paste = here;
            start = at;
        }
        if (here && at + strlen(here->token) >= editor_cursor())
            break;
    }
    if (!paste)
        return false;
    editor_replace(start, start + strlen(paste->token), paste->text);
    candidates_close(&in->candidates);
    return true;
}

/* ---- Pictures ------------------------------------------------------------------------------- */

void input_attach(struct input *in, struct attachment *picture)
{
    pictures_add(&in->pictures, picture);
    candidates_close(&in->candidates);
    in->goal = -1;
}

void input_attach_over(struct input *in, size_t at, size_t end, struct attachment *picture)
{
    pictures_put(&in->pictures, picture, at, end);
    candidates_close(&in->candidates);
    in->goal = -1;
}

bool input_exchange(struct input *in, const struct attachment *old, struct attachment *picture)
{
    size_t number = pictures_number(&in->pictures, old);
    if (!number)
        return false;
    attachment_release(in->pictures.list[number - 1]);
    in->pictures.list[number - 1] = picture;
    return true;
}

void input_refuse(struct input *in, const struct attachment *old, const char *text)
{
    struct token token;
    size_t number = pictures_number(&in->pictures, old), at = 0;
    if (!number)
        return;
    while (pictures_next(&in->pictures, &at, &token) && token.number != number)
        at += token.bytes;
    bool was_named = at < editor_length();
    pictures_remove(&in->pictures, number);
    if (!was_named)
        return;
    editor_move(at);
    input_insert(in, text, strlen(text));
}

bool input_detach(struct input *in, size_t number)
{
    editor_settle();
    return pictures_remove(&in->pictures, number);
}

size_t input_n_pictures(const struct input *in)
{
    size_t n = 0;
    for (size_t i = 1; i <= in->pictures.n; i++)
        n += pictures_is_named(&in->pictures, i);
    return n;
}

const struct attachment *input_picture(const struct input *in, size_t k, size_t *number)
{
    for (size_t i = 1; i <= in->pictures.n; i++)
        if (pictures_is_named(&in->pictures, i) && k-- == 0) {
            *number = i;
            return in->pictures.list[i - 1];
        }
    return NULL;
}

struct attachment *const *input_pictures(const struct input *in, size_t *n)
{
    *n = in->pictures.n;
    return in->pictures.list;
}

size_t input_nearest(const struct input *in)
{
    struct token token;
    size_t nearest = 0, least = SIZE_MAX, k = 0, cursor = editor_cursor();
    for (size_t at = 0; pictures_next(&in->pictures, &at, &token); at += token.bytes) {
        size_t end = at + token.bytes;
        size_t away = at > cursor ? at - cursor : cursor > end ? cursor - end : 0;
        if (away < least) {
            least = away;
            nearest = token.number;
        }
    }
    for (size_t i = 1; i < nearest; i++)
        k += pictures_is_named(&in->pictures, i);
    return k;
}

struct attachment *const *input_settle(struct input *in, size_t *n)
{
    editor_settle();
    pictures_settle(&in->pictures);
    *n = in->pictures.n;
    return in->pictures.list;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

int input_rows(struct input *in, int cols)
{
    lay(in, cols);
    return (int)in->flow.n_rows + (*editor_message() != 0) +
           candidates_rows(&in->candidates, cols - PROMPT_CELLS);
}

static bool paste_at(const struct input *in, size_t at, struct token *token)
{
    return pastes_at(&in->pastes, editor_text(), at) && token_read(editor_text(), at, token);
}

static void draw_row(const struct input *in, struct surface *s, size_t row, int at,
                     struct rect where)
{
    const char *text = editor_text();
    struct style plain = in->theme->tones[TONE_TEXT], accent = in->theme->tones[TONE_ACCENT];
    int col = where.col + PROMPT_CELLS, end = where.col + where.cols;
    for (size_t i = in->flow.rows[row].start, stop = row_end(in, row); i < stop;) {
        struct token token;
        bool named = (pictures_at(&in->pictures, i, &token) || paste_at(in, i, &token)) &&
                     i + token.bytes <= stop;
        size_t n = named ? token.bytes : utf8_cluster(text + i, stop - i, NULL);
        col = surface_put(s, at, col, end, text + i, n, named ? accent : plain);
        i += n;
    }
}

/* The rows of the text, as many as there is room for around the cursor. */
static void draw_text(struct input *in, struct surface *s, struct rect where, bool focused)
{
    size_t row = cursor_row(in), rows = (size_t)where.rows;
    if (row < in->top)
        in->top = row;
    if (row >= in->top + rows)
        in->top = row - rows + 1;
    if (in->top + rows > in->flow.n_rows)
        in->top = in->flow.n_rows > rows ? in->flow.n_rows - rows : 0;
    surface_puts(s, where.row, where.col, where.col + where.cols,
                 in->top                ? "⋮"
                 : editor_in_commands() ? ":"
                                        : ">",
                 in->theme->tones[focused ? TONE_ACCENT : TONE_MUTED]);
    for (size_t r = 0; r < rows && in->top + r < in->flow.n_rows; r++)
        draw_row(in, s, in->top + r, where.row + (int)r, where);
    int col = where.col + PROMPT_CELLS + cursor_col(in, row), end = where.col + where.cols - 1;
    if (focused) {
        s->cursor_row = where.row + (int)(row - in->top);
        s->cursor_col = col < end ? col : end;
    }
}

void input_draw(struct input *in, struct surface *s, struct rect where, bool focused)
{
    lay(in, where.cols);
    const char *message = editor_message();
    if (*message && where.rows > 1) {
        surface_puts(s, where.row, where.col, where.col + where.cols, message,
                     in->theme->tones[TONE_MUTED]);
        where.row++;
        where.rows--;
    }
    struct rect below = {.col = where.col + PROMPT_CELLS, .cols = where.cols - PROMPT_CELLS};
    below.rows = candidates_rows(&in->candidates, below.cols);
    if (below.rows >= where.rows)
        below.rows = where.rows - 1;
    where.rows -= below.rows;
    below.row = where.row + where.rows;
    draw_text(in, s, where, focused);
    candidates_draw(&in->candidates, in->theme, s, below);
}
