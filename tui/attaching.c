#include "tui/attaching.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "chat/typed_path.h"

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

static bool attach(struct app *app, const char *path, struct err *err)
{
    if (model_is_blind(app))
        return err_set(err, "%s: this model (%s) reads no pictures", path_base(path),
                       str_text(&app->model));
    struct attachment *picture = attachment_load(path, &chat_options(app->chat)->crops, err);
    if (!picture)
        return false;
    input_attach(app->input, picture);
    if (picture->facts.warning[0])
        app_say(app, "%s: %s", path_base(path), picture->facts.warning);
    return true;
}

bool attaching_path(struct app *app, const char *path)
{
    struct err err;
    char *meant = typed_path(path);
    bool ok = attach(app, meant, &err);
    if (!ok)
        app_fail(app, "%s", err.text);
    free(meant);
    return ok;
}

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

enum attached attaching_text(struct app *app, const char *text)
{
    struct err err;
    char *path = as_path(text);
    if (!path)
        return ATTACHED_NOTHING;
    if (!strchr(path, '/') && !is_named_like_a_picture(path)) { /* a word that names a file */
        free(path);
        return ATTACHED_NOTHING;
    }
    enum attached result = attach(app, path, &err) ? ATTACHED : ATTACHED_NOTHING;
    if (result != ATTACHED && is_named_like_a_picture(path)) {
        app_fail(app, "%s", err.text);
        result = ATTACHED_FAILED;
    }
    free(path);
    return result;
}
