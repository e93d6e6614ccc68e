#include "tui/theming.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/named.h"

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

void theming_start(struct app *app)
{
    struct err err;
    app->theme_wanted = mem_copy(chat_options(app->chat)->theme);
    if (!choose(app, app->theme_wanted, &err))
        app_fail(app, "%s", err.text);
}

void theming_background(struct app *app, enum background background)
{
    app->background = background;
    choose(app, app->theme_wanted, NULL); /* what is wrong with it was told before */
}

static void list(struct app *app)
{
    struct named_list themes = named_list(NAMED_THEME);
    struct str text = {0};
    for (size_t i = 0; i < themes.n; i++) {
        bool now = strcmp(themes.names[i], app->theme.name) == 0;
        char *summary = named_summary(NAMED_THEME, themes.names[i]);
        str_printf(&text, "%s %-20s %s\n", now ? "▸" : " ", themes.names[i], summary);
        free(summary);
    }
    str_puts(&text, "/theme NAME changes it; /theme auto goes by the terminal.");
    transcript_add(app->transcript, ITEM_NOTE, str_text(&text), NULL);
    str_done(&text);
    named_list_done(&themes);
}

bool theming_run(struct app *app, const char *name)
{
    struct err err;
    struct theme before = app->theme;
    if (!*name)
        return list(app), true;
    if (!choose(app, name, &err)) {
        app->theme = before;
        show(app);
        return app_fail(app, "%s", err.text), false;
    }
    free(app->theme_wanted);
    app->theme_wanted = mem_copy(name);
    app_say(app, "the theme is %s now", app->theme.name);
    return true;
}

void theming_done(struct app *app)
{
    free(app->theme_wanted);
}
