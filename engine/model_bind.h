/* Puts tensors from a list of weights into their places in a model, by tables of names and shapes:
 * the one place that knows what a tensor is called in each container and what shape it must have.
 */
#ifndef ENGINE_MODEL_BIND_H
#define ENGINE_MODEL_BIND_H

#include "base/err.h"
#include "engine/model.h"
#include "engine/weights.h"

/* Memory of vectors that could not stay as they are mapped: a list. */
struct owned {
    struct owned *next;
    _Alignas(max_align_t) unsigned char bytes[];
};
void owned_free(struct owned *list);

/* Binds m->tw, whose layers are made but empty, by the shapes that m->text says. hugging_face:
 * names, and norm weights without their 1, are as there. What cannot stay mapped goes to the list
 * *owned. */
bool model_bind_text(struct model *m, const struct weights *from, bool hugging_face,
                     struct owned **owned, struct err *err);

/* The same for m->vw by m->vision and m->text.n_embd. */
bool model_bind_vision(struct model *m, const struct weights *from, bool hugging_face,
                       struct owned **owned, struct err *err);

/* A tensor that a GGUF file of this model must have. */
struct tensor_place {
    char name[192];
    bool is_vector;
    size_t rows, cols; /* rows 0: any number; of a vector 1 */
};
/* All of them, in the order of a file; tower: those of m->vw too. Returns how many, out may be NULL to count. */
size_t model_bind_places(const struct model *m, bool tower, struct tensor_place *out);

/* Whether there is a tower among them. */
bool model_has_tower(const struct weights *from, bool hugging_face);

#endif
