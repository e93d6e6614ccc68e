#include "cli/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/args.h"
#include "cli/json.h"
#include "cli/out.h"
#include "history/search.h"
#include "history/store.h"

struct store *history_open(const struct options *options)
{
    struct err err;
    struct store *store = options->no_history ? NULL : store_open(NULL, &err);
    if (!store && !options->no_history && !options->quiet)
        fprintf(stderr, "facet: nothing of this is kept: %s\n", err.text);
    return store;
}

const char *history_date(int64_t when, char out[HISTORY_DATE_BYTES])
{
    time_t at = (time_t)when;
    struct tm tm;
    if (!localtime_r(&at, &tm) || strftime(out, HISTORY_DATE_BYTES, "%Y-%m-%d %H:%M", &tm) == 0)
        snprintf(out, HISTORY_DATE_BYTES, "?");
    return out;
}

static void print_text(const char *text)
{
    if (text)
        out_print(stdout, text, strlen(text));
}

static bool list_json(void *user, const struct store_conversation *c)
{
    (void)user;
    json_print(stdout,
               json_pack("{s:I, s:o, s:o, s:I, s:I, s:I, s:b, s:I, s:I}", "id", (json_int_t)c->id,
                         "title", json_words(c->title), "model", json_words(c->model), "created",
                         (json_int_t)c->created, "updated", (json_int_t)c->updated, "messages",
                         (json_int_t)c->n_messages, "archived", c->archived, "deleted",
                         (json_int_t)c->deleted, "forked_from", (json_int_t)c->forked_from));
    return !ferror(stdout);
}

static bool list_line(void *user, const struct store_conversation *c)
{
    (void)user;
    char date[HISTORY_DATE_BYTES];
    printf("%6lld  %s  %4zu  ", (long long)c->id, history_date(c->updated, date), c->n_messages);
    print_text(c->title);
    putchar('\n');
    return !ferror(stdout);
}

static int run_list(struct args *args, struct err *err)
{
    enum store_shelf shelf = args_has(args, "deleted")    ? STORE_DELETED
                             : args_has(args, "archived") ? STORE_ARCHIVED
                                                          : STORE_CURRENT;
    struct store *store = store_open(NULL, err);
    if (!store)
        return EXIT_FAILED;
    bool ok =
        store_list_shelf(store, shelf, args_has(args, "json") ? list_json : list_line, NULL, err);
    store_close(store);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

struct showing {
    json_t *list; /* NULL: printed as text */
    size_t n;     /* messages seen */
};

static json_t *images_json(const struct store_message *m)
{
    json_t *images = json_array();
    for (size_t i = 0; i < m->n_images; i++)
        json_array_append_new(images,
                              json_pack("{s:I, s:o, s:o}", "part", (json_int_t)m->images[i].part,
                                        "path", json_words(m->images[i].path), "sha256",
                                        json_words(m->images[i].digest)));
    return images;
}

static json_t *receipt_json(const struct store_receipt *r)
{
    if (!r)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "model",
                     json_words(r->model), "digest", json_words(r->digest), "seed",
                     json_sprintf("%llu", (unsigned long long)r->seed), "prompt_tokens",
                     (json_int_t)r->n_prompt, "answer_tokens", (json_int_t)r->n_answer, "encode_s",
                     json_seconds(r->encode_s), "prompt_s", json_seconds(r->prompt_s), "answer_s",
                     json_seconds(r->answer_s), "reason", json_words(r->reason), "version",
                     json_words(r->version));
}

static void show_line(const struct store_message *m)
{
    printf("%s%s:\n", m->role, m->state == 0 ? "" : " (interrupted)");
    for (size_t i = 0; i < m->n_images; i++) {
        printf("[image %zu: ", i + 1);
        print_text(m->images[i].path);
        puts("]");
    }
    print_text(m->text);
    putchar('\n');
}

static bool show(void *user, const struct store_message *m)
{
    struct showing *showing = user;
    showing->n++;
    if (showing->list) {
        json_t *message = json_pack("{s:I, s:o, s:o, s:b, s:I, s:o, s:o}", "id", (json_int_t)m->id,
                                    "role", json_words(m->role), "text", json_words(m->text),
                                    "interrupted", m->state != 0, "created", (json_int_t)m->created,
                                    "images", images_json(m), "receipt", receipt_json(m->receipt));
        json_array_append_new(showing->list, message);
        return true;
    }
    if (showing->n > 1)
        putchar('\n');
    show_line(m);
    return !ferror(stdout);
}

bool history_number(const char *text, int64_t *out, struct err *err)
{
    char *end;
    long long value = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value <= 0)
        return err_set(err, "\"%s\" is no number of a conversation; facet history list shows them",
                       text);
    *out = value;
    return true;
}

static int run_show(struct args *args, struct err *err)
{
    int64_t number = 0;
    if (!history_number(args->operands[0], &number, err))
        return EXIT_USAGE;
    struct store *store = store_open(NULL, err);
    if (!store)
        return EXIT_FAILED;
    struct showing showing = {args_has(args, "json") ? json_array() : NULL, 0};
    bool ok = store_messages(store, number, show, &showing, err);
    if (ok && showing.n == 0)
        ok = err_set(err, "there is no conversation %lld", (long long)number);
    if (showing.list && ok)
        json_print(stdout,
                   json_pack("{s:I, s:o}", "id", (json_int_t)number, "messages", showing.list));
    else
        json_decref(showing.list);
    store_close(store);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static const struct flag list_flags[] = {
    {"json", 0, NULL, "one JSON object a line"},
    {"archived", 0, NULL, "those that were put away"},
    {"deleted", 0, NULL, "those that history undelete brings back"},
};

const struct verb verb_history_list = {
    .name = "history list",
    .operands = "",
    .summary = "the conversations, newest first: number, date, messages, title",
    .flags = list_flags,
    .n_flags = sizeof list_flags / sizeof *list_flags,
    .run = run_list,
};

static const struct flag show_flags[] = {
    {"json", 0, NULL, "as one JSON object"},
};

const struct verb verb_history_show = {
    .name = "history show",
    .operands = "N",
    .summary = "all that was said in conversation N",
    .flags = show_flags,
    .n_flags = 1,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_show,
};

/* ---- search ---- */

struct searching {
    bool json;
    size_t n;
};

static void found_json(const struct search_hit *hit)
{
    json_print(stdout, json_pack("{s:I, s:I, s:o, s:o, s:I, s:b, s:o}", "conversation",
                                 (json_int_t)hit->conversation, "message", (json_int_t)hit->message,
                                 "title", json_words(hit->title), "role", json_words(hit->role),
                                 "created", (json_int_t)hit->created, "archived", hit->archived,
                                 "snippet", json_words(hit->snippet)));
}

void history_print_hit(FILE *file, const struct search_hit *hit, bool bold)
{
    char date[HISTORY_DATE_BYTES];
    const char *end = hit->snippet + hit->at + hit->n_bytes;
    fprintf(file, "%6lld  %s  ", (long long)hit->conversation, history_date(hit->created, date));
    out_print(file, hit->title, strlen(hit->title));
    if (hit->message) {
        fputs("\n        ", file);
        out_print(file, hit->snippet, hit->at);
        fputs(bold && hit->n_bytes ? "\033[1m" : "", file);
        out_print(file, hit->snippet + hit->at, hit->n_bytes);
        fputs(bold && hit->n_bytes ? "\033[0m" : "", file);
        out_print(file, end, strlen(end));
    }
    fputc('\n', file);
}

static bool found(void *user, const struct search_hit *hit)
{
    struct searching *searching = user;
    searching->n++;
    if (searching->json)
        found_json(hit);
    else
        history_print_hit(stdout, hit, out_is_terminal() && !getenv("NO_COLOR"));
    return !ferror(stdout);
}

static int run_search(struct args *args, struct err *err)
{
    size_t limit = 50;
    struct searching searching = {.json = args_has(args, "json")};
    if (!args_count(args, "limit", (const size_t[]){1, 1000000}, &limit, err))
        return EXIT_USAGE;
    struct store *store = store_open(NULL, err);
    if (!store)
        return EXIT_FAILED;
    char *query = args_joined(args, 0);
    bool ok = store_search(store, query, limit, found, &searching, err);
    free(query);
    store_close(store);
    return ok && searching.n > 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct flag search_flags[] = {
    {"json", 0, NULL, "one JSON object a line"},
    {"limit", 0, "N", "at most N of them (50)"},
};

const struct verb verb_history_search = {
    .name = "history search",
    .operands = "WORD...",
    .summary = "what was said about something: conversation, date, title, the words around it",
    .details = "All words must be there; \"a phrase\" in quotes is one word. Other terms:\n"
               "  before:2026-11-01  after:2026-10   said before that day, month or year; then or "
               "later\n"
               "  model:4b                           the model's name has that in it\n"
               "  image:cat.jpg                      with a picture of such a path, or digest\n"
               "The exit code is 1 where nothing is found.",
    .flags = search_flags,
    .n_flags = sizeof search_flags / sizeof *search_flags,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_search,
};
