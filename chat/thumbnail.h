/* Small pictures for lists. */
#ifndef CHAT_THUMBNAIL_H
#define CHAT_THUMBNAIL_H

#include "base/err.h"
#include "base/str.h"
#include "image/image.h"

enum { THUMBNAIL_SIDE = 128 };
/* Appends a PNG of the picture, no side longer than that. */
bool thumbnail_png(struct str *out, const struct image *image, struct err *err);

#endif
