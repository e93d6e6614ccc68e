#include "tui/attaching.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "chat/typed_path.h"
#include "tui/picker.h"
#include "tui/turn.h"

enum { MAX_PATH_BYTES = 4096 };

static bool model_is_blind(struct app *app)
{
    const struct facet_model *model = chat_model(app->chat);
    struct facet_model_info info;
    if (!model)
        return false;
    facet_model_get_info(model, &info);
    return !info.has_vision;
}

/* ---- Reading a picture while the screen goes on --------------------------------------------- */

struct reading {
    struct errand errand;
    struct app *app;
    struct attachment *blank; /* stands in the input until then; a reference of its own */
    char *typed;              /* what comes back if it cannot be read */
    struct crop_choice crops;
    struct attachment *picture; /* NULL: err says why */
    struct err err;
};

static void read_picture(struct errand *e)
{
    struct reading *r = (struct reading *)e;
    r->picture = attachment_load(r->blank->path, &r->crops, &r->err);
}

static void arrive(struct reading *r)
{
    struct app *app = r->app;
    app->n_reading--;
    if (!r->picture) {
        app->send_when_read = false;
        input_refuse(app->input, r->blank, r->typed);
        app_fail(app, "%s", r->err.text);
        return;
    }
    if (!input_exchange(app->input, r->blank, r->picture))
        return; /* its token is gone */
    const struct image_facts *facts = &attachment_keep(r->picture)->facts;
    if (facts->warning[0])
        app_say(app, "%s: %s", path_base(r->picture->path), facts->warning);
}

static void picture_read(struct errand *e, bool wanted)
{
    struct reading *r = (struct reading *)e;
    struct app *app = r->app;
    if (wanted)
        arrive(r);
    attachment_release(r->blank);
    attachment_release(r->picture);
    free(r->typed);
    free(r);
    if (wanted && app->send_when_read && app->n_reading == 0) {
        app->send_when_read = false;
        turn_send(app);
    }
}

/* A file that is none, a pipe say, might never end. */
static bool may_be_read(struct app *app, const char *path, struct err *err)
{
    struct stat info;
    if (model_is_blind(app))
        return err_set(err, "%s: this model (%s) reads no pictures", path_base(path),
                       str_text(&app->model));
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return err_set(err, "%s: not a regular file", path);
    return true;
}

/* Returns what stands in the input until it is read; the reference is the caller's. */
static struct attachment *begin_reading(struct app *app, const char *path, const char *typed)
{
    struct reading *r = mem_new(1, sizeof *r);
    r->errand = (struct errand){read_picture, picture_read};
    r->app = app;
    r->blank = attachment_blank(0);
    r->blank->path = mem_copy(path);
    r->typed = mem_copy(typed);
    r->crops = chat_options(app->chat)->crops;
    app->n_reading++;
    errands_put(app->errands, &r->errand);
    return attachment_keep(r->blank);
}

static bool attach(struct app *app, const char *path, const char *typed)
{
    struct err err;
    if (!may_be_read(app, path, &err)) {
        app_fail(app, "%s", err.text);
        return false;
    }
    input_attach(app->input, begin_reading(app, path, typed));
    return true;
}

bool attaching_path(struct app *app, const char *path)
{
    struct str typed = {0};
    char *expanded = typed_path(path);
    str_printf(&typed, "/image %s", path);
    bool folder = file_is_dir(expanded), ok = folder || attach(app, expanded, str_text(&typed));
    if (folder)
        picker_open(app, expanded);
    str_done(&typed);
    free(expanded);
    return ok;
}

bool attaching_again(struct app *app, const char *path)
{
    return attach(app, path, path);
}

void attaching_send_when_read(struct app *app)
{
    app->send_when_read = true;
    app_say(app, "will be sent when the picture is read");
}

/* ---- Text that is a path -------------------------------------------------------------------- */

bool attaching_is_picture(const char *path)
{
    char head[16];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : -1;
    if (fd >= 0)
        close(fd);
    return n > 0 && image_sniff(head, (size_t)n);
}

static const char space[] = " \t\r\n";

static char *trimmed(const char *text)
{
    text += strspn(text, space);
    size_t n = strlen(text);
    while (n && strchr(space, text[n - 1]))
        n--;
    return mem_text(text, n);
}

/* The text as the path of one picture, with spaces in it even; else NULL. free() it. */
static char *as_path(const char *text)
{
    struct stat info;
    char *word = trimmed(text), *path = typed_path(word);
    bool fits = *word && strlen(word) <= MAX_PATH_BYTES && !strchr(word, '\n');
    bool is_file = fits && stat(path, &info) == 0 && S_ISREG(info.st_mode);
    free(word);
    /* a word alone may name a file that nobody thinks of */
    if (is_file && (path_is_named_picture(path) ||
                    (strchr(path, '/') && attaching_is_picture(path))))
        return path;
    free(path);
    return NULL;
}

/* Whether it is pictures' paths and nothing else. */
static bool is_all_pictures(const char *text)
{
    size_t n = 0, end = 0;
    for (;; n++) {
        size_t at = end, next = end + strspn(text + end, space);
        if (!text[next])
            return n > 0;
        char *path = typed_picture(text, &at, &end);
        free(path);
        if (!path || at != next)
            return false;
    }
}

static enum attached attach_all(struct app *app, const char *text)
{
    char *path;
    for (size_t at = 0, end; (path = typed_picture(text, &at, &end)); at = end) {
        char *typed = mem_text(text + at, end - at);
        bool ok = attach(app, path, typed);
        free(typed);
        free(path);
        if (!ok)
            return ATTACHED_FAILED;
    }
    return ATTACHED;
}

enum attached attaching_text(struct app *app, const char *text)
{
    char *path = as_path(text);
    enum attached result = ATTACHED_NOTHING;
    if (path)
        result = attach(app, path, text) ? ATTACHED : ATTACHED_FAILED;
    else if (is_all_pictures(text))
        result = attach_all(app, text);
    free(path);
    return result;
}

void attaching_words(struct app *app)
{
    char *path;
    if (model_is_blind(app))
        return;
    for (size_t at = 0, end; (path = typed_picture(input_text(app->input), &at, &end));) {
        bool parted = input_text(app->input)[end] == ' '; /* goes with a token that goes */
        char *typed = mem_text(input_text(app->input) + at, end - at + parted);
        input_attach_over(app->input, at, end, begin_reading(app, path, typed));
        free(typed);
        free(path);
    }
}
