#include "cli/question.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

/* Far more than the longest context holds: 128 K tokens are about half a megabyte. */
static const size_t TEXT_LIMIT_BYTES = (size_t)16 << 20;

static bool stdin_is_picture(const struct args *args, size_t *times)
{
    *times = 0;
    const char *path;
    for (size_t i = 0; (path = args_nth(args, "image", i)); i++)
        *times += strcmp(path, "-") == 0;
    return *times > 0;
}

static bool wants_stdin(const struct args *args)
{
    for (size_t i = 0; i < args->n_operands; i++)
        if (strcmp(args->operands[i], "-") == 0)
            return true;
    return false;
}

static bool put_stdin(struct str *text, struct err *err)
{
    size_t n;
    char *bytes = file_read("-", TEXT_LIMIT_BYTES, &n, err);
    if (!bytes)
        return false;
    if (memchr(bytes, 0, n)) {
        free(bytes);
        return err_set(err, "standard input is not text; a picture goes with -i -");
    }
    while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
        n--;
    str_put(text, bytes, n);
    free(bytes);
    return true;
}

static void put_operands(struct str *text, const struct args *args)
{
    bool first = true;
    for (size_t i = 0; i < args->n_operands; i++) {
        if (strcmp(args->operands[i], "-") == 0)
            continue;
        if (!first)
            str_putc(text, ' ');
        else if (text->len > 0)
            str_putc(text, '\n');
        str_puts(text, args->operands[i]);
        first = false;
    }
}

static bool load_images(struct attachment ***list, size_t *n, const struct args *args,
                        struct err *err)
{
    const char *path;
    for (size_t i = 0; (path = args_nth(args, "image", i)); i++) {
        char *full = path_expand(path);
        struct attachment *a = attachment_load(full, &args->options.crops, err);
        free(full);
        if (!a)
            return false;
        *list = mem_grow(*list, *n + 1, sizeof **list);
        (*list)[(*n)++] = a;
    }
    return true;
}

int question_read(struct message *out, const struct args *args, struct err *err)
{
    size_t pictures_on_stdin;
    bool picture = stdin_is_picture(args, &pictures_on_stdin);
    if (pictures_on_stdin > 1 || (picture && wants_stdin(args))) {
        err_set(err, "standard input can be one thing only: one picture or text");
        return EXIT_USAGE;
    }
    struct str text = {0};
    struct attachment **images = NULL;
    size_t n_images = 0;
    bool read = !picture && (wants_stdin(args) || !isatty(STDIN_FILENO));
    int code = read && !put_stdin(&text, err) ? EXIT_FAILED : EXIT_DONE;
    put_operands(&text, args);
    if (code == EXIT_DONE && !load_images(&images, &n_images, args, err))
        code = EXIT_FAILED;
    if (code == EXIT_DONE && text.len == 0 && n_images == 0) {
        err_set(
            err,
            "there is nothing to ask: give a prompt, a picture with -i, or text on standard input");
        code = EXIT_USAGE;
    }
    if (code == EXIT_DONE)
        message_from_input(out, str_text(&text), images, n_images);
    out->role = ROLE_USER;
    for (size_t i = 0; i < n_images; i++)
        attachment_release(images[i]);
    free(images);
    str_done(&text);
    return code;
}
