/* Checks the tokenizer against golden data: tokenizer_golden FOLDER [TOKENIZER.JSON]
 *
 * FOLDER holds gemma3-vocab.gguf and cases, two_answers, decode, stream, rejects (.jsonl). With a
 * tokenizer.json the same is asked of it. Prints a line for each failure and for each load. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/str.h"
#include "engine/gguf.h"
#include "engine/tokenizer.h"

struct check {
    const struct tokenizer *t;
    const char *source, *file; /* "gguf" or "json"; the golden file's name */
    size_t passed, failed;
};

static void judge(struct check *c, const json_t *line, const char *what, bool good)
{
    if (good)
        c->passed++;
    else
        c->failed++;
    if (!good)
        printf("FAILED %s %s %s: %s\n", c->source, c->file,
               json_string_value(json_object_get(line, "name")), what);
}

static void put_hex(struct str *out, const char *hex)
{
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        str_putc(out, (char)byte);
}

/* The line's text as bytes: `hex` where it has one. */
static void put_text(struct str *out, const json_t *line, const char *key)
{
    const json_t *hex = json_object_get(line, "hex"), *text = json_object_get(line, key);
    if (hex)
        put_hex(out, json_string_value(hex));
    else
        str_put(out, json_string_value(text), json_string_length(text));
}

static bool same_ids(const json_t *want, const int32_t *ids, size_t n)
{
    if (!ids || json_array_size(want) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (json_integer_value(json_array_get(want, i)) != ids[i])
            return false;
    return true;
}

static bool same_text(const json_t *want, const struct str *have)
{
    return json_string_length(want) == have->len &&
           memcmp(json_string_value(want), str_text(have), have->len) == 0;
}

static void check_encode(struct check *c, const json_t *line)
{
    struct str text = {0};
    struct err err = {""};
    size_t n = 0;
    put_text(&text, line, "text");
    bool special = json_is_true(json_object_get(line, "parse_special"));
    int32_t *ids = tokenizer_encode(c->t, str_text(&text), text.len, special, &n, &err);
    judge(c, line, ids ? "other ids" : err.text, same_ids(json_object_get(line, "ids"), ids, n));
    free(ids);
    str_done(&text);
}

/* What pushes give for all ids, the flush behind them. */
static void show(const struct check *c, const json_t *ids, struct str *shown)
{
    struct facet_decoder decoder = {0};
    char out[FACET_DECODER_BYTES];
    size_t i;
    json_t *id;
    json_array_foreach(ids, i, id)
        str_put(shown, out, tokenizer_push(c->t, &decoder, (int32_t)json_integer_value(id), out));
    str_put(shown, out, tokenizer_flush(&decoder, out));
}

static void check_decode(struct check *c, const json_t *line)
{
    const json_t *ids = json_object_get(line, "ids"), *text = json_object_get(line, "text");
    const json_t *skipped = json_object_get(line, "text_skip_special");
    struct str shown = {0}, bytes = {0};
    show(c, ids, &shown);
    judge(c, line, "other text", same_text(skipped ? skipped : text, &shown));
    size_t i;
    json_t *id;
    json_array_foreach(ids, i, id) {
        size_t n;
        const char *piece = tokenizer_bytes(c->t, (int32_t)json_integer_value(id), &n);
        if (piece)
            str_put(&bytes, piece, n);
    }
    if (!json_is_true(json_object_get(line, "invalid_utf8")))
        judge(c, line, "other bytes", same_text(text, &bytes));
    str_done(&shown);
    str_done(&bytes);
}

static void check_stream(struct check *c, const json_t *line)
{
    const json_t *pieces = json_object_get(line, "pieces");
    struct facet_decoder decoder = {0};
    char out[FACET_DECODER_BYTES];
    bool good = true;
    size_t i;
    json_t *id;
    json_array_foreach(json_object_get(line, "ids"), i, id) {
        struct str piece = {0};
        str_put(&piece, out, tokenizer_push(c->t, &decoder, (int32_t)json_integer_value(id), out));
        good = good && same_text(json_array_get(pieces, i), &piece);
        str_done(&piece);
    }
    struct str last = {0};
    str_put(&last, out, tokenizer_flush(&decoder, out));
    judge(c, line, "other pieces", good && same_text(json_object_get(line, "flush"), &last));
    str_done(&last);
}

/* Bytes that are not UTF-8 give the ids of the text with U+FFFD in their place. */
static void check_reject(struct check *c, const json_t *line)
{
    const json_t *text = json_object_get(line, "replaced");
    struct str bytes = {0};
    size_t n_have = 0, n_want = 0;
    put_hex(&bytes, json_string_value(json_object_get(line, "hex")));
    int32_t *have = tokenizer_encode(c->t, str_text(&bytes), bytes.len, false, &n_have, NULL);
    int32_t *want = tokenizer_encode(c->t, json_string_value(text), json_string_length(text), false,
                                     &n_want, NULL);
    judge(c, line, "other ids than with U+FFFD",
          have && want && n_have == n_want && memcmp(have, want, n_have * sizeof *have) == 0);
    free(have);
    free(want);
    str_done(&bytes);
}

static void check_file(struct check *c, const char *folder, const char *file,
                       void check_line(struct check *, const json_t *))
{
    char *path = path_join(folder, file);
    struct err err;
    size_t size;
    char *text = file_read(path, 64 << 20, &size, &err);
    free(path);
    c->file = file;
    if (!text) {
        printf("FAILED %s\n", err.text);
        c->failed++;
        return;
    }
    for (char *at = text, *end; (end = strchr(at, '\n')); at = end + 1) {
        json_t *line = json_loadb(at, (size_t)(end - at), JSON_ALLOW_NUL, NULL);
        if (line)
            check_line(c, line);
        else
            c->failed += (size_t)printf("FAILED %s: a line is no JSON\n", file) > 0;
        json_decref(line);
    }
    free(text);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void check_all(struct check *c, const char *folder, const char *source, struct tokenizer *t,
                      const struct err *err)
{
    c->source = source;
    c->t = t;
    if (!t) {
        printf("FAILED %s: %s\n", source, err->text);
        c->failed++;
        return;
    }
    check_file(c, folder, "cases.jsonl", check_encode);
    check_file(c, folder, "two_answers.jsonl", check_encode);
    check_file(c, folder, "decode.jsonl", check_decode);
    check_file(c, folder, "stream.jsonl", check_stream);
    check_file(c, folder, "rejects.jsonl", check_reject);
    tokenizer_free(t);
}

static void check_gguf(struct check *c, const char *folder)
{
    struct err err = {""};
    char *path = path_join(folder, "gemma3-vocab.gguf");
    double start = now_ms();
    struct gguf *g = gguf_open(path, &err);
    struct tokenizer *t = g ? tokenizer_from_gguf(g, 0, &err) : NULL;
    printf("gguf: loaded in %.1f ms\n", now_ms() - start);
    check_all(c, folder, "gguf", t, &err);
    gguf_close(g);
    free(path);
}

static void check_json(struct check *c, const char *folder, const char *path)
{
    struct err err = {""};
    struct file_map map;
    double start = now_ms();
    struct tokenizer *t = NULL;
    if (file_map_open(&map, path, &err)) {
        t = tokenizer_from_json((const char *)map.data, map.size, 0, path, &err);
        file_map_close(&map);
    }
    printf("json: loaded in %.1f ms\n", now_ms() - start);
    check_all(c, folder, "json", t, &err);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fputs("usage: tokenizer_golden FOLDER [TOKENIZER.JSON]\n", stderr);
        return 2;
    }
    struct check c = {0};
    check_gguf(&c, argv[1]);
    if (argc == 3)
        check_json(&c, argv[1], argv[2]);
    printf("%zu passed, %zu failed\n", c.passed, c.failed);
    return c.failed > 0;
}
