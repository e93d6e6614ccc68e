#include "cli/line.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/commands.h"
#include "chat/typed_path.h"
#include "cli/line_commands.h"
#include "cli/line_history.h"
#include "cli/models.h"
#include "cli/plain.h"
#include "cli/verb.h"

enum { PROMPT_BYTES = 48 };

void line_complain(struct line_mode *line, const struct err *err)
{
    progress_clear(&line->progress);
    fprintf(stderr, "facet: %s\n", err->text);
}

void line_note(struct line_mode *line, const char *text)
{
    out_print(line->notes, text, strlen(text));
}

void line_drop_attached(struct line_mode *line, size_t from)
{
    while (line->n_attached > from)
        attachment_release(line->attached[--line->n_attached]);
}

static const char *why_cut(enum chat_reason reason)
{
    switch (reason) {
    case CHAT_MAX_TOKENS:
        return "(cut after --max-tokens; /continue goes on)";
    case CHAT_CONTEXT_FULL:
        return "(the context is full: /context room leaves the oldest turns out,\n"
               " /continue goes on then; /new starts anew)";
    case CHAT_CANCELLED:
        return "(stopped; /continue goes on)";
    case CHAT_ENDED:
    case CHAT_STOP_STRING:
        break;
    }
    return NULL;
}

bool line_answer(struct line_mode *line)
{
    struct answer answer = {
        .interrupt = &line->interrupt, .progress = &line->progress, .out = &line->out};
    answer.sentences = line->plain;
    struct err err;
    bool ok = answer_take(&answer, line->chat, &err);
    out_end_line(&line->out);
    if (!ok) {
        line_complain(line, &err);
        if (answer.lacking)
            fputs("(/context shows what fills it, /context room leaves the oldest turns out:\n"
                  " then send it again; /new starts anew)\n",
                  line->notes);
        return !answer.lacking;
    }
    const char *cut = why_cut(answer.reason);
    if (cut && !line->options->quiet)
        fprintf(line->notes, "%s\n", cut);
    if (line->options->verbose)
        answer_note_stats(answer.progress, &answer.stats, answer.reason);
    return true;
}

static bool model_is_blind(const struct line_mode *line)
{
    const struct facet_model *model = chat_model(line->chat);
    struct facet_model_info info = {.has_vision = true};
    if (model)
        facet_model_get_info(model, &info);
    return !info.has_vision;
}

/* The text into *named, with the pictures that its words name attached, each in the place of its
 * path. */
static bool attach_words(struct line_mode *line, const char *text, struct str *named,
                         struct err *err)
{
    size_t from = 0, at = 0, end;
    char *path;
    bool ok = true;
    while (ok && !model_is_blind(line) && (path = typed_picture(text, &at, &end))) {
        ok = line_attach(line, path, err);
        str_put(named, text + from, at - from);
        str_printf(named, "[image %zu]", line->n_attached);
        from = at = end;
        free(path);
    }
    str_puts(named, text + from);
    return ok;
}

static bool submit(struct line_mode *line, const char *text, struct err *err)
{
    struct message message = {.role = ROLE_USER};
    message_from_input(&message, text, line->attached, line->n_attached);
    bool ok = line->editing ? chat_edit(line->chat, line->editing - 1, &message, err)
                            : chat_submit(line->chat, &message, err);
    message_done(&message);
    return ok;
}

void line_submit(struct line_mode *line, const char *text)
{
    struct err err;
    struct str named = {0};
    size_t waiting = line->n_attached;
    bool ok = attach_words(line, text, &named, &err) && submit(line, str_text(&named), &err);
    str_done(&named);
    if (!ok)
        line_complain(line, &err);
    if (ok && line_answer(line))
        line->editing = waiting = 0;
    line_drop_attached(line, waiting); /* the words, sent once more, attach theirs again */
}

/* A question that was brought back to be edited is left as it was. */
static void leave_edit(struct line_mode *line)
{
    if (!line->editing)
        return;
    line->editing = 0;
    line_drop_attached(line, 0);
    fputs("(what was said stays as it is)\n", line->notes);
}

static void take_line(struct line_mode *line, char *text)
{
    bool command = command_is(text);
    if (command || !text[strspn(text, " \t\n")])
        leave_edit(line);
    if (command)
        line_command(line, text);
    else if (text[strspn(text, " \t\n")])
        line_submit(line, text);
    fflush(line->notes);
}

/* "gemma 12% > ": how much of the context is used. */
static const char *prompt_text(const struct line_mode *line, char prompt[PROMPT_BYTES])
{
    size_t used, total;
    chat_context(line->chat, &used, &total);
    if (line->plain)
        snprintf(prompt, PROMPT_BYTES, "You: ");
    else
        snprintf(prompt, PROMPT_BYTES, "gemma %zu%% > ", total ? used * 100 / total : 0);
    return prompt;
}

/* Leaves at /quit, at the end of the input, and at the second Ctrl-C in a row that had nothing to
 * stop. */
static int converse(struct line_mode *line)
{
    char prompt[PROMPT_BYTES];
    bool struck = false;
    while (!line->quit && !line->out.closed) {
        char *text;
        enum line_got got = line_input_read(&line->input, prompt_text(line, prompt), &text);
        if (got == LINE_END)
            break;
        if (got == LINE_STRUCK && (struck || !line->input.terminal))
            return EXIT_INTERRUPTED;
        if (got == LINE_STRUCK)
            fputs("(Ctrl-C once more leaves)\n", line->notes);
        struck = got == LINE_STRUCK;
        if (!text)
            leave_edit(line);
        if (text)
            take_line(line, text);
        free(text);
    }
    return EXIT_DONE;
}

static void greet(struct line_mode *line)
{
    if (line->input.terminal && !line->options->quiet)
        fputs("facet: /help lists the commands, Ctrl-C stops an answer, Ctrl-D leaves.\n",
              line->notes);
}

void line_tell_kept(FILE *stream, const struct options *options, int64_t conversation)
{
    if (!options->quiet)
        fprintf(stream, "kept as conversation %lld: facet --open %lld goes on with it\n",
                (long long)conversation, (long long)conversation);
}

static void part(struct line_mode *line)
{
    int64_t number = chat_conversation(line->chat);
    if (!line->input.terminal || line->options->quiet)
        return;
    fputc('\n', line->notes);
    if (number > 0)
        line_tell_kept(line->notes, line->options, number);
}

static int talk(struct line_mode *line, bool recite)
{
    out_init(&line->out, &line->interrupt);
    progress_init(&line->progress, line->options->quiet);
    line->plain = line->out.terminal && plain_is_wanted(line->options);
    if (line->plain)
        progress_make_plain(&line->progress);
    line->notes = line->out.terminal ? stdout : stderr;
    setvbuf(stdout, NULL, _IONBF, 0); /* answers and notes share the terminal */
    line_input_open(&line->input, &line->interrupt, line->store, !line->options->no_history);
    greet(line);
    models_tell_shipped(line->options, &line->progress);
    if (recite)
        line_recite(line, 0);
    int code = converse(line);
    part(line);
    line_drop_attached(line, 0);
    free(line->attached);
    line_input_close(&line->input);
    return code;
}

int line_run(const struct options *options, struct store *store, int64_t conversation,
             struct err *err)
{
    struct line_mode line = {.options = options, .store = store};
    if (!interrupt_open(&line.interrupt, err))
        return EXIT_FAILED;
    signal(SIGPIPE, SIG_IGN);
    line.chat = chat_open(options, store, err);
    bool ok = line.chat && (conversation <= 0 || chat_load(line.chat, conversation, err));
    int code = ok ? talk(&line, conversation > 0) : EXIT_FAILED;
    chat_close(line.chat);
    interrupt_close(&line.interrupt);
    return code;
}
