#include "chat/sent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

enum { MAX_FILE_BYTES = 2 * SENT_MAX * SENT_MAX_BYTES };

static char *sent_path(void)
{
    char *state = path_xdg(XDG_STATE);
    char *path = path_join(state, "sent");
    free(state);
    return path;
}

static void encode(struct str *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n' || *text == '\\')
            str_putc(out, '\\');
        str_putc(out, *text == '\n' ? 'n' : *text);
    }
    str_putc(out, '\n');
}

static char *decode(const char *line, size_t n)
{
    struct str text = {0};
    for (size_t i = 0; i < n; i++) {
        bool escape = line[i] == '\\' && i + 1 < n;
        if (escape)
            i++;
        str_putc(&text, escape && line[i] == 'n' ? '\n' : line[i]);
    }
    return str_take(&text);
}

/* The file's bytes; empty if there is none. NULL and an error if it cannot be read. */
static char *read_all(const char *path, size_t *size, struct err *err)
{
    *size = 0;
    return file_exists(path) ? file_read(path, MAX_FILE_BYTES, size, err) : mem_copy("");
}

bool sent_read(void (*each)(void *user, const char *text), void *user, struct err *err)
{
    char *path = sent_path();
    size_t size;
    char *all = read_all(path, &size, err);
    free(path);
    for (size_t at = 0; all && at < size;) {
        const char *end = memchr(all + at, '\n', size - at);
        size_t n = end ? (size_t)(end - all) - at : size - at;
        char *text = decode(all + at, n);
        if (*text)
            each(user, text);
        free(text);
        at += n + 1;
    }
    free(all);
    return all != NULL;
}

/* Where the last `lines` lines of it begin. */
static size_t tail_start(const char *all, size_t size, size_t lines)
{
    size_t at = size;
    while (at > 0) {
        if (all[at - 1] == '\n' && at < size && --lines == 0)
            break;
        at--;
    }
    return at;
}

static bool ends_with_line(const char *all, size_t size, const struct str *line)
{
    return size >= line->len && memcmp(all + size - line->len, line->data, line->len) == 0 &&
           (size == line->len || all[size - line->len - 1] == '\n');
}

static bool append(const char *path, const struct str *line, struct err *err)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, line->data, line->len) == (ssize_t)line->len;
    if (!ok)
        err_set(err, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

/* The lines are at hand and the folder is locked. */
static bool put(const char *path, const char *all, size_t size, const char *text, struct err *err)
{
    struct str line = {0};
    bool ok = true;
    if (size && all[size - 1] != '\n') /* a write that was cut off */
        str_putc(&line, '\n');
    encode(&line, text);
    size_t start = tail_start(all, size, SENT_MAX - 1);
    bool again = ends_with_line(all, size, &line);
    if (start > 0 && !again) {
        struct str rest = {0};
        str_put(&rest, all + start, size - start);
        str_put(&rest, line.data, line.len);
        ok = file_write(path, rest.data, rest.len, 0600, err);
        str_done(&rest);
    } else if (!again) {
        ok = append(path, &line, err);
    }
    str_done(&line);
    return ok;
}

bool sent_add(const char *text, struct err *err)
{
    if (!*text || strlen(text) > SENT_MAX_BYTES)
        return true;
    char *state = path_xdg(XDG_STATE), *path = sent_path(), *all = NULL;
    size_t size = 0;
    bool ok = file_make_dirs(state, err);
    int lock = ok ? open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (ok && (lock < 0 || flock(lock, LOCK_EX) != 0))
        ok = err_set(err, "%s: %s", state, strerror(errno));
    if (ok)
        all = read_all(path, &size, err);
    ok = all && put(path, all, size, text, err);
    if (lock >= 0)
        close(lock);
    free(all);
    free(path);
    free(state);
    return ok;
}
