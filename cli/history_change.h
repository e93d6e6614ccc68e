/* `facet history rename|rm|undelete|archive|unarchive|fork`. */
#ifndef CLI_HISTORY_CHANGE_H
#define CLI_HISTORY_CHANGE_H

#include "cli/verb.h"

extern const struct verb verb_history_rename, verb_history_rm, verb_history_undelete,
    verb_history_archive, verb_history_unarchive, verb_history_fork;

#endif
