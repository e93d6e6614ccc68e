#include "cli/batch.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/confidence.h"
#include "chat/many.h"
#include "cli/answer.h"
#include "cli/args.h"
#include "cli/batch_inputs.h"
#include "cli/batch_job.h"
#include "cli/batch_log.h"
#include "cli/batch_record.h"
#include "cli/batch_task.h"
#include "cli/models.h"

enum { DEFAULT_TOGETHER = 8 };

struct batch {
    const struct args *args;
    const char *prompt; /* NULL: each line of a manifest has its own */
    struct batch_job job;
    struct batch_log log;
    struct batch_items items;
    size_t shard, n_shards; /* item i is done here if i % n_shards == shard */
    size_t n_together;
    enum sidecar sidecar;
    enum figures figures;
    struct many *many;
    struct batch_task tasks[MANY_MAX_UNDER_WAY]; /* under way where item is set */
    size_t n_under_way;
    size_t next; /* item to begin */
    struct interrupt interrupt;
    struct progress progress;
    double start_s;
    size_t n_answered, n_before, n_failed, n_failed_before, n_no_picture, n_sidecars_kept;
    bool interrupted, stopped; /* stopped: an error that ends the batch; err has it */
};

/* ---- What has come of an item ---- */

static bool write_record(struct batch *b, json_t *record, struct err *err)
{
    progress_clear(&b->progress);
    if (batch_log_write(&b->log, record, err))
        return true;
    b->stopped = true;
    return false;
}

static void fail_item(struct batch *b, const struct batch_task *t, const char *why, struct err *err)
{
    if (!write_record(b, batch_record_error(t, &b->job, why), err))
        return;
    b->n_failed++;
    progress_note(&b->progress, "%s", why);
}

/* "photo.jpg: …", "lines.jsonl:12: …" */
static void name_fault(const struct batch_task *t, struct err *why)
{
    if (t->item->line)
        err_prefix(why, "%s:%zu", t->item->path, t->item->line);
    else
        err_prefix(why, "%s", t->item->path);
}

static void keep_answer(struct batch *b, const struct batch_task *t, const struct chat_event *event,
                        struct err *err)
{
    json_t *record = batch_record_answer(t, &b->job, b->figures, event);
    bool kept;
    struct err why;
    /* Before the record: what the record calls done has its sidecar. */
    if (!batch_sidecar_write(t, b->sidecar, record, &kept, &why)) {
        json_decref(record);
        fail_item(b, t, why.text, err);
        return;
    }
    b->n_sidecars_kept += kept;
    if (!write_record(b, record, err))
        return;
    b->n_answered++;
    if (b->args->options.verbose) {
        progress_note(&b->progress, "%s, item %zu:", t->item->path, t->index);
        answer_note_stats(&b->progress, &event->stats, event->reason);
    }
}

/* Of an answer that should follow a schema, but was cut before its end. */
static void fail_cut(struct batch *b, const struct batch_task *t, enum chat_reason reason,
                     struct err *err)
{
    struct err why;
    err_set(&why, "the answer is cut (%s): it does not follow the schema", answer_finish(reason));
    name_fault(t, &why);
    fail_item(b, t, why.text, err);
}

static void end_item(struct batch *b, const struct chat_event *event, struct err *err)
{
    struct batch_task *t = &b->tasks[event->item];
    struct err why;
    if (event->kind == CHAT_DONE && b->job.schema && event->reason != CHAT_ENDED) {
        fail_cut(b, t, event->reason, err);
    } else if (event->kind == CHAT_DONE) {
        keep_answer(b, t, event, err);
    } else {
        err_set(&why, "%s", event->text ? event->text : "");
        name_fault(t, &why);
        fail_item(b, t, why.text, err);
    }
    batch_task_done(t);
    b->n_under_way--;
}

/* ---- Beginning an item ---- */

static bool has_twin(const struct batch *b, const struct batch_task *t)
{
    for (size_t i = 0; i < MANY_MAX_UNDER_WAY; i++)
        if (b->tasks[i].item && b->tasks[i].item != t->item && batch_task_is_twin(&b->tasks[i], t))
            return true;
    return false;
}

/* True if there is nothing to do for it. */
static bool is_done(struct batch *b, const struct batch_task *t)
{
    enum batch_state state =
        batch_log_find(&b->log, t->item->path, t->digest[0] ? t->digest : NULL);
    if (state == BATCH_NEW && has_twin(b, t))
        state = BATCH_ANSWERED;
    if (state == BATCH_FAILED && args_has(b->args, "retry-errors"))
        return false;
    b->n_before += state == BATCH_ANSWERED;
    b->n_failed_before += state == BATCH_FAILED;
    return state != BATCH_NEW;
}

/* True if the item, whose files were read or not, is under way now. */
static bool submit(struct batch *b, size_t slot, bool was_read, struct err *why, struct err *err)
{
    struct batch_task *t = &b->tasks[slot];
    const struct options *options = &b->args->options;
    struct messages messages;
    if (is_done(b, t))
        return false;
    if (was_read && batch_task_compose(t, options, &messages, why)) {
        if (b->figures != FIGURES_NONE)
            t->confidence = mem_new(1, sizeof *t->confidence);
        many_submit(b->many, slot, &messages, t->seed, t->confidence);
        return true;
    }
    if (t->item->line)
        name_fault(t, why);
    if (t->item->certain)
        fail_item(b, t, why->text, err);
    else
        b->n_no_picture++;
    return false;
}

static void begin_item(struct batch *b, size_t index, struct err *err)
{
    const struct batch_item *item = &b->items.list[index];
    struct err why = {""};
    size_t slot = 0;
    while (b->tasks[slot].item)
        slot++;
    bool was_read =
        batch_task_init(&b->tasks[slot], item, index, &b->job, b->prompt, &b->args->options, &why);
    if (submit(b, slot, was_read, &why, err))
        b->n_under_way++;
    else
        batch_task_done(&b->tasks[slot]);
}

/* ---- All items ---- */

/* "12/340 (8 min 20 s left): ", from the time that those before took; of those under way, half is
 * done. */
static void put_prefix(const struct batch *b, char *prefix, size_t n)
{
    size_t n_mine = (b->items.n + b->n_shards - 1 - b->shard) / b->n_shards,
           n_begun = (b->next - b->shard) / b->n_shards;
    double worked = (double)(b->n_answered + b->n_failed) + 0.5 * (double)b->n_under_way,
           left = (double)(n_mine - n_begun) + 0.5 * (double)b->n_under_way;
    char duration[DURATION_BYTES];
    if (b->n_answered + b->n_failed > 0)
        snprintf(prefix, n, "%zu/%zu (%s left): ", n_begun - b->n_under_way, n_mine,
                 duration_text((clock_s() - b->start_s) / worked * left, duration));
    else
        snprintf(prefix, n, "%zu/%zu: ", n_begun - b->n_under_way, n_mine);
}

static void show_progress(struct batch *b, const struct chat_event *event)
{
    char prefix[96];
    put_prefix(b, prefix, sizeof prefix);
    b->progress.prefix = prefix;
    progress_show(&b->progress, event->text ? event->text : "", event->done, event->total, -1);
    b->progress.prefix = NULL;
}

static void take_events(struct batch *b, struct err *err)
{
    struct chat_event event;
    while (!b->stopped && many_next(b->many, &event))
        if (event.kind == CHAT_DONE || event.kind == CHAT_FAILED)
            end_item(b, &event, err);
        else if (event.kind == CHAT_PROGRESS)
            show_progress(b, &event);
}

static void wait_for_either(const struct batch *b)
{
    struct pollfd fds[2] = {{.fd = many_fd(b->many), .events = POLLIN},
                            {.fd = b->interrupt.fd, .events = POLLIN}};
    poll(fds, 2, -1);
}

static void do_all(struct batch *b, struct err *err)
{
    bool fail_fast = args_has(b->args, "fail-fast");
    b->start_s = clock_s();
    b->next = b->shard;
    while (!b->stopped && !b->interrupted) {
        bool more = b->next < b->items.n && !(fail_fast && b->n_failed > 0);
        if (more && many_has_room(b->many)) {
            begin_item(b, b->next, err);
            b->next += b->n_shards;
        } else if (b->n_under_way > 0) {
            wait_for_either(b);
        } else if (!more) {
            break;
        }
        take_events(b, err);
        b->interrupted = interrupt_came(&b->interrupt);
    }
    progress_clear(&b->progress);
}

/* A picture is laid out in another way if it has crops, which is not known yet. */
static bool share_item(struct batch *b, const struct batch_item *item, struct err *err)
{
    const struct options *options = &b->args->options;
    bool may_have_crops = options->crops.kind != CROPS_OFF && batch_item_pictures(item) > 0,
         ok = true;
    for (size_t n_crops = 0; ok && n_crops <= (may_have_crops ? 2 : 0); n_crops += 2) {
        struct messages messages;
        batch_item_lay_out(item, b->prompt, options, n_crops, &messages);
        ok = many_share(b->many, &messages, err);
        messages_done(&messages);
    }
    return ok;
}

/* What all prompts begin with: of the items that others do, too, so that an answer is the same
 * however the work is shared out. */
static bool share(struct batch *b, struct err *err)
{
    bool ok = true, seen = false; /* files without lines all ask the same */
    for (size_t i = 0; ok && i < b->items.n; i++) {
        const struct batch_item *item = &b->items.list[i];
        if (item->entry || !seen)
            ok = share_item(b, item, err);
        seen = seen || !item->entry;
    }
    return ok;
}

static void note_summary(struct batch *b)
{
    struct str line = {0};
    str_printf(&line, "%zu answered", b->n_answered);
    if (b->n_before)
        str_printf(&line, ", %zu done before", b->n_before);
    if (b->n_failed)
        str_printf(&line, ", %zu failed", b->n_failed);
    if (b->n_failed_before)
        str_printf(&line, ", %zu failed before (--retry-errors asks again)", b->n_failed_before);
    if (b->n_no_picture)
        str_printf(&line, ", %zu left out (no pictures)", b->n_no_picture);
    if (b->n_sidecars_kept)
        str_printf(&line, ", %zu sidecars were there and stay as they were", b->n_sidecars_kept);
    char duration[DURATION_BYTES];
    str_printf(&line, "; %s%s", duration_text(clock_s() - b->start_s, duration),
               b->interrupted ? "; interrupted" : "");
    progress_note(&b->progress, "%s", str_text(&line));
    str_done(&line);
}

static int exit_code(const struct batch *b)
{
    if (b->interrupted)
        return EXIT_INTERRUPTED;
    if (b->stopped)
        return EXIT_FAILED;
    return b->n_failed + b->n_failed_before > 0 ? EXIT_SOME_FAILED : EXIT_DONE;
}

/* False if the model cannot be opened, with the error, or on Ctrl-C. */
static bool wait_for_model(struct batch *b, struct err *err)
{
    for (struct chat_event event; !many_model(b->many);) {
        b->interrupted = interrupt_came(&b->interrupt);
        if (b->interrupted)
            return false;
        if (!many_next(b->many, &event))
            wait_for_either(b);
        else if (event.kind == CHAT_FAILED)
            return err_set(err, "%s", event.text ? event.text : "");
    }
    if (many_together(b->many) < b->n_together)
        progress_note(&b->progress,
                      "there is memory for %zu answers together, not %zu; a smaller --ctx makes "
                      "room for more",
                      many_together(b->many), b->n_together);
    return true;
}

static int work(struct batch *b, struct err *err)
{
    progress_init(&b->progress, b->args->options.quiet);
    if (b->log.n_torn)
        progress_note(&b->progress, "%s: the last line was torn; it is cut off and asked again",
                      b->log.path);
    if (!interrupt_open(&b->interrupt, err))
        return EXIT_FAILED;
    signal(SIGPIPE, SIG_IGN);
    models_tell_shipped(&b->args->options, &b->progress);
    b->many = many_open(&b->args->options, b->n_together, err);
    b->stopped = !b->many || !wait_for_model(b, err) || !share(b, err);
    if (!b->stopped) {
        do_all(b, err);
        note_summary(b);
    }
    if (b->interrupted)
        interrupt_let_kill(true);
    many_close(b->many);
    for (size_t i = 0; i < MANY_MAX_UNDER_WAY; i++)
        batch_task_done(&b->tasks[i]);
    interrupt_close(&b->interrupt);
    return exit_code(b);
}

/* ---- What is asked for ---- */

static bool parse_shard(struct batch *b, struct err *err)
{
    const char *text = args_value(b->args, "shard");
    b->n_shards = 1;
    if (!text)
        return true;
    unsigned k, n;
    int end = 0;
    if (sscanf(text, "%6u/%6u%n", &k, &n, &end) != 2 || text[end] || k < 1 || k > n)
        return err_set(err, "--shard takes K/N, such as 2/8, not \"%s\"", text);
    b->shard = k - 1;
    b->n_shards = n;
    return true;
}

static bool parse_flags(struct batch *b, struct err *err)
{
    const char *sidecar = args_value(b->args, "sidecar");
    b->prompt = args_value(b->args, "prompt");
    for (size_t i = 0; i < b->args->n_operands; i++)
        if (!b->prompt && !batch_is_manifest(b->args->operands[i]))
            return err_set(err, "facet batch needs -p PROMPT");
    b->n_together = DEFAULT_TOGETHER;
    if (!args_count(b->args, "parallel", (size_t[]){1, MANY_MAX_TOGETHER}, &b->n_together, err))
        return false;
    if (sidecar && strcmp(sidecar, "txt") != 0 && strcmp(sidecar, "json") != 0)
        return err_set(err, "--sidecar is txt or json, not \"%s\"", sidecar);
    b->sidecar = !sidecar ? SIDECAR_NONE : strcmp(sidecar, "txt") == 0 ? SIDECAR_TXT : SIDECAR_JSON;
    return figures_parse(&b->figures, b->args, err) && parse_shard(b, err);
}

static bool list_items(struct batch *b, struct err *err)
{
    for (size_t i = 0; i < b->args->n_operands; i++)
        if (!batch_items_add(&b->items, b->args->operands[i], args_has(b->args, "recursive"), err))
            return false;
    for (size_t i = 0; i < b->items.n; i++)
        if (!batch_item_prompt(&b->items.list[i], b->prompt))
            return err_set(err, "%s:%zu: has no \"prompt\", and there is no -p PROMPT",
                           b->items.list[i].path, b->items.list[i].line);
    return b->items.n > 0 || err_set(err, "there is nothing in %s", b->args->operands[0]);
}

static int run(struct args *args, struct err *err)
{
    struct batch b = {.args = args};
    if (!parse_flags(&b, err))
        return EXIT_USAGE;
    int code = EXIT_FAILED;
    if (list_items(&b, err) && batch_job_init(&b.job, b.prompt, &args->options, err)) {
        const char *output = args_value(args, "output");
        bool to_stdout = !output || strcmp(output, "-") == 0;
        if (batch_log_open(&b.log, to_stdout ? NULL : output, &b.job, args_has(args, "force-mixed"),
                           err)) {
            code = work(&b, err);
            batch_log_close(&b.log);
        }
        batch_job_done(&b.job);
    }
    batch_items_done(&b.items);
    return code;
}

static const struct flag flags[] = {
    {"prompt", 'p', "PROMPT", "what to ask about each picture; needed but for manifests"},
    {"output", 'o', "FILE", "where the records go (standard output); goes on where it was"},
    {"recursive", 'r', NULL, "folders inside folders too"},
    {"retry-errors", 0, NULL, "ask again what failed before"},
    {"fail-fast", 0, NULL, "begin nothing more after the first failure"},
    {"force-mixed", 0, NULL, "add to a file that was made with another prompt, model or options"},
    {"sidecar", 0, "txt|json",
     "also write photo.txt or photo.json beside photo.jpg, if there is none yet"},
    FLAG_CONFIDENCE,
    {"parallel", 0, "N", "answers decoded together, 1 to 16 (8); the answers do not depend on it"},
    {"shard", 0, "K/N", "only every N-th item, from the K-th on: one part of N machines' work"},
};

const struct verb verb_batch = {
    .name = "batch",
    .operands = "INPUT...",
    .summary = "many pictures, or lines of questions: one JSON record each",
    .details = "INPUT is a folder, a file, or - for paths on standard input, one a line. In a "
               "folder, files that are\n"
               "no pictures are left out, unless their names say that they are. A file that ends "
               "in .jsonl is a\n"
               "manifest: each line an object that may have \"image\" or \"images\" (paths, from "
               "the manifest's folder),\n"
               "\"prompt\", \"system\", \"seed\" and \"id\".\n"
               "\n"
               "Several items are answered together; the records are written as answers end, and "
               "\"index\" tells the\n"
               "order. An answer does not depend on how many, or which, are answered beside it. "
               "What all prompts\n"
               "begin with is computed once.\n"
               "\n"
               "Started again with the same -o, it goes on: what has a record with the same path, "
               "content, prompt,\n"
               "system prompt, model, options and seed is skipped; a torn last line is cut off. If "
               "the file holds\n"
               "records made with another prompt, model or options, it stops; --force-mixed leaves "
               "those records as\n"
               "they are and asks everything anew under the present ones. Where an item has "
               "several records, the\n"
               "last one counts. Without --seed each item has its own, made from its content.\n"
               "\n"
               "Exit code 3: some items failed, now or before; their records have \"error\" in "
               "place of \"answer\".",
    .options = TAKES_ALL & ~(TAKES(dry_run) | TAKES(no_history) | TAKES(draft) | TAKES(no_lookup) |
                             TAKES(plain) | TAKES(full_head)),
    .flags = flags,
    .n_flags = sizeof flags / sizeof *flags,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run,
};
