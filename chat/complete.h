/* What a command could go on with: its name, paths, options and their values, conversations; and
 * what a path alone could, which begins with / or ~/. */
#ifndef CHAT_COMPLETE_H
#define CHAT_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

struct store; /* history/store.h */

struct completion {
    size_t start; /* a candidate's text takes the place of [start, cursor) of the line */
    struct candidate {
        char *text, *label; /* label: for showing */
    } * list;
    size_t n;
    size_t common; /* bytes that all texts begin with */
};

/* False if there is nothing that could be completed. store may be NULL. Free with completion_done.
 */
bool complete_line(const char *line, size_t cursor, struct store *store, struct completion *c);
void completion_done(struct completion *c);

#endif
