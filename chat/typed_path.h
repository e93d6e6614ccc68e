/* Paths as people type and paste them: behind a command, or among the words of a question. */
#ifndef CHAT_TYPED_PATH_H
#define CHAT_TYPED_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* The path that is meant: in quotes, or with backslashes before spaces, or as it stands, with "~/"
 * for the home folder; or of a file:// address. What names a file as it stands is taken so. free()
 * it. */
char *typed_path(const char *text);
/* Without the quotes and backslashes of a shell; a quote that is still open counts. free() it. */
char *typed_path_plain(const char *text);
/* Whether the path ends as pictures' names do, of kinds that cannot be read too. */
bool path_is_named_picture(const char *path);
/* The next word of the text, from *at on, that is the path of a file named like a picture: its
 * bytes are [*at, *end). A word may be quoted; a mark of punctuation behind it is left aside. NULL:
 * there is none. free() it. */
char *typed_picture(const char *text, size_t *at, size_t *end);

#endif
