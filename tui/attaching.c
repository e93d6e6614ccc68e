#include "tui/attaching.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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

static bool attach(struct app *app, const char *path, const char *typed)
{
    struct err err;
    if (!may_be_read(app, path, &err)) {
        app_fail(app, "%s", err.text);
        return false;
    }
    struct reading *r = mem_new(1, sizeof *r);
    r->errand = (struct errand){read_picture, picture_read};
    r->app = app;
    r->blank = attachment_blank(0);
    r->blank->path = mem_copy(path);
    r->typed = mem_copy(typed);
    r->crops = chat_options(app->chat)->crops;
    input_attach(app->input, attachment_keep(r->blank));
    app->n_reading++;
    errands_put(app->errands, &r->errand);
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

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* file:///a%20b → /a b; the host's name, if any, is left out. */
static char *from_address(const char *text)
{
    const char *path = strchr(text, '/');
    struct str out = {0};
    for (; path && *path; path++) {
        bool escape =
            *path == '%' && isxdigit((unsigned char)path[1]) && isxdigit((unsigned char)path[2]);
        if (escape) {
            str_putc(&out, (char)(hex(path[1]) * 16 + hex(path[2])));
            path += 2;
        } else {
            str_putc(&out, *path);
        }
    }
    return str_take(&out);
}

static char *without_backslashes(const char *text)
{
    struct str out = {0};
    for (; *text; text++) {
        if (*text == '\\' && text[1])
            text++;
        str_putc(&out, *text);
    }
    return str_take(&out);
}

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The text as a path, if it is that of a file; else NULL. free() it. */
static char *as_path(const char *text)
{
    size_t n = strlen(text);
    while (n && isspace((unsigned char)*text))
        text++, n--;
    while (n && isspace((unsigned char)text[n - 1]))
        n--;
    if (n == 0 || n > MAX_PATH_BYTES || memchr(text, '\n', n))
        return NULL;
    bool quoted = n > 2 && strchr("'\"", text[0]) && text[n - 1] == text[0];
    char *plain = quoted ? mem_text(text + 1, n - 2) : mem_text(text, n);
    char *path = strncmp(plain, "file://", 7) == 0 ? from_address(plain + 7) : path_expand(plain);
    if (!is_file(path)) {
        free(path);
        path = without_backslashes(plain);
    }
    free(plain);
    if (is_file(path))
        return path;
    free(path);
    return NULL;
}

static bool is_named_like_a_picture(const char *path)
{
    static const char *const endings[] = {"png", "jpg",  "jpeg", "webp", "gif", "bmp",  "ppm",
                                          "pgm", "heic", "heif", "avif", "tif", "tiff", "svg"};
    const char *point = strrchr(path_base(path), '.');
    for (size_t i = 0; point && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(point + 1, endings[i]) == 0)
            return true;
    return false;
}

bool attaching_is_picture(const char *path)
{
    char head[16];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : -1;
    if (fd >= 0)
        close(fd);
    return n > 0 && image_sniff(head, (size_t)n);
}

/* A word alone may name a file that nobody thinks of. */
static bool means_a_picture(const char *path)
{
    return is_named_like_a_picture(path) || (strchr(path, '/') && attaching_is_picture(path));
}

enum attached attaching_text(struct app *app, const char *text)
{
    enum attached result = ATTACHED_NOTHING;
    char *path = as_path(text);
    if (path && means_a_picture(path))
        result = attach(app, path, text) ? ATTACHED : ATTACHED_FAILED;
    free(path);
    return result;
}
