/* Bytes as text, for pictures inside of JSON and HTML. */
#ifndef HISTORY_BASE64_H
#define HISTORY_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

void base64_put(struct str *out, const void *bytes, size_t n);
/* Appends what text stands for; false if it is no base64, or cut off. */
bool base64_read(struct str *out, const char *text, size_t n);

#endif
