/* Talks about a picture whose answers are JSON of a form, in the words in which the option `schema`
 * asks for one. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "chat/form.h"
#include "train/picture.h"

enum { TAGS = 4 };

static bool is_of(const struct exchange *e, const char *const skills[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(e->skill, skills[i]))
            return true;
    return false;
}

static bool is_number(const struct exchange *e)
{
    return e->key && isdigit((unsigned char)*e->key) && strspn(e->key, "0123456789") == strlen(e->key);
}

/* Those that `keeps` says no to are gone. */
static void thin_out(struct sample *s, bool (*keeps)(const struct exchange *e))
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_exchanges; i++) {
        struct exchange *e = &s->exchanges[i];
        if (keeps(e)) {
            s->exchanges[n++] = *e;
        } else {
            free(e->user);
            free(e->model);
            free(e->key);
        }
    }
    s->n_exchanges = n;
}

/* Takes `object`. */
static void answer_with(struct exchange *e, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    free(e->model);
    e->model = mem_copy(text ? text : "{}");
    e->skill = "form";
    free(text);
}

static void tell(struct sample *s, const char *members)
{
    struct str system = {0};
    struct err err;
    char *schema = form_read(members, &err);
    form_tell(&system, schema ? schema : "{}");
    free(schema);
    s->system = str_take(&system);
}

/* Each answer as the only member. */
static void one_member(struct sample *s, struct random *r, bool whole)
{
    static const char *const names[] = {"answer", "answer", "result", "value", "reply"};
    const char *name = names[random_below(r, sizeof names / sizeof *names)];
    char members[40];
    snprintf(members, sizeof members, "%s %s", name, whole ? "int" : "text");
    for (size_t i = 0; i < s->n_exchanges; i++) {
        struct exchange *e = &s->exchanges[i];
        answer_with(e, whole ? json_pack("{s:i}", name, atoi(e->key))
                             : json_pack("{s:s}", name, e->model));
    }
    tell(s, members);
}

static bool describes(const struct exchange *e)
{
    return !strcmp(e->skill, "describe");
}

/* What else was said of it in a word. */
static json_t *tags_of(const struct sample *s)
{
    static const char *const skills[] = {"shape", "colour", "icon", "read"};
    json_t *tags = json_array();
    for (size_t i = 0; i < s->n_exchanges && json_array_size(tags) < TAGS; i++) {
        const struct exchange *e = &s->exchanges[i];
        bool is_new = is_of(e, skills, sizeof skills / sizeof *skills) && e->key &&
                      strcmp(e->key, "yes") != 0 && strcmp(e->key, "no") != 0;
        for (size_t j = 0; is_new && j < json_array_size(tags); j++)
            is_new = strcmp(json_string_value(json_array_get(tags, j)), e->key) != 0;
        if (is_new)
            json_array_append_new(tags, json_string(e->key));
    }
    return tags;
}

/* The description, and tags. */
static void caption(struct sample *s, struct random *r)
{
    static const char *const names[] = {"caption", "caption", "description", "title"};
    const char *name = names[random_below(r, sizeof names / sizeof *names)];
    json_t *tags = tags_of(s);
    const bool has_tags = json_array_size(tags) > 0 && random_chance(r, 0.6);
    char members[60];
    snprintf(members, sizeof members, "%s text%s", name, has_tags ? ", tags list" : "");
    thin_out(s, describes);
    for (size_t i = 0; i < s->n_exchanges; i++) {
        struct exchange *e = &s->exchanges[i];
        answer_with(e, has_tags ? json_pack("{s:s,s:O}", name, e->model, "tags", tags)
                                : json_pack("{s:s}", name, e->model));
    }
    json_decref(tags);
    tell(s, members);
}

void picture_form(struct sample *s, struct random *r)
{
    size_t described = 0, numbers = 0;
    for (size_t i = 0; i < s->n_exchanges; i++) {
        described += describes(&s->exchanges[i]);
        numbers += is_number(&s->exchanges[i]);
    }
    if (described && random_chance(r, 0.7)) {
        caption(s, r);
    } else if (numbers && random_chance(r, 0.5)) {
        thin_out(s, is_number);
        one_member(s, r, true);
    } else {
        one_member(s, r, false);
    }
}
