/* An answer shaded by how sure the model was of each word: what is shown and told of it, and that
 * nothing of it stays. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/screen/kit.h"
#include "tui/glyph.h"

#define ESC   "\033"
#define LEFT  "\033[D"
#define RIGHT "\033[C"

static const struct {
    int rows, cols;
} sizes[] = {{10, 40}, {24, 80}, {40, 120}};

/* With an answer that has figures, the focus in reading. */
static struct emulator *start_sure(int rows, int cols, const char *question)
{
    struct emulator *e = kit_start_fake(rows, cols);
    kit_ask(e, "/set confidence yes");
    CHECK(e, emulator_shows(e, "confidence is yes now"));
    kit_ask_and_wait(e, question);
    emulator_send(e, "\t");
    CHECK(e, emulator_shows(e, "Esc writes"));
    return e;
}

/* Of the text's last place on the screen: the answer's, not the question's. */
static struct style style_of(struct emulator *e, int rows, const char *text)
{
    for (int row = rows - 1; row >= 0; row--) {
        const char *line = emulator_row(e, row), *at = strstr(line, text);
        if (at)
            return emulator_style(e, row, (int)glyph_cells(line, (size_t)(at - line)));
    }
    CHECK(e, !"the text is there");
    return (struct style){-1, -1, 0};
}

static void test_words(int rows, int cols)
{
    struct emulator *e = start_sure(rows, cols, "say **You** paid *at* the bakery");
    emulator_send(e, "p");
    CHECK(e, emulator_shows(e, "\"**You**\" 97 % · shop 1 % · café 1 %"));
    CHECK(e, emulator_shows(e, "**You** paid *at* the bakery"));
    CHECK(e, emulator_shows(e, "Esc formats"));
    emulator_send(e, RIGHT);
    CHECK(e, emulator_shows(e, "\"paid\" 50 % · shop 1 %"));
    emulator_send(e, "ll");
    CHECK(e, emulator_shows(e, "\"the\" <1 % · shop 1 %"));
    emulator_send(e, "h");
    CHECK(e, emulator_shows(e, "\"*at*\" 20 % · shop 1 %"));
    if (cols >= 80) /* on a narrow one there is room for some of the others */
        CHECK(e, emulator_shows(e, "café 1 % · ↵ 1 % · ␛[2J <1 %"));
    emulator_send(e, LEFT LEFT LEFT LEFT); /* no further than the first */
    CHECK(e, emulator_shows(e, "\"**You**\" 97 %"));
    emulator_send(e, "llllllll");
    CHECK(e, emulator_shows(e, "\"bakery\" 97 %"));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "Esc formats"));
    CHECK(e, emulator_shows(e, "You paid at the bakery"));
    emulator_send(e, "p");
    CHECK(e, emulator_shows(e, "\"**You**\" 97 %"));
    emulator_send(e, "p");
    CHECK(e, emulator_shows(e, "You paid at the bakery"));
    kit_leave(e);
}

/* Each of the others looks another way, with colours; without, the unlikely ones do. */
static void test_shades(int rows, int cols)
{
    struct emulator *e = start_sure(rows, cols, "say one two three four five");
    emulator_send(e, "pllll");
    CHECK(e, emulator_shows(e, "\"five\" 97 %"));
    struct style one = style_of(e, rows, "one two"), two = style_of(e, rows, "two three"),
                 three = style_of(e, rows, "three four"), four = style_of(e, rows, "four five");
    CHECK(e, one.fg != two.fg && one.attrs == 0 && two.attrs == 0);
    CHECK(e, three.fg == two.fg && three.attrs == ATTR_UNDERLINE);
    CHECK(e, four.fg != two.fg && four.attrs == ATTR_UNDERLINE);
    kit_leave(e);

    setenv("FACET_THEME", "mono", 1);
    e = start_sure(rows, cols, "say one two three four five");
    emulator_send(e, "pllll");
    CHECK(e, emulator_shows(e, "\"five\" 97 %"));
    CHECK(e, style_of(e, rows, "one two").attrs == 0);
    CHECK(e, style_of(e, rows, "three four").attrs == ATTR_UNDERLINE);
    CHECK(e, style_of(e, rows, "four five").attrs == (ATTR_UNDERLINE | ATTR_BOLD));
    emulator_send(e, "h");
    CHECK(e, emulator_shows(e, "\"four\" <1 %"));
    CHECK(e, style_of(e, rows, "four five").attrs == ATTR_REVERSE);
    kit_leave(e);
    unsetenv("FACET_THEME");
}

/* The word that is told is seen, however long the answer, and tokens that end within a character
 * take nothing from it. */
static void test_long(int rows, int cols)
{
    struct emulator *e = start_sure(rows, cols, "lines 60");
    char keys[121];
    emulator_send(e, "p");
    CHECK(e, emulator_shows(e, "line 1"));
    CHECK(e, emulator_hides(e, "line 60"));
    memset(keys, 'l', 119);
    keys[119] = 0;
    emulator_send(e, keys);
    CHECK(e, emulator_shows(e, "\"60\" <1 %"));
    CHECK(e, emulator_shows(e, "line 60"));
    emulator_send(e, "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk");
    CHECK(e, emulator_hides(e, "line 60"));
    CHECK(e, emulator_shows(e, "\"60\" <1 %")); /* still told */
    emulator_send(e, "G/line 5\r");
    CHECK(e, emulator_shows(e, " of 11"));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "of 11"));
    CHECK(e, emulator_shows(e, "Esc formats"));
    emulator_resize(e, 12, 50);
    CHECK(e, emulator_shows(e, "Esc formats"));
    emulator_send(e, "h");
    CHECK(e, emulator_shows(e, "\"line\" 20 %"));
    kit_leave(e);

    static const char hindi[] = "नमस्तेदुनियाकैसेहोआप";
    char question[100];
    snprintf(question, sizeof question, "say %s", hindi);
    e = start_sure(rows, cols, question);
    emulator_send(e, "p");
    CHECK(e, emulator_shows(e, "97 % · shop"));
    emulator_send(e, "l");
    CHECK(e, emulator_shows(e, "50 % · shop"));
    CHECK(e, emulator_shows(e, hindi));
    kit_leave(e);
}

/* Where there is nothing to shade, that is said. */
static void test_unknown(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    emulator_send(e, "\tp");
    CHECK(e, emulator_shows(e, "there is no answer yet"));
    emulator_send(e, "l");
    CHECK(e, emulator_shows(e, "p shades an answer"));
    emulator_send(e, ESC);
    CHECK(e, emulator_hides(e, "Esc writes"));
    kit_ask_and_wait(e, "say hello");
    emulator_send(e, "\tp");
    CHECK(e, emulator_shows(e, "/set confidence yes"));
    emulator_send(e, "[[p");
    CHECK(e, emulator_shows(e, "only an answer can be shaded"));
    emulator_send(e, "i");
    CHECK(e, emulator_hides(e, "Esc writes"));
    kit_ask(e, "slow");
    CHECK(e, emulator_shows(e, "w3"));
    emulator_send(e, "\tp");
    CHECK(e, emulator_shows(e, "an answer is under way"));
    emulator_send(e, ESC);
    CHECK(e, emulator_shows(e, "interrupted"));
    kit_leave(e);
}

/* Another answer, more of it, or another conversation: the formatted one is seen again. */
static void test_ends(int rows, int cols)
{
    struct emulator *e = start_sure(rows, cols, "say **bold** word");
    emulator_send(e, "p");
    CHECK(e, emulator_shows(e, "**bold** word"));
    emulator_send(e, "r");
    CHECK(e, emulator_shows(e, "2/2"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    CHECK(e, emulator_hides(e, "Esc formats"));
    emulator_send(e, "p");
    CHECK(e, emulator_shows(e, "\"**bold**\" 97 %"));
    emulator_send(e, "<");
    CHECK(e, emulator_shows(e, "1/2"));
    CHECK(e, emulator_hides(e, "Esc formats"));
    emulator_send(e, "p");
    CHECK(e, emulator_shows(e, "Esc formats"));
    emulator_send(e, "i/new\r");
    CHECK(e, emulator_shows(e, "Write and press"));
    kit_leave(e);
}

int main(void)
{
    static void (*const at_every_size[])(int rows, int cols) = {test_words, test_shades, test_long,
                                                                test_unknown, test_ends};
    kit_prepare();
    setlocale(LC_ALL, "C.UTF-8");
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t i = 0; i < sizeof at_every_size / sizeof at_every_size[0]; i++)
            at_every_size[i](sizes[s].rows, sizes[s].cols);
    return kit_finish();
}
