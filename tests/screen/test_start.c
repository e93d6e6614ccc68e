/* How the program starts and is left: what is told, and what is remembered. The real program. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/screen/kit.h"

/* Who believes that all is kept is told that it is not. */
static void test_unkept(int rows, int cols)
{
    char home[256];
    snprintf(home, sizeof home, "%s", getenv("XDG_DATA_HOME"));
    setenv("XDG_DATA_HOME", "/proc/none", 1);
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "nothing of this is kept: /proc"));
    CHECK(e, emulator_hides(e, "/history"));
    kit_leave(e);
    setenv("FACET_NO_HISTORY", "yes", 1);
    e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "Write and press"));
    CHECK(e, emulator_hides(e, "nothing of this is kept"));
    kit_leave(e);
    unsetenv("FACET_NO_HISTORY");
    setenv("XDG_DATA_HOME", home, 1);
}

int main(void)
{
    static const struct {
        int rows, cols;
    } sizes[] = {{10, 40}, {24, 80}, {40, 120}, {70, 250}};
    kit_prepare();
    if (kit_has_real())
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            test_unkept(sizes[s].rows, sizes[s].cols);
    return kit_finish();
}
