#include "tui/screen.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "tui/examples.h"
#include "tui/help.h"
#include "tui/layout.h"
#include "tui/panes.h"
#include "tui/picker.h"
#include "tui/picture.h"
#include "tui/reading.h"
#include "tui/shading.h"
#include "tui/waiting.h"
#include "tui/wrapped.h"

enum { MAX_NOTICE_ROWS = 3, WELCOME_ROWS = 10 };

/* ---- Above the status line: pictures, progress, one notice ---------------------------------- */

static int notice_rows(const struct app *app, int cols)
{
    if (app->notice.len == 0)
        return 0;
    struct rect where = {.cols = cols};
    int rows = wrapped_draw(NULL, where, 0, str_text(&app->notice), (struct style){-1, -1, 0});
    return rows < MAX_NOTICE_ROWS ? rows : MAX_NOTICE_ROWS;
}

/* The upper `rows` of a rectangle, which loses them. */
static struct rect take_rows(struct rect *from, int rows)
{
    struct rect top = *from;
    top.rows = rows < from->rows ? rows : from->rows;
    from->row += top.rows;
    from->rows -= top.rows;
    return top;
}

/* Where there is too little room for all, what is told and what is waited for go first. */
static void draw_info(const struct app *app, struct surface *s, struct rect where)
{
    int notice = notice_rows(app, where.cols), rest = where.rows - notice - app->in_progress;
    struct rect pictures =
        take_rows(&where, rest > 0 ? (rest < waiting_rows(app) ? rest : waiting_rows(app)) : 0);
    waiting_draw(app, s, pictures);
    struct rect told = take_rows(&where, notice);
    wrapped_draw(s, told, 0, str_text(&app->notice),
                 app->theme.tones[app->notice_is_error ? TONE_ERROR : TONE_MUTED]);
    if (app->in_progress && where.rows > 0)
        progress_draw(&app->progress, &app->theme, s, where);
}

/* ---- Transcript and what may lie over it ---------------------------------------------------- */

/* What the model that ships is, and what to try it with; an empty row around it where there is
 * room. Returns the rows below. */
static struct rect draw_shipped(const struct app *app, struct surface *s, struct rect where,
                                bool small)
{
    bool roomy = where.rows > 16;
    int used = wrapped_draw(s, where, 0,
                            small ? "It is small, to be tried out. For more: -m FILE, a GGUF."
                                  : "It is small, and ships with facet to be tried out. For more: "
                                    "a GGUF of Gemma 3, with its mmproj file, and -m FILE.",
                            app->theme.tones[TONE_MUTED]);
    take_rows(&where, used + roomy);
    used = examples_draw(app, s, where);
    take_rows(&where, used ? used + roomy : 0);
    return where;
}

static void draw_welcome(const struct app *app, struct surface *s, struct rect where)
{
    char key[KEY_NAME_BYTES];
    struct str first = {0}, rest = {0};
    bool small = where.rows < WELCOME_ROWS;
    if (app->model.len)
        str_printf(&first, "%s answers, on this machine%s.", str_text(&app->model),
                   small ? "" : "; nothing leaves it");
    else
        str_puts(&first, "facet is opening the model; you can write already.");
    int used = wrapped_draw(s, where, 0, str_text(&first), app->theme.tones[TONE_TEXT]);
    take_rows(&where, used);
    if (app->shipped)
        where = draw_shipped(app, s, where, small);
    str_printf(&rest, "Write and press %s. %s, or: /image PATH\n",
               keys_first(KEYS_INPUT, ACTION_SEND, key),
               small ? "A picture: paste its path" : "To show it a picture, paste its path");
    if (app->store)
        str_puts(&rest, small ? "/history: what was said. "
                              : "/history lists what was said before. ");
    str_printf(&rest, small ? "%s: all keys." : "%s shows all keys and commands.",
               keys_first(KEYS_INPUT, ACTION_HELP, key));
    wrapped_draw(s, where, 0, str_text(&rest), app->theme.tones[TONE_MUTED]);
    str_done(&rest);
    str_done(&first);
}

static void draw_transcript(struct app *app, struct rect where)
{
    struct surface *s = &app->surface;
    struct surface hidden = {0};
    bool covered = app->help || app->chooser || picker_is_open(app) || picture_covers(app, s->cols);
    if (covered) /* laid out all the same: scrolling and following go on below */
        surface_resize(&hidden, s->rows, s->cols);
    struct str hints = {0};
    reading_hints(&hints);
    transcript_draw(app->transcript, covered ? &hidden : s, where, app->focus == KEYS_TRANSCRIPT,
                    str_text(&hints));
    str_done(&hints);
    surface_done(&hidden);
    if (app->chooser)
        chooser_draw(app->chooser, s, where);
    else if (app->help)
        app->help_rows = help_draw(&app->theme, s, where, app->help_top);
    else if (picker_is_open(app))
        picker_draw(app, s, where);
    else if (transcript_is_empty(app->transcript) && !covered)
        draw_welcome(app, s, where);
}

/* At the right, or over the transcript. */
static void draw_picture(struct app *app, struct surface *s, const struct layout *l)
{
    bool hidden = app->help || app->chooser;
    if (l->right.cols)
        picture_draw(app, s, l->right);
    else if (picture_covers(app, s->cols) && !hidden)
        picture_draw(app, s, l->transcript);
}

/* The lines between the panes, and what is told on the one above the input. */
static void draw_rules(const struct app *app, struct surface *s, const struct layout *l)
{
    struct style style = app->theme.tones[TONE_RULE];
    const int cols[] = {l->left_rule, l->right_rule};
    if (l->rule >= 0)
        surface_fill(s, l->rule, 0, s->cols, "─", style);
    for (size_t i = 0; i < sizeof cols / sizeof cols[0]; i++) {
        for (int row = 0; cols[i] >= 0 && row < l->transcript.rows; row++)
            surface_puts(s, row, cols[i], cols[i] + 1, "│", style);
        if (cols[i] >= 0 && l->rule >= 0)
            surface_puts(s, l->rule, cols[i], cols[i] + 1, "┴", style);
    }
}

static void draw_below(const struct app *app, struct surface *s, int row, struct rect text)
{
    if (row < 0)
        return;
    size_t below = transcript_below(app->transcript);
    if (!below || app->help || app->chooser)
        return;
    char note[96], key[KEY_NAME_BYTES];
    snprintf(note, sizeof note, " %zu more line%s below · %s ", below, below == 1 ? "" : "s",
             keys_first(app->focus, ACTION_BOTTOM, key));
    surface_puts_right(s, row, text.col, text.col + text.cols - 2, note,
                       app->theme.tones[TONE_MUTED]);
}

static void put_reading_hint(const struct app *app, bool narrow, struct str *out)
{
    char a[KEY_NAME_BYTES], b[KEY_NAME_BYTES], c[KEY_NAME_BYTES], d[KEY_NAME_BYTES];
    if (narrow)
        return;
    if (app->help)
        str_printf(out, "%s %s scroll, ", keys_first(KEYS_TRANSCRIPT, ACTION_ROW_UP, a),
                   keys_first(KEYS_TRANSCRIPT, ACTION_ROW_DOWN, b));
    else
        str_printf(out, "%s %s select, %s find, %s copy, ",
                   keys_first(KEYS_TRANSCRIPT, ACTION_MESSAGE_PREVIOUS, a),
                   keys_first(KEYS_TRANSCRIPT, ACTION_MESSAGE_NEXT, b),
                   keys_first(KEYS_TRANSCRIPT, ACTION_SEARCH, c),
                   keys_first(KEYS_TRANSCRIPT, ACTION_COPY, d));
}

/* Keys that work now, for the status line, by the bindings in force. False: those of writing. */
static bool put_hint(const struct app *app, bool narrow, struct str *out)
{
    char a[KEY_NAME_BYTES], b[KEY_NAME_BYTES], back[KEY_NAME_BYTES];
    enum key_context context = app->chooser ? KEYS_CHOOSER
                               : app->help  ? KEYS_TRANSCRIPT
                                            : app->focus;
    bool busy = chat_is_busy(app->chat) && !app->chooser && !app->help;
    keys_first(context, ACTION_CANCEL, back);
    if (picker_is_open(app)) {
        picker_hint(app, out);
    } else if (picture_has_focus(app)) {
        picture_hint(app, narrow, out);
    } else if (busy) {
        str_printf(out, "%s stops", back);
    } else if (context == KEYS_CHOOSER) {
        str_printf(out, "%s%s takes, %s closes", narrow ? "" : "type to narrow, ",
                   keys_first(context, ACTION_TAKE, a), back);
    } else if (context == KEYS_CONVERSATIONS) {
        str_printf(out, "%s opens", keys_first(context, ACTION_TAKE, a));
        if (!narrow)
            str_printf(out, ", %s new, %s find, %s writes", keys_first(context, ACTION_NEW, a),
                       keys_first(context, ACTION_FIND, b), back);
    } else if (context == KEYS_TRANSCRIPT && !app->help && shading_is_on(app)) {
        if (!narrow)
            str_printf(out, "%s %s go by words, ", keys_first(context, ACTION_WORD_PREVIOUS, a),
                       keys_first(context, ACTION_WORD_NEXT, b));
        str_printf(out, "%s formats", back);
    } else if (context == KEYS_TRANSCRIPT) {
        put_reading_hint(app, narrow, out);
        str_printf(out, "%s %s", back, app->help ? "closes" : "writes");
    } else {
        str_printf(out, "%s sends, %s new line", keys_first(context, ACTION_SEND, a),
                   keys_first(context, ACTION_NEWLINE, b));
        return false;
    }
    return true;
}

static void draw_status(const struct app *app, struct surface *s, struct rect where)
{
    struct str hint = {0};
    bool urgent = put_hint(app, where.cols < LAYOUT_NARROW_COLS, &hint);
    struct status status = {.model = app->model.len ? str_text(&app->model) : NULL,
                            .tokens_a_second = app->tokens_a_second,
                            .images = app->image_positions,
                            .resident_bytes = app->resident_bytes,
                            .hint = str_text(&hint),
                            .urgent = urgent};
    chat_context(app->chat, &status.used, &status.total);
    status_draw(&status, &app->theme, s, where);
    str_done(&hint);
}

static struct layout_wish wish_of(const struct app *app, int cols)
{
    struct layout_wish wish = {.left_cols = app->store ? panes_side_cols(app, cols) : 0,
                               .right_cols = picture_cols(app, cols),
                               .left_over = app->focus == KEYS_CONVERSATIONS};
    int text_cols = layout_text_cols(cols, &wish);
    wish.input_rows = input_rows(app->input, text_cols);
    wish.info_rows = waiting_rows(app) + notice_rows(app, text_cols) + app->in_progress;
    return wish;
}

/* Over the transcript where there is no room beside it. */
static void draw_left(const struct app *app, struct surface *s, const struct layout *l)
{
    for (int row = 0; row < l->left.rows && l->left.rows; row++)
        surface_fill(s, row, 0, l->left.col + l->left.cols + 1, " ", app->theme.tones[TONE_TEXT]);
    if (l->left.rows)
        conversations_draw(app->conversations, s, l->left, app->focus == KEYS_CONVERSATIONS);
}

void screen_draw(struct app *app)
{
    struct surface *s = &app->surface;
    int rows, cols;
    term_size(app->term, &rows, &cols);
    if (s->rows != rows || s->cols != cols)
        surface_resize(s, rows, cols);
    surface_clear(s);
    picture_follow(app);
    struct layout_wish wish = wish_of(app, cols);
    struct layout l = app->layout = layout_make(rows, cols, &wish);
    bool writing = app->focus == KEYS_INPUT && !app->help && !app->chooser;
    draw_transcript(app, l.transcript);
    draw_left(app, s, &l);
    draw_picture(app, s, &l);
    draw_rules(app, s, &l);
    draw_below(app, s, l.rule, l.transcript);
    input_draw(app->input, s, l.input, writing);
    draw_info(app, s, l.info);
    if (prompt_is_open(app))
        reading_draw_prompt(app, s, l.status);
    else
        draw_status(app, s, l.status);
    term_show(app->term, s);
    app->dirty = false;
}
