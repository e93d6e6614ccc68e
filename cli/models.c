#include "cli/models.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/resolve.h"
#include "cli/args.h"
#include "cli/json.h"
#include "cli/out.h"
#include "engine/facet.h"
#include "tui/remember.h"

bool engine_error(struct err *err, const char *text)
{
    return err_set(err, "%s", text);
}

struct facet_model *models_open(const struct options *options, enum models_part part,
                                struct err *err)
{
    char *path = model_resolve(options->model, err);
    if (!path)
        return NULL;
    char *mmproj = options->mmproj ? path_expand(options->mmproj) : NULL;
    struct facet_model_options how = {.mmproj = mmproj,
                                      .vision_precision = options->vision_precision,
                                      .n_threads = (unsigned)options->threads,
                                      .vocabulary_only = part == MODELS_TOKENS,
                                      .text_only = part == MODELS_TEXT};
    char why[FACET_ERROR_BYTES];
    struct facet_model *model = facet_model_open(path, &how, why);
    if (!model)
        engine_error(err, why);
    free(mmproj);
    free(path);
    return model;
}

size_t models_session_bytes(const struct facet_model *model, const struct options *options)
{
    struct facet_session_options session = {.n_ctx = (uint32_t)options->ctx,
                                            .cache = options->cache,
                                            .lookup = !options->no_lookup,
                                            .n_best = options_best(options, model)};
    return facet_session_bytes(model, &session);
}

void models_tell_shipped(const struct options *options, struct progress *progress)
{
    static const char told[] = "told of the model that ships";
    char *path = options->model || options->quiet ? NULL : model_resolve(NULL, NULL);
    char *before = remember_get(told);
    if (path && !before && model_is_shipped(path)) {
        progress_note(progress,
                      "this is facet-small, a small model that ships with facet; for more, download "
                      "a Gemma 3 as GGUF with its mmproj file, and give it with -m FILE");
        remember_set(told, "yes");
    }
    free(before);
    free(path);
}

/* "3.16 GiB", "870 KiB". */
static const char *size_text(uint64_t bytes, char out[24])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1000 && unit < 4; unit++)
        value /= 1024;
    snprintf(out, 24, unit == 0 || value >= 100 ? "%.0f %s" : "%.2f %s", value, units[unit]);
    return out;
}

/* "3.88 billion", "12.4 million". */
static const char *count_text(uint64_t n, char out[24])
{
    if (n >= 1000000000)
        snprintf(out, 24, "%.2f billion", (double)n / 1e9);
    else
        snprintf(out, 24, "%.1f million", (double)n / 1e6);
    return out;
}

static void print_text(const char *label, const char *text)
{
    printf("%-16s", label);
    out_print(stdout, text, strlen(text));
    putchar('\n');
}

void models_print(const struct facet_model *model, const struct options *options)
{
    struct facet_model_info info;
    facet_model_get_info(model, &info);
    print_text("model", info.name);
    if (info.note)
        print_text("note", info.note);
    char number[24];
    printf("%-16s%s, mostly %s\n", "parameters", count_text(info.n_parameters, number),
           info.weight_type);
    printf("%-16s%s\n", "weights", size_text(info.weight_bytes, number));
    printf("%-16s%u layers, width %u, MLP %u, %u heads and %u kv heads of %u\n", "text",
           info.n_layers, info.n_embd, info.n_ff, info.n_heads, info.n_kv_heads, info.head_dim);
    printf("%-16s%u tokens, local layers see %u\n", "context", info.n_ctx_train, info.window);
    printf("%-16s%u tokens\n", "vocabulary", info.n_vocab);
    struct facet_sampling sampling = facet_model_sampling(model);
    printf("%-16stemperature %g, top-k %u, top-p %g, min-p %g\n", "recommended",
           (double)sampling.temperature, sampling.top_k, (double)sampling.top_p,
           (double)sampling.min_p);
    if (info.has_vision)
        printf("%-16s%u x %u pixels become %u tokens\n", "pictures", info.image_size,
               info.image_size, info.n_soft_tokens);
    else
        printf("%-16s%s\n", "pictures", "no (no vision tower or projector file)");
    printf("%-16s%s for %zu tokens, besides the weights\n", "memory",
           size_text(models_session_bytes(model, options), number), options->ctx);
    printf("%-16s%s kernels, %u threads\n", "engine", info.kernels, info.n_threads);
}

static int run_show(struct args *args, struct err *err)
{
    if (args->n_operands > 0 && !options_set(&args->options, "model", args->operands[0], err))
        return EXIT_USAGE;
    struct facet_model *model = models_open(&args->options, MODELS_WHOLE, err);
    if (!model)
        return EXIT_FAILED;
    models_print(model, &args->options);
    facet_model_close(model);
    return EXIT_DONE;
}

struct found {
    char *path;
    uint64_t bytes;
    bool shipped;
};

struct listing {
    struct found *list;
    size_t n;
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* A GGUF file (of a split one the first part), or a folder as Hugging Face lays it out. */
static bool is_model(const char *path, const struct stat *st)
{
    const char *name = path_base(path);
    if (S_ISDIR(st->st_mode)) {
        char *config = path_join(path, "config.json");
        bool is = file_exists(config);
        free(config);
        return is;
    }
    const char *part = strstr(name, "-of-");
    bool first = !part || part - name < 5 || strncmp(part - 5, "00001", 5) == 0;
    return S_ISREG(st->st_mode) && ends_with(name, ".gguf") && !strstr(name, "mmproj") && first;
}

/* Takes the path over. */
static void list_file(struct listing *out, char *path, bool shipped)
{
    struct stat st;
    if (!path || stat(path, &st) != 0 || !is_model(path, &st)) {
        free(path);
        return;
    }
    out->list = mem_grow(out->list, out->n + 1, sizeof *out->list);
    out->list[out->n++] =
        (struct found){path, S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0, shipped};
}

static void list_folder(struct listing *out, const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            list_file(out, path_join(folder, entry->d_name), false);
    if (dir)
        closedir(dir);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct found *)a)->path, ((const struct found *)b)->path);
}

static void print_found(const struct found *found, bool json)
{
    if (json) {
        json_print(stdout, json_pack("{s:o, s:I, s:b}", "path", json_words(found->path), "bytes",
                                     (json_int_t)found->bytes, "ships", found->shipped));
        return;
    }
    char size[24];
    printf("%12s  ", found->bytes > 0 ? size_text(found->bytes, size) : "folder");
    out_print(stdout, found->path, strlen(found->path));
    puts(found->shipped ? "  (ships with facet)" : "");
}

static int run_list(struct args *args, struct err *err)
{
    char *data = path_xdg(XDG_DATA), *folder = path_join(data, "models");
    struct listing all = {0};
    list_folder(&all, folder);
    if (all.n > 0)
        qsort(all.list, all.n, sizeof *all.list, by_path);
    list_file(&all, model_find_shipped(NULL), true);
    if (all.n == 0)
        err_set(err, "no models in %s", folder);
    for (size_t i = 0; i < all.n; i++) {
        print_found(&all.list[i], args_has(args, "json"));
        free(all.list[i].path);
    }
    free(all.list);
    free(folder);
    free(data);
    return EXIT_DONE;
}

static const struct flag list_flags[] = {
    {"json", 0, NULL, "one JSON object a line"},
};

const struct verb verb_models_list = {
    .name = "models list",
    .operands = "",
    .summary = "the models in facet's folder, and the one that ships",
    .details = "The folder is $XDG_DATA_HOME/facet/models, usually ~/.local/share/facet/models. "
               "They are used by\n"
               "their names, facet ask -m NAME; models elsewhere by their paths. Without -m the "
               "only one in the\n"
               "folder is used; where there is none, the small one that ships with facet.",
    .flags = list_flags,
    .n_flags = 1,
    .run = run_list,
};

const struct verb verb_models_show = {
    .name = "models show",
    .operands = "[FILE]",
    .summary = "what a model is, and the memory that it takes",
    .options = TAKES_MODEL | TAKES(ctx) | TAKES(cache),
    .max_operands = 1,
    .run = run_show,
};
