/* Files that are meant by name: themes, presets. The user's own ($XDG_CONFIG_HOME/facet/themes/
 * NAME.theme) go before those that ship with facet, which are compiled in. */
#ifndef CHAT_NAMED_H
#define CHAT_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum named_kind { NAMED_THEME, NAMED_PRESET };

/* A file that ships: "themes/dark.theme" and what is in it. Made by tools/embed.sh. */
struct shipped_file {
    const char *path, *text;
};
extern const struct shipped_file shipped_files[];
extern const size_t n_shipped_files;

/* The text of the file of that name, or at that path if it has a slash, and in *file what errors
 * call it; free() both. NULL if there is none: the error names the nearest that there is. */
char *named_read(enum named_kind kind, const char *name, char **file, struct err *err);
/* Whether named_read would find one. */
bool named_exists(enum named_kind kind, const char *name, struct err *err);

/* Every name of a kind once, sorted; free with named_list_done. */
struct named_list {
    char **names;
    size_t n;
};
struct named_list named_list(enum named_kind kind);
void named_list_done(struct named_list *list);
/* What it is for: the file's first line, if that is a comment, else "". free() it. */
char *named_summary(enum named_kind kind, const char *name);

#endif
