#include "train/picture_paper.h"

#include <stdio.h>

bool paper_open(struct paper *p, struct sample *s, struct random *r, enum sample_split split,
                bool crops, int width, int height, struct err *err)
{
    *p = (struct paper){0};
    if (!draw_open(&p->d, s, r, split, width, height, err))
        return false;
    s->crops = crops;
    if (crops)
        p->n_crops = panscan_plan(PANSCAN_GOOGLE, (uint32_t)width, (uint32_t)height, p->crops);
    double light = 0.86 + 0.14 * random_unit(r), yellow = 0.1 * random_unit(r);
    draw_plain_ground(&p->d, (struct rgb){light, light - yellow / 3, light - yellow});
    if (random_chance(r, 0.25))
        p->d.noise = random_between(r, 2, 12);
    p->face = draw_any_face(&p->d);
    double dark = 0.16 * random_unit(r);
    p->ink =
        random_chance(r, 0.15) ? (struct rgb){dark, dark, 0.5} : (struct rgb){dark, dark, dark};
    return true;
}

double paper_clear(const struct paper *p, double at, double length)
{
    bool wide = p->d.width > p->d.height;
    for (size_t i = 1; i < p->n_crops; i++) {
        double cut = wide ? p->crops[i].x : p->crops[i].y;
        if (at < cut && at + length > cut)
            return cut + length * 0.1;
    }
    return at;
}

void paper_line(struct paper *p, double x, double baseline, double cap_height, double room,
                const char *text, enum paper_side side)
{
    draw_face(&p->d, p->face, cap_height);
    double width = draw_text_width(&p->d, text);
    if (width > room) {
        draw_face(&p->d, p->face, cap_height * room / width);
        width = room;
    }
    double left = side == PAPER_LEFT ? x : side == PAPER_MIDDLE ? x - width / 2 : x - width;
    draw_text(&p->d, left, baseline, text, MARK_NO_COLOUR, p->ink);
}

void paper_rule(struct paper *p, double x0, double x1, double y)
{
    double dash = 14;
    draw_colour(&p->d, p->ink);
    cairo_save(p->d.cr);
    if (p->face.bold)
        cairo_set_dash(p->d.cr, &dash, 1, 0);
    cairo_set_line_width(p->d.cr, 4);
    cairo_move_to(p->d.cr, x0, y);
    cairo_line_to(p->d.cr, x1, y);
    cairo_stroke(p->d.cr);
    cairo_restore(p->d.cr);
}

void paper_date(struct random *r, char date[16])
{
    int year = random_between(r, 2018, 2030), month = random_between(r, 1, 12);
    snprintf(date, 16, "%04d-%02d-%02d", year, month, random_between(r, 1, 28));
}
