/* `facet chat`, and facet alone: the full screen, or the line mode where there is no screen for it.
 */
#ifndef CLI_CHAT_H
#define CLI_CHAT_H

#include "cli/verb.h"

extern const struct verb verb_chat;

#endif
