#include "cli/bench_report.h"

#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "cli/out.h"

const char *const bench_job_names[BENCH_JOB_COUNT] = {"decode", "prefill", "vision", "batch"};
static const char *const arithmetic_names[FACET_ARITHMETIC_COUNT] = {"F32", "BF16", "int8"};

/* ---- Floors --------------------------------------------------------------------------------- */

struct floor floor_of(enum bench_job job, const struct facet_work *work,
                      const struct facet_ceilings *ceilings)
{
    double rate = ceilings->ops[work->arithmetic];
    double reading = work->bytes / ceilings->read_bytes,
           computing = rate > 0 ? work->ops / rate : 0;
    if (rate <= 0 && job != BENCH_DECODE)
        return (struct floor){0};
    return reading > computing ? (struct floor){reading, true} : (struct floor){computing, false};
}

static double units_of(const struct figure *f)
{
    return f->job == BENCH_PREFILL ? (double)f->n : (double)f->sequences;
}

/* ---- Table ---------------------------------------------------------------------------------- */

enum { CELL_BYTES = 64 };

static void put_work(const struct figure *f, uint32_t image_size, char out[CELL_BYTES])
{
    switch (f->job) {
    case BENCH_DECODE:
        snprintf(out, CELL_BYTES, "decode behind %zu tokens", f->n);
        break;
    case BENCH_PREFILL:
        snprintf(out, CELL_BYTES, "prefill of %zu tokens", f->n);
        break;
    case BENCH_BATCH:
        snprintf(out, CELL_BYTES, "decode of %zu behind %zu", f->sequences, f->n);
        break;
    default:
        snprintf(out, CELL_BYTES, "picture of %u x %u", image_size, image_size);
    }
}

static void put_share(const struct figure *f, char share[CELL_BYTES], char bound[CELL_BYTES])
{
    struct floor floor = floor_of(f->job, &f->work, &f->ceilings);
    double rate = f->ceilings.ops[f->work.arithmetic];
    snprintf(share, CELL_BYTES, f->share > 0 ? "%.0f %%" : "-", 100 * f->share);
    if (f->share <= 0)
        snprintf(bound, CELL_BYTES, "-");
    else if (floor.by_reading)
        snprintf(bound, CELL_BYTES, "reading %.2f GB at %.1f GB/s", f->work.bytes * 1e-9,
                 f->ceilings.read_bytes * 1e-9);
    else
        snprintf(bound, CELL_BYTES, "%.2f T operations in %s at %.0f G/s", f->work.ops * 1e-12,
                 arithmetic_names[f->work.arithmetic], rate * 1e-9);
}

static void print_figure(const struct figure *f, uint32_t image_size)
{
    char work[CELL_BYTES], share[CELL_BYTES], bound[CELL_BYTES], rate[CELL_BYTES];
    put_work(f, image_size, work);
    put_share(f, share, bound);
    double per_s = units_of(f) / f->seconds;
    snprintf(rate, sizeof rate, per_s < 10 ? "%.2f %s/s" : "%.1f %s/s", per_s,
             f->job == BENCH_VISION ? "pictures" : "tokens");
    printf("| %-26s | %18s | %9.4f | %7s | %-42s |\n", work, rate, f->seconds, share, bound);
}

static void print_ceilings(const struct facet_ceilings *c)
{
    printf("Ceilings: memory read %.1f GB/s", c->read_bytes * 1e-9);
    for (int a = 0; a < FACET_ARITHMETIC_COUNT; a++)
        if (c->ops[a] > 0)
            printf(", %s %.0f %s", arithmetic_names[a], c->ops[a] * 1e-9,
                   a == FACET_INT8 ? "Gop/s" : "GFLOP/s");
    putchar('\n');
}

void bench_print_table(const struct bench_results *r)
{
    out_print(stdout, r->info.name, strlen(r->info.name));
    printf(": %.2f billion parameters, mostly %s; %s kernels, %u thread%s\n\n",
           (double)r->info.n_parameters * 1e-9, r->info.weight_type, r->info.kernels,
           r->info.n_threads, r->info.n_threads == 1 ? "" : "s");
    printf("| %-26s | %18s | %9s | %7s | %-42s |\n", "work", "speed", "seconds", "ceiling",
           "bound by");
    puts("|----------------------------|-------------------:|----------:|--------:|----------------"
         "--------------"
         "--------------|");
    for (size_t i = 0; i < r->n_figures; i++)
        print_figure(&r->figures[i], r->info.image_size);
    putchar('\n');
    print_ceilings(&r->ceilings);
    printf("Memory: weights %.2f GB, and at most %.2f GB for ", (double)r->info.weight_bytes * 1e-9,
           (double)r->session_bytes * 1e-9);
    if (r->n_sessions > 1)
        printf("%zu sequences of ", r->n_sessions);
    printf("%zu tokens of context", r->n_ctx);
    if (r->resident_bytes > 0)
        printf("; %.2f GB were resident", (double)r->resident_bytes * 1e-9);
    putchar('\n');
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* null for what could not be measured. */
static json_t *positive(double value)
{
    return value > 0 ? json_real(value) : json_null();
}

static json_t *figure_json(const struct figure *f)
{
    static const char *const counts[] = {"context", "tokens", "images", "context"};
    json_t *o = json_object();
    if (f->job == BENCH_BATCH)
        json_object_set_new(o, "sequences", json_integer((json_int_t)f->sequences));
    json_object_set_new(o, counts[f->job], json_integer((json_int_t)f->n));
    json_object_set_new(o, f->job == BENCH_VISION ? "images_per_s" : "tokens_per_s",
                        json_real(units_of(f) / f->seconds));
    json_object_set_new(o, "seconds", json_real(f->seconds));
    json_object_set_new(o, "share_of_ceiling", positive(f->share));
    return o;
}

static json_t *ceilings_json(const struct facet_ceilings *c)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "read_gb_s", positive(c->read_bytes * 1e-9),
                     "f32_gflops", positive(c->ops[FACET_F32] * 1e-9), "bf16_gflops",
                     positive(c->ops[FACET_BF16] * 1e-9), "int8_gops",
                     positive(c->ops[FACET_INT8] * 1e-9));
}

void bench_print_json(const struct bench_results *r)
{
    json_t *o = json_pack("{s:o, s:o, s:o, s:I, s:o}", "model", json_words(r->info.name),
                          "weight_type", json_words(r->info.weight_type), "kernels",
                          json_words(r->info.kernels), "threads", (json_int_t)r->info.n_threads,
                          "ceilings", ceilings_json(&r->ceilings));
    json_t *more = json_array();
    for (size_t i = 0; i < r->n_figures; i++) {
        const char *name = bench_job_names[r->figures[i].job];
        json_t *figure = figure_json(&r->figures[i]);
        if (!json_object_get(o, name)) {
            json_object_set_new(o, name, figure);
        } else {
            json_object_set_new(figure, "work", json_words(name));
            json_array_append_new(more, figure);
        }
    }
    json_object_set_new(o, "more", more);
    json_object_set_new(o, "weight_bytes", json_integer((json_int_t)r->info.weight_bytes));
    json_object_set_new(o, "session_bytes", json_integer((json_int_t)r->session_bytes));
    json_object_set_new(o, "memory_bytes",
                        json_integer((json_int_t)(r->info.weight_bytes + r->session_bytes)));
    json_object_set_new(o, "resident_bytes",
                        r->resident_bytes > 0 ? json_integer((json_int_t)r->resident_bytes)
                                              : json_null());
    json_print(stdout, o);
}
