#include "cli/ask.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "chat/chat.h"
#include "chat/typed_path.h"
#include "cli/answer.h"
#include "cli/answer_json.h"
#include "cli/args.h"
#include "cli/history.h"
#include "cli/inspect_prompt.h"
#include "cli/models.h"
#include "cli/json.h"
#include "cli/question.h"
#include "history/store.h"

struct asking {
    const struct options *options;
    bool json;
    enum figures figures;
    struct chat *chat;
};

static int exit_code(const struct answer *a, const struct out *out, const struct options *options,
                     struct err *err)
{
    if (a->interrupted)
        return EXIT_INTERRUPTED;
    if (out->closed) {
        out_check(out, err);
        return EXIT_FAILED;
    }
    if (options->schema && a->reason != CHAT_ENDED) {
        err_set(err, "the answer is cut (%s): it does not follow the schema",
                answer_finish(a->reason));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

/* Where a schema is followed, exit_code says it as an error. */
static void warn(struct answer *a, const struct out *out, const struct options *options)
{
    if (a->interrupted || out->closed || options->schema)
        return;
    if (a->reason == CHAT_CONTEXT_FULL)
        progress_note(a->progress, "the context is full: the answer is cut (--ctx gives more)");
    if (a->reason == CHAT_MAX_TOKENS && options->verbose)
        progress_note(a->progress, "the answer is cut after --max-tokens");
}

/* The answer that ended, as one line of JSON. */
static void write_json(const struct asking *asking, const struct answer *answer, double total_s,
                       struct out *out)
{
    const struct messages *ms = chat_messages(asking->chat);
    const struct message *last = ms->n ? &ms->list[ms->n - 1] : NULL;
    const struct facet_model *model = chat_model(asking->chat);
    struct facet_model_info info = {0}; /* stopped before it was open */
    if (model)
        facet_model_get_info(model, &info);
    json_t *record = json_pack("{s:o}", "model", json_words(info.name));
    answer_json_put(record, &(struct answered){.text = str_text(answer->text),
                                               .n_bytes = answer->text->len,
                                               .reason = answer->reason,
                                               .stats = &answer->stats,
                                               .is_data = asking->options->schema != NULL,
                                               .total_s = total_s,
                                               .figures = asking->figures,
                                               .confidence = last ? last->confidence : NULL});
    char *line = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (line)
        out_write(out, line, strlen(line));
    out_end_line(out);
    free(line);
    json_decref(record);
}

static int take(const struct asking *asking, struct interrupt *interrupt, struct err *err)
{
    struct out out;
    struct progress progress;
    struct str text = {0};
    double started = clock_s();
    out_init(&out, interrupt);
    progress_init(&progress, asking->options->quiet);
    models_tell_shipped(asking->options, &progress);
    struct answer answer = {.interrupt = interrupt,
                            .progress = &progress,
                            .out = asking->json ? NULL : &out,
                            .text = asking->json ? &text : NULL};
    bool ok = answer_take(&answer, asking->chat, err);
    if (ok && asking->json)
        write_json(asking, &answer, clock_s() - started, &out);
    else
        out_end_line(&out);
    str_done(&text);
    if (!ok)
        return answer.interrupted ? EXIT_INTERRUPTED : EXIT_FAILED;
    warn(&answer, &out, asking->options);
    if (asking->options->verbose)
        answer_note_stats(answer.progress, &answer.stats, answer.reason);
    return exit_code(&answer, &out, asking->options, err);
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

/* The model would make something up about a picture that it has not. */
static void warn_of_words(const struct message *question, bool quiet)
{
    struct progress progress;
    progress_init(&progress, quiet);
    char *text = message_text(question, 1), *path;
    for (size_t at = 0, end; (path = typed_picture(text, &at, &end)); at = end) {
        progress_note(&progress, "%s: only its name is sent; -i FILE shows a picture", path);
        free(path);
    }
    free(text);
}

static int talk(struct asking *asking, struct message *question, struct err *err)
{
    struct interrupt interrupt;
    if (!interrupt_open(&interrupt, err))
        return EXIT_FAILED;
    signal(
        SIGPIPE,
        SIG_IGN); /* a closed pipe ends the answer, and the history is still brought to its end */
    struct store *store = history_open(asking->options);
    asking->chat = chat_open(asking->options, store, err);
    int code = EXIT_FAILED;
    if (asking->chat && chat_submit(asking->chat, question, err))
        code = take(asking, &interrupt, err);
    chat_close(asking->chat);
    if (store)
        store_close(store);
    interrupt_close(&interrupt);
    return code;
}

static int run(struct args *args, struct err *err)
{
    struct asking asking = {.options = &args->options, .json = args_has(args, "json")};
    if (args->options.dry_run)
        return inspect_prompt(args, err);
    if (!figures_parse(&asking.figures, args, err))
        return EXIT_USAGE;
    if (asking.figures != FIGURES_NONE && !asking.json)
        return err_set(err, "--confidence goes with --json"), EXIT_USAGE;
    struct message question = {0};
    int code = question_read(&question, args, err);
    if (code == EXIT_DONE) {
        warn_of_pictures(&question, args->options.quiet);
        if (!args_has(args, "image"))
            warn_of_words(&question, args->options.quiet);
        args->options.one_answer = true;
        args->options.confidence = asking.figures != FIGURES_NONE;
        code = talk(&asking, &question, err);
    }
    message_done(&question);
    return code;
}

static const struct flag flags[] = {
    {"image", 'i', "IMAGE", "a picture to ask about, - for standard input; may be repeated"},
    {"json", 0, NULL, "the answer when it is complete, with its figures, as one JSON object"},
    FLAG_CONFIDENCE,
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
