/* What the terminal is asked before anything is drawn: how wide it draws what terminals disagree
 * about. Its answers are heeded, late ones and none do no harm, and no key is lost. */
#include <stdlib.h>

#include "tests/screen/kit.h"
#include "tui/glyph.h"

/* Columns behind the samples, in the order of glyph.h. */
static const int usual[GLYPH_KINDS] = {5, 5, 2, 3, 2, 2};

static struct emulator *start_with(enum glyph_kind kind, int cells)
{
    static int cols[GLYPH_KINDS];
    struct emulator *e = kit_begin_fake(24, 80);
    for (int i = 0; i < GLYPH_KINDS; i++)
        cols[i] = i == (int)kind ? 1 + cells : usual[i];
    emulator_lie(e, cols, GLYPH_KINDS);
    CHECK(e, emulator_shows(e, "fake-gemma"));
    return e;
}

/* What is typed may look otherwise in an emulator that was made to lie. */
static void ask(struct emulator *e, const char *text)
{
    emulator_send(e, text);
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "Gemma"));
    CHECK(e, emulator_hides(e, "Esc stops"));
}

/* The astronaut goes whole to a terminal that draws her in two columns; to others the woman. Once
 * she was the sample, once she is typed, once she is echoed. */
static void test_joined(void)
{
    for (int one = 0; one < 2; one++) {
        struct emulator *e = start_with(GLYPH_JOINED, one ? 2 : 4);
        int row, col;
        ask(e, "say <👩‍🚀|");
        int written = emulator_has_written(e, "👩‍🚀");
        CHECK(e, one ? written >= 3 : written == 1);
        CHECK(e, emulator_find(e, "Gemma", &row, &col));
        CHECK(e, *emulator_cell(e, row + 1, col, NULL) == '<');
        CHECK(e, *emulator_cell(e, row + 1, col + 3, NULL) == '|');
        kit_leave(e);
    }
}

/* A row holds half as many where each takes two columns. */
static void test_ambiguous(void)
{
    for (int wide = 0; wide < 2; wide++) {
        struct emulator *e = start_with(GLYPH_AMBIGUOUS, wide ? 2 : 1);
        int row, col;
        emulator_send(e, "αααααααααααααααααααααααααααααααααααααααααααααααααα.");
        CHECK(e, emulator_shows(e, "α."));
        CHECK(e, emulator_find(e, "> α", &row, &col) && row == (wide ? 21 : 22));
        CHECK(e, (emulator_has_written(e, "─") > 0) == !wide);
        CHECK(e, !wide || emulator_find(e, "------", &row, &col));
        kit_leave(e);
    }
}

static void test_mark_alone(void)
{
    struct emulator *e = start_with(GLYPH_COMBINED, 2);
    int row, col;
    ask(e, "say <o\xCC\x88|");
    CHECK(e, emulator_find(e, "Gemma", &row, &col));
    CHECK(e, *emulator_cell(e, row + 1, col + 3, NULL) == '|');
    kit_leave(e);
}

/* Typed before facet is there: nothing of it goes with the answers. */
static void test_early_keys(void)
{
    struct emulator *e = kit_begin_fake(24, 80);
    emulator_send(e, "typed early");
    CHECK(e, emulator_shows(e, "> typed early"));
    kit_leave(e);
    e = kit_begin_fake(24, 80);
    emulator_send(e, "one\033[200~two\033[201~three");
    CHECK(e, emulator_shows(e, "> onetwothree"));
    kit_leave(e);
}

/* The answers come when facet has stopped waiting for them, and drawn its screen. */
static void test_late(void)
{
    struct emulator *e = kit_begin_fake(24, 80);
    emulator_hold_answers(e, true);
    CHECK(e, emulator_shows(e, "fake-gemma"));
    emulator_hold_answers(e, false);
    int row, col;
    CHECK(e, !emulator_find(e, "[2;", &row, &col) && !emulator_find(e, ";5R", &row, &col));
    kit_ask_and_wait(e, "say fine");
    CHECK(e, emulator_shows(e, "fine"));
    kit_leave(e);
}

/* No samples are left over, and what cannot answer is not asked. */
static void test_asks(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    int row, col;
    CHECK(e, emulator_has_written(e, "\033[6n") == GLYPH_KINDS);
    CHECK(e, emulator_has_written(e, "\033[c") == 1);
    CHECK(e, !emulator_find(e, "§", &row, &col));
    kit_leave(e);
    setenv("TERM", "linux", 1);
    e = kit_start_fake(24, 80);
    CHECK(e, !emulator_find(e, "§", &row, &col));
    kit_leave(e);
    setenv("TERM", "xterm-256color", 1);
}

int main(void)
{
    static void (*const tests[])(void) = {test_asks,  test_joined,     test_ambiguous,
                                          test_late,  test_early_keys, test_mark_alone};
    kit_prepare();
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tests[i]();
    return kit_finish();
}
