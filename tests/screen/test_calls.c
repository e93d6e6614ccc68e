/* Calling somebody back: when an answer took long and the terminal's window has not the keyboard. */
#include <stdlib.h>

#include "tests/screen/kit.h"

#define FOCUS_IN  "\033[I"
#define FOCUS_OUT "\033[O"
#define NOTICE    "\033]9;facet: the answer is there\033\\"

static const struct {
    int rows, cols;
} sizes[] = {{10, 40}, {24, 80}, {40, 120}};

/* Leaves, so that what was written is complete; how often the bell was rung, and the notice shown. */
static void leave(struct emulator *e, int *bells, int *notices)
{
    emulator_send(e, FOCUS_IN "\003\003\004");
    CHECK(e, emulator_wait(e) == 0);
    *bells = emulator_accidents(e);
    *notices = emulator_has_written(e, NOTICE);
    emulator_stop(e);
}

static void test_bell(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int bells, notices;
    kit_ask_and_wait(e, "late one"); /* it is looked at */
    emulator_send(e, FOCUS_OUT);
    kit_ask_and_wait(e, "say quick"); /* it did not take long */
    CHECK(e, emulator_accidents(e) == 0);
    kit_ask_and_wait(e, "late two");
    CHECK(e, emulator_shows(e, "two"));
    emulator_send(e, FOCUS_IN);
    kit_ask_and_wait(e, "late three");
    leave(e, &bells, &notices);
    CHECK(NULL, bells == 1);
    CHECK(NULL, notices == 0);
}

static void test_other_ways(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int bells, notices;
    emulator_send(e, FOCUS_OUT);
    kit_ask(e, "/set notify loud");
    CHECK(e, emulator_shows(e, "none of off"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "> /set"));
    kit_ask(e, "/set notify off");
    CHECK(e, emulator_shows(e, "notify is off now"));
    kit_ask_and_wait(e, "late one");
    CHECK(e, emulator_accidents(e) == 0);
    kit_ask(e, "/set notify desktop");
    CHECK(e, emulator_shows(e, "notify is desktop now"));
    kit_ask_and_wait(e, "late two");
    leave(e, &bells, &notices);
    CHECK(NULL, bells == 1);
    CHECK(NULL, notices == 1);
}

int main(void)
{
    kit_prepare();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        test_bell(sizes[s].rows, sizes[s].cols);
        test_other_ways(sizes[s].rows, sizes[s].cols);
    }
    return kit_finish();
}
