#include "engine/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define UNDERLINE "\xE2\x96\x81" /* U+2581, which stands for a space in pieces */
enum { UNDERLINE_BYTES = 3 };

/* A slot of the index: the piece's id + 1 (0: free), and above it as much of the hash as there is
 * room for. Four bytes rather than eight: filling the table is mostly waiting for memory. */
enum { SLOT_ID_BITS = 21, SLOT_ID_MASK = (1 << SLOT_ID_BITS) - 1 };
_Static_assert(VOCABULARY_MAX_PIECES + 1 <= SLOT_ID_MASK, "an id and one more fit a slot");

struct added_node {
    uint32_t child, sibling; /* 0: none */
    int32_t id;              /* -1: no token ends here */
    uint8_t byte;
};

static const char *const soft_token = "<image_soft_token>";

/* Names of the control tokens, and where their ids go. */
static const struct {
    const char *text;
    size_t field;
} controls[] = {
    {"<pad>", offsetof(struct facet_special_ids, pad)},
    {"<eos>", offsetof(struct facet_special_ids, eos)},
    {"<bos>", offsetof(struct facet_special_ids, bos)},
    {"<unk>", offsetof(struct facet_special_ids, unk)},
    {"<start_of_turn>", offsetof(struct facet_special_ids, start_of_turn)},
    {"<end_of_turn>", offsetof(struct facet_special_ids, end_of_turn)},
    {"<start_of_image>", offsetof(struct facet_special_ids, start_of_image)},
    {"<end_of_image>", offsetof(struct facet_special_ids, end_of_image)},
    {"<image_soft_token>", offsetof(struct facet_special_ids, image_soft)},
};
enum { N_CONTROLS = sizeof controls / sizeof *controls };

/* Gemma's tags, without their brackets; each also closes. */
static const char *const tags[] = {
    "table", "caption", "thead", "tbody", "tfoot", "tr",         "th",     "td",     "h1",
    "h2",    "h3",      "h4",    "h5",    "h6",    "blockquote", "strong", "em",     "b",
    "i",     "u",       "s",     "sub",   "sup",   "code",       "a",      "html",   "body",
    "img",   "span",    "bbox",  "ul",    "li",    "div",        "iframe", "footer",
};
enum { N_TAGS = sizeof tags / sizeof *tags };

static bool is_text(const char *s, size_t n, const char *text)
{
    return n == strlen(text) && memcmp(s, text, n) == 0;
}

static bool is_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 0;
}

/* prefix, a number, suffix of one character */
static bool is_numbered(const char *s, size_t n, const char *prefix, char suffix)
{
    size_t k = strlen(prefix);
    return n > k + 1 && memcmp(s, prefix, k) == 0 && s[n - 1] == suffix &&
           is_digits(s + k, n - k - 1);
}

static bool is_run(const char *s, size_t n, char c)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != c)
            return false;
    return n > 0;
}

static bool is_tag(const char *s, size_t n)
{
    size_t skip = n > 1 && s[1] == '/' ? 2 : 1;
    if (n < skip + 2 || s[0] != '<' || s[n - 1] != '>')
        return false;
    for (size_t i = 0; i < N_TAGS; i++)
        if (is_text(s + skip, n - skip - 1, tags[i]))
            return true;
    return false;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that "<0x41>" names, or -1. */
static int named_byte(const char *s, size_t n)
{
    if (n != 6 || memcmp(s, "<0x", 3) != 0 || s[5] != '>')
        return -1;
    int high = hex_digit(s[3]), low = hex_digit(s[4]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static int control_index(const char *s, size_t n)
{
    for (int i = 0; i < N_CONTROLS; i++)
        if (is_text(s, n, controls[i].text))
            return i;
    return -1;
}

static bool is_space_run(const struct piece *p)
{
    return p->kind == PIECE_TEXT && p->n_bytes > 1 && is_run(p->bytes, p->n_bytes, ' ');
}

/* Runs of spaces stay text pieces: real spaces are merged, only literal U+2581 are added tokens. */
static enum piece_kind kind_of_text(const char *s, size_t n)
{
    if (n == 0)
        return PIECE_NONE;
    if (s[0] == '\n' || s[0] == '\t')
        return is_run(s, n, s[0]) ? PIECE_ADDED : PIECE_TEXT;
    if (s[0] == '[') {
        if (is_text(s, n, "[multimodal]"))
            return PIECE_ADDED;
        return is_numbered(s, n, "[PAD", ']') ? PIECE_NONE : PIECE_TEXT;
    }
    if (s[0] != '<')
        return PIECE_TEXT;
    if (control_index(s, n) >= 0)
        return PIECE_CONTROL;
    if (named_byte(s, n) >= 0)
        return PIECE_BYTE;
    if (is_text(s, n, "<mask>") || is_numbered(s, n, "<unused", '>') || is_tag(s, n))
        return PIECE_ADDED;
    return PIECE_TEXT;
}

size_t vocabulary_put_spaces(const char *s, size_t n, char *out)
{
    size_t n_out = 0;
    for (size_t i = 0; i < n;) {
        if (s[i] == UNDERLINE[0] && n - i >= UNDERLINE_BYTES &&
            memcmp(s + i, UNDERLINE, UNDERLINE_BYTES) == 0) {
            out[n_out++] = ' ';
            i += UNDERLINE_BYTES;
        } else {
            out[n_out++] = s[i++];
        }
    }
    return n_out;
}

struct vocabulary *vocabulary_new(size_t n, size_t text_bytes, const char *name, struct err *err)
{
    if (n == 0 || n > VOCABULARY_MAX_PIECES) {
        err_set(err, "%s: a vocabulary of %zu pieces", name, n);
        return NULL;
    }
    struct vocabulary *v = mem_try(1, sizeof *v, "vocabulary", err);
    if (!v)
        return NULL;
    v->n = v->n_table = n;
    memset(v->byte_ids, -1, sizeof v->byte_ids);
    memset(&v->special, -1, sizeof v->special);
    v->pieces = mem_try(n + 1, sizeof *v->pieces, "vocabulary", err); /* 1: the soft token's */
    v->bytes = v->pieces ? mem_try(text_bytes + strlen(soft_token), 1, "vocabulary", err) : NULL;
    if (v->bytes)
        return v;
    vocabulary_free(v);
    return NULL;
}

void vocabulary_free(struct vocabulary *v)
{
    if (!v)
        return;
    free(v->pieces);
    free(v->spelled);
    free(v->bytes);
    free(v->slots);
    free(v->added);
    free(v);
}

bool vocabulary_set(struct vocabulary *v, size_t id, const char *text, size_t n, const char *name,
                    struct err *err)
{
    if (n > VOCABULARY_PIECE_BYTES)
        return err_set(err, "%s: piece %zu of the vocabulary has %zu bytes, more than %d", name, id,
                       n, VOCABULARY_PIECE_BYTES);
    struct piece *p = &v->pieces[id];
    char *bytes = v->bytes + v->bytes_used;
    p->kind = (uint8_t)kind_of_text(text, n);
    p->text = text;
    p->n_text = (uint8_t)n;
    p->bytes = bytes;
    p->order = ORDER_NEVER;
    if (p->kind == PIECE_BYTE) {
        bytes[0] = (char)named_byte(text, n);
        p->n_bytes = 1;
    } else {
        p->n_bytes = (uint8_t)vocabulary_put_spaces(text, n, bytes);
    }
    v->bytes_used += p->n_bytes;
    if (is_space_run(p))
        p->order = ORDER_FIRST;
    return true;
}

/* Eight bytes at a time; the rest, overlapping, in one step. */
static uint64_t hash_bytes(const char *s, size_t n)
{
    const uint64_t factor = 0x9E3779B97F4A7C15; /* 2^64 / golden ratio: odd, bits well spread */
    uint64_t h = n * factor, part = 0;
    for (; n > 8; s += 8, n -= 8) {
        memcpy(&part, s, 8);
        h = (h ^ part) * factor;
        h ^= h >> 29;
    }
    if (n >= 4) {
        uint32_t low, high;
        memcpy(&low, s, 4);
        memcpy(&high, s + n - 4, 4);
        part = (uint64_t)high << 32 | low;
    } else if (n > 0) {
        part = (uint64_t)(uint8_t)s[0] << 16 | (uint64_t)(uint8_t)s[n / 2] << 8 | (uint8_t)s[n - 1];
    }
    h = (h ^ part) * factor;
    h ^= h >> 32;
    h *= factor;
    return h ^ h >> 29;
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) & ~(uint32_t)SLOT_ID_MASK;
}

/* The slot that holds these bytes, or the free one where they belong. */
static uint32_t *slot_of(const struct vocabulary *v, uint64_t hash, const char *bytes, size_t n)
{
    for (size_t i = hash & v->slot_mask;; i = (i + 1) & v->slot_mask) {
        uint32_t *slot = &v->slots[i];
        if (*slot == 0)
            return slot;
        if ((*slot & ~(uint32_t)SLOT_ID_MASK) != tag_of(hash))
            continue;
        const struct piece *p = &v->pieces[(*slot & SLOT_ID_MASK) - 1];
        if (p->n_bytes == n && memcmp(p->bytes, bytes, n) == 0)
            return slot;
    }
}

int32_t vocabulary_find(const struct vocabulary *v, const char *bytes, size_t n)
{
    if (n == 0 || n > v->longest)
        return -1;
    return (int32_t)(*slot_of(v, hash_bytes(bytes, n), bytes, n) & SLOT_ID_MASK) - 1;
}

bool vocabulary_is_reserved_slot(const struct vocabulary *v, size_t id)
{
    return v->n_table >= GEMMA_PIECES && ((id >= 4 && id <= 104) || id >= 256001);
}

/* Backwards, for of pieces that are alike the first counts. */
static void collect_known(struct vocabulary *v)
{
    for (size_t id = v->n; id-- > 0;) {
        const struct piece *p = &v->pieces[id];
        if (p->kind == PIECE_BYTE)
            v->byte_ids[(uint8_t)p->bytes[0]] = (int32_t)id;
        int i = p->kind == PIECE_CONTROL ? control_index(p->text, p->n_text) : -1;
        if (i >= 0)
            *(int32_t *)((char *)&v->special + controls[i].field) = (int32_t)id;
    }
}

/* Tables of 262144 pieces end before the soft token; longer ones have padding in its place. */
static bool add_soft_token(struct vocabulary *v, struct err *err)
{
    if (v->special.image_soft >= 0 || v->special.start_of_image != 255999 || v->n < GEMMA_PIECES)
        return true;
    if (v->n == GEMMA_PIECES)
        v->n++;
    v->special.image_soft = GEMMA_PIECES;
    return vocabulary_set(v, GEMMA_PIECES, soft_token, strlen(soft_token), soft_token, err);
}

static void insert_text(struct vocabulary *v, size_t id)
{
    enum { AHEAD = 8 }; /* slots fetched ahead: 5 of 29 ms of a load were spent waiting */
    const struct piece *p = &v->pieces[id];
    if (id + AHEAD < v->n) {
        const struct piece *coming = p + AHEAD;
        __builtin_prefetch(&v->slots[hash_bytes(coming->bytes, coming->n_bytes) & v->slot_mask], 1);
    }
    if (p->kind != PIECE_TEXT)
        return;
    uint64_t hash = hash_bytes(p->bytes, p->n_bytes);
    uint32_t *slot = slot_of(v, hash, p->bytes, p->n_bytes);
    if (*slot == 0)
        *slot = tag_of(hash) | ((uint32_t)id + 1);
    if (p->n_bytes > v->longest)
        v->longest = p->n_bytes;
}

bool vocabulary_index_text(struct vocabulary *v, struct err *err)
{
    collect_known(v);
    if (!add_soft_token(v, err))
        return false;
    size_t n_slots = 16;
    while (n_slots < 2 * v->n)
        n_slots *= 2;
    v->slots = mem_try(n_slots, sizeof *v->slots, "vocabulary index", err);
    if (!v->slots)
        return false;
    v->slot_mask = n_slots - 1;
    for (size_t id = GEMMA_PIECES; id < v->n; id++)
        if (v->pieces[id].kind == PIECE_TEXT)
            v->pieces[id].kind = PIECE_NONE; /* padding, by whatever name */
    for (size_t id = 0; id < v->n; id++)
        insert_text(v, id);
    return true;
}

static bool is_searched(const struct piece *p)
{
    return p->kind == PIECE_ADDED || p->kind == PIECE_CONTROL || is_space_run(p);
}

/* Follows `byte` from node `at`; 0 where no token goes on so. */
static uint32_t added_step(const struct added_node *nodes, uint32_t at, uint8_t byte)
{
    uint32_t i = nodes[at].child;
    while (i && nodes[i].byte != byte)
        i = nodes[i].sibling;
    return i;
}

static void added_insert(struct added_node *nodes, uint32_t *n_nodes, const char *s, size_t n,
                         int32_t id)
{
    uint32_t at = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t next = added_step(nodes, at, (uint8_t)s[i]);
        if (!next) {
            next = (*n_nodes)++;
            nodes[next] = (struct added_node){0, nodes[at].child, -1, (uint8_t)s[i]};
            nodes[at].child = next;
        }
        at = next;
    }
    if (nodes[at].id < 0)
        nodes[at].id = id;
}

/* The bytes of a searched piece as raw text has them. */
static size_t spell_added(const struct piece *p, char out[VOCABULARY_PIECE_BYTES * UNDERLINE_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_bytes; i++) {
        size_t step = is_space_run(p) ? UNDERLINE_BYTES : 1;
        memcpy(out + n, step > 1 ? UNDERLINE : p->bytes + i, step);
        n += step;
    }
    return n;
}

bool vocabulary_index_added(struct vocabulary *v, const char *name, struct err *err)
{
    enum { MOST_NODES = 1 << 22 }; /* Gemma 3's have 74000 bytes together */
    char spelled[VOCABULARY_PIECE_BYTES * UNDERLINE_BYTES];
    size_t n_nodes = 1;
    for (size_t id = 0; id < v->n; id++)
        if (is_searched(&v->pieces[id]))
            n_nodes += spell_added(&v->pieces[id], spelled);
    if (n_nodes > MOST_NODES)
        return err_set(err, "%s: the added tokens of the vocabulary are %zu bytes long", name,
                       n_nodes);
    v->added = mem_try(n_nodes, sizeof *v->added, "added tokens", err);
    if (!v->added)
        return false;
    uint32_t used = 1;
    v->added[0].id = -1;
    for (size_t id = 0; id < v->n; id++) {
        const struct piece *p = &v->pieces[id];
        if (is_searched(p))
            added_insert(v->added, &used, spelled, spell_added(p, spelled), (int32_t)id);
    }
    return true;
}

size_t vocabulary_match_added(const struct vocabulary *v, const char *text, size_t n, int32_t *id)
{
    size_t longest = 0;
    uint32_t at = 0;
    for (size_t i = 0; i < n; i++) {
        at = added_step(v->added, at, (uint8_t)text[i]);
        if (!at)
            break;
        if (v->added[at].id >= 0) {
            longest = i + 1;
            *id = v->added[at].id;
        }
    }
    return longest;
}
