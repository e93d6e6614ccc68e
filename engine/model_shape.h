/* Models that no file holds: the hyper-parameters and tensors of a Gemma 3 size in a preset of
 * weight types, with weights of random bits, for measuring what the real one would cost. */
#ifndef ENGINE_MODEL_SHAPE_H
#define ENGINE_MODEL_SHAPE_H

#include "base/err.h"
#include "engine/model.h"
#include "engine/weights.h"

/* shape: "4b:q4_0". Sets m->text, and where tower is true and the size has one m->vision; makes
 * their layers, and lists every tensor as a file of that preset has it, without data. */
bool model_shape_plan(struct model *m, struct weights *w, const char *shape, bool tower,
                      struct err *err);
uint64_t model_shape_bytes(const struct weights *w);

/* Memory for all of the tensors, filled with numbers of the size that trained weights have
 * (variance 1 / columns) by so many threads, and every tensor's data set. free() it after the
 * model. NULL and an error where it is more than the machine has to give. */
void *model_shape_fill(struct weights *w, unsigned n_threads, struct err *err);

#endif
