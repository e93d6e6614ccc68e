#include "tui/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/app.h"

void prompt_open(struct app *app, const char *label, const char *initial, prompt_callback *callback)
{
    app->prompt.label = label;
    app->prompt.callback = callback;
    editor_set(&app->prompt.editor, initial);
    app->dirty = true;
}

bool prompt_is_open(const struct app *app)
{
    return app->prompt.label != NULL;
}

void prompt_drop(struct app *app)
{
    editor_done(&app->prompt.editor);
    app->prompt.label = NULL;
}

static void close_prompt(struct app *app, enum prompt_event event)
{
    char *text = mem_copy(str_text(&app->prompt.editor.text));
    app->prompt.label = NULL;
    app->prompt.callback(app, event, text);
    free(text);
}

/* The keys of writing that make sense on one line. */
static void edit(struct editor *e, uint32_t key)
{
    static const struct {
        enum action action;
        void (*edit)(struct editor *e);
    } edits[] = {
        {ACTION_LEFT, editor_left},
        {ACTION_RIGHT, editor_right},
        {ACTION_WORD_LEFT, editor_word_left},
        {ACTION_WORD_RIGHT, editor_word_right},
        {ACTION_LINE_START, editor_line_start},
        {ACTION_LINE_END, editor_line_end},
        {ACTION_DELETE_BACK, editor_delete_back},
        {ACTION_DELETE, editor_delete},
        {ACTION_KILL_TO_END, editor_kill_to_end},
        {ACTION_KILL_TO_START, editor_kill_to_start},
        {ACTION_KILL_WORD_BACK, editor_kill_word_back},
        {ACTION_KILL_WORD, editor_kill_word},
        {ACTION_YANK, editor_yank},
    };
    enum action action = keys_find(KEYS_INPUT, key);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        if (edits[i].action == action)
            edits[i].edit(e);
    if (action == ACTION_NONE && keys_is_text(key)) {
        char bytes[4];
        editor_insert(e, bytes, utf8_put(key, bytes));
    }
}

static void tell_change(struct app *app)
{
    app->dirty = true;
    app->prompt.callback(app, PROMPT_CHANGED, str_text(&app->prompt.editor.text));
}

void prompt_key(struct app *app, uint32_t key)
{
    app->dirty = true;
    if (key == K_ENTER) {
        close_prompt(app, PROMPT_ENTERED);
    } else if (key == K_ESC || key == (K_CTRL | 'c')) {
        close_prompt(app, PROMPT_LEFT);
    } else {
        edit(&app->prompt.editor, key);
        tell_change(app);
    }
}

void prompt_paste(struct app *app, const char *text, size_t n)
{
    char *line = mem_text(text, n);
    for (size_t i = 0; i < n; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    editor_insert(&app->prompt.editor, line, n);
    free(line);
    tell_change(app);
}

/* Where the text is too long, its end is shown that has the cursor. */
void prompt_draw(const struct prompt_line *prompt, const struct theme *theme, struct surface *s,
                 struct rect where, const char *aside)
{
    const char *text = str_text(&prompt->editor.text);
    size_t aside_cells = glyph_cells(aside, strlen(aside));
    int end = where.col + where.cols, text_end = end - (int)(aside_cells ? aside_cells + 2 : 1);
    int col = surface_puts(s, where.row, where.col, end, prompt->label, theme->tones[TONE_ACCENT]);
    size_t from = 0, cursor = prompt->editor.cursor;
    while (from < cursor && col + (int)glyph_cells(text + from, cursor - from) >= text_end)
        from += utf8_cluster(text + from, cursor - from, NULL);
    surface_put(s, where.row, col, text_end, text + from, strlen(text + from),
                theme->tones[TONE_TEXT]);
    surface_puts_right(s, where.row, text_end > col ? text_end : col, end, aside,
                       theme->tones[TONE_MUTED]);
    s->cursor_row = where.row;
    s->cursor_col = col + (int)glyph_cells(text + from, cursor - from);
}
