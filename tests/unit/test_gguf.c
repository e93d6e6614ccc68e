#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/gguf.h"
#include "engine/quant.h"
#include "tools/gguf_write.h"
#include "tests/support/scratch.h"

struct place {
    char *folder, *path;
};

static int setup(void **state)
{
    struct place *p = mem_new(1, sizeof *p);
    p->folder = scratch_new();
    p->path = p->folder ? scratch_path(p->folder, "x.gguf") : NULL;
    *state = p;
    return p->folder ? 0 : -1;
}

static int teardown(void **state)
{
    struct place *p = *state;
    scratch_free(p->folder);
    free(p->path);
    free(p);
    return 0;
}

/* A tensor of zeroes. */
static void add_tensor(struct gguf_writer *w, const char *name, uint32_t type, uint64_t cols,
                       uint64_t rows)
{
    const uint64_t dims[4] = {cols, rows};
    size_t bytes = type_row_bytes(type, cols) * rows;
    gguf_put_tensor(w, name, type, 2, dims, mem_new(bytes, 1), bytes);
}

/* Keys of each kind and two tensors. */
static struct gguf_writer *sample(void)
{
    struct gguf_writer *w = gguf_writer_new();
    static const char *const strings[] = {"one", "", "three"};
    static const float numbers[] = {0.5f, -2};
    static const uint8_t wide[] = {GGUF_U64, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t minus[] = {GGUF_I32, 0, 0, 0, 255, 255, 255, 255};
    gguf_put_u32(w, "u", 70000);
    gguf_put_f32(w, "f", 1.5f);
    gguf_put_bool(w, "b", true);
    gguf_put_string(w, "s", "text");
    gguf_put_strings(w, "strings", 3, strings);
    gguf_put_array(w, "numbers", GGUF_F32, 2, numbers, sizeof numbers);
    gguf_put_raw(w, "wide", wide, sizeof wide);
    gguf_put_raw(w, "minus", minus, sizeof minus);
    add_tensor(w, "first", TYPE_F32, 8, 3);
    add_tensor(w, "second", TYPE_Q4_0, 64, 2);
    return w;
}

static struct gguf *save_and_open(struct place *p, struct gguf_writer *w, struct err *err)
{
    assert_true(gguf_writer_save(w, p->path, err));
    gguf_writer_free(w);
    return gguf_open(p->path, err);
}

static void assert_refused(struct place *p, struct gguf_writer *w, const char *part)
{
    struct err err = {""};
    assert_null(save_and_open(p, w, &err));
    assert_non_null(strstr(err.text, p->path));
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

static void assert_bytes_refused(struct place *p, const void *bytes, size_t n, const char *part)
{
    struct err err = {""};
    assert_true(file_write(p->path, bytes, n, 0600, &err));
    assert_null(gguf_open(p->path, &err));
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

static void test_values(void **state)
{
    struct err err;
    struct gguf *g = save_and_open(*state, sample(), &err);
    assert_non_null(g);
    uint32_t u = 0;
    float f = 0;
    bool b = false;
    struct gguf_string s;
    assert_true(gguf_get_u32(g, "u", &u) && u == 70000);
    assert_true(gguf_get_u32(g, "wide", &u) && u == 7);
    assert_false(gguf_get_u32(g, "minus", &u));
    assert_false(gguf_get_u32(g, "f", &u));
    assert_false(gguf_get_u32(g, "none", &u));
    assert_true(gguf_get_f32(g, "f", &f) && f == 1.5f);
    assert_false(gguf_get_f32(g, "s", &f));
    assert_true(gguf_get_bool(g, "b", &b) && b);
    assert_true(gguf_get_string(g, "s", &s));
    assert_int_equal(s.n, 4);
    assert_memory_equal(s.text, "text", 4);
    gguf_close(g);
}

static void test_arrays(void **state)
{
    struct err err;
    struct gguf *g = save_and_open(*state, sample(), &err);
    struct gguf_array a;
    struct gguf_string s;
    assert_true(gguf_get_array(g, "numbers", &a));
    assert_int_equal(a.n, 2);
    assert_true(gguf_array_number(&a, 0) == 0.5 && gguf_array_number(&a, 1) == -2);
    assert_true(gguf_array_number(&a, 2) == 0);
    assert_false(gguf_get_array(g, "s", &a));
    assert_true(gguf_get_array(g, "strings", &a));
    struct gguf_string_walk walk = gguf_array_strings(&a);
    static const size_t lengths[] = {3, 0, 5};
    for (size_t i = 0; i < 3; i++) {
        assert_true(gguf_next_string(&walk, &s));
        assert_int_equal(s.n, lengths[i]);
    }
    assert_memory_equal(s.text, "three", 5);
    assert_false(gguf_next_string(&walk, &s));
    gguf_close(g);
}

static void test_tensors(void **state)
{
    for (uint32_t version = 2; version <= 3; version++) {
        struct err err;
        struct gguf_writer *w = sample();
        w->version = version;
        w->alignment = version == 2 ? 32 : 64;
        struct gguf *g = save_and_open(*state, w, &err);
        assert_non_null(g);
        assert_int_equal(gguf_tensor_count(g), 2);
        const struct gguf_tensor *t = gguf_find(g, "second");
        assert_ptr_equal(t, gguf_tensor_at(g, 1));
        assert_int_equal(t->type, TYPE_Q4_0);
        assert_int_equal(t->dims[0], 64);
        assert_int_equal(t->dims[1], 2);
        assert_int_equal(t->dims[2], 1);
        assert_int_equal(t->bytes, 4 * 18);
        assert_null(gguf_find(g, "secon"));
        assert_null(gguf_tensor_at(g, 2));
        gguf_close(g);
    }
}

static void test_unknown_type_is_listed(void **state)
{
    struct err err;
    struct gguf_writer *w = sample();
    const uint64_t dims[4] = {256};
    gguf_put_tensor(w, "odd", 17, 1, dims, mem_new(74, 1), 74); /* IQ2_XS */
    struct gguf *g = save_and_open(*state, w, &err);
    assert_non_null(g);
    assert_int_equal(gguf_find(g, "odd")->bytes, 0);
    gguf_close(g);
}

static void test_not_gguf(void **state)
{
    struct err err;
    assert_bytes_refused(*state, "", 0, "not a GGUF file");
    assert_bytes_refused(*state, "GGML____", 8, "not a GGUF file");
    assert_bytes_refused(*state, "GGUF", 4, "ends within its header");
    assert_bytes_refused(*state, "GGUF\1\0\0\0", 8, "version 1");
    assert_bytes_refused(*state, "GGUF\0\0\0\3", 8, "big-endian");
    assert_bytes_refused(*state, "version https://git-lfs.github.com/spec/v1\n", 43, "LFS");
    assert_null(gguf_open("/nonexistent/x.gguf", &err));
    assert_null(gguf_open("/", &err));
}

static void test_absurd_counts(void **state)
{
    uint8_t head[24] = "GGUF\3";
    memset(head + 8, 0x7f, 8);
    assert_bytes_refused(*state, head, sizeof head, "tensors");
    memset(head + 8, 0, 8);
    memset(head + 16, 0x7f, 8);
    assert_bytes_refused(*state, head, sizeof head, "keys");
}

static void test_bad_keys(void **state)
{
    struct gguf_writer *w = sample();
    gguf_put_raw(w, "k", (const uint8_t[]){99, 0, 0, 0}, 4);
    assert_refused(*state, w, "\"k\" has an unknown type");

    w = sample();
    uint8_t nested[16] = {GGUF_ARRAY, 0, 0, 0, GGUF_ARRAY};
    gguf_put_raw(w, "k", nested, sizeof nested);
    assert_refused(*state, w, "array of arrays");

    w = sample();
    uint8_t large[16] = {GGUF_ARRAY, 0,   0,   0,   GGUF_F64, 0,   0,   0,
                         255,        255, 255, 255, 255,      255, 255, 255};
    gguf_put_raw(w, "k", large, sizeof large);
    assert_refused(*state, w, "more elements");

    w = sample();
    uint8_t cut[24] = {GGUF_ARRAY, 0, 0, 0, GGUF_STRING, 0, 0,   0,   1,   0,
                       0,          0, 0, 0, 0,           0, 255, 255, 255, 255};
    gguf_put_raw(w, "k", cut, sizeof cut);
    assert_refused(*state, w, "\"k\" has strings");

    w = sample();
    gguf_put_u32(w, "v", 1);
    strcpy(w->keys[w->n_keys - 1].key, "u");
    assert_refused(*state, w, "\"u\" is there twice");
}

static void test_bad_tensors(void **state)
{
    struct gguf_writer *w = sample();
    add_tensor(w, "first", TYPE_F32, 8, 3);
    assert_refused(*state, w, "\"first\" is there twice");

    w = sample();
    gguf_written(w, "second")->dims[0] = 48;
    assert_refused(*state, w, "do not fill the Q4_0 blocks");

    w = sample();
    gguf_written(w, "second")->dims[1] = 1000;
    assert_refused(*state, w, "\"second\" reaches past the end");

    w = sample();
    gguf_written(w, "second")->dims[1] = UINT64_MAX / 8;
    assert_refused(*state, w, "overflow");

    w = sample();
    gguf_written(w, "second")->dims[1] = 0;
    assert_refused(*state, w, "dimension of 0");

    w = sample();
    gguf_written(w, "second")->n_dims = 0;
    assert_refused(*state, w, "1 to 4 dimensions");
}

static void test_bad_alignment(void **state)
{
    static const uint32_t alignments[] = {0, 1, 12, 1u << 30};
    for (size_t i = 0; i < 4; i++) {
        struct gguf_writer *w = sample();
        gguf_put_u32(w, "general.alignment", alignments[i]);
        assert_refused(*state, w, "general.alignment");
    }
    struct gguf_writer *w = sample(); /* offsets that are multiples of 32 only */
    gguf_put_u32(w, "general.alignment", 256);
    add_tensor(w, "third", TYPE_F32, 256, 4);
    assert_refused(*state, w, "does not begin at a multiple");
}

/* Every shorter file is refused, or misses nothing but what no tensor needs. */
static void test_truncated(void **state)
{
    struct place *p = *state;
    struct err err;
    struct gguf_writer *w = sample();
    struct str all = gguf_writer_bytes(w);
    gguf_writer_free(w);
    for (size_t n = 0; n < all.len; n++) {
        assert_true(file_write(p->path, all.data, n, 0600, &err));
        struct gguf *g = gguf_open(p->path, &err);
        assert_null(g);
    }
    str_done(&all);
}

/* ---- Split files ---------------------------------------------------------------------------- */

static void save_part(struct place *p, uint32_t i, uint32_t count, const char *name,
                      const char *tensor)
{
    struct err err;
    struct gguf_writer *w = gguf_writer_new();
    gguf_put_u32(w, "split.no", i);
    gguf_put_u32(w, "split.count", count);
    gguf_put_u32(w, "split.tensors.count", count);
    if (i == 0)
        gguf_put_string(w, "general.name", "split");
    add_tensor(w, tensor, TYPE_F32, 8, i + 1);
    char *path = scratch_path(p->folder, name);
    assert_true(gguf_writer_save(w, path, &err));
    free(path);
    gguf_writer_free(w);
}

static struct gguf *open_part(struct place *p, const char *name, struct err *err)
{
    char *path = scratch_path(p->folder, name);
    struct gguf *g = gguf_open(path, err);
    free(path);
    return g;
}

static void test_split(void **state)
{
    struct place *p = *state;
    struct err err;
    save_part(p, 0, 3, "m-00001-of-00003.gguf", "a");
    save_part(p, 1, 3, "m-00002-of-00003.gguf", "b");
    assert_null(open_part(p, "m-00001-of-00003.gguf", &err));
    assert_non_null(strstr(err.text, "part 3 of 3"));
    assert_non_null(strstr(err.text, "m-00003-of-00003.gguf"));
    save_part(p, 2, 3, "m-00003-of-00003.gguf", "c");
    static const char *const names[] = {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf",
                                        "m-00003-of-00003.gguf"};
    for (size_t i = 0; i < 3; i++) {
        struct gguf_string s;
        struct gguf *g = open_part(p, names[i], &err);
        assert_non_null(g);
        assert_int_equal(gguf_tensor_count(g), 3);
        assert_true(gguf_get_string(g, "general.name", &s));
        assert_int_equal(gguf_find(g, "c")->dims[1], 3);
        assert_int_equal(gguf_tensor_at(g, 0)->dims[1], 1);
        gguf_close(g);
    }
}

static void test_split_wrong(void **state)
{
    struct place *p = *state;
    struct err err;
    save_part(p, 0, 2, "other.gguf", "a");
    assert_null(open_part(p, "other.gguf", &err));
    assert_non_null(strstr(err.text, "does not end in"));
    save_part(p, 0, 2, "m-00001-of-00002.gguf", "a");
    save_part(p, 0, 2, "m-00002-of-00002.gguf", "b");
    assert_null(open_part(p, "m-00001-of-00002.gguf", &err));
    assert_non_null(strstr(err.text, "part 2 of 2"));
    save_part(p, 1, 2, "m-00002-of-00002.gguf", "a");
    assert_null(open_part(p, "m-00001-of-00002.gguf", &err));
    assert_non_null(strstr(err.text, "there twice"));
    save_part(p, 0, 100000, "m-00001-of-99999.gguf", "a");
    assert_null(open_part(p, "m-00001-of-99999.gguf", &err));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_values),      TEST(test_arrays),      TEST(test_tensors),
        TEST(test_not_gguf),    TEST(test_bad_keys),    TEST(test_unknown_type_is_listed),
        TEST(test_bad_tensors), TEST(test_truncated),   TEST(test_absurd_counts),
        TEST(test_split),       TEST(test_split_wrong), TEST(test_bad_alignment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
