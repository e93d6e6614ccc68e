/* Files and places. Paths are byte strings; errors name them. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* A file mapped read-only. */
struct file_map {
    const uint8_t *data; /* NULL if the file is empty */
    size_t size;         /* bytes */
};

bool file_map_open(struct file_map *map, const char *path, struct err *err);
void file_map_close(struct file_map *map);

/* The whole of a file, or of standard input for "-", with a NUL behind (not counted); an error if
 * it is over `limit` bytes. free() it. */
char *file_read(const char *path, size_t limit, size_t *size, struct err *err);

/* Writes all of it, to a temporary name first, then renames; mode as given (0600, 0644). */
bool file_write(const char *path, const void *data, size_t size, unsigned mode, struct err *err);

bool file_is_dir(const char *path);
bool file_exists(const char *path);

/* Makes a folder and those above it, readable by their owner alone. */
bool file_make_dirs(const char *path, struct err *err);

/* dir/name; free() it. */
char *path_join(const char *dir, const char *name);
/* The part behind the last slash; borrowed. */
const char *path_base(const char *path);
/* "~/x" with the home folder put in, else a copy; free() it. */
char *path_expand(const char *path);

enum xdg { XDG_CONFIG, XDG_DATA, XDG_CACHE, XDG_STATE };
/* facet's own folder of that kind ($XDG_DATA_HOME/facet, else ~/.local/share/facet, …); free() it.
 */
char *path_xdg(enum xdg kind);

enum { SHA256_HEX_BYTES = 65 };
/* The digest of a byte string as 64 lower-case hex digits and a NUL. */
void sha256_hex(const void *data, size_t size, char hex[SHA256_HEX_BYTES]);

#endif
