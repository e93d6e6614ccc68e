#include "cli/line_complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "chat/complete.h"
#include "cli/out.h"

/* What readline's functions need, which are handed nothing. */
static struct {
    struct store *store;
    struct completion found; /* that is shown, if it is */
} completing;

/* The line with a candidate in it: as a whole, since word breaks are switched off (paths have
 * spaces). */
static char *completed(const char *line, const char *text, size_t n)
{
    struct str s = {0};
    str_put(&s, line, completing.found.start);
    str_put(&s, text, n);
    return str_take(&s);
}

/* In the form that readline wants: [0] what all agree in, then each, then NULL; one alone is [0].
 */
static char **complete(const char *line, int start, int end)
{
    struct completion *c = &completing.found;
    (void)start;
    (void)end;
    rl_attempted_completion_over = 1;
    rl_completion_append_character = 0;
    completion_done(c);
    if (!complete_line(line, strlen(line), completing.store, c))
        return NULL;
    char **list = mem_new(c->n + 2, sizeof *list);
    list[0] = completed(line, c->list[0].text, c->common);
    for (size_t i = 0; c->n > 1 && i < c->n; i++)
        list[i + 1] = completed(line, c->list[i].text, strlen(c->list[i].text));
    return list;
}

/* One a line where they are long, else side by side. */
static void show(char **matches, int n, int widest)
{
    const struct completion *c = &completing.found;
    (void)matches;
    (void)n;
    (void)widest;
    int cols, rows;
    size_t width = 0;
    rl_get_screen_size(&rows, &cols);
    for (size_t i = 0; i < c->n; i++) {
        size_t cells = utf8_cells(c->list[i].label, strlen(c->list[i].label));
        width = cells > width ? cells : width;
    }
    size_t columns = (size_t)cols / (width + 2);
    for (size_t i = 0; i < c->n; i++) {
        const char *label = c->list[i].label;
        bool first = columns < 2 || i % columns == 0;
        fputs(first ? "\n" : "", rl_outstream);
        out_print(rl_outstream, label, strlen(label));
        size_t pad = width + 2 - utf8_cells(label, strlen(label));
        fprintf(rl_outstream, "%*s", columns < 2 ? 0 : (int)pad, "");
    }
    fputc('\n', rl_outstream);
    rl_forced_update_display();
}

static char *no_word_breaks(void)
{
    static char none[] = "";
    return none;
}

void line_complete_install(struct store *store)
{
    completing.store = store;
    rl_attempted_completion_function = complete;
    rl_completion_word_break_hook = no_word_breaks;
    rl_completer_quote_characters = "";
    rl_completion_display_matches_hook = show;
}
