#include "cli/progress.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utf8.h"
#include "cli/out.h"

static const double REDRAW_S = 0.1; /* on a terminal */
static const double LOG_S = 10;     /* elsewhere */
static const double PLAIN_S = 4;

double clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

const char *duration_text(double seconds, char out[DURATION_BYTES])
{
    if (!(seconds >= 0 && seconds < 1e9)) {
        snprintf(out, DURATION_BYTES, "?");
        return out;
    }
    unsigned long s = (unsigned long)(seconds + 0.5);
    if (s < 60)
        snprintf(out, DURATION_BYTES, "%lu s", s);
    else if (s < 3600)
        snprintf(out, DURATION_BYTES, "%lu min %02lu s", s / 60, s % 60);
    else
        snprintf(out, DURATION_BYTES, "%lu h %02lu min", s / 3600, s / 60 % 60);
    return out;
}

void progress_init(struct progress *p, bool quiet)
{
    *p = (struct progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO)};
    if (!p->terminal)
        p->next_s = clock_s() + LOG_S; /* what is over soon leaves no trace in a log */
}

void progress_make_plain(struct progress *p)
{
    p->plain = true;
    p->terminal = false;
    p->next_s = clock_s() + PLAIN_S;
}

static size_t screen_cells(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Cuts the line to what fits, so that it never wraps and can be redrawn in place. */
static size_t fitting_bytes(const struct str *line, size_t cells)
{
    size_t at = 0, used = 0;
    while (at < line->len) {
        int width;
        size_t n = utf8_cluster(line->data + at, line->len - at, &width);
        if (used + (size_t)width >= cells)
            break;
        used += (size_t)width;
        at += n;
    }
    return at;
}

static void put_line(struct str *line, const char *text, size_t done, size_t total, double left_s)
{
    out_clean(line, text, strlen(text));
    if (total > 0)
        str_printf(line, " %zu %%", done * 100 / total);
    char duration[DURATION_BYTES];
    if (left_s >= 0)
        str_printf(line, ", %s left", duration_text(left_s, duration));
}

/* "Looking at a.jpg, 40 percent, about 9 seconds left." */
static void put_sentence(struct str *line, const char *text, size_t done, size_t total,
                         double left_s)
{
    unsigned long seconds = left_s < 1 ? 1 : left_s < 1e6 ? (unsigned long)(left_s + 0.5) : 0;
    out_clean(line, text, strlen(text));
    if (line->len)
        line->data[0] = (char)toupper((unsigned char)line->data[0]);
    if (total > 0)
        str_printf(line, ", %zu percent", done * 100 / total);
    if (left_s >= 0 && seconds >= 120)
        str_printf(line, ", about %lu minutes left", (seconds + 30) / 60);
    else if (left_s >= 0 && seconds > 0)
        str_printf(line, ", about %lu second%s left", seconds, seconds == 1 ? "" : "s");
    str_putc(line, '.');
}

void progress_show(struct progress *p, const char *text, size_t done, size_t total, double left_s)
{
    double now = clock_s();
    if (p->quiet || now < p->next_s)
        return;
    p->next_s = now + (p->terminal ? REDRAW_S : p->plain ? PLAIN_S : LOG_S);
    struct str line = {0};
    if (p->prefix)
        out_clean(&line, p->prefix, strlen(p->prefix));
    if (p->plain)
        put_sentence(&line, text, done, total, left_s);
    else
        put_line(&line, text, done, total, left_s);
    if (p->terminal) {
        size_t n = fitting_bytes(&line, screen_cells());
        fprintf(stderr, "\r%.*s\033[K", (int)n, str_text(&line));
        p->shown = true;
    } else {
        fprintf(stderr, "%s%s\n", p->plain ? "" : "facet: ", str_text(&line));
    }
    fflush(stderr);
    str_done(&line);
}

void progress_clear(struct progress *p)
{
    if (!p->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->shown = false;
    p->next_s = 0;
}

void progress_note(struct progress *p, const char *format, ...)
{
    if (p->quiet)
        return;
    progress_clear(p);
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    struct str line = {0};
    out_clean(&line, text, strlen(text));
    fprintf(stderr, "facet: %s\n", str_text(&line));
    str_done(&line);
}
