#include "tui/pace.h"

#include <stdio.h>
#include <stdlib.h>

#include "tui/remember.h"

static void put_key(const struct app *app, struct str *key)
{
    const char *precision = chat_options(app->chat)->vision_precision;
    str_printf(key, "seconds a view: %s, %s", str_text(&app->model),
               precision ? precision : "as chosen");
}

void pace_recall(struct app *app)
{
    struct str key = {0};
    put_key(app, &key);
    char *value = remember_get(str_text(&key));
    double seconds = value ? strtod(value, NULL) : 0;
    app->seconds_a_view = seconds > 0 && seconds < 1e6 ? seconds : 0;
    free(value);
    str_done(&key);
}

void pace_note(struct app *app, double seconds_a_view)
{
    struct str key = {0};
    char value[32];
    app->seconds_a_view = seconds_a_view;
    put_key(app, &key);
    snprintf(value, sizeof value, "%.3f", seconds_a_view);
    remember_set(str_text(&key), value);
    str_done(&key);
}
