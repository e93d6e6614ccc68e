/* Where an answer, or a word of it, looked in a picture: asked of the chat, which takes some tenths
 * of a second, and drawn over the picture as heat. */
#ifndef TUI_LOOKING_H
#define TUI_LOOKING_H

#include "tui/app.h"

/* Zero to start. */
struct looking {
    bool on;
    bool asked, again; /* of the chat, and another word is wanted since */
    size_t message;    /* the answer, and its text; owned */
    char *answer;
    size_t word, n_words; /* from 1; 0: the whole answer */
    struct chat_looked heat; /* share NULL: not yet there; owned */
    float hottest;           /* of its shares */
};

/* Asks where the answer that is selected, or the last one, looked in this picture; tells if that
 * cannot be asked. */
void looking_begin(struct looking *l, struct app *app, const struct attachment *picture);
/* The next word (1), or the one before (-1); before the first comes the whole answer. */
void looking_step(struct looking *l, struct app *app, const struct attachment *picture, int step);
/* CHAT_LOOKED came; the picture is that which is shown. */
void looking_take(struct looking *l, struct app *app, const struct chat_event *event,
                  const struct attachment *picture);
void looking_end(struct looking *l);

/* "“blue” (3/12)" */
void looking_words(const struct looking *l, struct str *out);
/* "21.0 % on it", of all attention, with that of this view if there are several. */
void looking_share(const struct looking *l, size_t view, struct str *out);
/* Over a view as it was drawn there, in so many colours. */
void looking_draw(const struct looking *l, size_t view, struct surface *s, struct rect where,
                  int n_colors, const struct theme *theme);

#endif
