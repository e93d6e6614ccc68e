#include "chat/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "chat/form.h"

_Static_assert((int)ERR_TEXT_BYTES >= (int)FACET_ERROR_BYTES, "an engine error must fit");

enum { DEFAULT_SOFT_TOKENS = 256 };

/* What is being written. Text between two special tokens is tokenised as one string, since newlines
 * that meet there become one token: it gathers in `run` until a special token comes. */
struct writer {
    const struct facet_model *model;
    struct facet_special_ids special;
    size_t n_soft;
    unsigned form;
    struct str text, run;
    struct prompt *out;
    size_t cap_ids;
    bool behind_image; /* the run began after <end_of_image> */
    struct err *err;
};

static void add_ids(struct writer *w, const int32_t *ids, size_t n)
{
    struct prompt *out = w->out;
    if (out->n_ids + n > w->cap_ids) {
        w->cap_ids = 2 * (out->n_ids + n);
        out->ids = mem_grow(out->ids, w->cap_ids, sizeof *out->ids);
    }
    if (n)
        memcpy(out->ids + out->n_ids, ids, n * sizeof *ids);
    out->n_ids += n;
}

static bool is_newlines(const struct writer *w, int32_t id)
{
    size_t n;
    const char *bytes = facet_token_bytes(w->model, id, &n);
    for (size_t i = 0; bytes && i < n; i++)
        if (bytes[i] != '\n')
            return false;
    return bytes != NULL;
}

static bool end_run(struct writer *w, bool before_image)
{
    if (w->run.len) {
        size_t n;
        int32_t *ids = facet_tokenize(w->model, w->run.data, w->run.len, false, &n,
                                      w->err ? w->err->text : NULL);
        if (!ids)
            return false;
        add_ids(w, ids, n);
        bool first = n && w->behind_image && is_newlines(w, ids[0]);
        bool last = n && before_image && is_newlines(w, ids[n - 1]) && !(first && n == 1);
        w->out->n_image_ids += first + last;
        free(ids);
        str_clear(&w->run);
    }
    w->behind_image = false;
    return true;
}

static void put_text(struct writer *w, const char *text, size_t n)
{
    str_put(&w->text, text, n);
    str_put(&w->run, text, n);
}

static void puts_text(struct writer *w, const char *text)
{
    put_text(w, text, strlen(text));
}

static bool put_special(struct writer *w, int32_t id, const char *name)
{
    if (id < 0)
        return err_set(w->err, "the model's vocabulary has no %s: not a Gemma 3 model", name);
    if (!end_run(w, id == w->special.start_of_image))
        return false;
    str_puts(&w->text, name);
    add_ids(w, &id, 1);
    return true;
}

/* Python's str.strip(), which the published template uses: Unicode white space, not zero-width
 * characters. */
static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

static void put_trimmed(struct writer *w, const char *text, bool keep_end)
{
    size_t n = strlen(text), start = n, end = n;
    for (size_t at = 0; at < n;) {
        uint32_t c;
        size_t next = at + utf8_next(text + at, n - at, &c, NULL);
        if (!is_space(c)) {
            start = start < at ? start : at;
            end = next;
        }
        at = next;
    }
    put_text(w, text + start, (keep_end ? n : end > start ? end : start) - start);
}

static bool put_view(struct writer *w)
{
    puts_text(w, "\n\n");
    if (!put_special(w, w->special.start_of_image, "<start_of_image>"))
        return false;
    if (w->special.image_soft < 0)
        return err_set(w->err, "the model has no <image_soft_token>");
    str_printf(&w->text, "<image_soft_token>*%zu", w->n_soft);
    for (size_t i = 0; i < w->n_soft; i++)
        add_ids(w, &w->special.image_soft, 1);
    if (!put_special(w, w->special.end_of_image, "<end_of_image>"))
        return false;
    w->behind_image = true;
    w->out->n_views++;
    w->out->n_image_ids += w->n_soft + 2;
    puts_text(w, "\n\n");
    return true;
}

/* The sentence around crops is the one of the reference processor. */
static bool put_image(struct writer *w, const struct attachment *image)
{
    if (w->form & PROMPT_BARE_IMAGES)
        return put_special(w, w->special.start_of_image, "<start_of_image>");
    size_t n_views = attachment_views(image);
    if (n_views == 0)
        puts_text(w, "(a picture that cannot be read)");
    if (n_views <= 1)
        return n_views == 0 || put_view(w);
    puts_text(w, "Here is the original image ");
    if (!put_view(w))
        return false;
    puts_text(w, " and here are some crops to help you see better ");
    for (size_t i = 1; i < n_views; i++) {
        if (i > 1)
            puts_text(w, " ");
        if (!put_view(w))
            return false;
    }
    return true;
}

/* The mark stands before <start_of_turn>: newlines of the turn before are tokens only now. */
static bool begin_turn(struct writer *w, struct prompt_mark *mark)
{
    if (!put_special(w, w->special.start_of_turn, "<start_of_turn>"))
        return false;
    *mark = (struct prompt_mark){w->out->n_ids - 1, w->out->n_image_ids};
    return true;
}

static bool put_turn(struct writer *w, const struct message *m, const char *prefix, bool open)
{
    puts_text(w, role_name(m->role));
    puts_text(w, "\n");
    if (prefix) {
        puts_text(w, prefix);
        puts_text(w, "\n\n");
    }
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct part *part = &m->parts[i];
        if (!part->image)
            put_trimmed(w, part->text, open && i + 1 == m->n_parts);
        else if (!put_image(w, part->image))
            return false;
    }
    if (open)
        return true;
    if (!put_special(w, w->special.end_of_turn, "<end_of_turn>"))
        return false;
    puts_text(w, "\n");
    return true;
}

/* Of a system message of several parts the published template takes the first. */
static const char *system_text(const struct message *m)
{
    return m->n_parts && m->parts[0].text ? m->parts[0].text : "";
}

/* What goes before the first turn; NULL if nothing does. free() it. */
static char *preface(const struct messages *ms, bool has_system)
{
    struct str text = {0};
    if (has_system)
        str_puts(&text, system_text(&ms->list[0]));
    if (ms->schema)
        form_tell(&text, ms->schema);
    return has_system || ms->schema ? str_take(&text) : NULL;
}

static bool put_messages(struct writer *w, const struct messages *ms, const char *before)
{
    bool has_system = ms->n && ms->list[0].role == ROLE_SYSTEM;
    size_t turn = 0;
    for (size_t i = has_system; i < ms->n; i++) {
        const struct message *m = &ms->list[i];
        if (m->dropped) {
            w->out->marks[i] = (struct prompt_mark){w->out->n_ids, w->out->n_image_ids};
            continue;
        }
        if ((m->role == ROLE_USER) != (turn % 2 == 0))
            return err_set(
                w->err, "message %zu is the %s's: user and model must take turns, the user first",
                turn + 1, role_name(m->role));
        if (!begin_turn(w, &w->out->marks[i]) ||
            !put_turn(w, m, turn == 0 ? before : NULL, (w->form & PROMPT_OPEN) && i + 1 == ms->n))
            return false;
        turn++;
    }
    return true;
}

static bool put_prompt(struct writer *w, const struct messages *ms)
{
    if ((w->form & PROMPT_OPEN) && (ms->n == 0 || ms->list[ms->n - 1].role != ROLE_MODEL))
        return err_set(w->err, "there is no answer to go on with");
    char *before = preface(ms, ms->n && ms->list[0].role == ROLE_SYSTEM);
    bool ok = put_special(w, w->special.bos, "<bos>") && put_messages(w, ms, before);
    free(before);
    if (!ok)
        return false;
    struct prompt_mark *end = &w->out->marks[ms->n];
    bool begins = !(w->form & (PROMPT_OPEN | PROMPT_CLOSED));
    if (begins) {
        if (!begin_turn(w, end))
            return false;
        puts_text(w, "model\n");
    }
    ok = end_run(w, false);
    if (!begins)
        *end = (struct prompt_mark){w->out->n_ids, w->out->n_image_ids};
    return ok;
}

bool prompt_render(struct prompt *out, const struct facet_model *model,
                   const struct messages *messages, unsigned form, struct err *err)
{
    *out = (struct prompt){0};
    struct facet_model_info info;
    facet_model_get_info(model, &info);
    struct writer w = {.model = model, .form = form, .out = out, .err = err};
    w.n_soft = info.n_soft_tokens ? info.n_soft_tokens : DEFAULT_SOFT_TOKENS;
    facet_model_get_special(model, &w.special);
    out->marks = mem_new(messages->n + 1, sizeof *out->marks);
    bool ok = put_prompt(&w, messages);
    str_done(&w.run);
    out->text = str_take(&w.text);
    if (!ok)
        prompt_done(out);
    return ok;
}

void prompt_done(struct prompt *p)
{
    free(p->text);
    free(p->ids);
    free(p->marks);
    *p = (struct prompt){0};
}
