#include "tui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "base/mem.h"
#include "chat/named.h"
#include "chat/nearest.h"

enum { MAX_LIKE = 4 };

const char *const tone_names[TONE_COUNT] = {
    [TONE_TEXT] = "text",       [TONE_ACCENT] = "accent",     [TONE_MUTED] = "muted",
    [TONE_RULE] = "rule",       [TONE_USER] = "user",         [TONE_MODEL] = "model",
    [TONE_CODE] = "code",       [TONE_HEADING] = "heading",   [TONE_WARNING] = "warning",
    [TONE_ERROR] = "error",     [TONE_LINK] = "link",         [TONE_QUOTE] = "quote",
    [TONE_KEYWORD] = "keyword", [TONE_STRING] = "string",     [TONE_COMMENT] = "comment",
    [TONE_NUMBER] = "number",   [TONE_SELECTED] = "selected", [TONE_MATCH] = "match",
};

static const struct {
    const char *name;
    uint8_t attr;
} attr_names[] = {{"bold", ATTR_BOLD},
                  {"italic", ATTR_ITALIC},
                  {"underline", ATTR_UNDERLINE},
                  {"reverse", ATTR_REVERSE},
                  {"dim", ATTR_DIM}};
enum { N_ATTRS = sizeof attr_names / sizeof attr_names[0] };

static const char *const color_names[] = {
    "black",        "red",           "green",       "yellow",         "blue",
    "magenta",      "cyan",          "white",       "bright-black",   "bright-red",
    "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
    "bright-white"};
enum { N_COLOR_NAMES = sizeof color_names / sizeof color_names[0] };

/* A theme file on its way into a theme. */
struct reading {
    struct theme *theme;
    int n_colors;
    int depth; /* of `like` */
};

/* ---- Values --------------------------------------------------------------------------------- */

static bool parse_color(int32_t *out, const char *word)
{
    char *end;
    if (strcmp(word, "default") == 0) {
        *out = COLOR_OWN;
        return true;
    }
    if (*word == '#' && strlen(word) == 7 && strspn(word + 1, "0123456789abcdefABCDEF") == 6) {
        *out = COLOR_RGB((int32_t)strtol(word + 1, NULL, 16));
        return true;
    }
    for (int i = 0; i < N_COLOR_NAMES; i++)
        if (strcmp(word, color_names[i]) == 0) {
            *out = i;
            return true;
        }
    long number = strtol(word, &end, 10);
    *out = (int32_t)number;
    return *word >= '0' && *word <= '9' && *end == 0 && number < 256;
}

static bool parse_attr(uint8_t *attrs, const char *word)
{
    for (int i = 0; i < N_ATTRS; i++)
        if (strcmp(word, attr_names[i].name) == 0) {
            *attrs |= attr_names[i].attr;
            return true;
        }
    return false;
}

static bool wrong_word(const char *word, struct err *err)
{
    struct nearest nearest = nearest_start(word);
    for (int i = 0; i < N_ATTRS; i++)
        nearest_try(&nearest, attr_names[i].name);
    for (int i = 0; i < N_COLOR_NAMES; i++)
        nearest_try(&nearest, color_names[i]);
    nearest_try(&nearest, "default");
    if (nearest.name && nearest.distance > 0)
        return err_set(err, "\"%s\" is no colour; did you mean %s?", word, nearest.name);
    return err_set(err,
                   "\"%s\" is neither #rrggbb, 0 to 255, a colour's name nor bold, italic, "
                   "underline, reverse, dim",
                   word);
}

/* "#8ec07c on black bold" */
static bool parse_style(struct style *out, char *value, struct err *err)
{
    struct style style = {COLOR_OWN, COLOR_OWN, 0};
    bool on = false, ok = true;
    for (char *word; ok && (word = strsep(&value, " \t"));) {
        if (!*word)
            continue;
        bool behind_on = on;
        on = !on && strcmp(word, "on") == 0;
        if (on || (!behind_on && parse_attr(&style.attrs, word)))
            continue;
        ok = parse_color(behind_on ? &style.bg : &style.fg, word) || wrong_word(word, err);
    }
    if (ok && on)
        ok = err_set(err, "a colour is missing behind \"on\"");
    if (ok)
        *out = style;
    return ok;
}

/* ---- Files ---------------------------------------------------------------------------------- */

static bool read_theme(struct reading *r, const char *name, struct err *err);

static bool take_tone(struct theme *theme, const char *name, const char *value, struct err *err)
{
    struct nearest nearest = nearest_start(name);
    nearest_try(&nearest, "background");
    for (int i = 0; i < TONE_COUNT; i++) {
        nearest_try(&nearest, tone_names[i]);
        if (strcmp(tone_names[i], name) != 0)
            continue;
        char *copy = mem_copy(value);
        bool ok = parse_style(&theme->tones[i], copy, err) || err_prefix(err, "%s", name);
        free(copy);
        return ok;
    }
    if (nearest.name)
        return err_set(err, "there is no tone \"%s\"; did you mean %s?", name, nearest.name);
    return err_set(err, "there is no tone \"%s\"", name);
}

static bool take_like(const struct reading *r, const char *value, struct err *err)
{
    struct reading other = *r;
    if (++other.depth > MAX_LIKE)
        return err_set(err, "like: goes round in circles, or too deep");
    return read_theme(&other, value, err);
}

static bool take(void *user, const char *section, const char *name, const char *value,
                 struct err *err)
{
    struct reading *r = user;
    int most = *section ? atoi(section) : COLOR_RGB_FLAG;
    if (*section && most != 8 && most != 16 && most != 256)
        return err_set(err, "[%s]: there are [256], [16] and [8] alone", section);
    if (r->n_colors > most)
        return true;
    if (strcmp(name, "like") == 0)
        return take_like(r, value, err);
    if (strcmp(name, "background") == 0)
        return parse_color(&r->theme->background, value) || wrong_word(value, err);
    return take_tone(r->theme, name, value, err);
}

static bool read_theme(struct reading *r, const char *name, struct err *err)
{
    char *file, *text = named_read(NAMED_THEME, name, &file, err);
    bool ok = text && ini_read(text, file, take, r, err);
    free(text);
    free(file);
    return ok;
}

static void clear(struct theme *theme, const char *name)
{
    *theme = (struct theme){.background = COLOR_OWN};
    snprintf(theme->name, sizeof theme->name, "%s", name);
    for (int i = 0; i < TONE_COUNT; i++)
        theme->tones[i] = (struct style){COLOR_OWN, COLOR_OWN, 0};
}

bool theme_parse(struct theme *theme, const char *text, const char *file, int n_colors,
                 struct err *err)
{
    struct reading r = {theme, n_colors, 0};
    clear(theme, file);
    return ini_read(text, file, take, &r, err);
}

static bool load(struct theme *theme, const char *name, int n_colors, struct err *err)
{
    struct reading r = {theme, n_colors, 0};
    clear(theme, name);
    return read_theme(&r, name, err);
}

/* ---- Choosing ------------------------------------------------------------------------------- */

/* $COLORFGBG is "foreground;background" or "foreground;default;background": 7 and 15 are light. */
static bool environment_says_light(void)
{
    const char *value = getenv("COLORFGBG");
    const char *last = value ? strrchr(value, ';') : NULL;
    return last && (strcmp(last, ";7") == 0 || strcmp(last, ";15") == 0);
}

static const char *by_terminal(int n_colors, enum background background)
{
    if (n_colors < 256)
        return "16";
    bool light = background == BACKGROUND_LIGHT ||
                 (background == BACKGROUND_UNKNOWN && environment_says_light());
    return light ? "light" : "dark";
}

bool theme_choose(struct theme *theme, const char *wanted, int n_colors, enum background background,
                  struct err *err)
{
    const char *no_color = getenv("NO_COLOR"), *fallback = by_terminal(n_colors, background);
    if ((no_color && *no_color) || n_colors < 8)
        return load(theme, "mono", n_colors, err);
    if (!wanted || strcmp(wanted, "auto") == 0)
        return load(theme, fallback, n_colors, err);
    if (named_exists(NAMED_THEME, wanted, err))
        return load(theme, wanted, n_colors, err);
    load(theme, fallback, n_colors, NULL);
    return false;
}

struct style theme_ground(const struct theme *theme)
{
    return (struct style){theme->tones[TONE_TEXT].fg, theme->background, 0};
}

int theme_colors(const struct theme *theme)
{
    int n = 0;
    for (int tone = 0; tone < TONE_COUNT; tone++) {
        const int32_t colors[] = {theme->tones[tone].fg, theme->tones[tone].bg};
        for (int i = 0; i < 2; i++)
            if (colors[i] != COLOR_OWN)
                n = colors[i] < 16 && n <= 16 ? 16 : 256;
    }
    return n;
}
