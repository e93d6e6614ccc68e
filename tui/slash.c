#include "tui/slash.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "chat/commands.h"
#include "chat/preset.h"
#include "chat/typed_path.h"
#include "tui/attaching.h"
#include "tui/browse.h"
#include "tui/filling.h"
#include "tui/picker.h"
#include "tui/theming.h"
#include "tui/turn.h"

static bool failed(struct app *app, const struct err *err)
{
    app_fail(app, "%s", err->text);
    return false;
}

static bool parse_number(const char *text, unsigned long long *n)
{
    char *end;
    *n = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0;
}

static bool run_detach(struct app *app, const char *argument)
{
    unsigned long long number = 0;
    if (*argument && !parse_number(argument, &number))
        return app_fail(app, "/detach %s: not a number", argument), false;
    if (!input_detach(app->input, (size_t)number))
        return app_fail(app, *argument ? "there is no picture %s" : "no picture is attached",
                        argument),
               false;
    return true;
}

static bool run_system(struct app *app, const char *argument)
{
    struct err err;
    const char *now = chat_options(app->chat)->system;
    if (!*argument) {
        transcript_add(app->transcript, ITEM_NOTE, now && *now ? now : "there is no system prompt",
                       NULL);
        return true;
    }
    if (!chat_set_system(app->chat, argument, &err))
        return failed(app, &err);
    app_say(app, "the system prompt is set");
    return true;
}

static bool run_set(struct app *app, const char *argument)
{
    struct err err;
    size_t n = strcspn(argument, " ");
    char *option = mem_text(argument, n);
    const char *value = argument + n + strspn(argument + n, " ");
    bool ok = *value ? chat_set(app->chat, option, value, &err)
                     : err_set(&err, "/set %s: a value is missing", option);
    if (ok)
        app_say(app, "%s is %s now", option, value);
    free(option);
    return ok || failed(app, &err);
}

static bool run_preset(struct app *app, const char *name)
{
    struct err err;
    struct str left = {0};
    bool ok = preset_use(app->chat, name, &left, &err);
    if (ok)
        app_say(app, "preset %s%s%s", name, left.len ? "; only a new start changes " : "",
                str_text(&left));
    str_done(&left);
    return ok || failed(app, &err);
}

static bool run_open(struct app *app, const char *argument)
{
    unsigned long long number;
    if (!parse_number(argument, &number))
        return app_fail(app, "/open %s: not a number; /history lists them", argument), false;
    return browse_open(app, (int64_t)number);
}

static void put_message(struct str *out, const struct message *m)
{
    static const char *const names[] = {[ROLE_SYSTEM] = "System",
                                        [ROLE_USER] = "You",
                                        [ROLE_MODEL] = "Gemma",
                                        [ROLE_TOOL] = "Tool"};
    char *text = message_text(m, 1);
    str_printf(out, "%s## %s%s\n\n", out->len ? "\n" : "", names[m->role],
               m->interrupted ? " (interrupted)" : "");
    size_t number = 0;
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].image)
            str_printf(out, "![image %zu](<%s>)\n\n", ++number, m->parts[i].image->path);
    str_printf(out, "%s\n", text);
    free(text);
}

static bool run_save(struct app *app, const char *argument)
{
    struct err err;
    const struct messages *ms = chat_messages(app->chat);
    if (chat_is_busy(app->chat))
        return app_fail(app, "an answer is under way: Esc stops it"), false;
    struct str out = {0};
    for (size_t i = 0; i < ms->n; i++)
        put_message(&out, &ms->list[i]);
    char *path = typed_path(argument);
    bool ok = file_exists(path) ? err_set(&err, "%s is there already: choose another name", path)
                                : file_write(path, str_text(&out), out.len, 0600, &err);
    if (ok)
        app_say(app, "written to %s", path);
    free(path);
    str_done(&out);
    return ok || failed(app, &err);
}

static bool run(struct app *app, enum command command, const char *argument)
{
    switch (command) {
    case COMMAND_IMAGE:
        return *argument ? attaching_path(app, argument) : (picker_open(app, NULL), true);
    case COMMAND_DETACH:
        return run_detach(app, argument);
    case COMMAND_SYSTEM:
        return run_system(app, argument);
    case COMMAND_SET:
        return run_set(app, argument);
    case COMMAND_PRESET:
        return run_preset(app, argument);
    case COMMAND_REGEN:
        return turn_regenerate(app), true;
    case COMMAND_CONTINUE:
        return turn_continue(app), true;
    case COMMAND_NEW:
        return browse_new(app);
    case COMMAND_OPEN:
        return run_open(app, argument);
    case COMMAND_HISTORY:
        return browse_conversations(app);
    case COMMAND_SAVE:
        return run_save(app, argument);
    case COMMAND_CONTEXT:
        return filling_open(app);
    case COMMAND_THEME:
        return theming_run(app, argument);
    case COMMAND_HELP:
        app->help = true;
        app->help_top = 0;
        return true;
    case COMMAND_QUIT:
        app->quit = true;
        return true;
    case COMMAND_COUNT:
        break;
    }
    return false;
}

bool slash_run(struct app *app, const char *line)
{
    struct err err;
    enum command command;
    const char *argument;
    char *copy = mem_copy(line);
    bool ok = command_parse(copy, &command, &argument, &err) ? run(app, command, argument)
                                                             : failed(app, &err);
    free(copy);
    return ok;
}
