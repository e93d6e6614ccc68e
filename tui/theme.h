/* Colours by meaning. A theme is plain data; the terminal's own background is not painted over. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

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

struct theme {
    const char *name;
    struct style tones[TONE_COUNT];
};

enum background { BACKGROUND_UNKNOWN, BACKGROUND_DARK, BACKGROUND_LIGHT };

/* For a terminal of so many colours (0: none), on the background it told. $NO_COLOR gives the
 * theme without colours, $FACET_THEME ("dark", "light", "16", "mono") names one; $COLORFGBG is
 * asked where the terminal told nothing. */
const struct theme *theme_choose(int n_colors, enum background background);
/* Colours that pictures may be drawn in under a theme: 0, 16 or 256. */
int theme_colors(const struct theme *theme);

#endif
