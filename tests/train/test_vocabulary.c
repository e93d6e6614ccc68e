/* A SentencePiece model made here, through the trainer's reader and the engine's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "engine/facet.h"
#include "tests/support/scratch.h"
#include "tests/support/small_spm.h"
#include "train/random.h"
#include "train/vocabulary.h"

#define U "▁"

/* NULL if the trainer or the engine refuses it, with why in err. */
static struct facet_model *open_model(struct str *file, struct err *err)
{
    struct spm s;
    struct gguf_writer *w = gguf_writer_new();
    char *folder = scratch_new(), *path = scratch_path(folder, "vocabulary.gguf");
    char why[FACET_ERROR_BYTES] = "";
    struct facet_model *model = NULL;
    gguf_put_string(w, "general.architecture", "gemma3");
    if (spm_parse(&s, file->data, file->len, "a model", err) && vocabulary_put(w, &s, err) &&
        gguf_writer_save(w, path, err)) {
        struct facet_model_options options = {.vocabulary_only = true};
        model = facet_model_open(path, &options, why);
        if (!model)
            err_set(err, "%s", why);
    }
    spm_done(&s);
    gguf_writer_free(w);
    str_done(file);
    free(path);
    scratch_free(folder);
    return model;
}

static struct facet_model *open_whole(void)
{
    struct err err;
    struct str file = small_spm(NULL);
    struct facet_model *model = open_model(&file, &err);
    if (!model)
        fail_msg("%s", err.text);
    return model;
}

static void pieces_keep_their_ids(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pieces;
    } all[] = {
        {"the cat", "the|" U "cat"},
        {"  the", "  |the"},
        {"the\n\ncat", "the|\n|\n|c|a|t"},
        {"cé<eos>", "c|<0xC3>|<0xA9>|<0x3C>|e|<0x6F>|<0x73>|<0x3E>"},
    };
    struct facet_model *model = open_whole();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct str got = {0};
        size_t n, bytes;
        int32_t *ids = facet_tokenize(model, all[i].text, strlen(all[i].text), false, &n, NULL);
        for (size_t k = 0; k < n; k++) {
            const char *piece = facet_token_piece(model, ids[k], &bytes);
            str_puts(&got, k ? "|" : "");
            str_put(&got, piece, bytes);
        }
        assert_string_equal(str_text(&got), all[i].pieces);
        str_done(&got);
        free(ids);
    }
    facet_model_close(model);
}

static void special_tokens_are_found(void **state)
{
    (void)state;
    struct facet_model *model = open_whole();
    struct facet_special_ids ids;
    facet_model_get_special(model, &ids);
    const int32_t got[] = {ids.pad,
                           ids.eos,
                           ids.bos,
                           ids.unk,
                           ids.start_of_turn,
                           ids.end_of_turn,
                           ids.start_of_image,
                           ids.end_of_image,
                           ids.image_soft};
    for (int i = 0; i < 9; i++)
        assert_int_equal(got[i], i);
    facet_model_close(model);
}

static void missing_tokens_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *missing, *says;
    } all[] = {{"<bos>", "the vocabulary has no <bos>"},
               {"<image_soft_token>", "the vocabulary has no <image_soft_token>"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct err err = {""};
        struct str file = small_spm(all[i].missing);
        assert_null(open_model(&file, &err));
        assert_string_equal(err.text, all[i].says);
    }
}

static void broken_models_are_errors(void **state)
{
    (void)state;
    struct str whole = small_spm(NULL);
    struct err err;
    struct spm s;
    size_t read = 0;
    for (size_t n = 0; n < whole.len; n++) {
        read += spm_parse(&s, whole.data, n, "a model", &err);
        spm_done(&s);
    }
    assert_true(read > 200 && read < 300); /* where a piece ends, a model may */
    str_done(&whole);
}

/* Any characters but U+2581, which is a space. */
static size_t random_text(struct random *r, char *out, int n)
{
    static const uint32_t ends[] = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        uint32_t c = random_below(r, ends[random_below(r, 4)]) + 1;
        bool bad = (c >= 0xD800 && c <= 0xDFFF) || c == 0x2581;
        at += utf8_put(random_chance(r, 0.3) ? ' ' : bad ? 'e' : c, out + at);
    }
    return at;
}

static void any_text_comes_back(void **state)
{
    (void)state;
    struct facet_model *model = open_whole();
    struct random r = random_of(1, 1);
    for (int round = 0; round < 200; round++) {
        char text[400], part[FACET_DECODER_BYTES];
        size_t n_ids, n = random_text(&r, text, 100);
        int32_t *ids = facet_tokenize(model, text, n, false, &n_ids, NULL);
        struct facet_decoder decoder = {0};
        struct str back = {0};
        for (size_t i = 0; i < n_ids; i++)
            str_put(&back, part, facet_decoder_push(&decoder, model, ids[i], part));
        str_put(&back, part, facet_decoder_flush(&decoder, part));
        assert_int_equal(back.len, n);
        assert_memory_equal(back.data, text, n);
        str_done(&back);
        free(ids);
    }
    facet_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_keep_their_ids),     cmocka_unit_test(special_tokens_are_found),
        cmocka_unit_test(missing_tokens_are_errors), cmocka_unit_test(broken_models_are_errors),
        cmocka_unit_test(any_text_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
