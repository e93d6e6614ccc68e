#include "chat/message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/confidence.h"

static const char *const role_names[] = {
    [ROLE_SYSTEM] = "system", [ROLE_USER] = "user", [ROLE_MODEL] = "model", [ROLE_TOOL] = "tool"};

const char *role_name(enum role role)
{
    return role_names[role];
}

bool role_parse(enum role *role, const char *name)
{
    for (size_t i = 0; i < sizeof role_names / sizeof *role_names; i++)
        if (strcmp(role_names[i], name) == 0) {
            *role = (enum role)i;
            return true;
        }
    return false;
}

void message_done(struct message *m)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        free(m->parts[i].text);
        attachment_release(m->parts[i].image);
    }
    free(m->parts);
    confidence_free(m->confidence);
    *m = (struct message){.role = m->role};
}

static void add_part(struct message *m, struct part part)
{
    m->parts = mem_grow(m->parts, m->n_parts + 1, sizeof *m->parts);
    m->parts[m->n_parts++] = part;
}

void message_add_text(struct message *m, const char *text, size_t n_bytes)
{
    add_part(m, (struct part){.text = mem_text(text, n_bytes)});
}

void message_put_said(struct str *text, const char *bytes, size_t n)
{
    for (const char *nul; (nul = memchr(bytes, 0, n)); bytes = nul + 1) {
        str_put(text, bytes, (size_t)(nul - bytes));
        str_puts(text, "\xEF\xBF\xBD");
        n -= (size_t)(nul - bytes) + 1;
    }
    str_put(text, bytes, n);
}

void message_add_image(struct message *m, struct attachment *image)
{
    add_part(m, (struct part){.image = image});
}

struct message message_copy(const struct message *m)
{
    struct message copy = *m;
    copy.parts = NULL;
    copy.n_parts = 0;
    copy.confidence = confidence_copy(m->confidence);
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct part *part = &m->parts[i];
        struct attachment *image = part->image ? attachment_keep(part->image) : NULL;
        add_part(&copy, (struct part){.text = mem_copy(part->text), .image = image});
    }
    return copy;
}

static bool is_gap(char c)
{
    return isspace((unsigned char)c);
}

char *message_text(const struct message *m, size_t first_image)
{
    struct str all = {0};
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct part *part = &m->parts[i];
        /* Trimmed away in the prompt, but "[image 1]What" would read badly. */
        bool touches_image = i > 0 && (part->image || m->parts[i - 1].image);
        char next = part->image ? '[' : part->text[0];
        if (touches_image && all.len && next && !is_gap(all.data[all.len - 1]) && !is_gap(next))
            str_putc(&all, ' ');
        if (part->image)
            str_printf(&all, "[image %zu]", first_image++);
        else
            str_puts(&all, part->text);
    }
    return str_take(&all);
}

size_t message_images(const struct message *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_parts; i++)
        n += m->parts[i].image != NULL;
    return n;
}

void message_read(const struct message *m)
{
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].image)
            attachment_read(m->parts[i].image, NULL);
}

void messages_done(struct messages *ms)
{
    messages_cut(ms, 0);
    free(ms->list);
    *ms = (struct messages){0};
}

struct message *messages_add(struct messages *ms, enum role role)
{
    if (ms->n == ms->cap) {
        ms->cap = ms->cap ? 2 * ms->cap : 8;
        ms->list = mem_grow(ms->list, ms->cap, sizeof *ms->list);
    }
    ms->list[ms->n] = (struct message){.role = role};
    return &ms->list[ms->n++];
}

void messages_cut(struct messages *ms, size_t n)
{
    while (ms->n > n)
        message_done(&ms->list[--ms->n]);
}

/* "[image N]" at the start of text: its length, and N's index; 0 if there is none or no such
 * picture. */
static size_t image_token(const char *text, size_t n_images, size_t *index)
{
    static const char head[] = "[image ";
    size_t at = sizeof head - 1, number = 0;
    if (strncmp(text, head, at) != 0 || !isdigit((unsigned char)text[at]))
        return 0;
    while (isdigit((unsigned char)text[at]) && number <= n_images)
        number = 10 * number + (size_t)(text[at++] - '0');
    if (text[at] != ']' || number < 1 || number > n_images)
        return 0;
    *index = number - 1;
    return at + 1;
}

static void add_unnamed(struct message *m, const char *text, struct attachment *const *attachments,
                        size_t n)
{
    bool *named = mem_new(n, sizeof *named);
    for (const char *at = text; (at = strchr(at, '[')); at++) {
        size_t index;
        if (image_token(at, n, &index))
            named[index] = true;
    }
    for (size_t i = 0; i < n; i++)
        if (!named[i])
            message_add_image(m, attachment_keep(attachments[i]));
    free(named);
}

void message_from_input(struct message *m, const char *text, struct attachment *const *attachments,
                        size_t n)
{
    m->role = ROLE_USER;
    add_unnamed(m, text, attachments, n);
    bool *placed = mem_new(n, sizeof *placed);
    const char *start = text, *at = text;
    while ((at = strchr(at, '['))) {
        size_t index, length = image_token(at, n, &index);
        if (!length || placed[index]) { /* a second mention is talk about the picture */
            at++;
            continue;
        }
        placed[index] = true;
        if (at > start)
            message_add_text(m, start, (size_t)(at - start));
        message_add_image(m, attachment_keep(attachments[index]));
        start = at += length;
    }
    if (*start)
        message_add_text(m, start, strlen(start));
    free(placed);
}
