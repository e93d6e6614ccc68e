#include "tui/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tui/glyph.h"
#include "tui/looking.h"
#include "tui/notes.h"
#include "tui/preview.h"
#include "tui/region.h"
#include "tui/theming.h"

enum {
    VIEW_SIDE = 800, /* pixels; more than any pane can show */
    LIST_FROM_ROWS = 14,
};

enum look { LOOK_AS_IT_IS, LOOK_AS_SEEN };

/* What the pane shows, or is to show. */
struct wish {
    const struct attachment *picture;
    size_t view;
    enum look look;
    bool marked; /* with the crops in its pixels */
};

struct picture_pane {
    struct attachment *picture;         /* a reference of its own; NULL: there is none */
    const struct attachment *suggested; /* by cursor or transcript; only compared */
    size_t at, n;                       /* which of how many */
    bool in_input;
    size_t view; /* 0: the whole, then the crops */
    enum look look;
    struct looking looking; /* over it */
    struct crop region;
    struct rect shown; /* where the picture was drawn last */
    int beside;        /* columns that it had there, 0: none */

    bool busy;        /* an errand is under way */
    struct wish have; /* what the next two show */
    struct image image;
    struct err err; /* why there is no image, or "" */
    uint64_t serial;
    struct preview preview;
};

struct picture_pane *picture_new(void)
{
    return mem_new(1, sizeof(struct picture_pane));
}

void picture_free(struct picture_pane *p)
{
    if (!p)
        return;
    attachment_release(p->picture);
    image_done(&p->image);
    preview_done(&p->preview);
    looking_end(&p->looking);
    free(p);
}

/* ---- Which picture -------------------------------------------------------------------------- */

static struct attachment *nth(const struct app *app, size_t i)
{
    size_t number, n;
    if (input_n_pictures(app->input))
        return (struct attachment *)input_picture(app->input, i, &number);
    struct attachment *const *list = transcript_pictures(app->transcript, &n);
    return list[i];
}

static void show(struct picture_pane *p, struct attachment *picture)
{
    if (p->picture == picture)
        return;
    attachment_release(p->picture);
    p->picture = picture ? attachment_keep(picture) : NULL;
    p->view = 0;
    p->look = LOOK_AS_IT_IS;
    looking_end(&p->looking);
    p->region = (struct crop){0};
    p->have = (struct wish){0};
}

void picture_follow(struct app *app)
{
    struct picture_pane *p = app->picture;
    size_t in_input = input_n_pictures(app->input), in_message, first = 0;
    transcript_pictures(app->transcript, &in_message);
    p->in_input = in_input > 0;
    p->n = in_input ? in_input : in_message;
    if (in_input)
        first = input_nearest(app->input);
    struct attachment *suggested = p->n ? nth(app, first) : NULL;
    p->at = p->n;
    for (size_t i = 0; i < p->n; i++)
        if (nth(app, i) == p->picture)
            p->at = i;
    if (suggested != p->suggested || p->at == p->n) {
        p->suggested = suggested;
        p->at = first;
        show(p, suggested);
    }
    if (!p->picture && picture_has_focus(app))
        app->focus = KEYS_INPUT;
}

int picture_cols(const struct app *app, int cols)
{
    struct picture_pane *p = app->picture;
    p->beside = cols >= LAYOUT_WIDE_COLS && p->picture ? cols / 4 : 0;
    return p->beside;
}

bool picture_stands(const struct app *app)
{
    return app->picture->beside > 0;
}

bool picture_has_focus(const struct app *app)
{
    return app->focus == KEYS_PICTURE || app->focus == KEYS_REGION;
}

bool picture_covers(const struct app *app, int cols)
{
    return cols < LAYOUT_WIDE_COLS && picture_has_focus(app);
}

/* ---- Its pixels, made while the screen goes on ---------------------------------------------- */

struct viewing {
    struct errand errand;
    struct app *app;
    struct attachment *picture;
    struct wish wish;
    uint32_t side; /* that the model takes */
    struct image image;
    struct err err;
};

static bool view_as_seen(struct viewing *v, const struct crop *crop)
{
    size_t n = (size_t)v->side * v->side;
    float *planes = mem_try(3 * n, sizeof *planes, "an image's planes", &v->err);
    bool ok = planes && image_prepare(planes, &v->picture->image, crop, v->side, &v->err);
    v->image = (struct image){v->side, v->side, ok ? mem_try(n, 3, "picture", &v->err) : NULL};
    if (v->image.rgb)
        image_from_planes(&v->image, planes);
    free(planes);
    return v->image.rgb != NULL;
}

static void make_view(struct errand *e)
{
    struct viewing *v = (struct viewing *)e;
    struct attachment *a = v->picture;
    const struct crop *crop = v->wish.view ? &a->crops[v->wish.view - 1] : NULL;
    if (!attachment_read(a, &v->err))
        return;
    if (v->wish.look == LOOK_AS_SEEN)
        view_as_seen(v, crop);
    else if (image_view(&v->image, &a->image, crop, VIEW_SIDE, &v->err) && v->wish.marked)
        preview_mark_pixels(&v->image, a->image.width, a->image.height, a->crops, a->n_crops);
}

static void view_made(struct errand *e, bool wanted)
{
    struct viewing *v = (struct viewing *)e;
    struct picture_pane *p = v->app->picture;
    p->busy = false;
    if (wanted && v->wish.picture == p->picture) {
        image_done(&p->image);
        p->have = v->wish;
        p->image = v->image;
        p->err = v->err;
        p->serial++;
        v->image = (struct image){0};
    }
    image_done(&v->image);
    attachment_release(v->picture);
    free(v);
}

static bool same_wish(const struct wish *a, const struct wish *b)
{
    return a->picture == b->picture && a->view == b->view && a->look == b->look &&
           a->marked == b->marked;
}

/* One at a time: what is wished for meanwhile comes next, what was passed over never. True if it is
 * there. */
static bool get_view(struct app *app, const struct wish *wish)
{
    struct picture_pane *p = app->picture;
    if (same_wish(wish, &p->have))
        return p->image.rgb != NULL;
    bool on_its_way = attachment_is(p->picture, ATTACHMENT_READ) && attachment_is_blank(p->picture);
    if (p->busy || on_its_way)
        return false;
    struct viewing *v = mem_new(1, sizeof *v);
    v->errand = (struct errand){make_view, view_made};
    v->app = app;
    v->picture = attachment_keep(p->picture);
    v->wish = *wish;
    v->side = notes_model_side(app);
    p->busy = true;
    errands_put(app->errands, &v->errand);
    return false;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static void draw_title(const struct app *app, struct surface *s, struct rect where)
{
    const struct picture_pane *p = app->picture;
    struct str name = {0}, number = {0};
    size_t views = attachment_views(p->picture);
    if (p->n > 1)
        str_printf(&name, "%zu: ", p->at + 1);
    str_puts(&name, path_base(p->picture->path));
    if (views > 1)
        str_printf(&number, "  %zu/%zu", p->view + 1, views);
    int end = where.col + where.cols, room = end - (int)number.len;
    surface_puts(s, where.row, where.col, room, str_text(&name),
                 app->theme.tones[picture_has_focus(app) ? TONE_ACCENT : TONE_TEXT]);
    surface_puts_right(s, where.row, where.col, end, str_text(&number),
                       app->theme.tones[TONE_MUTED]);
    str_done(&name);
    str_done(&number);
}

static void draw_marks(const struct app *app, struct surface *s, struct rect where)
{
    const struct picture_pane *p = app->picture;
    const struct attachment *a = p->picture;
    if (app->focus == KEYS_REGION)
        preview_mark(s, where, a->image.width, a->image.height, &p->region, 1, &app->theme);
    else if (p->look == LOOK_AS_IT_IS && p->view == 0 && !p->looking.on)
        preview_mark(s, where, a->image.width, a->image.height, a->crops, a->n_crops, &app->theme);
}

/* A region moves in cells, and is drawn in cells; heat is coarse. */
static bool draws_pixels(const struct app *app)
{
    enum pictures pictures = term_pictures(app->term);
    return pictures > PICTURES_SYMBOLS &&
           app->focus != KEYS_REGION && !app->picture->looking.on &&
           theming_picture_colors(app) > 0;
}

/* Returns the rows that it took. */
static int put_rows(struct surface *s, struct rect where, const char *text, struct style style)
{
    int rows = 0;
    for (size_t n; *text && rows < where.rows; text += n, rows++) {
        n = glyph_fit(text, strlen(text), (size_t)where.cols);
        n = n ? n : strlen(text);
        surface_puts(s, where.row + rows, where.col, where.col + where.cols, text, style);
    }
    return rows;
}

/* The same. */
static int draw_image(struct app *app, struct surface *s, struct rect where)
{
    struct picture_pane *p = app->picture;
    bool pixels = draws_pixels(app);
    struct wish wish = {p->picture, p->view, p->look,
                        pixels && p->view == 0 && p->look == LOOK_AS_IT_IS};
    const char *instead = "…";
    if (term_pictures(app->term) == PICTURES_OFF)
        return 0;
    if (get_view(app, &wish)) {
        p->shown = preview_fit(where, p->image.width, p->image.height);
        if (pixels) {
            surface_put_graphic(s, &(struct graphic){p->shown, &p->image, p->serial});
            return p->shown.rows;
        }
        preview_draw(&p->preview, s, p->shown, &p->image, p->serial, theming_picture_colors(app));
        looking_draw(&p->looking, p->view, s, p->shown, theming_picture_colors(app), &app->theme);
        draw_marks(app, s, p->shown);
        return p->shown.rows;
    }
    if (same_wish(&wish, &p->have))
        instead = p->err.text;
    else if (attachment_is_blank(p->picture))
        instead = "reading…";
    return put_rows(s, where, instead, app->theme.tones[TONE_MUTED]);
}

void picture_draw(struct app *app, struct surface *s, struct rect where)
{
    struct picture_pane *p = app->picture;
    struct notes notes = {.n = 0};
    if (!p->picture || where.rows < 1 || where.cols < 1)
        return;
    draw_title(app, s, where);
    if (!attachment_is_blank(p->picture))
        notes_make(&notes, app,
                   &(struct notes_about){.picture = p->picture,
                                         .view = p->view,
                                         .as_seen = p->look == LOOK_AS_SEEN,
                                         .looking = p->looking.on ? &p->looking : NULL,
                                         .region = app->focus == KEYS_REGION ? &p->region : NULL});
    struct rect below = where, image = where;
    below.rows = where.rows >= LIST_FROM_ROWS ? notes.n : where.rows > 2;
    image.row++;
    image.rows -= 1 + below.rows;
    below.row = image.row + (image.rows > 0 ? draw_image(app, s, image) : 0);
    if (below.rows > 0)
        notes_draw(&notes, app, s, below);
    notes_done(&notes);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static void look_at(struct app *app)
{
    if (app->picture->picture)
        app->focus = app->focus == KEYS_PICTURE ? KEYS_INPUT : KEYS_PICTURE;
    else
        app_say(app, "there is no picture to look at; /image attaches one");
}

static void choose_view(struct picture_pane *p, bool next)
{
    size_t n = attachment_views(p->picture);
    if (attachment_is_blank(p->picture))
        return;
    p->view = (p->view + (next ? 1 : n - 1)) % n;
}

static void choose_picture(struct app *app, bool next)
{
    struct picture_pane *p = app->picture;
    if (p->n > 1)
        show(p, nth(app, (p->at + (next ? 1 : p->n - 1)) % p->n));
}

static void begin_region(struct app *app)
{
    struct picture_pane *p = app->picture;
    if (attachment_is_blank(p->picture))
        return;
    if (p->region.width == 0)
        p->region =
            region_middle((struct crop){0, 0, p->picture->image.width, p->picture->image.height});
    p->look = LOOK_AS_IT_IS;
    p->view = 0;
    looking_end(&p->looking);
    app->focus = KEYS_REGION;
}

/* Taken over; in the place of the one shown, if that waits to be sent. */
static void attach_instead(struct app *app, struct attachment *a)
{
    struct picture_pane *p = app->picture;
    if (!p->in_input || !input_exchange(app->input, p->picture, a))
        input_attach(app->input, a);
}

static struct crop_choice next_choice(const struct crop_choice *now)
{
    switch (now->kind) {
    case CROPS_AUTO:
    case CROPS_HF:
        return (struct crop_choice){.kind = CROPS_OFF};
    case CROPS_OFF:
        return (struct crop_choice){.kind = CROPS_FIXED, .n = 2};
    case CROPS_FIXED:
        break;
    }
    return now->n < PANSCAN_MAX_CROPS
               ? (struct crop_choice){.kind = CROPS_FIXED, .n = now->n + 1}
               : (struct crop_choice){.kind = CROPS_AUTO};
}

static void change_crops(struct app *app)
{
    struct picture_pane *p = app->picture;
    struct str told = {0};
    if (attachment_is_blank(p->picture))
        return;
    if (!p->in_input) {
        app_say(app, "it was sent with these crops; attach it again for others");
        return;
    }
    struct crop_choice choice = next_choice(&p->picture->wanted);
    struct attachment *a = attachment_with_crops(p->picture, &choice);
    size_t views = attachment_views(a);
    crop_choice_put(&choice, &told);
    app_say(app, "crops: %s, %zu view%s in all", str_text(&told), views, views == 1 ? "" : "s");
    attach_instead(app, a);
    str_done(&told);
}

static void take_region(struct app *app)
{
    struct picture_pane *p = app->picture;
    attach_instead(app, attachment_with_region(p->picture, &p->region));
    app->focus = KEYS_INPUT;
    app_say(app, "the model will look at the whole and at the region");
}

static bool act_on_region(struct app *app, enum action action)
{
    struct picture_pane *p = app->picture;
    const struct image *image = &p->picture->image;
    if (region_act(&p->region, action, image->width, image->height, p->shown.cols, p->shown.rows))
        return true;
    if (action == ACTION_TAKE_REGION)
        take_region(app);
    else if (action == ACTION_CANCEL)
        app->focus = KEYS_PICTURE;
    else
        return false;
    return true;
}

static void look_back(struct app *app)
{
    struct picture_pane *p = app->picture;
    if (p->looking.on)
        looking_end(&p->looking);
    else
        looking_begin(&p->looking, app, p->picture);
}

void picture_looked(struct app *app, const struct chat_event *event)
{
    looking_take(&app->picture->looking, app, event, app->picture->picture);
}

/* False where nothing is shown of it. */
static bool act_on_looking(struct app *app, enum action action)
{
    struct picture_pane *p = app->picture;
    if (!p->looking.on)
        return false;
    if (action == ACTION_WORD_BEFORE || action == ACTION_WORD_AFTER)
        looking_step(&p->looking, app, p->picture, action == ACTION_WORD_AFTER ? 1 : -1);
    else if (action == ACTION_CANCEL)
        looking_end(&p->looking);
    else
        return false;
    return true;
}

bool picture_act(struct app *app, enum action action)
{
    struct picture_pane *p = app->picture;
    if (action == ACTION_PICTURE)
        return look_at(app), true;
    if (!p->picture || !picture_has_focus(app))
        return false;
    if (app->focus == KEYS_REGION)
        return act_on_region(app, action);
    if (act_on_looking(app, action))
        return true;
    switch (action) {
    case ACTION_VIEW_BEFORE:
    case ACTION_VIEW_AFTER:
        choose_view(p, action == ACTION_VIEW_AFTER);
        return true;
    case ACTION_PICTURE_BEFORE:
    case ACTION_PICTURE_AFTER:
        choose_picture(app, action == ACTION_PICTURE_AFTER);
        return true;
    case ACTION_SAW:
        p->look = p->look == LOOK_AS_SEEN ? LOOK_AS_IT_IS : LOOK_AS_SEEN;
        return true;
    case ACTION_LOOKED:
        look_back(app);
        return true;
    case ACTION_CROPS:
        change_crops(app);
        return true;
    case ACTION_REGION:
        begin_region(app);
        return true;
    case ACTION_CANCEL:
        app->focus = KEYS_INPUT;
        return true;
    default:
        return false;
    }
}

void picture_hint(const struct app *app, bool narrow, struct str *out)
{
    char a[KEY_NAME_BYTES], b[KEY_NAME_BYTES], back[KEY_NAME_BYTES];
    bool sent = !app->picture->in_input, looking = app->picture->looking.on;
    keys_first(app->focus, ACTION_CANCEL, back);
    if (app->focus == KEYS_REGION && !narrow)
        str_printf(out, "%s takes, ", keys_first(KEYS_REGION, ACTION_TAKE_REGION, a));
    else if (!narrow && looking)
        str_printf(out, "%s %s words, ", keys_first(KEYS_PICTURE, ACTION_WORD_BEFORE, a),
                   keys_first(KEYS_PICTURE, ACTION_WORD_AFTER, b));
    if (app->focus == KEYS_PICTURE && !narrow)
        str_printf(out, "%s %s views, ", keys_first(KEYS_PICTURE, ACTION_VIEW_BEFORE, a),
                   keys_first(KEYS_PICTURE, ACTION_VIEW_AFTER, b));
    if (app->focus == KEYS_PICTURE && !narrow && !looking)
        str_printf(out, "%s region, %s %s, ", keys_first(KEYS_PICTURE, ACTION_REGION, a),
                   keys_first(KEYS_PICTURE, sent ? ACTION_LOOKED : ACTION_CROPS, b),
                   sent ? "heat" : "crops");
    str_printf(out, "%s %s", back, looking ? "no heat" : "back");
}
