#include "chat/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "chat/nearest.h"
#include "chat/options.h"

enum { MAX_FILE_BYTES = 1 << 20 };

static char *config_path(void)
{
    char *folder = path_xdg(XDG_CONFIG), *path = path_join(folder, "facet.conf");
    free(folder);
    return path;
}

bool config_read(ini_take *take, void *user, struct err *err)
{
    char *path = config_path();
    size_t size;
    bool ok = true;
    if (file_exists(path)) {
        char *text = file_read(path, MAX_FILE_BYTES, &size, err);
        ok = text && ini_read(text, path, take, user, err);
        free(text);
    }
    free(path);
    return ok;
}

void config_check(ini_take *take, void *user, ini_tell *tell, void *listener)
{
    char *path = config_path();
    size_t size;
    struct err err;
    char *text = file_exists(path) ? file_read(path, MAX_FILE_BYTES, &size, &err) : mem_copy("");
    if (text)
        ini_check(text, path, take, user, tell, listener);
    else
        tell(listener, err.text);
    free(text);
    free(path);
}

bool config_has_section(const char *section, struct err *err)
{
    struct nearest nearest = nearest_start(section);
    if (!*section || strcmp(section, "keys") == 0)
        return true;
    nearest_try(&nearest, "keys");
    for (size_t i = 0; i < n_option_groups; i++) {
        nearest_try(&nearest, option_groups[i].section);
        if (strcmp(option_groups[i].section, section) == 0)
            return true;
    }
    if (nearest.name)
        return err_set(err, "there is no [%s]; did you mean [%s]?", section, nearest.name);
    return err_set(err, "there is no [%s]; facet help config shows all there is", section);
}

static void print_option(FILE *stream, const struct option_row *row)
{
    const char *value = row->fallback ? row->fallback : row->argument ? row->argument : "no";
    fprintf(stream, "\n# %s\n# %s = %s\n", row->help, row->flag, value);
}

void config_print(FILE *stream)
{
    fputs(
        "# facet.conf: every option, with what it is if nothing is said. Take the # away to change "
        "one.\n# Flags win over the environment (FACET_TEMPERATURE=0.7), that over this file.\n",
        stream);
    for (size_t g = 0; g < n_option_groups; g++) {
        const struct option_group *group = &option_groups[g];
        size_t end = g + 1 < n_option_groups ? group[1].first : n_option_rows;
        fprintf(stream, "\n# ---- %s ----\n[%s]\n", group->title, group->section);
        for (size_t i = group->first; i < end; i++)
            print_option(stream, &option_rows[i]);
    }
}
