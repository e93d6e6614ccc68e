/* Encoding, after Hugging Face's tokenizer for Gemma 3:
 *
 * 1. Added tokens are taken out of the raw text, leftmost first, the longest at each place.
 * 2. What lies between is one row of symbols, a character each; spaces count as U+2581.
 * 3. Of all pairs of neighbours whose joined bytes are a piece, the one of lowest order is merged,
 *    until there is none. Among equals the one whose left part is longest goes first, then the
 *    leftmost: that is how Gemma's list of merges is sorted, and it makes runs of spaces grow from
 *    the left.
 * 4. A symbol that is no piece becomes the ids of its bytes. */
#include "engine/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "engine/vocabulary.h"
#include "engine/vocabulary_read.h"

struct tokenizer {
    struct vocabulary *v;
};

/* ---- opening ---- */

static bool has_fallback(const struct vocabulary *v)
{
    for (int byte = 0; byte < 256; byte++)
        if (v->byte_ids[byte] < 0)
            return v->special.unk >= 0;
    return true;
}

static struct tokenizer *tokenizer_of(struct vocabulary *v, const char *name, struct err *err)
{
    if (!v)
        return NULL;
    struct tokenizer *t = NULL;
    if (!has_fallback(v))
        err_set(err, "%s: the vocabulary has neither all byte pieces nor <unk>", name);
    else
        t = mem_try(1, sizeof *t, "tokenizer", err);
    if (t)
        t->v = v;
    else
        vocabulary_free(v);
    return t;
}

struct tokenizer *tokenizer_from_gguf(const struct gguf *g, size_t n_rows, struct err *err)
{
    return tokenizer_of(vocabulary_read_gguf(g, n_rows, err), gguf_path(g), err);
}

struct tokenizer *tokenizer_from_json(const char *json, size_t n_bytes, size_t n_rows,
                                      const char *name, struct err *err)
{
    return tokenizer_of(vocabulary_read_json(json, n_bytes, n_rows, name, err), name, err);
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    vocabulary_free(t->v);
    free(t);
}

size_t tokenizer_size(const struct tokenizer *t)
{
    return t->v->n_table;
}

void tokenizer_get_special(const struct tokenizer *t, struct facet_special_ids *ids)
{
    *ids = t->v->special;
}

/* ---- encoding ---- */

enum { NOBODY = UINT32_MAX };

/* A stretch of the gap's bytes that is one piece, or a character that is none. */
struct symbol {
    uint32_t at;         /* offset of its bytes */
    int32_t id;          /* -1: no piece */
    uint32_t prev, next; /* NOBODY at the ends */
    uint32_t n;          /* bytes; 0 once it has become part of its left neighbour */
};

/* A pair that can be merged. Stays in the heap when a neighbour is merged away; `left` and the
 * joined piece's length tell then that it is void. */
struct pair {
    uint64_t rank; /* order of the joined piece << 8 | 255 - bytes of the left part */
    uint32_t left; /* its left symbol */
    int32_t id;    /* the joined piece */
};

struct encoder {
    const struct vocabulary *v;
    int32_t *ids; /* room for an id each byte of the text */
    size_t n_ids;
    char *bytes; /* of the gap, spaces for U+2581 */
    struct symbol *symbols;
    struct pair *heap;
    size_t n_heap;
    size_t room; /* bytes of gap that the three above have room for */
};

static bool goes_before(const struct pair *a, const struct pair *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->left < b->left;
}

static void heap_sink(struct pair *heap, size_t n, size_t i)
{
    struct pair item = heap[i];
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && goes_before(&heap[child + 1], &heap[child]))
            child++;
        if (!goes_before(&heap[child], &item))
            break;
        heap[i] = heap[child];
    }
    heap[i] = item;
}

static void heap_push(struct encoder *e, struct pair item)
{
    size_t i = e->n_heap++;
    for (; i > 0 && goes_before(&item, &e->heap[(i - 1) / 2]); i = (i - 1) / 2)
        e->heap[i] = e->heap[(i - 1) / 2];
    e->heap[i] = item;
}

static struct pair heap_pop(struct encoder *e)
{
    struct pair best = e->heap[0];
    e->heap[0] = e->heap[--e->n_heap];
    if (e->n_heap > 1)
        heap_sink(e->heap, e->n_heap, 0);
    return best;
}

/* The pair of `left` and its neighbour; false if they make no piece. Both must be pieces
 * themselves, or the list of merges would not have them. */
static bool find_pair(const struct encoder *e, uint32_t left, struct pair *pair)
{
    const struct symbol *a = &e->symbols[left];
    if (a->next == NOBODY || a->id < 0 || e->symbols[a->next].id < 0)
        return false;
    int32_t id = vocabulary_find(e->v, e->bytes + a->at, a->n + e->symbols[a->next].n);
    if (id < 0 || e->v->pieces[id].order == ORDER_NEVER)
        return false;
    *pair = (struct pair){(uint64_t)e->v->pieces[id].order << 8 | (255 - a->n), left, id};
    return true;
}

static void push_pair(struct encoder *e, uint32_t left)
{
    struct pair pair;
    if (find_pair(e, left, &pair))
        heap_push(e, pair);
}

static void merge_all(struct encoder *e, uint32_t n_symbols)
{
    e->n_heap = 0;
    for (uint32_t i = 0; i < n_symbols; i++)
        e->n_heap += find_pair(e, i, &e->heap[e->n_heap]);
    for (size_t i = e->n_heap / 2; i-- > 0;)
        heap_sink(e->heap, e->n_heap, i);
    while (e->n_heap > 0) {
        struct pair pair = heap_pop(e);
        struct symbol *a = &e->symbols[pair.left];
        uint32_t n_joined = e->v->pieces[pair.id].n_bytes;
        if (a->n != 255 - (pair.rank & 255) || a->next == NOBODY ||
            a->n + e->symbols[a->next].n != n_joined)
            continue;
        struct symbol *b = &e->symbols[a->next];
        b->n = 0;
        a->n = n_joined;
        a->id = pair.id;
        a->next = b->next;
        if (a->next != NOBODY)
            e->symbols[a->next].prev = pair.left;
        push_pair(e, pair.left);
        if (a->prev != NOBODY)
            push_pair(e, a->prev);
    }
}

/* One symbol for each character; returns their number. */
static uint32_t split_gap(struct encoder *e, size_t n)
{
    uint32_t count = 0, cp;
    for (size_t at = 0; at < n; count++) {
        size_t step = utf8_next(e->bytes + at, n - at, &cp, NULL);
        e->symbols[count] = (struct symbol){
            .at = (uint32_t)at,
            .id = vocabulary_find(e->v, e->bytes + at, step),
            .prev = count ? count - 1 : NOBODY,
            .next = at + step < n ? count + 1 : NOBODY,
            .n = (uint32_t)step,
        };
        at += step;
    }
    return count;
}

static void put_symbol(struct encoder *e, const struct symbol *s)
{
    if (s->id >= 0) {
        e->ids[e->n_ids++] = s->id;
        return;
    }
    for (uint32_t i = 0; i < s->n; i++) {
        int32_t id = e->v->byte_ids[(uint8_t)e->bytes[s->at + i]];
        e->ids[e->n_ids++] = id < 0 ? e->v->special.unk : id;
    }
}

/* A merge takes one pair out of the heap and puts in two at most: twice the symbols are enough. */
static bool reserve(struct encoder *e, size_t n, struct err *err)
{
    if (n <= e->room)
        return true;
    free(e->bytes);
    free(e->symbols);
    free(e->heap);
    e->room = 0;
    e->symbols = NULL;
    e->heap = NULL;
    e->bytes = mem_try(n, 1, "tokenizer", err);
    if (e->bytes)
        e->symbols = mem_try(n, sizeof *e->symbols, "tokenizer", err);
    if (e->symbols)
        e->heap = mem_try(n, 2 * sizeof *e->heap, "tokenizer", err);
    e->room = e->heap ? n : 0;
    return e->heap != NULL;
}

/* A piece of text without added tokens. */
static bool encode_gap(struct encoder *e, const char *text, size_t n, struct err *err)
{
    if (n == 0)
        return true;
    if (!reserve(e, n, err))
        return false;
    merge_all(e, split_gap(e, vocabulary_put_spaces(text, n, e->bytes)));
    for (uint32_t i = 0; i != NOBODY; i = e->symbols[i].next)
        put_symbol(e, &e->symbols[i]);
    return true;
}

/* Control tokens that the caller does not trust are text like any other, whole as they stand. */
static bool encode_text(struct encoder *e, const char *text, size_t n, bool special,
                        struct err *err)
{
    size_t gap = 0;
    for (size_t at = 0; at < n;) {
        int32_t id;
        size_t step = vocabulary_match_added(e->v, text + at, n - at, &id);
        if (step == 0 || (e->v->pieces[id].kind == PIECE_CONTROL && !special)) {
            at += step ? step : 1;
            continue;
        }
        if (!encode_gap(e, text + gap, at - gap, err))
            return false;
        e->ids[e->n_ids++] = id;
        gap = at += step;
    }
    return encode_gap(e, text + gap, n - gap, err);
}

/* Copies text with U+FFFD for each maximal ill-formed part; returns the bytes written, at most
 * 3 n. */
static size_t put_valid(const char *text, size_t n, char *out)
{
    size_t n_out = 0;
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        at += utf8_next(text + at, n - at, &cp, NULL);
        n_out += utf8_put(cp, out + n_out);
    }
    return n_out;
}

static int32_t *encode_valid(const struct tokenizer *t, const char *text, size_t n, bool special,
                             size_t *n_ids, struct err *err)
{
    struct encoder e = {.v = t->v, .ids = mem_try(n + 1, sizeof *e.ids, "token ids", err)};
    bool ok = e.ids && encode_text(&e, text, n, special, err);
    free(e.bytes);
    free(e.symbols);
    free(e.heap);
    if (!ok) {
        free(e.ids);
        return NULL;
    }
    *n_ids = e.n_ids;
    return e.ids;
}

int32_t *tokenizer_encode(const struct tokenizer *t, const char *text, size_t n_bytes, bool special,
                          size_t *n_ids, struct err *err)
{
    enum { MOST_BYTES = 1 << 30 }; /* offsets have 32 bits, U+FFFD three bytes for one */
    if (n_bytes > MOST_BYTES) {
        err_set(err, "text of %zu bytes is too long for the tokenizer", n_bytes);
        return NULL;
    }
    if (utf8_valid(text, n_bytes) == n_bytes)
        return encode_valid(t, text, n_bytes, special, n_ids, err);
    char *valid = mem_try(n_bytes, 3, "text", err);
    if (!valid)
        return NULL;
    int32_t *ids = encode_valid(t, valid, put_valid(text, n_bytes, valid), special, n_ids, err);
    free(valid);
    return ids;
}

/* ---- decoding ---- */

static const struct piece *piece_of(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && (size_t)id < t->v->n ? &t->v->pieces[id] : NULL;
}

const char *tokenizer_bytes(const struct tokenizer *t, int32_t id, size_t *n_bytes)
{
    const struct piece *p = piece_of(t, id);
    *n_bytes = p ? p->n_bytes : 0;
    return !p ? NULL : p->bytes ? p->bytes : "";
}

const char *tokenizer_piece(const struct tokenizer *t, int32_t id, size_t *n_bytes)
{
    const struct piece *p = piece_of(t, id);
    *n_bytes = p ? p->n_text : 0;
    return !p ? NULL : p->text ? p->text : "";
}

bool tokenizer_is_control(const struct tokenizer *t, int32_t id)
{
    const struct piece *p = piece_of(t, id);
    return p && (p->kind == PIECE_CONTROL || p->kind == PIECE_NONE);
}

/* Bytes at the end that are not to be shown yet. The first two of a surrogate (ED A0 to ED BF) can
 * become no character, but are held until the third byte, as incremental decoders do that could let
 * surrogates pass. */
static size_t held_tail(const char *s, size_t n)
{
    if (n >= 2 && (uint8_t)s[n - 2] == 0xED && (uint8_t)s[n - 1] >= 0xA0 &&
        (uint8_t)s[n - 1] <= 0xBF)
        return 2;
    return utf8_incomplete_tail(s, n);
}

size_t tokenizer_push(const struct tokenizer *t, struct facet_decoder *d, int32_t id,
                      char out[FACET_DECODER_BYTES])
{
    const struct piece *p = piece_of(t, id);
    if (!p || tokenizer_is_control(t, id))
        return 0;
    char text[sizeof d->held + VOCABULARY_PIECE_BYTES];
    size_t n = d->n_held;
    memcpy(text, d->held, n);
    memcpy(text + n, p->bytes, p->n_bytes);
    n += p->n_bytes;
    d->n_held = (uint32_t)held_tail(text, n);
    n -= d->n_held;
    memcpy(d->held, text + n, d->n_held);
    return put_valid(text, n, out);
}

size_t tokenizer_flush(struct facet_decoder *d, char out[FACET_DECODER_BYTES])
{
    size_t n = put_valid(d->held, d->n_held, out);
    d->n_held = 0;
    return n;
}
