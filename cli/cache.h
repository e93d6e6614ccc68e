/* `facet cache show|clear`: what is kept on disk so that pictures and conversations open at once.
 */
#ifndef CLI_CACHE_H
#define CLI_CACHE_H

#include "cli/verb.h"

extern const struct verb verb_cache_show, verb_cache_clear;

#endif
