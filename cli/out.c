#include "cli/out.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

/* Embeddings, overrides and isolates of the bidirectional algorithm: they can make a line read as
 * another one than it is. */
static bool is_turning(uint32_t cp)
{
    return (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
}

void out_clean(struct str *clean, const char *text, size_t n)
{
    while (n > 0) {
        uint32_t cp;
        bool ok;
        size_t taken = utf8_next(text, n, &cp, &ok);
        if (ok && cp < 0x20 && cp != '\n' && cp != '\t') {
            str_putc(clean, '^');
            str_putc(clean, (char)(cp + '@'));
        } else if (!ok || (cp >= 0x7F && cp < 0xA0) || is_turning(cp)) {
            str_puts(clean, "\xEF\xBF\xBD");
        } else {
            str_put(clean, text, taken);
        }
        text += taken;
        n -= taken;
    }
}

bool out_is_terminal(void)
{
    return isatty(STDOUT_FILENO);
}

void out_print(FILE *stream, const char *text, size_t n)
{
    if (!isatty(fileno(stream))) {
        fwrite(text, 1, n, stream);
        return;
    }
    struct str clean = {0};
    out_clean(&clean, text, n);
    fwrite(str_text(&clean), 1, clean.len, stream);
    str_done(&clean);
}

void out_init(struct out *out, struct interrupt *interrupt)
{
    *out = (struct out){.terminal = out_is_terminal(), .interrupt = interrupt};
}

/* Waits until the reader takes something; false if Ctrl-C came first. */
static bool wait_for_reader(const struct out *out)
{
    struct pollfd fds[2] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
                            {.fd = out->interrupt ? out->interrupt->fd : -1, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return !(fds[1].revents & POLLIN);
}

static bool write_bytes(struct out *out, const char *bytes, size_t n)
{
    enum {
        PIECE = 4096
    }; /* what a pipe that poll() calls writable takes without blocking (PIPE_BUF) */
    while (n > 0) {
        if (out->closed || !wait_for_reader(out))
            return false;
        ssize_t done = write(STDOUT_FILENO, bytes, n < PIECE ? n : PIECE);
        if (done < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (done < 0) {
            out->errno_was = errno;
            out->closed = true;
            return false;
        }
        out->line_open = bytes[done - 1] != '\n';
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

bool out_write(struct out *out, const char *text, size_t n)
{
    if (!out->terminal)
        return write_bytes(out, text, n);
    struct str clean = {0};
    out_clean(&clean, text, n);
    bool ok = write_bytes(out, str_text(&clean), clean.len);
    str_done(&clean);
    return ok;
}

void out_end_line(struct out *out)
{
    if (out->line_open)
        write_bytes(out, "\n", 1);
}

bool out_check(const struct out *out, struct err *err)
{
    if (out->errno_was == 0 || out->errno_was == EPIPE)
        return true;
    return err_set(err, "standard output: %s", strerror(out->errno_was));
}
