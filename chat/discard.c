#include "chat/discard.h"

#include "base/file.h"
#include "chat/kept_sessions.h"

void discard_kept(int64_t conversation)
{
    struct kept kept = {.folder = path_xdg(XDG_CACHE)};
    kept_session_drop(&kept, conversation);
    kept_done(&kept);
}

bool discard_conversation(struct store *store, int64_t conversation, struct err *err)
{
    if (!store_delete(store, conversation, err))
        return false;
    discard_kept(conversation);
    return true;
}

static bool take_deleted(void *user, const struct store_conversation *c)
{
    *(bool *)user = c->deleted == 0;
    return true;
}

bool discard_spared(struct store *store, int64_t conversation)
{
    bool spared = false;
    return store_get(store, conversation, take_deleted, &spared, NULL) && spared;
}
