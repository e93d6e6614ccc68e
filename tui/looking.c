#include "tui/looking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/color.h"
#include "tui/revising.h"

static const char spaces[] = " \t\r\n";

/* ---- Words ---------------------------------------------------------------------------------- */

static size_t count_words(const char *text)
{
    size_t n = 0;
    for (text += strspn(text, spaces); *text; text += strspn(text, spaces), n++)
        text += strcspn(text, spaces);
    return n;
}

/* The present word, or the whole. */
static size_t find_word(const struct looking *l, size_t *n_bytes)
{
    const char *at = l->answer;
    *n_bytes = strlen(at);
    if (l->word == 0)
        return 0;
    at += strspn(at, spaces);
    for (size_t i = 1; i < l->word; i++) {
        at += strcspn(at, spaces);
        at += strspn(at, spaces);
    }
    *n_bytes = strcspn(at, spaces);
    return (size_t)(at - l->answer);
}

/* ---- Asking --------------------------------------------------------------------------------- */

static void forget_heat(struct looking *l)
{
    free(l->heat.share);
    l->heat = (struct chat_looked){0};
}

void looking_end(struct looking *l)
{
    forget_heat(l);
    free(l->answer);
    *l = (struct looking){.asked = l->asked};
}

/* The answer stands where it did. */
static bool is_there(const struct looking *l, const struct app *app)
{
    const struct messages *ms = chat_messages(app->chat);
    char *text = l->message < ms->n ? message_text(&ms->list[l->message], 1) : NULL;
    bool same = text && strcmp(text, l->answer) == 0;
    free(text);
    return same;
}

static void ask(struct looking *l, struct app *app, const struct attachment *picture)
{
    struct err err = {""};
    size_t n_bytes, first = find_word(l, &n_bytes);
    l->again = l->asked;
    if (l->asked)
        return;
    if (!chat_is_busy(app->chat) && !is_there(l, app))
        err_set(&err, "another answer is seen now");
    else
        l->asked = chat_look(app->chat, l->message, first, n_bytes, picture, &err);
    if (!l->asked) {
        app_say(app, "%s", err.text);
        looking_end(l);
    }
}

void looking_begin(struct looking *l, struct app *app, const struct attachment *picture)
{
    struct str text = {0};
    size_t message, index;
    if (chat_is_busy(app->chat) && !l->asked) {
        app_say_busy(app);
        return;
    }
    enum selected kind = transcript_get_selected(app->transcript, &text, &message);
    str_done(&text);
    looking_end(l);
    if (kind == SELECTED_NOTHING || !revising_index(app, message, &index)) {
        app_say(app, "there is no answer yet that could have looked at it");
        return;
    }
    l->on = true;
    l->message = index;
    l->answer = message_text(&chat_messages(app->chat)->list[index], 1);
    l->n_words = count_words(l->answer);
    ask(l, app, picture);
}

void looking_step(struct looking *l, struct app *app, const struct attachment *picture, int step)
{
    size_t n = l->n_words + 1;
    l->word = (l->word + (step > 0 ? 1 : n - 1)) % n;
    ask(l, app, picture);
}

static void keep_heat(struct looking *l, const struct chat_looked *heat)
{
    size_t n = heat->n_views * heat->n_soft;
    forget_heat(l);
    l->heat = *heat;
    l->heat.share = mem_new(n, sizeof *heat->share);
    l->hottest = 0;
    for (size_t i = 0; i < n; i++) {
        l->heat.share[i] = heat->share[i];
        l->hottest = fmaxf(l->hottest, heat->share[i]);
    }
}

void looking_take(struct looking *l, struct app *app, const struct chat_event *event,
                  const struct attachment *picture)
{
    l->asked = false;
    if (!l->on)
        return;
    if (l->again) {
        ask(l, app, picture);
    } else if (event->text) {
        app_say(app, "%.*s", (int)event->n_bytes, event->text);
        forget_heat(l);
        if (l->word == 0)
            looking_end(l);
    } else {
        keep_heat(l, chat_looked(app->chat));
    }
}

/* ---- Drawing -------------------------------------------------------------------------------- */

/* Of all that the picture got. */
static double share_of_view(const struct chat_looked *heat, size_t view)
{
    double sum = 0;
    for (size_t i = 0; i < heat->n_soft; i++)
        sum += heat->share[view * heat->n_soft + i];
    return sum;
}

void looking_words(const struct looking *l, struct str *out)
{
    size_t n_bytes, first = find_word(l, &n_bytes);
    if (l->word == 0)
        str_puts(out, "the whole answer");
    else
        str_printf(out, "“%.*s” (%zu/%zu)", (int)n_bytes, l->answer + first, l->word, l->n_words);
}

void looking_share(const struct looking *l, size_t view, struct str *out)
{
    const struct chat_looked *heat = &l->heat;
    if (l->asked || !heat->share) {
        str_puts(out, l->asked ? "looking back…" : "not known");
        return;
    }
    str_printf(out, "%.1f %% on it", 100 * heat->total);
    if (heat->n_views > 1)
        str_printf(out, ", %.1f %% here", 100 * heat->total * share_of_view(heat, view));
    if (heat->n_counted < heat->n_tokens)
        str_printf(out, " (%zu of %zu tokens)", heat->n_counted, heat->n_tokens);
}

/* Mean of the soft tokens that a cell covers, over the hottest of all; as its root, which shows
 * more of what is small. */
static double heat_at(const struct looking *l, size_t view, int row, int col, struct rect where)
{
    int side = (int)lround(sqrt((double)l->heat.n_soft));
    int top = row * side / where.rows, bottom = (row + 1) * side / where.rows;
    int left = col * side / where.cols, right = (col + 1) * side / where.cols;
    double sum = 0;
    bottom = bottom > top ? bottom : top + 1;
    right = right > left ? right : left + 1;
    const float *share = l->heat.share + view * l->heat.n_soft;
    for (int r = top; r < bottom; r++)
        for (int c = left; c < right; c++)
            sum += share[r * side + c];
    return l->hottest > 0 ? sqrt(sum / (bottom - top) / (right - left) / l->hottest) : 0;
}

static uint32_t mix(uint32_t a, uint32_t b, double part)
{
    uint32_t out = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        double from = a >> shift & 0xFF, to = b >> shift & 0xFF;
        out |= (uint32_t)(from + (to - from) * part + 0.5) << shift;
    }
    return out;
}

/* Dark where it is cold, over red to yellow. */
static int32_t heated(int32_t color, double heat, int n_colors)
{
    enum { DARK = 0x000000, WARM = 0xff4000, HOT = 0xfff060 };
    uint32_t cold = mix(color == COLOR_OWN ? DARK : color_rgb(color), DARK, 0.6);
    uint32_t glow = heat < 0.5 ? WARM : mix(WARM, HOT, 2 * heat - 1);
    int32_t wanted = COLOR_RGB((int32_t)mix(cold, glow, heat));
    return n_colors > 256 ? wanted : color_nearest(wanted, 256);
}

void looking_draw(const struct looking *l, size_t view, struct surface *s, struct rect where,
                  int n_colors, const struct theme *theme)
{
    static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
    enum { SHADES = sizeof shades / sizeof shades[0] };
    if (!l->on || !l->heat.share || view >= l->heat.n_views)
        return;
    for (int row = 0; row < where.rows; row++)
        for (int col = 0; col < where.cols; col++) {
            double heat = heat_at(l, view, row, col, where);
            struct cell *cell = surface_at(s, where.row + row, where.col + col);
            if (n_colors >= 256) {
                cell->style.fg = heated(cell->style.fg, heat, n_colors);
                cell->style.bg = heated(cell->style.bg, heat, n_colors);
            } else {
                surface_puts(s, where.row + row, where.col + col, where.col + where.cols,
                             shades[(int)(heat * (SHADES - 1) + 0.5)], theme->tones[TONE_TEXT]);
            }
        }
}
