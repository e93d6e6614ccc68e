#include "cli/line_input.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/mem.h"
#include "chat/sent.h"
#include "cli/line_complete.h"

/* readline calls back without a word on whose behalf, and is one for the process anyway. */
static struct {
    char *line;
    bool done;
} received;

static void on_line(char *line)
{
    rl_callback_handler_remove();
    received.line = line;
    received.done = true;
}

static void remember_one(void *user, const char *text)
{
    (void)user;
    add_history(text);
}

static void open_readline(struct store *store, bool keep_history)
{
    rl_readline_name = "facet";
    rl_variable_bind("enable-bracketed-paste", "on");
    /* What standard output gets are answers; where it is no terminal, the prompt goes elsewhere. */
    if (!isatty(STDOUT_FILENO))
        rl_outstream = stderr;
    line_complete_install(store);
    using_history();
    stifle_history(SENT_MAX);
    if (keep_history)
        sent_read(remember_one, NULL, NULL);
}

void line_input_open(struct line_input *in, struct interrupt *interrupt, struct store *store,
                     bool keep_history)
{
    *in = (struct line_input){
        .terminal = isatty(STDIN_FILENO), .interrupt = interrupt, .keep = keep_history};
    if (in->terminal)
        open_readline(store, keep_history);
}

void line_input_close(struct line_input *in)
{
    str_done(&in->held);
}

/* Waits for something to read; false if Ctrl-C came first. */
static bool wait_for_input(struct line_input *in)
{
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = in->interrupt->fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return !interrupt_came(in->interrupt);
}

static enum line_got leave_prompt(void)
{
    bool typed = rl_end > 0;
    rl_callback_sigcleanup();
    rl_free_line_state();
    rl_callback_handler_remove();
    fputs("^C\n", rl_outstream);
    return typed ? LINE_CLEARED : LINE_STRUCK;
}

static enum line_got read_terminal(struct line_input *in, const char *prompt, char **line)
{
    received.done = false;
    rl_callback_handler_install(prompt, on_line);
    while (!received.done) {
        if (!wait_for_input(in))
            return leave_prompt();
        rl_callback_read_char();
    }
    *line = received.line;
    return *line ? LINE_TEXT : LINE_END;
}

/* Takes the first line out of what is held; at the end of the file the rest. NULL: there is none.
 */
static char *take_held(struct str *held, bool end_of_file)
{
    const char *newline = held->len ? memchr(held->data, '\n', held->len) : NULL;
    if (!newline && (!end_of_file || held->len == 0))
        return NULL;
    size_t n = newline ? (size_t)(newline - held->data) : held->len;
    size_t used = newline ? n + 1 : n;
    char *line = mem_text(held->data, n);
    memmove(held->data, held->data + used, held->len - used);
    held->len -= used;
    return line;
}

static enum line_got read_pipe(struct line_input *in, char **line)
{
    bool end_of_file = false;
    while (!(*line = take_held(&in->held, end_of_file))) {
        if (end_of_file)
            return LINE_END;
        if (!wait_for_input(in))
            return LINE_STRUCK;
        char part[4096];
        ssize_t n = read(STDIN_FILENO, part, sizeof part);
        if (n > 0)
            str_put(&in->held, part, (size_t)n);
        end_of_file = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
    }
    return LINE_TEXT;
}

static enum line_got read_line(struct line_input *in, const char *prompt, char **line)
{
    *line = NULL;
    return in->terminal ? read_terminal(in, prompt, line) : read_pipe(in, line);
}

static bool cut_end(struct str *text, const char *end)
{
    size_t n = strlen(end);
    if (text->len < n || memcmp(text->data + text->len - n, end, n) != 0)
        return false;
    text->len -= n;
    text->data[text->len] = 0;
    return true;
}

static void remember(const struct line_input *in, const char *text)
{
    if (!in->terminal || !*text)
        return;
    add_history(text);
    if (in->keep)
        sent_add(text, NULL);
}

/* Whether another line belongs to the message. */
static bool goes_on(struct str *text, bool block)
{
    if (block)
        return !cut_end(text, "\"\"\"");
    return cut_end(text, "\\");
}

enum line_got line_input_read(struct line_input *in, char **text)
{
    struct str all = {0};
    bool block = false, more = true;
    enum line_got got = LINE_TEXT;
    for (const char *prompt = "> "; more && got == LINE_TEXT; prompt = "… ") {
        char *line;
        got = read_line(in, prompt, &line);
        if (got != LINE_TEXT)
            break;
        bool first = prompt[0] == '>';
        block = block || (first && strncmp(line, "\"\"\"", 3) == 0);
        if (!first)
            str_putc(&all, '\n');
        str_puts(&all, first && block ? line + 3 : line);
        free(line);
        more = goes_on(&all, block);
    }
    bool whole = got == LINE_TEXT || (got == LINE_END && all.len > 0);
    *text = whole ? str_take(&all) : NULL;
    str_done(&all);
    if (whole)
        remember(in, *text);
    return whole ? LINE_TEXT : got;
}
