/* The full screen in a terminal emulator: over a scripted chat, and the real program ($FACET) over
 * a tiny model ($TINY) where both are given. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/screen/kit.h"
#include "tui/color.h"
#include "tui/tui.h"

/* ---- Programs ------------------------------------------------------------------------------- */

static int run_fake_without_color(void *user)
{
    setenv("NO_COLOR", "1", 1);
    return kit_run_fake(user);
}

static int run_fake_with_mistakes(void *user)
{
    struct err err;
    struct options options;
    (void)user;
    bool ok =
        !options_init(&options, &err) && tui_run(&options, NULL, &(struct tui_visit){0}, &err);
    options_done(&options);
    return !ok;
}

static int run_fake_on_vt100(void *user)
{
    setenv("TERM", "vt100", 1);
    return kit_run_fake(user);
}

static int run_fake_with_rgb(void *user)
{
    setenv("COLORTERM", "truecolor", 1);
    return kit_run_fake(user);
}

static int run_fake_in_latin(void *user)
{
    setenv("LC_ALL", "C", 1);
    return kit_run_fake(user);
}

/* ---- Every size ----------------------------------------------------------------------------- */

static void test_start(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    CHECK(e, emulator_shows(e, "Write and press Enter"));
    CHECK(e, emulator_shows(e, "/image PATH"));
    CHECK(e, emulator_shows(e, "fake-gemma answers"));
    CHECK(e, strstr(emulator_row(e, rows - 1), "F1 help") != NULL);
    CHECK(e, emulator_on_alternate_screen(e));
    kit_leave(e);
}

static void test_turn(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int row, col, at, where;
    kit_ask_and_wait(e, "say Hello there");
    CHECK(e, emulator_find(e, "You", &row, &col) && emulator_is_bold(e, row, col));
    CHECK(e, emulator_find(e, "Gemma", &row, &col) && emulator_is_bold(e, row, col));
    CHECK(e, emulator_shows(e, "18.5 tok/s  2 s"));
    emulator_cursor(e, &at, &where);
    CHECK(e, emulator_find(e, ">", &row, &col) && at == row && where == col + 2);
    kit_leave(e);
}

/* Columns of a row with wide and combining characters, while writing and in the transcript. */
static void test_wide(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int row, col, width;
    emulator_send(e, "say 你好|e\xCC\x81|");
    CHECK(e, emulator_shows(e, "你好|"));
    CHECK(e, emulator_find(e, "你", &row, &col));
    emulator_cell(e, row, col, &width);
    CHECK(e, width == 2);
    CHECK(e, strcmp(emulator_cell(e, row, col + 4, NULL), "|") == 0);
    CHECK(e, strcmp(emulator_cell(e, row, col + 5, NULL), "e\xCC\x81") == 0);
    CHECK(e, strcmp(emulator_cell(e, row, col + 6, NULL), "|") == 0);
    emulator_send(e, "\177\177"); /* the bar, and the e with its accent at once */
    CHECK(e, emulator_hides(e, "e\xCC\x81"));
    CHECK(e, emulator_find(e, "你好|", &row, &col));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "Gemma"));
    CHECK(e, emulator_shows(e, "18.5 tok/s  2 s"));
    kit_leave(e);
}

static void test_paste(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int first, second, col;
    emulator_send(e, "\033[200~say one\rtwo\033[201~");
    CHECK(e, emulator_shows(e, "two"));
    CHECK(e, emulator_find(e, "> say one", &first, &col));
    CHECK(e, emulator_find(e, "  two", &second, &col) && second == first + 1);
    CHECK(e, emulator_hides(e, "Gemma"));
    emulator_send(e, "\033\r");
    emulator_send(e, "three\r");
    CHECK(e, emulator_shows(e, "Gemma"));
    CHECK(e, emulator_shows(e, "three"));
    kit_leave(e);
}

static void test_resize(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int row, col;
    kit_ask(e, "lines 300");
    CHECK(e, emulator_shows(e, "line 30"));
    emulator_resize(e, 12, 44);
    emulator_run(e, 60);
    emulator_resize(e, 40, 130);
    emulator_run(e, 60);
    emulator_resize(e, rows, cols);
    CHECK(e, emulator_shows(e, "line 300"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    CHECK(e, strstr(emulator_row(e, rows - 1), "F1 help") != NULL);
    CHECK(e, emulator_find(e, ">", &row, &col) && row < rows - 1);
    kit_leave(e);
}

static void test_scroll(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    kit_ask(e, "lines 400");
    CHECK(e, emulator_shows(e, rows > 50 ? "line 100" : "line 50"));
    emulator_send(e, "\033[5~"); /* page up: no longer follows */
    emulator_run(e, 60);
    char *top = mem_copy(emulator_row(e, 0));
    emulator_run(e, 200);
    CHECK(e, strcmp(top, emulator_row(e, 0)) == 0);
    free(top);
    emulator_send(e, "\033[1;5F"); /* Ctrl-End: follows */
    CHECK(e, emulator_shows(e, "line 400"));
    emulator_send(e, "\t"); /* reading */
    CHECK(e, emulator_shows(e, "Esc writes"));
    emulator_send(e, "g");
    CHECK(e, emulator_shows(e, "You"));
    emulator_send(e, "j");
    CHECK(e, emulator_hides(e, "You"));
    emulator_send(e, "k");
    CHECK(e, emulator_shows(e, "You"));
    emulator_send(e, "G");
    CHECK(e, emulator_shows(e, "line 400"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc writes"));
    kit_leave(e);
}

static void test_cancel(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    kit_ask(e, "slow");
    CHECK(e, emulator_shows(e, "w3"));
    CHECK(e, emulator_shows(e, "Esc stops"));
    emulator_send(e, "\033");
    CHECK(e, emulator_shows(e, "interrupted"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    CHECK(e, emulator_shows(e, "w1 w2 w3"));
    kit_ask(e, "slow");
    CHECK(e, emulator_shows(e, "Esc stops"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "Esc stops"));
    kit_ask_and_wait(e, "say on");
    kit_leave(e);
}

static void test_help(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int row, col;
    emulator_send(e, "\033OP");
    CHECK(e, emulator_shows(e, "Writing"));
    CHECK(e, emulator_shows(e, "Alt-Enter Ctrl") || cols < 60);
    if (cols < 60) { /* what is too long goes on in the next row */
        CHECK(e, emulator_shows(e, "read"));
        CHECK(e, !emulator_find(e, "Alt-Enter Ctrl-J", &row, &col));
        CHECK(e, emulator_find(e, "Ctrl-J", &row, &col));
    }
    emulator_send(e, "G");
    CHECK(e, emulator_shows(e, "/quit"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "/quit"));
    kit_ask(e, "/help");
    CHECK(e, emulator_shows(e, "Writing"));
    emulator_send(e, "q");
    CHECK(e, emulator_hides(e, "Writing"));
    kit_leave(e);
}

static void test_images(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    char line[160];
    snprintf(line, sizeof line, "/image %s/dot.ppm", getenv("HOME"));
    kit_ask(e, line);
    CHECK(e, emulator_shows(e, "> [image 1]"));
    CHECK(e, emulator_shows(e, cols < 60 ? "dot.ppm · 1 view" : "dot.ppm · 8×6"));
    snprintf(line, sizeof line, "\033[200~'%s/two words.ppm'\033[201~", getenv("HOME"));
    emulator_send(e, line);
    CHECK(e, emulator_shows(e, "[image 2]"));
    emulator_send(e, "\177\177"); /* the space, and the token at once */
    CHECK(e, emulator_hides(e, "[image 2]"));
    kit_ask(e, "/detach 1");
    CHECK(e, emulator_hides(e, "dot.ppm"));
    snprintf(line, sizeof line, "%s/dot.ppm", getenv("HOME"));
    kit_ask(e, line);
    CHECK(e, emulator_shows(e, "> [image 1]"));
    kit_ask(e, "what?");
    CHECK(e, emulator_shows(e, "looking at dot.ppm"));
    CHECK(e, emulator_shows(e, "of 3"));
    CHECK(e, emulator_shows(e, "echo: [image 1] what?"));
    kit_leave(e);
}

static void test_broken_image(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    char line[160];
    snprintf(line, sizeof line, "/image %s/broken.png", getenv("HOME"));
    kit_ask(e, line);
    CHECK(e, emulator_shows(e, "broken.png:"));
    CHECK(e, emulator_shows(e, "> /image"));
    kit_leave(e);
}

/* ---- Once ----------------------------------------------------------------------------------- */

static void test_evil(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    int row, col;
    kit_ask_and_wait(e, "evil");
    CHECK(e, emulator_shows(e, "␛[2J"));
    CHECK(e, emulator_find(e, "a␛]0;owned␇b␛[2Jc�31md⇄e␁f␡g�h", &row, &col));
    CHECK(e, emulator_accidents(e) == 0);
    emulator_send(e, "say \033[200~x\033]0;owned\007y\033[201~\r");
    CHECK(e, emulator_shows(e, "x␛]0;owned␇y"));
    CHECK(e, emulator_accidents(e) == 0);
    kit_leave(e);
}

static void test_markdown(void)
{
    struct emulator *e = kit_start_fake(40, 80);
    int row, col;
    kit_ask_and_wait(e, "markdown");
    CHECK(e, emulator_find(e, "Some bold, slanted and code; 2 * 3 stays.", &row, &col));
    CHECK(e, emulator_is_bold(e, row, col + 5) && !emulator_is_bold(e, row, col + 11));
    CHECK(e, emulator_find(e, "Heading", &row, &col) && emulator_is_bold(e, row, col));
    CHECK(e, emulator_find(e, "• first", &row, &col));
    CHECK(e, emulator_find(e, "1. one", &row, &col));
    CHECK(e, emulator_find(e, "│ int main(void);", &row, &col));
    CHECK(e, emulator_find(e, "▎ quoted", &row, &col));
    kit_leave(e);
}

static void test_editing(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    emulator_send(e, "alpha beta gamma\027"); /* Ctrl-W */
    CHECK(e, emulator_hides(e, "gamma"));
    emulator_send(e, "\001\013"); /* Ctrl-A Ctrl-K */
    CHECK(e, emulator_hides(e, "alpha"));
    emulator_send(e, "\031\031"); /* Ctrl-Y twice */
    CHECK(e, emulator_shows(e, "> alpha beta alpha beta"));
    emulator_send(e, "\033b\033b\025"); /* Alt-B twice, Ctrl-U */
    CHECK(e, emulator_hides(e, "beta alpha"));
    CHECK(e, emulator_shows(e, "> alpha beta"));
    emulator_send(e, "\033f!\n"); /* Alt-F, Ctrl-J */
    CHECK(e, emulator_shows(e, "> alpha!"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "alpha!"));
    kit_ask_and_wait(e, "say one");
    emulator_send(e, "\033[A");
    CHECK(e, emulator_shows(e, "> say one"));
    emulator_send(e, "\033[A");
    CHECK(e, emulator_hides(e, "> say one"));
    CHECK(e, emulator_shows(e, "alpha!"));
    emulator_send(e, "\033[B\033[B\033[B\033[B");
    CHECK(e, emulator_hides(e, "> say one"));
    kit_leave(e);
}

static void test_commands(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    char line[160];
    kit_ask(e, "/hlep");
    CHECK(e, emulator_shows(e, "did you mean /help?"));
    CHECK(e, emulator_shows(e, "> /hlep"));
    emulator_send(e, "\003/con\t");
    CHECK(e, emulator_shows(e, "continue  context"));
    emulator_send(e, "ex\t\r");
    CHECK(e, emulator_shows(e, "What fills the context"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "What fills the context"));
    kit_ask(e, "/set temperature 0.3");
    CHECK(e, emulator_shows(e, "temperature is 0.3 now"));
    kit_ask(e, "/set temperature warm");
    CHECK(e, emulator_shows(e, "> /set temperature warm"));
    emulator_send(e, "\003");
    kit_ask(e, "/system Be brief.");
    kit_ask(e, "/system");
    CHECK(e, emulator_shows(e, "Be brief."));
    kit_ask_and_wait(e, "say first");
    kit_ask_and_wait(e, "/regen");
    snprintf(line, sizeof line, "/export %s/out.md", getenv("HOME"));
    kit_ask(e, line);
    CHECK(e, emulator_shows(e, "written to"));
    snprintf(line, sizeof line, "%s/out.md", getenv("HOME"));
    CHECK(e, access(line, R_OK) == 0);
    kit_ask(e, "/new");
    CHECK(e, emulator_shows(e, "Write and press Enter"));
    kit_ask(e, "/quit");
    CHECK(e, emulator_wait(e) == 0);
    emulator_stop(e);
}

static void test_failures(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    kit_ask(e, "fail");
    CHECK(e, emulator_shows(e, "the engine stumbled"));
    CHECK(e, emulator_shows(e, "> fail"));
    emulator_send(e, "\003");
    kit_ask(e, "break");
    CHECK(e, emulator_shows(e, "echo: break"));
    CHECK(e, emulator_shows(e, "interrupted"));
    emulator_send(e, "\003");
    kit_ask(e, "slow");
    CHECK(e, emulator_shows(e, "w3"));
    kit_ask(e, "more");
    CHECK(e, emulator_shows(e, "an answer is under way"));
    CHECK(e, emulator_shows(e, "> more"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc stops"));
    kit_leave(e);
}

static int rows_with(struct emulator *e, const char *text)
{
    int n = 0;
    for (int row = 0; row < 24; row++)
        n += strstr(emulator_row(e, row), text) != NULL;
    return n;
}

/* It stands where it was written, and nowhere else; an edit is still one. */
static void test_question_given_back(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    kit_ask_and_wait(e, "say first");
    kit_ask(e, "fail");
    CHECK(e, emulator_shows(e, "> fail"));
    CHECK(e, emulator_shows(e, "the engine stumbled"));
    CHECK(e, rows_with(e, "fail") == 1);
    emulator_send(e, "\025");
    kit_ask(e, "/edit fail");
    CHECK(e, emulator_shows(e, "> fail"));
    CHECK(e, emulator_shows(e, "say first"));
    CHECK(e, rows_with(e, "fail") == 1);
    emulator_send(e, "\025");
    kit_ask(e, "say other");
    CHECK(e, emulator_hides(e, "say first"));
    CHECK(e, emulator_shows(e, "say other"));
    kit_leave(e);
}

static void test_no_clears(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    int clears = emulator_clears(e);
    size_t bytes = emulator_bytes(e);
    kit_ask_and_wait(e, "lines 200");
    CHECK(e, emulator_clears(e) == clears);
    CHECK(e, emulator_bytes(e) - bytes < 200000);
    kit_leave(e);
}

static void test_leaving(void)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGSEGV, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct emulator *e = kit_start_fake(24, 80);
        CHECK(e, emulator_on_alternate_screen(e));
        emulator_signal(e, signals[i]);
        bool crash = signals[i] == SIGSEGV || signals[i] == SIGABRT;
        CHECK(e, emulator_wait(e) == (crash ? 128 + signals[i] : 0));
        CHECK(e, !emulator_on_alternate_screen(e));
        emulator_stop(e);
    }
    struct emulator *e = kit_start_fake(24, 80);
    emulator_send(e, "\003");
    CHECK(e, emulator_shows(e, "once more leaves"));
    emulator_send(e, "\003");
    CHECK(e, emulator_wait(e) == 0);
    emulator_stop(e);
}

/* What is being read stays in its place when the width changes. */
static void test_anchor(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    char word[16];
    kit_ask(e, "slow");
    CHECK(e, emulator_shows(e, "w200"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc stops"));
    emulator_resize(e, 10, 40);
    emulator_run(e, 100);
    emulator_send(e, "\tg\033[6~");
    CHECK(e, emulator_hides(e, "You"));
    emulator_run(e, 100);
    CHECK(e, sscanf(emulator_row(e, 0), "%15s", word) == 1 && word[0] == 'w');
    emulator_resize(e, 12, 60);
    emulator_run(e, 100);
    CHECK(e, strstr(emulator_row(e, 0), word) != NULL);
    emulator_resize(e, 10, 40);
    emulator_run(e, 100);
    CHECK(e, strstr(emulator_row(e, 0), word) != NULL);
    emulator_send(e, "\033");
    kit_leave(e);
}

/* Smaller than anyone would want: it must live, and be right again when there is room. Not one
 * column: the emulator falls over what is still on its way then, if that is two columns wide. */
static void test_tiny_sizes(void)
{
    static const int sizes[][2] = {{1, 2}, {2, 3}, {3, 8}, {5, 200}, {60, 4}};
    struct emulator *e = kit_start_fake(24, 80);
    kit_ask(e, "markdown");
    emulator_send(e, "draft 你好 with several words");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        emulator_resize(e, sizes[i][0], sizes[i][1]);
        emulator_send(e, "\033OP");
        emulator_run(e, 50);
        emulator_send(e, "\033");
        emulator_run(e, 100);
    }
    emulator_resize(e, 24, 80);
    CHECK(e, emulator_shows(e, "> draft 你好 with several words"));
    CHECK(e, emulator_shows(e, "quoted"));
    kit_leave(e);
}

/* A document pasted: shown in part, its cursor seen, taken out again at once. */
static void test_long_paste(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    int row, col;
    emulator_send(e, "\033[200~");
    for (int i = 0; i < 3000; i++)
        emulator_send(e, "some words of a long document\r");
    emulator_send(e, "end of it\033[201~");
    CHECK(e, emulator_shows(e, "> [paste 1: 3001 lines]"));
    emulator_send(e, "\017"); /* Ctrl-O */
    CHECK(e, emulator_shows(e, "end of it"));
    emulator_cursor(e, &row, &col);
    CHECK(e, strstr(emulator_row(e, row), "end of it") != NULL);
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "end of it"));
    kit_leave(e);
}

static void test_colors(void)
{
    struct emulator *e = emulator_start(24, 80, run_fake_without_color, NULL);
    int colored = 0;
    CHECK(e, emulator_shows(e, "fake-gemma"));
    kit_ask_and_wait(e, "markdown");
    for (int row = 0; row < 24; row++)
        for (int col = 0; col < 80; col++)
            colored += emulator_has_color(e, row, col);
    CHECK(e, colored == 0);
    kit_leave(e);
}

/* A terminal that tells its background: what it says is never taken for typing. */
static void test_background(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    emulator_send(e, "\033]11;rgb:ffff/ffff/ffff\033\\");
    emulator_send(e, "typed");
    CHECK(e, emulator_shows(e, "> typed"));
    emulator_send(e, "\033]11;rgb:00/00/00\007");
    emulator_send(e, " on");
    CHECK(e, emulator_shows(e, "> typed on"));
    kit_leave(e);
}

/* /theme changes what is there; a true-colour terminal gets the very colours, another the nearest.
 */
static void test_themes(void)
{
    struct emulator *e = emulator_start(24, 80, run_fake_with_rgb, NULL);
    int row, col;
    CHECK(e, emulator_shows(e, "fake-gemma answers"));
    CHECK(e, emulator_style(e, 12, 40).bg == COLOR_OWN);
    kit_ask(e, "/theme grvbox");
    CHECK(e, emulator_shows(e, "did you mean gruvbox?"));
    emulator_send(e, "\003/theme gruvbox-\t\r");
    CHECK(e, emulator_shows(e, "the theme is gruvbox-light now"));
    CHECK(e, emulator_style(e, 12, 40).bg == COLOR_RGB(0xfbf1c7));
    CHECK(e, emulator_style(e, 23, 79).bg == COLOR_RGB(0xfbf1c7));
    CHECK(e, emulator_find(e, "fake-gemma answers", &row, &col));
    CHECK(e, emulator_style(e, row, col).fg == COLOR_RGB(0x3c3836));
    kit_ask(e, "/theme");
    CHECK(e, emulator_shows(e, "After Gruvbox light"));
    emulator_send(e, "solar\033[B"); /* each is seen while it is marked */
    CHECK(e, emulator_shows(e, "2 of 12"));
    CHECK(e, emulator_style(e, 12, 40).bg == COLOR_RGB(0xfdf6e3));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "2 of 12"));
    CHECK(e, emulator_style(e, 12, 40).bg == COLOR_RGB(0xfbf1c7));
    kit_ask(e, "/theme auto");
    CHECK(e, emulator_shows(e, "the theme is dark now"));
    CHECK(e, emulator_style(e, 12, 40).bg == COLOR_OWN);
    kit_leave(e);
    e = kit_start_fake(24, 80);
    kit_ask(e, "/theme gruvbox-light");
    CHECK(e, emulator_shows(e, "the theme is gruvbox-light now"));
    CHECK(e, emulator_style(e, 12, 40).bg == 230);
    kit_leave(e);
}

/* A terminal whose strings have pauses in them, and that has no colours. */
static void test_old_terminal(void)
{
    struct emulator *e = emulator_start(24, 80, run_fake_on_vt100, NULL);
    int row, col;
    CHECK(e, emulator_shows(e, "fake-gemma answers"));
    kit_ask_and_wait(e, "markdown");
    CHECK(e, emulator_find(e, "Gemma", &row, &col) && emulator_is_bold(e, row, col));
    CHECK(e, !emulator_find(e, "$<", &row, &col) && !emulator_has_color(e, 5, 5));
    emulator_send(e, "\003\004");
    CHECK(e, emulator_wait(e) == 0); /* vt100 has no other screen to come back from */
    emulator_stop(e);
}

/* What is wrong in facet.conf is told, and the rest of it holds: its keys, and hints of them. */
static void test_configuration(void)
{
    static const char conf[] = "temprature = 1\n[keys]\nsend = Alt-Enter\nnewline = Enter\n"
                               "help = F1, Alt-H\ncancel = Ctrl-G, Esc\n";
    mkdir("facet", 0700);
    kit_write_file("facet/facet.conf", conf, sizeof conf - 1);
    struct emulator *e = emulator_start(200, 140, run_fake_with_mistakes, NULL);
    CHECK(e,
          emulator_shows(e, "facet.conf:1: temprature: no such option; did you mean temperature?"));
    CHECK(e, emulator_shows(e, "Alt-Enter sends, Enter new line"));
    emulator_send(e, "say one\rtwo");
    CHECK(e, emulator_shows(e, "  two"));
    emulator_send(e, "\033\r");
    CHECK(e, emulator_shows(e, "Gemma"));
    emulator_send(e, "\033H");
    CHECK(e, emulator_shows(e, "F1 Alt-H"));
    CHECK(e, emulator_shows(e, "Ctrl-G closes"));
    emulator_send(e, "\007");
    CHECK(e, emulator_hides(e, "F1 Alt-H"));
    kit_leave(e);
    kit_write_file("facet/facet.conf", "", 0);
}

/* All that is wrong is told, in a list that goes with Esc. */
static void test_many_mistakes(void)
{
    static const char conf[] = "temprature = 1\n[keys]\nunfold = Entr\nhelp = Alt-H\n"
                               "[nowhere]\nx = 1\n[output]\nwhat\n";
    kit_write_file("facet/facet.conf", conf, sizeof conf - 1);
    struct emulator *e = emulator_start(24, 100, run_fake_with_mistakes, NULL);
    CHECK(e, emulator_shows(e, "4 mistakes in the configuration"));
    CHECK(e, emulator_shows(e, "facet.conf:1: temprature: no such option"));
    CHECK(e, emulator_shows(e, "facet.conf:3: unfold: there is no key"));
    CHECK(e, emulator_shows(e, "facet.conf:6: there is no [nowhere]"));
    CHECK(e, emulator_shows(e, "facet.conf:8: \"what\" is neither"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "facet.conf:3:"));
    emulator_send(e, "\033H"); /* what is right holds */
    CHECK(e, emulator_shows(e, "Alt-H"));
    emulator_send(e, "\033");
    kit_leave(e);
    kit_write_file("facet/facet.conf", "", 0);
}

/* A preset by name: its system prompt holds from then on. */
static void test_presets(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    kit_ask(e, "/preset orc");
    CHECK(e, emulator_shows(e, "there is no preset \"orc\"; did you mean ocr?"));
    emulator_send(e, "\003/preset oc\t\r");
    CHECK(e, emulator_shows(e, "preset ocr"));
    kit_ask(e, "/system");
    CHECK(e, emulator_shows(e, "Write out all text in the picture"));
    kit_leave(e);
}

static void test_locale(void)
{
    struct emulator *e = emulator_start(24, 80, run_fake_in_latin, NULL);
    CHECK(e, emulator_shows(e, "fake-gemma"));
    kit_ask_and_wait(e, "say 你好 é");
    CHECK(e, emulator_shows(e, "你好 é"));
    kit_leave(e);
}

static void test_real(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    kit_ask(e, "Hello");
    CHECK(e, emulator_shows(e, "Gemma"));
    CHECK(e, emulator_shows_either(e, "tok/s", " s"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "Esc stops"));
    kit_ask(e, "/history");
    emulator_run(e, 200);
    kit_leave(e);
}

/* ---- */

static void prepare(void)
{
    char picture[16 + 8 * 6 * 3] = "P6\n8 6\n255\n";
    kit_prepare();
    kit_write_file("dot.ppm", picture, 11 + 8 * 6 * 3);
    kit_write_file("two words.ppm", picture, 11 + 8 * 6 * 3);
    kit_write_file("broken.png", "\x89PNG\r\n\x1a\n rubbish", 16);
}

int main(void)
{
    static const struct {
        int rows, cols;
    } sizes[] = {{10, 40}, {24, 80}, {40, 120}, {70, 250}};
    static void (*const at_every_size[])(int rows, int cols) = {
        test_start,  test_turn,   test_wide, test_paste,  test_resize,
        test_scroll, test_cancel, test_help, test_images, test_broken_image};
    static void (*const once[])(void) = {
        test_evil,      test_markdown,   test_editing, test_commands,     test_failures,
        test_question_given_back,
        test_no_clears, test_leaving,    test_anchor,  test_tiny_sizes,   test_long_paste,
        test_colors,    test_background, test_themes,  test_old_terminal, test_configuration,
        test_many_mistakes, test_presets,   test_locale};
    prepare();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (size_t i = 0; i < sizeof at_every_size / sizeof at_every_size[0]; i++)
            at_every_size[i](sizes[s].rows, sizes[s].cols);
        if (kit_has_real())
            test_real(sizes[s].rows, sizes[s].cols);
    }
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        once[i]();
    return kit_finish();
}
