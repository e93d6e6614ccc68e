#include "cli/history_move.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/args.h"
#include "cli/history.h"
#include "cli/out.h"
#include "history/export.h"
#include "history/import.h"
#include "history/store.h"

static const size_t MAX_IMPORT_BYTES = (size_t)1 << 31;

/* ---- export ---- */

struct numbers {
    int64_t *list;
    size_t n;
};

static void add_number(struct numbers *numbers, int64_t number)
{
    numbers->list = mem_grow(numbers->list, numbers->n + 1, sizeof *numbers->list);
    numbers->list[numbers->n++] = number;
}

static bool add_listed(void *user, const struct store_conversation *c)
{
    add_number(user, c->id);
    return true;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The operands, or all conversations that are not deleted, oldest first. */
static int read_numbers(struct numbers *numbers, const struct args *args, struct store *store,
                        struct err *err)
{
    for (size_t i = 0; i < args->n_operands; i++) {
        int64_t number = 0;
        if (!history_number(args->operands[i], &number, err))
            return EXIT_USAGE;
        add_number(numbers, number);
    }
    if (args->n_operands > 0)
        return EXIT_DONE;
    bool ok = store_list_shelf(store, STORE_CURRENT, add_listed, numbers, err) &&
              store_list_shelf(store, STORE_ARCHIVED, add_listed, numbers, err);
    if (numbers->n)
        qsort(numbers->list, numbers->n, sizeof *numbers->list, by_number);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

/* As --format says, or else the name of the file. */
static bool read_form(enum export_form *form, const struct args *args, const char *path,
                      struct err *err)
{
    static const char *const names[] = {
        [EXPORT_MARKDOWN] = "markdown", [EXPORT_HTML] = "html", [EXPORT_JSON] = "json"};
    const char *given = args_value(args, "format");
    *form = path ? export_form_of(path) : EXPORT_MARKDOWN;
    for (size_t i = 0; given && i < sizeof names / sizeof *names; i++)
        if (strcmp(given, names[i]) == 0) {
            *form = (enum export_form)i;
            return true;
        }
    return !given || err_set(err, "--format: \"%s\" is none of markdown, html, json", given);
}

static bool write_document(const struct str *text, const char *path, struct err *err)
{
    if (path)
        return file_write(path, str_text(text), text->len, 0600, err);
    out_print(stdout, str_text(text), text->len);
    return true;
}

static bool write_export(const struct args *args, struct store *store, enum export_form form,
                         const struct numbers *numbers, struct err *err)
{
    const char *path = args_value(args, "output"), *folder = args_value(args, "pictures");
    char *link = folder ? export_link(folder, path, err) : NULL;
    struct export_pictures pictures = {folder, link};
    struct str text = {0};
    bool ok = (!folder || link) &&
              history_export(&text, store, form, folder ? &pictures : NULL, numbers->list,
                             numbers->n, err) &&
              write_document(&text, path, err);
    str_done(&text);
    free(link);
    return ok;
}

static int run_export(struct args *args, struct err *err)
{
    enum export_form form;
    if (!read_form(&form, args, args_value(args, "output"), err))
        return EXIT_USAGE;
    if (form == EXPORT_HTML && args_has(args, "pictures"))
        return err_set(err, "--pictures: a page of HTML has its pictures inside"), EXIT_USAGE;
    struct store *store = store_open(NULL, err);
    if (!store)
        return EXIT_FAILED;
    struct numbers numbers = {0};
    int code = read_numbers(&numbers, args, store, err);
    if (code == EXIT_DONE && !write_export(args, store, form, &numbers, err))
        code = EXIT_FAILED;
    free(numbers.list);
    store_close(store);
    return code;
}

static const struct flag export_flags[] = {
    {"output", 'o', "FILE", "instead of standard output"},
    {"format", 0, "FORMAT", "markdown, html or json; otherwise as FILE ends, or markdown"},
    {"pictures", 0, "FOLDER", "pictures as files in FOLDER, which Markdown and JSON name"},
};

const struct verb verb_history_export = {
    .name = "history export",
    .operands = "[N]...",
    .summary = "conversations N..., or all, as Markdown, one page of HTML, or JSON",
    .details = "Markdown and HTML have what is seen; HTML has the pictures inside. JSON has "
               "everything, branches,\n"
               "receipts and pictures too, and history import reads it. With --pictures, Markdown "
               "and JSON name\n"
               "files in FOLDER instead of where pictures came from, or having them inside.",
    .flags = export_flags,
    .n_flags = sizeof export_flags / sizeof *export_flags,
    .max_operands = SIZE_MAX,
    .run = run_export,
};

/* ---- import ---- */

static bool import_file(struct store *store, const char *path, struct import_count *sum,
                        struct err *err)
{
    struct import_count count;
    size_t n;
    char *bytes = file_read(path, MAX_IMPORT_BYTES, &n, err);
    bool ok = bytes && history_import(store, path, bytes, n, &count, err);
    free(bytes);
    if (ok) {
        sum->conversations += count.conversations;
        sum->messages += count.messages;
    }
    return ok;
}

static int run_import(struct args *args, struct err *err)
{
    struct import_count sum = {0};
    struct store *store = store_open(NULL, err);
    bool ok = store != NULL;
    for (size_t i = 0; ok && i < args->n_operands; i++)
        ok = import_file(store, args->operands[i], &sum, err);
    store_close(store);
    if (sum.conversations > 0 && !args_has(args, "quiet"))
        fprintf(stderr, "%zu conversation%s, %zu messages\n", sum.conversations,
                sum.conversations == 1 ? "" : "s", sum.messages);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static const struct flag import_flags[] = {
    {"quiet", 'q', NULL, "do not tell what was imported"},
};

const struct verb verb_history_import = {
    .name = "history import",
    .operands = "FILE...",
    .summary = "add conversations from elsewhere",
    .details = "FILE is what history export --format json wrote, the conversations.json of a "
               "ChatGPT export, or\n"
               "the store.db of oterm. A file is taken as a whole, or not at all.",
    .flags = import_flags,
    .n_flags = sizeof import_flags / sizeof *import_flags,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_import,
};
