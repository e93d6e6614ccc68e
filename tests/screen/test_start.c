/* How the program starts and is left: what is told, and what is remembered. The real program. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static const char *number; /* as --open gives it; NULL: --new */

static int run_with_number(void *user)
{
    (void)user;
    execl(getenv("FACET"), "facet", "-m", getenv("TINY"), "--seed", "1", "-n", "5",
          number ? "--open" : "--new", number, (char *)NULL);
    return 127;
}

/* The conversation is named when one leaves, and can be begun with. */
static void test_numbers(void)
{
    kit_forget();
    CHECK(NULL, kit_run("ask", "-q", "-m", getenv("TINY"), "-n", "3", "apples", (char *)NULL));
    CHECK(NULL, kit_run("ask", "-q", "-m", getenv("TINY"), "-n", "3", "bread", (char *)NULL));
    number = "1";
    struct emulator *e = emulator_start(24, 120, run_with_number, NULL);
    CHECK(e, emulator_shows(e, "▸ apples"));
    emulator_send(e, "\003\003");
    CHECK(e, emulator_shows(e, "kept as conversation 1: facet --open 1 goes on"));
    CHECK(e, emulator_wait(e) == 0);
    emulator_stop(e);
    number = NULL;
    e = emulator_start(24, 120, run_with_number, NULL);
    CHECK(e, emulator_shows(e, "Write and press"));
    CHECK(e, emulator_shows(e, "bread"));
    kit_leave(e);
    number = "99";
    e = emulator_start(24, 120, run_with_number, NULL);
    CHECK(e, emulator_shows(e, "there is no conversation 99"));
    CHECK(e, emulator_wait(e) == 1);
    emulator_stop(e);
    number = "first";
    e = emulator_start(24, 120, run_with_number, NULL);
    CHECK(e, emulator_wait(e) == 2);
    emulator_stop(e);
}

/* What was chosen is there again, unless an option says otherwise. */
static void test_theme_stays(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    int row, col;
    CHECK(e, emulator_find(e, "fake-gemma", &row, &col));
    kit_ask(e, "/theme light");
    CHECK(e, emulator_shows(e, "the theme is light now"));
    struct style light = emulator_style(e, row, col);
    kit_leave(e);
    e = kit_start_fake(24, 80);
    CHECK(e, style_equal(light, emulator_style(e, row, col)));
    kit_leave(e);
    setenv("FACET_THEME", "gruvbox", 1);
    e = kit_start_fake(24, 80);
    CHECK(e, !style_equal(light, emulator_style(e, row, col)));
    kit_ask(e, "/theme dark");
    CHECK(e, emulator_shows(e, "the theme is dark until facet ends"));
    kit_leave(e);
    unsetenv("FACET_THEME");
}

/* Commands that want a word more have lists of what it can be. */
static void test_lists(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    kit_ask(e, "/set");
    CHECK(e, emulator_shows(e, "Options of the conversation"));
    CHECK(e, emulator_shows(e, "sum to X                         model"));
    emulator_send(e, "top-p");
    CHECK(e, emulator_shows(e, "> top-p"));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "> /set top-p"));
    emulator_send(e, "0.5\r");
    CHECK(e, emulator_shows(e, "top-p is 0.5 now"));
    kit_ask(e, "/set");
    CHECK(e, emulator_shows(e, "0.5"));
    CHECK(e, emulator_hides(e, "sum to X                         model"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Options of"));
    kit_ask(e, "/preset");
    CHECK(e, emulator_shows(e, "Presets: "));
    emulator_send(e, "ocr\r");
    CHECK(e, emulator_shows(e, "preset ocr"));
    kit_leave(e);
}

/* Every key that is shown is one that works. */
static void test_hints(void)
{
    static const char conf[] = "[keys]\ntranscript.match-next = M\ncancel = F12\npick-mark = +\n";
    kit_write_file("facet/facet.conf", conf, sizeof conf - 1);
    struct emulator *e = kit_start_fake(24, 100);
    kit_ask_and_wait(e, "say this and this");
    emulator_send(e, "\t/this\r");
    CHECK(e, emulator_shows(e, "M next, N back, F12 ends"));
    emulator_send(e, "\033[24~");
    CHECK(e, emulator_hides(e, "F12 ends"));
    emulator_send(e, "\033o");
    CHECK(e, emulator_shows(e, "+ marks"));
    emulator_send(e, "\033[24~");
    CHECK(e, emulator_hides(e, "+ marks"));
    kit_ask(e, "slow");
    CHECK(e, emulator_shows(e, "F12 stops"));
    emulator_send(e, "another\r");
    CHECK(e, emulator_shows(e, "an answer is under way: F12 stops it"));
    emulator_send(e, "\033[24~");
    CHECK(e, emulator_hides(e, "F12 stops"));
    kit_leave(e);
    kit_write_file("facet/facet.conf", "", 0);
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
    if (kit_has_real())
        test_numbers();
    test_theme_stays();
    test_lists();
    test_hints();
    return kit_finish();
}
