#include "tests/screen/kit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tui/tui.h"

enum { MAX_WORDS = 16 };

static int n_passed, n_failed;
static char folder[64];

void kit_check(const char *file, int line, struct emulator *e, bool ok, const char *what)
{
    n_passed += ok;
    n_failed += !ok;
    if (ok)
        return;
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    if (e)
        emulator_dump(e);
}

/* ---- The home ------------------------------------------------------------------------------- */

void kit_prepare(void)
{
    static const char *const homes[] = {"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
                                        "XDG_CACHE_HOME", "XDG_STATE_HOME"};
    static const char *const absent[] = {"NO_COLOR", "COLORFGBG", "COLORTERM", "FACET_THEME",
                                         "LC_ALL",   "TMUX",      "STY",       "INPUTRC",
                                         "FACET_PICTURES", "KITTY_WINDOW_ID", "TERM_PROGRAM"};
    snprintf(folder, sizeof folder, "/tmp/facet-screen-XXXXXX");
    if (!mkdtemp(folder) || chdir(folder) != 0) {
        perror(folder);
        exit(1);
    }
    for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++)
        setenv(homes[i], folder, 1);
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        unsetenv(absent[i]);
    setenv("XDG_DATA_DIRS", "/nonexistent", 1);
    setenv("TERM", "xterm-256color", 1);
    setenv("LANG", "C.UTF-8", 1);
}

void kit_forget(void)
{
    if (system("rm -rf facet") != 0) /* history, state and cache, all in the one folder */
        fprintf(stderr, "%s/facet could not be removed\n", folder);
}

void kit_write_file(const char *name, const void *data, size_t n)
{
    FILE *f = fopen(name, "wb");
    if (f && fwrite(data, 1, n, f) == n && fclose(f) == 0)
        return;
    perror(name);
    exit(1);
}

int kit_finish(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (chdir("/") != 0 || system(command) != 0)
        fprintf(stderr, "%s is left over\n", folder);
    printf("%d passed, %d failed\n", n_passed, n_failed);
    return n_failed > 0;
}

/* ---- Programs ------------------------------------------------------------------------------- */

int kit_run_fake(void *user)
{
    struct err err;
    struct options options;
    (void)user;
    if (!options_init(&options, &err) || !tui_run(&options, NULL, &(struct tui_visit){0}, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    options_done(&options);
    return 0;
}

struct emulator *kit_begin_fake(int rows, int cols)
{
    return emulator_start(rows, cols, kit_run_fake, NULL);
}

struct emulator *kit_start_fake(int rows, int cols)
{
    struct emulator *e = kit_begin_fake(rows, cols);
    CHECK(e, emulator_shows(e, "fake-gemma"));
    return e;
}

bool kit_has_real(void)
{
    return getenv("FACET") && getenv("TINY");
}

static int run_real(void *positions)
{
    execl(getenv("FACET"), "facet", "chat", "-m", getenv("TINY"), "--seed", "1", "--max-tokens",
          "20", "--ctx", positions, (char *)NULL);
    return 127;
}

static struct emulator *start_real(int rows, int cols, const char *positions)
{
    struct emulator *e = emulator_start(rows, cols, run_real, (void *)positions);
    CHECK(e, emulator_shows(e, "F1 help"));
    CHECK(e, emulator_hides(e, "opening the model"));
    return e;
}

struct emulator *kit_start_real(int rows, int cols)
{
    return start_real(rows, cols, "4096");
}

struct emulator *kit_start_small(int rows, int cols)
{
    return start_real(rows, cols, "270");
}

bool kit_run(const char *verb, ...)
{
    const char *words[MAX_WORDS] = {"facet", verb};
    int status;
    va_list args;
    va_start(args, verb);
    for (int i = 2; i < MAX_WORDS - 1 && (words[i] = va_arg(args, const char *)); i++)
        ;
    va_end(args);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "r", stdin))
            _exit(126);
        execv(getenv("FACET"), (char *const *)words);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* ---- Talking -------------------------------------------------------------------------------- */

void kit_ask(struct emulator *e, const char *text)
{
    emulator_send(e, text);
    if (strlen(text) < 30)
        CHECK(e, emulator_shows(e, text));
    else
        emulator_run(e, 100);
    emulator_send(e, "\r");
}

void kit_ask_and_wait(struct emulator *e, const char *text)
{
    char line[200];
    kit_ask(e, text);
    snprintf(line, sizeof line, "> %s", text);
    CHECK(e, emulator_hides(e, line));
    CHECK(e, emulator_hides(e, "Esc stops"));
}

void kit_leave(struct emulator *e)
{
    CHECK(e, emulator_accidents(e) == 0);
    emulator_send(e, "\003\003\004");
    CHECK(e, emulator_wait(e) == 0);
    CHECK(e, !emulator_on_alternate_screen(e));
    emulator_stop(e);
}
