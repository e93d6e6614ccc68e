#include "tui/palette.h"

#include <string.h>

#include "chat/commands.h"
#include "tui/actions.h"
#include "tui/slash.h"

/* A value below COMMAND_COUNT is a command, the others are rows of the key table behind them. */
static bool needs_argument(const struct command_row *row)
{
    return row->argument && row->argument[0] != '[';
}

/* Commands that want something more are begun in the input. */
static void take_command(struct app *app, const struct command_row *row)
{
    struct str line = {0};
    str_printf(&line, "/%s%s", row->name, row->argument ? " " : "");
    if (needs_argument(row)) {
        app->focus = KEYS_INPUT;
        input_set(app->input, str_text(&line));
    } else {
        slash_run(app, str_text(&line));
    }
    str_done(&line);
}

static void take(void *user, int64_t value)
{
    struct app *app = user;
    if (value < COMMAND_COUNT)
        take_command(app, &command_rows[value]);
    else
        actions_do(app, key_rows[value - COMMAND_COUNT].action);
}

/* What works wherever one is, and in the pane that has the focus; editing is not chosen from a
 * list, nor is the palette itself. */
static bool is_offered(const struct key_row *row, enum key_context focus)
{
    bool here = row->context == KEYS_EVERYWHERE || (row->context == focus && focus != KEYS_INPUT);
    return row->help && here && row->action != ACTION_PALETTE;
}

/* A key and a command that are said to do the same do: they are one row. */
static bool is_command(const struct key_row *row)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(row->help, command_rows[i].help) == 0)
            return true;
    return false;
}

static void put_key(struct str *aside, const struct command_row *command, enum key_context focus)
{
    for (size_t i = 0; i < n_key_rows; i++)
        if (is_offered(&key_rows[i], focus) && strcmp(key_rows[i].help, command->help) == 0) {
            char name[KEY_NAME_BYTES];
            keys_name(key_rows[i].keys[0], name);
            str_printf(aside, "  %s", name);
            return;
        }
}

static void add_commands(struct chooser *c, enum key_context focus)
{
    for (int64_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *row = &command_rows[i];
        struct str aside = {0};
        str_printf(&aside, "/%s%s%s", row->name, row->argument ? " " : "",
                   row->argument ? row->argument : "");
        put_key(&aside, row, focus);
        chooser_add(c, row->help, str_text(&aside), i);
        str_done(&aside);
    }
}

static void add_actions(struct chooser *c, enum key_context focus)
{
    for (size_t i = 0; i < n_key_rows; i++) {
        const struct key_row *row = &key_rows[i];
        if (!is_offered(row, focus) || is_command(row))
            continue;
        char name[KEY_NAME_BYTES];
        keys_name(row->keys[0], name);
        chooser_add(c, row->help, name, (int64_t)(COMMAND_COUNT + i));
    }
}

void palette_open(struct app *app)
{
    struct chooser_hooks hooks = {.taken = take, .user = app};
    struct chooser *c =
        chooser_new(&app->theme, "What can be done", "nothing is called like that", &hooks);
    add_commands(c, app->focus);
    add_actions(c, app->focus);
    app_choose(app, c);
}
