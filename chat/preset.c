#include "chat/preset.h"

#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "chat/named.h"

static bool read_preset(const char *name, ini_take *take, void *user, struct err *err)
{
    char *file, *text = named_read(NAMED_PRESET, name, &file, err);
    bool ok = text && ini_read(text, file, take, user, err);
    free(text);
    free(file);
    return ok;
}

static bool take_option(void *user, const char *section, const char *name, const char *value,
                        struct err *err)
{
    if (*section)
        return err_set(err, "[%s]: a preset has no sections", section);
    if (strcmp(name, "preset") == 0)
        return err_set(err, "a preset cannot name another one");
    return options_set(user, name, value, err);
}

bool preset_apply(struct options *o, const char *name, struct err *err)
{
    return read_preset(name, take_option, o, err);
}

/* ---- In a conversation ---------------------------------------------------------------------- */

struct use {
    struct chat *chat;
    struct str *left;
};

static bool may_change(const char *name)
{
    for (size_t i = 0; i < n_option_rows; i++)
        if (strcmp(option_rows[i].flag, name) == 0)
            return option_rows[i].live;
    return false;
}

static bool take_live(void *user, const char *section, const char *name, const char *value,
                      struct err *err)
{
    struct use *use = user;
    (void)section;
    if (strcmp(name, "system") == 0)
        return chat_set_system(use->chat, value, err);
    if (may_change(name))
        return chat_set(use->chat, name, value, err);
    str_printf(use->left, "%s%s", use->left->len ? ", " : "", name);
    return true;
}

bool preset_use(struct chat *chat, const char *name, struct str *left, struct err *err)
{
    struct options trial;
    struct use use = {chat, left};
    options_copy(&trial, chat_options(chat));
    bool ok = preset_apply(&trial, name, err) && read_preset(name, take_live, &use, err);
    options_done(&trial);
    return ok;
}
