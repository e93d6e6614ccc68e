/* Gemma 3's chat template against the golden prompts: text and ids.
 *
 *     chat_golden GOLDEN_FOLDER
 *
 * One line for each failure, then "N passed, N failed". Exit status 1 if any failed. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/template.h"
#include "tests/golden/golden.h"

struct runner {
    struct facet_model *model;
    struct golden golden;
};

/* Where the crop counts of a line's pictures stand; NULL: pictures are not written out. */
struct crops {
    const json_t *counts;
    size_t next;
};

static struct attachment *make_image(struct crops *crops)
{
    struct attachment *a = mem_new(1, sizeof *a);
    a->references = 1;
    a->n_crops = (size_t)json_integer_value(json_array_get(crops->counts, crops->next++));
    return a;
}

/* The template passes over parts of types that it does not know. */
static bool map_content(struct message *m, const json_t *content, struct crops *crops,
                        struct err *err)
{
    if (json_is_string(content)) {
        message_add_text(m, json_string_value(content), json_string_length(content));
        return true;
    }
    if (!json_is_array(content))
        return err_set(err, "Invalid content type");
    size_t i;
    json_t *part;
    json_array_foreach(content, i, part)
    {
        const char *type = json_string_value(json_object_get(part, "type"));
        const json_t *text = json_object_get(part, "text");
        if (type && strcmp(type, "image") == 0)
            message_add_image(m, make_image(crops));
        else if (type && strcmp(type, "text") == 0)
            message_add_text(m, json_string_value(text), json_string_length(text));
    }
    return true;
}

static bool map_messages(struct messages *ms, const json_t *list, struct crops *crops,
                         struct err *err)
{
    size_t i;
    json_t *message;
    json_array_foreach(list, i, message)
    {
        const char *name = json_string_value(json_object_get(message, "role"));
        enum role role = ROLE_MODEL;
        if (strcmp(name, "assistant") != 0 && !role_parse(&role, name))
            return err_set(err, "unknown role %s", name);
        if (!map_content(messages_add(ms, role), json_object_get(message, "content"), crops, err))
            return false;
    }
    return true;
}

static bool same_ids(const struct prompt *p, const json_t *ids, size_t *at)
{
    size_t n = json_array_size(ids);
    for (*at = 0; *at < n && *at < p->n_ids; ++*at)
        if (json_integer_value(json_array_get(ids, *at)) != p->ids[*at])
            return false;
    return n == p->n_ids;
}

/* "" if the prompt is what the line says, else what is wrong, on one line; free() it. */
static char *compare(const json_t *line, const struct prompt *p, bool ok, const struct err *err)
{
    struct str wrong = {0};
    const json_t *ids = json_object_get(line, "ids_safe");
    const char *text = json_string_value(json_object_get(line, "text"));
    size_t at;
    ids = ids ? ids : json_object_get(line, "ids");
    if (json_object_get(line, "error")) {
        if (ok)
            str_printf(&wrong, "no error, expected \"%s\"",
                       json_string_value(json_object_get(line, "error")));
    } else if (!ok)
        str_printf(&wrong, "error \"%s\"", err->text);
    else if (strcmp(p->text, text) != 0)
        str_printf(&wrong, "text differs: %s", p->text);
    else if (!same_ids(p, ids, &at))
        str_printf(&wrong, "ids differ from index %zu: %d of %zu, expected %lld of %zu", at,
                   at < p->n_ids ? p->ids[at] : -1, p->n_ids,
                   (long long)json_integer_value(json_array_get(ids, at)), json_array_size(ids));
    char *all = str_take(&wrong);
    for (char *c = all; *c; c++)
        if (*c == '\n')
            *c = ' ';
    return all;
}

static void check_line(struct runner *r, const json_t *line)
{
    struct crops crops = {.counts = json_object_get(line, "crops")};
    struct messages ms = {0};
    struct prompt prompt = {0};
    struct err err = {""};
    unsigned form =
        json_is_true(json_object_get(line, "add_generation_prompt")) ? 0 : PROMPT_CLOSED;
    if (!crops.counts)
        form |= PROMPT_BARE_IMAGES;
    bool ok = map_messages(&ms, json_object_get(line, "messages"), &crops, &err) &&
              prompt_render(&prompt, r->model, &ms, form, &err);
    char *wrong = compare(line, &prompt, ok, &err);
    golden_case(&r->golden, !*wrong, json_string_value(json_object_get(line, "name")), "%s", wrong);
    free(wrong);
    prompt_done(&prompt);
    messages_done(&ms);
}

static bool check_file(struct runner *r, const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    FILE *in = fopen(path, "re");
    bool ok = in != NULL;
    char *line = NULL;
    size_t cap = 0;
    while (ok && getline(&line, &cap, in) > 0) {
        json_error_t error;
        json_t *json = json_loads(line, JSON_ALLOW_NUL, &error);
        ok = json != NULL;
        if (ok)
            check_line(r, json);
        json_decref(json);
    }
    if (!ok)
        fprintf(stderr, "%s: cannot be read\n", path);
    if (in)
        fclose(in);
    free(line);
    free(path);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: chat_golden GOLDEN_FOLDER\n", stderr);
        return 2;
    }
    char error[FACET_ERROR_BYTES];
    char *folder = path_join(argv[1], "tokenizer"),
         *vocabulary = path_join(folder, "gemma3-vocab.gguf");
    struct facet_model_options options = {.vocabulary_only = true};
    struct runner r = {.model = facet_model_open(vocabulary, &options, error)};
    bool ok = r.model != NULL;
    if (!ok)
        fprintf(stderr, "%s\n", error);
    ok =
        ok && check_file(&r, folder, "chat.jsonl") && check_file(&r, folder, "image_prompts.jsonl");
    if (r.model)
        facet_model_close(r.model);
    free(vocabulary);
    free(folder);
    int status = golden_end(&r.golden);
    return ok ? status : 1;
}
