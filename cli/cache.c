#include "cli/cache.h"

#include <stdio.h>
#include <string.h>

#include "chat/kept.h"
#include "cli/args.h"
#include "cli/json.h"
#include "cli/out.h"

static const char *const names[KEPT_KINDS] = {
    [KEPT_IMAGES] = "pictures", [KEPT_SESSIONS] = "conversations", [KEPT_BEGINNINGS] = "beginnings"};

static void show_json(const struct kept *kept)
{
    json_t *all = json_pack("{s:o, s:I}", "folder", json_words(kept->folder), "limit",
                            (json_int_t)kept->limit);
    for (int kind = 0; kind < KEPT_KINDS; kind++) {
        struct kept_count count = kept_count(kept, (enum kept_kind)kind);
        json_object_set_new(all, names[kind],
                            json_pack("{s:I, s:I}", "files", (json_int_t)count.n, "bytes",
                                      (json_int_t)count.bytes));
    }
    json_print(stdout, all);
}

static void show_lines(const struct kept *kept)
{
    for (int kind = 0; kind < KEPT_KINDS; kind++) {
        struct kept_count count = kept_count(kept, (enum kept_kind)kind);
        printf("%-16s%6zu  %10.1f MB\n", names[kind], count.n, 1e-6 * (double)count.bytes);
    }
    printf("%-16s%6s  %10.1f MB\n%-16s", "limit", "", 1e-6 * (double)kept->limit, "folder");
    out_print(stdout, kept->folder, strlen(kept->folder));
    putchar('\n');
}

static int run_show(struct args *args, struct err *err)
{
    (void)err;
    struct kept kept;
    kept_init(&kept, &args->options);
    if (args_has(args, "json"))
        show_json(&kept);
    else
        show_lines(&kept);
    kept_done(&kept);
    return EXIT_DONE;
}

static int run_clear(struct args *args, struct err *err)
{
    struct kept kept;
    kept_init(&kept, &args->options);
    size_t n_left = kept_clear(&kept);
    if (n_left > 0)
        err_set(err, "%s: %zu files could not be removed", kept.folder, n_left);
    kept_done(&kept);
    return n_left > 0 ? EXIT_FAILED : EXIT_DONE;
}

static const struct flag show_flags[] = {
    {"json", 0, NULL, "as one JSON object"},
};

const struct verb verb_cache_show = {
    .name = "cache show",
    .operands = "",
    .summary = "what is kept on disk of pictures and conversations, and how much may be",
    .details =
        "Pictures that were encoded, beginnings of conversations that show them and conversations "
        "that were\n"
        "left are kept under $XDG_CACHE_HOME/facet, usually ~/.cache/facet, so that they need not "
        "be computed\n"
        "again. What was not used for longest goes first when --cache-size is reached, a quarter "
        "of which is\n"
        "for beginnings. Removing any of it costs time and nothing else.",
    .options = TAKES(cache_size),
    .flags = show_flags,
    .n_flags = 1,
    .run = run_show,
};

const struct verb verb_cache_clear = {
    .name = "cache clear",
    .operands = "",
    .summary = "remove all of it",
    .run = run_clear,
};
