#include "tui/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/editor.h"
#include "tui/steps.h"

enum { MAX_ROWS = 4, GAP = 2 };

static void put(struct candidates *c, const char *text, size_t n)
{
    char *copy = mem_text(text, n);
    editor_replace(c->found.start, c->end, copy);
    c->end = c->found.start + n;
    editor_move(c->end);
    free(copy);
}

static void put_chosen(struct candidates *c)
{
    const char *text = c->found.list[c->chosen].text;
    put(c, text, strlen(text));
}

bool candidates_tab(struct candidates *c, struct store *store)
{
    if (c->found.n) {
        c->chosen = c->chosen + 1 < c->found.n ? c->chosen + 1 : 0;
        put_chosen(c);
        return true;
    }
    size_t cursor = editor_cursor(), start = steps_command_start(editor_text());
    if (cursor < start || !complete_line(editor_text() + start, cursor - start, store, &c->found))
        return false;
    c->found.start += start;
    c->end = cursor;
    c->chosen = c->found.n;
    put(c, c->found.list[0].text, c->found.common);
    if (c->found.n == 1)
        candidates_close(c);
    return true;
}

bool candidates_close(struct candidates *c)
{
    bool open = c->found.n > 0;
    completion_done(&c->found);
    return open;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static int column_cells(const struct candidates *c, int cols)
{
    int widest = 1;
    for (size_t i = 0; i < c->found.n; i++) {
        const char *label = c->found.list[i].label;
        int cells = (int)glyph_cells(label, strlen(label));
        widest = cells > widest ? cells : widest;
    }
    return widest + GAP < cols ? widest + GAP : cols > 0 ? cols : 1;
}

static int rows_of_all(const struct candidates *c, int cols)
{
    int n = (int)c->found.n, columns = cols / column_cells(c, cols);
    columns = columns > 0 ? columns : 1;
    return (n + columns - 1) / columns;
}

int candidates_rows(const struct candidates *c, int cols)
{
    int rows = rows_of_all(c, cols);
    return rows < MAX_ROWS ? rows : MAX_ROWS;
}

/* Row by row; of those that do not fit, the ones around the chosen. */
void candidates_draw(const struct candidates *c, const struct theme *theme, struct surface *s,
                     struct rect where)
{
    int width = column_cells(c, where.cols), columns = where.cols / width;
    columns = columns > 0 ? columns : 1;
    int at = c->chosen < c->found.n ? (int)c->chosen / columns : 0;
    int first = at >= where.rows ? at - where.rows + 1 : 0;
    for (size_t i = (size_t)(first * columns); i < c->found.n; i++) {
        int row = (int)i / columns - first, col = where.col + (int)i % columns * width;
        if (row >= where.rows)
            break;
        surface_puts(s, where.row + row, col, where.col + where.cols, c->found.list[i].label,
                     theme->tones[i == c->chosen ? TONE_SELECTED : TONE_MUTED]);
    }
}
