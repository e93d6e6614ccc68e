/* Pictures on the full screen, in a terminal emulator: over a scripted chat, and with the real
 * program ($FACET) over a tiny model ($TINY) where both are given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <png.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "tests/screen/kit.h"
#include "tui/color.h"

/* The program with a variable more in its environment. */
static struct emulator *start_with(const char *variable, const char *value)
{
    setenv(variable, value, 1);
    struct emulator *e = kit_start_fake(40, 120);
    unsetenv(variable);
    return e;
}

/* Cells with a colour of their own in the part of the screen that is no text. */
static int colored_cells(struct emulator *e, const char *glyphs)
{
    int n = 0;
    for (int row = 0; row < 70; row++)
        for (int col = 0; col < 250; col++) {
            const char *text = emulator_cell(e, row, col, NULL);
            n += *text && strstr(glyphs, text) && emulator_has_color(e, row, col);
        }
    return n;
}

/* ---- Every size ----------------------------------------------------------------------------- */

/* The pane stands at the right where there is room; a key brings it elsewhere. */
static void test_pane(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int row, col;
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "> [image 1]"));
    if (cols < 100)
        emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "1/4"));
    CHECK(e, emulator_shows(e, "1200×400"));
    CHECK(e, emulator_shows_either(e, "▀", "▌"));
    CHECK(e, emulator_find(e, "│", &row, &col)); /* between crops */
    CHECK(e, colored_cells(e, "▀▄▌▐▘▝▖▗█ ") > 20);
    if (cols >= 100)
        emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "Esc back"));
    emulator_send(e, "\033[C");
    CHECK(e, emulator_shows(e, "2/4"));
    CHECK(e, emulator_shows(e, "crop 1: 400×400 at 0,0"));
    emulator_send(e, "\033[D\033[D");
    CHECK(e, emulator_shows(e, "4/4"));
    emulator_send(e, "w");
    CHECK(e, emulator_shows(e, "896×896 of 400×400"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc back"));
    CHECK(e, emulator_find(e, "> [image 1]", &row, &col));
    kit_leave(e);
}

static void test_region(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "> [image 1]"));
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "1200×400"));
    emulator_send(e, "r");
    CHECK(e, emulator_shows(e, "region 600×200 at 300,100"));
    CHECK(e, emulator_shows(e, "┌") && emulator_shows(e, "┘"));
    emulator_send(e, "\033[C");
    CHECK(e, emulator_hides(e, "at 300,100"));
    for (int i = 0; i < 200; i++)
        emulator_send(e, "kh");
    CHECK(e, emulator_shows(e, "region 600×200 at 0,0"));
    for (int i = 0; i < 200; i++)
        emulator_send(e, "+");
    CHECK(e, emulator_shows(e, "region 1200×400 at 0,0"));
    for (int i = 0; i < 300; i++)
        emulator_send(e, "-");
    CHECK(e, emulator_shows(e, "region 1×1 at 0,0"));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "wide.ppm@0,0,1,1"));
    CHECK(e, emulator_shows(e, "> [image 1]"));
    kit_leave(e);
}

/* A picture that was sent is shown while its message is in view. */
static void test_sent(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "> [image 1]"));
    emulator_send(e, "say seen\r");
    CHECK(e, emulator_shows(e, "echo: [image 1] say seen"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    if (cols < 100)
        emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "1/4"));
    CHECK(e, emulator_shows(e, "about 8 s")); /* as measured just now */
    kit_leave(e);
}

/* The middle of a part of the picture, which begins in this row of the screen. */
static uint32_t color_at(struct emulator *e, int row, int col)
{
    struct style style = emulator_style(e, row, col);
    return style.bg == COLOR_OWN ? 0 : color_rgb(style.bg);
}

/* How the answer's attention lies over the picture: all of it, a word, what cannot be told; in the
 * scripted chat the whole answer looks at the first row of soft tokens. */
static void test_looked(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "> [image 1]"));
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "1/4"));
    emulator_send(e, "h");
    CHECK(e, emulator_shows(e, "there is no answer yet"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc back"));
    emulator_send(e, "say seen\r");
    CHECK(e, emulator_shows(e, "echo: [image 1] say seen"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "Esc back"));
    emulator_send(e, "h");
    CHECK(e, emulator_shows(e, "25.0 % on it"));
    emulator_send(e, "]");
    CHECK(e, emulator_shows(e, "“echo:” (1/5)"));
    CHECK(e, emulator_shows(e, "26.0 % on it"));
    emulator_send(e, "[[");
    CHECK(e, emulator_shows(e, "“seen” (5/5)"));
    emulator_send(e, "\033[C");
    CHECK(e, emulator_shows(e, "2/4"));
    emulator_send(e, "\033"); /* no heat, still the picture */
    CHECK(e, emulator_hides(e, "“seen”"));
    CHECK(e, emulator_shows(e, "2/4"));
    emulator_send(e, "hhhhh]");
    CHECK(e, emulator_shows(e, "“echo:” (1/5)"));
    CHECK(e, emulator_shows(e, "% here"));
    emulator_send(e, "h");
    CHECK(e, emulator_shows(e, "crop 1"));
    CHECK(e, emulator_hides(e, "“echo:”"));
    kit_leave(e);
}

/* Folders by key and by command; a filter; the picture of a folder below; several at once. */
static void test_picker(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int row, col;
    emulator_send(e, "\033o");
    CHECK(e, emulator_shows(e, "album/"));
    CHECK(e, emulator_shows(e, "Esc back"));
    CHECK(e, !emulator_find(e, "text.txt", &row, &col));
    CHECK(e, !emulator_find(e, ".hidden", &row, &col));
    emulator_send(e, ".hi");
    CHECK(e, emulator_shows(e, ".hidden.ppm"));
    emulator_send(e, "\025"); /* Ctrl-U */
    CHECK(e, emulator_hides(e, ".hidden.ppm"));
    emulator_send(e, "zz");
    CHECK(e, emulator_shows(e, "nothing here fits"));
    emulator_send(e, "\027"); /* Ctrl-W */
    CHECK(e, emulator_shows(e, "album/"));
    emulator_send(e, "bm\001a"); /* Ctrl-A: before it */
    CHECK(e, emulator_hides(e, "wide.ppm"));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "B.PPM"));
    CHECK(e, emulator_shows(e, "named-wrongly.txt"));
    if (cols >= 60)
        CHECK(e, emulator_shows_either(e, "▀", "▌"));
    emulator_send(e, " ");
    CHECK(e, emulator_shows(e, "1 marked"));
    emulator_send(e, " ");
    CHECK(e, emulator_shows(e, "2 marked"));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "> [image 1] [image 2]"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "[image 1]"));
    emulator_send(e, "/image\r"); /* where it was last */
    CHECK(e, emulator_shows(e, "B.PPM"));
    emulator_send(e, "\033[D");
    CHECK(e, emulator_shows(e, "album/"));
    emulator_send(e, "zzz");
    CHECK(e, emulator_shows(e, "nothing here fits"));
    emulator_send(e, "\r\177\177\177locked\r");
    CHECK(e, geteuid() == 0 || emulator_shows(e, "Permission denied"));
    CHECK(e, emulator_shows(e, "locked/"));
    emulator_send(e, "\033[D");
    CHECK(e, emulator_shows(e, "album/"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc back"));
    kit_leave(e);
}

static void test_failures(int rows, int cols)
{
    static const struct {
        const char *line, *told;
    } cases[] = {
        {"/image broken.png", "broken.png:"},
        {"/image missing.png", "No such file"},
        {"/image huge.ppm", "huge.ppm:"},
        {"/image pipe", "not a regular file"},
        {"/image wide.ppm@0,0,2000,1", "the region is not"},
    };
    struct emulator *e = kit_start_fake(rows, cols);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kit_ask(e, cases[i].line);
        CHECK(e, emulator_shows(e, cases[i].told));
        CHECK(e, emulator_shows(e, "> /image"));
        CHECK(e, emulator_hides(e, "[image 1]"));
        emulator_send(e, "\003");
        CHECK(e, emulator_hides(e, "> /image"));
    }
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "no picture to look at"));
    kit_leave(e);
}

/* ---- Once ----------------------------------------------------------------------------------- */

/* Enter while the picture is being read: sent when it is. */
static void test_send_waits(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    emulator_send(e, "now ");
    emulator_send(e, "\033[200~large.ppm\033[201~\r");
    CHECK(e, emulator_shows(e, "echo: now [image 1]"));
    kit_leave(e);
}

/* Nothing of a name or of what a file says of itself reaches the terminal as it is. */
static void test_names(void)
{
    struct emulator *e = kit_start_fake(24, 120);
    kit_ask(e, "/image evil*"); /* not expanded: there is none of that name */
    CHECK(e, emulator_shows(e, "evil*"));
    emulator_send(e, "\003");
    emulator_send(e, "\033[200~./evil\033]0;owned\007.ppm\033[201~");
    CHECK(e, emulator_shows(e, "[image 1]"));
    CHECK(e, emulator_shows(e, "evil␛]0;owned␇.ppm"));
    CHECK(e, emulator_accidents(e) == 0);
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "Esc back"));
    kit_leave(e);
}

static void test_without_color(void)
{
    struct emulator *e = start_with("NO_COLOR", "1");
    int colored = 0;
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "1/4"));
    CHECK(e, emulator_shows(e, "whole + 3 crops"));
    for (int row = 0; row < 40; row++)
        for (int col = 0; col < 120; col++)
            colored += emulator_has_color(e, row, col);
    CHECK(e, colored == 0);
    CHECK(e, emulator_hides(e, "▀"));
    kit_leave(e);
}

/* Pixels by kitty's protocol: drawn once, not again for other cells, gone under what lies over
 * them, deleted at the end. */
static void test_kitty(void)
{
    struct emulator *e = start_with("FACET_PICTURES", "kitty");
    int row, col;
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_wrote(e, "\033_Ga=T,i=1,p=1,C=1,c=30,r=5,f=24,q=2,s=300,v=99,m=1;") == 1);
    CHECK(e, !emulator_find(e, "▀", &row, &col));
    emulator_send(e, "typed");
    CHECK(e, emulator_shows(e, "typed"));
    CHECK(e, emulator_wrote(e, "\033_Ga=T") == 1);
    emulator_send(e, "\033p\033[C");
    CHECK(e, emulator_shows(e, "2/4"));
    CHECK(e, emulator_wrote(e, "\033_Ga=d,d=I,i=1,q=2\033\\"));
    for (int i = 0; i < 200 && emulator_wrote(e, "\033_Ga=T") < 2; i++)
        emulator_run(e, 20);
    emulator_send(e, "r"); /* a region is drawn in cells */
    CHECK(e, emulator_shows(e, "┌"));
    int drawn = emulator_wrote(e, "\033_Ga=T"), deleted = emulator_wrote(e, "\033_Ga=d");
    CHECK(e, drawn >= 2 && deleted == drawn);
    kit_leave(e);
}

/* A terminal that gives its name. */
static void test_kitty_by_name(void)
{
    struct emulator *e = kit_start_fake(40, 120);
    CHECK(e, emulator_wrote(e, "\033[>q"));
    emulator_send(e, "\033P>|kitty(0.26.5)\033\\");
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_wrote(e, "\033_Ga=T") == 1);
    kit_leave(e);
}

/* What tmux is to let through, to kitty. */
#define THROUGH "\033Ptmux;\033\033_G"

/* Within tmux the terminal around it is asked; the picture goes through, and stands in cells whose
 * colour is its number. */
static void test_placed(void)
{
    setenv("TMUX", "/tmp/tmux,1,0", 1);
    struct emulator *e = kit_start_fake(40, 120);
    unsetenv("TMUX");
    int row, col, width;
    CHECK(e, emulator_wrote(e, "\033Ptmux;\033\033[>q\033\\") == 1);
    emulator_send(e, "\033P>|tmux 3.4\033\\\033P>|kitty(0.26.5)\033\\");
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_wrote(e, THROUGH "a=t,i=") == 1);
    CHECK(e, emulator_wrote(e, THROUGH "a=p,U=1,i=") == 1);
    CHECK(e, emulator_shows(e, "\xF4\x8E\xBB\xAE"));
    CHECK(e, emulator_has_written(e, "\033_Ga=T") == 0);
    CHECK(e, emulator_find(e, "\xF4\x8E\xBB\xAE", &row, &col));
    int id = emulator_style(e, row, col).fg;
    CHECK(e, id >= 16 && id < 256);
    for (int r = 0; r < 5; r++)
        for (int c = 0; c < 30; c++)
            CHECK(e, emulator_style(e, row + r, col + c).fg == id);
    CHECK(e, strcmp(emulator_cell(e, row, col, &width), "\xF4\x8E\xBB\xAE\u0305\u0305") == 0);
    CHECK(e, strcmp(emulator_cell(e, row, col + 1, &width), "\xF4\x8E\xBB\xAE\u0305\u030D") == 0);
    CHECK(e, strcmp(emulator_cell(e, row + 4, col + 2, &width), "\xF4\x8E\xBB\xAE\u0312\u030E") ==
                 0);
    char placed[64];
    snprintf(placed, sizeof placed, THROUGH "a=p,U=1,i=%d,c=30,r=5,q=2\033\033\\\033\\", id);
    CHECK(e, emulator_wrote(e, placed) == 1);
    emulator_send(e, "typed");
    CHECK(e, emulator_shows(e, "typed"));
    CHECK(e, emulator_wrote(e, THROUGH "a=t") == 1);
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "Esc back"));
    emulator_send(e, "r"); /* a region is drawn in cells; then it is there again */
    CHECK(e, emulator_shows(e, "┌"));
    CHECK(e, emulator_wrote(e, THROUGH "a=d,d=I,i="));
    CHECK(e, emulator_hides(e, "\xF4\x8E\xBB\xAE"));
    emulator_send(e, "\033");
    CHECK(e, emulator_shows(e, "\xF4\x8E\xBB\xAE"));
    CHECK(e, emulator_wrote(e, THROUGH "a=t") == 2);
    kit_leave(e);
}

/* tmux that lets nothing through, or around which is a terminal that knows no placeholders. */
static void test_not_placed(void)
{
    setenv("TMUX", "/tmp/tmux,1,0", 1);
    struct emulator *e = kit_start_fake(40, 120);
    unsetenv("TMUX");
    emulator_send(e, "\033P>|tmux 3.4\033\\\033P>|WezTerm 2024\033\\");
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows_either(e, "▀", "▌"));
    CHECK(e, emulator_hides(e, "\xF4\x8E\xBB\xAE"));
    kit_leave(e);
}

/* A terminal that says it knows sixel, and how large a cell is. */
static void test_sixel(void)
{
    struct emulator *e = kit_start_fake(40, 120);
    emulator_cell_size(e, 10, 20);
    emulator_send(e, "\033[?62;4;22c");
    emulator_send(e, "typed");
    CHECK(e, emulator_shows(e, "> typed")); /* nothing of the answer is taken for typing */
    emulator_send(e, "\003");
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_wrote(e, "\033P0;1;0q") == 1);
    emulator_send(e, "\033OP");
    CHECK(e, emulator_shows(e, "Writing"));
    kit_leave(e);
}

/* Answers that come when nobody asked, and keys that mean nothing, are never typing. */
static void test_answers(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    emulator_send(e, "\033P>|xterm(379)\033\\\033[?1;2c\033[1;3Z\033[99~\033[?62;4;22c");
    emulator_send(e, "typed");
    CHECK(e, emulator_shows(e, "> typed"));
    kit_leave(e);
}

static void test_off(void)
{
    struct emulator *e = start_with("FACET_PICTURES", "off");
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "whole + 3 crops"));
    CHECK(e, emulator_hides(e, "▀"));
    kit_leave(e);
}

static void test_resizes(void)
{
    static const int sizes[][2] = {{1, 1}, {3, 8}, {10, 40}, {70, 250}, {5, 200}, {24, 80}};
    struct emulator *e = kit_start_fake(40, 120);
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "1/4"));
    emulator_send(e, "\033p");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        emulator_resize(e, sizes[i][0], sizes[i][1]);
        emulator_send(e, i % 2 ? "r+\033p" : "w");
        emulator_run(e, 100);
    }
    emulator_resize(e, 40, 120);
    CHECK(e, emulator_shows(e, "> [image 1]"));
    CHECK(e, emulator_shows(e, "1/4"));
    kit_leave(e);
}

/* The top is hot, the rest dark; in shades where there are no colours. */
static void test_heat(void)
{
    static const char *const variables[] = {"FACET_PICTURES", "NO_COLOR"};
    static const char *const values[] = {"kitty", "1"}; /* pixels give way to cells */
    for (int mono = 0; mono < 2; mono++) {
        struct emulator *e = start_with(variables[mono], values[mono]);
        int top, col, row, left;
        kit_ask(e, "/image wide.ppm");
        CHECK(e, emulator_shows(e, "> [image 1]"));
        emulator_send(e, "say seen\r");
        CHECK(e, emulator_shows(e, "echo: [image 1] say seen"));
        CHECK(e, emulator_hides(e, "Esc stops"));
        emulator_send(e, "\033p");
        CHECK(e, emulator_shows(e, "Esc back"));
        emulator_send(e, "h");
        CHECK(e, emulator_shows(e, "25.0 % on it"));
        CHECK(e, emulator_shows(e, mono ? "▒" : "▀"));
        CHECK(e, emulator_find(e, "wide.ppm", &top, &left));
        CHECK(e, emulator_find(e, "the whole answer", &row, &col) && row - top == 6);
        uint32_t hot = color_at(e, top + 1, left + 15), cold = color_at(e, top + 4, left + 15);
        if (mono)
            CHECK(e, strstr("▒▓", emulator_cell(e, top + 1, left + 15, NULL)));
        else
            CHECK(e, hot >> 16 > 0x60 && cold >> 16 < hot >> 16);
        emulator_send(e, "h");
        CHECK(e, emulator_hides(e, "whole answer"));
        kit_leave(e);
    }
}

/* It cannot be told of an answer that the model does not hold, nor while another one comes. */
static void test_forgotten(void)
{
    struct emulator *e = kit_start_fake(24, 80);
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "> [image 1]"));
    emulator_send(e, "forget\r");
    CHECK(e, emulator_shows(e, "echo: [image 1] forget"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    emulator_send(e, "\033ph");
    CHECK(e, emulator_shows(e, "does not hold this answer any more"));
    CHECK(e, emulator_hides(e, "whole answer"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc back"));
    emulator_send(e, "slow\r");
    CHECK(e, emulator_shows(e, "w1 w2"));
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "> [image 1]"));
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "Esc back"));
    emulator_send(e, "h");
    CHECK(e, emulator_shows(e, "an answer is under way"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc back"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc stops"));
    kit_leave(e);
}

/* Where the real program's answer looked, and that the conversation goes on. */
static void test_real_looked(void)
{
    kit_forget();
    struct emulator *e = kit_start_real(40, 120);
    kit_ask(e, "/image wide.ppm");
    CHECK(e, emulator_shows(e, "> [image 1]"));
    emulator_send(e, "what\r");
    CHECK(e, emulator_hides(e, "> [image 1]"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, "Esc back"));
    emulator_send(e, "h");
    CHECK(e, emulator_shows(e, "% on it"));
    emulator_send(e, "]");
    CHECK(e, emulator_shows(e, "(1/"));
    CHECK(e, emulator_shows(e, "% on it"));
    emulator_send(e, "]");
    CHECK(e, emulator_shows(e, "(2/"));
    CHECK(e, emulator_shows(e, "% on it"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "(2/"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc back"));
    kit_ask(e, "more");
    CHECK(e, emulator_hides(e, "> more"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "Esc stops"));
    kit_leave(e);
}

static void write_large(const char *name)
{
    enum { SIDE = 4000 };
    png_image png = {.version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE};
    void *pixels = mem_new(SIDE, SIDE); /* gray */
    CHECK(NULL, png_image_write_to_file(&png, name, 0, pixels, 0, NULL));
    free(pixels);
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    CHECK(NULL, sqlite3_open("facet/history.db", &db) == SQLITE_OK);
    CHECK(NULL, sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

/* The last conversation is there before its picture is decoded, which takes long, and goes on if
 * that cannot be read any more. */
static void test_real_resumed(void)
{
    kit_forget();
    write_large("flat.png");
    CHECK(NULL, kit_run("ask", "-q", "-m", getenv("TINY"), "-n", "5", "-i", "flat.png", "see",
                        (char *)NULL));
    struct emulator *e = kit_start_real(40, 120);
    int row, col;
    CHECK(e, emulator_find(e, "[image 1] see", &row, &col));
    CHECK(e, emulator_wrote(e, "reading…") > 0);
    CHECK(e, emulator_shows(e, "4000×4000"));
    kit_ask_and_wait(e, "more");
    kit_leave(e);
    run_sql("UPDATE picture SET bytes = x'89504e470d0a1a0a'");
    e = kit_start_real(40, 120);
    CHECK(e, emulator_find(e, "[image 1] see", &row, &col));
    CHECK(e, emulator_shows(e, "/tmp/facet-screen-"));
    CHECK(e, emulator_hides(e, "reading…"));
    kit_ask_and_wait(e, "and now");
    CHECK(e, emulator_shows(e, "and now"));
    emulator_send(e, "\033p[w\033");
    CHECK(e, emulator_hides(e, "Esc back"));
    kit_leave(e);
}

/* Beside what was found stands the picture that was spoken of; not beside what is about none. */
static void test_real_found(void)
{
    static const char blocks[] = "▀▄▌▐▘▝▖▗█ ";
    kit_forget();
    CHECK(NULL, kit_run("ask", "-q", "-m", getenv("TINY"), "-n", "5", "no pears", (char *)NULL));
    CHECK(NULL, kit_run("ask", "-q", "-m", getenv("TINY"), "-n", "5", "-i", "wide.ppm",
                        "apples or pears", (char *)NULL));
    struct emulator *e = kit_start_real(24, 80);
    kit_ask(e, "/new");
    kit_ask(e, "/find apples");
    CHECK(e, emulator_shows(e, "apples or pears"));
    CHECK(e, emulator_shows_either(e, "▀", "▌"));
    CHECK(e, colored_cells(e, blocks) > 20);
    emulator_resize(e, 24, 44); /* no room: the list alone */
    CHECK(e, emulator_hides(e, "▀"));
    CHECK(e, emulator_shows(e, "apples or pears"));
    emulator_resize(e, 24, 80);
    emulator_send(e, "\025\"no pears\"");
    CHECK(e, emulator_shows(e, "no pears"));
    CHECK(e, emulator_hides(e, "▀") && emulator_hides(e, "▌"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Find in all"));
    kit_leave(e);
}

/* Tokens from the model, and seconds known from the run before. */
static void test_real(void)
{
    for (int run = 0; run < 2; run++) {
        struct emulator *e = kit_start_real(40, 120);
        kit_ask(e, "/image wide.ppm");
        CHECK(e, emulator_shows(e, "4 × 256 = 1,024 tokens"));
        if (run)
            CHECK(e, emulator_shows(e, "s to look at"));
        emulator_send(e, "what\r");
        CHECK(e, emulator_shows(e, "s to look at"));
        emulator_send(e, "\003");
        CHECK(e, emulator_hides(e, "Esc stops"));
        kit_leave(e);
    }
}

/* ---- */

static void write_picture(const char *name, int width, int height)
{
    size_t n = 3 * (size_t)width * (size_t)height;
    char *bytes = mem_new(n + 64, 1);
    int at = snprintf(bytes, 64, "P6\n%d %d\n255\n", width, height);
    for (size_t i = 0; i < n; i++)
        bytes[(size_t)at + i] = (char)(i % 3 == 0   ? i / 3 % (size_t)width * 255 / (size_t)width
                                       : i % 3 == 1 ? i / 3 / (size_t)width * 255 / (size_t)height
                                                    : 90);
    kit_write_file(name, bytes, (size_t)at + n);
    free(bytes);
}

static bool prepare(void)
{
    static const char huge[] = "P6\n900000 900000\n255\nthat is all";
    kit_prepare();
    write_picture("wide.ppm", 1200, 400);
    write_picture("large.ppm", 4000, 3000);
    write_picture("evil\033]0;owned\007.ppm", 60, 40);
    kit_write_file("broken.png", "\x89PNG\r\n\x1a\n rubbish", 16);
    kit_write_file("huge.ppm", huge, sizeof huge - 1);
    if (mkfifo("pipe", 0600) != 0 || mkdir("album", 0700) != 0 || mkdir("locked", 0) != 0)
        return false;
    write_picture("album/B.PPM", 80, 60);
    write_picture("album/named-wrongly.txt", 80, 60);
    write_picture(".hidden.ppm", 8, 6);
    kit_write_file("text.txt", "P1 is how a bitmap begins", 25);
    return true;
}

int main(void)
{
    static const struct {
        int rows, cols;
    } sizes[] = {{10, 40}, {24, 80}, {40, 120}, {70, 250}};
    static void (*const at_every_size[])(int rows, int cols) = {test_pane, test_region, test_sent,
                                                                test_failures, test_picker,
                                                                test_looked};
    static void (*const once[])(void) = {test_send_waits, test_names,   test_without_color,
                                         test_resizes,    test_kitty,   test_kitty_by_name,
                                         test_sixel,      test_answers, test_off,
                                         test_placed,     test_not_placed,
                                         test_heat,       test_forgotten};
    if (!prepare()) {
        perror("a folder for the tests");
        return 1;
    }
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t i = 0; i < sizeof at_every_size / sizeof at_every_size[0]; i++)
            at_every_size[i](sizes[s].rows, sizes[s].cols);
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        once[i]();
    if (kit_has_real()) {
        test_real();
        test_real_looked();
        test_real_resumed();
        test_real_found();
    }
    return kit_finish();
}
