#include "tui/shading.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chat/confidence.h"
#include "tui/glyph.h"
#include "tui/revising.h"

/* What can be read of a token: whole characters, without the space around. */
struct word {
    size_t start, end;
    const struct confidence_token *token;
};

struct words {
    char *text; /* of the message */
    struct word *list;
    size_t n;
    const struct confidence *confidence;
};

static void words_done(struct words *w)
{
    free(w->text);
    free(w->list);
    *w = (struct words){0};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void add_word(struct words *w, size_t start, size_t end,
                     const struct confidence_token *token)
{
    while (start < end && is_space(w->text[start]))
        start++;
    while (start < end && is_space(w->text[end - 1]))
        end--;
    if (start < end)
        w->list[w->n++] = (struct word){start, end, token};
}

/* Tokens may end within what is drawn as one character; that is the word's which it begins in. */
static void words_init(struct words *w, const struct message *m)
{
    const struct confidence *c = m->confidence;
    *w = (struct words){.text = message_text(m, 1), .confidence = c};
    size_t n = strlen(w->text), at = c->n ? c->tokens[0].start : 0;
    w->list = mem_new(c->n, sizeof *w->list);
    for (size_t i = 0; i < c->n; i++) {
        size_t start = at;
        struct glyph glyph;
        while (at < c->tokens[i].end && at < n)
            at += glyph_next(w->text + at, n - at, &glyph);
        add_word(w, start, at, &c->tokens[i]);
    }
}

/* ---- Shades --------------------------------------------------------------------------------- */

/* Apart without colours too: there the second is as the first. */
static void add_shaded(struct flow_runs *runs, const struct word *word, bool at_cursor)
{
    static const struct {
        float from;
        uint8_t tone, attrs;
    } shades[] = {
        {0.7F, TONE_TEXT, 0},
        {0.4F, TONE_MUTED, 0},
        {0.15F, TONE_MUTED, ATTR_UNDERLINE},
        {-1, TONE_WARNING, ATTR_UNDERLINE},
    };
    size_t i = 0;
    while (word->token->probability < shades[i].from)
        i++;
    flow_add(runs, word->start, word->end, at_cursor ? TONE_SELECTED : shades[i].tone,
             at_cursor ? 0 : shades[i].attrs);
}

static void show(struct app *app, size_t message, const struct words *w)
{
    struct flow_runs runs = {0};
    size_t at = 0;
    for (size_t i = 0; i < w->n; i++) {
        flow_add(&runs, at, w->list[i].start, TONE_TEXT, 0);
        add_shaded(&runs, &w->list[i], i == app->shaded_word);
        at = w->list[i].end;
    }
    transcript_show_written(app->transcript, message, &runs, w->list[app->shaded_word].start);
    flow_runs_done(&runs);
}

/* ---- What is told of a word ----------------------------------------------------------------- */

/* On one line, and so that something is seen of white space. */
static void put_piece(struct str *out, const char *text, size_t n)
{
    size_t start = 0;
    while (start < n && text[start] == ' ')
        start++;
    if (start == n)
        str_puts(out, "␣");
    for (size_t i = start; i < n; i++)
        if (text[i] == '\n')
            str_puts(out, "↵");
        else
            str_putc(out, text[i]);
}

static void put_percent(struct str *out, float probability)
{
    if (probability < 0.005F)
        str_puts(out, " <1 %");
    else
        str_printf(out, " %.0f %%", 100 * (double)probability);
}

/* As many of the others as one line has room for, so that the screen does not jump. */
static void tell(struct app *app, const struct words *w)
{
    const struct word *word = &w->list[app->shaded_word];
    struct str line = {0}, other = {0};
    str_putc(&line, '"');
    put_piece(&line, w->text + word->start, word->end - word->start);
    str_putc(&line, '"');
    put_percent(&line, word->token->probability);
    for (size_t i = 0; i < word->token->n_others; i++) {
        const char *text = confidence_other(w->confidence, word->token, i);
        str_clear(&other);
        str_puts(&other, " · ");
        put_piece(&other, text, strlen(text));
        put_percent(&other, word->token->others[i].probability);
        size_t cells = glyph_cells(line.data, line.len) + glyph_cells(other.data, other.len);
        if (cells > (size_t)app->layout.info.cols)
            break;
        str_put(&line, other.data, other.len);
    }
    app_say(app, "%s", str_text(&line));
    str_done(&other);
    str_done(&line);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

/* Tells why if there is nothing to shade. */
static bool find_words(struct app *app, size_t message, struct words *w)
{
    size_t index;
    *w = (struct words){0};
    if (!revising_find(app, message, &index))
        return false;
    const struct message *m = &chat_messages(app->chat)->list[index];
    if (m->confidence)
        words_init(w, m);
    if (m->role != ROLE_MODEL)
        app_say(app, "only an answer can be shaded: [ and ] select one");
    else if (!m->confidence && !chat_options(app->chat)->confidence)
        app_say(app, "it is not known how sure it was there; /set confidence yes keeps it from now on");
    else if (w->n == 0)
        app_say(app, "it is not known how sure it was there");
    return w->n > 0;
}

static void shade(struct app *app, size_t message, int step)
{
    struct words w;
    if (find_words(app, message, &w)) {
        size_t to = app->shaded_word + (size_t)step;
        app->shaded_word = to < w.n ? to : app->shaded_word < w.n ? app->shaded_word : 0;
        show(app, message, &w);
        tell(app, &w);
    }
    words_done(&w);
}

void shading_toggle(struct app *app)
{
    size_t message;
    struct str text = {0};
    if (shading_end(app))
        return;
    if (transcript_get_selected(app->transcript, &text, &message) == SELECTED_NOTHING)
        app_say(app, "there is no answer yet");
    else {
        app->shaded_word = 0;
        shade(app, message, 0);
    }
    str_done(&text);
}

void shading_step(struct app *app, int step)
{
    char key[KEY_NAME_BYTES];
    size_t message;
    if (transcript_is_written(app->transcript, &message))
        shade(app, message, step);
    else
        app_say(app, "%s shades an answer by how sure it was of each word",
                keys_first(KEYS_TRANSCRIPT, ACTION_SHADE, key));
}

void shading_tell(struct app *app)
{
    size_t message;
    struct words w;
    if (!transcript_is_written(app->transcript, &message))
        return;
    if (find_words(app, message, &w))
        tell(app, &w);
    words_done(&w);
}

bool shading_is_on(const struct app *app)
{
    size_t message;
    return transcript_is_written(app->transcript, &message);
}

bool shading_end(struct app *app)
{
    return transcript_show_formatted(app->transcript);
}
