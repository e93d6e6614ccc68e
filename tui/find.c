#include "tui/find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "history/search.h"
#include "tui/browse.h"

enum { MAX_HITS = 100, DATE_BYTES = 32 };

struct find {
    struct app *app;
    struct chooser *chooser; /* while it is being filled */
    struct {
        int64_t conversation, message; /* message 0: its title was found */
    } hits[MAX_HITS];
    size_t n;
    bool pictures; /* one was seen beside the list */
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
    find->hits[find->n].conversation = hit->conversation;
    find->hits[find->n++].message = hit->message;
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

/* ---- The picture it is about ---------------------------------------------------------------- */

struct seeking {
    int64_t message; /* 0: any */
    bool found;
    char digest[SHA256_HEX_BYTES]; /* of the picture shown last so far; "": none yet */
};

static bool seek(void *user, const struct store_message *m)
{
    struct seeking *seeking = user;
    if (m->n_images)
        snprintf(seeking->digest, sizeof seeking->digest, "%s", m->images[0].digest);
    seeking->found = seeking->message ? m->id == seeking->message : m->n_images > 0;
    return !seeking->found;
}

/* Of the hit "conversation message", the history's small picture. On the errands' thread. */
static bool load_thumbnail(void *store, const char *hit, struct image *image, struct err *err)
{
    struct seeking seeking = {.digest = ""};
    char *end;
    size_t n;
    int64_t conversation = strtoll(hit, &end, 10);
    seeking.message = strtoll(end, NULL, 10);
    err->text[0] = 0;
    if (!store_messages(store, conversation, seek, &seeking, err) || !seeking.found ||
        !seeking.digest[0])
        return false;
    void *png = store_picture(store, seeking.digest, true, &n, err);
    bool ok = png && image_decode_sandboxed(image, NULL, png, n, "the thumbnail", NULL, err);
    free(png);
    return ok;
}

/* Once one was seen the place is kept: the list is not to jump. */
static bool beside(void *user, int64_t value, struct surface *s, struct rect where)
{
    struct app *app = user;
    struct find *find = app->find;
    char hit[48];
    snprintf(hit, sizeof hit, "%lld %lld", (long long)find->hits[value].conversation,
             (long long)find->hits[value].message);
    find->pictures |=
        glance_draw(app, s, where, &(struct glance_wish){load_thumbnail, app->store, hit});
    return find->pictures;
}

/* ---- Taking one ----------------------------------------------------------------------------- */

/* The words that are no conditions, at most so many. */
static char *words_of(const char *query, size_t most)
{
    struct str words = {0};
    for (size_t n, k = 0; k < most && *(query += strspn(query, " \"")); query += n) {
        n = strcspn(query, " \"");
        if (memchr(query, ':', n))
            continue;
        str_puts(&words, k++ ? " " : "");
        str_put(&words, query, n);
    }
    return str_take(&words);
}

struct placing {
    int64_t message;
    size_t place; /* of those of user and model */
    bool found;
};

static bool place(void *user, const struct store_message *m)
{
    struct placing *placing = user;
    placing->found = m->id == placing->message;
    placing->place += !placing->found && strcmp(m->role, role_name(ROLE_SYSTEM)) != 0;
    return !placing->found;
}

/* Of words that stand together, to where they do; else to the first of them. */
static void go_to(struct app *app, int64_t conversation, int64_t message, const char *query)
{
    struct err err;
    struct placing placing = {.message = message};
    size_t k, n;
    char *all = words_of(query, SIZE_MAX), *first = words_of(query, 1);
    transcript_to_start(app->transcript);
    if (message && store_messages(app->store, conversation, place, &placing, &err) && placing.found)
        transcript_to_message(app->transcript, placing.place);
    transcript_search(app->transcript, all);
    transcript_search_count(app->transcript, &k, &n);
    if (!n)
        transcript_search(app->transcript, first);
    free(first);
    free(all);
}

static void taken(void *user, int64_t value)
{
    struct app *app = user;
    int64_t conversation = app->find->hits[value].conversation;
    int64_t message = app->find->hits[value].message;
    char *query = mem_copy(app->find->query);
    find_done(app);
    if (browse_open(app, conversation)) {
        app->focus = KEYS_TRANSCRIPT;
        go_to(app, conversation, message, query);
    }
    free(query);
}

static void left(void *user)
{
    find_done(user);
}

bool find_open(struct app *app, const char *text)
{
    if (!app->store)
        return app_fail(app, "no history is kept here"), false;
    struct chooser_hooks hooks = {
        .typed = typed, .beside = beside, .taken = taken, .left = left, .user = app};
    struct chooser *c = chooser_new(
        &app->theme, "Find in all conversations",
        "words, \"a phrase\", before:2026-11, after:2026-11-01, model:4b, image:cat.jpg", &hooks);
    app_choose(app, c); /* first: a list that was open may be this one */
    app->find = mem_new(1, sizeof *app->find);
    chooser_paste(c, text, strlen(text));
    return true;
}
