#include "tui/mistakes.h"

#include <string.h>

#include "chat/config.h"
#include "tui/bindings.h"

struct mistakes {
    struct options trial; /* the options have been read before */
    struct chooser *list;
    size_t n;
    struct err last;
};

static bool take(void *user, const char *section, const char *name, const char *value,
                 struct err *err)
{
    struct mistakes *m = user;
    if (strcmp(section, "keys") == 0)
        return bindings_set(name, value, err);
    return config_has_section(section, err) && options_set(&m->trial, name, value, err);
}

static void note(void *listener, const char *mistake)
{
    struct mistakes *m = listener;
    const char *file = strstr(mistake, "facet.conf:"); /* a list has no room for where it lies */
    err_set(&m->last, "%s", mistake);
    chooser_add(m->list, file ? file : mistake, NULL, (int64_t)m->n++);
}

void mistakes_tell(struct app *app, const struct options *options)
{
    struct err err;
    struct mistakes m = {.n = 0};
    m.list = chooser_new(&app->theme, "Mistakes in the configuration; the rest of it holds", "none",
                         &(struct chooser_hooks){0});
    config_check(take, &m, note, &m);
    if (!bindings_check(&err))
        note(&m, err.text);
    if (options->mistake && options->mistake[0] == '$') /* of the environment */
        note(&m, options->mistake);
    options_done(&m.trial);
    if (m.n > 1) {
        app_fail(app, "%zu mistakes in the configuration", m.n);
        app_choose(app, m.list);
        return;
    }
    if (m.n)
        app_fail(app, "%s", m.last.text);
    chooser_free(m.list);
}
