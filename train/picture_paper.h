/* What documents have in common: long pictures with much small text, shown whole and in crops. A
 * line is never where one crop ends and the next begins. */
#ifndef TRAIN_PICTURE_PAPER_H
#define TRAIN_PICTURE_PAPER_H

#include "train/draw.h"

struct paper {
    struct draw d;
    struct face face;
    struct rgb ink;
    struct crop crops[PANSCAN_MAX_CROPS];
    size_t n_crops; /* 0: it is seen as a whole alone */
};

/* Light, with dark ink. With crops the sample is shown so. */
bool paper_open(struct paper *p, struct sample *s, struct random *r, enum sample_split split,
                bool crops, int width, int height, struct err *err);
/* The nearest place further on where `length` pixels along the long side are all in one crop. */
double paper_clear(const struct paper *p, double at, double length);
enum paper_side { PAPER_LEFT, PAPER_MIDDLE, PAPER_RIGHT };
/* A line with this side of it at x, not wider than room. */
void paper_line(struct paper *p, double x, double baseline, double cap_height, double room,
                const char *text, enum paper_side side);
/* A rule across, from x0 to x1. */
void paper_rule(struct paper *p, double x0, double x1, double y);
/* A day of these years, as 2025-03-14. */
void paper_date(struct random *r, char date[16]);

#endif
