/* Colours: what a style's fg and bg say, and what is nearest to them on lesser terminals. */
#ifndef TUI_COLOR_H
#define TUI_COLOR_H

#include <stdbool.h>
#include <stdint.h>

/* -1: the terminal's own. 0 to 255: an entry of its palette, of which 0 to 15 may look like
 * anything. COLOR_RGB_FLAG | 0xRRGGBB: that very colour. */
enum { COLOR_OWN = -1, COLOR_RGB_FLAG = 0x1000000 };
#define COLOR_RGB(rgb) (COLOR_RGB_FLAG | (rgb))

static inline bool color_is_rgb(int32_t color)
{
    return color >= COLOR_RGB_FLAG;
}

/* 0xRRGGBB of a colour that is not COLOR_OWN; palette entries as xterm has them. */
uint32_t color_rgb(int32_t color);
/* The palette entry below n_colors (8, 16 or 256; more is 256) that comes nearest; COLOR_OWN below
 * 8. Of 256, one of those that look the same everywhere, unless an entry was asked for. */
int32_t color_nearest(int32_t color, int n_colors);

#endif
