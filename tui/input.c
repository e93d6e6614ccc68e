#include "tui/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "chat/sent.h"
#include "tui/candidates.h"
#include "tui/flow.h"
#include "tui/pastes.h"
#include "tui/steps.h"

enum { PROMPT_CELLS = 2 };

struct input {
    const struct theme *theme;
    bool keep;                    /* what is sent */
    struct attachment **pictures; /* number N is pictures[N - 1] */
    size_t n_pictures;
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
    for (size_t i = 0; i < in->n_pictures; i++)
        attachment_release(in->pictures[i]);
    in->n_pictures = 0;
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
    free(in->pictures);
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
    struct flow_format format = {.width = width > 1 ? width : 1};
    in->cols = cols;
    flow_reset(&in->flow);
    flow_update(&in->flow, editor_text(), editor_length(), &format);
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
    editor_move(steps_floor(editor_text(), editor_length(), at));
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

static bool picture_at(const struct input *in, size_t at, struct token *token)
{
    return token_read(editor_text(), at, token) && token->kind == TOKEN_IMAGE &&
           token->number >= 1 && token->number <= in->n_pictures;
}

/* The next token that names a picture, at or behind *at; false if there is none. */
static bool next_picture(const struct input *in, size_t *at, struct token *token)
{
    for (; *at < editor_length(); ++*at)
        if (picture_at(in, *at, token))
            return true;
    return false;
}

static bool is_named(const struct input *in, size_t number)
{
    struct token token;
    for (size_t at = 0; next_picture(in, &at, &token); at += token.bytes)
        if (token.number == number)
            return true;
    return false;
}

/* Token `from` becomes `to`; 0: goes, with the space behind it. */
static void rename_tokens(struct input *in, size_t from, size_t to)
{
    struct token token;
    for (size_t at = 0; next_picture(in, &at, &token);) {
        if (token.number != from) {
            at += token.bytes;
            continue;
        }
        char name[32] = "";
        if (to)
            snprintf(name, sizeof name, "[image %zu]", to);
        size_t end = at + token.bytes;
        if (!to && editor_text()[end] == ' ')
            end++;
        editor_replace(at, end, name);
        at += strlen(name);
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

/* Numbers are not used again while undoing or yanking may bring a token back. */
void input_attach(struct input *in, struct attachment *picture)
{
    in->pictures = mem_grow(in->pictures, in->n_pictures + 1, sizeof(void *));
    in->pictures[in->n_pictures++] = picture;
    struct str token = {0};
    size_t at = editor_cursor();
    if (at > 0 && !strchr(" \n", editor_text()[at - 1]))
        str_putc(&token, ' ');
    str_printf(&token, "[image %zu] ", in->n_pictures);
    input_insert(in, token.data, token.len);
    str_done(&token);
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

struct attachment *const *input_pictures(const struct input *in, size_t *n)
{
    *n = in->n_pictures;
    return in->pictures;
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
        bool named = (picture_at(in, i, &token) || paste_at(in, i, &token)) && i + token.bytes <= stop;
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
