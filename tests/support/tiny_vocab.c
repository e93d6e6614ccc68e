#include "tests/support/tiny_vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"

/* Common words, short ones first in each line. */
static const char words[] = "the be to of and a in that have I it for not on with he as you do at "
                            "this but his by from they we say "
                            "her she or an will my one all would there their what so up out if "
                            "about who get which go me when make "
                            "can like time no just him know take people into year your good some "
                            "could them see other than then "
                            "now look only come its over think also back after use two how our "
                            "work first well way even new want "
                            "because any these give day most us was were been has had are is did "
                            "said each tell does set three "
                            "here must home try us again point world near build self earth father "
                            "head stand own page should "
                            "country found answer school grow study still learn plant cover food "
                            "sun four between state keep eye "
                            "never last let thought city tree cross farm hard start might story "
                            "saw far sea draw left late run "
                            "while press close night real life few north open seem next white "
                            "child begin got walk example ease "
                            "paper group always music those both mark often letter until mile "
                            "river car feet care second book "
                            "carry took science eat room friend began idea fish mountain stop once "
                            "base hear horse cut sure watch "
                            "color face wood main enough plain girl usual young ready above ever "
                            "red list though feel talk bird "
                            "soon body dog family direct pose leave song measure door product "
                            "black short number class wind "
                            "question happen complete ship area half rock order fire south problem "
                            "piece told knew pass since top "
                            "whole king space heard best hour better true during hundred five "
                            "remember step early hold west ground "
                            "interest reach fast verb sing listen six table travel less morning "
                            "ten simple several vowel toward "
                            "war lay against pattern slow center love person money serve appear "
                            "road map rain rule govern pull cold "
                            "notice voice unit power town fine certain fly fall lead cry dark "
                            "machine note wait plan figure star "
                            "box noun field rest correct able pound done beauty drive stood "
                            "contain front teach week final gave "
                            "green oh quick develop ocean warm free minute strong special mind "
                            "behind clear tail produce fact street "
                            "inch multiply nothing course stay wheel full force blue object decide "
                            "surface deep moon island foot "
                            "system busy test record boat common gold possible plane stead dry "
                            "wonder laugh thousand ago ran check "
                            "game shape equate hot miss brought heat snow tire bring yes distant "
                            "fill east paint language among";

static const char *const tags[] = {
    "table",  "caption",  "thead",  "tbody",  "tfoot",   "tr",          "th",         "td",
    "/table", "/caption", "/thead", "/tbody", "/tfoot",  "/tr",         "/th",        "/td",
    "h1",     "h2",       "h3",     "h4",     "h5",      "h6",          "blockquote", "/h1",
    "/h2",    "/h3",      "/h4",    "/h5",    "/h6",     "/blockquote", "strong",     "em",
    "b",      "i",        "u",      "s",      "sub",     "sup",         "code",       "/strong",
    "/em",    "/b",       "/i",     "/u",     "/s",      "/sub",        "/sup",       "/code",
    "a",      "html",     "body",   "img",    "span",    "bbox",        "ul",         "li",
    "div",    "iframe",   "footer", "/a",     "/html",   "/body",       "/img",       "/span",
    "/bbox",  "/ul",      "/li",    "/div",   "/iframe", "/footer"};

/* Characters beside printable ASCII. */
static const char *const characters[] = {
    "\u2581", "é", "è", "à", "ä", "ö", "ü", "ß", "ñ",  "ç",  "ø",  "å",  "’",  "“",  "”",    "–",
    "—",      "…", "€", "°", "ж", "д", "α", "λ", "日", "本", "語", "中", "한", "あ", "🙂", "❤"};
enum { N_CHARACTERS = 94 + sizeof characters / sizeof *characters };

/* Token types of GGUF. */
enum { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, BYTE = 6 };

struct vocab {
    char **pieces;
    int32_t *types;
    float *scores;
    size_t n, limit;
};

static void add(struct vocab *v, const char *text, size_t n, int32_t type)
{
    if (v->n == v->limit)
        return;
    v->pieces[v->n] = mem_text(text, n);
    v->types[v->n] = type;
    v->scores[v->n] = type == NORMAL ? -(float)(v->n - TINY_WORDS) : -1000;
    v->n++;
}

static void add_text(struct vocab *v, const char *text, int32_t type)
{
    add(v, text, strlen(text), type);
}

static void add_run(struct vocab *v, char c, size_t n)
{
    char run[32];
    memset(run, c, n);
    add(v, run, n, USER_DEFINED);
}

/* Ids 0 to 493. */
static void add_fixed(struct vocab *v)
{
    static const char *const first[] = {"<pad>", "<eos>",  "<bos>",
                                        "<unk>", "<mask>", "[multimodal]"};
    char text[32];
    for (size_t i = 0; i < 6; i++)
        add_text(v, first[i], i == 3 ? UNKNOWN : i == 5 ? USER_DEFINED : CONTROL);
    for (int i = 0; i < 99; i++) {
        snprintf(text, sizeof text, "<unused%d>", i);
        add_text(v, text, CONTROL);
    }
    add_text(v, "<start_of_turn>", CONTROL);
    add_text(v, "<end_of_turn>", CONTROL);
    for (size_t i = 1; i <= 31; i++)
        add_run(v, '\n', i);
    for (size_t i = 2; i <= 31; i++)
        add_run(v, ' ', i);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        snprintf(text, sizeof text, "<%s>", tags[i]);
        add_text(v, text, USER_DEFINED);
    }
    for (int i = 0; i < 256; i++) {
        snprintf(text, sizeof text, "<0x%02X>", i);
        add_text(v, text, BYTE);
    }
}

static bool has(const struct vocab *v, const char *text, size_t n)
{
    for (size_t i = TINY_WORDS; i < v->n; i++)
        if (strlen(v->pieces[i]) == n && memcmp(v->pieces[i], text, n) == 0)
            return true;
    return false;
}

/* A piece of a word, and what must stand at fixed ids among them. */
static void add_piece(struct vocab *v, const char *text, size_t n)
{
    if (has(v, text, n))
        return;
    if (v->n == TINY_START_OF_IMAGE) {
        add_text(v, "<start_of_image>", CONTROL);
        add_text(v, "<end_of_image>", CONTROL);
        add_text(v, "<image_soft_token>", CONTROL);
    }
    add(v, text, n, NORMAL);
}

/* The beginnings of each word, of two characters and more, the shorter ones of all words first;
 * behind a space, then, to fill up, capitalised and bare. */
static void add_words(struct vocab *v, size_t end)
{
    static const char *const before[] = {"\u2581", "", ""};
    for (size_t form = 0; form < 3; form++) {
        for (size_t length = form ? 2 : 1; length < 12; length++) {
            for (const char *w = words; *w && v->n < end; w += strcspn(w, " "), w += *w == ' ') {
                char piece[48];
                if (strcspn(w, " ") < length)
                    continue;
                int n = snprintf(piece, sizeof piece, "%s%.*s", before[form], (int)length, w);
                if (form == 1 && piece[0] >= 'a')
                    piece[0] = (char)(piece[0] - 'a' + 'A');
                add_piece(v, piece, (size_t)n);
            }
        }
    }
}

static struct vocab make(size_t n)
{
    struct vocab v = {mem_new(n, sizeof *v.pieces), mem_new(n, sizeof *v.types),
                      mem_new(n, sizeof *v.scores), 0, n};
    add_fixed(&v);
    add_words(&v, n - N_CHARACTERS);
    for (char c = '!'; c <= '~'; c++)
        add_piece(&v, &c, 1);
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++)
        add_piece(&v, characters[i], strlen(characters[i]));
    for (int i = 99; v.n < n; i++) {
        char text[32];
        snprintf(text, sizeof text, "<unused%d>", i);
        add_text(&v, text, CONTROL);
    }
    return v;
}

static void done(struct vocab *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->pieces[i]);
    free(v->pieces);
    free(v->types);
    free(v->scores);
}

void tiny_vocab_put(struct gguf_writer *w, size_t n)
{
    struct vocab v = make(n);
    gguf_put_string(w, "tokenizer.ggml.model", "llama");
    gguf_put_string(w, "tokenizer.ggml.pre", "default");
    gguf_put_strings(w, "tokenizer.ggml.tokens", n, (const char *const *)v.pieces);
    gguf_put_array(w, "tokenizer.ggml.scores", GGUF_F32, n, v.scores, n * sizeof *v.scores);
    gguf_put_array(w, "tokenizer.ggml.token_type", GGUF_I32, n, v.types, n * sizeof *v.types);
    gguf_put_u32(w, "tokenizer.ggml.bos_token_id", TINY_BOS);
    gguf_put_u32(w, "tokenizer.ggml.eos_token_id", 1);
    gguf_put_u32(w, "tokenizer.ggml.unknown_token_id", 3);
    gguf_put_u32(w, "tokenizer.ggml.padding_token_id", 0);
    gguf_put_bool(w, "tokenizer.ggml.add_bos_token", true);
    gguf_put_bool(w, "tokenizer.ggml.add_eos_token", false);
    gguf_put_bool(w, "tokenizer.ggml.add_space_prefix", false);
    done(&v);
}

static bool is_word(const char *text)
{
    size_t n = strlen(text);
    for (const char *w = words; *w; w += strcspn(w, " "), w += *w == ' ')
        if (strcspn(w, " ") == n && memcmp(w, text, n) == 0)
            return true;
    return false;
}

bool *tiny_vocab_words(size_t n)
{
    static const char space[] = "\u2581";
    struct vocab v = make(n);
    bool *flags = mem_new(n, sizeof *flags);
    for (size_t i = TINY_WORDS; i < n; i++) {
        const char *piece = v.pieces[i];
        bool behind_space = strncmp(piece, space, strlen(space)) == 0;
        flags[i] = behind_space ? is_word(piece + strlen(space)) : strchr(",.?!", *piece) != NULL;
    }
    done(&v);
    return flags;
}

/* A piece's two parts: all but its last character, and that. */
static json_t *merge_of(const char *piece)
{
    size_t n = strlen(piece), cut = n - 1;
    while (cut > 0 && ((unsigned char)piece[cut] & 0xC0) == 0x80)
        cut--;
    return cut ? json_pack("[s%, s%]", piece, cut, piece + cut, n - cut) : NULL;
}

char *tiny_vocab_json(size_t n)
{
    struct vocab v = make(n);
    json_t *vocab = json_object(), *merges = json_array(), *added = json_array();
    for (size_t i = 0; i < n; i++) {
        json_object_set_new(vocab, v.pieces[i], json_integer((json_int_t)i));
        json_t *merge = v.types[i] == NORMAL ? merge_of(v.pieces[i]) : NULL;
        if (merge)
            json_array_append_new(merges, merge);
        if (v.types[i] != NORMAL && v.types[i] != BYTE)
            json_array_append_new(added,
                                  json_pack("{s:i, s:s, s:b}", "id", (int)i, "content", v.pieces[i],
                                            "special", v.types[i] != USER_DEFINED));
    }
    json_t *root =
        json_pack("{s:s, s:o, s:{s:s, s:b, s:o, s:o}}", "version", "1.0", "added_tokens", added,
                  "model", "type", "BPE", "byte_fallback", 1, "vocab", vocab, "merges", merges);
    char *text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    done(&v);
    return text;
}
