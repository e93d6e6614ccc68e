#include "cli/chat.h"

#include <stdbool.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/history.h"
#include "cli/line.h"
#include "cli/plain.h"
#include "history/store.h"
#include "tui/tui.h"

/* Whether a full screen can be drawn and keys be read. */
static bool has_screen(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int run_screen(const struct options *options, int64_t conversation, struct err *err)
{
    struct err why = {0};
    struct store *store = options->no_history ? NULL : store_open(NULL, &why);
    bool unkept = !store && !options->no_history;
    struct tui_visit visit = {conversation, unkept ? why.text : NULL};
    bool ok = tui_run(options, store, &visit, err);
    store_close(store);
    if (visit.conversation)
        line_tell_kept(stderr, options, visit.conversation);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static int run_lines(const struct options *options, int64_t conversation, struct err *err)
{
    struct store *store = history_open(options);
    int code = line_run(options, store, conversation, err);
    store_close(store);
    return code;
}

/* The conversation to begin with: 0, what is usual; below, a new one. */
static bool read_conversation(const struct args *args, int64_t *conversation, struct err *err)
{
    size_t number = 0;
    if (args_has(args, "open") && args_has(args, "new"))
        return err_set(err, "--open and --new do not go together");
    if (!args_count(args, "open", (size_t[]){1, INT64_MAX}, &number, err))
        return false;
    *conversation = args_has(args, "new") ? -1 : (int64_t)number;
    return true;
}

static int run(struct args *args, struct err *err)
{
    bool screen =
        has_screen() && !args_has(args, "line") && !plain_is_wanted(&args->options);
    if (args->options.mistake && !screen) { /* the full screen tells it, and goes on */
        err_set(err, "%s", args->options.mistake);
        return EXIT_USAGE;
    }
    if (!screen)
        args->options.confidence = false; /* lines would not show it */
    int64_t conversation = 0;
    if (!read_conversation(args, &conversation, err))
        return EXIT_USAGE;
    return (screen ? run_screen : run_lines)(&args->options, conversation, err);
}

static const struct flag flags[] = {
    {"line", 0, NULL, "a prompt instead of the full screen"},
    {"open", 0, "N", "begin with conversation N of the history; facet history list has them"},
    {"new", 0, NULL, "begin with a new conversation; the full screen goes on with the last one"},
};

const struct verb verb_chat = {
    .name = "chat",
    .operands = "",
    .summary = "talk, with pictures: full screen, or --line for a prompt",
    .details = "Without a terminal, or with TERM=dumb, the prompt is used by itself. --plain, or "
               "ACCESSIBLE=1, makes it one for screen readers. /help lists its commands.",
    .options = (TAKES_ALL | TAKES_SCREEN) & ~TAKES(dry_run),
    .flags = flags,
    .n_flags = sizeof flags / sizeof *flags,
    .forgives_configuration = true,
    .run = run,
};
