#include "engine/model_sampling.h"

#include <stddef.h>

#include "engine/model_params.h"

enum value_kind { REAL, WHOLE };
static const struct row {
    const char *gguf, *hf;
    enum value_kind kind;
    size_t offset; /* in struct facet_sampling */
    double low, high;
} rows[] = {
    {"general.sampling.temp", "temperature", REAL, offsetof(struct facet_sampling, temperature), 0,
     100},
    {"general.sampling.top_k", "top_k", WHOLE, offsetof(struct facet_sampling, top_k), 0,
     UINT32_MAX},
    {"general.sampling.top_p", "top_p", REAL, offsetof(struct facet_sampling, top_p), 0, 1},
    {"general.sampling.min_p", "min_p", REAL, offsetof(struct facet_sampling, min_p), 0, 1},
    {"general.sampling.penalty_repeat", "repetition_penalty", REAL,
     offsetof(struct facet_sampling, repetition_penalty), 0.01, 100},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static void take(struct model *m, const struct row *row, const char *name, double value)
{
    char *field = (char *)&m->sampling + row->offset;
    if (!(value >= row->low && value <= row->high))
        model_note(m, "%s is %g, which cannot be; not used", name, value);
    else if (row->kind == WHOLE)
        *(uint32_t *)(void *)field = (uint32_t)value;
    else
        *(float *)(void *)field = (float)value;
}

void model_sampling_gguf(struct model *m, const struct gguf *g)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        float real;
        uint32_t whole;
        if (gguf_get_u32(g, rows[i].gguf, &whole))
            take(m, &rows[i], rows[i].gguf, whole);
        else if (gguf_get_f32(g, rows[i].gguf, &real))
            take(m, &rows[i], rows[i].gguf, (double)real);
    }
}

void model_sampling_hf(struct model *m, const json_t *generation_config)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const json_t *value = json_object_get(generation_config, rows[i].hf);
        if (json_is_number(value))
            take(m, &rows[i], rows[i].hf, json_number_value(value));
    }
}
