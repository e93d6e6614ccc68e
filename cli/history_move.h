/* `facet history export|import`. */
#ifndef CLI_HISTORY_MOVE_H
#define CLI_HISTORY_MOVE_H

#include "cli/verb.h"

extern const struct verb verb_history_export, verb_history_import;

#endif
