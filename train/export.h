/* A net as the files that facet and other engines open: the text model with its vocabulary, and the
 * projector file with the tower. */
#ifndef TRAIN_EXPORT_H
#define TRAIN_EXPORT_H

#include "engine/quant.h"
#include "tools/gguf_write.h"
#include "train/net.h"
#include "train/spm.h"

/* How weights are rounded; rows that do not fill blocks become F16. Vectors and positions stay
 * F32, the convolution and the projection are F16. */
struct export_types {
    enum weight_type matrices, embedding, tower;
};

/* NULL if the vocabulary is not the net's. */
struct gguf_writer *export_decoder(const struct net *net, const float *values,
                                   const struct export_types *types, const struct spm *vocabulary,
                                   struct err *err);
struct gguf_writer *export_tower(const struct net *net, const float *values,
                                 const struct export_types *types);

#endif
