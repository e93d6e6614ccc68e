#include "tui/setting.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/named.h"
#include "chat/preset.h"

static bool failed(struct app *app, const struct err *err)
{
    app_fail(app, "%s", err->text);
    return false;
}

/* ---- Options -------------------------------------------------------------------------------- */

static void begin_command(void *user, int64_t row)
{
    struct app *app = user;
    struct str line = {0};
    str_printf(&line, "/set %s ", option_rows[row].flag);
    input_set(app->input, str_text(&line));
    app->focus = KEYS_INPUT;
    str_done(&line);
}

static bool choose_option(struct app *app)
{
    struct chooser_hooks hooks = {.taken = begin_command, .user = app};
    struct chooser *c = chooser_new(&app->theme, "Options of the conversation",
                                    "no option is called like that", &hooks);
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        struct str text = {0}, value = {0};
        if (!row->live)
            continue;
        str_printf(&text, "%s: %s", row->flag, row->help);
        options_put(chat_options(app->chat), chat_model(app->chat), i, &value);
        chooser_add(c, str_text(&text), str_text(&value), (int64_t)i);
        str_done(&text);
        str_done(&value);
    }
    app_choose(app, c);
    return true;
}

bool setting_run(struct app *app, const char *argument)
{
    struct err err;
    if (!*argument)
        return choose_option(app);
    char *option, *value;
    if (!options_typed(argument, &option, &value, &err))
        return failed(app, &err);
    bool ok = chat_set(app->chat, option, value, &err);
    if (ok)
        app_say(app, "%s is %s now", option, value);
    free(option);
    free(value);
    return ok || failed(app, &err);
}

/* ---- Presets -------------------------------------------------------------------------------- */

static void take_preset(void *user, int64_t index)
{
    struct named_list presets = named_list(NAMED_PRESET);
    if ((size_t)index < presets.n)
        setting_preset(user, presets.names[index]);
    named_list_done(&presets);
}

static bool choose_preset(struct app *app)
{
    struct named_list presets = named_list(NAMED_PRESET);
    struct chooser_hooks hooks = {.taken = take_preset, .user = app};
    struct chooser *c = chooser_new(&app->theme, "Presets: a system prompt and options by name",
                                    "no preset is called like that", &hooks);
    for (size_t i = 0; i < presets.n; i++) {
        char *summary = named_summary(NAMED_PRESET, presets.names[i]);
        chooser_add(c, presets.names[i], summary, (int64_t)i);
        free(summary);
    }
    app_choose(app, c);
    named_list_done(&presets);
    return true;
}

bool setting_preset(struct app *app, const char *name)
{
    struct err err;
    struct str left = {0};
    if (!*name)
        return choose_preset(app);
    bool ok = preset_use(app->chat, name, &left, &err);
    if (ok)
        app_say(app, "preset %s%s%s", name, left.len ? "; only a new start changes " : "",
                str_text(&left));
    str_done(&left);
    return ok || failed(app, &err);
}
