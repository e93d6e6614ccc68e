/* What `facet bench` was asked to measure. */
#ifndef CLI_BENCH_PLAN_H
#define CLI_BENCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/bench_report.h"
#include "cli/verb.h"

struct sizes {
    size_t *all, n;
};

struct bench_plan {
    const char *shape; /* borrowed; NULL: a model file */
    bool does[BENCH_JOB_COUNT];
    struct sizes prompts, depths;
    size_t sequences; /* decoded together */
    size_t tokens, rounds;
};

/* On failure too bench_plan_done comes next. */
bool bench_plan_read(struct bench_plan *plan, const struct args *args, struct err *err);
void bench_plan_done(struct bench_plan *plan);
/* Positions that the longest job holds in a session. */
size_t bench_plan_positions(const struct bench_plan *plan);

#endif
