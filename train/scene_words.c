#include <string.h>
#include <strings.h>

#include "train/scene_ask.h"

/* A thing that something is written in, and no other says the same. */
static const struct thing *any_written(struct scene *sc)
{
    const struct thing *t = &sc->things[random_below(sc->d->r, (uint32_t)sc->n)];
    int alike = 0;
    for (int i = 0; i < sc->n; i++)
        alike += !strcasecmp(sc->things[i].word, t->word);
    return t->word[0] && alike == 1 ? t : NULL;
}

bool scene_ask_word(struct scene *sc)
{
    char name[SCENE_NAME];
    const struct thing *t = any_written(sc);
    if (!t || !scene_name(sc, t, name))
        return false;
    return picture_ask(
        sc->d->s, sc->d->r,
        &(struct question){
            .skill = "read",
            .ask = "What is written [on|in] the $1?|[What|Which] word is [on|in|inside] the "
                   "$1?|What does "
                   "the $1 "
                   "say?|Read the word [on|in] the $1[, please|].|What [can you|do you] read "
                   "[on|in] the "
                   "$1?|"
                   "[Tell me|Read] what is written [on|in] the $1.|What is the word [on|in] the "
                   "$1?|What "
                   "text is "
                   "[on|inside] the $1?",
            .full = "The $1 says \"$2\".",
            .brief = "$2",
            .hint = ASK_WORD,
            .key = t->word,
            .arg = {name, t->word},
        });
}

bool scene_ask_word_holder(struct scene *sc)
{
    const struct thing *t = any_written(sc);
    if (!t)
        return false;
    const char *colour = colour_names[t->look.colour], *shape = shape_names[t->shape];
    if (random_chance(sc->d->r, 0.5))
        return picture_ask(
            sc->d->s, sc->d->r,
            &(struct question){
                .skill = "shape",
                .ask = "[What|Which] shape [says|has the word] \"$1\"?|In [what|which] shape is "
                       "\"$1\"[ "
                       "written"
                       "|]?|Where is \"$1\" written?|[Name|Tell me] the shape with the word "
                       "\"$1\".|\"$1\": in "
                       "[what|which] shape is it?|[What|Which] shape is \"$1\" [in|written in]?",
                .full = "The word \"$1\" is in the $2 $3.",
                .brief = "^$3",
                .key = shape,
                .arg = {t->word, colour, shape},
            });
    return picture_ask(
        sc->d->s, sc->d->r,
        &(struct question){
            .skill = "colour",
            .ask = "[What|Which] [colour|color] is the shape with the word \"$1\"?|[What|Which] "
                   "[colour|"
                   "color] is the shape that says \"$1\"?|\"$1\" is written on [what|which] "
                   "[colour|color]?|"
                   "What is the [colour|color] of the shape around \"$1\"?|[Tell me|Name] the "
                   "[colour|color] "
                   "of the shape with \"$1\".",
            .full = "The shape with the word \"$1\" is $2.",
            .brief = "^$2",
            .key = colour,
            .arg = {t->word, colour},
        });
}

bool scene_ask_spelling(struct scene *sc)
{
    char name[SCENE_NAME];
    const struct thing *t = any_written(sc);
    if (!t || !scene_name(sc, t, name))
        return false;
    struct str letters = {0};
    for (const char *c = t->word; *c; c++)
        str_printf(&letters, "%s%c", letters.len ? " " : "", *c);
    bool asked = picture_ask(
        sc->d->s, sc->d->r,
        &(struct question){
            .skill = "spell",
            .ask = "Spell the word [on|in] the $1[, please|].|How is the word [on|in] the $1 "
                   "spelled?|[Give me|"
                   "Write] the letters [on|in] the $1.|[What|Which] letters are [on|in] the "
                   "$1?|Letter by "
                   "letter: what is [on|in] the $1?|Read the letters [on|in] the $1, one by one.",
            .full = "$2",
            .key = str_text(&letters),
            .arg = {name, str_text(&letters)},
        });
    str_done(&letters);
    return asked;
}
