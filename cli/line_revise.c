#include "cli/line_revise.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/revise.h"
#include "cli/line_history.h"

enum { TITLE_BYTES = 50 };

/* Its pictures stand before those that wait for the next message. */
static void attach_again(struct line_mode *line, const struct message *m)
{
    size_t n = message_images(m), k = 0;
    line->attached = mem_grow(line->attached, line->n_attached + n + 1, sizeof *line->attached);
    memmove(line->attached + n, line->attached, line->n_attached * sizeof *line->attached);
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].image)
            line->attached[k++] = attachment_keep(m->parts[i].image);
    line->n_attached += n;
}

bool line_edit(struct line_mode *line, const char *argument, struct err *err)
{
    size_t index;
    if (!*argument && !line->input.terminal)
        return err_set(err, "/edit needs TEXT where nobody types");
    if (!revise_question(line->chat, &index, err))
        return false;
    const struct message *m = &chat_messages(line->chat)->list[index];
    attach_again(line, m);
    line->editing = index + 1;
    if (*argument) {
        line_submit(line, argument);
        return true;
    }
    char *text = message_text(m, 1);
    line_input_offer(&line->input, text);
    free(text);
    return true;
}

bool line_branch(struct line_mode *line, const char *argument, struct err *err)
{
    size_t index;
    if (!revise_branch(line->chat, argument, &index, err))
        return false;
    const struct message *m = &chat_messages(line->chat)->list[index];
    fprintf(line->notes, "(%zu of %zu)\n", m->variant, m->n_variants);
    line_recite(line, index);
    return true;
}

bool line_delete(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    if (!revise_delete(line->chat, err))
        return false;
    fputs("(the last question and its answer are deleted; /undelete takes that back)\n",
          line->notes);
    return true;
}

bool line_undelete(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    size_t index;
    if (!chat_undelete(line->chat, err))
        return false;
    if (revise_question(line->chat, &index, err))
        line_recite(line, index);
    return true;
}

bool line_fork(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    if (!revise_fork(line->chat, err))
        return false;
    fputs("(a new conversation; the old one stays as it was)\n", line->notes);
    return true;
}

/* ---- /context ------------------------------------------------------------------------------- */

static void show_share(struct line_mode *line, size_t i, const struct context_share *share)
{
    static const char *const names[] = {
        [CONTEXT_TOLD] = "", [CONTEXT_DROPPED] = "(left out) ", [CONTEXT_PINNED] = "(pinned) "};
    const struct messages *ms = chat_messages(line->chat);
    char *text = message_text(&ms->list[i], 1);
    size_t n = strlen(text) > TITLE_BYTES ? TITLE_BYTES : strlen(text);
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--; /* never half a character */
    text[n] = 0;
    for (char *p = text; *p; p++)
        *p = *p == '\n' ? ' ' : *p;
    fprintf(line->notes, "%4zu  %7zu  %s%s: ", i + 1, share->text + share->images,
            names[context_state(ms, i)], role_name(ms->list[i].role));
    line_note(line, text);
    fputc('\n', line->notes);
    free(text);
}

static bool show_shares(struct line_mode *line, struct err *err)
{
    size_t n = chat_messages(line->chat)->n;
    struct answer answer = {.interrupt = &line->interrupt, .progress = &line->progress};
    if (n == 0)
        return true;
    if (!answer_wait_model(&answer, line->chat, err))
        return answer.interrupted;
    struct context_share *shares = mem_new(n, sizeof *shares);
    bool ok = chat_weigh(line->chat, shares, err);
    for (size_t i = 0; ok && i < n; i++)
        show_share(line, i, &shares[i]);
    free(shares);
    return ok;
}

bool line_context(struct line_mode *line, const char *argument, struct err *err)
{
    size_t used, total;
    if ((*argument && !revise_told(line->chat, argument, err)) || !show_shares(line, err))
        return false;
    chat_context(line->chat, &used, &total);
    fprintf(line->notes, "%zu of %zu tokens (%zu %%)\n", used, total,
            total ? used * 100 / total : 0);
    if (!*argument && chat_messages(line->chat)->n)
        fputs("(/context drop N leaves a turn out, pin N keeps it, tell N tells it again;\n"
              " /context room leaves the oldest ones out)\n",
              line->notes);
    return true;
}
