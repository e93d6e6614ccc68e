/* The first byte tells what the input is: {, a tokenizer.json; G, a GGUF file with a vocabulary;
 * else the rest is a text that must come back whole from its ids in a small one. With libFuzzer:
 *     clang -fsanitize=fuzzer,address,undefined … tests/fuzz/fuzz_tokenizer.c
 * With -DFUZZ_MAIN a program of its own: fuzz_tokenizer [N [FILE…]]. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utf8.h"
#include "engine/gguf.h"
#include "engine/tokenizer.h"
#include "tests/support/fuzz.h"
#include "tests/support/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
    "<pad>",     "<bos>", "<start_of_turn>",
    "<unused7>", "<b>",   "</b>",
    "\n",        "\n\n",  "▁▁",
    "▁▁▁",       "ab",    "▁a",
    "ba",        "aba",   "abab",
    "éa",        "<0",    "a",
    "b",         "▁",     "é",
    "<",         "0",     ">",
    "n",         "s",
};
enum { N_WORDS = sizeof words / sizeof *words };

static void put_piece(struct str *json, const char *text, size_t id)
{
    str_printf(json, "%s\"", id ? "," : "");
    for (const char *c = text; *c; c++)
        str_printf(json, *c == '\n' ? "\\n" : "%c", *c);
    str_printf(json, "\":%zu", id);
}

static struct str small_json(void)
{
    struct str json = {0};
    str_puts(&json, "{\"model\":{\"vocab\":{");
    for (size_t id = 0; id < N_WORDS; id++)
        put_piece(&json, words[id], id);
    for (unsigned byte = 0; byte < 256; byte++)
        str_printf(&json, ",\"<0x%02X>\":%zu", byte, N_WORDS + (size_t)byte);
    str_puts(&json, "},\"merges\":[\"a b\",\"▁ a\",\"b a\",\"ab a\",\"ab ab\",\"é a\",\"< 0\"]}}");
    return json;
}

static struct tokenizer *small_tokenizer(void)
{
    struct str json = small_json();
    struct tokenizer *t = tokenizer_from_json(json.data, json.len, 0, "small", NULL);
    str_done(&json);
    return t;
}

/* The text as it is shown: valid UTF-8, U+2581 as a space. */
static void put_shown(struct str *out, const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        char bytes[4];
        at += utf8_next(text + at, n - at, &cp, NULL);
        str_put(out, bytes, utf8_put(cp == 0x2581 ? ' ' : cp, bytes));
    }
}

static void push_all(const struct tokenizer *t, const int32_t *ids, size_t n, struct str *shown)
{
    struct facet_decoder decoder = {0};
    char out[FACET_DECODER_BYTES];
    for (size_t i = 0; i < n; i++)
        str_put(shown, out, tokenizer_push(t, &decoder, ids[i], out));
    str_put(shown, out, tokenizer_flush(&decoder, out));
}

static void round_trip(const char *text, size_t n)
{
    struct tokenizer *t = small_tokenizer();
    size_t n_ids;
    int32_t *ids = t ? tokenizer_encode(t, text, n, false, &n_ids, NULL) : NULL;
    struct str want = {0}, have = {0};
    if (!ids)
        abort();
    put_shown(&want, text, n);
    push_all(t, ids, n_ids, &have);
    if (want.len != have.len || memcmp(str_text(&want), str_text(&have), want.len) != 0)
        abort();
    str_done(&want);
    str_done(&have);
    free(ids);
    tokenizer_free(t);
}

/* Whatever vocabulary came out of the bytes: every id is shown, and the bytes are encoded with it.
 */
static void use(struct tokenizer *t, const char *text, size_t n)
{
    if (!t)
        return;
    struct facet_decoder decoder = {0};
    char out[FACET_DECODER_BYTES];
    size_t n_ids, n_piece;
    for (int32_t id = -1; id <= (int32_t)tokenizer_size(t) && id < 4096; id++) {
        tokenizer_push(t, &decoder, id, out);
        tokenizer_piece(t, id, &n_piece);
    }
    free(tokenizer_encode(t, text, n, true, &n_ids, NULL));
    tokenizer_free(t);
}

static void open_gguf(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct str path = {0};
    str_printf(&path, "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    struct gguf *g = gguf_open(path.data, NULL);
    if (g)
        use(tokenizer_from_gguf(g, 0, NULL), (const char *)data, size);
    gguf_close(g);
    str_done(&path);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    if (data[0] == '{')
        use(tokenizer_from_json((const char *)data, size, 0, "fuzz", NULL), text, size - 1);
    else if (data[0] == 'G')
        open_gguf(data, size);
    else
        round_trip(text, size - 1);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    struct gguf_writer *w = tiny_text(&fuzz_shape);
    struct str seeds[] = {small_json(), gguf_writer_bytes(w), {0}};
    str_puts(&seeds[2], " abab  <0x41> <b>éab</b>\n\n▁a 猫 👩\u200d🚀 \xff\xe7\x8c <bos>");
    const struct fuzz fuzz = {
        .target = LLVMFuzzerTestOneInput, .head = 4096, .seeds = seeds, .n_seeds = 3};
    int result = fuzz_main(argc, argv, &fuzz);
    for (size_t i = 0; i < 3; i++)
        str_done(&seeds[i]);
    gguf_writer_free(w);
    return result;
}
#endif
