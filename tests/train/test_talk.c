/* Talks: what they say is well-formed, the same for the same numbers, and right where a key tells.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "train/sample.h"
#include "train/say.h"
#include "train/words.h"

enum { TALKS = 4000 };

static void patterns_are_expanded(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *might[7];
    } all[] = {
        {"plain", {"plain"}},
        {"a|b", {"a", "b"}},
        {"[x|y|][1|2]", {"x1", "x2", "y1", "y2", "1", "2"}},
        {"$2 and $1", {"two and one"}},
        {"a[b[c|d]|e]f", {"abcf", "abdf", "aef"}},
        {"\\[$1\\] \\$5 \\|", {"[one] $5 |"}},
    };
    struct random r = random_of(1, 2);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        unsigned seen = 0, expected = 0;
        for (int k = 0; k < 7; k++)
            expected |= all[i].might[k] ? 1u << k : 0;
        for (int round = 0; round < 200; round++) {
            char *text = say(&r, all[i].pattern, "one", "two");
            bool known = false;
            for (int k = 0; all[i].might[k]; k++)
                if (!strcmp(text, all[i].might[k])) {
                    seen |= 1u << k;
                    known = true;
                }
            if (!known)
                fail_msg("\"%s\" from \"%s\"", text, all[i].pattern);
            free(text);
        }
        assert_int_equal(seen, expected);
    }
}

/* As words of its own, whatever the case. */
static bool says(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *at = text; (at = strcasestr(at, key)); at++) {
        bool before =
            at == text || !isalnum((unsigned char)at[-1]) || !isalnum((unsigned char)*key);
        bool after = !isalnum((unsigned char)at[n]) || !isalnum((unsigned char)key[n - 1]);
        if (before && after)
            return true;
    }
    return false;
}

static void check_text(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || isspace((unsigned char)text[0]) || isspace((unsigned char)text[n - 1]))
        fail_msg("\"%s\"", text);
    assert_int_equal(utf8_valid(text, n), n);
}

static void talks_are_well_formed(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 2 * TALKS; i++) {
        struct sample s;
        assert_true(talk_make(&s, i % 2 ? SPLIT_TEST : SPLIT_TRAIN, 5, i, NULL));
        assert_in_range(s.n_exchanges, 1, 5);
        assert_int_equal(s.picture.width, 0);
        for (size_t k = 0; k < s.n_exchanges; k++) {
            const struct exchange *e = &s.exchanges[k];
            check_text(e->user);
            check_text(e->model);
            assert_non_null(e->skill);
            if (e->key && !says(e->model, e->key))
                fail_msg("\"%s\" is not said in \"%s\"", e->key, e->model);
        }
        sample_done(&s);
    }
}

static void the_same_numbers_give_the_same_talk(void **state)
{
    (void)state;
    size_t differ = 0;
    for (uint64_t i = 0; i < 200; i++) {
        struct sample a, b, c;
        talk_make(&a, SPLIT_TRAIN, 5, i, NULL);
        talk_make(&b, SPLIT_TRAIN, 5, i, NULL);
        talk_make(&c, SPLIT_TRAIN, 6, i, NULL);
        assert_int_equal(a.n_exchanges, b.n_exchanges);
        for (size_t k = 0; k < a.n_exchanges; k++) {
            assert_string_equal(a.exchanges[k].user, b.exchanges[k].user);
            assert_string_equal(a.exchanges[k].model, b.exchanges[k].model);
        }
        differ += strcmp(a.exchanges[0].user, c.exchanges[0].user) != 0;
        sample_done(&a);
        sample_done(&b);
        sample_done(&c);
    }
    assert_true(differ > 180);
}

/* What is to be spelled in a test was never spelled in training. */
static void words_of_tests_are_new(void **state)
{
    (void)state;
    static const char ask[] = "Spell the word \"";
    size_t n[2] = {0};
    for (uint64_t i = 0; i < 20 * TALKS; i++) {
        struct sample s;
        enum sample_split split = i % 2 ? SPLIT_TEST : SPLIT_TRAIN;
        talk_make(&s, split, 5, i, NULL);
        for (size_t k = 0; k < s.n_exchanges; k++) {
            if (strncasecmp(s.exchanges[k].user, ask, sizeof ask - 1))
                continue;
            char word[32] = "";
            sscanf(s.exchanges[k].user + sizeof ask - 1, "%31[A-Za-z]\"", word);
            if (s.exchanges[k].user[sizeof ask - 1 + strlen(word)] != '"')
                continue; /* a code, with digits behind the word */
            assert_int_equal(word_held_out(word), split == SPLIT_TEST);
            n[split]++;
        }
        sample_done(&s);
    }
    assert_true(n[SPLIT_TRAIN] > 20 && n[SPLIT_TEST] > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_expanded),
        cmocka_unit_test(talks_are_well_formed),
        cmocka_unit_test(the_same_numbers_give_the_same_talk),
        cmocka_unit_test(words_of_tests_are_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
