#include "tui/waiting.h"

#include "base/file.h"

enum { MAX_ROWS = 4 };

int waiting_rows(const struct app *app)
{
    size_t n = input_n_pictures(app->input), rows = n + (n > 1);
    return rows < MAX_ROWS ? (int)rows : MAX_ROWS;
}

/* 0: the model is not known yet. */
static size_t tokens_of(const struct app *app, size_t views)
{
    const struct facet_model *model = chat_model(app->chat);
    struct facet_model_info info;
    if (!model)
        return 0;
    facet_model_get_info(model, &info);
    return views * info.n_soft_tokens;
}

/* " · 768 tokens · about 8 s", as far as it is known. */
static void put_cost(const struct app *app, size_t views, struct str *out)
{
    size_t tokens = tokens_of(app, views);
    if (tokens) {
        str_puts(out, " · ");
        status_count(out, tokens);
        str_puts(out, " tokens");
    }
    if (app->seconds_a_view > 0)
        str_printf(out, " · about %.0f s", app->seconds_a_view * (double)views + 0.5);
}

/* "[image 2] scan.png · 640×480 · 3 views · 768 tokens · about 8 s" */
static void describe(const struct app *app, size_t k, bool narrow, struct str *out)
{
    size_t number;
    const struct attachment *a = input_picture(app->input, k, &number);
    size_t views = attachment_views(a);
    if (attachment_is_blank(a)) {
        bool broken = attachment_is(a, ATTACHMENT_BROKEN);
        str_printf(out, "[image %zu] %s%s%s", number, broken ? "" : "reading ", path_base(a->path),
                   broken ? ": cannot be read" : "…");
        return;
    }
    str_printf(out, "[image %zu] %s", number, path_base(a->path));
    if (!narrow)
        str_printf(out, " · %u×%u", a->image.width, a->image.height);
    str_printf(out, " · %zu view%s", views, views == 1 ? "" : "s");
    put_cost(app, views, out);
}

static size_t all_views(const struct app *app)
{
    size_t views = 0, number;
    for (size_t k = 0; k < input_n_pictures(app->input); k++)
        views += attachment_views(input_picture(app->input, k, &number));
    return views;
}

static bool fit_into_context(const struct app *app, size_t views)
{
    size_t used, total;
    chat_context(app->chat, &used, &total);
    return !total || used + tokens_of(app, views) < total;
}

/* "all 5 pictures · 11 views · 2,816 tokens · about 41 s" */
static void describe_all(const struct app *app, size_t n, struct str *out)
{
    size_t views = all_views(app);
    str_printf(out, "all %zu pictures · %zu views", n, views);
    put_cost(app, views, out);
}

void waiting_draw(const struct app *app, struct surface *s, struct rect where)
{
    size_t n = input_n_pictures(app->input);
    bool narrow = where.cols < LAYOUT_NARROW_COLS, fit = fit_into_context(app, all_views(app));
    for (int r = 0; r < where.rows; r++) {
        struct str text = {0};
        bool last = r + 1 == where.rows;
        if (last && n > 1)
            describe_all(app, n, &text);
        else
            describe(app, (size_t)r, narrow, &text);
        if (last && !fit)
            str_puts(&text, " · more than the context has room for");
        surface_puts_cut(s, where.row + r, where.col + 2, where.col + where.cols, str_text(&text),
                         app->theme.tones[last && !fit ? TONE_WARNING : TONE_MUTED]);
        str_done(&text);
    }
}
