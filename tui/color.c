#include "tui/color.h"

enum { CUBE = 16, GREYS = 232, PALETTE = 256 };

static uint32_t cube_level(int i)
{
    return i ? 55 + 40 * (uint32_t)i : 0;
}

static uint32_t palette_rgb(int32_t index)
{
    static const uint32_t named[CUBE] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
                                         0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
                                         0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
    if (index < CUBE)
        return named[index];
    if (index >= GREYS)
        return (8 + 10 * (uint32_t)(index - GREYS)) * 0x010101;
    int i = index - CUBE;
    return cube_level(i / 36) << 16 | cube_level(i / 6 % 6) << 8 | cube_level(i % 6);
}

uint32_t color_rgb(int32_t color)
{
    return color_is_rgb(color) ? (uint32_t)color & 0xFFFFFF : palette_rgb(color);
}

/* Squared, weighted as the eye does: green most, blue least. */
static long distance(uint32_t a, uint32_t b)
{
    long red = (long)(a >> 16) - (long)(b >> 16);
    long green = (long)(a >> 8 & 0xFF) - (long)(b >> 8 & 0xFF);
    long blue = (long)(a & 0xFF) - (long)(b & 0xFF);
    return 3 * red * red + 6 * green * green + blue * blue;
}

int32_t color_nearest(int32_t color, int n_colors)
{
    int end = n_colors >= PALETTE ? PALETTE : n_colors >= CUBE ? CUBE : 8;
    if (n_colors < 8 || color == COLOR_OWN)
        return COLOR_OWN;
    if (!color_is_rgb(color) && color < end)
        return color;
    uint32_t wanted = color_rgb(color);
    int32_t best = end == PALETTE ? CUBE : 0;
    for (int32_t i = best; i < end; i++)
        if (distance(palette_rgb(i), wanted) < distance(palette_rgb(best), wanted))
            best = i;
    return best;
}
