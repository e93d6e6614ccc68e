/* `facet bench` at work: a model and its sessions, and the jobs that are measured on them. */
#ifndef CLI_BENCH_RUN_H
#define CLI_BENCH_RUN_H

#include "cli/bench_plan.h"
#include "cli/progress.h"
#include "engine/facet.h"

/* A job done once; the ceilings are the means of right before and right after. */
struct round {
    double seconds, share;
    struct facet_ceilings ceilings;
};

struct bench {
    struct bench_plan plan;
    struct facet_model *model;
    struct facet_session **sessions; /* [plan.sequences]; all but the first for a batch alone */
    struct bench_results results;
    struct facet_ceilings ceilings; /* as last measured */
    struct progress progress;
    char doing[96];
    int32_t *ids;     /* of the longest prompt */
    double *tokens_s; /* [plan.tokens] of a round of decoding */
    struct round *rounds;
    float *planes, *soft;
};

/* Does all jobs of the plan: the model and the sessions are open. */
bool bench_measure(struct bench *b, struct err *err);
/* The line of progress. */
void bench_show(struct bench *b, const char *what);
/* A session's progress; user: the bench. */
void bench_see(void *user, const char *what, size_t done, size_t total);

#endif
