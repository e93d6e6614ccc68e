#include "tui/transcript_item.h"

#include <stdlib.h>
#include <string.h>

void item_done(struct item *item)
{
    for (size_t i = 0; i < item->n_pictures; i++)
        attachment_release(item->pictures[i]);
    free(item->pictures);
    str_done(&item->text);
    free(item->aside);
    free(item->matches);
    flow_runs_done(&item->written);
    markdown_done(&item->laid);
}

void item_add_text(struct item *item, const char *text, size_t n)
{
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(text + n - at))); at++)
        item->n_lines++;
    str_put(&item->text, text, n);
}

void item_release(struct item *item)
{
    markdown_done(&item->laid);
    item->has_rows = false;
}

void item_spoil(struct item *item)
{
    item_release(item);
    item->width = item->searched_width = 0;
}

void item_set_written(struct item *item, const struct flow_runs *runs)
{
    size_t n = item->text.len, at = 0;
    flow_runs_done(&item->written);
    for (size_t i = 0; runs && i < runs->n && at < n; i++) {
        const struct flow_run *run = &runs->list[i];
        at = run->end < n ? run->end : n;
        flow_add(&item->written, run->start, at, run->tone, run->attrs);
    }
    if (runs)
        flow_add(&item->written, at, n, TONE_TEXT, 0);
    item_spoil(item);
}

/* Anything but Markdown. */
static void lay_plain(struct item *item, int width)
{
    const char *text = str_text(&item->text);
    struct flow *flow = &item->laid.flow;
    struct flow_line line = {
        .text = text, .runs = &item->written, .end = item->text.len, .width = width};
    if (item->written.n == 0) {
        flow_plain(flow, text, item->text.len, width);
        return;
    }
    flow_cut(flow, 0, 0);
    flow_wrap(flow, &line);
}

static bool is_formatted(const struct item *item)
{
    return item->kind == ITEM_MODEL && item->written.n == 0;
}

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

/* Whether it is an object of JSON and nothing else, so far. */
static bool is_json(const char *text)
{
    const char *s = skip_space(text);
    size_t depth = 0;
    bool quoted = false;
    if (*s != '{' || (*skip_space(s + 1) != '"' && *skip_space(s + 1) != '}'))
        return false;
    for (; *s; s++) {
        if (*s == '"')
            quoted = !quoted;
        else if (quoted)
            s += *s == '\\' && s[1];
        else if (*s == '{' || *s == '[')
            depth++;
        else if ((*s == '}' || *s == ']') && --depth == 0)
            return *skip_space(s + 1) == '\0';
    }
    return true;
}

/* JSON has stars and underlines that are no marks: it is laid as code. */
static void lay_answer(struct item *item, int width)
{
    static const char fence[] = "~~~~~~~~ json\n";
    const char *text = str_text(&item->text);
    const bool json = is_json(text);
    if (item->width != width || item->is_json != json)
        markdown_reset(&item->laid);
    item->is_json = json;
    if (!json) {
        markdown_update(&item->laid, text, item->text.len, width, item->growing);
        return;
    }
    struct str code = {0};
    str_put(&code, fence, sizeof fence - 1);
    str_put(&code, text, item->text.len);
    markdown_update(&item->laid, code.data, code.len, width, item->growing);
    str_done(&code);
}

void item_lay(struct item *item, int width)
{
    if (item->has_rows && item->width == width && item->bytes == item->text.len)
        return;
    if (is_formatted(item))
        lay_answer(item, width);
    else
        lay_plain(item, width);
    item->has_rows = true;
    item->width = width;
    item->bytes = item->text.len;
    item->n_rows = item->laid.flow.n_rows;
}

size_t item_text_rows(const struct item *item, int width)
{
    if (item->width == width && item->bytes == item->text.len)
        return item->n_rows;
    return item->text.len / (size_t)(width > 0 ? width : 1) + item->n_lines + 1;
}

bool item_has_label(const struct item *item)
{
    return item->kind == ITEM_USER || item->kind == ITEM_MODEL;
}

const char *item_shown(const struct item *item, size_t *n)
{
    const struct str *shown = is_formatted(item) ? &item->laid.text : &item->text;
    *n = shown->len;
    return str_text(shown);
}

size_t item_row_at(const struct item *item, size_t place)
{
    const struct flow *f = &item->laid.flow;
    size_t low = 0, high = f->n_rows;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (f->rows[middle].start <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}
