/* The sorts of pictures. Each draws one, notes the marks, and adds the talk about it. */
#ifndef TRAIN_PICTURE_H
#define TRAIN_PICTURE_H

#include "train/draw.h"

/* A picture of its own size is opened, drawn and closed within; false with an error. */
typedef bool picture_fn(struct sample *s, struct random *r, enum sample_split split,
                        struct err *err);

picture_fn picture_scene;  /* shapes in places */
picture_fn picture_icons;  /* things in places */
picture_fn picture_mixed;  /* words in shapes */
picture_fn picture_read;   /* words */
picture_fn picture_number; /* numbers */
picture_fn picture_chart;  /* bars and pies */
picture_fn picture_clock;
picture_fn picture_flag;
picture_fn picture_receipt;
picture_fn picture_sign;
picture_fn picture_label;   /* labels and tickets */
picture_fn picture_tag;     /* price tags and lists */
picture_fn picture_chequer; /* many things, and nothing said of them */

/* One sort alone, by its name ("scene"), or as picture_make for NULL. False for an unknown name. */
bool picture_make_kind(struct sample *s, const char *kind, enum sample_split split, uint64_t seed,
                       uint64_t index, struct err *err);

/* Opens a picture of any size and ground, as what is not a document has them: often 896×896, never
 * far from square. To be closed as after draw_open(). */
bool picture_open(struct draw *d, struct sample *s, struct random *r, enum sample_split split,
                  struct err *err);
/* What the whole picture is, in a sentence; the answer has to say the key. */
void picture_describe(struct draw *d, const char *sentence, const char *key);
/* Of a picture without any: asks for a shape or a thing now and then. */
void picture_ask_missing(struct draw *d);
/* Asks for the colour of the ground now and then, if it has a name. */
void picture_ask_ground(struct draw *d);
/* Makes of a talk one whose answers are JSON, as the system text says then. */
void picture_form(struct sample *s, struct random *r);
/* Shuffles numbers 0 to n − 1 into order[]. */
void picture_shuffle(struct random *r, int order[], int n);

#endif
