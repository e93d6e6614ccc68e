/* What the pictures to learn from promise: the same numbers, the same sample; marks within; answers
 * that say their key; nothing of one split in the other. */
#include <ctype.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/support/stride.h"
#include "train/sample.h"
#include "train/words.h"

enum { SEED = 3, MANY = 2000 / STRIDE, FEW = 60 };

static struct sample made(enum sample_split split, uint64_t index)
{
    struct sample s;
    struct err err = {""};
    if (!picture_make(&s, split, SEED, index, &err))
        fail_msg("sample %llu: %s", (unsigned long long)index, err.text);
    return s;
}

static bool same(const struct sample *a, const struct sample *b)
{
    size_t n_pixels = (size_t)a->picture.width * a->picture.height * 3;
    if (a->picture.width != b->picture.width || a->picture.height != b->picture.height ||
        a->n_marks != b->n_marks || a->n_exchanges != b->n_exchanges || a->crops != b->crops ||
        memcmp(a->picture.rgb, b->picture.rgb, n_pixels))
        return false;
    for (size_t i = 0; i < a->n_marks; i++) {
        const struct mark *m = &a->marks[i], *n = &b->marks[i];
        if (m->x0 != n->x0 || m->y0 != n->y0 || m->x1 != n->x1 || m->y1 != n->y1 ||
            m->kind != n->kind || m->colour != n->colour)
            return false;
    }
    for (size_t i = 0; i < a->n_exchanges; i++)
        if (strcmp(a->exchanges[i].user, b->exchanges[i].user) ||
            strcmp(a->exchanges[i].model, b->exchanges[i].model))
            return false;
    return true;
}

/* In another order, and by two threads at once. */
static void *make_few(void *out)
{
    struct sample *samples = out;
    for (int i = FEW - 1; i >= 0; i--)
        samples[i] = made(SPLIT_TRAIN, (uint64_t)i);
    return NULL;
}

static void test_same_numbers_same_sample(void **state)
{
    (void)state;
    static struct sample first[FEW], second[FEW];
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, make_few, first), 0);
    make_few(second);
    pthread_join(thread, NULL);
    for (int i = 0; i < FEW; i++) {
        struct sample again = made(SPLIT_TRAIN, (uint64_t)i);
        assert_true(same(&first[i], &again));
        assert_true(same(&second[i], &again));
        sample_done(&again);
        sample_done(&first[i]);
        sample_done(&second[i]);
    }
}

static bool word_byte(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* The key, with no letter or digit right before or behind it. */
static bool says(const char *answer, const char *key)
{
    size_t n = strlen(key);
    for (const char *p = answer; (p = strcasestr(p, key)); p++)
        if ((p == answer || !word_byte(p[-1])) && !word_byte(p[n]))
            return true;
    return false;
}

/* The answer has the members that the schema in the system text wants, and no others. */
static void check_form(const struct sample *s, const struct exchange *e)
{
    const char *schema_text = s->system ? strchr(s->system, '{') : NULL;
    json_t *schema = json_loads(schema_text ? schema_text : "", 0, NULL),
           *answer = json_loads(e->model, 0, NULL), *value;
    const char *name;
    assert_non_null(schema);
    assert_non_null(answer);
    json_t *properties = json_object_get(schema, "properties");
    assert_int_equal(json_object_size(answer), json_object_size(properties));
    json_object_foreach(answer, name, value) {
        const char *type = json_string_value(json_object_get(json_object_get(properties, name), "type"));
        assert_non_null(type);
        assert_true(strcmp(type, "integer") ? strcmp(type, "array") ? json_is_string(value)
                                                                    : json_is_array(value)
                                            : json_is_integer(value));
    }
    json_decref(schema);
    json_decref(answer);
}

static void check_sample(const struct sample *s, uint64_t index)
{
    const bool is_form = s->n_exchanges && !strcmp(s->exchanges[0].skill, "form");
    assert_true(s->picture.width > 0 && s->n_exchanges >= (is_form ? 1 : 2));
    for (size_t i = 0; i < s->n_marks; i++) {
        const struct mark *m = &s->marks[i];
        assert_true(m->x0 >= 0 && m->y0 >= 0 && m->x0 < m->x1 && m->y0 < m->y1);
        assert_true(m->x1 <= (float)s->picture.width && m->y1 <= (float)s->picture.height);
        assert_true(m->kind < MARK_KINDS && m->colour <= MARK_NO_COLOUR);
    }
    for (size_t i = 0; i < s->n_exchanges; i++) {
        const struct exchange *e = &s->exchanges[i];
        assert_int_equal(!strcmp(e->skill, "form"), is_form);
        if (is_form)
            check_form(s, e);
        if (!e->key || !says(e->model, e->key))
            fail_msg("sample %llu: \"%s\" does not say \"%s\"", (unsigned long long)index, e->model,
                     e->key ? e->key : "");
        if (strpbrk(e->user, "[]|~^") || strstr(e->user, "  ") || strpbrk(e->model, "|~^"))
            fail_msg("sample %llu: \"%s\" -> \"%s\"", (unsigned long long)index, e->user, e->model);
    }
}

/* What is to be read is one word after another. */
static void check_words(const struct exchange *e, enum sample_split split)
{
    char words[200], *rest = words;
    if (strcmp(e->skill, "read") || !strcmp(e->key, "yes") || !strcmp(e->key, "no"))
        return;
    snprintf(words, sizeof words, "%s", e->key);
    for (char *word; (word = strtok_r(rest, " ", &rest));)
        if (word_held_out(word) != (split == SPLIT_TEST))
            fail_msg("\"%s\" is of the other split", word);
}

static void check_split(enum sample_split split, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct sample s = made(split, i);
        check_sample(&s, i);
        for (size_t k = 0; k < s.n_exchanges; k++)
            check_words(&s.exchanges[k], split);
        sample_done(&s);
    }
}

static void test_train(void **state)
{
    (void)state;
    check_split(SPLIT_TRAIN, MANY);
}

static void test_test(void **state)
{
    (void)state;
    check_split(SPLIT_TEST, MANY / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_numbers_same_sample),
        cmocka_unit_test(test_train),
        cmocka_unit_test(test_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
