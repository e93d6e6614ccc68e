#include "cli/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void ids_push(struct ids *ids, int32_t id)
{
    if ((ids->n & (ids->n - 1)) == 0) /* room for 1, 2, 4, … */
        ids->list = mem_grow(ids->list, ids->n ? 2 * ids->n : 1, sizeof *ids->list);
    ids->list[ids->n++] = id;
}

bool ids_parse(struct ids *ids, const char *text, struct err *err)
{
    static const char between[] = ", \t\r\n[]";
    for (text += strspn(text, between); *text; text += strspn(text, between)) {
        char *end;
        errno = 0;
        long value = strtol(text, &end, 10);
        if (end == text || (*end && !strchr(between, *end)) || errno || value < 0 ||
            value > INT32_MAX)
            return err_set(err, "\"%.*s\" is no token id", (int)strcspn(text, between), text);
        ids_push(ids, (int32_t)value);
        text = end;
    }
    return true;
}

void ids_done(struct ids *ids)
{
    free(ids->list);
    *ids = (struct ids){0};
}

json_t *ids_json(const int32_t *ids, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_integer(ids[i]));
    return list;
}
