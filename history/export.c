#include "history/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "history/base64.h"
#include "history/export_json.h"

struct writing {
    struct str *out;
    struct store *store;
    const struct export_pictures *pictures; /* NULL: no files of their own */
    struct err *err;
    bool failed;
};

static const char *heading(const struct store_message *m)
{
    static const char *const names[][2] = {
        {"system", "System"}, {"user", "You"}, {"model", "Gemma"}, {"tool", "Tool"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(m->role, names[i][0]) == 0)
            return names[i][1];
    return "?";
}

/* "[image 2]" at text: its length, and which picture of the message it is; 0: it is none. */
static size_t image_token(const struct store_message *m, const char *text, size_t *image)
{
    for (*image = 0; *image < m->n_images; ++*image) {
        char token[32];
        int n = snprintf(token, sizeof token, "[image %zu]", *image + 1);
        if (strncmp(text, token, (size_t)n) == 0)
            return (size_t)n;
    }
    return 0;
}

/* Gives the text in runs, and pictures where their tokens stand. */
static void each_part(struct writing *w, const struct store_message *m,
                      void (*text)(struct writing *, const char *, size_t),
                      void (*image)(struct writing *, const struct store_image *, size_t))
{
    const char *start = m->text, *at = start;
    for (size_t which, n; *at;)
        if (*at == '[' && (n = image_token(m, at, &which)) > 0) {
            text(w, start, (size_t)(at - start));
            image(w, &m->images[which], which + 1);
            start = at += n;
        } else {
            at++;
        }
    text(w, start, (size_t)(at - start));
}

/* ---- Markdown ---- */

static void markdown_text(struct writing *w, const char *text, size_t n)
{
    str_put(w->out, text, n);
}

/* In angle brackets a link's address may hold anything but these. */
static void markdown_address(struct writing *w, const char *address)
{
    for (const char *c = address; *c; c++)
        if ((unsigned char)*c < ' ')
            str_printf(w->out, "%%%02X", (unsigned char)*c);
        else if (strchr("<>\\", *c))
            str_printf(w->out, "\\%c", *c);
        else
            str_putc(w->out, *c);
}

/* The file that a picture came from: behind its name may stand what of it was looked at. */
static char *file_of(const char *path)
{
    const char *at = file_exists(path) ? NULL : strrchr(path, '@');
    char *file = at ? mem_text(path, (size_t)(at - path)) : mem_copy(path);
    if (file_exists(file))
        return file;
    free(file);
    return mem_copy(path);
}

/* By its file beside the document, or else where it came from. */
static void markdown_image(struct writing *w, const struct store_image *image, size_t number)
{
    struct str file = {0};
    if (w->pictures && !export_picture(w->pictures, w->store, image->digest, &file, w->err))
        w->failed = true;
    str_printf(w->out, "![image %zu](<", number);
    char *source = file_of(image->path);
    markdown_address(w, file.len ? str_text(&file) : source);
    str_puts(w->out, ">)");
    free(source);
    str_done(&file);
}

static bool markdown_message(void *user, const struct store_message *m)
{
    struct writing *w = user;
    str_printf(w->out, "\n## %s\n\n", heading(m));
    each_part(w, m, markdown_text, markdown_image);
    str_puts(w->out, m->state == STORE_COMPLETE ? "\n" : "\n\n*(interrupted)*\n");
    return !w->failed;
}

static bool markdown_head(void *user, const struct store_conversation *c)
{
    struct writing *w = user;
    str_puts(w->out, w->out->len ? "\n# " : "# ");
    for (const char *t = c->title; *t; t++)
        str_putc(w->out, *t == '\n' ? ' ' : *t);
    str_putc(w->out, '\n');
    return true;
}

/* ---- HTML ---- */

static const char html_head[] =
    "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
    " img-src data:; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>facet</title>\n<style>\n"
    "body { max-width: 46em; margin: 2em auto; padding: 0 1em; font: 16px/1.5 sans-serif;\n"
    "       color: #222; background: #fff; }\n"
    "h1 { font-size: 1.3em; border-bottom: 1px solid #ccc; padding-bottom: .3em; }\n"
    "h2 { font-size: .9em; color: #777; margin: 1.5em 0 .2em; }\n"
    ".text { white-space: pre-wrap; overflow-wrap: anywhere; }\n"
    ".user { background: #f3f3f6; padding: .6em .9em; border-radius: .5em; }\n"
    "img { max-width: 100%; max-height: 32em; display: block; margin: .5em 0; }\n"
    "@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818; }\n"
    " .user { background: #26262c; } h1 { border-color: #444; } }\n"
    "</style>\n</head>\n<body>\n";

static void html_text(struct writing *w, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        switch (text[i]) {
        case '&':
            str_puts(w->out, "&amp;");
            break;
        case '<':
            str_puts(w->out, "&lt;");
            break;
        case '>':
            str_puts(w->out, "&gt;");
            break;
        case '"':
            str_puts(w->out, "&quot;");
            break;
        default:
            str_putc(w->out, text[i]);
        }
}

/* A format that browsers do not know is shown by its thumbnail. */
static void html_image(struct writing *w, const struct store_image *image, size_t number)
{
    size_t n = 0;
    struct err err = {""};
    const char *type = NULL;
    unsigned char *bytes = NULL;
    for (int small = 0; small < 2 && !type; small++) {
        free(bytes);
        bytes = store_picture(w->store, image->digest, small, &n, &err);
        type = bytes ? export_media_type(bytes, n) : NULL;
    }
    if (err.text[0])
        w->failed = !err_set(w->err, "%s", err.text);
    str_puts(w->out, type ? "<img alt=\"" : "<em>");
    html_text(w, path_base(image->path), strlen(path_base(image->path)));
    if (type) {
        str_printf(w->out, "\" title=\"image %zu\" src=\"data:%s;base64,", number, type);
        base64_put(w->out, bytes, n);
    }
    str_puts(w->out, type ? "\">" : "</em>");
    free(bytes);
}

static bool html_message(void *user, const struct store_message *m)
{
    struct writing *w = user;
    char date[32] = "";
    time_t created = (time_t)m->created;
    struct tm tm;
    if (localtime_r(&created, &tm))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M", &tm);
    str_printf(w->out, "<h2>%s · %s%s</h2>\n<div class=\"text %s\">", heading(m), date,
               m->state == STORE_COMPLETE ? "" : " · interrupted",
               strcmp(m->role, "user") == 0 ? "user" : "other");
    each_part(w, m, html_text, html_image);
    str_puts(w->out, "</div>\n");
    return !w->failed;
}

static bool html_title(void *user, const struct store_conversation *c)
{
    struct writing *w = user;
    str_puts(w->out, "<h1>");
    html_text(w, c->title, strlen(c->title));
    str_puts(w->out, "</h1>\n");
    return true;
}

/* ---- Both ---- */

enum export_form export_form_of(const char *path)
{
    const char *dot = strrchr(path_base(path), '.');
    return dot && strcmp(dot, ".html") == 0   ? EXPORT_HTML
           : dot && strcmp(dot, ".json") == 0 ? EXPORT_JSON
                                              : EXPORT_MARKDOWN;
}

bool history_export(struct str *out, struct store *s, enum export_form form,
                    const struct export_pictures *pictures, const int64_t *conversations, size_t n,
                    struct err *err)
{
    struct writing w = {.out = out, .store = s, .pictures = pictures, .err = err};
    if (form == EXPORT_JSON)
        return export_json(out, s, pictures, conversations, n, err);
    bool html = form == EXPORT_HTML, ok = true;
    if (html)
        str_puts(out, html_head);
    for (size_t i = 0; ok && i < n; i++)
        ok = store_get(s, conversations[i], html ? html_title : markdown_head, &w, err) &&
             store_messages(s, conversations[i], html ? html_message : markdown_message, &w, err) &&
             !w.failed;
    if (html)
        str_puts(out, "</body>\n</html>\n");
    return ok;
}
