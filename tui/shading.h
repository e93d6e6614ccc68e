/* An answer shaded by how sure the model was of each word (chat/confidence.h), with a cursor under
 * which the next-best words are told. It is shown as it was written: Markdown's rows no longer know
 * which bytes they came from. Words are the model's tokens that show something. */
#ifndef TUI_SHADING_H
#define TUI_SHADING_H

#include <stdbool.h>

#include "tui/app.h"

/* Shades the selected answer, or the last; ends that if it is shaded. Tells where it cannot. */
void shading_toggle(struct app *app);
/* To another word: step -1 or 1. */
void shading_step(struct app *app, int step);
/* Tells of the word under the cursor once more; nothing where nothing is shaded. */
void shading_tell(struct app *app);
bool shading_is_on(const struct app *app);
/* Back to the formatted answer; false if none was shaded. */
bool shading_end(struct app *app);

#endif
