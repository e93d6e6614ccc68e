#include "cli/answer.h"

#include <poll.h>
#include <string.h>

#include "cli/plain.h"

static void stop(struct answer *a, struct chat *chat)
{
    a->interrupted = true;
    chat_cancel(chat);
    interrupt_let_kill(true);
}

static void wait_for_either(const struct answer *a, const struct chat *chat)
{
    struct pollfd fds[2] = {{.fd = chat_fd(chat), .events = POLLIN},
                            {.fd = a->interrupt->fd, .events = POLLIN}};
    poll(fds, 2, -1);
}

bool answer_wait_model(struct answer *a, struct chat *chat, struct err *err)
{
    for (struct chat_event event; !chat_model(chat);) {
        a->interrupted = interrupt_came(a->interrupt);
        if (a->interrupted)
            return false;
        if (!chat_next(chat, &event, 0))
            wait_for_either(a, chat);
        else if (event.kind == CHAT_FAILED)
            return err_set(err, "%.*s", (int)event.n_bytes, event.text ? event.text : "");
    }
    return true;
}

static void take_sentences(struct answer *a, const struct chat_event *event)
{
    if (!a->labelled)
        str_puts(&a->held, "Gemma: ");
    a->labelled = true;
    plain_write(a->out, &a->held, event->text, event->n_bytes);
}

static void take_text(struct answer *a, struct chat *chat, const struct chat_event *event)
{
    progress_clear(a->progress);
    if (a->text)
        str_put(a->text, event->text, event->n_bytes);
    if (!a->out)
        return;
    if (a->sentences)
        take_sentences(a, event);
    else
        out_write(a->out, event->text, event->n_bytes);
    if (a->out->closed)
        chat_cancel(chat);
}

/* True when the turn is over. */
static bool take_event(struct answer *a, struct chat *chat, const struct chat_event *event)
{
    switch (event->kind) {
    case CHAT_LOADED:
    case CHAT_LOOKED: /* nobody asks here */
        break;
    case CHAT_PROGRESS:
        progress_show(a->progress, event->text ? event->text : "", event->done, event->total,
                      event->seconds_left);
        break;
    case CHAT_TEXT:
        take_text(a, chat, event);
        break;
    case CHAT_DONE:
        a->reason = event->reason;
        a->stats = event->stats;
        if (event->text) /* the history could not be written */
            progress_note(a->progress, "%.*s", (int)event->n_bytes, event->text);
        return true;
    case CHAT_FAILED:
        return true;
    }
    return false;
}

bool answer_take(struct answer *a, struct chat *chat, struct err *err)
{
    a->interrupted = false;
    for (;;) {
        if (interrupt_came(a->interrupt))
            stop(a, chat);
        bool busy = chat_is_busy(chat); /* asked first: the last event may come in between */
        struct chat_event event;
        if (!chat_next(chat, &event, 0)) {
            if (!busy)
                return err_set(err, "the answer ended without a word");
            wait_for_either(a, chat);
            continue;
        }
        if (!take_event(a, chat, &event))
            continue;
        progress_clear(a->progress);
        if (a->sentences)
            plain_end(a->out, &a->held);
        if (a->interrupted)
            interrupt_let_kill(false);
        a->lacking = event.lacking;
        if (event.kind == CHAT_FAILED)
            return err_set(err, "%.*s", (int)event.n_bytes, event.text ? event.text : "");
        return true;
    }
}

static double rate(size_t n, double seconds)
{
    return seconds > 0 ? (double)n / seconds : 0;
}

void answer_note_stats(struct progress *progress, const struct chat_stats *s,
                       enum chat_reason reason)
{
    if (s->n_views > 0)
        progress_note(progress, "%zu image view%s in %.2f s", s->n_views,
                      s->n_views == 1 ? "" : "s", s->encode_s);
    if (reason == CHAT_CANCELLED && s->n_answer == 0) { /* how far it came is not known */
        progress_note(progress, "prompt: %zu tokens, %zu of them kept, cancelled after %.2f s",
                      s->n_prompt, s->n_kept, s->prompt_s);
        return;
    }
    size_t computed = s->n_prompt - (s->n_kept < s->n_prompt ? s->n_kept : s->n_prompt);
    progress_note(progress, "prompt: %zu tokens, %zu of them kept, %.2f s (%.1f tokens/s)",
                  s->n_prompt, s->n_kept, s->prompt_s, rate(computed, s->prompt_s));
    progress_note(progress, "answer: %zu tokens, %.2f s (%.1f tokens/s)", s->n_answer, s->answer_s,
                  rate(s->n_answer, s->answer_s));
    if (s->n_guessed > 0)
        progress_note(progress, "guessed ahead: %zu tokens, %zu accepted", s->n_guessed,
                      s->n_right);
}
