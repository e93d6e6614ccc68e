#include "history/export_pictures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { NAME_DIGITS = 16 };

static const struct format {
    const char *start, *extension, *type;
} formats[] = {
    {"\x89PNG", ".png", "image/png"},
    {"\xFF\xD8\xFF", ".jpg", "image/jpeg"},
    {"GIF8", ".gif", "image/gif"},
    {"RIFF", ".webp", "image/webp"},
    {"BM", ".bmp", "image/bmp"},
    {"P5", ".pgm", NULL},
    {"P6", ".ppm", NULL},
};

static const struct format *format_of(const void *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t length = strlen(formats[i].start);
        if (n >= length && memcmp(bytes, formats[i].start, length) == 0)
            return &formats[i];
    }
    return NULL;
}

const char *export_media_type(const void *bytes, size_t n)
{
    const struct format *format = format_of(bytes, n);
    return format ? format->type : NULL;
}

/* The folder that a path lies in, without links; NULL and errno if there is none. */
static char *folder_of(const char *path)
{
    char *copy = mem_copy(path ? path : "");
    char *slash = strrchr(copy, '/');
    if (slash)
        slash[slash == copy] = 0;
    char *real = realpath(slash ? copy : ".", NULL);
    free(copy);
    return real;
}

char *export_link(const char *folder, const char *document, struct err *err)
{
    if (!file_make_dirs(folder, err))
        return NULL;
    char *real = realpath(folder, NULL), *home = folder_of(document);
    char *link = NULL;
    if (!real || !home) {
        err_set(err, "%s: %s", real ? document : folder, strerror(errno));
    } else {
        size_t n = strlen(home);
        bool within = strncmp(real, home, n) == 0 && real[n] == '/';
        link = mem_copy(within ? real + n + 1 : real);
    }
    free(home);
    free(real);
    return link;
}

bool export_picture(const struct export_pictures *pictures, struct store *s, const char *digest,
                    struct str *out, struct err *err)
{
    size_t n;
    struct err why = {""};
    void *bytes = store_picture(s, digest, false, &n, &why);
    if (!bytes)
        return !why.text[0] || err_set(err, "%s", why.text);
    const struct format *format = format_of(bytes, n);
    struct str name = {0};
    str_printf(&name, "%.*s%s", NAME_DIGITS, digest, format ? format->extension : "");
    char *path = path_join(pictures->folder, str_text(&name));
    bool ok = file_exists(path) || file_write(path, bytes, n, 0600, err);
    if (ok)
        str_printf(out, "%s/%s", pictures->link, str_text(&name));
    free(path);
    str_done(&name);
    free(bytes);
    return ok;
}
