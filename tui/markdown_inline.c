#include <string.h>
#include <strings.h>

#include "tui/markdown_lay.h"
#include "tui/theme.h"

/* How many of each are open around what comes next. */
struct inlines {
    struct lay *lay;
    uint8_t tone;
    int bold, italic, struck, links;
    size_t link_text; /* where that of the last link begins */
};

static void put(struct inlines *in, const char *text, uint8_t tone)
{
    struct str *out = &in->lay->m->text;
    size_t start = out->len;
    str_puts(out, text ? text : "");
    uint8_t attrs = (uint8_t)((in->bold ? ATTR_BOLD : 0) | (in->italic ? ATTR_ITALIC : 0));
    flow_add(&in->lay->line, start, out->len, tone, attrs);
}

static uint8_t text_tone(const struct inlines *in)
{
    return in->links ? TONE_LINK : in->struck ? TONE_MUTED : in->tone;
}

static void end_link(struct inlines *in, const char *url)
{
    const struct str *text = &in->lay->m->text;
    const char *shown = text->data + in->link_text;
    size_t n = text->len - in->link_text;
    const char *plain = url && strncmp(url, "mailto:", 7) == 0 ? url + 7 : url;
    bool same = plain && strlen(plain) == n && memcmp(plain, shown, n) == 0;
    in->links--;
    if (!plain || !*plain || same)
        return;
    put(in, n ? " (" : "(", TONE_MUTED);
    put(in, plain, TONE_MUTED);
    put(in, ")", TONE_MUTED);
}

static void put_html(struct inlines *in, const char *html)
{
    bool line_break = strncasecmp(html, "<br", 3) == 0 && strchr(" />", html[3]);
    put(in, line_break ? "\n" : html, line_break ? in->tone : TONE_MUTED);
}

static bool is_strike(cmark_node *node)
{
    return strcmp(cmark_node_get_type_string(node), "strikethrough") == 0;
}

/* What an inline node opens or closes; it is a leaf if it has no text but its children's. */
static void span(struct inlines *in, cmark_node *node, bool enter)
{
    int step = enter ? 1 : -1;
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_EMPH:
        in->italic += step;
        break;
    case CMARK_NODE_STRONG:
        in->bold += step;
        break;
    case CMARK_NODE_IMAGE:
        if (enter)
            put(in, "image: ", TONE_MUTED);
        /* fall through */
    case CMARK_NODE_LINK:
        if (enter) {
            in->links++;
            in->link_text = in->lay->m->text.len;
        } else {
            end_link(in, cmark_node_get_url(node));
        }
        break;
    default:
        if (!is_strike(node))
            break;
        if (enter)
            put(in, "~", TONE_MUTED);
        in->struck += step;
        if (!enter)
            put(in, "~", TONE_MUTED);
    }
}

static void inline_event(struct inlines *in, cmark_node *node, bool enter)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
        put(in, cmark_node_get_literal(node), text_tone(in));
        break;
    case CMARK_NODE_CODE:
        put(in, cmark_node_get_literal(node), TONE_CODE);
        break;
    case CMARK_NODE_HTML_INLINE:
        put_html(in, cmark_node_get_literal(node));
        break;
    case CMARK_NODE_SOFTBREAK: /* models mean the ends of their lines */
    case CMARK_NODE_LINEBREAK:
        put(in, "\n", in->tone);
        break;
    default:
        span(in, node, enter);
    }
}

void lay_inlines(struct lay *l, cmark_node *block, uint8_t tone)
{
    struct inlines in = {.lay = l, .tone = tone};
    cmark_iter *iter = cmark_iter_new(block);
    cmark_event_type event;
    l->line.n = 0;
    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
        if (cmark_iter_get_node(iter) != block)
            inline_event(&in, cmark_iter_get_node(iter), event == CMARK_EVENT_ENTER);
    cmark_iter_free(iter);
}
