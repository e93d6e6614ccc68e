/* How a model's file wants its tokens to be drawn: GGUF keys general.sampling.* as llama.cpp reads
 * them, generation_config.json of a Hugging Face folder. What a file does not say, or says beyond
 * what can be, stays facet_sampling_default's. */
#ifndef ENGINE_MODEL_SAMPLING_H
#define ENGINE_MODEL_SAMPLING_H

#include <jansson.h>

#include "engine/gguf.h"
#include "engine/model.h"

void model_sampling_gguf(struct model *m, const struct gguf *g);
void model_sampling_hf(struct model *m, const json_t *generation_config);

#endif
