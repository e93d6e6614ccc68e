#include "tui/drafting.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "chat/draft.h"
#include "tui/attaching.h"

static const double delay_s = 0.8;

struct drafting {
    struct draft *draft;
    char *written; /* the text as it was kept last; owned */
    double due;    /* seconds, monotonic; 0: nothing is to be written */
    bool failed;   /* told once; no more is tried */
};

static void bring_back(struct app *app, const struct draft_content *c)
{
    app_say(app, "This was being written when facet ended. Ctrl-C clears it.");
    for (size_t i = 0; i < c->n_pictures && attaching_again(app, c->pictures[i]); i++)
        ;
    input_set(app->input, c->text);
}

void drafting_open(struct app *app)
{
    struct draft_content found;
    if (chat_options(app->chat)->no_history)
        return;
    struct drafting *d = app->drafting = mem_new(1, sizeof *d);
    d->draft = draft_open(&found);
    if (found.text && *found.text)
        bring_back(app, &found);
    d->written = mem_copy(input_text(app->input));
    draft_content_done(&found);
}

static void keep(struct app *app, struct drafting *d)
{
    struct err err;
    size_t n;
    struct attachment *const *pictures = input_pictures(app->input, &n);
    const char **paths = mem_new(n + 1, sizeof *paths);
    for (size_t i = 0; i < n; i++)
        paths[i] = pictures[i]->path;
    char *text = input_full_text(app->input);
    if (!draft_write(d->draft, text, paths, n, &err)) {
        app_fail(app, "what is being written cannot be kept: %s", err.text);
        d->failed = true;
    }
    free(text);
    free(paths);
    free(d->written);
    d->written = mem_copy(input_text(app->input));
    d->due = 0;
}

static bool is_kept(const struct app *app, const struct drafting *d)
{
    return d->failed || strcmp(d->written, input_text(app->input)) == 0;
}

int drafting_tick(struct app *app)
{
    struct drafting *d = app->drafting;
    double now = app_now();
    if (!d || is_kept(app, d))
        return -1;
    if (input_is_empty(app->input)) /* sent: it must not come back */
        d->due = now;
    else if (d->due == 0)
        d->due = now + delay_s;
    if (now < d->due)
        return (int)((d->due - now) * 1000) + 1;
    keep(app, d);
    return -1;
}

void drafting_close(struct app *app)
{
    struct drafting *d = app->drafting;
    if (!d)
        return;
    if (!is_kept(app, d))
        keep(app, d);
    draft_close(d->draft);
    free(d->written);
    free(d);
}
