/* One error: a single line of text that names what failed and where.
 *
 * Fallible functions take a `struct err *` last, return false, NULL or -1 on failure and leave the
 * text there; they leave it alone on success. NULL may be passed by who does not want the text. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum { ERR_TEXT_BYTES = 512 };

struct err {
    char text[ERR_TEXT_BYTES];
};

/* Formats the text, cut to fit; control characters (a file name may hold any) become '?'.
 * Always returns false, so that `return err_set(err, …);` fails the caller. */
bool err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the text that is there. Always returns false. */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
