/* What `facet bench` found, as a table for people (which is Markdown too) and as JSON. */
#ifndef CLI_BENCH_REPORT_H
#define CLI_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/facet.h"

/* One job and how it went. */
struct figure {
    enum facet_job job;
    size_t n;       /* positions before a decode, tokens of a prefill, pictures */
    double seconds; /* median: of one token decoded, the whole prompt, one picture */
    double share;   /* median of the rounds' floors over their seconds; 0: not known */
    struct facet_work work;
    struct facet_ceilings ceilings; /* of the round with that share */
};

/* The seconds that nothing could go below, the longer ones of reading and of computing; 0: not
 * known, as the kernels have no instruction to measure. */
struct floor {
    double seconds;
    bool by_reading;
};
struct floor floor_of(enum facet_job job, const struct facet_work *work,
                      const struct facet_ceilings *ceilings);

struct bench_results {
    struct facet_model_info info;
    struct facet_ceilings ceilings; /* the best seen */
    struct figure *figures;
    size_t n_figures;
    size_t session_bytes, n_ctx;
};

void bench_print_table(const struct bench_results *results);
void bench_print_json(const struct bench_results *results);

#endif
