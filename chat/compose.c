#include "chat/compose.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

enum { MAX_TEXT_BYTES = 16 << 20 };

extern char **environ;

/* The variable may hold a command with arguments, as it may for others. */
static char command[] = "exec ${VISUAL:-${EDITOR:-vi}} \"$1\"";

/* Starts it with the signals as a program expects them. */
static bool start(const char *path, pid_t *pid, struct err *err)
{
    char shell[] = "sh", option[] = "-c", name[] = "facet";
    char *arguments[] = {shell, option, command, name, (char *)path, NULL};
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int why = posix_spawn(pid, "/bin/sh", NULL, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    return why == 0 || err_set(err, "/bin/sh: %s", strerror(why));
}

/* Ctrl-C is the editor's while it runs. */
static bool run(const char *path, struct err *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before[2];
    pid_t pid;
    int status = 0;
    sigaction(SIGINT, &ignore, &before[0]);
    sigaction(SIGQUIT, &ignore, &before[1]);
    bool ok = start(path, &pid, err);
    while (ok && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    sigaction(SIGINT, &ignore, NULL); /* one that came meanwhile is dropped */
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGQUIT, &before[1], NULL);
    if (ok && status != 0)
        ok = err_set(err, "the editor failed ($VISUAL, $EDITOR or vi): nothing is changed");
    return ok;
}

static char *make_file(const char *text, struct err *err)
{
    const char *folder = getenv("TMPDIR");
    struct str path = {0};
    str_printf(&path, "%s/facet-XXXXXX.md", folder && *folder ? folder : "/tmp");
    int fd = mkstemps(path.data, 3);
    if (fd < 0)
        err_set(err, "%s: %s", path.data, strerror(errno));
    else
        close(fd);
    struct str lines = {0};
    str_printf(&lines, "%s\n", text);
    bool ok = fd >= 0 && file_write(path.data, lines.data, lines.len, 0600, err);
    str_done(&lines);
    char *made = ok ? str_take(&path) : NULL;
    str_done(&path);
    return made;
}

bool compose(char **text, struct err *err)
{
    size_t size;
    char *path = make_file(*text, err);
    char *edited = path && run(path, err) ? file_read(path, MAX_TEXT_BYTES, &size, err) : NULL;
    if (path)
        unlink(path);
    free(path);
    if (!edited)
        return false;
    while (size && edited[size - 1] == '\n')
        edited[--size] = 0;
    free(*text);
    *text = edited;
    return true;
}
