/* `facet help TOPIC`: what is not about one verb, made from the tables. */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include <stdbool.h>
#include <stdio.h>

/* False if there is no such topic. */
bool topic_print(FILE *stream, const char *word);
/* The topics, one a line, as verbs are listed; `column` is where what they are about begins. */
void topic_list(FILE *stream, int column);

#endif
