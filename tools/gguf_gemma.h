/* What GGUF files say of a Gemma 3 and of its vision tower, as llama.cpp's converter writes it:
 * MODEL.md, "Containers". */
#ifndef TOOLS_GGUF_GEMMA_H
#define TOOLS_GGUF_GEMMA_H

#include "engine/model.h"
#include "engine/quant.h"
#include "tools/gguf_write.h"

/* All keys of the text model but its vocabulary's. A RoPE factor of 1 or 0 gets none. */
void gguf_put_text_keys(struct gguf_writer *w, const char *name, const struct text_params *p);
/* All keys of a projector file for a model of width n_embd. */
void gguf_put_projector_keys(struct gguf_writer *w, const char *name, const struct vision_params *p,
                             uint32_t n_embd);
/* Those of them that Ollama's one-file form has, too, behind a prefix: "clip", "gemma3". */
void gguf_put_vision_keys(struct gguf_writer *w, const char *prefix, const struct vision_params *p);

/* A tensor of these numbers, rounded to `type`; dims as gguf_put_tensor takes them. */
void gguf_put_floats(struct gguf_writer *w, const char *name, enum weight_type type,
                     uint32_t n_dims, const uint64_t dims[4], const float *values);

#endif
