/* A picture in the terminal, of characters. */
#ifndef CLI_PREVIEW_H
#define CLI_PREVIEW_H

#include "image/image.h"

/* Prints it to standard output, a few rows high, if that is a terminal with colours that may be
 * used. */
void preview_show(const struct image *image);

#endif
