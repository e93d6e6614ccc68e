/* Conversations to keep elsewhere. */
#ifndef HISTORY_EXPORT_H
#define HISTORY_EXPORT_H

#include <jansson.h>

#include "base/str.h"
#include "history/export_pictures.h"
#include "history/store.h"

enum export_form {
    EXPORT_MARKDOWN, /* what is seen; pictures as links to their paths */
    EXPORT_HTML,     /* what is seen, as one page with its pictures inside */
    EXPORT_JSON,     /* all: branches, receipts, pictures; import.h reads it back */
};

/* The form that a file's name ends with: .md, .html, .json; Markdown for any other. */
enum export_form export_form_of(const char *path);

/* Appends the conversations to out, as one document. pictures: where those of Markdown and JSON go
 * as files; NULL: nowhere. */
bool history_export(struct str *out, struct store *s, enum export_form form,
                    const struct export_pictures *pictures, const int64_t *conversations, size_t n,
                    struct err *err);

/* A JSON string of text that may be ill-formed UTF-8: such parts become U+FFFD. */
json_t *export_text(const char *text);

#endif
