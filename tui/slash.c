#include "tui/slash.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/commands.h"
#include "chat/revise.h"
#include "chat/save.h"
#include "chat/typed_path.h"
#include "tui/attaching.h"
#include "tui/browse.h"
#include "tui/filling.h"
#include "tui/find.h"
#include "tui/picker.h"
#include "tui/revising.h"
#include "tui/setting.h"
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

static bool run_open(struct app *app, const char *argument)
{
    unsigned long long number;
    if (!parse_number(argument, &number))
        return app_fail(app, "/open %s: not a number; /history lists them", argument), false;
    return browse_open(app, (int64_t)number);
}

static bool run_export(struct app *app, const char *argument)
{
    struct err err;
    char *path = typed_path(argument);
    bool ok = conversation_save(app->chat, app->store, path, &err);
    if (ok)
        app_say(app, "written to %s", path);
    free(path);
    return ok || failed(app, &err);
}

static bool run_context(struct app *app, const char *argument)
{
    struct err err;
    return *argument && !revise_told(app->chat, argument, &err) ? failed(app, &err)
                                                                : filling_open(app);
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
        return setting_run(app, argument);
    case COMMAND_PRESET:
        return setting_preset(app, argument);
    case COMMAND_REGEN:
        return turn_regenerate(app), true;
    case COMMAND_CONTINUE:
        return turn_continue(app), true;
    case COMMAND_EDIT:
        return revising_edit_last(app, argument);
    case COMMAND_BRANCH:
        return revising_branch_last(app, argument);
    case COMMAND_DELETE:
        return revising_delete_last(app);
    case COMMAND_UNDELETE:
        return revising_undelete(app);
    case COMMAND_FORK:
        return revising_fork_all(app);
    case COMMAND_NEW:
        return browse_new(app);
    case COMMAND_OPEN:
        return run_open(app, argument);
    case COMMAND_HISTORY:
        return browse_conversations(app);
    case COMMAND_FIND:
        return find_open(app, argument);
    case COMMAND_RENAME:
        return browse_rename(app, argument);
    case COMMAND_ARCHIVE:
        return browse_put_away(app, ACTION_ARCHIVE);
    case COMMAND_DISCARD:
        return browse_put_away(app, ACTION_DELETE_CONVERSATION);
    case COMMAND_EXPORT:
        return run_export(app, argument);
    case COMMAND_CONTEXT:
        return run_context(app, argument);
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
