/* What only shows with time: how soon a key is seen while an answer streams, and whether memory
 * grows over many turns. $SOAK_TURNS (200) turns; a day's use is 10000 of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/screen/kit.h"

enum { KEYS = 60, TURNS_A_CONVERSATION = 20 };
#ifdef __SANITIZE_ADDRESS__ /* it keeps what was freed */
enum { GROWTH_BYTES = 256 << 20 };
#else
enum { GROWTH_BYTES = 2 << 20 };
#endif

/* A screen refreshed at 60 Hz shows nothing earlier than this. The tests' machine may be busy with
 * something else: it is the median that is held. */
static const double most_ms = 16;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_latency(void)
{
    struct emulator *e = kit_start_fake(40, 120);
    double ms[KEYS];
    kit_ask(e, "flood");
    CHECK(e, emulator_shows(e, "w30"));
    int clears = emulator_clears(e);
    for (int i = 0; i < KEYS; i++) {
        char typed[KEYS + 4] = "> ";
        memset(typed + 2, 'x', (size_t)i + 1);
        typed[i + 3] = 0;
        ms[i] = emulator_latency(e, "x", typed);
        CHECK(e, ms[i] >= 0);
        emulator_run(e, 7); /* at another moment of the frame each time */
    }
    CHECK(e, emulator_shows(e, "Esc stops")); /* it has streamed all the while */
    qsort(ms, KEYS, sizeof ms[0], by_value);
    printf("from key to screen: median %.1f ms, 95 %% %.1f ms\n", ms[KEYS / 2],
           ms[KEYS * 95 / 100]);
    CHECK(e, ms[KEYS / 2] < most_ms);
    CHECK(e, emulator_clears(e) == clears);
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc stops"));
    kit_leave(e);
}

static void test_memory(long turns)
{
    struct emulator *e = kit_start_fake(24, 80);
    size_t early = 0;
    for (long i = 0; i < turns; i++) {
        char line[64];
        snprintf(line, sizeof line, i % 3 ? "say turn %ld." : "markdown", i);
        kit_ask_and_wait(e, line);
        CHECK(e, emulator_shows(e, i % 3 ? line + 4 : "quoted"));
        if (i % TURNS_A_CONVERSATION == TURNS_A_CONVERSATION - 1) {
            emulator_send(e, "/new\r");
            CHECK(e, emulator_shows(e, "Write and press Enter"));
        }
        if (i == turns / 5)
            early = emulator_resident_bytes(e);
    }
    size_t late = emulator_resident_bytes(e);
    printf("memory: %.1f MB behind %ld turns, %.1f MB behind %ld\n", (double)early / 1e6, turns / 5,
           (double)late / 1e6, turns);
    CHECK(e, early > 0 && late < early + GROWTH_BYTES);
    kit_leave(e);
}

int main(void)
{
    const char *turns = getenv("SOAK_TURNS");
    kit_prepare();
    test_latency();
    test_memory(turns ? atol(turns) : 200);
    return kit_finish();
}
