/* `facet inspect crops` and `pixels`: what becomes of a picture before the model sees it. */
#ifndef CLI_INSPECT_IMAGE_H
#define CLI_INSPECT_IMAGE_H

#include "cli/verb.h"

extern const struct verb verb_inspect_crops, verb_inspect_pixels;

#endif
