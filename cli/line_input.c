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
#include "chat/compose.h"
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

static int insert_line_break(int count, int key)
{
    (void)count;
    (void)key;
    rl_insert_text("\n");
    return 0;
}

/* Ctrl-X Ctrl-E, as in a shell; here the text comes back to be looked at. */
static int compose_line(int count, int key)
{
    struct err err;
    char *text = mem_copy(rl_line_buffer);
    (void)count;
    (void)key;
    rl_deprep_terminal();
    bool ok = compose(&text, &err);
    rl_prep_terminal(1);
    if (ok) {
        rl_begin_undo_group();
        rl_delete_text(0, rl_end);
        rl_point = 0;
        rl_insert_text(text);
        rl_end_undo_group();
    } else {
        fprintf(rl_outstream, "\nfacet: %s\n", err.text);
    }
    rl_on_new_line();
    free(text);
    return 0;
}

static void add_commands(void)
{
    rl_add_defun("insert-line-break", insert_line_break, -1);
    rl_add_defun("edit-and-execute-command", compose_line, -1);
    rl_bind_keyseq_in_map("\033\r", insert_line_break, emacs_standard_keymap);
    rl_bind_keyseq_in_map("\030\005", compose_line, emacs_standard_keymap);
}

static void open_readline(struct store *store, bool keep_history)
{
    rl_readline_name = "facet";
    rl_variable_bind("enable-bracketed-paste", "on");
    /* What standard output gets are answers; where it is no terminal, the prompt goes elsewhere. */
    if (!isatty(STDOUT_FILENO))
        rl_outstream = stderr;
    line_complete_install(store);
    add_commands();
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
    free(in->offered);
}

bool line_input_offer(struct line_input *in, const char *text)
{
    if (!in->terminal)
        return false;
    free(in->offered);
    in->offered = mem_copy(text);
    return true;
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
    fputs("^C\n", rl_outstream); /* before the terminal's modes go back, and the cursor with them */
    rl_callback_handler_remove();
    return typed ? LINE_CLEARED : LINE_STRUCK;
}

static enum line_got read_terminal(struct line_input *in, const char *prompt, char **line)
{
    received.done = false;
    rl_callback_handler_install(prompt, on_line);
    if (in->offered) {
        rl_insert_text(in->offered);
        rl_redisplay();
        free(in->offered);
        in->offered = NULL;
    }
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

enum line_got line_input_read(struct line_input *in, const char *prompt, char **text)
{
    struct str all = {0};
    bool block = false, more = true, first = true;
    enum line_got got = LINE_TEXT;
    for (; more && got == LINE_TEXT; first = false) {
        char *line;
        got = read_line(in, first ? prompt : "… ", &line);
        if (got != LINE_TEXT)
            break;
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
