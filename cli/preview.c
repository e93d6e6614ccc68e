#include "cli/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chafa.h>

enum { MAX_COLS = 40, MAX_ROWS = 12 };

static bool has_colors(void)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0 &&
           !(no_color && *no_color);
}

static ChafaCanvasMode best_mode(void)
{
    const char *term = getenv("TERM"), *true_color = getenv("COLORTERM");
    if (true_color && (strstr(true_color, "truecolor") || strstr(true_color, "24bit")))
        return CHAFA_CANVAS_MODE_TRUECOLOR;
    return strstr(term, "256") ? CHAFA_CANVAS_MODE_INDEXED_240 : CHAFA_CANVAS_MODE_INDEXED_16;
}

static ChafaCanvas *new_canvas(const struct image *image)
{
    struct winsize size;
    gint cols = MAX_COLS, rows = MAX_ROWS;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_col <= cols)
        cols = size.ws_col - 1;
    chafa_calc_canvas_geometry((gint)image->width, (gint)image->height, &cols, &rows, 0.5F, FALSE,
                               FALSE);
    ChafaSymbolMap *symbols = chafa_symbol_map_new();
    chafa_symbol_map_add_by_tags(symbols, CHAFA_SYMBOL_TAG_HALF | CHAFA_SYMBOL_TAG_SPACE);
    ChafaCanvasConfig *config = chafa_canvas_config_new();
    chafa_canvas_config_set_geometry(config, cols > 0 ? cols : 1, rows > 0 ? rows : 1);
    chafa_canvas_config_set_symbol_map(config, symbols);
    chafa_canvas_config_set_canvas_mode(config, best_mode());
    ChafaCanvas *canvas = chafa_canvas_new(config);
    chafa_canvas_config_unref(config);
    chafa_symbol_map_unref(symbols);
    return canvas;
}

void preview_show(const struct image *image)
{
    if (!has_colors())
        return;
    ChafaCanvas *canvas = new_canvas(image);
    ChafaTermInfo *terminal = chafa_term_db_detect(chafa_term_db_get_default(), environ);
    chafa_canvas_draw_all_pixels(canvas, CHAFA_PIXEL_RGB8, image->rgb, (gint)image->width,
                                 (gint)image->height, (gint)image->width * 3);
    GString *text = chafa_canvas_print(canvas, terminal);
    fwrite(text->str, 1, text->len, stdout);
    fputc('\n', stdout);
    g_string_free(text, TRUE);
    chafa_term_info_unref(terminal);
    chafa_canvas_unref(canvas);
}
