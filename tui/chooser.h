/* A list to choose from, over the transcript: a title, a line that narrows it while it is typed,
 * the rows. What the rows mean, whoever opened it knows. */
#ifndef TUI_CHOOSER_H
#define TUI_CHOOSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/keys.h"
#include "tui/surface.h"
#include "tui/theme.h"

struct chooser;

/* Any may be NULL. They may refill the chooser, and not free it. */
struct chooser_hooks {
    /* What was typed has changed. With it, the rows are the caller's to find (chooser_clear,
     * chooser_add); without, they are narrowed by fuzzy_score of all that a row shows. */
    void (*typed)(void *user, struct chooser *c, const char *text);
    /* Another row is marked: for a preview. */
    void (*marked)(void *user, int64_t value);
    /* Draws what the marked row is about, at the side of the list; false: there is nothing, and the
     * list may have the place. */
    bool (*beside)(void *user, int64_t value, struct surface *s, struct rect where);
    /* The list was closed by taking a row. */
    void (*taken)(void *user, int64_t value);
    /* It was closed otherwise: what previews changed is to be put back. */
    void (*left)(void *user);
    void *user;
};

/* empty: said where there are no rows. Both texts are borrowed and must outlive the chooser. */
struct chooser *chooser_new(const struct theme *theme, const char *title, const char *empty,
                            const struct chooser_hooks *hooks);
void chooser_free(struct chooser *c); /* without a word to anybody */

void chooser_clear(struct chooser *c);
/* Appends a row; aside: at its right, NULL: nothing. Both are copied. */
void chooser_add(struct chooser *c, const char *text, const char *aside, int64_t value);
/* Marks the row of that value, if there is one. */
void chooser_mark(struct chooser *c, int64_t value);
const char *chooser_typed(const struct chooser *c);

enum chosen { CHOSEN_NOT_YET, CHOSEN, CHOSEN_NOTHING };

/* A key's action, or ACTION_NONE and the key, which may type a character. */
enum chosen chooser_key(struct chooser *c, enum action action, uint32_t key);
void chooser_paste(struct chooser *c, const char *text, size_t n);

/* Frees it and then tells what was chosen (the marked row) or that nothing was. */
void chooser_finish(struct chooser *c, enum chosen chosen);

void chooser_draw(struct chooser *c, struct surface *s, struct rect where);

#endif
