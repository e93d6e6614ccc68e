/* A conversation as a tree: its branches, what is deleted, forks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/tiny_chat.h"

/* What is seen: "user hello 1/1, model Hi 2/2", answers by their first letters alone. */
static void describe_seen(const struct tiny_chat *f, struct str *all)
{
    const struct messages *ms = chat_messages(f->chat);
    for (size_t i = 0; i < ms->n; i++) {
        const struct message *m = &ms->list[i];
        char *text = message_text(m, 1);
        str_printf(all, "%s%s %zu/%zu", i ? ", " : "", m->role == ROLE_MODEL ? "model" : text,
                   m->variant, m->n_variants);
        free(text);
    }
}

/* Also after the conversation was read anew, where there is a history. */
static void expect_seen(struct tiny_chat *f, const char *expected)
{
    for (int again = 0; again < 2; again++) {
        struct str all = {0};
        struct err err = {""};
        describe_seen(f, &all);
        assert_string_equal(str_text(&all), expected);
        str_done(&all);
        if (!f->store)
            return;
        tiny_chat_must(chat_load(f->chat, chat_conversation(f->chat), &err), &err);
    }
}

static void edit(struct tiny_chat *f, size_t index, const char *text)
{
    struct err err = {""};
    struct message m = {0};
    message_add_text(&m, text, strlen(text));
    tiny_chat_must(chat_edit(f->chat, index, &m, &err), &err);
    tiny_chat_finish(f);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
}

static void keeps_all_branches(struct tiny_chat *f)
{
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "a", NULL);
    char *first = tiny_chat_last_text(f);
    tiny_chat_must(chat_regenerate(f->chat, &err), &err);
    tiny_chat_finish(f);
    char *second = tiny_chat_last_text(f);
    expect_seen(f, "a 1/1, model 2/2");
    tiny_chat_ask(f, "b", NULL);
    assert_false(chat_branch(f->chat, 1, 1, &err));
    assert_string_equal(err.text, "this is the last one");
    tiny_chat_must(chat_branch(f->chat, 1, -1, &err), &err);
    expect_seen(f, "a 1/1, model 1/2");
    char *seen = tiny_chat_last_text(f);
    assert_string_equal(seen, first);
    free(seen);
    assert_false(chat_branch(f->chat, 1, -1, &err));
    tiny_chat_ask(f, "c", NULL);
    expect_seen(f, "a 1/1, model 1/2, c 1/1, model 1/1");
    tiny_chat_must(chat_branch(f->chat, 1, 1, &err), &err); /* back to what was last seen there */
    expect_seen(f, "a 1/1, model 2/2, b 1/1, model 1/1");
    edit(f, 0, "d");
    expect_seen(f, "d 2/2, model 1/1");
    edit(f, 0, "e");
    tiny_chat_must(chat_branch(f->chat, 0, -1, &err), &err);
    tiny_chat_must(chat_branch(f->chat, 0, -1, &err), &err);
    expect_seen(f, "a 1/3, model 2/2, b 1/1, model 1/1");
    assert_false(chat_edit(f->chat, 1, &(struct message){0}, &err));
    assert_false(chat_branch(f->chat, 9, 1, &err));
    free(first);
    free(second);
}

static void branches(void **state)
{
    keeps_all_branches(*state);
}

static void branches_without_history(void **state)
{
    struct tiny_chat *f = *state;
    struct store *store = f->store;
    f->store = NULL;
    keeps_all_branches(f);
    assert_true(chat_delete(f->chat, 2, NULL));
    expect_seen(f, "a 1/3, model 2/2");
    assert_true(chat_fork(f->chat, 0, NULL));
    expect_seen(f, "a 1/1");
    f->store = store;
    assert_int_equal(tiny_chat_n_stored(f), 0);
}

static void deletes_and_brings_back(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "a", NULL);
    tiny_chat_ask(f, "b", NULL);
    tiny_chat_must(chat_regenerate(f->chat, &err), &err);
    tiny_chat_finish(f);
    assert_false(chat_undelete(f->chat, &err));
    tiny_chat_must(chat_delete(f->chat, 3, &err), &err); /* the other answer is seen */
    expect_seen(f, "a 1/1, model 1/1, b 1/1, model 1/1");
    tiny_chat_must(chat_delete(f->chat, 3, &err), &err);
    expect_seen(f, "a 1/1, model 1/1, b 1/1");
    assert_false(chat_submit(f->chat, &(struct message){0}, &err));
    assert_non_null(strstr(err.text, "no answer yet"));
    tiny_chat_must(chat_delete(f->chat, 1, &err), &err);
    expect_seen(f, "a 1/1");
    tiny_chat_must(chat_undelete(f->chat, &err), &err);
    expect_seen(f, "a 1/1, model 1/1, b 1/1");
    tiny_chat_must(chat_undelete(f->chat, &err), &err);
    tiny_chat_must(chat_undelete(f->chat, &err), &err);
    expect_seen(f, "a 1/1, model 1/1, b 1/1, model 2/2");
    assert_false(chat_undelete(f->chat, &err));
    tiny_chat_must(chat_delete(f->chat, 0, &err), &err);
    expect_seen(f, "");
    tiny_chat_ask(f, "new", NULL);
    expect_seen(f, "new 1/1, model 1/1");
}

static void answers_what_has_no_answer(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "a", NULL);
    tiny_chat_must(chat_delete(f->chat, 1, &err), &err);
    tiny_chat_must(chat_regenerate(f->chat, &err), &err);
    tiny_chat_finish(f);
    expect_seen(f, "a 1/1, model 1/1");
}

/* A regenerated answer that is cancelled before its first word leaves the old one. */
static void goes_back_to_the_old_answer(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "a", NULL);
    int64_t conversation = chat_conversation(f->chat);
    chat_close(f->chat);
    tiny_chat_open(f);
    tiny_chat_must(chat_load(f->chat, conversation, &err), &err);
    tiny_chat_must(chat_regenerate(f->chat, &err), &err);
    chat_cancel(f->chat); /* the model is not there yet */
    tiny_chat_finish(f);
    tiny_chat_expect_done(f, CHAT_CANCELLED);
    expect_seen(f, "a 1/1, model 1/1");
}

static void forks(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_set(f, "system", "Be kind.");
    tiny_chat_open(f);
    tiny_chat_ask(f, "what is [image 1] there?", f->picture);
    char *said = tiny_chat_last_text(f);
    tiny_chat_ask(f, "more", NULL);
    int64_t old = chat_conversation(f->chat);
    tiny_chat_must(chat_fork(f->chat, 2, &err), &err);
    assert_true(chat_conversation(f->chat) != old);
    tiny_chat_expect_stored(
        f, "system0(Be kind.) user0(what is [image 1] there?)<1 wide.ppm> model0(%s)", said);
    tiny_chat_ask(f, "other", NULL);
    assert_int_equal(f->last.stats.n_views, 0); /* what was encoded is shared */
    expect_seen(f, "Be kind. 0/0, what is [image 1] there? 1/1, model 1/1, other 1/1, model 1/1");
    tiny_chat_must(chat_load(f->chat, old, &err), &err);
    expect_seen(f, "Be kind. 0/0, what is [image 1] there? 1/1, model 1/1, more 1/1, model 1/1");
    free(said);
}

#define CHAT_TEST(name) cmocka_unit_test_setup_teardown(name, tiny_chat_set_up, tiny_chat_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHAT_TEST(branches),
        CHAT_TEST(branches_without_history),
        CHAT_TEST(deletes_and_brings_back),
        CHAT_TEST(answers_what_has_no_answer),
        CHAT_TEST(goes_back_to_the_old_answer),
        CHAT_TEST(forks),
    };
    return cmocka_run_group_tests(tests, tiny_chat_make_models, tiny_chat_remove_models);
}
