#include "cli/inspect_model.h"

#include <string.h>

#include "cli/args.h"
#include "cli/json.h"
#include "cli/models.h"
#include "cli/out.h"
#include "engine/facet.h"

static json_t *tensor_json(const struct facet_tensor_info *t)
{
    json_t *shape = json_array();
    for (uint32_t d = 0; d < t->n_dims; d++)
        json_array_append_new(shape, json_integer((json_int_t)t->shape[d]));
    return json_pack("{s:o, s:o, s:o, s:I}", "name", json_words(t->name), "type",
                     json_words(t->type), "shape", shape, "bytes", (json_int_t)t->bytes);
}

static void put_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *info_json(const struct facet_model_info *i)
{
    json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:b}", "name", json_words(i->name), "note",
                          json_words(i->note), "kernels", json_words(i->kernels), "weight_type",
                          json_words(i->weight_type), "has_vision", (int)i->has_vision);
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {
        {"n_parameters", i->n_parameters},
        {"weight_bytes", i->weight_bytes},
        {"n_layers", i->n_layers},
        {"n_embd", i->n_embd},
        {"n_ff", i->n_ff},
        {"n_heads", i->n_heads},
        {"n_kv_heads", i->n_kv_heads},
        {"head_dim", i->head_dim},
        {"window", i->window},
        {"n_ctx_train", i->n_ctx_train},
        {"n_vocab", i->n_vocab},
        {"n_threads", i->n_threads},
        {"image_size", i->image_size},
        {"n_soft_tokens", i->n_soft_tokens},
    };
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        put_number(o, numbers[k].key, numbers[k].value);
    return o;
}

static void print_json(const struct facet_model *model, const struct options *options)
{
    struct facet_model_info info;
    facet_model_get_info(model, &info);
    json_t *object = info_json(&info), *tensors = json_array();
    struct facet_tensor_info tensor;
    for (size_t i = 0; facet_model_get_tensor(model, i, &tensor); i++)
        json_array_append_new(tensors, tensor_json(&tensor));
    put_number(object, "n_ctx", options->ctx);
    put_number(object, "session_bytes", models_session_bytes(model, options));
    json_object_set_new(object, "tensors", tensors);
    json_print(stdout, object);
}

static void print_tensor(const struct facet_tensor_info *t)
{
    out_print(stdout, t->name, strlen(t->name));
    printf("  %s  [", t->type);
    for (uint32_t d = 0; d < t->n_dims; d++)
        printf("%s%llu", d ? ", " : "", (unsigned long long)t->shape[d]);
    puts("]");
}

static void print_text(const struct facet_model *model, const struct options *options)
{
    models_print(model, options);
    putchar('\n');
    struct facet_tensor_info tensor;
    for (size_t i = 0; facet_model_get_tensor(model, i, &tensor); i++)
        print_tensor(&tensor);
}

static int run(struct args *args, struct err *err)
{
    struct facet_model *model = models_open(&args->options, MODELS_WHOLE, err);
    if (!model)
        return EXIT_FAILED;
    if (args_has(args, "json"))
        print_json(model, &args->options);
    else
        print_text(model, &args->options);
    facet_model_close(model);
    return EXIT_DONE;
}

static const struct flag flags[] = {
    {"json", 0, NULL, "one JSON object"},
};

const struct verb verb_inspect_model = {
    .name = "inspect model",
    .operands = "",
    .summary = "a model's shapes and types, and its memory at a context length (--ctx)",
    .options = TAKES_MODEL | TAKES(ctx) | TAKES(cache),
    .flags = flags,
    .n_flags = 1,
    .run = run,
};
