/* The form that answers must have (the option `schema`): a JSON Schema, as facet.h understands it,
 * from what somebody gave for one. */
#ifndef CHAT_FORM_H
#define CHAT_FORM_H

#include "base/err.h"
#include "base/str.h"

/* value: a schema that begins with '{', or a file that holds one, or names of members with what
 * they are, such as "caption, tags list, people int" (int, float, bool, list, text). The schema as
 * one line that begins with '{', the same for the same schema; free() it. NULL where it cannot be
 * read or followed; the error names the file. */
char *form_read(const char *value, struct err *err);

/* Puts what the model is told of it, at the end of its system text. */
void form_tell(struct str *system, const char *schema);

#endif
