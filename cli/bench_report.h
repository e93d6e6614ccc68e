/* What `facet bench` found, as a table for people (which is Markdown too) and as JSON. */
#ifndef CLI_BENCH_REPORT_H
#define CLI_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/facet.h"

enum bench_job { BENCH_DECODE, BENCH_PREFILL, BENCH_VISION, BENCH_BATCH, BENCH_JOB_COUNT };
extern const char *const bench_job_names[BENCH_JOB_COUNT]; /* "decode" */

/* One job and how it went. */
struct figure {
    enum bench_job job;
    size_t n;         /* positions before a decode, tokens of a prefill, pictures */
    size_t sequences; /* decoded together; 1 but of a batch */
    double seconds;   /* median: of one step of decoding, the whole prompt, one picture */
    double share;     /* median of the rounds' floors over their seconds; 0: not known */
    struct facet_work work;
    struct facet_ceilings ceilings; /* of the round with that share */
};

/* The seconds that nothing could go below, the longer ones of reading and of computing; 0: not
 * known, as the kernels have no instruction to measure. */
struct floor {
    double seconds;
    bool by_reading;
};
struct floor floor_of(enum bench_job job, const struct facet_work *work,
                      const struct facet_ceilings *ceilings);

struct bench_results {
    struct facet_model_info info;
    struct facet_ceilings ceilings; /* the best seen */
    struct figure *figures;
    size_t n_figures;
    size_t session_bytes, n_ctx, n_sessions; /* bytes of all of them, positions of one */
    size_t resident_bytes;                   /* the most seen after a job; 0: not known */
};

void bench_print_table(const struct bench_results *results);
void bench_print_json(const struct bench_results *results);

#endif
