/* tiny_model OUT.gguf [OUT-mmproj.gguf]: writes a small random model of Gemma 3's shape, and its
 * vision tower, to try facet with where there is no model. What it says is words without sense. */
#include <stdio.h>

#include "tests/support/tiny.h"

/* Two global layers; as many soft tokens an image, and pixels a side, as the real tower has, but
 * few patches, so that an image takes no time. */
static const struct tiny shape = {
    .seed = 3,
    .n_layers = 12,
    .n_embd = 256,
    .n_ff = 768,
    .n_heads = 4,
    .n_kv_heads = 2,
    .head_dim = 64,
    .window = 512,
    .n_ctx = 32768,
    .n_vocab = 2048,
    .type = TYPE_Q8_0,
    .wordy = true,
    .v_layers = 2,
    .v_width = 64,
    .v_ff = 192,
    .v_heads = 2,
    .image_size = 896,
    .patch_size = 56,
    .pool = 1,
    .v_type = TYPE_F16,
};

static bool save(struct gguf_writer *w, const char *path)
{
    struct err err;
    bool ok = gguf_writer_save(w, path, &err);
    if (!ok)
        fprintf(stderr, "tiny_model: %s\n", err.text);
    gguf_writer_free(w);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3) {
        fputs("usage: tiny_model OUT.gguf [OUT-mmproj.gguf]\n", stderr);
        return 2;
    }
    bool ok = save(tiny_text(&shape), argv[1]) && (argc < 3 || save(tiny_mmproj(&shape), argv[2]));
    return ok ? 0 : 1;
}
