#include <pthread.h>
#include <string.h>

#include "train/draw.h"

/* By name, so that a machine without one of them draws in another instead. */
static const struct face train_faces[] = {
    {"DejaVu Sans", false, false},
    {"DejaVu Sans", true, false},
    {"DejaVu Sans", false, true},
    {"DejaVu Sans", true, true},
    {"DejaVu Sans Condensed", false, false},
    {"DejaVu Sans Condensed", true, false},
    {"DejaVu Serif", false, false},
    {"DejaVu Serif", true, false},
    {"DejaVu Serif", false, true},
    {"DejaVu Sans Mono", false, false},
    {"DejaVu Sans Mono", true, false},
    {"Liberation Sans", false, false},
    {"Liberation Sans", true, false},
    {"Liberation Sans", false, true},
    {"Liberation Serif", false, false},
    {"Liberation Serif", true, false},
    {"Liberation Serif", true, true},
    {"Liberation Mono", false, false},
    {"Liberation Mono", true, false},
    {"Liberation Sans Narrow", true, false},
    {"FreeSans", false, false},
    {"FreeSans", true, false},
    {"FreeSans", true, true},
    {"FreeMono", true, false},
    {"Lato", false, false},
    {"Lato", true, false},
    {"Lato", false, true},
    {"Lato Black", false, false},
    {"Open Sans", false, false},
    {"Open Sans", true, false},
    {"Open Sans Condensed", true, false},
    {"Roboto", false, false},
    {"Roboto", true, false},
    {"Roboto Condensed", false, false},
    {"Caladea", false, false},
    {"Caladea", true, false},
    {"Caladea", false, true},
};
static const struct face test_faces[] = {
    {"FreeSerif", false, false}, {"FreeSerif", true, false}, {"FreeSerif", false, true},
    {"Cantarell", false, false}, {"Cantarell", true, false},
};

struct face draw_any_face(struct draw *d)
{
    if (d->split == SPLIT_TEST)
        return test_faces[random_below(d->r, sizeof test_faces / sizeof *test_faces)];
    return train_faces[random_below(d->r, sizeof train_faces / sizeof *train_faces)];
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
    cairo_set_font_size(d->cr, e.height > 0 ? 100 * cap_height / e.height : cap_height);
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
    cairo_glyph_free(glyphs);
}

void draw_text(struct draw *d, double x, double y, const char *text, uint8_t colour,
               struct rgb shade)
{
    pthread_mutex_lock(&faces);
    show_text(d, x, y, text, colour, shade);
    pthread_mutex_unlock(&faces);
}
