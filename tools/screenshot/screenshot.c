/* Pictures of the full screen, one for each theme named: screenshot FOLDER THEME...
 *
 * The program runs over the scripted chat in a terminal emulator, whose cells are then drawn with a
 * monospace font. */
#include <ft2build.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include FT_FREETYPE_H

#include "base/mem.h"
#include "base/utf8.h"
#include "chat/chat.h"
#include "tests/screen/emulator.h"
#include "tui/color.h"
#include "tui/tui.h"

enum { ROWS = 24, COLS = 80, FONT_PIXELS = 14, CELL_W = 8, CELL_H = 17, BASELINE = 13, MARGIN = 8 };
enum { WIDTH = COLS * CELL_W + 2 * MARGIN, HEIGHT = ROWS * CELL_H + 2 * MARGIN };
enum { REGULAR, BOLD, ITALIC, BOLD_ITALIC, N_FACES };

static const char *const font_files[N_FACES] = {"DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf",
                                                "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"};

struct canvas {
    FT_Library library;
    FT_Face faces[N_FACES];
    uint8_t pixels[HEIGHT][WIDTH][3];
};

static bool open_fonts(struct canvas *c)
{
    static const char folder[] = "/usr/share/fonts/truetype/dejavu/";
    char path[128];
    FT_Matrix slant = {0x10000, 0x3000, 0, 0x10000};
    if (FT_Init_FreeType(&c->library) != 0)
        return false;
    for (int i = 0; i < N_FACES; i++) {
        snprintf(path, sizeof path, "%s%s", folder, font_files[i]);
        if (FT_New_Face(c->library, path, 0, &c->faces[i]) != 0) {
            fprintf(stderr, "%s: cannot be read\n", path);
            return false;
        }
        FT_Set_Pixel_Sizes(c->faces[i], 0, FONT_PIXELS);
        if (i >= ITALIC)
            FT_Set_Transform(c->faces[i], &slant, NULL);
    }
    return true;
}

static void fill(struct canvas *c, int x, int y, int w, int h, uint32_t rgb)
{
    for (int r = y; r < y + h; r++)
        for (int k = x; k < x + w; k++) {
            c->pixels[r][k][0] = (uint8_t)(rgb >> 16);
            c->pixels[r][k][1] = (uint8_t)(rgb >> 8);
            c->pixels[r][k][2] = (uint8_t)rgb;
        }
}

static void blend(uint8_t pixel[3], uint32_t rgb, unsigned alpha)
{
    for (int i = 0; i < 3; i++) {
        unsigned ink = rgb >> (16 - 8 * i) & 0xFF;
        pixel[i] = (uint8_t)((ink * alpha + pixel[i] * (255 - alpha)) / 255);
    }
}

static void draw_glyph(struct canvas *c, FT_Face face, uint32_t cp, int x, int y, uint32_t rgb)
{
    if (FT_Load_Char(face, cp, FT_LOAD_RENDER) != 0)
        return;
    const FT_GlyphSlot slot = face->glyph;
    for (int r = 0; r < (int)slot->bitmap.rows; r++)
        for (int k = 0; k < (int)slot->bitmap.width; k++) {
            int px = x + slot->bitmap_left + k, py = y + BASELINE - slot->bitmap_top + r;
            if (px >= 0 && px < WIDTH && py >= 0 && py < HEIGHT)
                blend(c->pixels[py][px], rgb, slot->bitmap.buffer[r * slot->bitmap.pitch + k]);
        }
}

static void draw_cell(struct canvas *c, struct emulator *e, int row, int col, uint32_t own[2])
{
    int width, x = MARGIN + col * CELL_W, y = MARGIN + row * CELL_H;
    const char *text = emulator_cell(e, row, col, &width);
    struct style style = emulator_style(e, row, col);
    uint32_t fg = style.fg == COLOR_OWN ? own[0] : color_rgb(style.fg);
    uint32_t bg = style.bg == COLOR_OWN ? own[1] : color_rgb(style.bg);
    bool reverse = style.attrs & ATTR_REVERSE;
    uint32_t ink = reverse ? bg : fg, cp;
    int face = (style.attrs & ATTR_BOLD ? BOLD : 0) + (style.attrs & ATTR_ITALIC ? ITALIC : 0);
    fill(c, x, y, CELL_W * (width > 0 ? width : 1), CELL_H, reverse ? fg : bg);
    for (size_t i = 0, n = strlen(text); i < n;) {
        i += utf8_next(text + i, n - i, &cp, NULL);
        draw_glyph(c, c->faces[face], cp, x, y, ink);
    }
    if (style.attrs & ATTR_UNDERLINE)
        fill(c, x, y + BASELINE + 2, CELL_W, 1, ink);
}

static bool write_png(const struct canvas *c, const char *folder, const char *theme)
{
    char path[512];
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT, .format = PNG_FORMAT_RGB};
    snprintf(path, sizeof path, "%s/%s.png", folder, theme);
    bool ok = png_image_write_to_file(&image, path, 0, c->pixels, 0, NULL);
    if (!ok)
        fprintf(stderr, "%s: %s\n", path, image.message);
    return ok;
}

static int run(void *user)
{
    struct err err;
    struct options options;
    setenv("FACET_THEME", user, 1);
    options_init(&options, &err);
    bool ok = tui_run(&options, NULL, &err);
    options_done(&options);
    return !ok;
}

static void say(struct emulator *e, const char *line, const char *until)
{
    emulator_send(e, line);
    emulator_send(e, "\r");
    emulator_shows(e, until);
    emulator_hides(e, "Esc stops");
}

static bool shoot(struct canvas *c, const char *folder, char *theme)
{
    bool light = strstr(theme, "light") != NULL;
    uint32_t own[2] = {light ? 0x202020 : 0xd8d8d8, light ? 0xffffff : 0x181818};
    struct emulator *e = emulator_start(ROWS, COLS, run, theme);
    emulator_shows(e, "answers");
    say(e, "What did I pay at the bakery, and when?", "Frau Lang");
    emulator_send(e, "And the cheapest one?");
    emulator_shows(e, "cheapest");
    int32_t ground = emulator_style(e, 0, COLS - 1).bg;
    fill(c, 0, 0, WIDTH, HEIGHT, ground == COLOR_OWN ? own[1] : color_rgb(ground));
    for (int row = 0; row < ROWS; row++)
        for (int col = 0; col < COLS; col++) {
            int width;
            emulator_cell(e, row, col, &width);
            draw_cell(c, e, row, col, own);
            col += width > 1 ? width - 1 : 0;
        }
    emulator_stop(e);
    return write_png(c, folder, theme);
}

int main(int argc, char **argv)
{
    struct canvas *c = mem_new(1, sizeof *c);
    bool ok = open_fonts(c);
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm-256color", 1);
    setenv("COLORTERM", "truecolor", 1);
    setenv("HOME", "/nonexistent", 1);
    for (int i = 2; ok && i < argc; i++)
        ok = shoot(c, argv[1], argv[i]);
    for (int i = 0; i < N_FACES; i++)
        FT_Done_Face(c->faces[i]);
    FT_Done_FreeType(c->library);
    free(c);
    return !ok;
}
