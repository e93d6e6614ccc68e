#include "tui/picker.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tui/attaching.h"
#include "tui/entry.h"
#include "tui/folder.h"
#include "tui/remember.h"

enum { PREVIEW_FROM_COLS = 60 };

static const char last_folder[] = "folder of pictures";

struct picker {
    char *path; /* of the folder, from the root; owned */
    struct folder folder;
    bool reading;
    struct err err; /* why the folder cannot be read, or "" */
    struct entry filter;
    size_t n, at, top; /* entries that fit; the chosen one; the first shown */
    size_t page;       /* rows of the list when last drawn */
    char *come_from; /* the folder that was left upwards is chosen when its parent is read; owned */
    char **marked;   /* paths; owned */
    size_t n_marked;
};

struct picker *picker_new(void)
{
    return mem_new(1, sizeof(struct picker));
}

static void unmark_all(struct picker *p)
{
    for (size_t i = 0; i < p->n_marked; i++)
        free(p->marked[i]);
    p->n_marked = 0;
}

void picker_free(struct picker *p)
{
    if (!p)
        return;
    unmark_all(p);
    free(p->marked);
    folder_done(&p->folder);
    entry_done(&p->filter);
    free(p->come_from);
    free(p->path);
    free(p);
}

bool picker_is_open(const struct app *app)
{
    return app->focus == KEYS_PICKER;
}

/* ---- Folders -------------------------------------------------------------------------------- */

struct listing {
    struct errand errand;
    struct app *app;
    char *path;
    struct folder folder;
    struct err err;
};

static void list_folder(struct errand *e)
{
    struct listing *l = (struct listing *)e;
    folder_read(&l->folder, l->path, &l->err);
}

static void apply_filter(struct picker *p)
{
    p->n = folder_filter(&p->folder, str_text(&p->filter.text));
    p->at = p->top = 0;
}

static void choose_come_from(struct picker *p)
{
    for (size_t i = 0; p->come_from && i < p->n; i++)
        if (strcmp(p->folder.list[i].name, p->come_from) == 0)
            p->at = i;
    free(p->come_from);
    p->come_from = NULL;
}

static void folder_listed(struct errand *e, bool wanted)
{
    struct listing *l = (struct listing *)e;
    struct picker *p = l->app->picker;
    if (wanted && strcmp(l->path, p->path) == 0) {
        folder_done(&p->folder);
        p->folder = l->folder;
        p->err = l->err;
        p->reading = false;
        l->folder = (struct folder){NULL, 0};
        apply_filter(p);
        choose_come_from(p);
    }
    folder_done(&l->folder);
    free(l->path);
    free(l);
}

/* Takes the path over. */
static void go_to(struct app *app, char *path)
{
    struct picker *p = app->picker;
    struct listing *l = mem_new(1, sizeof *l);
    free(p->path);
    p->path = path;
    p->reading = true;
    p->err.text[0] = 0;
    p->n = 0;
    free(p->come_from);
    p->come_from = NULL;
    entry_set(&p->filter, "");
    l->errand = (struct errand){list_folder, folder_listed};
    l->app = app;
    l->path = mem_copy(path);
    errands_put(app->errands, &l->errand);
}

static void go_up(struct app *app)
{
    struct picker *p = app->picker;
    char *slash = strrchr(p->path, '/');
    if (!slash || !slash[1])
        return;
    char *name = mem_copy(slash + 1);
    go_to(app, slash == p->path ? mem_copy("/") : mem_text(p->path, (size_t)(slash - p->path)));
    p->come_from = name;
}

void picker_open(struct app *app, const char *folder)
{
    char *last = folder ? NULL : remember_get(last_folder);
    char *path = realpath(folder ? folder : last && file_is_dir(last) ? last : ".", NULL);
    free(last);
    unmark_all(app->picker);
    app->focus = KEYS_PICKER;
    go_to(app, path ? path : mem_copy("/"));
}

/* ---- The preview ---------------------------------------------------------------------------- */

static bool load_file(void *unused, const char *path, struct image *image, struct err *err)
{
    (void)unused;
    return image_load_sandboxed(image, NULL, path, NULL, err);
}

static char *chosen_path(const struct picker *p)
{
    return p->at < p->n ? path_join(p->path, p->folder.list[p->at].name) : NULL;
}

static void draw_preview(struct app *app, struct surface *s, struct rect where)
{
    struct picker *p = app->picker;
    char *path = p->n && !p->folder.list[p->at].is_folder ? chosen_path(p) : NULL;
    if (path)
        glance_draw(app, s, where, &(struct glance_wish){load_file, NULL, path});
    free(path);
}

/* ---- Marks ---------------------------------------------------------------------------------- */

/* Its index, or n_marked. */
static size_t find_mark(const struct picker *p, const char *path)
{
    size_t i = 0;
    while (i < p->n_marked && strcmp(p->marked[i], path) != 0)
        i++;
    return i;
}

static void toggle_mark(struct picker *p)
{
    if (p->at >= p->n || p->folder.list[p->at].is_folder)
        return;
    char *path = chosen_path(p);
    size_t i = find_mark(p, path);
    if (i < p->n_marked) {
        free(path);
        free(p->marked[i]);
        memmove(p->marked + i, p->marked + i + 1, (--p->n_marked - i) * sizeof(char *));
    } else {
        p->marked = mem_grow(p->marked, p->n_marked + 1, sizeof(char *));
        p->marked[p->n_marked++] = path;
    }
    if (p->at + 1 < p->n)
        p->at++;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

/* Where the two are too long, the end of the path and the filter stay. */
static void draw_head(const struct app *app, struct surface *s, struct rect where)
{
    const struct picker *p = app->picker;
    const char *path = p->path;
    struct str count = {0};
    int end = where.col + where.cols, col = where.col;
    if (p->n_marked)
        str_printf(&count, "  %zu marked", p->n_marked);
    int filter_cells = (int)glyph_cells(str_text(&p->filter.text), p->filter.text.len);
    int room = where.cols - (int)count.len - filter_cells - 4;
    while (*path && (int)glyph_cells(path, strlen(path)) > room)
        path += utf8_cluster(path, strlen(path), NULL);
    if (path != p->path)
        col = surface_puts(s, where.row, col, end, "…", app->theme.tones[TONE_MUTED]);
    col = surface_puts(s, where.row, col, end, path, app->theme.tones[TONE_MUTED]);
    if (p->path[1])
        col = surface_puts(s, where.row, col, end, "/", app->theme.tones[TONE_MUTED]);
    entry_draw(&p->filter, s, where.row, col, end - (int)count.len - 1,
               app->theme.tones[TONE_ACCENT]);
    surface_puts_right(s, where.row, where.col, end, str_text(&count),
                       app->theme.tones[TONE_MUTED]);
    str_done(&count);
}

static void draw_entry(const struct app *app, struct surface *s, size_t i, struct rect where)
{
    const struct picker *p = app->picker;
    const struct folder_entry *entry = &p->folder.list[i];
    char *path = path_join(p->path, entry->name);
    bool marked = find_mark(p, path) < p->n_marked;
    int end = where.col + where.cols;
    enum tone tone = i == p->at ? TONE_SELECTED : entry->is_folder ? TONE_ACCENT : TONE_TEXT;
    surface_puts(s, where.row, where.col, end, marked ? "•" : " ", app->theme.tones[TONE_ACCENT]);
    int col = surface_puts(s, where.row, where.col + 2, end, entry->name, app->theme.tones[tone]);
    if (entry->is_folder)
        surface_puts(s, where.row, col, end, "/", app->theme.tones[tone]);
    free(path);
}

static void draw_list(struct app *app, struct surface *s, struct rect where)
{
    struct picker *p = app->picker;
    p->page = where.rows > 0 ? (size_t)where.rows : 1;
    if (p->at < p->top)
        p->top = p->at;
    if (p->at >= p->top + p->page)
        p->top = p->at - p->page + 1;
    for (int row = 0; row < where.rows && p->top + (size_t)row < p->n; row++) {
        struct rect line = {where.row + row, where.col, 1, where.cols};
        draw_entry(app, s, p->top + (size_t)row, line);
    }
    const char *instead = p->reading       ? "reading the folder…"
                          : p->err.text[0] ? p->err.text
                          : p->filter.text.len ? "nothing here fits"
                                           : "no folders and no pictures here";
    if (p->n == 0 && where.rows > 0)
        surface_puts(s, where.row, where.col + 2, where.col + where.cols, instead,
                     app->theme.tones[p->err.text[0] ? TONE_ERROR : TONE_MUTED]);
}

void picker_draw(struct app *app, struct surface *s, struct rect where)
{
    bool beside = where.cols >= PREVIEW_FROM_COLS;
    struct rect list = {where.row + 1, where.col, where.rows - 1,
                        beside ? where.cols / 2 : where.cols};
    struct rect image = {list.row, list.col + list.cols + 1, list.rows, where.cols - list.cols - 1};
    if (where.rows < 1)
        return;
    draw_head(app, s, where);
    draw_list(app, s, list);
    if (beside && image.rows > 0)
        draw_preview(app, s, image);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static void close_picker(struct app *app)
{
    app->focus = KEYS_INPUT;
    remember_set(last_folder, app->picker->path);
}

static void enter_folder(struct app *app)
{
    struct picker *p = app->picker;
    if (p->at >= p->n || !p->folder.list[p->at].is_folder)
        return;
    go_to(app, chosen_path(p));
}

static void take(struct app *app)
{
    struct picker *p = app->picker;
    if (p->n_marked == 0 && p->at < p->n && p->folder.list[p->at].is_folder) {
        enter_folder(app);
        return;
    }
    if (p->n_marked == 0)
        toggle_mark(p);
    if (p->n_marked == 0)
        return;
    close_picker(app);
    for (size_t i = 0; i < p->n_marked; i++)
        attaching_path(app, p->marked[i]);
    unmark_all(p);
}

static void delete_back(struct app *app)
{
    if (app->picker->filter.text.len)
        picker_type(app, K_BACKSPACE);
    else
        go_up(app);
}

/* Up by so many entries where it is negative. */
static void step(struct picker *p, long n)
{
    long to = (long)p->at + n, last = (long)p->n - 1;
    p->at = to < 0 || last < 0 ? 0 : (size_t)(to < last ? to : last);
}

void picker_type(struct app *app, uint32_t key)
{
    if (entry_key(&app->picker->filter, key))
        apply_filter(app->picker);
}

static bool move(struct picker *p, enum action action)
{
    switch (action) {
    case ACTION_ROW_UP:
        step(p, -1);
        return true;
    case ACTION_ROW_DOWN:
        step(p, 1);
        return true;
    case ACTION_PAGE_UP:
        step(p, -(long)p->page);
        return true;
    case ACTION_PAGE_DOWN:
        step(p, (long)p->page);
        return true;
    case ACTION_TOP:
        step(p, -(long)p->n);
        return true;
    case ACTION_BOTTOM:
        step(p, (long)p->n);
        return true;
    default:
        return false;
    }
}

bool picker_act(struct app *app, enum action action)
{
    if (action == ACTION_PICK && !picker_is_open(app))
        return picker_open(app, NULL), true;
    if (!picker_is_open(app))
        return false;
    switch (action) {
    case ACTION_PICK_TAKE:
        take(app);
        return true;
    case ACTION_PICK_MARK:
        toggle_mark(app->picker);
        return true;
    case ACTION_PICK_UP:
        go_up(app);
        return true;
    case ACTION_PICK_INTO:
        enter_folder(app);
        return true;
    case ACTION_PICK_CLEAR:
        entry_set(&app->picker->filter, "");
        apply_filter(app->picker);
        return true;
    case ACTION_PICK_BACK:
        delete_back(app);
        return true;
    case ACTION_CANCEL:
    case ACTION_PICK:
        close_picker(app);
        return true;
    default:
        return move(app->picker, action);
    }
}

void picker_hint(const struct app *app, struct str *out)
{
    char a[KEY_NAME_BYTES], b[KEY_NAME_BYTES], c[KEY_NAME_BYTES];
    if (app->surface.cols >= LAYOUT_NARROW_COLS)
        str_printf(out, "%s attaches, %s marks, %s up, ",
                   keys_first(KEYS_PICKER, ACTION_PICK_TAKE, a),
                   keys_first(KEYS_PICKER, ACTION_PICK_MARK, b),
                   keys_first(KEYS_PICKER, ACTION_PICK_UP, c));
    str_printf(out, "%s back", keys_first(KEYS_PICKER, ACTION_CANCEL, a));
}
