/* What stands behind the public model: the loaded weights and what computes with them. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/facet.h"
#include "engine/head.h"
#include "engine/kernels/kernels.h"
#include "engine/model.h"
#include "engine/pool.h"
#include "engine/vision.h"

struct facet_model {
    struct model *m;
    const struct kernels *k;
    const struct vision_steps *vision; /* what a tower would compute with */
    struct pool *pool; /* NULL for a vocabulary alone, as is: */
    struct head *head;
    struct facet_special_ids special;
};

#endif
