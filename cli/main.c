/* Finds the verb, reads its arguments, runs it. The only place that ends the process. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/chat.h"
#include "cli/help.h"
#include "cli/verb.h"

static int run_verb(const struct verb *verb, char *const *argv, size_t n, struct err *err)
{
    struct args args;
    int code = EXIT_USAGE;
    if (args_parse(&args, verb, argv, n, err)) {
        code = args.help ? EXIT_DONE : verb->run(&args, err);
        if (args.help)
            help_verb(stdout, verb);
    }
    args_done(&args);
    return code;
}

static int run(char *const *argv, size_t n, struct err *err)
{
    if (n > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        help_overview(stdout);
        return EXIT_DONE;
    }
    if (n > 0 && (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "-V") == 0))
        return run_verb(&verb_version, NULL, 0, err);
    if (n == 0 || argv[0][0] == '-')
        return run_verb(&verb_chat, argv, n, err);
    size_t words;
    const struct verb *verb = verb_find(argv, n, &words, err);
    if (verb)
        return run_verb(verb, argv + words, n - words, err);
    bool help = n > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (help && help_group(stdout, argv[0])) {
        err->text[0] = 0;
        return EXIT_DONE;
    }
    return EXIT_USAGE;
}

/* What was printed has arrived only when the stream could be flushed. A closed pipe is silent. */
static int finish_output(int code, struct err *err)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (errno != EPIPE && !err->text[0])
        err_set(err, "standard output: %s", errno ? strerror(errno) : "could not be written");
    return code == EXIT_DONE ? EXIT_FAILED : code;
}

/* A file or database that got the number of a closed standard stream would be written into by
 * mistake. */
static void fill_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", O_RDWR);
}

int main(int argc, char **argv)
{
    fill_standard_streams();
    /* Not LC_NUMERIC: numbers on the command line and in JSON have a point everywhere. */
    setlocale(LC_CTYPE, "");
    struct err err = {""};
    int code = run(argv + 1, argc > 0 ? (size_t)argc - 1 : 0, &err);
    code = finish_output(code, &err);
    if (err.text[0])
        fprintf(stderr, "facet: %s\n", err.text);
    return code;
}
