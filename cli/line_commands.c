#include "cli/line_commands.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/commands.h"
#include "chat/preset.h"
#include "chat/typed_path.h"
#include "cli/line_history.h"
#include "cli/line_revise.h"
#include "cli/preview.h"
#include "cli/topics.h"

typedef bool command_fn(struct line_mode *line, const char *argument, struct err *err);

static void describe(struct line_mode *line, const struct attachment *a, size_t number)
{
    fprintf(line->notes, "[image %zu] ", number);
    line_note(line, a->path);
    fprintf(line->notes, ": %s, %u x %u, %zu view%s", a->facts.format, a->image.width,
            a->image.height, attachment_views(a), attachment_views(a) == 1 ? "" : "s");
    if (chat_model(line->chat)) {
        struct facet_model_info info;
        facet_model_get_info(chat_model(line->chat), &info);
        fprintf(line->notes, ", %zu tokens", attachment_views(a) * info.n_soft_tokens);
    }
    fprintf(line->notes, "%s%s\n", a->facts.warning[0] ? "; " : "", a->facts.warning);
}

bool line_attach(struct line_mode *line, const char *path, struct err *err)
{
    struct attachment *a = attachment_load(path, &chat_options(line->chat)->crops, err);
    if (!a)
        return false;
    line->attached = mem_grow(line->attached, line->n_attached + 1, sizeof *line->attached);
    line->attached[line->n_attached++] = a;
    if (!line->plain && line->notes == stdout)
        preview_show(&a->image);
    describe(line, a, line->n_attached);
    return true;
}

static bool do_image(struct line_mode *line, const char *argument, struct err *err)
{
    if (!*argument)
        return err_set(err, "/image needs more: /image PATH");
    char *path = typed_path(argument);
    bool ok = line_attach(line, path, err);
    free(path);
    return ok;
}

static bool do_detach(struct line_mode *line, const char *argument, struct err *err)
{
    size_t n = line->n_attached;
    char *end = NULL;
    unsigned long which = *argument ? strtoul(argument, &end, 10) : n;
    if (n == 0)
        return err_set(err, "no picture is attached");
    if ((end && *end) || which < 1 || which > n)
        return err_set(err, "there is no [image %s]; %zu attached", argument, n);
    attachment_release(line->attached[which - 1]);
    memmove(line->attached + which - 1, line->attached + which,
            (n - which) * sizeof *line->attached);
    line->n_attached--;
    for (size_t i = 0; i < line->n_attached; i++)
        describe(line, line->attached[i], i + 1);
    return true;
}

static bool do_system(struct line_mode *line, const char *argument, struct err *err)
{
    const char *system = chat_options(line->chat)->system;
    if (*argument)
        return chat_set_system(line->chat, strcmp(argument, "-") == 0 ? "" : argument, err);
    line_note(line, system && *system ? system : "(no system prompt; /system TEXT sets one)");
    line_note(line, system && *system ? "\n(/system - takes it away)\n" : "\n");
    return true;
}

/* "  temperature        0.7" */
static bool list_options(struct line_mode *line)
{
    for (size_t i = 0; i < n_option_rows; i++) {
        struct str value = {0};
        if (!option_rows[i].live)
            continue;
        options_put(chat_options(line->chat), chat_model(line->chat), i, &value);
        fprintf(line->notes, "  %-18s ", option_rows[i].flag);
        line_note(line, str_text(&value));
        fputc('\n', line->notes);
        str_done(&value);
    }
    return true;
}

static bool do_set(struct line_mode *line, const char *argument, struct err *err)
{
    if (!*argument)
        return list_options(line);
    char *name, *value;
    if (!options_typed(argument, &name, &value, err))
        return false;
    bool ok = chat_set(line->chat, name, value, err);
    free(name);
    free(value);
    return ok;
}

static bool do_preset(struct line_mode *line, const char *argument, struct err *err)
{
    struct str left = {0};
    if (!*argument)
        return topic_print(line->notes, "presets");
    bool ok = preset_use(line->chat, argument, &left, err);
    if (ok && left.len)
        fprintf(line->notes, "(only a new start changes %s)\n", str_text(&left));
    str_done(&left);
    return ok;
}

static bool do_regen(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    if (!chat_regenerate(line->chat, err))
        return false;
    line_answer(line);
    return true;
}

static bool do_continue(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    if (!chat_continue(line->chat, err))
        return false;
    line_answer(line);
    return true;
}

static bool do_new(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    line_drop_attached(line, 0);
    return chat_clear(line->chat, err);
}

static bool do_theme(struct line_mode *line, const char *argument, struct err *err)
{
    (void)line;
    (void)argument;
    return err_set(err, "/theme is for the full screen: line mode has the terminal's own colours");
}

static bool do_help(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    (void)err;
    topic_print(line->notes, "commands");
    line_note(line, "A line that ends with \\ goes on in the next one; \"\"\" begins and ends "
                    "several lines.\n");
    return true;
}

static bool do_quit(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    (void)err;
    line->quit = true;
    return true;
}

void line_command(struct line_mode *line, char *text)
{
    static command_fn *const table[COMMAND_COUNT] = {
        [COMMAND_IMAGE] = do_image,         [COMMAND_DETACH] = do_detach,
        [COMMAND_SYSTEM] = do_system,       [COMMAND_SET] = do_set,
        [COMMAND_PRESET] = do_preset,       [COMMAND_REGEN] = do_regen,
        [COMMAND_CONTINUE] = do_continue,   [COMMAND_EDIT] = line_edit,
        [COMMAND_BRANCH] = line_branch,     [COMMAND_DELETE] = line_delete,
        [COMMAND_UNDELETE] = line_undelete, [COMMAND_FORK] = line_fork,
        [COMMAND_NEW] = do_new,             [COMMAND_OPEN] = line_open,
        [COMMAND_HISTORY] = line_history,   [COMMAND_FIND] = line_find,
        [COMMAND_RENAME] = line_rename,     [COMMAND_ARCHIVE] = line_archive,
        [COMMAND_DISCARD] = line_discard,   [COMMAND_EXPORT] = line_export,
        [COMMAND_CONTEXT] = line_context,   [COMMAND_THEME] = do_theme,
        [COMMAND_HELP] = do_help,           [COMMAND_QUIT] = do_quit,
    };
    enum command command;
    const char *argument;
    struct err err;
    if (!command_parse(text, &command, &argument, &err) || !table[command](line, argument, &err))
        line_complain(line, &err);
}
