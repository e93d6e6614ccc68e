/* The tables, and how older ones become these. */
#ifndef HISTORY_SCHEMA_H
#define HISTORY_SCHEMA_H

#include "history/sql.h"

/* Between store_begin and store_end. */
bool schema_migrate(struct store *s, struct err *err);

#endif
