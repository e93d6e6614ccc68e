/* Which process writes a row: process numbers are used again, so its start and the machine's boot
 * go with it. */
#ifndef HISTORY_WRITER_H
#define HISTORY_WRITER_H

#include <stdbool.h>

enum { WRITER_BYTES = 96 };

/* This process, as text. */
void writer_self(char out[WRITER_BYTES]);
/* False if the process of that text has ended, or the text is of no process. */
bool writer_is_alive(const char *writer);

#endif
