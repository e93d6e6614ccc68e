#include "cli/history_change.h"

#include <stdio.h>
#include <stdlib.h>

#include "chat/discard.h"
#include "cli/args.h"
#include "cli/history.h"
#include "history/store.h"

typedef bool change_fn(struct store *s, int64_t conversation, struct err *err);

/* Does it to each operand; the first that fails ends it. */
static int change_each(const struct args *args, change_fn *change, struct err *err)
{
    int64_t number = 0;
    for (size_t i = 0; i < args->n_operands; i++)
        if (!history_number(args->operands[i], &number, err))
            return EXIT_USAGE;
    struct store *store = store_open(NULL, err);
    bool ok = store != NULL;
    for (size_t i = 0; ok && i < args->n_operands; i++)
        ok = history_number(args->operands[i], &number, err) && change(store, number, err);
    store_close(store);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static bool put_away(struct store *s, int64_t conversation, struct err *err)
{
    return store_archive(s, conversation, true, err);
}

static bool take_out(struct store *s, int64_t conversation, struct err *err)
{
    return store_archive(s, conversation, false, err);
}

static int run_rm(struct args *args, struct err *err)
{
    return change_each(args, discard_conversation, err);
}

static int run_undelete(struct args *args, struct err *err)
{
    return change_each(args, store_undelete, err);
}

static int run_archive(struct args *args, struct err *err)
{
    return change_each(args, put_away, err);
}

static int run_unarchive(struct args *args, struct err *err)
{
    return change_each(args, take_out, err);
}

static int run_rename(struct args *args, struct err *err)
{
    int64_t number = 0;
    if (!history_number(args->operands[0], &number, err))
        return EXIT_USAGE;
    struct store *store = store_open(NULL, err);
    char *title = args_joined(args, 1);
    bool ok = store && store_rename(store, number, title, err);
    free(title);
    store_close(store);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static int run_fork(struct args *args, struct err *err)
{
    int64_t number = 0, message = 0;
    if (!history_number(args->operands[0], &number, err) ||
        (args->n_operands > 1 && !history_number(args->operands[1], &message, err)))
        return EXIT_USAGE;
    struct store *store = store_open(NULL, err);
    int64_t fork = store ? store_fork(store, number, message, err) : 0;
    if (fork)
        printf("%lld\n", (long long)fork);
    store_close(store);
    return fork ? EXIT_DONE : EXIT_FAILED;
}

const struct verb verb_history_rename = {
    .name = "history rename",
    .operands = "N TITLE...",
    .summary = "give conversation N another title",
    .min_operands = 2,
    .max_operands = SIZE_MAX,
    .run = run_rename,
};

const struct verb verb_history_rm = {
    .name = "history rm",
    .operands = "N...",
    .summary = "delete conversations; history undelete brings them back for 30 days",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_rm,
};

const struct verb verb_history_undelete = {
    .name = "history undelete",
    .operands = "N...",
    .summary = "bring deleted conversations back (history list --deleted shows them)",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_undelete,
};

const struct verb verb_history_archive = {
    .name = "history archive",
    .operands = "N...",
    .summary = "put conversations away: kept and found, but not listed",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_archive,
};

const struct verb verb_history_unarchive = {
    .name = "history unarchive",
    .operands = "N...",
    .summary = "list archived conversations again (history list --archived shows them)",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_unarchive,
};

const struct verb verb_history_fork = {
    .name = "history fork",
    .operands = "N [MESSAGE]",
    .summary = "a new conversation of what is seen of N, up to that message; prints its number",
    .details = "Messages are numbered as history show --json has them.",
    .min_operands = 1,
    .max_operands = 2,
    .run = run_fork,
};
