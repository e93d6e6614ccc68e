/* Paths as people type and paste them behind a command. */
#ifndef CHAT_TYPED_PATH_H
#define CHAT_TYPED_PATH_H

/* The path that is meant: in quotes, or with backslashes before spaces, or as it stands, with "~/"
 * for the home folder. What names a file as it stands is taken so. free() it. */
char *typed_path(const char *text);
/* Without the quotes and backslashes of a shell; a quote that is still open counts. free() it. */
char *typed_path_plain(const char *text);

#endif
