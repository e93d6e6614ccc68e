#include "tui/find.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "history/search.h"
#include "tui/browse.h"

enum { MAX_HITS = 100, DATE_BYTES = 32 };

struct find {
    struct app *app;
    struct chooser *chooser; /* while it is being filled */
    int64_t conversations[MAX_HITS];
    size_t n;
    char *query; /* owned */
};

void find_done(struct app *app)
{
    if (app->find)
        free(app->find->query);
    free(app->find);
    app->find = NULL;
}

/* "cat: …the grey cat slept…", title and text. */
static bool add_hit(void *user, const struct search_hit *hit)
{
    struct find *find = user;
    struct str text = {0};
    char date[DATE_BYTES];
    time_t created = (time_t)hit->created;
    struct tm local;
    localtime_r(&created, &local);
    strftime(date, sizeof date, hit->archived ? "archived %F" : "%F", &local);
    str_puts(&text, hit->title);
    if (hit->message)
        str_printf(&text, ": %s", hit->snippet);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\n')
            text.data[i] = ' ';
    chooser_add(find->chooser, str_text(&text), date, (int64_t)find->n);
    find->conversations[find->n++] = hit->conversation;
    str_done(&text);
    return find->n < MAX_HITS;
}

/* A query that is not finished ("before:2026-") finds nothing yet. */
static void typed(void *user, struct chooser *c, const char *text)
{
    struct app *app = user;
    struct find *find = app->find;
    struct err err;
    find->chooser = c;
    find->n = 0;
    chooser_clear(c);
    free(find->query);
    find->query = mem_copy(text);
    if (*text)
        store_search(app->store, text, MAX_HITS, add_hit, find, &err);
}

/* The first of the words that is no condition. */
static char *first_word(const char *query)
{
    while (*(query += strspn(query, " \""))) {
        size_t n = strcspn(query, " \"");
        if (!memchr(query, ':', n))
            return mem_text(query, n);
        query += n;
    }
    return mem_copy("");
}

static void taken(void *user, int64_t value)
{
    struct app *app = user;
    int64_t conversation = app->find->conversations[value];
    char *word = first_word(app->find->query);
    find_done(app);
    if (browse_open(app, conversation) && *word) {
        app->focus = KEYS_TRANSCRIPT;
        transcript_to_start(app->transcript);
        transcript_search(app->transcript, word);
    }
    free(word);
}

static void left(void *user)
{
    find_done(user);
}

bool find_open(struct app *app, const char *text)
{
    if (!app->store)
        return app_fail(app, "no history is kept here"), false;
    struct chooser_hooks hooks = {.typed = typed, .taken = taken, .left = left, .user = app};
    struct chooser *c = chooser_new(
        &app->theme, "Find in all conversations",
        "words, \"a phrase\", before:2026-11, after:2026-11-01, model:4b, image:cat.jpg", &hooks);
    app_choose(app, c); /* first: a list that was open may be this one */
    app->find = mem_new(1, sizeof *app->find);
    chooser_paste(c, text, strlen(text));
    return true;
}
