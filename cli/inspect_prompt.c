#include "cli/inspect_prompt.h"

#include <stdlib.h>
#include <string.h>

#include "chat/template.h"
#include "cli/args.h"
#include "cli/ids.h"
#include "cli/json.h"
#include "cli/models.h"
#include "cli/out.h"
#include "cli/question.h"

/* Takes the question over. */
static bool render(struct prompt *out, const struct facet_model *model,
                   const struct options *options, struct message *question,
                   struct messages *conversation, struct err *err)
{
    const char *system = options->system;
    conversation->schema = options->schema;
    if (system && *system)
        message_add_text(messages_add(conversation, ROLE_SYSTEM), system, strlen(system));
    *messages_add(conversation, ROLE_USER) = *question;
    *question = (struct message){.role = ROLE_USER};
    return prompt_render(out, model, conversation, 0, err);
}

static const struct attachment *next_image(const struct messages *conversation, size_t *at)
{
    const struct message *user = &conversation->list[conversation->n - 1];
    while (*at < user->n_parts)
        if (user->parts[(*at)++].image)
            return user->parts[*at - 1].image;
    return NULL;
}

static size_t soft_tokens(const struct prompt *prompt, const struct facet_model *model)
{
    struct facet_special_ids special;
    facet_model_get_special(model, &special);
    size_t n = 0;
    for (size_t i = 0; i < prompt->n_ids; i++)
        n += prompt->ids[i] == special.image_soft;
    return prompt->n_views > 0 ? n / prompt->n_views : 0;
}

static json_t *crops_json(const struct attachment *image)
{
    json_t *crops = json_array();
    for (size_t i = 0; i < image->n_crops; i++) {
        const struct crop *c = &image->crops[i];
        json_array_append_new(crops, json_pack("[I,I,I,I]", (json_int_t)c->x, (json_int_t)c->y,
                                               (json_int_t)c->width, (json_int_t)c->height));
    }
    return crops;
}

static void print_json(const struct prompt *prompt, const struct messages *conversation,
                       size_t n_soft)
{
    json_t *images = json_array();
    size_t at = 0;
    for (const struct attachment *a; (a = next_image(conversation, &at));) {
        json_int_t views = (json_int_t)attachment_views(a);
        json_array_append_new(
            images,
            json_pack("{s:o, s:I, s:I, s:o, s:I, s:I}", "path", json_words(a->path), "width",
                      (json_int_t)a->image.width, "height", (json_int_t)a->image.height, "crops",
                      crops_json(a), "views", views, "tokens", views * (json_int_t)n_soft));
    }
    json_print(stdout, json_pack("{s:o, s:o, s:I, s:I, s:o}", "text", json_words(prompt->text),
                                 "ids", ids_json(prompt->ids, prompt->n_ids), "n_tokens",
                                 (json_int_t)prompt->n_ids, "n_image_tokens",
                                 (json_int_t)prompt->n_image_ids, "images", images));
}

static void print_image(const struct attachment *a, size_t number, size_t n_soft)
{
    printf("image %zu: ", number);
    out_print(stdout, a->path, strlen(a->path));
    printf(", %u x %u, %zu view%s, %zu tokens\n", a->image.width, a->image.height,
           attachment_views(a), attachment_views(a) == 1 ? "" : "s", attachment_views(a) * n_soft);
    for (size_t i = 0; i < a->n_crops; i++)
        printf("  crop %zu: %u x %u at %u,%u\n", i + 1, a->crops[i].width, a->crops[i].height,
               a->crops[i].x, a->crops[i].y);
}

static void print_readable(const struct prompt *prompt, const struct messages *conversation,
                           size_t n_soft)
{
    size_t n = strlen(prompt->text);
    out_print(stdout, prompt->text, n);
    if (n == 0 || prompt->text[n - 1] != '\n')
        putchar('\n');
    printf("tokens: %zu, %zu of them for pictures\n", prompt->n_ids, prompt->n_image_ids);
    size_t at = 0, number = 1;
    for (const struct attachment *a; (a = next_image(conversation, &at)); number++)
        print_image(a, number, n_soft);
}

/* The words and the count of soft tokens are all that a prompt needs of a model: a vocabulary will
 * do where there is no more. */
static struct facet_model *open_model(const struct options *options, struct err *err)
{
    struct facet_model *model = models_open(options, MODELS_WHOLE, err);
    struct err ignored;
    return model ? model : models_open(options, MODELS_TOKENS, &ignored);
}

int inspect_prompt(struct args *args, struct err *err)
{
    struct message question = {0};
    int code = question_read(&question, args, err);
    struct err why = {""};
    struct facet_model *model = code == EXIT_DONE ? open_model(&args->options, &why) : NULL;
    if (code == EXIT_DONE && !model) {
        *err = why;
        code = EXIT_FAILED;
    }
    struct prompt prompt = {0};
    struct messages conversation = {0};
    if (model && !render(&prompt, model, &args->options, &question, &conversation, err))
        code = EXIT_FAILED;
    else if (model && args_has(args, "json"))
        print_json(&prompt, &conversation, soft_tokens(&prompt, model));
    else if (model)
        print_readable(&prompt, &conversation, soft_tokens(&prompt, model));
    prompt_done(&prompt);
    messages_done(&conversation);
    message_done(&question);
    facet_model_close(model);
    return code;
}

static const struct flag flags[] = {
    {"image", 'i', "IMAGE", "a picture to ask about, - for standard input; may be repeated"},
    {"json", 0, NULL, "one JSON object: text, ids, n_tokens, n_image_tokens, images"},
};

const struct verb verb_inspect_prompt = {
    .name = "inspect prompt",
    .operands = "[PROMPT]...",
    .summary = "the exact prompt that ask would send, its token counts and crops",
    .details =
        "The tokens of a picture are written <image_soft_token>*256, once for each view of it.",
    .options = TAKES_ALL & ~TAKES(plain),
    .flags = flags,
    .n_flags = 2,
    .max_operands = SIZE_MAX,
    .run = inspect_prompt,
};
