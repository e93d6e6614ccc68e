/* Hyper-parameters from the keys of GGUF files: llama.cpp's text files and projector files,
 * Ollama's single files. Weights are model_bind.h's. */
#ifndef ENGINE_MODEL_GGUF_H
#define ENGINE_MODEL_GGUF_H

#include "engine/gguf.h"
#include "engine/model.h"

/* Refuses files of another architecture than "gemma3". */
bool model_gguf_check_text(const struct gguf *g, struct err *err);
/* Fills m->text (n_vocab apart) and makes the layers. */
bool model_gguf_text_params(struct model *m, const struct gguf *g, struct err *err);
/* Fills m->vision and makes its layers, from a projector file or the tower's keys in a text file.
 */
bool model_gguf_vision_params(struct model *m, const struct gguf *g, struct err *err);
/* The pieces of the vocabulary that are tokens: those in front of trailing "[PAD…]" ones. */
uint64_t model_gguf_pieces(const struct gguf *g);

#endif
