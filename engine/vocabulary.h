/* The pieces of a vocabulary, and how to find them.
 *
 * Pieces are kept as the bytes they stand for: U+2581 is a space, "<0x41>" the byte 0x41. Two kinds
 * of look-up lead to an id: text pieces by those bytes (what merges make), and added tokens, which
 * are searched for in raw text before any merging.
 *
 * Which pieces are added tokens, control tokens or bytes is told by their text: published files
 * give wrong token types (some mark nearly all NORMAL). A type counts only for Gemma's reserved
 * slots, to which fine-tuned models give names of their own. */
#ifndef ENGINE_VOCABULARY_H
#define ENGINE_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/facet.h"

enum {
    VOCABULARY_MAX_PIECES = 1 << 20,
    /* Gemma 3's longest piece has 93 bytes. All of a piece's bytes and three held ones may turn
     * into U+FFFD of 3 bytes, and a decoder's push must hold them. */
    VOCABULARY_PIECE_BYTES = 160,
    GEMMA_PIECES = 262144, /* the full vocabulary; <image_soft_token> is the id behind it */
};
_Static_assert((VOCABULARY_PIECE_BYTES + 3) * 3 <= FACET_DECODER_BYTES, "a push fits its buffer");

enum piece_kind {
    PIECE_NONE, /* a hole or padding: never found, shows nothing */
    PIECE_TEXT, /* made by merges */
    PIECE_BYTE,
    PIECE_ADDED,  /* found in raw text, shown */
    PIECE_CONTROL /* found in raw text where the caller trusts it, shows nothing */
};

/* Bounds of struct piece.order. */
#define ORDER_FIRST 0u
#define ORDER_NEVER UINT32_MAX

struct piece {
    const char *text;  /* as the file spells it; borrowed from the file or from `spelled` */
    const char *bytes; /* what it stands for, in `bytes` */
    uint32_t order;    /* merges into text pieces of lower order go first; ORDER_NEVER: none */
    uint8_t n_text, n_bytes, kind;
};

struct vocabulary {
    struct piece *pieces;
    size_t n;       /* pieces, with <image_soft_token> where the file's table ends before it */
    size_t n_table; /* pieces of the file */
    size_t longest; /* bytes of the longest text piece */
    int32_t byte_ids[256];
    struct facet_special_ids special;
    char *spelled; /* texts that cannot be borrowed from a file; NULL if none */
    char *bytes;
    size_t bytes_used;
    uint32_t *slots; /* open addressing over the bytes of text pieces */
    size_t slot_mask;
    struct added_node *added; /* a trie over the added tokens as raw text has them */
};

/* Room for n pieces whose texts have text_bytes bytes together; `name` is the file's, for messages.
 */
struct vocabulary *vocabulary_new(size_t n, size_t text_bytes, const char *name, struct err *err);
void vocabulary_free(struct vocabulary *v);

/* Gives piece `id` its text, borrowed for the vocabulary's life. false if it is too long. */
bool vocabulary_set(struct vocabulary *v, size_t id, const char *text, size_t n, const char *name,
                    struct err *err);

/* Once all pieces are set: index_text, before it the kinds that the text does not tell; then
 * index_added, between the two the order of the pieces. */
bool vocabulary_index_text(struct vocabulary *v, struct err *err);
bool vocabulary_index_added(struct vocabulary *v, const char *name, struct err *err);

/* Copies s[0..n) with spaces for U+2581; returns the bytes written, at most n. out may be s. */
size_t vocabulary_put_spaces(const char *s, size_t n, char *out);

/* The text piece of these bytes (spaces are spaces); -1 if there is none. */
int32_t vocabulary_find(const struct vocabulary *v, const char *bytes, size_t n);

/* The longest added token at the start of raw text[0..n): its bytes there and its id; 0 if none. */
size_t vocabulary_match_added(const struct vocabulary *v, const char *text, size_t n, int32_t *id);

/* True if `id` is a slot that Gemma leaves for others to name (<mask> to <unused98>, <unused99>
 * on). */
bool vocabulary_is_reserved_slot(const struct vocabulary *v, size_t id);

#endif
