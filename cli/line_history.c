#include "cli/line_history.h"

#include <stdlib.h>

#include "chat/discard.h"
#include "chat/save.h"
#include "chat/typed_path.h"
#include "cli/history.h"
#include "history/search.h"
#include "history/store.h"

enum { LISTED = 20 };

static bool has_history(const struct line_mode *line, struct err *err)
{
    return line->store || err_set(err, "no history is kept");
}

/* The number of the open conversation; 0 and an error: the history does not have it. */
static int64_t open_number(const struct line_mode *line, struct err *err)
{
    int64_t number = has_history(line, err) ? chat_conversation(line->chat) : 0;
    if (line->store && !number)
        err_set(err, "nothing was said yet");
    return number;
}

/* ---- Others --------------------------------------------------------------------------------- */

void line_recite(struct line_mode *line, size_t from)
{
    const struct messages *ms = chat_messages(line->chat);
    for (size_t i = from; i < ms->n; i++) {
        const struct message *m = &ms->list[i];
        char *text = message_text(m, 1);
        line_note(line, m->role == ROLE_USER ? "> " : m->role == ROLE_SYSTEM ? "(system) " : "");
        line_note(line, text);
        line_note(line, m->interrupted ? "\n(interrupted; /continue goes on)\n" : "\n");
        free(text);
    }
}

bool line_open(struct line_mode *line, const char *argument, struct err *err)
{
    char *end;
    long long number = strtoll(argument, &end, 10);
    if (!has_history(line, err))
        return false;
    if (*end || number <= 0)
        return err_set(err, "/open takes the number of a conversation; /history shows them");
    if (!chat_load(line->chat, number, err))
        return false;
    line_recite(line, 0);
    return true;
}

struct listing {
    struct line_mode *line;
    size_t n;
};

static bool list_one(void *user, const struct store_conversation *c)
{
    struct listing *l = user;
    char date[HISTORY_DATE_BYTES];
    fprintf(l->line->notes, "%6lld  %s  ", (long long)c->id, history_date(c->updated, date));
    line_note(l->line, c->title ? c->title : "");
    line_note(l->line, "\n");
    return ++l->n < LISTED;
}

bool line_history(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    struct listing listing = {line, 0};
    if (!has_history(line, err) || !store_list(line->store, list_one, &listing, err))
        return false;
    line_note(line, listing.n == LISTED ? "(facet history list shows all)\n"
                    : listing.n == 0    ? "(nothing yet)\n"
                                        : "");
    return true;
}

static bool find_one(void *user, const struct search_hit *hit)
{
    struct listing *l = user;
    history_print_hit(l->line->notes, hit, false);
    return ++l->n < LISTED;
}

bool line_find(struct line_mode *line, const char *argument, struct err *err)
{
    struct listing listing = {line, 0};
    if (!*argument)
        return err_set(err, "/find needs WORDS");
    if (!has_history(line, err) ||
        !store_search(line->store, argument, LISTED, find_one, &listing, err))
        return false;
    line_note(line, listing.n == LISTED ? "(facet history search finds more)\n"
                    : listing.n == 0    ? "(nothing is found)\n"
                                        : "(/open N goes there)\n");
    return true;
}

/* ---- The one that is open ------------------------------------------------------------------- */

bool line_rename(struct line_mode *line, const char *argument, struct err *err)
{
    int64_t number = open_number(line, err);
    return number && store_rename(line->store, number, argument, err);
}

bool line_archive(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    int64_t number = open_number(line, err);
    if (!number || !store_archive(line->store, number, true, err) || !chat_clear(line->chat, err))
        return false;
    fprintf(line->notes, "(archived; facet history unarchive %lld lists it again)\n",
            (long long)number);
    return true;
}

bool line_discard(struct line_mode *line, const char *argument, struct err *err)
{
    (void)argument;
    int64_t number = open_number(line, err);
    if (!number || !discard_conversation(line->store, number, err) || !chat_clear(line->chat, err))
        return false;
    fprintf(line->notes, "(deleted; facet history undelete %lld brings it back, for %d days)\n",
            (long long)number, STORE_KEEP_DAYS);
    return true;
}

bool line_export(struct line_mode *line, const char *argument, struct err *err)
{
    char *path = typed_path(argument);
    bool ok = conversation_save(line->chat, line->store, path, err);
    free(path);
    return ok;
}
