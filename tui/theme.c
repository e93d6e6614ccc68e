#include "tui/theme.h"

#include <stdlib.h>
#include <string.h>

#define PLAIN(fg_)                                                                                 \
    {                                                                                              \
        (fg_), -1, 0                                                                               \
    }
#define WITH(fg_, attrs_)                                                                          \
    {                                                                                              \
        (fg_), -1, (attrs_)                                                                        \
    }

static const struct theme themes[] = {
    {"dark",
     {
         [TONE_TEXT] = PLAIN(-1),
         [TONE_ACCENT] = WITH(79, ATTR_BOLD),
         [TONE_MUTED] = PLAIN(245),
         [TONE_RULE] = PLAIN(239),
         [TONE_USER] = WITH(252, ATTR_BOLD),
         [TONE_MODEL] = WITH(110, ATTR_BOLD),
         [TONE_CODE] = PLAIN(180),
         [TONE_HEADING] = WITH(152, ATTR_BOLD),
         [TONE_WARNING] = PLAIN(179),
         [TONE_ERROR] = PLAIN(174),
         [TONE_LINK] = WITH(110, ATTR_UNDERLINE),
         [TONE_QUOTE] = PLAIN(250),
         [TONE_KEYWORD] = PLAIN(176),
         [TONE_STRING] = PLAIN(150),
         [TONE_COMMENT] = PLAIN(245),
         [TONE_NUMBER] = PLAIN(180),
         [TONE_SELECTED] = WITH(-1, ATTR_REVERSE),
         [TONE_MATCH] = WITH(-1, ATTR_REVERSE | ATTR_BOLD),
     }},
    {"light",
     {
         [TONE_TEXT] = PLAIN(-1),
         [TONE_ACCENT] = WITH(29, ATTR_BOLD),
         [TONE_MUTED] = PLAIN(242),
         [TONE_RULE] = PLAIN(250),
         [TONE_USER] = WITH(236, ATTR_BOLD),
         [TONE_MODEL] = WITH(25, ATTR_BOLD),
         [TONE_CODE] = PLAIN(94),
         [TONE_HEADING] = WITH(24, ATTR_BOLD),
         [TONE_WARNING] = PLAIN(130),
         [TONE_ERROR] = PLAIN(124),
         [TONE_LINK] = WITH(25, ATTR_UNDERLINE),
         [TONE_QUOTE] = PLAIN(240),
         [TONE_KEYWORD] = PLAIN(90),
         [TONE_STRING] = PLAIN(28),
         [TONE_COMMENT] = PLAIN(242),
         [TONE_NUMBER] = PLAIN(94),
         [TONE_SELECTED] = WITH(-1, ATTR_REVERSE),
         [TONE_MATCH] = WITH(-1, ATTR_REVERSE | ATTR_BOLD),
     }},
    /* Only the colours that read on black and on white alike. */
    {"16",
     {
         [TONE_TEXT] = PLAIN(-1),
         [TONE_ACCENT] = WITH(6, ATTR_BOLD),
         [TONE_MUTED] = WITH(-1, ATTR_DIM),
         [TONE_RULE] = WITH(-1, ATTR_DIM),
         [TONE_USER] = WITH(-1, ATTR_BOLD),
         [TONE_MODEL] = WITH(4, ATTR_BOLD),
         [TONE_CODE] = PLAIN(6),
         [TONE_HEADING] = WITH(-1, ATTR_BOLD | ATTR_UNDERLINE),
         [TONE_WARNING] = PLAIN(5),
         [TONE_ERROR] = PLAIN(1),
         [TONE_LINK] = WITH(4, ATTR_UNDERLINE),
         [TONE_QUOTE] = PLAIN(-1),
         [TONE_KEYWORD] = PLAIN(5),
         [TONE_STRING] = PLAIN(6),
         [TONE_COMMENT] = WITH(-1, ATTR_DIM),
         [TONE_NUMBER] = PLAIN(-1),
         [TONE_SELECTED] = WITH(-1, ATTR_REVERSE),
         [TONE_MATCH] = WITH(-1, ATTR_REVERSE | ATTR_BOLD),
     }},
    {"mono",
     {
         [TONE_TEXT] = PLAIN(-1),
         [TONE_ACCENT] = WITH(-1, ATTR_BOLD),
         [TONE_MUTED] = PLAIN(-1),
         [TONE_RULE] = PLAIN(-1),
         [TONE_USER] = WITH(-1, ATTR_BOLD),
         [TONE_MODEL] = WITH(-1, ATTR_BOLD),
         [TONE_CODE] = PLAIN(-1),
         [TONE_HEADING] = WITH(-1, ATTR_BOLD | ATTR_UNDERLINE),
         [TONE_WARNING] = WITH(-1, ATTR_BOLD),
         [TONE_ERROR] = WITH(-1, ATTR_BOLD),
         [TONE_LINK] = WITH(-1, ATTR_UNDERLINE),
         [TONE_QUOTE] = PLAIN(-1),
         [TONE_KEYWORD] = WITH(-1, ATTR_BOLD),
         [TONE_STRING] = PLAIN(-1),
         [TONE_COMMENT] = PLAIN(-1),
         [TONE_NUMBER] = PLAIN(-1),
         [TONE_SELECTED] = WITH(-1, ATTR_REVERSE),
         [TONE_MATCH] = WITH(-1, ATTR_REVERSE | ATTR_BOLD),
     }},
};

static const struct theme *by_name(const char *name)
{
    for (size_t i = 0; i < sizeof themes / sizeof themes[0]; i++)
        if (strcmp(themes[i].name, name) == 0)
            return &themes[i];
    return NULL;
}

/* $COLORFGBG is "foreground;background" or "foreground;default;background": 7 and 15 are light. */
static bool environment_says_light(void)
{
    const char *value = getenv("COLORFGBG");
    const char *last = value ? strrchr(value, ';') : NULL;
    return last && (strcmp(last, ";7") == 0 || strcmp(last, ";15") == 0);
}

const struct theme *theme_choose(int n_colors, enum background background)
{
    const char *no_color = getenv("NO_COLOR");
    if ((no_color && *no_color) || n_colors < 8)
        return by_name("mono");
    const char *wanted = getenv("FACET_THEME");
    const struct theme *named = wanted ? by_name(wanted) : NULL;
    if (named)
        return named;
    if (n_colors < 256)
        return by_name("16");
    bool light = background == BACKGROUND_LIGHT ||
                 (background == BACKGROUND_UNKNOWN && environment_says_light());
    return by_name(light ? "light" : "dark");
}

int theme_colors(const struct theme *theme)
{
    return strcmp(theme->name, "mono") == 0 ? 0 : strcmp(theme->name, "16") == 0 ? 16 : 256;
}
