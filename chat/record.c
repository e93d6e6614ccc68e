#include "chat/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum { TITLE_CELLS = 60 };

void record_forget(struct record *r)
{
    free(r->rows);
    *r = (struct record){.store = r->store};
}

static void add_row(struct record *r, int64_t row)
{
    r->rows = mem_grow(r->rows, r->n_rows + 1, sizeof *r->rows);
    r->rows[r->n_rows++] = row;
}

/* text as one line of words, at most TITLE_CELLS wide. */
static char *one_line(const char *text)
{
    struct str line = {0};
    size_t n = strlen(text), cells = 0, word_end = 0;
    for (size_t at = 0; at < n;) {
        int width;
        size_t length = utf8_cluster(text + at, n - at, &width);
        bool gap = (unsigned char)text[at] <= ' ' || text[at] == 0x7f;
        if (cells + (size_t)width + 1 > TITLE_CELLS && at + length < n) {
            if (word_end > TITLE_CELLS / 2) /* else it is one long word */
                line.data[line.len = word_end] = 0;
            str_puts(&line, "…");
            break;
        }
        if (!gap) {
            str_put(&line, text + at, length);
            cells += (size_t)width;
        } else if (line.len && line.data[line.len - 1] != ' ') {
            word_end = line.len;
            str_putc(&line, ' ');
            cells++;
        }
        at += length;
    }
    while (line.len && line.data[line.len - 1] == ' ')
        line.data[--line.len] = 0;
    return str_take(&line);
}

/* The first words of the user's first message; the first picture's name where there are none. */
static char *make_title(const struct messages *ms)
{
    const struct message *first = NULL;
    for (size_t i = 0; i < ms->n && !first; i++)
        if (ms->list[i].role == ROLE_USER)
            first = &ms->list[i];
    struct str words = {0};
    const char *picture = "";
    for (size_t i = 0; first && i < first->n_parts; i++) {
        const struct part *part = &first->parts[i];
        if (part->text)
            str_puts(&words, part->text);
        else if (!*picture)
            picture = path_base(part->image->path);
    }
    char *title = one_line(str_text(&words));
    str_done(&words);
    if (*title)
        return title;
    free(title);
    return one_line(picture);
}

/* The whole path, as facet may be started elsewhere when it is asked for again. */
static bool add_image(struct record *r, int64_t row, size_t part, const struct attachment *a,
                      struct err *err)
{
    char *whole = attachment_whole_path(a);
    bool ok = store_add_image(r->store, row, part, whole, a->digest, err);
    free(whole);
    return ok;
}

static bool add_message(struct record *r, const struct message *m, struct err *err)
{
    char *text = message_text(m, 1);
    enum record_state state = m->interrupted ? RECORD_INTERRUPTED : RECORD_COMPLETE;
    int64_t row =
        store_add_message(r->store, r->conversation, role_name(m->role), text, state, err);
    free(text);
    bool ok = row > 0;
    for (size_t i = 0; ok && i < m->n_parts; i++) {
        const struct attachment *a = m->parts[i].image;
        ok = !a || add_image(r, row, i, a, err);
    }
    if (ok)
        add_row(r, row);
    return ok;
}

static bool add_turn(struct record *r, const struct messages *ms, const char *model,
                     struct err *err)
{
    if (!r->conversation) {
        char *title = make_title(ms);
        r->conversation = store_add_conversation(r->store, title, model, err);
        free(title);
        if (!r->conversation)
            return false;
    }
    while (r->n_rows < ms->n)
        if (!add_message(r, &ms->list[r->n_rows], err))
            return false;
    int64_t answer = store_add_message(r->store, r->conversation, role_name(ROLE_MODEL), "",
                                       RECORD_WRITING, err);
    if (answer)
        add_row(r, answer);
    return answer > 0;
}

bool record_turn(struct record *r, const struct messages *ms, const char *model, struct err *err)
{
    if (!r->store)
        return true;
    int64_t conversation = r->conversation;
    size_t n_rows = r->n_rows;
    if (!store_begin(r->store, err))
        return false;
    bool ok = add_turn(r, ms, model, err);
    ok = store_end(r->store, ok, err) && ok;
    if (!ok) {
        r->conversation = conversation;
        r->n_rows = n_rows;
    }
    return ok;
}

bool record_answer(struct record *r, const char *text, enum record_state state, struct err *err)
{
    return !r->store || !r->n_rows ||
           store_update_message(r->store, r->rows[r->n_rows - 1], text, state, err);
}

bool record_cut(struct record *r, size_t n, struct err *err)
{
    bool ok = true;
    while (ok && r->n_rows > n) {
        ok = store_remove_message(r->store, r->rows[r->n_rows - 1], err);
        r->n_rows -= ok;
    }
    if (r->n_rows == 0)
        record_forget(r);
    return ok;
}

bool record_system(struct record *r, bool had, const char *text, struct err *err)
{
    if (!r->store || !r->conversation)
        return true;
    if (had && text)
        return store_update_message(r->store, r->rows[0], text, RECORD_COMPLETE, err);
    if (had) {
        if (!store_remove_message(r->store, r->rows[0], err))
            return false;
        memmove(r->rows, r->rows + 1, --r->n_rows * sizeof *r->rows);
        return true;
    }
    int64_t row = text ? store_add_message(r->store, r->conversation, role_name(ROLE_SYSTEM), text,
                                           RECORD_COMPLETE, err)
                       : 0;
    if (!row)
        return !text;
    add_row(r, row);
    memmove(r->rows + 1, r->rows, (r->n_rows - 1) * sizeof *r->rows);
    r->rows[0] = row;
    return true;
}

/* ---- Reading ---- */

struct loading {
    struct record *r;
    const struct crop_choice *crops;
    struct messages *ms;
};

static void load_image(struct message *m, const struct store_image *stored,
                       const struct crop_choice *crops)
{
    struct attachment *a = NULL;
    if (strcmp(stored->path, "-") != 0)
        a = attachment_load(stored->path, crops, NULL);
    if (a && strcmp(a->digest, stored->digest) == 0) {
        message_add_image(m, a);
        return;
    }
    struct str remark = {0};
    str_printf(&remark, "(a picture that is no longer there: %s)", stored->path);
    message_add_text(m, remark.data, remark.len);
    str_done(&remark);
    attachment_release(a);
}

/* The reverse of message_text: the k-th picture stands where "[image k]" does. */
static void load_parts(struct message *m, const struct store_message *stored,
                       const struct crop_choice *crops)
{
    const char *text = stored->text;
    for (size_t i = 0; i < stored->n_images; i++) {
        char token[32];
        snprintf(token, sizeof token, "[image %zu]", i + 1);
        const char *at = strstr(text, token);
        if (at && at > text)
            message_add_text(m, text, (size_t)(at - text));
        load_image(m, &stored->images[i], crops);
        if (at)
            text = at + strlen(token);
    }
    if (*text)
        message_add_text(m, text, strlen(text));
}

static bool load_message(void *user, const struct store_message *stored)
{
    struct loading *l = user;
    enum role role;
    if (!role_parse(&role, stored->role))
        return true;
    struct message *m = messages_add(l->ms, role);
    m->interrupted = stored->state != RECORD_COMPLETE;
    load_parts(m, stored, l->crops);
    add_row(l->r, stored->id);
    return true;
}

/* Answers must follow questions: see record_load in the header. */
static bool close_turn(struct record *r, struct messages *ms, struct err *err)
{
    if (!ms->n || ms->list[ms->n - 1].role != ROLE_USER)
        return true;
    int64_t row = store_add_message(r->store, r->conversation, role_name(ROLE_MODEL), "",
                                    RECORD_INTERRUPTED, err);
    if (!row)
        return false;
    add_row(r, row);
    messages_add(ms, ROLE_MODEL)->interrupted = true;
    return true;
}

bool record_load(struct record *r, int64_t conversation, const struct crop_choice *crops,
                 struct messages *ms, struct err *err)
{
    if (!r->store)
        return err_set(err, "there is no history to read from");
    record_forget(r);
    r->conversation = conversation;
    struct loading loading = {r, crops, ms};
    if (store_messages(r->store, conversation, load_message, &loading, err) &&
        close_turn(r, ms, err))
        return true;
    record_forget(r);
    messages_cut(ms, 0);
    return false;
}
