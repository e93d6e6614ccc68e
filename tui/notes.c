#include "tui/notes.h"

#include "tui/looking.h"

enum { MODEL_SIDE = 896 }; /* while no model is open */

static bool model_info(const struct app *app, struct facet_model_info *info)
{
    const struct facet_model *model = chat_model(app->chat);
    if (model)
        facet_model_get_info(model, info);
    return model && info->has_vision;
}

unsigned notes_model_side(const struct app *app)
{
    struct facet_model_info info;
    return model_info(app, &info) ? info.image_size : MODEL_SIDE;
}

void notes_done(struct notes *notes)
{
    for (int i = 0; i < notes->n; i++)
        str_done(&notes->list[i]);
}

static struct str *add_note(struct notes *notes)
{
    return &notes->list[notes->n < MAX_NOTES ? notes->n++ : MAX_NOTES - 1];
}

static const char *turned(int orientation)
{
    static const char *const words[9] = {[2] = " · mirrored",
                                         [3] = " · turned 180°",
                                         [4] = " · mirrored, turned 180°",
                                         [5] = " · mirrored, turned 90°",
                                         [6] = " · turned 90°",
                                         [7] = " · mirrored, turned 270°",
                                         [8] = " · turned 270°"};
    const char *word = orientation >= 2 && orientation <= 8 ? words[orientation] : NULL;
    return word ? word : "";
}

static void note_cost(const struct app *app, struct notes *notes, size_t views)
{
    struct facet_model_info info;
    if (model_info(app, &info)) {
        struct str *out = add_note(notes);
        str_printf(out, "%zu × %u = ", views, info.n_soft_tokens);
        status_count(out, views * info.n_soft_tokens);
        str_puts(out, " tokens");
    }
    if (app->seconds_a_view > 0)
        str_printf(add_note(notes), "about %.0f s to look at",
                   app->seconds_a_view * (double)views + 0.5);
}

/* The model's eye is square: the longer side loses most. */
static void note_scale(const struct app *app, struct notes *notes, const struct crop *part)
{
    enum { READABLE = 10 }; /* pixels that a letter needs */
    unsigned side = notes_model_side(app);
    double across = (double)part->width / side, down = (double)part->height / side;
    double most = across > down ? across : down;
    str_printf(add_note(notes), "%u×%u of %u×%u", side, side, part->width, part->height);
    str_printf(add_note(notes), "scaled to %.0f %% × %.0f %%", 100 / across, 100 / down);
    if (most >= 2)
        str_printf(add_note(notes), "text below %.0f pixels gets too small", READABLE * most);
}

static void note_views(struct notes *notes, const struct attachment *a)
{
    struct str *out = add_note(notes);
    str_printf(out, "whole");
    if (a->n_crops)
        str_printf(out, " + %zu crop%s", a->n_crops, a->n_crops == 1 ? "" : "s");
}

static struct crop part_shown(const struct notes_about *about)
{
    const struct attachment *a = about->picture;
    return about->view ? a->crops[about->view - 1]
                       : (struct crop){0, 0, a->image.width, a->image.height};
}

static void note_key(struct notes *notes, enum key_context context, enum action action,
                     const char *what)
{
    char key[KEY_NAME_BYTES];
    if (*keys_first(context, action, key))
        str_printf(add_note(notes), "%s %s", key, what);
}

static void note_keys(const struct app *app, struct notes *notes, bool as_seen)
{
    if (app->focus == KEYS_REGION) {
        str_puts(add_note(notes), "arrows move, + - size");
        note_key(notes, KEYS_REGION, ACTION_TAKE_REGION, "takes it");
    } else if (app->focus == KEYS_PICTURE) {
        note_key(notes, KEYS_PICTURE, ACTION_SAW, as_seen ? "as it is" : "what it saw");
        note_key(notes, KEYS_PICTURE, ACTION_REGION, "region");
    } else {
        note_key(notes, KEYS_EVERYWHERE, ACTION_PICTURE, "looks closer");
    }
}

static void note_picture(const struct app *app, struct notes *notes,
                         const struct notes_about *about)
{
    const struct attachment *a = about->picture;
    struct crop part = part_shown(about);
    if (about->view)
        str_printf(add_note(notes), "crop %zu: %u×%u at %u,%u", about->view, part.width,
                   part.height, part.x, part.y);
    else
        str_printf(add_note(notes), "%u×%u%s", a->image.width, a->image.height,
                   turned(a->facts.orientation));
    note_views(notes, a);
    note_cost(app, notes, attachment_views(a));
}

void notes_make(struct notes *notes, const struct app *app, const struct notes_about *about)
{
    const struct crop *region = about->region;
    struct crop part = part_shown(about);
    if (about->looking) {
        looking_words(about->looking, add_note(notes));
        looking_share(about->looking, about->view, add_note(notes));
    }
    if (region) {
        str_printf(add_note(notes), "region %u×%u at %u,%u", region->width, region->height,
                   region->x, region->y);
        note_cost(app, notes, 2);
    } else if (about->as_seen) {
        note_scale(app, notes, &part);
    } else {
        note_picture(app, notes, about);
    }
    note_keys(app, notes, about->as_seen);
}

void notes_draw(const struct notes *notes, const struct app *app, struct surface *s,
                struct rect where)
{
    struct style style = app->theme.tones[TONE_MUTED];
    int end = where.col + where.cols, col = where.col;
    for (int i = 0; i < notes->n; i++) {
        const char *text = str_text(&notes->list[i]);
        if (where.rows > 1) {
            surface_puts(s, where.row + i, where.col, end, text, style);
            continue;
        }
        if (i)
            col = surface_puts(s, where.row, col, end, " · ", style);
        col = surface_puts(s, where.row, col, end, text, style);
    }
}
