#include "tui/help.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "chat/commands.h"
#include "tui/keys.h"
#include "tui/wrapped.h"

enum { WIDE_COLS = 60, WIDE_NAMES = 28, NARROW_NAMES = 15 };

struct help {
    const struct theme *theme;
    struct surface *s;
    struct rect where;
    int top, row;
};

/* Text in some of the columns, from the next row on; returns its rows. */
static int column(const struct help *h, int col, int cols, const char *text, enum tone tone)
{
    int at = h->row - h->top, hidden = at < 0 ? -at : 0;
    struct rect where = {h->where.row + at + hidden, h->where.col + col,
                         h->where.rows - at - hidden, cols};
    return wrapped_draw(h->s, where, hidden, text, h->theme->tones[tone]);
}

static void heading(struct help *h, const char *text)
{
    h->row += h->row > 0;
    h->row += column(h, 0, h->where.cols, text, TONE_HEADING);
}

static void entry(struct help *h, const char *name, const char *text)
{
    int names = h->where.cols >= WIDE_COLS ? WIDE_NAMES : NARROW_NAMES, at = names + 1;
    int left = column(h, 1, names - 1, name, TONE_ACCENT);
    int right = column(h, at, h->where.cols > at ? h->where.cols - at : 1, text, TONE_TEXT);
    h->row += left > right ? left : right;
}

static void put_key_names(struct str *out, const struct key_row *row)
{
    for (int i = 0; i < KEYS_PER_ACTION && row->keys[i]; i++) {
        char name[KEY_NAME_BYTES];
        keys_name(row->keys[i], name);
        str_printf(out, "%s%s", i ? " " : "", name);
    }
}

static void key_list(struct help *h, enum key_context context)
{
    heading(h, key_context_names[context]);
    for (size_t i = 0; i < n_key_rows; i++) {
        if (key_rows[i].context != context || !key_rows[i].help || !key_rows[i].keys[0])
            continue;
        struct str names = {0};
        put_key_names(&names, &key_rows[i]);
        entry(h, str_text(&names), key_rows[i].help);
        str_done(&names);
    }
}

static void command_list(struct help *h)
{
    heading(h, "Commands");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *row = &command_rows[i];
        struct str name = {0};
        str_printf(&name, "/%s%s%s", row->name, row->argument ? " " : "",
                   row->argument ? row->argument : "");
        entry(h, str_text(&name), row->help);
        str_done(&name);
    }
}

int help_draw(const struct theme *theme, struct surface *s, struct rect where, int top)
{
    struct help h = {.theme = theme, .s = s, .where = where, .top = top};
    for (int context = 0; context < KEYS_CONTEXTS; context++)
        key_list(&h, (enum key_context)context);
    command_list(&h);
    return h.row;
}
