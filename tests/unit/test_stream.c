#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "chat/stream.h"

/* One or two stop strings, b NULL for one, a NULL for none. Puts the pieces one by one; what is
 * shown after each is parted by '|', the end's too. */
static void expect(const char *a, const char *b, const char *const *pieces, const char *expected)
{
    char *stops[] = {(char *)a, (char *)b};
    struct stream s = {.stops = stops, .n_stops = (a != NULL) + (b != NULL)};
    struct str shown = {0};
    bool more = true;
    for (size_t i = 0; pieces[i] && more; i++) {
        more = stream_put(&s, pieces[i], strlen(pieces[i]), &shown);
        str_putc(&shown, '|');
    }
    stream_end(&s, true, &shown);
    if (!more)
        str_puts(&shown, "STOP");
    assert_string_equal(str_text(&shown), expected);
    str_done(&shown);
    stream_done(&s);
}

#define PIECES(...)                                                                                \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void shows_all_without_stops(void **state)
{
    (void)state;
    expect(NULL, NULL, PIECES("a", "", "bc"), "a||bc|");
}

static void stops_over_token_borders(void **state)
{
    (void)state;
    expect("END", NULL, PIECES("one E", "N", "D two"), "one |||STOP");
    expect("END", NULL, PIECES("one E", "N", "d two"), "one ||ENd two|");
    expect("END", NULL, PIECES("xENEND"), "xEN|STOP");
    expect("END", NULL, PIECES("EN"), "|EN");
    expect("END", NULL, PIECES("END"), "|STOP");
    expect("aab", NULL, PIECES("a", "a", "a", "b", "x"), "||a||STOP");
}

static void takes_the_first_of_several(void **state)
{
    (void)state;
    expect("\n\n", "two", PIECES("one", "\n", "two", "three"), "one||\n|STOP");
    expect("three", "two", PIECES("one two three"), "one |STOP");
    expect("é", "x", PIECES("caf", "\xc3\xa8", "."), "caf|è|.|");
}

static void shows_nothing_after_a_stop(void **state)
{
    (void)state;
    char stop[] = ".", *stops[] = {stop};
    struct stream s = {.stops = stops, .n_stops = 1};
    struct str shown = {0};
    assert_false(stream_put(&s, "a.b", 3, &shown));
    assert_false(stream_put(&s, "c", 1, &shown));
    stream_end(&s, true, &shown);
    assert_string_equal(str_text(&shown), "a");
    str_done(&shown);
    stream_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_all_without_stops),
        cmocka_unit_test(stops_over_token_borders),
        cmocka_unit_test(takes_the_first_of_several),
        cmocka_unit_test(shows_nothing_after_a_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
