#include <pthread.h>
#include <string.h>

#include "train/draw.h"

/* By name, so that a machine without one of them draws in another instead. */
static const struct face train_faces[] = {
    {.family = "DejaVu Sans"},
    {.family = "DejaVu Sans", .bold = true},
    {.family = "DejaVu Sans", .italic = true},
    {.family = "DejaVu Sans", .bold = true, .italic = true},
    {.family = "DejaVu Sans Condensed"},
    {.family = "DejaVu Sans Condensed", .bold = true},
    {.family = "DejaVu Serif"},
    {.family = "DejaVu Serif", .bold = true},
    {.family = "DejaVu Serif", .italic = true},
    {.family = "DejaVu Sans Mono"},
    {.family = "DejaVu Sans Mono", .bold = true},
    {.family = "Liberation Sans"},
    {.family = "Liberation Sans", .bold = true},
    {.family = "Liberation Sans", .italic = true},
    {.family = "Liberation Serif"},
    {.family = "Liberation Serif", .bold = true},
    {.family = "Liberation Serif", .bold = true, .italic = true},
    {.family = "Liberation Mono"},
    {.family = "Liberation Mono", .bold = true},
    {.family = "Liberation Sans Narrow", .bold = true},
    {.family = "FreeSans"},
    {.family = "FreeSans", .bold = true},
    {.family = "FreeSans", .bold = true, .italic = true},
    {.family = "FreeMono", .bold = true},
    {.family = "Lato"},
    {.family = "Lato", .bold = true},
    {.family = "Lato", .italic = true},
    {.family = "Lato Black"},
    {.family = "Open Sans"},
    {.family = "Open Sans", .bold = true},
    {.family = "Open Sans Condensed", .bold = true},
    {.family = "Roboto"},
    {.family = "Roboto", .bold = true},
    {.family = "Roboto Condensed"},
    {.family = "Caladea"},
    {.family = "Caladea", .bold = true},
    {.family = "Caladea", .italic = true},
    {.family = "Quicksand"},
    {.family = "Quicksand", .bold = true},
    {.family = "Comfortaa"},
    {.family = "Comfortaa", .bold = true},
    {.family = "Cabin"},
    {.family = "Cabin", .bold = true},
    {.family = "Cabin", .italic = true},
    {.family = "Play"},
    {.family = "Play", .bold = true},
    {.family = "Dosis"},
    {.family = "Dosis", .bold = true},
    {.family = "Jura"},
    {.family = "Jura", .bold = true},
    {.family = "Tuffy"},
    {.family = "Tuffy", .bold = true},
    {.family = "Tuffy", .italic = true},
    {.family = "League Spartan"},
    {.family = "League Spartan", .bold = true},
    {.family = "Inconsolata"},
    {.family = "Courier Prime"},
    {.family = "Courier Prime", .bold = true},
    {.family = "Gentium"},
    {.family = "Gentium", .italic = true},
    {.family = "GFS Didot"},
    {.family = "GFS Didot", .bold = true},
    {.family = "GFS Artemisia"},
    {.family = "GFS Artemisia", .bold = true},
    {.family = "GFS Neohellenic"},
    {.family = "GFS Neohellenic", .bold = true},
    {.family = "B612"},
    {.family = "B612", .bold = true},
    {.family = "B612 Mono"},
    {.family = "Comic Neue"},
    {.family = "Comic Neue", .bold = true},
    {.family = "Comic Neue", .italic = true},
    {.family = "Go"},
    {.family = "Go", .bold = true},
    {.family = "Go Mono"},
    {.family = "JetBrains Mono"},
    {.family = "JetBrains Mono", .bold = true},
    {.family = "Carlito"},
    {.family = "Carlito", .bold = true},
    {.family = "Carlito", .italic = true},
    {.family = "Vollkorn"},
    {.family = "Vollkorn", .bold = true},
    {.family = "Vollkorn", .italic = true},
    {.family = "EB Garamond"},
    {.family = "EB Garamond", .italic = true},
    {.family = "Linux Libertine O"},
    {.family = "Linux Libertine O", .bold = true},
    {.family = "Linux Biolinum O"},
    {.family = "Linux Biolinum O", .bold = true},
    {.family = "OCR B"},
    {.family = "Hack"},
    {.family = "Hack", .bold = true},
    {.family = "mononoki"},
    {.family = "monofur"},
    {.family = "IBM 3270"},
    {.family = "BetecknaGS"},
    {.family = "BetecknaGS", .bold = true},
    {.family = "Prociono"},
};
static const struct face test_faces[] = {
    {.family = "FreeSerif"},
    {.family = "FreeSerif", .bold = true},
    {.family = "FreeSerif", .italic = true},
    {.family = "Cantarell"},
    {.family = "Cantarell", .bold = true},
};

/* Half of what is learned from is in faces that nobody has cut. */
struct face draw_any_face(struct draw *d)
{
    struct random *r = d->r;
    if (d->split == SPLIT_TEST)
        return test_faces[random_below(r, sizeof test_faces / sizeof *test_faces)];
    struct face face = train_faces[random_below(r, sizeof train_faces / sizeof *train_faces)];
    if (random_chance(r, 0.5))
        return face;
    face.wider = 0.5 * random_unit(r) - 0.22;
    if (!face.italic && random_chance(r, 0.5))
        face.slant = 0.35 * random_unit(r) - 0.1;
    if (random_chance(r, 0.3))
        face.heavier = 0.07 * random_unit(r);
    return face;
}

/* cairo opens and closes FreeType's faces without one thread waiting for another. */
static pthread_mutex_t faces = PTHREAD_MUTEX_INITIALIZER;

void draw_face(struct draw *d, struct face face, double cap_height)
{
    cairo_text_extents_t e;
    pthread_mutex_lock(&faces);
    cairo_select_font_face(d->cr, face.family,
                           face.italic ? CAIRO_FONT_SLANT_ITALIC : CAIRO_FONT_SLANT_NORMAL,
                           face.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(d->cr, 100);
    cairo_text_extents(d->cr, "H", &e);
    const double size = e.height > 0 ? 100 * cap_height / e.height : cap_height;
    cairo_matrix_t shape;
    cairo_matrix_init(&shape, size * (1 + face.wider), 0, -size * face.slant, size, 0, 0);
    cairo_set_font_matrix(d->cr, &shape);
    d->heavier = face.heavier * cap_height;
    pthread_mutex_unlock(&faces);
}

double draw_text_width(struct draw *d, const char *text)
{
    cairo_text_extents_t e;
    pthread_mutex_lock(&faces);
    cairo_text_extents(d->cr, text, &e);
    pthread_mutex_unlock(&faces);
    return e.x_advance;
}

static void show_text(struct draw *d, double x, double y, const char *text, uint8_t colour,
                      struct rgb shade)
{
    cairo_glyph_t *glyphs = NULL;
    int n = 0;
    if (cairo_scaled_font_text_to_glyphs(cairo_get_scaled_font(d->cr), x, y, text, -1, &glyphs, &n,
                                         NULL, NULL, NULL) != CAIRO_STATUS_SUCCESS)
        return;
    for (int i = 0; i < n && text[i]; i++) {
        cairo_text_extents_t e;
        cairo_glyph_extents(d->cr, &glyphs[i], 1, &e);
        double x0 = glyphs[i].x + e.x_bearing, y0 = glyphs[i].y + e.y_bearing;
        draw_mark(d, mark_character((uint8_t)text[i]), colour, x0, y0, x0 + e.width, y0 + e.height);
    }
    draw_colour(d, shade);
    cairo_show_glyphs(d->cr, glyphs, n);
    if (d->heavier > 0) {
        cairo_glyph_path(d->cr, glyphs, n);
        cairo_set_line_width(d->cr, d->heavier);
        cairo_stroke(d->cr);
    }
    cairo_glyph_free(glyphs);
}

void draw_text(struct draw *d, double x, double y, const char *text, uint8_t colour,
               struct rgb shade)
{
    pthread_mutex_lock(&faces);
    show_text(d, x, y, text, colour, shade);
    pthread_mutex_unlock(&faces);
}
