/* What stands behind the public model: the loaded weights and what computes with them. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/facet.h"
#include "engine/kernels/kernels.h"
#include "engine/model.h"
#include "engine/pool.h"

struct facet_model {
    struct model *m;
    const struct kernels *k;
    struct pool *pool; /* NULL for a vocabulary alone */
    struct facet_special_ids special;
};

#endif
