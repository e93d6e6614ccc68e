/* `facet bench`: how fast a model, or a size that is not even downloaded, runs here. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli/verb.h"

extern const struct verb verb_bench;

#endif
