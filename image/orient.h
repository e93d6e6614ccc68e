/* EXIF orientation: finding it, and turning the picture upright. */
#ifndef IMAGE_ORIENT_H
#define IMAGE_ORIENT_H

#include "image/image.h"

/* The orientation (1 to 8) in an EXIF block: a TIFF header and directory, with or without
 * "Exif\0\0" before it. 1 where there is none, or none that can be trusted. */
int exif_orientation(const uint8_t *bytes, size_t size);

/* Turns the picture, in place as far as the caller sees; orientations outside 2 to 8 change
 * nothing. */
bool image_orient(struct image *image, int orientation, struct err *err);

#endif
