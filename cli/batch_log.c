#include "cli/batch_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/json.h"

static const char record_start[] = "{\"input\":";

static char *key_of(const char *path, const char *digest)
{
    struct str key = {0};
    str_printf(&key, "%s %s", digest ? digest : "-", path);
    return str_take(&key);
}

static void remember(struct batch_log *log, const json_t *record)
{
    const char *path = json_string_value(json_object_get(record, "input"));
    char *key = key_of(path, json_string_value(json_object_get(record, "sha256")));
    json_object_set_new_nocheck(log->known, key,
                                json_boolean(json_object_get(record, "error") == NULL));
    free(key);
}

static bool take_line(struct batch_log *log, const char *line, size_t n, size_t number,
                      const struct batch_job *job, bool mixed, struct err *err)
{
    json_t *record = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
    const char *hash = json_string_value(json_object_get(record, "job"));
    bool ok = true;
    if (!hash || !json_is_string(json_object_get(record, "input")))
        ok = err_set(err, "%s: line %zu is no record of a batch; the file is left as it is",
                     log->path, number);
    else if (strcmp(hash, job->hash) == 0)
        remember(log, record);
    else if (!mixed)
        ok = err_set(err,
                     "%s: line %zu was made with %s; use another -o, or --force-mixed to add to it",
                     log->path, number, batch_job_difference(job, record));
    json_decref(record);
    return ok;
}

/* The rest of a record that was being written when the machine or the program stopped: its
 * beginning, or the zeroes that a file system may leave. */
static bool is_torn(const char *line, size_t n)
{
    size_t m = sizeof record_start - 1;
    return line[0] == 0 || memcmp(line, record_start, n < m ? n : m) == 0;
}

static bool cut(struct batch_log *log, off_t at, size_t n, struct err *err)
{
    if (fflush(log->file) != 0 || ftruncate(fileno(log->file), at) != 0)
        return err_set(err, "%s: %s", log->path, strerror(errno));
    log->n_torn = n;
    return true;
}

static bool read_records(struct batch_log *log, const struct batch_job *job, bool mixed,
                         struct err *err)
{
    char *line = NULL;
    size_t cap = 0, number = 0;
    bool ok = true;
    off_t at = 0;
    for (ssize_t n; ok && (n = getline(&line, &cap, log->file)) > 0; at += n) {
        number++;
        if (line[n - 1] == '\n')
            ok = take_line(log, line, (size_t)n, number, job, mixed, err);
        else if (is_torn(line, (size_t)n))
            ok = cut(log, at, (size_t)n, err);
        else
            ok = err_set(err, "%s: line %zu is no record of a batch; the file is left as it is",
                         log->path, number);
    }
    free(line);
    if (ok && ferror(log->file))
        ok = err_set(err, "%s: %s", log->path, strerror(errno));
    return ok && fseeko(log->file, 0, SEEK_END) == 0;
}

static bool open_file(struct batch_log *log, struct err *err)
{
    int fd = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    log->file = fd >= 0 ? fdopen(fd, "r+") : NULL;
    if (!log->file) {
        err_set(err, "%s: %s", log->path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(err, "%s: another batch is writing to it", log->path);
    return true;
}

bool batch_log_open(struct batch_log *log, const char *path, const struct batch_job *job,
                    bool mixed, struct err *err)
{
    *log = (struct batch_log){.file = stdout, .path = path, .known = json_object()};
    if (!path || (open_file(log, err) && read_records(log, job, mixed, err)))
        return true;
    batch_log_close(log);
    return false;
}

void batch_log_close(struct batch_log *log)
{
    if (log->file && log->path)
        fclose(log->file);
    json_decref(log->known);
    *log = (struct batch_log){0};
}

enum batch_state batch_log_find(const struct batch_log *log, const char *path, const char *digest)
{
    json_t *name = json_words(path); /* as the record spells it, whatever bytes the path has */
    char *key = key_of(json_string_value(name), digest);
    json_t *state = json_object_get(log->known, key);
    free(key);
    json_decref(name);
    return !state ? BATCH_NEW : json_is_true(state) ? BATCH_ANSWERED : BATCH_FAILED;
}

bool batch_log_write(struct batch_log *log, json_t *record, struct err *err)
{
    remember(log, record);
    bool ok = json_print(log->file, record) && fflush(log->file) == 0;
    if (ok && log->path)
        ok = fsync(fileno(log->file)) == 0 || errno == EINVAL ||
             errno == EROFS; /* a pipe or device has no disk */
    if (ok)
        return true;
    if (errno == EPIPE) { /* silent, here and at the end of the program */
        clearerr(log->file);
        return false;
    }
    return err_set(err, "%s: %s", log->path ? log->path : "standard output", strerror(errno));
}
