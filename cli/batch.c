#include "cli/batch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/chat.h"
#include "cli/answer.h"
#include "cli/args.h"
#include "cli/batch_inputs.h"
#include "cli/batch_job.h"
#include "cli/batch_log.h"
#include "cli/json.h"

static const size_t PICTURE_LIMIT_BYTES = (size_t)512 << 20;

enum sidecar { SIDECAR_NONE, SIDECAR_TXT, SIDECAR_JSON };

struct batch {
    const struct args *args;
    const char *prompt;
    struct batch_job job;
    struct batch_log log;
    struct batch_items items;
    size_t shard, n_shards; /* item i is done here if i % n_shards == shard */
    enum sidecar sidecar;
    struct chat *chat;
    struct interrupt interrupt;
    struct progress progress;
    double start_s;
    size_t n_answered, n_before, n_failed, n_failed_before, n_no_picture, n_sidecars_kept;
    bool interrupted, stopped; /* stopped: an error that ends the batch; err has it */
};

/* One item on its way. */
struct item {
    size_t index;
    const char *path;
    bool certain;
    char digest[SHA256_HEX_BYTES]; /* "" if the file could not be read */
    double start_s;
};

static bool has_digest(const struct item *item)
{
    return item->digest[0] != 0;
}

static const char *reason_name(enum chat_reason reason)
{
    switch (reason) {
    case CHAT_ENDED:
        return "end";
    case CHAT_STOP_STRING:
        return "stop";
    case CHAT_MAX_TOKENS:
        return "max-tokens";
    case CHAT_CONTEXT_FULL:
        return "context-full";
    case CHAT_CANCELLED:
        break;
    }
    return "cancelled";
}

/* What every record has, "input" first. */
static json_t *new_record(const struct batch *b, const struct item *item)
{
    return json_pack("{s:o, s:o, s:I, s:s, s:O, s:O, s:O, s:O, s:I}", "input",
                     json_words(item->path), "sha256",
                     has_digest(item) ? json_string(item->digest) : json_null(), "index",
                     (json_int_t)item->index, "job", b->job.hash, "prompt", b->job.prompt, "system",
                     b->job.system, "model", b->job.model, "options", b->job.options, "seed",
                     (json_int_t)batch_job_seed(&b->job, item->digest));
}

static json_t *answer_record(const struct batch *b, const struct item *item,
                             const struct answer *answer)
{
    const struct chat_stats *s = &answer->stats;
    json_t *record = new_record(b, item);
    json_object_set_new(record, "answer", json_text(str_text(answer->text), answer->text->len));
    json_object_set_new(record, "finish", json_string(reason_name(answer->reason)));
    json_object_set_new(record, "tokens",
                        json_pack("{s:I, s:I, s:I, s:I}", "prompt", (json_int_t)s->n_prompt, "kept",
                                  (json_int_t)s->n_kept, "answer", (json_int_t)s->n_answer, "views",
                                  (json_int_t)s->n_views));
    json_object_set_new(record, "seconds",
                        json_pack("{s:o, s:o, s:o, s:o}", "encode", json_seconds(s->encode_s),
                                  "prompt", json_seconds(s->prompt_s), "answer",
                                  json_seconds(s->answer_s), "total",
                                  json_seconds(clock_s() - item->start_s)));
    return record;
}

static bool write_record(struct batch *b, json_t *record, struct err *err)
{
    progress_clear(&b->progress);
    if (batch_log_write(&b->log, record, err))
        return true;
    b->stopped = true;
    return false;
}

static void fail_item(struct batch *b, const struct item *item, const struct err *why,
                      struct err *err)
{
    json_t *record = new_record(b, item);
    json_object_set_new(record, "error", json_words(why->text));
    if (!write_record(b, record, err))
        return;
    b->n_failed++;
    progress_note(&b->progress, "%s", why->text);
}

/* photo.jpg → photo.txt, as captioning tools want it. */
static char *sidecar_path(const char *path, const char *suffix)
{
    const char *dot = strrchr(path_base(path), '.');
    size_t stem = dot && dot > path_base(path) ? (size_t)(dot - path) : strlen(path);
    struct str out = {0};
    str_put(&out, path, stem);
    str_puts(&out, suffix);
    return str_take(&out);
}

static bool write_sidecar(struct batch *b, const struct item *item, const struct str *answer,
                          json_t *record, struct err *err)
{
    if (b->sidecar == SIDECAR_NONE)
        return true;
    char *path = sidecar_path(item->path, b->sidecar == SIDECAR_TXT ? ".txt" : ".json");
    char *json = b->sidecar == SIDECAR_JSON
                     ? json_dumps(record, JSON_INDENT(2) | JSON_REAL_PRECISION(9))
                     : NULL;
    struct str text = {0};
    str_puts(&text, json ? json : str_text(answer));
    str_putc(&text, '\n');
    bool ok = true;
    if (file_exists(path))
        b->n_sidecars_kept++;
    else
        ok = file_write(path, text.data, text.len, 0644, err);
    str_done(&text);
    free(json);
    free(path);
    return ok;
}

/* warning: of the picture's decoder, or "". */
static void keep_answer(struct batch *b, const struct item *item, const struct answer *answer,
                        const char *warning, struct err *err)
{
    json_t *record = answer_record(b, item, answer);
    if (warning[0])
        json_object_set_new(record, "warning", json_words(warning));
    struct err why;
    /* Before the record: what the record calls done has its sidecar. */
    if (!write_sidecar(b, item, answer->text, record, &why)) {
        json_decref(record);
        fail_item(b, item, &why, err);
        return;
    }
    if (!write_record(b, record, err))
        return;
    b->n_answered++;
    if (b->args->options.verbose)
        answer_note_stats(answer);
}

static bool ask(struct batch *b, const struct item *item, struct attachment *picture,
                struct err *err)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)batch_job_seed(&b->job, item->digest));
    struct message message = {.role = ROLE_USER};
    message_from_input(&message, b->prompt, &picture, 1);
    bool ok = chat_clear(b->chat, err) && chat_set(b->chat, "seed", seed, err) &&
              chat_submit(b->chat, &message, err);
    message_done(&message);
    return ok;
}

static void answer_item(struct batch *b, const struct item *item, struct attachment *picture,
                        struct err *err)
{
    struct str text = {0};
    struct answer answer = {.interrupt = &b->interrupt, .progress = &b->progress, .text = &text};
    struct err why = {""};
    bool ok = ask(b, item, picture, &why) && answer_take(&answer, b->chat, &why);
    if (answer.interrupted || (ok && answer.reason == CHAT_CANCELLED)) {
        b->interrupted = true; /* half an answer is no answer: it is asked again next time */
    } else if (ok) {
        keep_answer(b, item, &answer, picture->facts.warning, err);
    } else {
        err_prefix(&why, "%s", item->path);
        fail_item(b, item, &why, err);
    }
    str_done(&text);
}

/* True if there is nothing to do for it. */
static bool is_done(struct batch *b, const struct item *item)
{
    enum batch_state state =
        batch_log_find(&b->log, item->path, has_digest(item) ? item->digest : NULL);
    if (state == BATCH_FAILED && args_has(b->args, "retry-errors"))
        return false;
    b->n_before += state == BATCH_ANSWERED;
    b->n_failed_before += state == BATCH_FAILED;
    return state != BATCH_NEW;
}

/* "12/340 (8 min 20 s left): ", from the time that those before took. */
static void put_prefix(const struct batch *b, size_t index, char *prefix, size_t n)
{
    size_t n_new = b->n_answered + b->n_failed,
           n_left = (b->items.n - index + b->n_shards - 1) / b->n_shards;
    char left[DURATION_BYTES];
    if (n_new)
        snprintf(prefix, n, "%zu/%zu (%s left): ", index + 1, b->items.n,
                 duration_text((clock_s() - b->start_s) / (double)n_new * (double)n_left, left));
    else
        snprintf(prefix, n, "%zu/%zu: ", index + 1, b->items.n);
}

static void do_item(struct batch *b, size_t index, struct err *err)
{
    struct item item = {.index = index,
                        .path = b->items.list[index].path,
                        .certain = b->items.list[index].certain,
                        .start_s = clock_s()};
    struct err why;
    size_t n = 0;
    char *bytes = file_read(item.path, PICTURE_LIMIT_BYTES, &n, &why);
    if (bytes)
        sha256_hex(bytes, n, item.digest);
    struct attachment *picture = NULL;
    if (is_done(b, &item)) {
        free(bytes);
        return;
    }
    progress_show(&b->progress, item.path, 0, 0, -1);
    if (bytes)
        picture = attachment_from_bytes(item.path, bytes, n, &b->args->options.crops, &why);
    free(bytes);
    if (picture)
        answer_item(b, &item, picture, err);
    else if (item.certain)
        fail_item(b, &item, &why, err);
    else
        b->n_no_picture++;
    if (picture)
        attachment_release(picture);
}

static void do_all(struct batch *b, struct err *err)
{
    bool fail_fast = args_has(b->args, "fail-fast");
    char prefix[96];
    b->progress.prefix = prefix;
    b->start_s = clock_s();
    for (size_t i = b->shard; i < b->items.n && !b->stopped && !b->interrupted; i += b->n_shards) {
        put_prefix(b, i, prefix, sizeof prefix);
        do_item(b, i, err);
        b->interrupted = b->interrupted || interrupt_came(&b->interrupt);
        if (fail_fast && b->n_failed > 0)
            break;
    }
    b->progress.prefix = NULL;
    progress_clear(&b->progress);
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

static int work(struct batch *b, struct err *err)
{
    progress_init(&b->progress, b->args->options.quiet);
    if (b->log.n_torn)
        progress_note(&b->progress, "%s: the last line was torn; it is cut off and asked again",
                      b->log.path);
    if (!interrupt_open(&b->interrupt, err))
        return EXIT_FAILED;
    signal(SIGPIPE, SIG_IGN);
    b->chat = chat_open(&b->args->options, NULL, err);
    struct answer opening = {.interrupt = &b->interrupt, .progress = &b->progress};
    b->stopped = !b->chat || !answer_wait_model(&opening, b->chat, err);
    b->interrupted = opening.interrupted;
    if (!b->stopped) {
        do_all(b, err);
        note_summary(b);
    }
    chat_close(b->chat);
    interrupt_close(&b->interrupt);
    return exit_code(b);
}

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
    if (!b->prompt)
        return err_set(err, "facet batch needs -p PROMPT");
    if (sidecar && strcmp(sidecar, "txt") != 0 && strcmp(sidecar, "json") != 0)
        return err_set(err, "--sidecar is txt or json, not \"%s\"", sidecar);
    b->sidecar = !sidecar ? SIDECAR_NONE : strcmp(sidecar, "txt") == 0 ? SIDECAR_TXT : SIDECAR_JSON;
    return parse_shard(b, err);
}

static bool list_items(struct batch *b, struct err *err)
{
    for (size_t i = 0; i < b->args->n_operands; i++)
        if (!batch_items_add(&b->items, b->args->operands[i], args_has(b->args, "recursive"), err))
            return false;
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
    {"prompt", 'p', "PROMPT", "what to ask about each picture; needed"},
    {"output", 'o', "FILE", "where the records go (standard output); goes on where it was"},
    {"recursive", 'r', NULL, "folders inside folders too"},
    {"retry-errors", 0, NULL, "ask again what failed before"},
    {"fail-fast", 0, NULL, "stop at the first failure"},
    {"force-mixed", 0, NULL, "add to a file that was made with another prompt, model or options"},
    {"sidecar", 0, "txt|json",
     "also write photo.txt or photo.json beside photo.jpg, if there is none yet"},
    {"shard", 0, "K/N", "only every N-th picture, from the K-th on: one part of N machines' work"},
};

const struct verb verb_batch = {
    .name = "batch",
    .operands = "INPUT...",
    .summary = "the same question about many pictures: one JSON record each",
    .details = "INPUT is a folder, a file, or - for paths on standard input, one a line. In a "
               "folder, files that are\n"
               "no pictures are left out, unless their names say that they are.\n"
               "\n"
               "Started again with the same -o, it goes on: what has a record with the same path, "
               "content, prompt,\n"
               "system prompt, model, options and seed is skipped; a torn last line is cut off. If "
               "the file holds\n"
               "records made with another prompt, model or options, it stops; --force-mixed leaves "
               "those records as\n"
               "they are and asks everything anew under the present ones. Where a picture has "
               "several records, the\n"
               "last one counts. Without --seed each picture has its own, made from its content.\n"
               "\n"
               "Exit code 3: some items failed, now or before; their records have \"error\" in "
               "place of \"answer\".",
    .options = TAKES_ALL & ~(TAKES(dry_run) | TAKES(no_history)),
    .flags = flags,
    .n_flags = sizeof flags / sizeof *flags,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run,
};
