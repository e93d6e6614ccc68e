/* readline's commands that move and delete, made to go by grapheme clusters, tokens and lines. They
 * take the place of readline's own under their names, so an inputrc binds them as it always did. */
#ifndef TUI_EDITOR_COMMANDS_H
#define TUI_EDITOR_COMMANDS_H

#include "tui/editor.h"

/* Before readline reads the inputrc, and after it, for the keys bound by then. */
void editor_commands_name(editor_row_fn *row, void *user);
void editor_commands_bind(void);

#endif
