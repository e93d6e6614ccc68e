#include "tui/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/app.h"

void prompt_open(struct app *app, const char *label, const char *initial, prompt_callback *callback)
{
    app->prompt.label = label;
    app->prompt.callback = callback;
    entry_set(&app->prompt.entry, initial);
    app->dirty = true;
}

bool prompt_is_open(const struct app *app)
{
    return app->prompt.label != NULL;
}

void prompt_drop(struct app *app)
{
    entry_done(&app->prompt.entry);
    app->prompt.label = NULL;
}

static void close_prompt(struct app *app, enum prompt_event event)
{
    char *text = mem_copy(str_text(&app->prompt.entry.text));
    app->prompt.label = NULL;
    app->prompt.callback(app, event, text);
    free(text);
}

static void tell_change(struct app *app)
{
    app->dirty = true;
    app->prompt.callback(app, PROMPT_CHANGED, str_text(&app->prompt.entry.text));
}

void prompt_key(struct app *app, uint32_t key)
{
    app->dirty = true;
    if (key == K_ENTER) {
        close_prompt(app, PROMPT_ENTERED);
    } else if (key == K_ESC || key == (K_CTRL | 'c')) {
        close_prompt(app, PROMPT_LEFT);
    } else if (entry_key(&app->prompt.entry, key)) {
        tell_change(app);
    }
}

void prompt_paste(struct app *app, const char *text, size_t n)
{
    entry_insert(&app->prompt.entry, text, n);
    tell_change(app);
}

void prompt_draw(const struct prompt_line *prompt, const struct theme *theme, struct surface *s,
                 struct rect where, const char *aside)
{
    size_t aside_cells = glyph_cells(aside, strlen(aside));
    int end = where.col + where.cols, text_end = end - (int)(aside_cells ? aside_cells + 2 : 1);
    int col = surface_puts(s, where.row, where.col, end, prompt->label, theme->tones[TONE_ACCENT]);
    surface_puts_right(s, where.row, text_end > col ? text_end : col, end, aside,
                       theme->tones[TONE_MUTED]);
    entry_draw(&prompt->entry, s, where.row, col, text_end, theme->tones[TONE_TEXT]);
}
