#include "tests/support/fuzz_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/scratch.h"
#include "tests/support/tiny_vocab.h"

const struct tiny fuzz_shape = {
    .seed = 5,
    .n_layers = 2,
    .n_embd = 8,
    .n_ff = 8,
    .n_heads = 2,
    .n_kv_heads = 1,
    .head_dim = 4,
    .window = 8,
    .n_ctx = 64,
    .n_vocab = TINY_LEAST_VOCAB,
    .rope_factor = 8,
    .type = TYPE_F32,
    .v_layers = 2,
    .v_width = 4,
    .v_ff = 8,
    .v_heads = 2,
    .image_size = 8,
    .patch_size = 2,
    .pool = 2,
    .v_type = TYPE_F32,
};

/* The first and the last byte of each tensor, rows × row_bytes apart, are there to be read. */
static void touch(const struct tensor *all, size_t bytes)
{
    volatile unsigned sum = 0;
    for (size_t i = 0; i < bytes / sizeof *all; i++) {
        const unsigned char *data = all[i].data;
        if (!data || all[i].row_bytes != type_row_bytes(all[i].type, all[i].cols))
            abort();
        sum += data[0] + data[all[i].rows * all[i].row_bytes - 1];
    }
    (void)sum;
}

static void touch_model(const struct model *m)
{
    touch(&m->tw.embed, sizeof m->tw - sizeof m->tw.layers);
    for (uint32_t i = 0; i < m->text.n_layers; i++)
        touch(&m->tw.layers[i].attn_norm,
              sizeof m->tw.layers[i] - offsetof(struct text_layer, attn_norm));
    if (m->text.n_vocab == 0 || m->text.n_vocab > m->tw.head.rows ||
        !isfinite(m->text.attention_scale))
        abort();
    if (!m->has_vision)
        return;
    touch(&m->vw.patch_w, 3 * sizeof(struct tensor));
    touch(&m->vw.post_ln_w, 4 * sizeof(struct tensor));
    for (uint32_t i = 0; i < m->vision.n_layers; i++)
        touch(&m->vw.layers[i].ln1_w, sizeof m->vw.layers[i]);
}

bool fuzz_open(const char *path, const struct facet_model_options *options)
{
    struct err err = {""};
    struct model *m = model_open(path, options, &err);
    if (!m && (!err.text[0] || strchr(err.text, '\n')))
        abort();
    if (!m)
        return false;
    if (!options || !options->vocabulary_only)
        touch_model(m);
    model_free(m);
    return true;
}

static char **the_folder(void)
{
    static char *folder;
    return &folder;
}

static void remove_folder(void)
{
    scratch_free(*the_folder());
}

const char *fuzz_folder(void)
{
    char **folder = the_folder();
    if (!*folder) {
        *folder = scratch_new();
        if (!*folder)
            abort();
        atexit(remove_folder);
    }
    return *folder;
}
