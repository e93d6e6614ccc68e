/* What is said below a picture: its size, its views, what they cost, the keys that work. */
#ifndef TUI_NOTES_H
#define TUI_NOTES_H

#include "tui/app.h"

struct looking; /* looking.h */

enum { MAX_NOTES = 8 };

/* Zero to start. */
struct notes {
    struct str list[MAX_NOTES];
    int n;
};

/* The view that is shown, 0 for the whole; as the model sees it, or with a region being chosen
 * (NULL: none). */
struct notes_about {
    const struct attachment *picture;
    size_t view;
    bool as_seen;
    const struct crop *region;
    const struct looking *looking; /* where an answer looked, told first; NULL: not asked */
};

void notes_make(struct notes *notes, const struct app *app, const struct notes_about *about);
void notes_done(struct notes *notes);
/* One a row, or one after the other in a single row. */
void notes_draw(const struct notes *notes, const struct app *app, struct surface *s,
                struct rect where);
/* Pixels a side that the model takes a view in. */
unsigned notes_model_side(const struct app *app);

#endif
