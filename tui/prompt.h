/* A question on one line at the bottom of the screen, over the status line: for a name, a text to
 * look for. It takes all keys while it is open. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/entry.h"
#include "tui/surface.h"
#include "tui/theme.h"

struct app;

enum prompt_event {
    PROMPT_CHANGED,
    PROMPT_ENTERED, /* the prompt is closed already: another may be opened */
    PROMPT_LEFT     /* by Esc; closed already */
};

typedef void prompt_callback(struct app *app, enum prompt_event event, const char *text);

/* Zero to start. */
struct prompt_line {
    const char *label; /* NULL: not open */
    struct entry entry;
    prompt_callback *callback;
};

/* Opens with a text to start from. The label stays the caller's. */
void prompt_open(struct app *app, const char *label, const char *initial,
                 prompt_callback *callback);
bool prompt_is_open(const struct app *app);
/* Lets go of all. */
void prompt_drop(struct app *app);
void prompt_key(struct app *app, uint32_t key);
/* Line breaks become spaces. */
void prompt_paste(struct app *app, const char *text, size_t n);
/* aside: at the right; may be "". */
void prompt_draw(const struct prompt_line *prompt, const struct theme *theme, struct surface *s,
                 struct rect where, const char *aside);

#endif
