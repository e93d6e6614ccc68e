#include "tui/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void app_choose(struct app *app, struct chooser *chooser)
{
    struct chooser *before = app->chooser;
    app->chooser = chooser;
    app->help = false;
    app->dirty = true;
    if (before)
        chooser_finish(before, CHOSEN_NOTHING);
}

double app_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void tell(struct app *app, bool error, const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    str_clear(&app->notice);
    str_puts(&app->notice, text);
    app->notice_is_error = error;
    app->dirty = true;
}

void app_say(struct app *app, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(app, false, format, args);
    va_end(args);
}

void app_fail(struct app *app, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(app, true, format, args);
    va_end(args);
}

void app_hush(struct app *app)
{
    str_clear(&app->notice);
    app->dirty = true;
}

void app_say_busy(struct app *app)
{
    char key[KEY_NAME_BYTES];
    app_say(app, "an answer is under way: %s stops it",
            keys_first(KEYS_INPUT, ACTION_CANCEL, key));
}
