/* Runs every case of golden/model and golden/quant: logits, patch states, soft tokens, greedy text.
 *
 *   model_golden GOLDEN            with the kernels that FACET_KERNELS names, or the best
 *
 * With the exact kernels (F32 activations and cache) everything is to be within 1e-3 of the
 * reference (largest difference over the standard deviation of the reference). With the others,
 * quantised models are held to what another engine reaches with int8 activations, by RMS and by the
 * largest: the table below, from the READMEs of the golden data. Prints a line for each failure,
 * with -v for each case. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/facet.h"
#include "tests/golden/golden.h"

struct bound {
    const char *type; /* in the model's file name */
    double largest, rms;
};

/* golden/model: one layer, compared there as six layers of another engine; our one layer is to be
 * as near as exact int8 activations in blocks of 256 are, or as near as the engine where that is
 * further. */
static const struct bound model_bounds[] = {
    {"tiny-quant-f16", 8e-3, 1e-3},
    {"tiny-quant-bf16", 8e-3, 1e-3},
    {"tiny-quant-q6_k", 0.17, 0.03},
    {"tiny-quant-q2_k", 0.17, 0.03},
    {"tiny-quant-q3_k", 0.17, 0.03},
    {"tiny-quant-iq4_xs", 0.17, 0.03},
    {"tiny-quant-", 0.17, 0.03},
    {"tiny-vl-q8_0", 0.24, 0.04},
    {"tiny-vl-q4_0", 0.24, 0.04},
    {"tiny-62", 2e-2, 3e-3},
    {"tiny-vl", 9e-3, 1e-3},
    {"tiny-text", 1e-2, 2e-3},
    {"hf-tiny", 1e-2, 2e-3},
    {"mmproj", 6e-4, 1e-4},
    {NULL, 0, 0},
};
static const struct bound quant_bounds[] = {
    {"q6_k", 0.29, 0.044}, {"iq4_nl", 0.23, 0.031}, {"iq4_xs", 0.36, 0.058},
    {"q2_k", 0.32, 0.058}, {"q3_k", 0.30, 0.055},   {"", 0.31, 0.034},
    {NULL, 0, 0},
};

struct run {
    struct golden golden;
    const char *folder;
    const struct bound *bounds;
    struct facet_model *model;
    char model_name[512];
};

static double limit_of(const struct run *r, const char *file, bool rms)
{
    const struct bound *b = r->bounds;
    while (b->type[0] && !strstr(file, b->type))
        b++;
    return rms ? b->rms : b->largest;
}

static char *path_in(const struct run *r, const char *name, char out[1024])
{
    snprintf(out, 1024, "%s/%s", r->folder, name);
    return out;
}

static float *read_floats(const struct run *r, const char *name, size_t *n)
{
    char path[1024];
    FILE *f = fopen(path_in(r, name, path), "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f) / sizeof(float);
    rewind(f);
    float *data = malloc(*n * sizeof *data + 1);
    if (fread(data, sizeof *data, *n, f) != *n)
        *n = 0;
    fclose(f);
    return data;
}

/* Largest and RMS difference over the standard deviation of the reference. */
static void distance(const float *got, const float *want, size_t n, double *largest, double *rms)
{
    double sum = 0, squares = 0, difference = 0;
    *largest = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)got[i] - want[i]);
        sum += want[i];
        squares += (double)want[i] * want[i];
        difference += d * d;
        if (!(d <= *largest))
            *largest = d;
    }
    double mean = sum / (double)n, deviation = sqrt(squares / (double)n - mean * mean);
    *largest /= deviation;
    *rms = sqrt(difference / (double)n) / deviation;
}

static void judge(struct run *r, const char *name, const char *file, const float *got,
                  const char *want_name)
{
    size_t n;
    float *want = read_floats(r, want_name, &n);
    if (!want) {
        golden_fail(&r->golden, name, "cannot read %s", want_name);
        return;
    }
    struct facet_model_info info;
    facet_model_get_info(r->model, &info);
    double largest, rms, most = info.exact ? 1e-3 : limit_of(r, file, false);
    double most_rms = info.exact ? 1e-3 : limit_of(r, file, true);
    distance(got, want, n, &largest, &rms);
    golden_case(&r->golden, largest <= most && rms <= most_rms, name,
                "largest %.2e (of %.0e), rms %.2e (of %.0e)", largest, most, rms, most_rms);
    free(want);
}

/* The case's model, kept open while cases use the same one. */
static bool open_model(struct run *r, const json_t *c)
{
    const char *name = json_string_value(json_object_get(c, "model"));
    const char *mmproj = json_string_value(json_object_get(c, "mmproj"));
    char both[512], path[1024], projector[1024], why[FACET_ERROR_BYTES];
    snprintf(both, sizeof both, "%s %s", name, mmproj ? mmproj : "");
    if (r->model && strcmp(both, r->model_name) == 0)
        return true;
    facet_model_close(r->model);
    struct facet_model_options options = {.mmproj = mmproj ? path_in(r, mmproj, projector) : NULL,
                                          .text_only = !mmproj && !strstr(name, "-vl")};
    r->model = facet_model_open(path_in(r, name, path), &options, why);
    strcpy(r->model_name, both);
    if (!r->model)
        golden_fail(&r->golden, json_string_value(json_object_get(c, "name")), "%s", why);
    return r->model != NULL;
}

static int32_t *ids_of(const json_t *array, size_t *n)
{
    *n = json_array_size(array);
    int32_t *ids = malloc(*n * sizeof *ids + 1);
    for (size_t i = 0; i < *n; i++)
        ids[i] = (int32_t)json_integer_value(json_array_get(array, i));
    return ids;
}

enum { MAX_IMAGES = 8 };
struct pictures {
    float *soft[MAX_IMAGES];
    size_t n;
};

/* The tower runs on the case's planes, so that the case tests it and the decoder together. */
static bool encode(struct run *r, struct facet_session *s, const json_t *c, struct pictures *p)
{
    struct facet_model_info info;
    facet_model_get_info(r->model, &info);
    const json_t *planes = json_object_get(c, "planes");
    p->n = 0;
    for (size_t i = 0; i < json_array_size(planes); i++) {
        size_t n;
        float *data = read_floats(r, json_string_value(json_array_get(planes, i)), &n);
        p->soft[p->n] = malloc((size_t)info.n_soft_tokens * info.n_embd * sizeof(float));
        char why[FACET_ERROR_BYTES] = "";
        bool ok = data && facet_session_encode_image(s, data, p->soft[p->n++], why) == FACET_OK;
        free(data);
        if (!ok) {
            golden_fail(&r->golden, json_string_value(json_object_get(c, "name")), "%s", why);
            return false;
        }
    }
    return true;
}

static void run_logits(struct run *r, const json_t *c, const char *name, struct facet_session *s,
                       const struct facet_prompt *prompt)
{
    struct facet_model_info info;
    facet_model_get_info(r->model, &info);
    size_t first = (size_t)json_integer_value(json_object_get(c, "first_position"));
    float *out = malloc(prompt->n_ids * info.n_vocab * sizeof *out);
    char why[FACET_ERROR_BYTES];
    if (facet_session_prompt_logits(s, prompt, out, why) != FACET_OK)
        golden_fail(&r->golden, name, "%s", why);
    else
        judge(r, name, json_string_value(json_object_get(c, "model")), out + first * info.n_vocab,
              json_string_value(json_object_get(c, "file")));
    free(out);
}

static void run_greedy(struct run *r, const json_t *c, const char *name, struct facet_session *s,
                       const struct facet_prompt *prompt)
{
    struct facet_sampling greedy = facet_sampling_default;
    greedy.temperature = 0;
    greedy.allow_image_tokens = true;
    char why[FACET_ERROR_BYTES] = "";
    struct facet_sampler *sampler = facet_sampler_new(r->model, &greedy, why);
    size_t n, same = 0;
    int32_t *want = ids_of(json_object_get(c, "continuation"), &n);
    enum facet_status status = facet_session_prompt(s, prompt, NULL, why);
    while (status == FACET_OK && same < n) {
        struct facet_token token;
        status = facet_sampler_draw(sampler, s, -1, &token, why);
        if (token.id != want[same])
            break;
        same++;
        if (status == FACET_OK)
            status = facet_session_append(s, token.id, why);
    }
    golden_case(&r->golden, same == n, name, "%zu of %zu tokens as wanted %s", same, n, why);
    facet_sampler_free(sampler);
    free(want);
}

static void run_prompt(struct run *r, const json_t *c, const char *name, bool greedy)
{
    char why[FACET_ERROR_BYTES];
    size_t n;
    int32_t *ids = ids_of(json_object_get(c, "ids"), &n);
    struct facet_session_options options = {.n_ctx = (uint32_t)n + 256};
    struct facet_session *s = facet_session_open(r->model, &options, why);
    struct pictures p = {.n = 0};
    if (!s) {
        golden_fail(&r->golden, name, "%s", why);
    } else if (encode(r, s, c, &p)) {
        struct facet_prompt prompt = {ids, n, (const float *const *)p.soft, p.n};
        (greedy ? run_greedy : run_logits)(r, c, name, s, &prompt);
    }
    facet_session_close(s);
    for (size_t i = 0; i < p.n; i++)
        free(p.soft[i]);
    free(ids);
}

static void run_image(struct run *r, const json_t *c, const char *name, bool patches)
{
    struct facet_model_info info;
    facet_model_get_info(r->model, &info);
    char why[FACET_ERROR_BYTES] = "";
    size_t n;
    uint32_t n_patches, width;
    float *planes = read_floats(r, json_string_value(json_object_get(c, "planes")), &n);
    struct facet_session *s = facet_session_open(r->model, NULL, why);
    enum facet_status status = FACET_FAILED;
    float *out = NULL;
    if (s && planes &&
        facet_session_encode_patches(s, NULL, NULL, &n_patches, &width, why) == FACET_OK) {
        size_t room =
            patches ? (size_t)n_patches * width : (size_t)info.n_soft_tokens * info.n_embd;
        out = malloc(room * sizeof *out);
        status = patches ? facet_session_encode_patches(s, planes, out, &n_patches, &width, why)
                         : facet_session_encode_image(s, planes, out, why);
    }
    if (status == FACET_OK)
        judge(r, name, "mmproj", out, json_string_value(json_object_get(c, "file")));
    else
        golden_fail(&r->golden, name, "%s", why);
    facet_session_close(s);
    free(out);
    free(planes);
}

static void run_case(struct run *r, const json_t *c)
{
    const char *name = json_string_value(json_object_get(c, "name"));
    const char *kind = json_string_value(json_object_get(c, "kind"));
    if (!open_model(r, c))
        return;
    if (strcmp(kind, "logits") == 0 || strcmp(kind, "greedy") == 0)
        run_prompt(r, c, name, kind[0] == 'g');
    else if (strcmp(kind, "patches") == 0 || strcmp(kind, "embed") == 0)
        run_image(r, c, name, kind[0] == 'p');
    else
        golden_fail(&r->golden, name, "unknown kind %s", kind);
}

static void run_folder(struct golden *golden, const char *root, const char *name,
                       const struct bound *bounds)
{
    char folder[1000], path[1024];
    snprintf(folder, sizeof folder, "%s/%s", root, name);
    struct run r = {.golden = *golden, .folder = folder, .bounds = bounds};
    json_error_t wrong;
    json_t *cases = json_load_file(path_in(&r, "cases.json", path), 0, &wrong);
    if (!cases)
        golden_fail(&r.golden, path, "%s", wrong.text);
    for (size_t i = 0; i < json_array_size(cases); i++)
        run_case(&r, json_array_get(cases, i));
    json_decref(cases);
    facet_model_close(r.model);
    *golden = r.golden;
}

int main(int argc, char **argv)
{
    struct golden golden = {.verbose = argc > 2 && strcmp(argv[2], "-v") == 0};
    if (argc < 2) {
        fprintf(stderr, "usage: model_golden GOLDEN [-v]\n");
        return 2;
    }
    run_folder(&golden, argv[1], "model", model_bounds);
    run_folder(&golden, argv[1], "quant", quant_bounds);
    return golden_end(&golden);
}
