#include "tui/graphics.h"

#include <stdlib.h>
#include <string.h>

#include <chafa.h>
#include <nettle/base64.h>

enum { CHUNK_BYTES = 3072 }; /* 4096 in base64, the most of kitty's protocol */

/* ---- What the terminal can do --------------------------------------------------------------- */

static bool variable_is(const char *name, const char *start)
{
    const char *value = getenv(name);
    return value && strncmp(value, start, strlen(start)) == 0;
}

static bool is_multiplexed(void)
{
    return getenv("TMUX") || getenv("STY") || variable_is("TERM", "screen") ||
           variable_is("TERM", "tmux");
}

enum pictures graphics_guess(bool *settled)
{
    static const char *const names[] = {[PICTURES_OFF] = "off",
                                        [PICTURES_SYMBOLS] = "symbols",
                                        [PICTURES_KITTY] = "kitty",
                                        [PICTURES_SIXEL] = "sixel"};
    const char *wanted = getenv("FACET_PICTURES");
    *settled = true;
    for (int i = PICTURES_OFF; wanted && i <= PICTURES_SIXEL; i++)
        if (strcmp(wanted, names[i]) == 0)
            return (enum pictures)i;
    bool kitty = getenv("KITTY_WINDOW_ID") || variable_is("TERM", "xterm-kitty") ||
                 variable_is("TERM", "xterm-ghostty") || variable_is("TERM_PROGRAM", "WezTerm") ||
                 variable_is("TERM_PROGRAM", "ghostty");
    *settled = kitty && !is_multiplexed();
    return *settled ? PICTURES_KITTY : PICTURES_SYMBOLS;
}

bool graphics_knows_kitty(const char *name)
{
    static const char *const names[] = {"P>|kitty", "P>|WezTerm", "P>|ghostty"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return !is_multiplexed();
    return false;
}

bool graphics_has_sixel(const char *attributes)
{
    for (const char *at = attributes; (at = strchr(at, ';'));) {
        at++;
        if (*at == '4' && (at[1] == ';' || at[1] == 0))
            return attributes[0] == '?';
    }
    return false;
}

/* ---- kitty ---------------------------------------------------------------------------------- */

static void put_base64(struct str *out, const uint8_t *bytes, size_t n)
{
    char text[BASE64_ENCODE_RAW_LENGTH(CHUNK_BYTES)];
    base64_encode_raw(text, n, bytes);
    str_put(out, text, BASE64_ENCODE_RAW_LENGTH(n));
}

static void put_kitty(struct str *out, const struct image *image, int cols, int rows)
{
    size_t n = 3 * (size_t)image->width * image->height;
    for (size_t at = 0; at < n; at += CHUNK_BYTES) {
        size_t part = n - at < CHUNK_BYTES ? n - at : CHUNK_BYTES;
        str_puts(out, "\033_G");
        if (at == 0)
            str_printf(out, "a=T,f=24,i=1,p=1,C=1,q=2,s=%u,v=%u,c=%d,r=%d,", image->width,
                       image->height, cols, rows);
        str_printf(out, "m=%d;", at + part < n);
        put_base64(out, image->rgb + at, part);
        str_puts(out, "\033\\");
    }
}

/* No more pixels than are seen. */
static void draw_kitty(struct str *out, const struct image *image, int cols, int rows, int side)
{
    struct image small;
    struct err err;
    if (!image_view(&small, image, NULL, (uint32_t)side, &err))
        return;
    put_kitty(out, &small, cols, rows);
    image_done(&small);
}

/* ---- Sixel ---------------------------------------------------------------------------------- */

static void draw_sixel(struct str *out, const struct image *image, int cols, int rows,
                       int cell_width, int cell_height)
{
    ChafaCanvasConfig *config = chafa_canvas_config_new();
    ChafaTermInfo *terminal = chafa_term_db_get_fallback_info(chafa_term_db_get_default());
    chafa_set_n_threads(1);
    chafa_canvas_config_set_geometry(config, cols, rows);
    chafa_canvas_config_set_cell_geometry(config, cell_width, cell_height);
    chafa_canvas_config_set_pixel_mode(config, CHAFA_PIXEL_MODE_SIXELS);
    chafa_canvas_config_set_canvas_mode(config, CHAFA_CANVAS_MODE_TRUECOLOR);
    ChafaCanvas *canvas = chafa_canvas_new(config);
    chafa_canvas_draw_all_pixels(canvas, CHAFA_PIXEL_RGB8, image->rgb, (gint)image->width,
                                 (gint)image->height, (gint)image->width * 3);
    GString *bytes = chafa_canvas_print(canvas, terminal);
    str_put(out, bytes->str, bytes->len);
    g_string_free(bytes, TRUE);
    chafa_term_info_unref(terminal);
    chafa_canvas_unref(canvas);
    chafa_canvas_config_unref(config);
}

void graphics_draw(struct str *out, enum pictures kind, const struct image *image, int cols,
                   int rows, int cell_width, int cell_height)
{
    int width = cols * cell_width, height = rows * cell_height;
    if (kind == PICTURES_KITTY)
        draw_kitty(out, image, cols, rows, width > height ? width : height);
    else if (kind == PICTURES_SIXEL)
        draw_sixel(out, image, cols, rows, cell_width, cell_height);
}

const char *graphics_erase(enum pictures kind)
{
    return kind == PICTURES_KITTY ? "\033_Ga=d,d=I,i=1,q=2\033\\" : "";
}
