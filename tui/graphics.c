#include "tui/graphics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chafa.h>
#include <nettle/base64.h>

#include "tui/placeholder.h"

enum {
    CHUNK_BYTES = 3072, /* 4096 in base64, the most of kitty's protocol */
    OWN_ID = 1,         /* of the picture, in a terminal that is ours alone */
};

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

bool graphics_in_tmux(void)
{
    return getenv("TMUX") && !getenv("STY");
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
            return i == PICTURES_KITTY && graphics_in_tmux() ? PICTURES_PLACED : (enum pictures)i;
    bool kitty = getenv("KITTY_WINDOW_ID") || variable_is("TERM", "xterm-kitty") ||
                 variable_is("TERM", "xterm-ghostty") || variable_is("TERM_PROGRAM", "WezTerm") ||
                 variable_is("TERM_PROGRAM", "ghostty");
    *settled = kitty && !is_multiplexed();
    return *settled ? PICTURES_KITTY : PICTURES_SYMBOLS;
}

enum pictures graphics_of_name(const char *name)
{
    static const struct {
        const char *name;
        bool places; /* knows placeholders */
    } known[] = {{"P>|kitty", true}, {"P>|ghostty", true}, {"P>|WezTerm", false}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(name, known[i].name, strlen(known[i].name)) == 0)
            return !is_multiplexed()                           ? PICTURES_KITTY
                   : graphics_in_tmux() && known[i].places ? PICTURES_PLACED
                                                               : PICTURES_OFF;
    return PICTURES_OFF;
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

void graphics_put_through(struct str *out, const char *bytes, size_t n)
{
    str_puts(out, "\033Ptmux;");
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\033')
            str_putc(out, '\033');
        str_putc(out, bytes[i]);
    }
    str_puts(out, "\033\\");
}

/* A command of the protocol: "ESC _ G", what is in it, "ESC \". */
static void put_command(struct str *out, enum pictures kind, const struct str *command)
{
    if (kind == PICTURES_PLACED)
        graphics_put_through(out, command->data, command->len);
    else
        str_put(out, command->data, command->len);
}

/* keys: what the first command says beside the pixels' size. */
static void put_pixels(struct str *out, enum pictures kind, const struct image *image,
                       const char *keys)
{
    size_t n = 3 * (size_t)image->width * image->height;
    struct str command = {0};
    for (size_t at = 0; at < n; at += CHUNK_BYTES) {
        size_t part = n - at < CHUNK_BYTES ? n - at : CHUNK_BYTES;
        str_clear(&command);
        str_puts(&command, "\033_G");
        if (at == 0)
            str_printf(&command, "%s,f=24,q=2,s=%u,v=%u,", keys, image->width, image->height);
        str_printf(&command, "m=%d;", at + part < n);
        put_base64(&command, image->rgb + at, part);
        str_puts(&command, "\033\\");
        put_command(out, kind, &command);
    }
    str_done(&command);
}

/* Facets in several panes of tmux share a terminal, and its numbers. */
static unsigned placed_id(void)
{
    return PLACEHOLDER_FIRST_ID + (unsigned)getpid() % PLACEHOLDER_IDS;
}

static void put_at_cursor(struct str *out, const struct image *image, struct rect where)
{
    char keys[64];
    snprintf(keys, sizeof keys, "a=T,i=%d,p=1,C=1,c=%d,r=%d", OWN_ID, where.cols, where.rows);
    put_pixels(out, PICTURES_KITTY, image, keys);
}

static void put_in_cells(struct str *out, const struct image *image, struct rect where)
{
    char keys[64];
    struct str command = {0};
    snprintf(keys, sizeof keys, "a=t,i=%u", placed_id());
    put_pixels(out, PICTURES_PLACED, image, keys);
    str_printf(&command, "\033_Ga=p,U=1,i=%u,c=%d,r=%d,q=2\033\\", placed_id(), where.cols,
               where.rows);
    put_command(out, PICTURES_PLACED, &command);
    placeholder_put(out, placed_id(), where);
    str_done(&command);
}

/* No more pixels than are seen. */
static void draw_kitty(struct str *out, enum pictures kind, const struct image *image,
                       struct rect where, int side)
{
    struct image small;
    struct err err;
    if (!image_view(&small, image, NULL, (uint32_t)side, &err))
        return;
    if (kind == PICTURES_PLACED)
        put_in_cells(out, &small, where);
    else
        put_at_cursor(out, &small, where);
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

void graphics_draw(struct str *out, enum pictures kind, const struct image *image,
                   struct rect where, int cell_width, int cell_height)
{
    int width = where.cols * cell_width, height = where.rows * cell_height;
    str_printf(out, "\033[%d;%dH", where.row + 1, where.col + 1);
    if (kind == PICTURES_SIXEL)
        draw_sixel(out, image, where.cols, where.rows, cell_width, cell_height);
    else
        draw_kitty(out, kind, image, where, width > height ? width : height);
}

void graphics_erase(struct str *out, enum pictures kind)
{
    struct str command = {0};
    if (kind == PICTURES_SIXEL)
        return;
    str_printf(&command, "\033_Ga=d,d=I,i=%u,q=2\033\\",
               kind == PICTURES_PLACED ? placed_id() : OWN_ID);
    put_command(out, kind, &command);
    str_done(&command);
}
