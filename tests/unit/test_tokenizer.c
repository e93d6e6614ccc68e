/* The tokenizer on a small vocabulary of its own: from GGUF with scores or merges and from JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "engine/gguf.h"
#include "engine/tokenizer.h"

#define U "▁"

/* ---- a vocabulary, and files of it ---- */

enum { NORMAL = 1, CONTROL = 3, USER_DEFINED = 4, BYTE = 6, BY_TEXT = 0 };

static const char *const firsts[] = {
    "<pad>",
    "<eos>",
    "<bos>",
    "<unk>",
    "<mask>",
    "[multimodal]",
    "<unused0>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<start_of_image>",
    "<end_of_image>",
    "<image_soft_token>",
    "\n",
    "\n\n",
    "\n\n\n",
    U U,
    U U U,
    U U U U,
    "\t",
    "\t\t",
    "<table>",
    "</s>",
    "<s>",
};
/* Best first. "ba" before "ab", so that "aba" is a|ba. */
static const char *const lasts[] = {
    U "a", "ba", "ab", U "ab", "aa", "aaa", "bab", "abab", "--", "---", "----", "<0",
    "äb",  "[x", "<b", "a",    "b",  "c",   "x",   "-",    "<",  ">",   "[",    "]",
    "0",   "4",  "1",  "o",    "s",  "u",   "_",   U,      "ä",  "中",
};
enum {
    N_FIRSTS = sizeof firsts / sizeof *firsts,
    N_LASTS = sizeof lasts / sizeof *lasts,
    N_SMALL = N_FIRSTS + 256 + N_LASTS
};

struct pieces {
    char *texts[N_SMALL];
    bool real_spaces; /* runs of spaces spelled with U+0020 */
    int type;         /* of all pieces; BY_TEXT: as it should be */
    bool by_merges;   /* "gpt2" and merges instead of scores */
};

static void make_pieces(struct pieces *p)
{
    *p = (struct pieces){0};
    for (int i = 0; i < N_SMALL; i++) {
        char byte[8];
        snprintf(byte, sizeof byte, "<0x%02X>", (unsigned)(i - N_FIRSTS) & 255);
        p->texts[i] = mem_copy(i < N_FIRSTS         ? firsts[i]
                               : i < N_FIRSTS + 256 ? byte
                                                    : lasts[i - N_FIRSTS - 256]);
    }
}

static void free_pieces(struct pieces *p)
{
    for (int i = 0; i < N_SMALL; i++)
        free(p->texts[i]);
}

static int piece_id(const struct pieces *p, const char *text, size_t n)
{
    for (int i = 0; i < N_SMALL; i++)
        if (strlen(p->texts[i]) == n && memcmp(p->texts[i], text, n) == 0)
            return i;
    return -1;
}

static bool is_space_run(const char *text)
{
    return strncmp(text, U U, 6) == 0;
}

/* The merges that make piece i, the longest left part first, each as "left right". */
static void put_splits(const struct pieces *p, int i, json_t *merges)
{
    const char *text = p->texts[i];
    size_t n = strlen(text);
    for (size_t left = n - 1; left > 0; left--) {
        if (piece_id(p, text, left) < 0 || piece_id(p, text + left, n - left) < 0)
            continue;
        struct str line = {0};
        str_printf(&line, "%.*s %s", (int)left, text, text + left);
        json_array_append_new(merges, json_string(str_text(&line)));
        str_done(&line);
    }
}

static json_t *make_merges(const struct pieces *p)
{
    json_t *merges = json_array();
    for (int i = N_FIRSTS; i-- > 0;)
        if (is_space_run(p->texts[i]))
            put_splits(p, i, merges);
    for (int i = N_FIRSTS + 256; i < N_SMALL; i++)
        put_splits(p, i, merges);
    return merges;
}

static void put_number(struct str *s, uint64_t value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++)
        str_putc(s, (char)(value >> 8 * i));
}

static void put_text(struct str *s, const char *text)
{
    put_number(s, strlen(text), 8);
    str_puts(s, text);
}

static void put_array(struct str *s, const char *key, enum gguf_type type, uint64_t n)
{
    put_text(s, key);
    put_number(s, GGUF_ARRAY, 4);
    put_number(s, type, 4);
    put_number(s, n, 8);
}

static void put_header(struct str *s, uint64_t n_pairs)
{
    str_puts(s, "GGUF");
    put_number(s, 3, 4);
    put_number(s, 0, 8);
    put_number(s, n_pairs, 8);
}

static void put_float(struct str *s, float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    put_number(s, bits, 4);
}

static void put_piece(struct str *s, const struct pieces *p, int i)
{
    const char *text = p->texts[i];
    bool spaces = p->real_spaces && is_space_run(text);
    const char *four = "    ";
    put_text(s, spaces ? four + 4 - strlen(text) / strlen(U) : text);
}

static void put_gguf(struct str *s, const struct pieces *p)
{
    put_header(s, 4);
    put_text(s, "tokenizer.ggml.model");
    put_number(s, GGUF_STRING, 4);
    put_text(s, p->by_merges ? "gpt2" : "llama");
    put_array(s, "tokenizer.ggml.tokens", GGUF_STRING, N_SMALL);
    for (int i = 0; i < N_SMALL; i++)
        put_piece(s, p, i);
    put_array(s, "tokenizer.ggml.token_type", GGUF_I32, N_SMALL);
    for (int i = 0; i < N_SMALL; i++)
        put_number(s, (uint64_t)(p->type ? p->type : i < N_FIRSTS ? CONTROL : NORMAL), 4);
    if (p->by_merges) {
        json_t *merges = make_merges(p), *line;
        size_t i;
        put_array(s, "tokenizer.ggml.merges", GGUF_STRING, json_array_size(merges));
        json_array_foreach(merges, i, line)
            put_text(s, json_string_value(line));
        json_decref(merges);
    } else {
        put_array(s, "tokenizer.ggml.scores", GGUF_F32, N_SMALL);
        for (int i = 0; i < N_SMALL; i++)
            put_float(s, i < N_FIRSTS ? -1000.0f : (float)-i);
    }
}

static json_t *make_json(const struct pieces *p)
{
    json_t *vocab = json_object(), *added = json_array();
    for (int i = 0; i < N_SMALL; i++) {
        json_object_set_new(vocab, p->texts[i], json_integer(i));
        if (i < N_FIRSTS)
            json_array_append_new(added, json_pack("{s:i, s:s, s:b}", "id", i, "content",
                                                   p->texts[i], "special", i < 4));
    }
    return json_pack("{s:{s:s, s:o, s:o}, s:o}", "model", "type", "BPE", "vocab", vocab, "merges",
                     make_merges(p), "added_tokens", added);
}

/* A tokenizer and the file that it borrows from. */
struct loaded {
    struct gguf *g;
    struct tokenizer *t;
    struct err err;
};

static void load_bytes(struct loaded *l, const struct str *bytes, size_t n_rows)
{
    char path[] = "/tmp/facet-tokenizer-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, bytes->data, bytes->len) == (ssize_t)bytes->len);
    close(fd);
    l->err.text[0] = 0;
    l->t = NULL;
    l->g = gguf_open(path, &l->err);
    unlink(path);
    if (l->g)
        l->t = tokenizer_from_gguf(l->g, n_rows, &l->err);
}

static void unload(struct loaded *l)
{
    tokenizer_free(l->t);
    gguf_close(l->g);
}

static void load_pieces(struct loaded *l, const struct pieces *p, size_t n_rows)
{
    struct str bytes = {0};
    put_gguf(&bytes, p);
    load_bytes(l, &bytes, n_rows);
    str_done(&bytes);
    if (!l->t)
        fail_msg("%s", l->err.text);
}

static void load_json(struct loaded *l, const struct pieces *p)
{
    json_t *root = make_json(p);
    char *text = json_dumps(root, 0);
    *l = (struct loaded){0};
    l->t = tokenizer_from_json(text, strlen(text), 0, "tokenizer.json", &l->err);
    free(text);
    json_decref(root);
    if (!l->t)
        fail_msg("%s", l->err.text);
}

/* ---- what texts become ---- */

/* The pieces of text's ids with '|' between. */
static char *pieces_of(const struct tokenizer *t, const char *text, size_t n, bool special)
{
    struct str out = {0};
    size_t n_ids, n_piece;
    int32_t *ids = tokenizer_encode(t, text, n, special, &n_ids, NULL);
    assert_non_null(ids);
    for (size_t i = 0; i < n_ids; i++) {
        const char *piece = tokenizer_piece(t, ids[i], &n_piece);
        str_puts(&out, i ? "|" : "");
        str_put(&out, piece, n_piece);
    }
    free(ids);
    return str_take(&out);
}

static void expect(const struct tokenizer *t, bool special, const char *text, const char *pieces)
{
    char *have = pieces_of(t, text, strlen(text), special);
    assert_string_equal(have, pieces);
    free(have);
}

static void expect_common(const struct tokenizer *t)
{
    expect(t, false, "", "");
    expect(t, false, "aba", "a|ba");
    expect(t, false, "aaaaa", "aa|aaa");
    expect(t, false, " ab", U "ab");
    expect(t, false, "a b", "a|" U "|b");
    expect(t, false, "é", "<0xC3>|<0xA9>");
    expect(t, false, "äb", "äb");
    expect(t, false, "\r", "<0x0D>");
    expect(t, false, "\n\n\n\n", "\n\n\n|\n");
    expect(t, false, "\t\t\ta", "\t\t|\t|a");
    expect(t, false, "a<table>b</s>", "a|<table>|b|</s>");
    expect(t, false, "<<s>", "<|<s>");
    expect(t, false, "<mask>[multimodal]<unused0>", "<mask>|[multimodal]|<unused0>");
    expect(t, false, "<0x41>", "<0|x|4|1|>");
    expect(t, false, "<bos>", "<b|o|s|>");
    expect(t, true, "a<bos>b", "a|<bos>|b");
    expect(t, true, "<start_of_image><image_soft_token>", "<start_of_image>|<image_soft_token>");
    expect(t, true, "<unk><eos>", "<unk>|<eos>");
}

/* Real spaces are merged, from the left, before all else; literal U+2581 are found in the raw text.
 * `s` is how the vocabulary spells a space in runs. */
static void expect_spaces(const struct tokenizer *t, const char *s)
{
    char runs[5][32] = {""}, want[64];
    for (int i = 1; i < 5; i++)
        snprintf(runs[i], sizeof runs[i], "%.12s%.3s", runs[i - 1], s);
    snprintf(want, sizeof want, "%s|ab", runs[3]);
    expect(t, false, "   ab", want);
    snprintf(want, sizeof want, "%s|" U "ab", runs[4]);
    expect(t, false, "     ab", want);
    snprintf(want, sizeof want, "%s|" U "ab", runs[2]);
    expect(t, false, U U " ab", want);
    snprintf(want, sizeof want, "a|%s|b", runs[2]);
    expect(t, false, "a" U U "b", want);
    expect(t, false, "a " U "b", want);
}

static void expect_all(const struct tokenizer *t, const char *space)
{
    expect_common(t);
    expect_spaces(t, space);
}

static void test_sources_agree(void **state)
{
    (void)state;
    struct pieces p;
    struct loaded l;
    make_pieces(&p);
    for (int merges = 0; merges < 2; merges++) {
        p.by_merges = merges;
        load_pieces(&l, &p, 0);
        assert_int_equal(tokenizer_size(l.t), N_SMALL);
        expect_all(l.t, U);
        unload(&l);
    }
    load_json(&l, &p);
    expect_all(l.t, U);
    unload(&l);
    p.real_spaces = true;
    p.by_merges = false;
    load_pieces(&l, &p, 0);
    expect_all(l.t, " ");
    unload(&l);
    free_pieces(&p);
}

/* Files exist that mark all pieces alike. */
static void test_wrong_types(void **state)
{
    (void)state;
    static const int types[] = {NORMAL, CONTROL, USER_DEFINED, BYTE, -7};
    struct pieces p;
    make_pieces(&p);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct loaded l;
        p.type = types[i];
        load_pieces(&l, &p, 0);
        expect_all(l.t, U);
        assert_true(tokenizer_is_control(l.t, 2));
        assert_false(tokenizer_is_control(l.t, piece_id(&p, "a", 1)));
        unload(&l);
    }
    free_pieces(&p);
}

static void test_special_ids(void **state)
{
    (void)state;
    struct pieces p;
    struct loaded l;
    struct facet_special_ids ids;
    make_pieces(&p);
    load_pieces(&l, &p, 0);
    tokenizer_get_special(l.t, &ids);
    assert_int_equal(ids.pad, 0);
    assert_int_equal(ids.eos, 1);
    assert_int_equal(ids.bos, 2);
    assert_int_equal(ids.unk, 3);
    assert_int_equal(ids.start_of_turn, 7);
    assert_int_equal(ids.end_of_turn, 8);
    assert_int_equal(ids.start_of_image, 9);
    assert_int_equal(ids.end_of_image, 10);
    assert_int_equal(ids.image_soft, 11);
    unload(&l);
    load_pieces(&l, &p, 10); /* fewer rows than pieces */
    tokenizer_get_special(l.t, &ids);
    assert_int_equal(tokenizer_size(l.t), 10);
    assert_int_equal(ids.start_of_image, 9);
    assert_int_equal(ids.end_of_image, -1);
    assert_int_equal(ids.image_soft, -1);
    expect(l.t, false, "a", "<unk>"); /* neither the letter nor its byte is left */
    size_t n;
    assert_null(tokenizer_bytes(l.t, 10, &n));
    assert_null(tokenizer_bytes(l.t, -1, &n));
    unload(&l);
    free_pieces(&p);
}

/* ---- against merging one pair after the other, in the plainest way ---- */

struct part {
    size_t at, n;
};

/* The best pair to merge, or -1. Space runs are lists' first; ids fall as scores rise. */
static int best_pair(const struct pieces *p, const char *text, const struct part *parts, int n)
{
    int best = -1;
    long best_order = 0;
    for (int i = 0; i + 1 < n; i++) {
        size_t joined = parts[i].n + parts[i + 1].n;
        int id = piece_id(p, text + parts[i].at, joined);
        if (id < 0 || piece_id(p, text + parts[i].at, parts[i].n) < 0 ||
            piece_id(p, text + parts[i + 1].at, parts[i + 1].n) < 0)
            continue;
        long order = (id < N_FIRSTS ? 0 : id) * 1000L - (long)parts[i].n;
        if (best < 0 || order < best_order) {
            best = i;
            best_order = order;
        }
    }
    return best;
}

static char *plain_merges(const struct pieces *p, const char *text)
{
    struct part parts[64];
    int n = 0;
    for (size_t at = 0, step, len = strlen(text); at < len; at += step, n++) {
        uint32_t cp;
        step = utf8_next(text + at, len - at, &cp, NULL);
        parts[n] = (struct part){at, step};
    }
    for (int i; (i = best_pair(p, text, parts, n)) >= 0; n--) {
        parts[i].n += parts[i + 1].n;
        memmove(&parts[i + 1], &parts[i + 2], (size_t)(n - i - 2) * sizeof *parts);
    }
    struct str out = {0};
    for (int i = 0; i < n; i++)
        str_printf(&out, "%s%.*s", i ? "|" : "", (int)parts[i].n, text + parts[i].at);
    return str_take(&out);
}

static void test_any_order_of_merges(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "b", U, "-", "ä", "[", "x"};
    struct pieces p;
    struct loaded l;
    make_pieces(&p);
    load_pieces(&l, &p, 0);
    srand(1);
    for (int round = 0; round < 3000; round++) {
        struct str marked = {0}, text = {0};
        int n_letters = round % 3 ? 7 : 2;
        for (int i = rand() % 30; i > 0; i--) {
            const char *letter = letters[rand() % n_letters];
            str_puts(&marked, letter);
            str_puts(&text, letter == letters[2] ? " " : letter);
        }
        char *want = plain_merges(&p, str_text(&marked));
        expect(l.t, false, str_text(&text), want);
        free(want);
        str_done(&marked);
        str_done(&text);
    }
    unload(&l);
    free_pieces(&p);
}

/* ---- broken text; large text ---- */

static void test_broken_utf8(void **state)
{
    (void)state;
    struct pieces p;
    struct loaded l;
    make_pieces(&p);
    load_pieces(&l, &p, 0);
    expect(l.t, false,
           "a\x80"
           "b",
           "a|<0xEF>|<0xBF>|<0xBD>|b");
    expect(l.t, false, "\xE2\x96", "<0xEF>|<0xBF>|<0xBD>");
    expect(l.t, false, "\xC0\xAF", "<0xEF>|<0xBF>|<0xBD>|<0xEF>|<0xBF>|<0xBD>");
    char *nul = pieces_of(l.t, "a\0b", 3, false);
    assert_string_equal(nul, "a|<0x00>|b");
    free(nul);
    unload(&l);
    free_pieces(&p);
}

/* Text comes back whole from its ids, but for U+2581, which comes back as a space. */
static void expect_round_trip(const struct tokenizer *t, const char *text, size_t n)
{
    size_t n_ids, n_bytes;
    int32_t *ids = tokenizer_encode(t, text, n, false, &n_ids, NULL);
    assert_non_null(ids);
    struct str back = {0};
    for (size_t i = 0; i < n_ids; i++) {
        const char *bytes = tokenizer_bytes(t, ids[i], &n_bytes);
        str_put(&back, bytes, n_bytes);
    }
    assert_int_equal(back.len, n);
    assert_memory_equal(str_text(&back), text, n);
    str_done(&back);
    free(ids);
}

static void test_large_texts(void **state)
{
    (void)state;
    enum { N = 200000 };
    static const char *const repeated[] = {"a", "ab", " ", "\n", "-", "<", "<table", "äb", "q"};
    struct pieces p;
    struct loaded l;
    make_pieces(&p);
    load_pieces(&l, &p, 0);
    for (size_t k = 0; k < sizeof repeated / sizeof *repeated; k++) {
        struct str text = {0};
        while (text.len < N)
            str_puts(&text, repeated[k]);
        expect_round_trip(l.t, text.data, text.len);
        str_done(&text);
    }
    unload(&l);
    free_pieces(&p);
}

/* ---- showing tokens as they come ---- */

/* Pushes the pieces named, '|' between; what they show, '|' between, and the flush are wanted. */
static void expect_shown(const struct tokenizer *t, const struct pieces *p, const char *pieces,
                         const char *want)
{
    struct facet_decoder d = {0};
    struct str shown = {0};
    char out[FACET_DECODER_BYTES];
    for (const char *at = pieces; *at;) {
        size_t n = strcspn(at, "|");
        str_put(&shown, out, tokenizer_push(t, &d, piece_id(p, at, n), out));
        str_putc(&shown, '|');
        at += n + (at[n] == '|');
    }
    str_put(&shown, out, tokenizer_flush(&d, out));
    assert_string_equal(str_text(&shown), want);
    assert_int_equal(d.n_held, 0);
    str_done(&shown);
}

static void test_decoder(void **state)
{
    (void)state;
#define BAD "\xEF\xBF\xBD"
    struct pieces p;
    struct loaded l;
    make_pieces(&p);
    load_pieces(&l, &p, 0);
    expect_shown(l.t, &p, U "ab|" U U "|<table>|\n", " ab|  |<table>|\n|");
    expect_shown(l.t, &p, "<bos>|a|<end_of_turn>|<image_soft_token>", "|a|||");
    expect_shown(l.t, &p, "<0xF0>|<0x9F>|<0x98>|<0x80>", "|||\xF0\x9F\x98\x80|");
    expect_shown(l.t, &p, "<0xC3>|<bos>|<0xA9>", "||\xC3\xA9|");
    expect_shown(l.t, &p, "<0xF0>|<0x9F>|a", "||" BAD "a|");
    expect_shown(l.t, &p, "<0xE2>|<0x96>", "||" BAD);
    expect_shown(l.t, &p, "<0x80>|<0xFF>", BAD "|" BAD "|");
    expect_shown(l.t, &p, "<0xE2>|<0xE2>|<0x96>|<0x81>", "|" BAD "||" U "|");
    expect_shown(l.t, &p, "<0xED>|<0xA0>|<0x80>", "||" BAD BAD BAD "|");
    expect_shown(l.t, &p, "<0xED>|<0xA0>", "||" BAD BAD);
    expect_shown(l.t, &p, "no piece", "|");
    unload(&l);
    free_pieces(&p);
}

/* ---- tables of Gemma's full size ---- */

static void put_number_piece(struct str *s, uint32_t id)
{
    char text[32];
    snprintf(text, sizeof text, "w%u", (unsigned)id);
    put_text(s, id == 2        ? "<bos>"
                : id == 3      ? "<unk>"
                : id == 50     ? "<tool>"
                : id == 51     ? "<think>"
                : id == 255999 ? "<start_of_image>"
                : id > 262144  ? "[PAD1]"
                               : text);
}

static void put_large(struct str *s, uint32_t n, const char *at_262144)
{
    put_header(s, 3);
    put_array(s, "tokenizer.ggml.tokens", GGUF_STRING, n);
    for (uint32_t id = 0; id < n; id++)
        if (id == 262144)
            put_text(s, at_262144);
        else
            put_number_piece(s, id);
    put_array(s, "tokenizer.ggml.scores", GGUF_F32, n);
    for (uint32_t id = 0; id < n; id++)
        put_float(s, 0);
    put_array(s, "tokenizer.ggml.token_type", GGUF_I32, n);
    for (uint32_t id = 0; id < n; id++)
        put_number(s, id == 50 ? USER_DEFINED : id == 51 ? CONTROL : NORMAL, 4);
}

static void expect_large(uint32_t n, const char *at_262144, size_t n_rows, size_t n_left)
{
    struct str bytes = {0};
    struct loaded l;
    struct facet_special_ids ids;
    put_large(&bytes, n, at_262144);
    load_bytes(&l, &bytes, n_rows);
    assert_non_null(l.t);
    assert_int_equal(tokenizer_size(l.t), n_left);
    tokenizer_get_special(l.t, &ids);
    assert_int_equal(ids.image_soft, 262144);
    assert_true(tokenizer_is_control(l.t, 262144));
    expect(l.t, true, "<image_soft_token>", "<image_soft_token>");
    expect(l.t, false, "<tool>", "<tool>"); /* a reserved slot with a name of its own */
    assert_false(tokenizer_is_control(l.t, 50));
    expect(l.t, true, "<think>", "<think>");
    assert_true(tokenizer_is_control(l.t, 51));
    unload(&l);
    str_done(&bytes);
}

static void test_soft_token(void **state)
{
    (void)state;
    expect_large(262144, "", 0, 262144);
    expect_large(262145, "<image_soft_token>", 262144, 262144);
    expect_large(262145, "<image_soft_token>", 0, 262145);
    expect_large(262208, "[PAD0]", 262208, 262208);
    expect_large(262144, "", 262208, 262144);
}

/* ---- files that are refused, or odd ---- */

static void put_tokens_only(struct str *s, const char *const *texts, size_t n, size_t n_scores)
{
    put_header(s, 2);
    put_array(s, "tokenizer.ggml.tokens", GGUF_STRING, n);
    for (size_t i = 0; i < n; i++)
        put_text(s, texts[i]);
    put_array(s, "tokenizer.ggml.scores", GGUF_F32, n_scores);
    for (size_t i = 0; i < n_scores; i++)
        put_float(s, -(float)i);
}

static void expect_refused(const char *const *texts, size_t n, size_t n_scores, const char *why)
{
    struct str bytes = {0};
    struct loaded l;
    put_tokens_only(&bytes, texts, n, n_scores);
    load_bytes(&l, &bytes, 0);
    assert_null(l.t);
    assert_non_null(strstr(l.err.text, why));
    unload(&l);
    str_done(&bytes);
}

static void test_refused(void **state)
{
    (void)state;
    char long_piece[1001];
    memset(long_piece, 'x', 1000);
    long_piece[1000] = 0;
    const char *const two[] = {"<unk>", "a"}, *const lengthy[] = {"<unk>", long_piece};
    expect_refused(two, 0, 0, "a vocabulary of 0 pieces");
    expect_refused(two + 1, 1, 1, "neither all byte pieces nor <unk>");
    expect_refused(two, 2, 1, "neither scores");
    expect_refused(lengthy, 2, 2, "piece 1 of the vocabulary has 1000 bytes");
}

static void test_odd_pieces(void **state)
{
    (void)state;
    const char *const odd[] = {"<unk>", "",      "a",     "a",     "aa",      "aa",
                               "\xFF",  "a\xFF", "<bos>", "<bos>", "\xE2\x96"};
    struct str bytes = {0};
    struct loaded l;
    put_tokens_only(&bytes, odd, sizeof odd / sizeof *odd, sizeof odd / sizeof *odd);
    load_bytes(&l, &bytes, 0);
    assert_non_null(l.t);
    size_t n;
    int32_t *ids = tokenizer_encode(l.t, "aaa<bos>", 8, true, &n, NULL);
    assert_int_equal(n, 3);
    assert_int_equal(ids[0], 4);
    assert_int_equal(ids[1], 2);
    assert_int_equal(ids[2], 8);
    free(ids);
    unload(&l);
    str_done(&bytes);
}

static void test_refused_json(void **state)
{
    (void)state;
    static const struct {
        const char *json, *why;
    } cases[] = {
        {"", "t.json: "},
        {"[1", "t.json: "},
        {"[]", "no byte-pair vocabulary"},
        {"{\"model\":{\"vocab\":{},\"merges\":[]}}", "a vocabulary of 0 pieces"},
        {"{\"model\":{\"vocab\":{\"a\":-1},\"merges\":[]}}", "no id that can be"},
        {"{\"model\":{\"vocab\":{\"a\":1e3},\"merges\":[]}}", "no id that can be"},
        {"{\"model\":{\"vocab\":{\"a\":99999999},\"merges\":[]}}", "no id that can be"},
        {"{\"model\":{\"vocab\":{\"a\":0},\"merges\":[7]}}", "merge 0"},
        {"{\"model\":{\"vocab\":{\"a\":0},\"merges\":[]},\"added_tokens\":[{\"id\":1}]}",
         "has no content"},
        {"{\"model\":{\"vocab\":{\"a\":0},\"merges\":[]}}", "neither all byte pieces nor <unk>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {""};
        assert_null(tokenizer_from_json(cases[i].json, strlen(cases[i].json), 0, "t.json", &err));
        assert_non_null(strstr(err.text, cases[i].why));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources_agree), cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_special_ids),   cmocka_unit_test(test_any_order_of_merges),
        cmocka_unit_test(test_broken_utf8),   cmocka_unit_test(test_large_texts),
        cmocka_unit_test(test_decoder),       cmocka_unit_test(test_soft_token),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_odd_pieces),
        cmocka_unit_test(test_refused_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
