#include "history/import_parts.h"

#include <stdlib.h>

#include "base/mem.h"

static struct draft_message *at(struct draft *d, size_t place)
{
    return &d->list[place - 1];
}

static size_t append(struct draft *d, size_t parent, bool user, int64_t created)
{
    d->list = mem_grow(d->list, d->n + 1, sizeof *d->list);
    d->list[d->n++] = (struct draft_message){.parent = parent, .user = user, .created = created};
    if (parent)
        at(d, parent)->has_children = true;
    return d->n;
}

/* Where something else follows the first part already, the joined one stands beside it. */
static size_t join(struct draft *d, size_t first, const char *text, int64_t created)
{
    size_t place = first;
    if (at(d, first)->has_children) {
        place = append(d, at(d, first)->parent, at(d, first)->user, created);
        str_puts(&at(d, place)->text, str_text(&at(d, first)->text));
    }
    struct str *whole = &at(d, place)->text;
    str_puts(whole, whole->len && *text ? "\n\n" : "");
    str_puts(whole, text);
    return place;
}

size_t import_draft_add(struct draft *d, size_t parent, bool user, const char *text, int64_t created)
{
    if (parent && at(d, parent)->user == user)
        return join(d, parent, text, created);
    if (!parent && !user)
        parent = append(d, 0, true, created);
    size_t place = append(d, parent, user, created);
    str_puts(&at(d, place)->text, text);
    return place;
}

void import_draft_add_image(struct draft *d, size_t place, const char *path, const char *digest)
{
    struct draft_message *m = at(d, place);
    m->images = mem_grow(m->images, m->n_images + 1, sizeof *m->images);
    m->images[m->n_images] = (struct store_image){m->n_images, mem_copy(path), mem_copy(digest)};
    m->n_images++;
}

static bool write_one(struct draft *d, struct draft_message *m, struct err *err)
{
    struct store_message stored = {.parent = m->parent ? at(d, m->parent)->row : 0,
                                   .role = m->user ? "user" : "model",
                                   .text = str_text(&m->text),
                                   .created = m->created,
                                   .n_images = m->n_images,
                                   .images = m->images};
    m->row = store_add_message(d->store, d->conversation, &stored, err);
    return m->row > 0;
}

bool import_draft_write(struct draft *d, size_t last, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < d->n; i++)
        ok = write_one(d, &d->list[i], err);
    for (size_t child = last; ok && child; child = at(d, child)->parent) {
        size_t parent = at(d, child)->parent;
        ok = store_choose(d->store, d->conversation, parent ? at(d, parent)->row : 0,
                          at(d, child)->row, err);
    }
    return ok;
}

void import_draft_done(struct draft *d)
{
    for (size_t i = 0; i < d->n; i++) {
        struct draft_message *m = &d->list[i];
        str_done(&m->text);
        for (size_t k = 0; k < m->n_images; k++) {
            free((char *)m->images[k].path);
            free((char *)m->images[k].digest);
        }
        free(m->images);
    }
    free(d->list);
    *d = (struct draft){0};
}
