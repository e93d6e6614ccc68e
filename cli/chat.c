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

static int run_screen(const struct options *options, struct err *err)
{
    struct err why = {0};
    struct store *store = options->no_history ? NULL : store_open(NULL, &why);
    bool kept = store || options->no_history;
    bool ok = tui_run(options, store, kept ? NULL : why.text, err);
    store_close(store);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static int run_lines(const struct options *options, struct err *err)
{
    struct store *store = history_open(options);
    int code = line_run(options, store, err);
    store_close(store);
    return code;
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
    return screen ? run_screen(&args->options, err) : run_lines(&args->options, err);
}

static const struct flag flags[] = {
    {"line", 0, NULL, "a prompt instead of the full screen"},
};

const struct verb verb_chat = {
    .name = "chat",
    .operands = "",
    .summary = "talk, with pictures: full screen, or --line for a prompt",
    .details = "Without a terminal, or with TERM=dumb, the prompt is used by itself. --plain, or "
               "ACCESSIBLE=1, makes it one for screen readers. /help lists its commands.",
    .options = (TAKES_ALL | TAKES_SCREEN) & ~TAKES(dry_run),
    .flags = flags,
    .n_flags = 1,
    .forgives_configuration = true,
    .run = run,
};
