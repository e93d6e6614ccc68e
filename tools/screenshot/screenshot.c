/* Pictures of the full screen, one for each theme named and one for each of the main situations:
 * screenshot FOLDER PICTURE THEME...
 *
 * The program runs over the scripted chat in a terminal emulator, whose cells are then drawn with a
 * monospace font. PICTURE is what it is shown. */
#include <ft2build.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include FT_FREETYPE_H

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "chat/chat.h"
#include "history/store.h"
#include "tests/screen/emulator.h"
#include "tui/color.h"
#include "tui/tui.h"

enum { FONT_PIXELS = 14, CELL_W = 8, CELL_H = 17, BASELINE = 13, MARGIN = 8 };
enum { SETTLE_MS = 300 }; /* a preview comes later than what it is of */
enum { REGULAR, BOLD, ITALIC, BOLD_ITALIC, N_FACES };

static const char *const font_files[N_FACES] = {"DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf",
                                                "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"};

struct canvas {
    FT_Library library;
    FT_Face faces[N_FACES];
    int width, height;
    uint8_t *pixels; /* [height][width][3] */
};

/* What is to be seen: keys, and what they make appear before the picture is taken. */
struct scene {
    const char *name, *theme;
    int rows, cols;
    bool history; /* with conversations at the left */
    const struct step {
        const char *keys, *until;
    } steps[8];
};

static const char question[] = "What did I pay at the bakery, and when?";

static const struct scene scenes[] = {
    {"conversation", "dark", 34, 120, true,
     {{"\033", "Conversations"}, {question, "when?"}, {"\r", "Frau Lang"},
      {"/image @\r", " views"}, {"And the cheapest one? Compare.", "Compare."}}},
    {"small", "dark", 10, 40, false, {{question, "when?"}, {"\r", "Frau Lang"}}},
    {"picture", "dark", 24, 80, false, {{"/image @\r", " views"}, {"\033p", "what it saw"}}},
    {"region", "dark", 24, 80, false,
     {{"/image @\r", " views"}, {"\033p", "what it saw"}, {"r", "Enter takes"}}},
    {"reading", "gruvbox", 24, 80, false,
     {{question, "when?"}, {"\r", "Frau Lang"}, {"\t", "copy"}, {"[", "again"}}},
    {"palette", "solarized-light", 24, 80, true, {{"\033", "answers"}, {"\020", "What can be done"}, {"conv", "> conv"}}},
    {"context", "light", 24, 80, false,
     {{question, "when?"}, {"\r", "Frau Lang"}, {"/context\r", "What fills"}, {"\r", "left out"}}},
    {"help", "dark", 24, 80, false, {{"\033OP", "Esc closes"}}},
};

static uint8_t *pixel(const struct canvas *c, int x, int y)
{
    return c->pixels + 3 * (y * c->width + x);
}

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
            uint8_t *p = pixel(c, k, r);
            p[0] = (uint8_t)(rgb >> 16);
            p[1] = (uint8_t)(rgb >> 8);
            p[2] = (uint8_t)rgb;
        }
}

static void blend(uint8_t at[3], uint32_t rgb, unsigned alpha)
{
    for (int i = 0; i < 3; i++) {
        unsigned ink = rgb >> (16 - 8 * i) & 0xFF;
        at[i] = (uint8_t)((ink * alpha + at[i] * (255 - alpha)) / 255);
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
            if (px >= 0 && px < c->width && py >= 0 && py < c->height)
                blend(pixel(c, px, py), rgb, slot->bitmap.buffer[r * slot->bitmap.pitch + k]);
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

static bool write_png(const struct canvas *c, const char *folder, const char *name)
{
    char path[512];
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)c->width,
                       .height = (png_uint_32)c->height,
                       .format = PNG_FORMAT_RGB};
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    bool ok = png_image_write_to_file(&image, path, 0, c->pixels, 0, NULL);
    if (!ok)
        fprintf(stderr, "%s: %s\n", path, image.message);
    return ok;
}

/* ---- Scenes --------------------------------------------------------------------------------- */

static void add_conversation(struct store *store, const char *title, int days_ago)
{
    struct store_conversation c = {.title = title, .model = "gemma"};
    struct store_message m = {.role = "user", .text = title};
    c.created = m.created = time(NULL) - days_ago * 86400;
    int64_t id = store_add_conversation(store, &c, NULL);
    store_add_message(store, id, &m, NULL);
}

static struct store *make_history(void)
{
    static const struct {
        const char *title;
        int days_ago;
    } said[] = {{"Chart of the quarter", 23}, {"ncurses and readline", 1}, {"Grüße aus Łódź", 1},
                {"Two cats", 0}, {"Receipts from March", 0}};
    char folder[] = "/tmp/facet-shot-XXXXXX", path[64];
    snprintf(path, sizeof path, "%s/history.db", mkdtemp(folder) ? folder : "/tmp");
    struct store *store = store_open(path, NULL);
    for (size_t i = 0; store && i < sizeof said / sizeof said[0]; i++)
        add_conversation(store, said[i].title, said[i].days_ago);
    return store; /* the few files are left to who clears /tmp */
}

static int run(void *user)
{
    struct err err;
    struct options options;
    const struct scene *scene = user;
    setenv("FACET_THEME", scene->theme, 1);
    options_init(&options, &err);
    options.no_history = true; /* drafts would be kept */
    struct store *store = scene->history ? make_history() : NULL;
    bool ok = tui_run(&options, store, &(struct tui_visit){0}, &err);
    store_close(store);
    options_done(&options);
    return !ok;
}

/* "@" in keys stands for the picture's path. */
static void press(struct emulator *e, const struct step *step, const char *picture)
{
    struct str keys = {0};
    for (const char *k = step->keys; *k; k++)
        if (*k == '@')
            str_puts(&keys, picture);
        else
            str_putc(&keys, *k);
    emulator_send(e, str_text(&keys));
    if (!emulator_shows(e, step->until))
        fprintf(stderr, "\"%s\" did not come\n", step->until);
    emulator_hides(e, "Esc stops");
    emulator_run(e, SETTLE_MS);
    str_done(&keys);
}

static void draw_screen(struct canvas *c, struct emulator *e, const struct scene *scene)
{
    bool light = strstr(scene->theme, "light") != NULL;
    uint32_t own[2] = {light ? 0x202020 : 0xd8d8d8, light ? 0xffffff : 0x181818};
    int32_t ground = emulator_style(e, 0, scene->cols - 1).bg;
    c->width = scene->cols * CELL_W + 2 * MARGIN;
    c->height = scene->rows * CELL_H + 2 * MARGIN;
    c->pixels = mem_grow(c->pixels, (size_t)(c->width * c->height), 3);
    fill(c, 0, 0, c->width, c->height, ground == COLOR_OWN ? own[1] : color_rgb(ground));
    for (int row = 0; row < scene->rows; row++)
        for (int col = 0; col < scene->cols; col++) {
            int width;
            emulator_cell(e, row, col, &width);
            draw_cell(c, e, row, col, own);
            col += width > 1 ? width - 1 : 0;
        }
}

static bool shoot(struct canvas *c, const char *folder, const char *picture,
                  const struct scene *scene)
{
    struct emulator *e = emulator_start(scene->rows, scene->cols, run, (void *)scene);
    emulator_shows(e, "fake-gemma");
    for (size_t i = 0; i < sizeof scene->steps / sizeof scene->steps[0]; i++)
        if (scene->steps[i].keys)
            press(e, &scene->steps[i], picture);
    draw_screen(c, e, scene);
    emulator_stop(e);
    return write_png(c, folder, scene->name);
}

int main(int argc, char **argv)
{
    struct canvas *c = mem_new(1, sizeof *c);
    bool ok = argc > 2 && open_fonts(c);
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm-256color", 1);
    setenv("COLORTERM", "truecolor", 1);
    setenv("HOME", "/nonexistent", 1);
    for (int i = 3; ok && i < argc; i++) {
        struct scene scene = {argv[i], argv[i], 24, 80, false,
                              {{question, "when?"}, {"\r", "Frau Lang"},
                               {"And the cheapest one?", "cheapest"}}};
        ok = shoot(c, argv[1], argv[2], &scene);
    }
    for (size_t i = 0; ok && i < sizeof scenes / sizeof scenes[0]; i++)
        ok = shoot(c, argv[1], argv[2], &scenes[i]);
    for (int i = 0; i < N_FACES; i++)
        FT_Done_Face(c->faces[i]);
    FT_Done_FreeType(c->library);
    free(c->pixels);
    free(c);
    return !ok;
}
