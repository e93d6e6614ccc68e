/* `facet replay`: an answer of the history, given once more and compared. */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "cli/verb.h"

extern const struct verb verb_replay;

#endif
