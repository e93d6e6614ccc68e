#include "engine/constraint.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/engine.h"
#include "engine/matcher.h"
#include "engine/schema.h"
#include "engine/tokenizer.h"

struct facet_grammar {
    struct grammar grammar;
    const struct tokenizer *tokenizer;
    struct bucket {
        uint32_t n;
        int32_t *ids; /* [n] of tokens that begin with that byte */
        char *texts;  /* a byte for the length of each, and its bytes */
    } buckets[256];
    int32_t *ids; /* of all buckets */
    char *texts;
    size_t n_ids;    /* rows of the logits */
    int32_t ends[2]; /* <end_of_turn>, <eos> */
};

struct constraint {
    const struct facet_grammar *grammar;
    struct matcher *matcher;
    uint32_t place;
    uint64_t *allowed;
    uint32_t allowed_at; /* the place that they are of, or PLACE_NONE */
};

/* ---- The vocabulary ---- */

/* The bytes that a token adds to an answer; 0 if it adds none. */
static size_t bytes_of(const struct facet_grammar *g, size_t id, const char **bytes)
{
    size_t n = 0;
    *bytes = tokenizer_bytes(g->tokenizer, (int32_t)id, &n);
    return *bytes && !tokenizer_is_control(g->tokenizer, (int32_t)id) ? n : 0;
}

/* Room for the buckets of tokens, whose numbers are known. */
static bool lay_out(struct facet_grammar *g, const size_t n_bytes[256], struct err *err)
{
    size_t n = 0, n_all = 0, byte;
    for (byte = 0; byte < 256; byte++) {
        n += g->buckets[byte].n;
        n_all += g->buckets[byte].n + n_bytes[byte];
    }
    g->ids = mem_try(n, sizeof *g->ids, "grammar", err);
    g->texts = mem_try(n_all, 1, "grammar", err);
    if (!g->ids || !g->texts)
        return false;
    n = n_all = 0;
    for (byte = 0; byte < 256; byte++) {
        struct bucket *b = &g->buckets[byte];
        b->ids = g->ids + n;
        b->texts = g->texts + n_all;
        n += b->n;
        n_all += b->n + n_bytes[byte];
    }
    return true;
}

static bool sort_tokens(struct facet_grammar *g, struct err *err)
{
    const char *bytes;
    size_t n, n_bytes[256] = {0}, done[256] = {0};
    for (size_t id = 0; id < g->n_ids; id++)
        if ((n = bytes_of(g, id, &bytes)) > 0) {
            g->buckets[(uint8_t)*bytes].n++;
            n_bytes[(uint8_t)*bytes] += n;
        }
    if (!lay_out(g, n_bytes, err))
        return false;
    char *at[256];
    for (size_t byte = 0; byte < 256; byte++)
        at[byte] = g->buckets[byte].texts;
    for (size_t id = 0; id < g->n_ids; id++)
        if ((n = bytes_of(g, id, &bytes)) > 0) {
            uint8_t byte = (uint8_t)*bytes;
            g->buckets[byte].ids[done[byte]++] = (int32_t)id;
            *at[byte]++ = (char)n;
            memcpy(at[byte], bytes, n);
            at[byte] += n;
        }
    return true;
}

/* With a token for each byte, every text can be written, and no place is a dead end. */
static bool check_bytes(const struct facet_grammar *g, struct err *err)
{
    for (size_t byte = 0; byte < 256; byte++) {
        const struct bucket *b = &g->buckets[byte];
        const char *text = b->texts;
        size_t i = 0;
        while (i < b->n && *text != 1) {
            text += 1 + (uint8_t)*text;
            i++;
        }
        if (g->grammar.used[byte] && i == b->n)
            return err_set(err, "the model's vocabulary has no token for the byte 0x%02X",
                           (unsigned)byte);
    }
    return true;
}

static bool init(struct facet_grammar *g, const struct facet_model *model, const char *schema,
                 struct err *err)
{
    const struct tokenizer *t = model->m->tokenizer;
    if (!t)
        return err_set(err, "%s: has no tokenizer", model->m->path);
    g->tokenizer = t;
    g->n_ids = model->m->text.n_vocab;
    g->ends[0] = model->special.end_of_turn;
    g->ends[1] = model->special.eos;
    return grammar_init(&g->grammar, err) && schema_compile(&g->grammar, schema, err) &&
           sort_tokens(g, err) && check_bytes(g, err);
}

struct facet_grammar *facet_grammar_from_schema(const struct facet_model *model, const char *schema,
                                                char *error)
{
    struct err err = {""};
    struct facet_grammar *g = mem_try(1, sizeof *g, "grammar", &err);
    if (g && init(g, model, schema, &err))
        return g;
    if (error)
        memcpy(error, err.text, sizeof err.text);
    facet_grammar_free(g);
    return NULL;
}

void facet_grammar_free(struct facet_grammar *g)
{
    if (!g)
        return;
    grammar_done(&g->grammar);
    free(g->ids);
    free(g->texts);
    free(g);
}

bool facet_schema_check(const char *schema, char *error)
{
    struct err err = {""};
    struct grammar grammar = {0};
    bool ok = grammar_init(&grammar, &err) && schema_compile(&grammar, schema, &err);
    grammar_done(&grammar);
    if (!ok && error)
        memcpy(error, err.text, sizeof err.text);
    return ok;
}

/* ---- One answer ---- */

static size_t n_words(const struct facet_grammar *g)
{
    return (g->n_ids + 63) / 64;
}

struct constraint *constraint_new(const struct facet_grammar *grammar, const char *text, size_t n,
                                  struct err *err)
{
    struct constraint *c = mem_try(1, sizeof *c, "grammar", err);
    if (!c)
        return NULL;
    c->grammar = grammar;
    c->matcher = matcher_new(&grammar->grammar, err);
    c->allowed = mem_try(n_words(grammar), sizeof *c->allowed, "grammar", err);
    if (c->matcher && c->allowed) {
        c->place = matcher_read(c->matcher, matcher_start(c->matcher), text, n);
        if (c->place != PLACE_NONE)
            return c;
        if (!matcher_failed(c->matcher, err))
            err_set(err, "what was said before does not fit the schema");
    }
    constraint_free(c);
    return NULL;
}

void constraint_free(struct constraint *c)
{
    if (!c)
        return;
    matcher_free(c->matcher);
    free(c->allowed);
    free(c);
}

static bool is_end(const struct facet_grammar *g, int32_t id)
{
    return id >= 0 && (id == g->ends[0] || id == g->ends[1]);
}

static uint32_t place_behind(struct constraint *c, int32_t id)
{
    const char *bytes;
    size_t n = bytes_of(c->grammar, (size_t)id, &bytes);
    return n ? matcher_read(c->matcher, c->place, bytes, n) : PLACE_NONE;
}

bool constraint_allows(struct constraint *c, int32_t id)
{
    if (is_end(c->grammar, id))
        return matcher_may_end(c->matcher, c->place);
    return place_behind(c, id) != PLACE_NONE;
}

static void allow(struct constraint *c, int32_t id)
{
    c->allowed[id / 64] |= UINT64_C(1) << (id % 64);
}

static void allow_bucket(struct constraint *c, const struct bucket *b)
{
    const char *text = b->texts;
    for (size_t i = 0; i < b->n; i++, text += 1 + (uint8_t)*text)
        if (matcher_read(c->matcher, c->place, text + 1, (uint8_t)*text) != PLACE_NONE)
            allow(c, b->ids[i]);
}

const uint64_t *constraint_allowed(struct constraint *c)
{
    const struct facet_grammar *g = c->grammar;
    if (c->allowed_at == c->place)
        return c->allowed;
    c->allowed_at = c->place;
    memset(c->allowed, 0, n_words(g) * sizeof *c->allowed);
    for (int byte = 0; byte < 256; byte++)
        if (matcher_read(c->matcher, c->place, &(char){(char)byte}, 1) != PLACE_NONE)
            allow_bucket(c, &g->buckets[byte]);
    for (size_t i = 0; i < 2; i++)
        if (g->ends[i] >= 0 && constraint_allows(c, g->ends[i]))
            allow(c, g->ends[i]);
    return c->allowed;
}

void constraint_take(struct constraint *c, int32_t id)
{
    if (!is_end(c->grammar, id))
        c->place = place_behind(c, id);
}

bool constraint_failed(const struct constraint *c, struct err *err)
{
    return matcher_failed(c->matcher, err);
}
