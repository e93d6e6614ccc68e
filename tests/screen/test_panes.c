/* Panes, lists and going from one conversation to another: the real program over a tiny model, at
 * every size. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/screen/kit.h"

#define F1   "\033OP"
#define F2   "\033OQ"
#define F4   "\033OS"
#define CTRL_P "\020"
#define ESC  "\033"

static const struct {
    int rows, cols;
} sizes[] = {{10, 40}, {24, 80}, {40, 120}, {70, 250}};

/* Two conversations of the history, the second the newer one. */
static void make_history(void)
{
    static const char *const said[] = {"apples in autumn", "bread for winter"};
    kit_forget();
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        CHECK(NULL, kit_run("ask", "-q", "-m", getenv("TINY"), "-n", "5", said[i], (char *)NULL));
}

static void test_resume(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    int row, col;
    CHECK(e, emulator_shows(e, "bread for winter"));
    CHECK(e, emulator_find(e, "▸", &row, &col) == (cols >= 100));
    kit_leave(e);
}

/* With a system prompt of its own it is a new conversation. */
static void test_system(void)
{
    struct emulator *e;
    setenv("FACET_SYSTEM", "Be brief.", 1);
    e = kit_start_real(24, 80);
    CHECK(e, emulator_shows(e, "Write and press Enter"));
    kit_ask_and_wait(e, "anything");
    kit_leave(e);
    e = kit_start_real(24, 80);
    CHECK(e, emulator_shows(e, "anything"));
    kit_leave(e);
    unsetenv("FACET_SYSTEM");
}

static void test_open_other(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    emulator_send(e, F2);
    CHECK(e, emulator_shows(e, "Conversations"));
    CHECK(e, emulator_shows(e, "▸ bread"));
    CHECK(e, emulator_shows(e, "apples"));
    emulator_send(e, "j\r");
    CHECK(e, cols < 100 ? emulator_hides(e, "▸") : emulator_shows(e, "▸ apples"));
    CHECK(e, cols < 100 ? emulator_hides(e, "bread") : emulator_shows(e, "bread"));
    CHECK(e, emulator_shows(e, "apples in autumn"));
    kit_leave(e);
}

/* What is spoken in comes to the top of the list, and stays what is selected. */
static void test_touched(void)
{
    int apples, bread, col;
    make_history();
    struct emulator *e = kit_start_real(30, 120);
    CHECK(e, emulator_find(e, "  apples", &apples, &col) &&
                 emulator_find(e, "▸ bread", &bread, &col) && bread < apples);
    emulator_send(e, F2 "G\r");
    CHECK(e, emulator_shows(e, "▸ apples"));
    kit_ask_and_wait(e, "more of them");
    CHECK(e, emulator_shows(e, "▸ apples"));
    CHECK(e, emulator_find(e, "▸ apples", &apples, &col) &&
                 emulator_find(e, "  bread", &bread, &col) && apples < bread);
    kit_leave(e);
}

/* Esc goes back to writing, and what was written is still there. */
static void test_list_and_back(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    emulator_send(e, "half a line");
    CHECK(e, emulator_shows(e, "> half a line"));
    emulator_send(e, F2);
    CHECK(e, emulator_shows(e, "Enter opens"));
    emulator_send(e, "jkGg");
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "Enter opens"));
    emulator_send(e, ", and more");
    CHECK(e, emulator_shows(e, "> half a line, and more"));
    kit_leave(e);
}

static void test_new(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    emulator_send(e, F4);
    CHECK(e, emulator_shows(e, "Write and press Enter"));
    kit_ask_and_wait(e, "third thing");
    if (cols >= 100)
        CHECK(e, emulator_shows(e, "▸ third thing"));
    emulator_send(e, F2);
    CHECK(e, emulator_shows(e, "▸ third thing"));
    kit_leave(e);
}

static void test_palette(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    int row, col;
    CHECK(e, emulator_shows(e, "bread for winter"));
    emulator_send(e, CTRL_P);
    CHECK(e, emulator_shows(e, "What can be done"));
    emulator_send(e, "zzz");
    CHECK(e, emulator_shows(e, "nothing is called like that"));
    emulator_send(e, "\r"); /* nothing to take: it stays */
    CHECK(e, emulator_shows(e, "nothing is called like that"));
    emulator_send(e, "\177\177\177");
    emulator_send(e, "NEW conv");
    CHECK(e, emulator_shows(e, "a new conversation"));
    CHECK(e, emulator_find(e, "a new conversation", &row, &col));
    emulator_send(e, "\r");
    CHECK(e, emulator_hides(e, "What can be done"));
    CHECK(e, emulator_shows(e, "Write and press Enter"));
    kit_leave(e);
}

/* Who knows the command, or the key, finds it by that. */
static void test_palette_by_command(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    int row, col;
    CHECK(e, emulator_shows(e, "bread for winter"));
    emulator_send(e, CTRL_P "/regen");
    CHECK(e, emulator_shows(e, "> /regen"));
    CHECK(e, emulator_shows(e, "another answer"));
    CHECK(e, emulator_find(e, "another answer", &row, &col) && row == 2);
    emulator_send(e, "\177\177\177\177\177\177export");
    CHECK(e, emulator_shows(e, "write the conv"));
    CHECK(e, emulator_find(e, "write the conv", &row, &col) && row == 2);
    CHECK(e, cols > 100 || emulator_find(e, "…", &row, &col)); /* the command stays whole */
    CHECK(e, emulator_find(e, "/export FILE", &row, &col));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "What can be done"));
    kit_leave(e);
}

/* A command that wants a word more is begun in the input. */
static void test_palette_begins(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    emulator_send(e, CTRL_P "file.html");
    CHECK(e, emulator_shows(e, "> file.html"));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "> /export"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "> /export"));
    kit_leave(e);
}

static void test_palette_left(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    emulator_send(e, "kept" CTRL_P);
    CHECK(e, emulator_shows(e, "What can be done"));
    emulator_resize(e, 12, 50);
    CHECK(e, emulator_shows(e, "What can be done"));
    emulator_resize(e, rows, cols);
    emulator_run(e, 200); /* while it is drawn anew, the title is hidden too */
    CHECK(e, emulator_shows(e, "What can be done"));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "What can be done"));
    CHECK(e, emulator_shows(e, "> kept"));
    kit_leave(e);
}

/* Enter goes from told to left out to pinned; the model is told no more of what is left out. */
static void test_filling(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    kit_ask(e, "/context");
    CHECK(e, emulator_shows(e, "What fills the context"));
    CHECK(e, emulator_shows(e, "You: bread for"));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "left out"));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "pinned"));
    CHECK(e, emulator_hides(e, "left out"));
    emulator_send(e, "\r");
    CHECK(e, emulator_hides(e, "pinned"));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "What fills the context"));
    kit_leave(e);
}

/* A command and a key that do the same are one row, which says both. */
static void test_palette_once(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    emulator_send(e, CTRL_P "a new conversation");
    CHECK(e, emulator_shows(e, "/new  F4"));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "What can be done"));
    emulator_send(e, CTRL_P "find words in all conversations");
    CHECK(e, emulator_shows(e, cols < 80 ? "/find" : "/find [WORDS]  F3"));
    CHECK(e, emulator_shows(e, " 1 of "));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "Find in all conversations"));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "Find in all conversations"));
    kit_leave(e);
}

/* What was said last is edited, seen again, deleted, taken back, and gone on with elsewhere. */
static void test_revising(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    kit_ask(e, "/edit bread for spring");
    CHECK(e, emulator_shows(e, "tok/s"));
    kit_ask(e, "/branch");
    CHECK(e, emulator_shows(e, "bread for winter"));
    kit_ask(e, "/branch 9");
    CHECK(e, emulator_shows(e, "there is no 9"));
    emulator_send(e, "\003");
    kit_ask(e, "/branch 2");
    CHECK(e, emulator_shows(e, "2 of 2: questions"));
    CHECK(e, emulator_shows(e, "bread for spring"));
    kit_ask(e, "/edit");
    CHECK(e, emulator_shows(e, "> bread for spring"));
    emulator_send(e, ESC);
    CHECK(e, emulator_shows(e, "as a new message"));
    emulator_send(e, "\003");
    kit_ask(e, "/delete");
    CHECK(e, emulator_shows(e, "/undelete"));
    kit_ask(e, "/undelete");
    CHECK(e, emulator_shows(e, "bread for spring"));
    kit_ask(e, "/fork");
    CHECK(e, emulator_shows(e, "a new conversation; the old"));
    kit_leave(e);
}

/* The conversation as a whole: found, named, put away, deleted. */
static void test_whole(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    kit_ask(e, "/rename loaves");
    emulator_send(e, "\033OQ");
    CHECK(e, emulator_shows(e, "loaves"));
    emulator_send(e, "q");
    kit_ask(e, "/find autumn");
    CHECK(e, emulator_shows(e, "Find in all conversations"));
    CHECK(e, emulator_shows(e, "apples in autumn"));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "Find in all conversations"));
    kit_ask(e, "/discard");
    CHECK(e, emulator_shows(e, "takes it back"));
    CHECK(e, emulator_shows(e, "Write and press Enter"));
    kit_ask(e, "/discard");
    CHECK(e, emulator_shows(e, "nothing was said yet"));
    emulator_send(e, "\003");
    kit_leave(e);
}

/* What is found is gone to: its message, and where its words stand together. */
static void test_find_goes_there(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    kit_ask_and_wait(e, "the one");
    kit_ask_and_wait(e, "the two");
    kit_ask_and_wait(e, "the three");
    kit_ask_and_wait(e, "the four");
    emulator_send(e, F4 "\033OR");
    CHECK(e, emulator_shows(e, "Find in all conversations"));
    emulator_send(e, "the two");
    CHECK(e, emulator_shows(e, ": the two"));
    emulator_send(e, "\r");
    CHECK(e, emulator_hides(e, "Find in all conversations"));
    CHECK(e, emulator_shows(e, "the two"));
    CHECK(e, rows > 10 || emulator_hides(e, "for winter"));
    kit_leave(e);
}

static bool is_there(struct emulator *e, const char *text)
{
    int row, col;
    return emulator_find(e, text, &row, &col);
}

/* Sends a question and waits for what comes of it. */
static void ask_somehow(struct emulator *e)
{
    emulator_send(e, "words of a question that takes some room\r");
    for (int i = 0; i < 200; i++) {
        emulator_run(e, 20);
        if (is_there(e, "The context is full") ||
            (!is_there(e, "> words") && !is_there(e, "Esc stops")))
            return;
    }
}

/* A full context asks what to do; nothing is left out by itself. */
static void test_full(void)
{
    struct emulator *e = kit_start_small(24, 80);
    for (int i = 0; i < 12 && !is_there(e, "and send"); i++) {
        if (is_there(e, "The context is full")) { /* by the answer: that is another question */
            emulator_send(e, ESC);
            CHECK(e, emulator_hides(e, "The context is full"));
        }
        ask_somehow(e);
    }
    CHECK(e, emulator_shows(e, "The context is full"));
    CHECK(e, emulator_shows(e, "leave the oldest turns out"));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "The context is full"));
    CHECK(e, emulator_shows(e, "> words of a question")); /* it is not lost */
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "The context is full"));
    emulator_send(e, "\r");
    CHECK(e, emulator_hides(e, "> words"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    kit_ask(e, "/context");
    CHECK(e, emulator_shows(e, "left out"));
    kit_leave(e);
}

/* The foot of a rule between panes, sooner or later in that column. */
static bool has_rule_at(struct emulator *e, int wanted)
{
    int row, col;
    for (int i = 0; i < 100; i++) {
        if (emulator_find(e, "┴", &row, &col) && col == wanted)
            return true;
        emulator_run(e, 20);
    }
    return false;
}

/* Side panes come and go with the width; nothing of them is left over. */
static void test_fold(void)
{
    struct emulator *e = kit_start_real(30, 120);
    int row, col;
    CHECK(e, emulator_shows(e, "▸ "));
    emulator_resize(e, 30, 99);
    CHECK(e, emulator_hides(e, "▸ "));
    CHECK(e, !emulator_find(e, "│", &row, &col));
    emulator_resize(e, 30, 120);
    CHECK(e, emulator_shows(e, "▸ "));
    CHECK(e, has_rule_at(e, 27));
    emulator_send(e, "\033+\033+");
    CHECK(e, has_rule_at(e, 29));
    emulator_send(e, "\033-\033-\033-");
    CHECK(e, has_rule_at(e, 26));
    kit_leave(e);
    e = kit_start_real(30, 120); /* as it was left */
    CHECK(e, has_rule_at(e, 26));
    kit_leave(e);
    kit_write_file("facet/screen.json", "{\"side-cols\": \"9999999\"}", 24);
    e = kit_start_real(30, 120);
    CHECK(e, has_rule_at(e, 27));
    kit_leave(e);
}

/* Panes by Tab and Alt-arrows; the hint says where one is. */
static void test_focus(void)
{
    struct emulator *e = kit_start_real(30, 120);
    CHECK(e, emulator_shows(e, "Enter sends"));
    emulator_send(e, "\t");
    CHECK(e, emulator_shows(e, "[ ] select"));
    emulator_send(e, "\t");
    CHECK(e, emulator_shows(e, "Enter opens"));
    emulator_send(e, "\t");
    CHECK(e, emulator_shows(e, "Enter sends"));
    emulator_send(e, "\033[Z");
    CHECK(e, emulator_shows(e, "Enter opens"));
    emulator_send(e, "\033[1;3C");
    CHECK(e, emulator_shows(e, "[ ] select"));
    emulator_send(e, "\033[1;3D");
    CHECK(e, emulator_shows(e, "Enter opens"));
    emulator_send(e, ESC);
    CHECK(e, emulator_shows(e, "Enter sends"));
    kit_leave(e);
}

enum { CLICK = 0, WHEEL_UP = 64, WHEEL_DOWN = 65 };

/* A press of the first button, or the wheel, in the cell where the text is. */
static void mouse_at(struct emulator *e, int button, const char *text)
{
    char keys[64];
    int row = 0, col = 0;
    CHECK(e, emulator_shows(e, text));
    CHECK(e, emulator_find(e, text, &row, &col));
    snprintf(keys, sizeof keys, "\033[<%d;%d;%dM\033[<%d;%d;%dm", button, col + 1, row + 1, button,
             col + 1, row + 1);
    emulator_send(e, keys);
}

/* Clicks go to panes and open conversations; the wheel moves what is under it. */
static void test_mouse(int rows, int cols)
{
    setenv("FACET_MOUSE", "yes", 1);
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_wrote(e, "\033[?1000h") > 0);
    CHECK(e, emulator_shows(e, "bread for winter"));
    mouse_at(e, CLICK, "You");
    CHECK(e, cols < 80 ? emulator_shows(e, "Esc writes") : emulator_shows(e, "[ ] select"));
    mouse_at(e, CLICK, ">");
    CHECK(e, emulator_hides(e, "Esc writes"));
    emulator_send(e, F1);
    CHECK(e, emulator_shows(e, "Writing"));
    if (rows <= 40) { /* else all of it is seen */
        mouse_at(e, WHEEL_DOWN, "Writing");
        CHECK(e, emulator_hides(e, "Writing"));
        mouse_at(e, WHEEL_UP, "line");
        CHECK(e, emulator_shows(e, "Writing"));
    }
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "Writing"));
    emulator_send(e, F2);
    CHECK(e, emulator_shows(e, "Enter opens"));
    mouse_at(e, WHEEL_DOWN, "apples");
    mouse_at(e, CLICK, "apples");
    CHECK(e, emulator_shows(e, "apples in autumn"));
    CHECK(e, cols < 100 ? emulator_hides(e, "bread") : emulator_shows(e, "▸ apples"));
    kit_leave(e);
    unsetenv("FACET_MOUSE");
}

/* Over the transcript, and back to its end. */
static void test_wheel(int rows, int cols)
{
    setenv("FACET_MOUSE", "yes", 1);
    struct emulator *e = kit_start_fake(rows, cols);
    kit_ask_and_wait(e, "lines 99");
    CHECK(e, emulator_shows(e, "line 99"));
    mouse_at(e, WHEEL_UP, "line 98");
    CHECK(e, emulator_hides(e, "line 99"));
    CHECK(e, emulator_shows(e, "line 96"));
    mouse_at(e, WHEEL_DOWN, "line 96");
    CHECK(e, emulator_shows(e, "line 99"));
    kit_leave(e);
    unsetenv("FACET_MOUSE");
}

/* The terminal's own selection works as ever. */
static void test_no_mouse(int rows, int cols)
{
    struct emulator *e = kit_start_real(rows, cols);
    CHECK(e, emulator_shows(e, "bread for winter"));
    emulator_send(e, "\003\003\004");
    CHECK(e, emulator_wait(e) == 0);
    CHECK(e, emulator_has_written(e, "\033[?1000h") == 0);
    CHECK(e, emulator_wrote(e, "\033[?1004h") > 0);
    emulator_stop(e);
}

int main(void)
{
    static void (*const at_every_size[])(int rows, int cols) = {
        test_resume,  test_open_other,     test_list_and_back, test_new,
        test_palette, test_palette_begins, test_palette_left,  test_filling,
        test_mouse,   test_no_mouse,       test_wheel,
        test_palette_once, test_palette_by_command, test_revising, test_whole,
        test_find_goes_there};
    kit_prepare();
    if (kit_has_real()) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            for (size_t i = 0; i < sizeof at_every_size / sizeof at_every_size[0]; i++) {
                make_history();
                at_every_size[i](sizes[s].rows, sizes[s].cols);
            }
        test_touched();
        test_fold();
        test_system();
        test_full();
        test_focus();
    }
    return kit_finish();
}
