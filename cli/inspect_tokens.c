#include "cli/inspect_tokens.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/args.h"
#include "cli/ids.h"
#include "cli/json.h"
#include "cli/models.h"
#include "cli/out.h"
#include "engine/facet.h"

static const size_t TEXT_LIMIT_BYTES = (size_t)64 << 20;

static char *read_text(const struct args *args, size_t *n, struct err *err)
{
    if (args->n_operands == 1 && strcmp(args->operands[0], "-") == 0)
        return file_read("-", TEXT_LIMIT_BYTES, n, err);
    char *text = args_joined(args, 0);
    *n = strlen(text);
    return text;
}

static json_t *pieces_of(const struct facet_model *model, const int32_t *ids, size_t n)
{
    json_t *pieces = json_array();
    for (size_t i = 0; i < n; i++) {
        size_t n_bytes = 0;
        const char *piece = facet_token_piece(model, ids[i], &n_bytes);
        json_array_append_new(pieces, piece ? json_text(piece, n_bytes) : json_null());
    }
    return pieces;
}

static int run_tokens(struct args *args, struct err *err)
{
    size_t n_bytes, n_ids;
    char *text = read_text(args, &n_bytes, err);
    struct facet_model *model = text ? models_open(&args->options, MODELS_TOKENS, err) : NULL;
    int32_t *ids = NULL;
    char why[FACET_ERROR_BYTES];
    if (model) {
        ids = facet_tokenize(model, text, n_bytes, args_has(args, "special"), &n_ids, why);
        if (!ids)
            engine_error(err, why);
    }
    if (ids)
        json_print(stdout, json_pack("{s:o, s:o}", "ids", ids_json(ids, n_ids), "pieces",
                                     pieces_of(model, ids, n_ids)));
    int code = ids ? EXIT_DONE : EXIT_FAILED;
    free(ids);
    facet_model_close(model);
    free(text);
    return code;
}

static void put_decoded(struct str *out, const struct facet_model *model, const struct ids *ids,
                        bool skip_special)
{
    struct facet_decoder decoder = {0};
    char text[FACET_DECODER_BYTES];
    for (size_t i = 0; i < ids->n; i++) {
        if (!facet_token_is_control(model, ids->list[i])) {
            str_put(out, text, facet_decoder_push(&decoder, model, ids->list[i], text));
            continue;
        }
        str_put(out, text, facet_decoder_flush(&decoder, text));
        size_t n = 0;
        const char *name = skip_special ? NULL : facet_token_bytes(model, ids->list[i], &n);
        if (name)
            str_put(out, name, n);
    }
    str_put(out, text, facet_decoder_flush(&decoder, text));
}

static bool check_ids(const struct facet_model *model, const struct ids *ids, struct err *err)
{
    size_t n;
    for (size_t i = 0; i < ids->n; i++)
        if (!facet_token_bytes(model, ids->list[i], &n))
            return err_set(err, "token %d is not in the vocabulary", (int)ids->list[i]);
    return true;
}

static int run_detokenize(struct args *args, struct err *err)
{
    struct ids ids = {0};
    for (size_t i = 0; i < args->n_operands; i++)
        if (!ids_parse(&ids, args->operands[i], err)) {
            ids_done(&ids);
            return EXIT_USAGE;
        }
    struct facet_model *model = models_open(&args->options, MODELS_TOKENS, err);
    bool ok = model && check_ids(model, &ids, err);
    if (ok) {
        struct str text = {0};
        put_decoded(&text, model, &ids, args_has(args, "skip-special"));
        out_print(stdout, str_text(&text), text.len);
        if (out_is_terminal() && text.len > 0 && text.data[text.len - 1] != '\n')
            putchar('\n');
        str_done(&text);
    }
    facet_model_close(model);
    ids_done(&ids);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static const struct flag tokens_flags[] = {
    {"special", 0, NULL, "special tokens such as <start_of_turn> in the text become their ids"},
};

const struct verb verb_inspect_tokens = {
    .name = "inspect tokens",
    .operands = "TEXT|-",
    .summary = "the tokens of a text, as one line of JSON: ids and pieces",
    .details = "No <bos> is added. - reads the text from standard input, every byte of it. The "
               "model may be a\n"
               "GGUF file that holds a vocabulary and nothing else.",
    .options = TAKES(model),
    .flags = tokens_flags,
    .n_flags = 1,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_tokens,
};

static const struct flag detokenize_flags[] = {
    {"skip-special", 0, NULL, "leave out special tokens such as <start_of_turn>"},
};

const struct verb verb_inspect_detokenize = {
    .name = "inspect detokenize",
    .operands = "ID...",
    .summary = "the text that token ids stand for",
    .details = "IDs are numbers, with spaces or commas between them. Into a pipe goes the text and "
               "not a byte more.",
    .options = TAKES(model),
    .flags = detokenize_flags,
    .n_flags = 1,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_detokenize,
};
