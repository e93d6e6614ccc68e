#include "cli/replay.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "chat/replay.h"
#include "cli/args.h"
#include "cli/history.h"
#include "cli/out.h"
#include "cli/progress.h"

enum { SHOWN_BYTES = 60 }; /* of the text around a difference */

static void on_progress(void *user, const char *what, size_t done, size_t total,
                        double seconds_left)
{
    progress_show(user, what, done, total, seconds_left);
}

/* From a whole character before the difference on. */
static void show_text(const char *label, const struct str *text, size_t at)
{
    size_t start = at < text->len ? at : text->len;
    for (size_t back = 0;
         start > 0 && (back < SHOWN_BYTES / 3 || ((unsigned char)text->data[start] & 0xC0) == 0x80);
         back++)
        start--;
    size_t n = text->len - start;
    if (n > SHOWN_BYTES)
        n = SHOWN_BYTES - utf8_incomplete_tail(str_text(text) + start, SHOWN_BYTES);
    printf("%s", label);
    out_print(stdout, str_text(text) + start, n);
    puts(start + n < text->len ? "…" : "");
}

static int report(const struct replay *r)
{
    if (r->same) {
        printf("the same: %zu tokens\n", r->n_tokens);
        return EXIT_DONE;
    }
    printf("differs at byte %zu of %zu\n", r->at, r->was.len);
    show_text("was: ", &r->was, r->at);
    show_text("is:  ", &r->is, r->at);
    return EXIT_FAILED;
}

static int run(struct args *args, struct err *err)
{
    int64_t number = 0, message = 0;
    if (!history_number(args->operands[0], &number, err) ||
        (args->n_operands > 1 && !history_number(args->operands[1], &message, err)))
        return EXIT_USAGE;
    struct progress progress;
    progress_init(&progress, args->options.quiet);
    struct replay replay = {.model = args->options.model,
                            .threads = args->options.threads,
                            .progress = on_progress,
                            .user = &progress};
    struct store *store = store_open(NULL, err);
    bool ok = store && replay_answer(&replay, store, number, message, err);
    progress_clear(&progress);
    int code = ok ? report(&replay) : EXIT_FAILED;
    replay_done(&replay);
    store_close(store);
    return code;
}

const struct verb verb_replay = {
    .name = "replay",
    .operands = "N [MESSAGE]",
    .summary = "give an answer of conversation N once more, and compare",
    .details = "The last answer, or message MESSAGE as history show --json numbers them: with the "
               "model (which is\n"
               "checked), options, seed and prompt that its receipt names. The exit code is 0 "
               "where the text is the\n"
               "same, 1 where it differs or could not be tried.",
    .options = TAKES(model) | TAKES(threads) | TAKES(quiet),
    .min_operands = 1,
    .max_operands = 2,
    .run = run,
};
