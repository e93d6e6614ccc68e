/* Hugging Face folders: config.json and the safetensors files. Weights are model_bind.h's. */
#ifndef ENGINE_MODEL_HF_H
#define ENGINE_MODEL_HF_H

#include "engine/model.h"
#include "engine/safetensors.h"

/* The shards of a folder, all open. */
struct shards {
    struct safetensors **files;
    size_t n;
};
bool shards_open(struct shards *s, const char *folder, struct err *err);
void shards_close(struct shards *s);

/* Reads config.json: fills m->text (n_vocab: as configured, 0 if it is not said) and makes the
 * layers. *tower: in, whether one is wanted; out, whether it was and there is a vision_config, by
 * which m->vision is filled then and its layers are made. */
bool model_hf_params(struct model *m, const char *folder, bool *tower, struct err *err);

/* What generation_config.json recommends, if there is one. */
bool model_hf_sampling(struct model *m, const char *folder, struct err *err);

/* folder/name; NULL if memory is short. free() it. */
char *model_hf_path(const char *folder, const char *name, struct err *err);

#endif
