/* A region of a picture, moved and resized with keys. */
#ifndef TUI_REGION_H
#define TUI_REGION_H

#include <stdbool.h>

#include "image/image.h"
#include "tui/keys.h"

/* The middle of a part, half as wide and half as high. */
struct crop region_middle(struct crop part);
/* One step, as wide and high as one of the cols×rows cells that the picture of width×height pixels
 * is drawn on. The region stays inside, and one pixel at least. False for another action. */
bool region_act(struct crop *region, enum action action, uint32_t width, uint32_t height, int cols,
                int rows);

#endif
