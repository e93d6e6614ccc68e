/* Soft tokens of pictures, kept on disk (kept.h): a second question about a picture skips the
 * vision tower. What is found is what the tower would give, to the last bit. A picture is told by
 * the digest of its file (pictures cut out of one file must not have the same) and by its view. */
#ifndef CHAT_KEPT_IMAGES_H
#define CHAT_KEPT_IMAGES_H

#include "chat/attach.h"
#include "chat/kept.h"
#include "engine/facet.h"

struct kept_images {
    const struct kept *kept;
    const struct facet_model *model;
    size_t n_floats;                /* of a view */
    char tower[FACET_DIGEST_BYTES]; /* "" until it is needed */
};

/* Fills soft[n_floats]; false if the view is not kept. */
bool kept_images_load(struct kept_images *images, const struct attachment *a, size_t view,
                      float *soft);
void kept_images_save(struct kept_images *images, const struct attachment *a, size_t view,
                      const float *soft);

#endif
