#include "cli/ask.h"

#include <signal.h>

#include "chat/chat.h"
#include "cli/answer.h"
#include "cli/args.h"
#include "cli/history.h"
#include "cli/inspect_prompt.h"
#include "cli/models.h"
#include "cli/question.h"
#include "history/store.h"

static int exit_code(const struct answer *a, const struct out *out, struct err *err)
{
    if (a->interrupted)
        return EXIT_INTERRUPTED;
    if (out->closed) {
        out_check(out, err);
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

static void warn(struct answer *a, bool verbose)
{
    if (a->interrupted || a->out->closed)
        return;
    if (a->reason == CHAT_CONTEXT_FULL)
        progress_note(a->progress, "the context is full: the answer is cut (--ctx gives more)");
    if (a->reason == CHAT_MAX_TOKENS && verbose)
        progress_note(a->progress, "the answer is cut after --max-tokens");
}

static int take(struct chat *chat, struct interrupt *interrupt, const struct options *options,
                struct err *err)
{
    struct out out;
    struct progress progress;
    out_init(&out, interrupt);
    progress_init(&progress, options->quiet);
    models_tell_shipped(options, &progress);
    struct answer answer = {.interrupt = interrupt, .progress = &progress, .out = &out};
    bool ok = answer_take(&answer, chat, err);
    out_end_line(&out);
    if (!ok)
        return answer.interrupted ? EXIT_INTERRUPTED : EXIT_FAILED;
    warn(&answer, options->verbose);
    if (options->verbose)
        answer_note_stats(answer.progress, &answer.stats);
    return exit_code(&answer, &out, err);
}

static void warn_of_pictures(const struct message *question, bool quiet)
{
    struct progress progress;
    progress_init(&progress, quiet);
    for (size_t i = 0; i < question->n_parts; i++) {
        const struct attachment *a = question->parts[i].image;
        if (a && a->facts.warning[0])
            progress_note(&progress, "%s: %s", a->path, a->facts.warning);
    }
}

static int talk(const struct options *options, struct message *question, struct err *err)
{
    struct interrupt interrupt;
    if (!interrupt_open(&interrupt, err))
        return EXIT_FAILED;
    signal(
        SIGPIPE,
        SIG_IGN); /* a closed pipe ends the answer, and the history is still brought to its end */
    struct store *store = history_open(options);
    struct chat *chat = chat_open(options, store, err);
    int code = EXIT_FAILED;
    if (chat && chat_submit(chat, question, err))
        code = take(chat, &interrupt, options, err);
    if (chat)
        chat_close(chat);
    if (store)
        store_close(store);
    interrupt_close(&interrupt);
    return code;
}

static int run(struct args *args, struct err *err)
{
    if (args->options.dry_run)
        return inspect_prompt(args, err);
    struct message question = {0};
    int code = question_read(&question, args, err);
    if (code == EXIT_DONE) {
        warn_of_pictures(&question, args->options.quiet);
        args->options.one_answer = true;
        code = talk(&args->options, &question, err);
    }
    message_done(&question);
    return code;
}

static const struct flag flags[] = {
    {"image", 'i', "IMAGE", "a picture to ask about, - for standard input; may be repeated"},
};

const struct verb verb_ask = {
    .name = "ask",
    .operands = "[PROMPT]...",
    .summary = "one answer, streamed to standard output",
    .details = "The prompt is what comes on standard input (if that is not a terminal), then the "
               "arguments on a\n"
               "line of their own. Pictures come first, or where [image 1], [image 2], … stand in "
               "the prompt.\n"
               "Standard output gets the answer and nothing else; progress and warnings go to "
               "standard error.\n"
               "Ctrl-C stops the answer and keeps what was said.",
    .options = TAKES_ALL & ~TAKES(plain),
    .flags = flags,
    .n_flags = sizeof flags / sizeof *flags,
    .max_operands = SIZE_MAX,
    .run = run,
};
