#include "tui/region.h"

/* One axis: where the region begins and how far it goes. */
struct span {
    int64_t at, length, most, step;
};

static void move(struct span *s, int steps)
{
    int64_t last = s->most - s->length;
    s->at += steps * s->step;
    s->at = s->at < 0 ? 0 : s->at > last ? last : s->at;
}

/* The end moves; where it cannot, the beginning. */
static void grow(struct span *s, int steps)
{
    s->length += steps * s->step;
    s->length = s->length < 1 ? 1 : s->length > s->most ? s->most : s->length;
    move(s, 0);
}

struct crop region_middle(struct crop part)
{
    uint32_t width = part.width > 1 ? part.width / 2 : 1;
    uint32_t height = part.height > 1 ? part.height / 2 : 1;
    return (struct crop){part.x + (part.width - width) / 2, part.y + (part.height - height) / 2,
                         width, height};
}

static int64_t step_of(uint32_t size, int cells)
{
    int64_t step = cells > 0 ? size / (uint32_t)cells : 1;
    return step > 0 ? step : 1;
}

static bool change(struct span *across, struct span *down, enum action action)
{
    switch (action) {
    case ACTION_REGION_LEFT:
    case ACTION_REGION_RIGHT:
        move(across, action == ACTION_REGION_LEFT ? -1 : 1);
        return true;
    case ACTION_REGION_UP:
    case ACTION_REGION_DOWN:
        move(down, action == ACTION_REGION_UP ? -1 : 1);
        return true;
    case ACTION_NARROWER:
    case ACTION_WIDER:
        grow(across, action == ACTION_NARROWER ? -1 : 1);
        return true;
    case ACTION_LOWER:
    case ACTION_TALLER:
        grow(down, action == ACTION_LOWER ? -1 : 1);
        return true;
    case ACTION_SMALLER:
    case ACTION_LARGER:
        grow(across, action == ACTION_SMALLER ? -2 : 2);
        grow(down, action == ACTION_SMALLER ? -1 : 1);
        return true;
    default:
        return false;
    }
}

bool region_act(struct crop *region, enum action action, uint32_t width, uint32_t height, int cols,
                int rows)
{
    struct span across = {region->x, region->width, width, step_of(width, cols)};
    struct span down = {region->y, region->height, height, step_of(height, rows)};
    if (!change(&across, &down, action))
        return false;
    *region = (struct crop){(uint32_t)across.at, (uint32_t)down.at, (uint32_t)across.length,
                            (uint32_t)down.length};
    return true;
}
