#include "history/import_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A node of the mapping that waits, and where in the draft its nearest ancestor with words is. */
struct waiting {
    const char *id;
    size_t parent;
};

struct walk {
    const json_t *mapping;
    const char *current; /* the node that was seen last */
    size_t seen;         /* its place in the draft */
    json_t *met;         /* ids: no node is taken twice, whoever names it as a child */
    struct waiting *queue;
    size_t n;
    struct draft *draft;
};

static void put_part(struct str *text, const json_t *part)
{
    const char *words = json_string_value(part);
    if (!words)
        words = json_is_object(part) ? import_text(part, "text", "(a picture)") : "";
    str_puts(text, text->len && *words ? "\n" : "");
    str_puts(text, words);
}

/* Messages of the system's and tools' are how others work inside, and of no use here. */
static size_t take_message(struct walk *w, const json_t *message, size_t parent)
{
    const char *role = import_text(json_object_get(message, "author"), "role", "");
    bool user = strcmp(role, "user") == 0;
    const json_t *content = json_object_get(message, "content");
    const json_t *parts = json_object_get(content, "parts");
    if (!user && strcmp(role, "assistant") != 0)
        return parent;
    struct str text = {0};
    for (size_t i = 0; i < json_array_size(parts); i++)
        put_part(&text, json_array_get(parts, i));
    if (!parts)
        str_puts(&text, import_text(content, "text", ""));
    size_t place = parent;
    if (text.len)
        place = import_draft_add(w->draft, parent, user, text.data, import_time(message, "create_time"));
    str_done(&text);
    return place;
}

static void wait_for(struct walk *w, const char *id, size_t parent)
{
    if (!id || json_object_get(w->met, id) || !json_object_get(w->mapping, id))
        return;
    json_object_set_new(w->met, id, json_true());
    w->queue = mem_grow(w->queue, w->n + 1, sizeof *w->queue);
    w->queue[w->n++] = (struct waiting){id, parent};
}

static void take_node(struct walk *w, struct waiting at)
{
    const json_t *node = json_object_get(w->mapping, at.id);
    const json_t *children = json_object_get(node, "children");
    size_t place = take_message(w, json_object_get(node, "message"), at.parent);
    if (w->current && strcmp(w->current, at.id) == 0)
        w->seen = place;
    for (size_t i = 0; i < json_array_size(children); i++)
        wait_for(w, json_string_value(json_array_get(children, i)), place);
}

/* Level by level from the roots: nodes that name no parent that is there. */
static size_t walk(struct draft *d, const json_t *conversation)
{
    const char *id;
    json_t *node, *mapping = json_object_get(conversation, "mapping");
    struct walk w = {.mapping = mapping,
                     .current = import_text(conversation, "current_node", NULL),
                     .met = json_object(),
                     .draft = d};
    json_object_foreach(mapping, id, node)
        if (!json_object_get(mapping, import_text(node, "parent", "")))
            wait_for(&w, id, 0);
    for (size_t i = 0; i < w.n; i++)
        take_node(&w, w.queue[i]);
    free(w.queue);
    json_decref(w.met);
    return w.seen;
}

static bool import_one(struct store *s, const json_t *json, struct import_count *count,
                       struct err *err)
{
    struct draft d = {.store = s};
    struct store_conversation c = {.title = import_text(json, "title", ""),
                                   .model = import_text(json, "default_model_slug", "ChatGPT"),
                                   .created = import_time(json, "create_time")};
    if (!json_is_object(json_object_get(json, "mapping")))
        return err_set(err, "has no \"mapping\"");
    size_t last = walk(&d, json);
    bool ok = true;
    if (d.n > 0) {
        d.conversation = store_add_conversation(s, &c, err);
        ok = d.conversation && import_draft_write(&d, last, err) &&
             import_dated(s, d.conversation, import_time(json, "update_time"), err);
        count->conversations++;
        count->messages += d.n;
    }
    import_draft_done(&d);
    return ok;
}

bool import_chatgpt(struct store *s, const json_t *list, struct import_count *count,
                    struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!import_one(s, json_array_get(list, i), count, err))
            return err_prefix(err, "conversation %zu", i + 1);
    return true;
}
