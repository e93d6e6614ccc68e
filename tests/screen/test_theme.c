/* Themes and colours: every theme that ships can be read, and read well; mistakes are named; what
 * lesser terminals get. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/named.h"
#include "tui/theme.h"

static int n_passed, n_failed;

static void check_at(int line, bool ok, const char *what, const char *about)
{
    n_passed += ok;
    n_failed += !ok;
    if (!ok)
        fprintf(stderr, "test_theme.c:%d: failed: %s: %s\n", line, what, about);
}
#define CHECK(condition, about) check_at(__LINE__, condition, #condition, about)

/* ---- Contrast, as WCAG reckons it ------------------------------------------------------------ */

static double channel(uint32_t value)
{
    double c = value / 255.0;
    return c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(int32_t color)
{
    uint32_t rgb = color_rgb(color);
    return 0.2126 * channel(rgb >> 16) + 0.7152 * channel(rgb >> 8 & 0xFF) +
           0.0722 * channel(rgb & 0xFF);
}

static double contrast(int32_t a, int32_t b)
{
    double la = luminance(a), lb = luminance(b);
    return ((la > lb ? la : lb) + 0.05) / ((la < lb ? la : lb) + 0.05);
}

static double least(const char *theme, int tone)
{
    if (strncmp(theme, "high-contrast", 13) == 0)
        return 7;
    return tone == TONE_RULE || tone == TONE_MUTED ? 3 : 4.5;
}

/* Grounds that the theme is used on: its own, else those that people have. */
static int grounds(const struct theme *theme, int32_t out[4])
{
    static const int32_t dark[] = {0x000000, 0x1e1e1e, 0x282828},
                         light[] = {0xffffff, 0xfdf6e3, 0xeeeeee};
    out[0] = theme->background;
    if (theme->background != COLOR_OWN)
        return 1;
    for (int i = 0; i < 3; i++)
        out[i] = COLOR_RGB(strcmp(theme->name, "light") == 0 ? light[i] : dark[i]);
    return 3;
}

static void check_contrast(const struct theme *theme)
{
    int32_t list[4];
    char about[160];
    for (int i = 0, n = grounds(theme, list); i < n; i++)
        for (int tone = 0; tone < TONE_COUNT; tone++) {
            const struct style *style = &theme->tones[tone];
            int32_t on = style->bg == COLOR_OWN ? list[i] : style->bg;
            if (style->fg == COLOR_OWN)
                continue;
            double ratio = contrast(style->fg, on);
            snprintf(about, sizeof about, "%s: %s on %06x: %.2f", theme->name, tone_names[tone],
                     color_rgb(on), ratio);
            CHECK(ratio >= least(theme->name, tone), about);
        }
}

/* The sixteen as xterm has them. No colour of them reads better on both black and white than its
 * magenta (4.5 on either); cyan, green and yellow do not on white, blue not on black. Dim text is
 * left to the terminal. */
static void check_sixteen(const struct theme *theme)
{
    char about[160];
    for (int tone = 0; tone < TONE_COUNT; tone++) {
        const struct style *style = &theme->tones[tone];
        CHECK(style->bg == COLOR_OWN && style->fg < 16, tone_names[tone]);
        if (style->fg == COLOR_OWN)
            continue;
        double on_black = contrast(style->fg, COLOR_RGB(0)),
               on_white = contrast(style->fg, COLOR_RGB(0xffffff));
        snprintf(about, sizeof about, "16: %s: %.2f on black, %.2f on white", tone_names[tone],
                 on_black, on_white);
        CHECK(on_black >= 3.5 && on_white >= 3.5, about);
    }
}

/* What stands beside each other and must not be taken for the other. */
static void check_told_apart(const struct theme *theme)
{
    static const struct {
        int one, other;
    } pairs[] = {
        {TONE_TEXT, TONE_ACCENT},      {TONE_TEXT, TONE_SELECTED}, {TONE_TEXT, TONE_MATCH},
        {TONE_SELECTED, TONE_MATCH},   {TONE_TEXT, TONE_LINK},     {TONE_TEXT, TONE_HEADING},
        {TONE_TEXT, TONE_CODE},        {TONE_TEXT, TONE_USER},     {TONE_TEXT, TONE_MODEL},
        {TONE_TEXT, TONE_WARNING},     {TONE_TEXT, TONE_ERROR},    {TONE_ACCENT, TONE_SELECTED},
        {TONE_HEADING, TONE_LINK},     {TONE_CODE, TONE_KEYWORD},  {TONE_CODE, TONE_LINK},
        {TONE_HEADING, TONE_SELECTED},
    };
    char about[160];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct style a = theme->tones[pairs[i].one], b = theme->tones[pairs[i].other];
        snprintf(about, sizeof about, "%s: %s and %s", theme->name, tone_names[pairs[i].one],
                 tone_names[pairs[i].other]);
        CHECK(!style_equal(a, b), about);
    }
}

/* None that a terminal of 8 colours has not. */
static void check_eight(const struct theme *theme)
{
    check_told_apart(theme);
    for (int tone = 0; tone < TONE_COUNT; tone++)
        CHECK(theme->tones[tone].fg < 8 && theme->tones[tone].bg < 8, tone_names[tone]);
}

static void check_no_colors(const struct theme *theme)
{
    for (int tone = 0; tone < TONE_COUNT; tone++) {
        const struct style *style = &theme->tones[tone];
        CHECK(style->fg == COLOR_OWN && style->bg == COLOR_OWN, tone_names[tone]);
    }
}

static void test_shipped(void)
{
    static const int colors[] = {0, 8, 16, 256, COLOR_RGB_FLAG};
    struct named_list list = named_list(NAMED_THEME);
    CHECK(list.n >= 8, "themes");
    for (size_t i = 0; i < list.n; i++) {
        struct theme theme;
        struct err err = {""};
        for (size_t k = 0; k < sizeof colors / sizeof colors[0]; k++)
            CHECK(theme_choose(&theme, list.names[i], colors[k], BACKGROUND_DARK, &err), err.text);
        CHECK(strcmp(theme.name, list.names[i]) == 0, theme.name);
        char *summary = named_summary(NAMED_THEME, list.names[i]);
        CHECK(strlen(summary) > 20, list.names[i]);
        free(summary);
        check_told_apart(&theme);
        if (strcmp(theme.name, "16") == 0) {
            check_sixteen(&theme);
            CHECK(theme_choose(&theme, "16", 8, BACKGROUND_DARK, &err), err.text);
            check_sixteen(&theme);
            check_eight(&theme);
        } else if (strcmp(theme.name, "mono") == 0)
            check_no_colors(&theme);
        else
            check_contrast(&theme);
    }
    named_list_done(&list);
}

/* Each has all tones, and none has a word too many: the reader says so of the latter. */
static void test_complete(void)
{
    for (size_t i = 0; i < n_shipped_files; i++)
        for (int tone = 0; tone < TONE_COUNT && strstr(shipped_files[i].path, ".theme"); tone++) {
            char line[64];
            snprintf(line, sizeof line, "\n%-10s = ", tone_names[tone]);
            CHECK(strstr(shipped_files[i].text, line), shipped_files[i].path);
        }
}

/* ---- The format ------------------------------------------------------------------------------ */

static void test_format(void)
{
    struct theme t;
    struct err err = {""};
    static const char text[] = "# mine\nlike = gruvbox\nbackground = #102030\n\n"
                               "accent = #AABBCC on 17 bold underline\nmuted = bright-red dim\n"
                               "text = default\n[256]\naccent = 99\n[16]\naccent = cyan reverse\n";
    CHECK(theme_parse(&t, text, "my", COLOR_RGB_FLAG, &err), err.text);
    CHECK(t.background == COLOR_RGB(0x102030), "background");
    CHECK(t.tones[TONE_ACCENT].fg == COLOR_RGB(0xaabbcc) && t.tones[TONE_ACCENT].bg == 17,
          "accent");
    CHECK(t.tones[TONE_ACCENT].attrs == (ATTR_BOLD | ATTR_UNDERLINE), "attributes");
    CHECK(t.tones[TONE_MUTED].fg == 9 && t.tones[TONE_MUTED].attrs == ATTR_DIM, "muted");
    CHECK(t.tones[TONE_STRING].fg == COLOR_RGB(0xb8bb26), "like");
    CHECK(theme_ground(&t).fg == COLOR_OWN && theme_ground(&t).bg == t.background, "ground");
    CHECK(theme_parse(&t, text, "my", 256, &err) && t.tones[TONE_ACCENT].fg == 99, "[256]");
    CHECK(theme_parse(&t, text, "my", 16, &err) && t.tones[TONE_ACCENT].fg == 6, "[16]");
    CHECK(t.tones[TONE_ACCENT].attrs == ATTR_REVERSE, "[16]");
}

static void test_mistakes(void)
{
    static const struct {
        const char *text, *said;
    } wrong[] = {
        {"text = #fff", "my.theme:1: text: \"#fff\" is neither"},
        {"\n\nacent = red", "my.theme:3: there is no tone \"acent\"; did you mean accent?"},
        {"accent = redd", "did you mean red?"},
        {"accent = red bolt", "did you mean bold?"},
        {"accent = 256", "\"256\" is neither"},
        {"accent = red on bold", "\"bold\" is neither"},
        {"accent = red on", "a colour is missing"},
        {"backgroud = red", "did you mean background?"},
        {"[88]\naccent = red", "my.theme:2: [88]"},
        {"accent", "my.theme:1: \"accent\" is neither name = value"},
        {"like = drak", "there is no theme \"drak\"; did you mean dark?"},
        {"like = ../../etc/passwd", "../../etc/passwd"},
    };
    struct theme t;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct err err = {""};
        CHECK(!theme_parse(&t, wrong[i].text, "my.theme", COLOR_RGB_FLAG, &err), wrong[i].text);
        CHECK(strstr(err.text, wrong[i].said), err.text);
    }
    CHECK(!theme_parse(&t, "x = 1\naccent = red", "my", 256, NULL), "goes on");
    CHECK(t.tones[TONE_ACCENT].fg == 1, "what is right holds");
}

static void test_choice(void)
{
    struct theme t;
    struct err err = {""};
    CHECK(theme_choose(&t, NULL, 256, BACKGROUND_UNKNOWN, &err) && !strcmp(t.name, "dark"), t.name);
    CHECK(theme_choose(&t, "auto", 256, BACKGROUND_LIGHT, &err) && !strcmp(t.name, "light"),
          t.name);
    CHECK(theme_choose(&t, NULL, 16, BACKGROUND_LIGHT, &err) && !strcmp(t.name, "16"), t.name);
    CHECK(theme_choose(&t, "gruvbox", 0, BACKGROUND_DARK, &err) && !strcmp(t.name, "mono"), t.name);
    CHECK(!theme_choose(&t, "gruvbux", 256, BACKGROUND_LIGHT, &err) && !strcmp(t.name, "light"),
          t.name);
    CHECK(strstr(err.text, "did you mean gruvbox?"), err.text);
    setenv("COLORFGBG", "0;15", 1);
    CHECK(theme_choose(&t, NULL, 256, BACKGROUND_UNKNOWN, &err) && !strcmp(t.name, "light"),
          t.name);
    setenv("NO_COLOR", "1", 1);
    CHECK(theme_choose(&t, "gruvbox", 256, BACKGROUND_DARK, &err) && !strcmp(t.name, "mono"),
          t.name);
    unsetenv("NO_COLOR");
    unsetenv("COLORFGBG");
}

/* ---- Lesser terminals ------------------------------------------------------------------------ */

static void test_nearest(void)
{
    CHECK(color_nearest(COLOR_RGB(0x5fd7af), 256) == 79, "an entry of the cube");
    CHECK(color_nearest(COLOR_RGB(0x8a8a8a), 256) == 245, "a grey");
    CHECK(color_nearest(COLOR_RGB(0xff0000), 256) == 196, "not one that may look like anything");
    CHECK(color_nearest(COLOR_RGB(0xfe0102), 16) == 9, "bright red");
    CHECK(color_nearest(COLOR_RGB(0xfefefe), 8) == 7, "white");
    CHECK(color_nearest(196, 16) == 9, "256 to 16");
    CHECK(color_nearest(12, 256) == 12 && color_nearest(12, 16) == 12, "as asked for");
    CHECK(color_nearest(5, 0) == COLOR_OWN && color_nearest(COLOR_OWN, 256) == COLOR_OWN, "none");
}

int main(void)
{
    static const char *const absent[] = {"NO_COLOR", "COLORFGBG", "XDG_CONFIG_HOME"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        unsetenv(absent[i]);
    setenv("HOME", "/nonexistent", 1);
    test_shipped();
    test_complete();
    test_format();
    test_mistakes();
    test_choice();
    test_nearest();
    printf("%d passed, %d failed\n", n_passed, n_failed);
    return n_failed > 0;
}
