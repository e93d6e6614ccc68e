/* Small random models of Gemma 3's exact shape, the same for the same description everywhere: for
 * tests, and to run facet on where there is no model. Weights have 8 significant bits, so F32, F16
 * and BF16 hold the same numbers. */
#ifndef TESTS_SUPPORT_TINY_H
#define TESTS_SUPPORT_TINY_H

#include "engine/quant.h"
#include "tools/gguf_write.h"

struct tiny {
    uint64_t seed;
    uint32_t n_layers, n_embd, n_ff, n_heads, n_kv_heads, head_dim, window, n_ctx, n_vocab;
    float rope_factor;     /* 0: no key */
    enum weight_type type; /* of all matrices */
    bool wordy;            /* only words, newlines and the end of a turn are likely */
    uint32_t v_layers, v_width, v_ff, v_heads, image_size, patch_size, pool;
    enum weight_type v_type;
};

/* 7 layers of 128, window 24, F32; tower of 3 layers of 96, 224 pixels, 16 soft tokens. */
extern const struct tiny tiny_default;

struct gguf_writer *tiny_text(const struct tiny *t);
struct gguf_writer *tiny_mmproj(const struct tiny *t);
/* Text and tower, each written to its file. */
bool tiny_pair(const struct tiny *text, const struct tiny *tower, const char *path,
               const char *mmproj, struct err *err);
/* Text and tower in one, as Ollama writes it. */
struct gguf_writer *tiny_ollama(const struct tiny *t);

enum tiny_folder_age { TINY_FOLDER_OLD, TINY_FOLDER_NEW };
/* The same model as a Hugging Face folder (made if it is not there) of BF16 tensors, with
 * tokenizer.json: older names and configuration in one file, or newer ones in two shards. tower:
 * vision too. */
bool tiny_folder(const struct tiny *t, enum tiny_folder_age age, bool tower, const char *folder,
                 struct err *err);

#endif
