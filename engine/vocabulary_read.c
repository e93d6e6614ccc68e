#include "engine/vocabulary_read.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct vocabulary *keep_or_free(struct vocabulary *v, bool keep)
{
    if (keep)
        return v;
    vocabulary_free(v);
    return NULL;
}

/* ---- order ---- */

#define ORDER_LOWEST (ORDER_FIRST + 1)

/* The higher the score, the lower the order: a float's bits, taken as an integer, sort as it does
 * but for the sign. Runs of spaces keep their place before all others. */
static uint32_t order_of_score(float score)
{
    if (score != score)
        return ORDER_NEVER - 1;
    score += 0.0f; /* -0 sorts as 0 */
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    uint32_t rising = bits & 0x80000000 ? ~bits : bits | 0x80000000;
    uint32_t order = ~rising;
    return order < ORDER_LOWEST ? ORDER_LOWEST : order > ORDER_NEVER - 1 ? ORDER_NEVER - 1 : order;
}

/* Line `rank` of the list of merges joins left and right. All splits of a piece stand together in
 * Gemma's list, so the piece's first line is enough. */
static void read_merge(struct vocabulary *v, const struct gguf_string *left,
                       const struct gguf_string *right, size_t rank)
{
    char joined[2 * VOCABULARY_PIECE_BYTES];
    if (left->n > VOCABULARY_PIECE_BYTES || right->n > VOCABULARY_PIECE_BYTES)
        return;
    memcpy(joined, left->text, left->n);
    memcpy(joined + left->n, right->text, right->n);
    size_t n = vocabulary_put_spaces(joined, left->n + right->n, joined);
    int32_t id = vocabulary_find(v, joined, n);
    if (id >= 0 && v->pieces[id].order == ORDER_NEVER && rank < ORDER_NEVER - ORDER_LOWEST)
        v->pieces[id].order = ORDER_LOWEST + (uint32_t)rank;
}

/* "left right" */
static void read_merge_line(struct vocabulary *v, const char *line, size_t n, size_t rank)
{
    const char *gap = n > 2 ? memchr(line + 1, ' ', n - 2) : NULL;
    if (!gap)
        return;
    struct gguf_string left = {line, (size_t)(gap - line)}, right = {gap + 1, n - left.n - 1};
    read_merge(v, &left, &right, rank);
}

/* ---- GGUF ---- */

static bool get_tokens(const struct gguf *g, struct gguf_array *tokens, struct err *err)
{
    if (!gguf_get_array(g, "tokenizer.ggml.tokens", tokens) || tokens->type != GGUF_STRING)
        return err_set(err, "%s: no vocabulary (tokenizer.ggml.tokens)", gguf_path(g));
    return true;
}

/* Bytes of the first n strings. */
static bool count_bytes(const struct gguf *g, const struct gguf_array *tokens, size_t n,
                        size_t *total, struct err *err)
{
    struct gguf_string_walk walk = gguf_array_strings(tokens);
    struct gguf_string s;
    *total = 0;
    for (size_t id = 0; id < n && gguf_next_string(&walk, &s); id++)
        if (!size_add(*total, s.n, total))
            return err_set(err, "%s: the vocabulary's size overflows", gguf_path(g));
    return true;
}

/* Types count for reserved slots that got a name of their own, and nowhere else. */
static void read_types(const struct gguf *g, struct vocabulary *v)
{
    enum { CONTROL = 3, USER_DEFINED = 4 };
    struct gguf_array types;
    if (!gguf_get_array(g, "tokenizer.ggml.token_type", &types) || types.type == GGUF_STRING)
        return;
    for (size_t id = 0; id < v->n_table; id++) {
        struct piece *p = &v->pieces[id];
        if (p->kind != PIECE_TEXT || !vocabulary_is_reserved_slot(v, id))
            continue;
        double type = gguf_array_number(&types, id);
        if (type == CONTROL || type == USER_DEFINED)
            p->kind = type == CONTROL ? PIECE_CONTROL : PIECE_ADDED;
    }
}

static bool read_scores(const struct gguf *g, struct vocabulary *v)
{
    struct gguf_array scores;
    if (!gguf_get_array(g, "tokenizer.ggml.scores", &scores) || scores.type != GGUF_F32 ||
        scores.n < v->n_table)
        return false;
    for (size_t id = 0; id < v->n_table; id++) {
        struct piece *p = &v->pieces[id];
        if (p->kind == PIECE_TEXT && p->order != ORDER_FIRST)
            p->order = order_of_score((float)gguf_array_number(&scores, id));
    }
    return true;
}

static bool read_merges(const struct gguf *g, struct vocabulary *v)
{
    struct gguf_array merges;
    if (!gguf_get_array(g, "tokenizer.ggml.merges", &merges) || merges.type != GGUF_STRING)
        return false;
    struct gguf_string_walk walk = gguf_array_strings(&merges);
    struct gguf_string line;
    for (size_t rank = 0; gguf_next_string(&walk, &line); rank++)
        read_merge_line(v, line.text, line.n, rank);
    return true;
}

/* "llama" goes by scores; "gpt2", from converters that lacked the scores, by the list of merges. */
static bool read_order(const struct gguf *g, struct vocabulary *v, struct err *err)
{
    struct gguf_string model = {"llama", 5};
    gguf_get_string(g, "tokenizer.ggml.model", &model);
    bool by_merges = model.n == 4 && memcmp(model.text, "gpt2", 4) == 0;
    if (by_merges ? read_merges(g, v) || read_scores(g, v) : read_scores(g, v) || read_merges(g, v))
        return true;
    return err_set(err, "%s: the vocabulary has neither scores for its %zu pieces nor merges",
                   gguf_path(g), v->n_table);
}

static bool read_pieces(const struct gguf *g, const struct gguf_array *tokens, struct vocabulary *v,
                        struct err *err)
{
    struct gguf_string_walk walk = gguf_array_strings(tokens);
    struct gguf_string s;
    for (size_t id = 0; id < v->n_table && gguf_next_string(&walk, &s); id++)
        if (!vocabulary_set(v, id, s.text, s.n, gguf_path(g), err))
            return false;
    return true;
}

struct vocabulary *vocabulary_read_gguf(const struct gguf *g, size_t n_rows, struct err *err)
{
    struct gguf_array tokens;
    size_t text_bytes;
    if (!get_tokens(g, &tokens, err))
        return NULL;
    size_t n = n_rows && n_rows < tokens.n ? n_rows : tokens.n;
    if (!count_bytes(g, &tokens, n, &text_bytes, err))
        return NULL;
    struct vocabulary *v = vocabulary_new(n, text_bytes, gguf_path(g), err);
    if (!v || !read_pieces(g, &tokens, v, err))
        return keep_or_free(v, false);
    read_types(g, v);
    return keep_or_free(v, vocabulary_index_text(v, err) && read_order(g, v, err) &&
                               vocabulary_index_added(v, gguf_path(g), err));
}

/* ---- tokenizer.json ---- */

struct source {
    json_t *pieces, *merges, *added; /* model.vocab, model.merges, added_tokens or NULL */
    const char *name;
    size_t n_rows, n, text_bytes;
    size_t n_spelled; /* bytes copied so far */
};

/* Takes one more piece into account; those past the rows are left out. */
static bool count_piece(struct source *s, const json_t *id, size_t n_text, struct err *err)
{
    json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
    if (value < 0 || value >= VOCABULARY_MAX_PIECES)
        return err_set(err, "%s: a piece has no id that can be", s->name);
    if (s->n_rows && (size_t)value >= s->n_rows)
        return true;
    if ((size_t)value >= s->n)
        s->n = (size_t)value + 1;
    return size_add(s->text_bytes, n_text, &s->text_bytes) ||
           err_set(err, "%s: the vocabulary's size overflows", s->name);
}

static bool count_pieces(struct source *s, struct err *err)
{
    const char *text;
    size_t i, n_text;
    json_t *value;
    json_object_keylen_foreach(s->pieces, text, n_text, value)
        if (!count_piece(s, value, n_text, err))
            return false;
    json_array_foreach(s->added, i, value) {
        const json_t *content = json_object_get(value, "content");
        if (!json_is_string(content))
            return err_set(err, "%s: added token %zu has no content", s->name, i);
        if (!count_piece(s, json_object_get(value, "id"), json_string_length(content), err))
            return false;
    }
    return true;
}

/* Copies the text, for it goes with the JSON tree, and sets the piece. */
static bool copy_piece(struct source *s, struct vocabulary *v, size_t id, const char *text,
                       size_t n, struct err *err)
{
    if (id >= v->n_table)
        return true;
    char *copy = v->spelled + s->n_spelled;
    memcpy(copy, text, n);
    s->n_spelled += n;
    return vocabulary_set(v, id, copy, n, s->name, err);
}

static bool copy_added(struct source *s, struct vocabulary *v, const json_t *token, struct err *err)
{
    const json_t *content = json_object_get(token, "content");
    size_t id = (size_t)json_integer_value(json_object_get(token, "id"));
    if (!copy_piece(s, v, id, json_string_value(content), json_string_length(content), err))
        return false;
    struct piece *p = id < v->n_table ? &v->pieces[id] : NULL;
    if (p && p->kind == PIECE_TEXT && p->order != ORDER_FIRST)
        p->kind = json_is_true(json_object_get(token, "special")) ? PIECE_CONTROL : PIECE_ADDED;
    return true;
}

static bool copy_pieces(struct source *s, struct vocabulary *v, struct err *err)
{
    size_t i, n_text;
    const char *text;
    json_t *value;
    json_object_keylen_foreach(s->pieces, text, n_text, value)
        if (!copy_piece(s, v, (size_t)json_integer_value(value), text, n_text, err))
            return false;
    json_array_foreach(s->added, i, value)
        if (!copy_added(s, v, value, err))
            return false;
    return true;
}

static struct gguf_string string_of(const json_t *value)
{
    return (struct gguf_string){json_string_value(value), json_string_length(value)};
}

/* Each merge is "left right" or ["left", "right"]. */
static bool order_pieces(const struct source *s, struct vocabulary *v, struct err *err)
{
    size_t rank;
    json_t *merge;
    json_array_foreach(s->merges, rank, merge) {
        struct gguf_string line = string_of(merge);
        struct gguf_string left = string_of(json_array_get(merge, 0));
        struct gguf_string right = string_of(json_array_get(merge, 1));
        if (line.text)
            read_merge_line(v, line.text, line.n, rank);
        else if (left.text && right.text)
            read_merge(v, &left, &right, rank);
        else
            return err_set(err, "%s: merge %zu is no pair of pieces", s->name, rank);
    }
    return true;
}

static bool find_parts(const json_t *root, struct source *s, struct err *err)
{
    const json_t *model = json_object_get(root, "model");
    s->pieces = json_object_get(model, "vocab");
    s->merges = json_object_get(model, "merges");
    s->added = json_object_get(root, "added_tokens");
    if (!json_is_object(s->pieces) || !json_is_array(s->merges))
        return err_set(err, "%s: no byte-pair vocabulary (model.vocab, model.merges)", s->name);
    return true;
}

static struct vocabulary *vocabulary_of(const json_t *root, struct source *s, struct err *err)
{
    if (!find_parts(root, s, err) || !count_pieces(s, err))
        return NULL;
    struct vocabulary *v = vocabulary_new(s->n, s->text_bytes, s->name, err);
    if (!v)
        return NULL;
    v->spelled = mem_try(s->text_bytes, 1, "vocabulary", err);
    return keep_or_free(v, v->spelled && copy_pieces(s, v, err) && vocabulary_index_text(v, err) &&
                               order_pieces(s, v, err) && vocabulary_index_added(v, s->name, err));
}

struct vocabulary *vocabulary_read_json(const char *json, size_t n_bytes, size_t n_rows,
                                        const char *name, struct err *err)
{
    json_error_t why;
    json_t *root = json_loadb(json, n_bytes, JSON_ALLOW_NUL, &why);
    if (!root) {
        err_set(err, "%s: %s (line %d)", name, why.text, why.line);
        return NULL;
    }
    struct source source = {.name = name, .n_rows = n_rows};
    struct vocabulary *v = vocabulary_of(root, &source, err);
    json_decref(root);
    return v;
}
