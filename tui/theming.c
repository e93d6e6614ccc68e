#include "tui/theming.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/named.h"
#include "tui/remember.h"

static void show(struct app *app)
{
    term_set_ground(app->term, theme_ground(&app->theme));
    app->dirty = true;
}

static bool choose(struct app *app, const char *wanted, struct err *err)
{
    struct theme theme = {.background = COLOR_OWN};
    bool ok = theme_choose(&theme, wanted, term_colors(app->term), app->background, err);
    app->theme = theme;
    show(app);
    return ok;
}

static const char memory[] = "theme"; /* remember.h */

static bool is_left_to_us(const struct app *app)
{
    const char *option = chat_options(app->chat)->theme;
    return !option || strcmp(option, "auto") == 0;
}

/* What /theme said last, if the option says nothing. */
static char *wanted_at_start(const struct app *app)
{
    char *last = is_left_to_us(app) ? remember_get(memory) : NULL;
    if (last && named_exists(NAMED_THEME, last, NULL))
        return last;
    free(last);
    return mem_copy(chat_options(app->chat)->theme);
}

void theming_start(struct app *app)
{
    struct err err;
    app->theme_wanted = wanted_at_start(app);
    if (!choose(app, app->theme_wanted, &err))
        app_fail(app, "%s", err.text);
}

void theming_background(struct app *app, enum background background)
{
    app->background = background;
    choose(app, app->theme_wanted, NULL); /* what is wrong with it was told before */
}

/* A value is the place of the name among the names, and behind them "auto". */
static char *name_at(int64_t value)
{
    struct named_list themes = named_list(NAMED_THEME);
    char *name = mem_copy((size_t)value < themes.n ? themes.names[value] : "auto");
    named_list_done(&themes);
    return name;
}

static void preview(void *user, int64_t value)
{
    char *name = name_at(value);
    choose(user, name, NULL);
    free(name);
}

static void taken(void *user, int64_t value)
{
    char *name = name_at(value);
    theming_run(user, name);
    free(name);
}

static void left(void *user)
{
    struct app *app = user;
    choose(app, app->theme_wanted, NULL);
}

void theming_choose(struct app *app)
{
    struct named_list themes = named_list(NAMED_THEME);
    struct chooser_hooks hooks = {.marked = preview, .taken = taken, .left = left, .user = app};
    struct chooser *c = chooser_new(&app->theme, "Themes", "no theme is called like that", &hooks);
    for (size_t i = 0; i < themes.n; i++) {
        char *summary = named_summary(NAMED_THEME, themes.names[i]);
        chooser_add(c, themes.names[i], summary, (int64_t)i);
        free(summary);
    }
    chooser_add(c, "auto", "goes by the terminal", (int64_t)themes.n);
    for (size_t i = 0; i < themes.n; i++)
        if (strcmp(themes.names[i], app->theme.name) == 0)
            chooser_mark(c, (int64_t)i);
    app_choose(app, c);
    named_list_done(&themes);
}

bool theming_run(struct app *app, const char *name)
{
    struct err err;
    struct theme before = app->theme;
    if (!*name)
        return theming_choose(app), true;
    if (!choose(app, name, &err)) {
        app->theme = before;
        show(app);
        return app_fail(app, "%s", err.text), false;
    }
    free(app->theme_wanted);
    app->theme_wanted = mem_copy(name);
    remember_set(memory, name);
    app_say(app, "the theme is %s%s", app->theme.name,
            is_left_to_us(app)
                ? " now"
                : " until facet ends: facet.conf, --theme or $FACET_THEME has another");
    return true;
}

int theming_picture_colors(const struct app *app)
{
    int most = term_colors(app->term), used = theme_colors(&app->theme);
    return used < 256 && used < most ? used : most;
}

void theming_done(struct app *app)
{
    free(app->theme_wanted);
}
