/* Finding what was said. A query is words as people type them, all of which must be there, in any
 * script and case; "a phrase" in quotes is one word; and
 *
 *     before:2026-11-01  after:2026-10   said before that day, month or year; then, or later
 *     model:4b                           answered by a model with that in its name, or asked of it
 *     image:cat.jpg                      with a picture of such a path, or whose digest begins so
 */
#ifndef HISTORY_SEARCH_H
#define HISTORY_SEARCH_H

#include "history/store.h"

struct search_hit {
    int64_t conversation, message; /* message 0: it is the title that was found */
    const char *title, *role;
    int64_t created; /* Unix seconds */
    bool archived;
    const char *snippet; /* one line of the text around the first word found, as it stands there
                            (control codes too, but line ends) */
    size_t at, n_bytes;  /* where in the snippet that word is; 0 bytes: nowhere */
};

/* Gives the best hits first, titles before all, at most `limit`; nothing of what is deleted. A
 * query that says nothing, or no date, is an error. Hits are borrowed for the call of `each`, which
 * returns false to stop. */
bool store_search(struct store *s, const char *query, size_t limit,
                  bool (*each)(void *user, const struct search_hit *hit), void *user,
                  struct err *err);

#endif
