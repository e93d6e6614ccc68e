#include "train/export.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "tools/gguf_gemma.h"
#include "train/checkpoint.h"
#include "train/steps.h"
#include "train/vocabulary.h"

static const char model_name[] = "facet-small", licence[] = "mit";
/* What it is unsure of it should not roll dice for. */
static const float temperature = 0.2F;

static enum weight_type type_of(const struct param *p, const struct export_types *types)
{
    if (p->rows == 1 || p->kind == PARAM_POSITION)
        return TYPE_F32;
    if (p->kind == PARAM_PATCH || !strcmp(p->name, "mm.input_projection.weight"))
        return TYPE_F16;
    enum weight_type wanted = p->kind == PARAM_EMBED ? types->embedding
                              : p->part == PART_DECODER ? types->matrices
                                                        : types->tower;
    return type_row_bytes(wanted, p->cols) ? wanted : TYPE_F16;
}

static void put_param(struct gguf_writer *w, const struct net *net, const struct param *p,
                      const float *values, const struct export_types *types)
{
    const uint64_t side = net->vision.patch_size;
    const uint64_t matrix[4] = {p->cols, p->rows}, patch[4] = {side, side, 3, p->rows};
    bool is_patch = p->kind == PARAM_PATCH;
    gguf_put_floats(w, p->name, type_of(p, types),
                    is_patch       ? 4
                    : p->rows == 1 ? 1
                                   : 2,
                    is_patch ? patch : matrix, values + p->offset);
}

/* general.file_type, which is for people, is the matrices' type. */
static void put_general_keys(struct gguf_writer *w, enum weight_type type)
{
    enum { FILE_F32, FILE_F16, FILE_Q4_0, FILE_Q8_0 = 7 };
    gguf_put_string(w, "general.license", licence);
    gguf_put_u32(w, "general.file_type",
                 type == TYPE_Q4_0   ? FILE_Q4_0
                 : type == TYPE_Q8_0 ? FILE_Q8_0
                 : type == TYPE_F16  ? FILE_F16
                                     : FILE_F32);
    gguf_put_u32(w, "general.quantization_version", 2);
}

struct gguf_writer *export_decoder(const struct net *net, const float *values,
                                   const struct export_types *types, const struct spm *vocabulary,
                                   struct err *err)
{
    if (vocabulary->n != net->text.n_vocab) {
        err_set(err, "the net has %u pieces, the vocabulary %zu", net->text.n_vocab, vocabulary->n);
        return NULL;
    }
    struct gguf_writer *w = gguf_writer_new();
    gguf_put_text_keys(w, model_name, &net->text);
    put_general_keys(w, types->matrices);
    gguf_put_f32(w, "general.sampling.temp", temperature);
    if (!vocabulary_put(w, vocabulary, err)) {
        gguf_writer_free(w);
        return NULL;
    }
    for (size_t i = 0; i < net->n_params; i++)
        if (net->params[i].part == PART_DECODER)
            put_param(w, net, &net->params[i], values, types);
    return w;
}

struct gguf_writer *export_tower(const struct net *net, const float *values,
                                 const struct export_types *types)
{
    struct gguf_writer *w = gguf_writer_new();
    gguf_put_projector_keys(w, model_name, &net->vision, net->text.n_embd);
    put_general_keys(w, types->tower);
    for (size_t i = 0; i < net->n_params; i++)
        if (net->params[i].part == PART_TOWER || net->params[i].part == PART_CONNECTOR)
            put_param(w, net, &net->params[i], values, types);
    return w;
}

/* ---- The step ------------------------------------------------------------------------------- */

static bool parse_type(const char *text, enum weight_type *type, struct err *err)
{
    for (uint32_t i = 0; i < TYPE_COUNT; i++) {
        const struct type_traits *traits = type_traits_get(i);
        if (traits->name && strcasecmp(traits->name, text) == 0) {
            *type = (enum weight_type)i;
            return true;
        }
    }
    return err_set(err, "no weight type %s", text);
}

static bool parse_types(int argc, char **argv, struct export_types *types, struct err *err)
{
    return parse_type(step_text(argc, argv, "matrices", "q8_0"), &types->matrices, err) &&
           parse_type(step_text(argc, argv, "embedding", "q8_0"), &types->embedding, err) &&
           parse_type(step_text(argc, argv, "tower", "f16"), &types->tower, err);
}

/* Takes w, which may be NULL. */
static bool save(struct gguf_writer *w, const char *path, struct err *err)
{
    bool ok = w && gguf_writer_save(w, path, err);
    if (w)
        gguf_writer_free(w);
    return ok;
}

bool step_export(int argc, char **argv, struct err *err)
{
    const char *from = step_text(argc, argv, "from", NULL),
               *out = step_text(argc, argv, "out", NULL),
               *mmproj = step_text(argc, argv, "mmproj", NULL),
               *words = step_text(argc, argv, "spm", "build/model/spm.model");
    if (!from || !out)
        return err_set(err, "from=CHECKPOINT and out=FILE.gguf are needed");
    struct export_types types;
    struct net_shape shape;
    struct net net;
    struct spm spm;
    uint32_t step;
    if (!parse_types(argc, argv, &types, err) || !checkpoint_shape(from, &shape, err) ||
        !net_init(&net, &shape, err))
        return false;
    float *values = mem_new(net.n_values, sizeof *values);
    bool ok = checkpoint_read(from, &step, &values, 1, net.n_values, err);
    if (ok) {
        ok = spm_read(&spm, words, err) &&
             save(export_decoder(&net, values, &types, &spm, err), out, err) &&
             (!mmproj || save(export_tower(&net, values, &types), mmproj, err));
        spm_done(&spm);
    }
    free(values);
    net_done(&net);
    return ok;
}
