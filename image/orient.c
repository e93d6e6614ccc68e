#include "image/orient.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool big_endian;
};

static uint32_t tiff_u16(const struct tiff *t, size_t at)
{
    const uint8_t *p = t->bytes + at;
    return t->big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t tiff_u32(const struct tiff *t, size_t at)
{
    uint32_t first = tiff_u16(t, at), second = tiff_u16(t, at + 2);
    return t->big_endian ? first << 16 | second : second << 16 | first;
}

/* A directory entry is 12 bytes: tag, type, count, value. */
static int entry_orientation(const struct tiff *t, size_t at)
{
    enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, TYPE_LONG = 4 };
    if (tiff_u16(t, at) != TAG_ORIENTATION || tiff_u32(t, at + 4) != 1)
        return 0;
    switch (tiff_u16(t, at + 2)) {
    case TYPE_SHORT:
        return (int)tiff_u16(t, at + 8);
    case TYPE_LONG:
        return (int)(tiff_u32(t, at + 8) & 0xffff);
    default:
        return 0;
    }
}

int exif_orientation(const uint8_t *bytes, size_t size)
{
    if (size >= 6 && memcmp(bytes, "Exif\0", 5) == 0) {
        bytes += 6;
        size -= 6;
    }
    struct tiff t = {bytes, size, size > 0 && bytes[0] == 'M'};
    if (size < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return 1;
    size_t at = tiff_u32(&t, 4);
    if (at > size - 2)
        return 1;
    size_t n_entries = tiff_u16(&t, at);
    /* Only a whole directory is believed: a cut one is as likely to be noise. */
    if ((size - at - 2) / 12 < n_entries)
        return 1;
    for (size_t i = 0; i < n_entries; i++) {
        int found = entry_orientation(&t, at + 2 + i * 12);
        if (found >= 1 && found <= 8)
            return found;
    }
    return 1;
}

/* Where the pixels of an upright picture come from: its pixel (x, y) is origin + x·right + y·down,
 * in pixels of the stored one. */
struct turn {
    ptrdiff_t origin, right, down;
};

static struct turn turn_of(int orientation, ptrdiff_t width, ptrdiff_t height)
{
    ptrdiff_t last_column = width - 1, last_row = (height - 1) * width;
    switch (orientation) {
    case 2: /* mirrored left to right */
        return (struct turn){last_column, -1, width};
    case 3: /* upside down */
        return (struct turn){last_row + last_column, -1, -width};
    case 4: /* mirrored top to bottom */
        return (struct turn){last_row, 1, -width};
    case 5: /* transposed */
        return (struct turn){0, width, 1};
    case 6: /* its top is on the right: turn clockwise */
        return (struct turn){last_row, -width, 1};
    case 7: /* transposed over the other diagonal */
        return (struct turn){last_row + last_column, -width, -1};
    default: /* 8: its top is on the left: turn anticlockwise */
        return (struct turn){last_column, width, -1};
    }
}

/* Tiles keep the columns that are read in a quarter turn in cache. */
enum { TILE = 32 };

static void turn_tile(const struct image *to, const uint8_t *from, const struct turn *turn,
                      uint32_t x0, uint32_t y0)
{
    uint32_t x1 = to->width - x0 > TILE ? x0 + TILE : to->width;
    uint32_t y1 = to->height - y0 > TILE ? y0 + TILE : to->height;
    for (uint32_t y = y0; y < y1; y++) {
        uint8_t *p = to->rgb + ((size_t)y * to->width + x0) * 3;
        ptrdiff_t at = turn->origin + (ptrdiff_t)x0 * turn->right + (ptrdiff_t)y * turn->down;
        for (uint32_t x = x0; x < x1; x++, p += 3, at += turn->right)
            memcpy(p, from + at * 3, 3);
    }
}

bool image_orient(struct image *image, int orientation, struct err *err)
{
    if (orientation < 2 || orientation > 8)
        return true;
    bool swaps = orientation >= 5;
    struct image upright = {swaps ? image->height : image->width,
                            swaps ? image->width : image->height, NULL};
    upright.rgb = mem_try((size_t)image->width * image->height, 3, "turned picture", err);
    if (!upright.rgb)
        return false;
    struct turn turn = turn_of(orientation, image->width, image->height);
    for (uint32_t y = 0; y < upright.height; y += TILE)
        for (uint32_t x = 0; x < upright.width; x += TILE)
            turn_tile(&upright, image->rgb, &turn, x, y);
    image_done(image);
    *image = upright;
    return true;
}
