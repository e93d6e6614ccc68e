#include "cli/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/args.h"
#include "cli/json.h"
#include "cli/out.h"
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
    json_print(stdout, json_pack("{s:I, s:o, s:o, s:I, s:I, s:I}", "id", (json_int_t)c->id, "title",
                                 json_words(c->title), "model", json_words(c->model), "created",
                                 (json_int_t)c->created, "updated", (json_int_t)c->updated,
                                 "messages", (json_int_t)c->n_messages));
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
    struct store *store = store_open(NULL, err);
    if (!store)
        return EXIT_FAILED;
    bool ok = store_list(store, args_has(args, "json") ? list_json : list_line, NULL, err);
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
        json_t *message =
            json_pack("{s:I, s:o, s:o, s:b, s:I, s:o}", "id", (json_int_t)m->id, "role",
                      json_words(m->role), "text", json_words(m->text), "interrupted",
                      m->state != 0, "created", (json_int_t)m->created, "images", images_json(m));
        json_array_append_new(showing->list, message);
        return true;
    }
    if (showing->n > 1)
        putchar('\n');
    show_line(m);
    return !ferror(stdout);
}

static bool parse_number(const char *text, int64_t *out, struct err *err)
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
    if (!parse_number(args->operands[0], &number, err))
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
};

const struct verb verb_history_list = {
    .name = "history list",
    .operands = "",
    .summary = "the conversations, newest first: number, date, messages, title",
    .flags = list_flags,
    .n_flags = 1,
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
