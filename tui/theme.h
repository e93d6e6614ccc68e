/* Colours by meaning. A theme is plain data, read from a file; most leave the terminal's own
 * background as it is. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include "base/err.h"
#include "tui/color.h"
#include "tui/surface.h"

enum tone {
    TONE_TEXT,
    TONE_ACCENT, /* what has the focus */
    TONE_MUTED,  /* labels' asides, hints */
    TONE_RULE,
    TONE_USER, /* who spoke */
    TONE_MODEL,
    TONE_CODE,
    TONE_HEADING,
    TONE_WARNING, /* cut short, asks for attention */
    TONE_ERROR,
    TONE_LINK,
    TONE_QUOTE,
    TONE_KEYWORD, /* of highlighted code */
    TONE_STRING,
    TONE_COMMENT,
    TONE_NUMBER,
    TONE_SELECTED, /* what the next key would act on */
    TONE_MATCH,    /* what a search found */
    TONE_COUNT,
};

enum { THEME_NAME_BYTES = 64 };

struct theme {
    char name[THEME_NAME_BYTES];
    int32_t background; /* of the whole screen; -1: the terminal's own is left */
    struct style tones[TONE_COUNT];
};

/* What tones are called in theme files. */
extern const char *const tone_names[TONE_COUNT];

/* Reads a theme's text (facet-themes(5) has the format) as a terminal of so many colours shows it;
 * file is for errors. What is right in it holds even if false is returned. */
bool theme_parse(struct theme *theme, const char *text, const char *file, int n_colors,
                 struct err *err);

enum background { BACKGROUND_UNKNOWN, BACKGROUND_DARK, BACKGROUND_LIGHT };

/* The theme of that name or path for a terminal of so many colours (0: none). NULL or "auto" means
 * dark, light or 16, by the background that the terminal told, or $COLORFGBG; $NO_COLOR means mono,
 * whatever is wanted. Where the wanted one has a mistake: false, and what is right in it, or auto.
 */
bool theme_choose(struct theme *theme, const char *wanted, int n_colors, enum background background,
                  struct err *err);

/* What cells without colours of their own look like. */
struct style theme_ground(const struct theme *theme);
/* How many colours it makes use of: 0, 16 or 256, which stands for all that there are. */
int theme_colors(const struct theme *theme);

#endif
