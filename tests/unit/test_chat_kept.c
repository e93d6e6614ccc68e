/* What is kept of a conversation (chat/kept_sessions.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "chat/discard.h"
#include "chat/kept.h"
#include "tests/support/scratch.h"
#include "tests/unit/tiny_chat.h"

static int set_up_kept(void **state)
{
    if (tiny_chat_set_up(state) != 0)
        return -1;
    struct tiny_chat *f = *state;
    tiny_chat_set(f, "cache-size", "1");
    tiny_chat_set(f, "temperature", "0");
    return 0;
}

static struct kept_count kept_of(const struct tiny_chat *f, enum kept_kind kind)
{
    struct kept kept;
    kept_init(&kept, &f->options);
    struct kept_count count = kept_count(&kept, kind);
    kept_done(&kept);
    return count;
}

static struct kept_count kept_sessions(const struct tiny_chat *f)
{
    return kept_of(f, KEPT_SESSIONS);
}

static int tear_down_kept(void **state)
{
    struct kept kept;
    kept_init(&kept, &((struct tiny_chat *)*state)->options);
    int code = tiny_chat_tear_down(state);
    kept_clear(&kept);
    kept_done(&kept);
    return code;
}

/* Closed, and opened again as by another process. */
static void reopen(struct tiny_chat *f)
{
    struct err err = {""};
    int64_t conversation = chat_conversation(f->chat);
    tiny_chat_close(f);
    tiny_chat_open(f);
    tiny_chat_must(chat_load(f->chat, conversation, &err), &err);
}

struct turn {
    char *text;
    struct chat_stats stats;
};

static struct turn take_turn(const struct tiny_chat *f)
{
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    return (struct turn){mem_copy(str_text(&f->text)), f->last.stats};
}

/* The same conversation, with the chat closed between its turns or not. */
static void talk(struct tiny_chat *f, bool closes, struct turn turns[4])
{
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "What is [image 1]?", f->picture);
    turns[0] = take_turn(f);
    if (closes)
        reopen(f);
    tiny_chat_ask(f, "Why is it so?", NULL);
    turns[1] = take_turn(f);
    if (closes)
        reopen(f);
    tiny_chat_must(chat_regenerate(f->chat, &err), &err);
    tiny_chat_finish(f);
    turns[2] = take_turn(f);
    if (closes)
        reopen(f);
    tiny_chat_ask(f, "And this: [image 1]?", f->picture);
    turns[3] = take_turn(f);
    tiny_chat_close(f);
}

static void a_reopened_conversation_is_as_one_never_closed(void **state)
{
    struct tiny_chat *f = *state;
    struct turn open[4], closed[4];
    talk(f, false, open);
    assert_int_equal(kept_sessions(f).n, 1);
    talk(f, true, closed);
    assert_int_equal(kept_sessions(f).n, 2);
    assert_true(open[0].stats.n_views > 1);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(open[i].text, closed[i].text);
        assert_int_equal(open[i].stats.n_kept, closed[i].stats.n_kept);
        assert_int_equal(closed[i].stats.n_views, 0); /* kept since the first time */
        assert_true(i == 0 || closed[i].stats.n_kept > open[0].stats.n_prompt - 1);
        free(open[i].text);
        free(closed[i].text);
    }
}

/* One answer in a chat of its own. */
static struct turn ask_alone(struct tiny_chat *f, const char *text, const char *cache_size)
{
    tiny_chat_set(f, "cache-size", cache_size);
    tiny_chat_open(f);
    tiny_chat_ask(f, text, f->picture);
    struct turn turn = take_turn(f);
    tiny_chat_close(f);
    return turn;
}

static void a_known_picture_is_not_read_again(void **state)
{
    struct tiny_chat *f = *state;
    f->options.one_answer = true;
    struct turn first = ask_alone(f, "[image 1] What is it?", "1"),
                other = ask_alone(f, "[image 1] Why is it so long?", "1"),
                anew = ask_alone(f, "[image 1] Why is it so long?", "0");
    assert_int_equal(first.stats.n_kept, 0);
    assert_true(other.stats.n_kept > other.stats.n_prompt / 2);
    assert_int_equal(anew.stats.n_kept, 0);
    assert_string_equal(other.text, anew.text);
    assert_int_equal(kept_of(f, KEPT_BEGINNINGS).n, 1);
    f->options.system = mem_copy("Be short."); /* another beginning */
    struct turn told = ask_alone(f, "[image 1] What is it?", "1");
    assert_int_equal(told.stats.n_kept, 0);
    assert_int_equal(kept_of(f, KEPT_BEGINNINGS).n, 2);
    struct turn said = ask_alone(f, "Here is [image 1].", "1"); /* what people said is not kept */
    assert_int_equal(said.stats.n_kept, 0);
    assert_int_equal(kept_of(f, KEPT_BEGINNINGS).n, 2);
    free(first.text);
    free(other.text);
    free(anew.text);
    free(told.text);
    free(said.text);
}

/* A conversation that went on till its rings had lost how it began. */
static void a_long_conversation_leaves_its_picture_known(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_set(f, "max-tokens", "60");
    tiny_chat_open(f);
    tiny_chat_ask(f, "[image 1] What is it?", f->picture);
    for (int i = 0; i < 3; i++)
        tiny_chat_ask(f, "And then, what came of all that, and of those who were there to see it?",
                      NULL);
    tiny_chat_must(chat_clear(f->chat, &err), &err);
    tiny_chat_ask(f, "[image 1] Why is it so long?", f->picture);
    assert_true(f->last.stats.n_kept > f->last.stats.n_prompt / 2);
}

static void damaged_beginnings_cost_time_alone(void **state)
{
    struct tiny_chat *f = *state;
    struct str command = {0};
    struct turn first = ask_alone(f, "[image 1] What is it?", "1");
    str_printf(&command,
               "for f in %s/facet/beginnings/*; do "
               "printf x | dd of=$f bs=1 seek=5000 conv=notrunc 2>/dev/null; done",
               f->folder);
    assert_int_equal(system(command.data), 0);
    str_done(&command);
    struct turn again = ask_alone(f, "[image 1] What is it?", "1"),
                kept = ask_alone(f, "[image 1] What is it?", "1");
    assert_int_equal(again.stats.n_kept, 0);
    assert_true(kept.stats.n_kept > 0);
    assert_string_equal(first.text, again.text);
    assert_string_equal(first.text, kept.text);
    free(first.text);
    free(again.text);
    free(kept.text);
}

static void conversations_come_back_within_a_chat(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    int64_t numbers[2];
    size_t lengths[2]; /* of their first prompts */
    tiny_chat_open(f);
    for (int i = 0; i < 2; i++) {
        tiny_chat_must(chat_clear(f->chat, &err), &err);
        tiny_chat_ask(f, i ? "Tell me of the sea and of what lives in it." : "What is [image 1]?",
                      i ? NULL : f->picture);
        numbers[i] = chat_conversation(f->chat);
        lengths[i] = f->last.stats.n_prompt;
        chat_cancel(f->chat); /* as it comes, it means the turn that is over */
    }
    for (int i = 0; i < 6; i++) {
        tiny_chat_must(chat_load(f->chat, numbers[i % 2], &err), &err);
        tiny_chat_ask(f, "Go on.", NULL);
        assert_true(f->last.stats.n_kept >= lengths[i % 2]);
        assert_int_equal(f->last.stats.n_views, 0);
    }
    assert_int_equal(kept_sessions(f).n, 2);
}

static void damaged_sessions_cost_time_alone(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "What is it?", NULL);
    int64_t conversation = chat_conversation(f->chat);
    tiny_chat_close(f);
    struct str command = {0}; /* its name has the model's digest in it */
    str_printf(&command,
               "for f in %s/facet/sessions/*; do "
               "printf x | dd of=$f bs=1 seek=5000 conv=notrunc 2>/dev/null; done",
               f->folder);
    assert_int_equal(system(command.data), 0);
    str_done(&command);
    tiny_chat_open(f);
    tiny_chat_must(chat_load(f->chat, conversation, &err), &err);
    tiny_chat_ask(f, "Go on.", NULL);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(f->last.stats.n_kept, 0);
    reopen(f);
    tiny_chat_ask(f, "Go on.", NULL);
    assert_true(f->last.stats.n_kept > 0);
}

static void what_is_not_wanted_is_not_kept(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    f->options.one_answer = true;
    tiny_chat_open(f);
    tiny_chat_ask(f, "What?", NULL);
    tiny_chat_close(f);
    f->options.one_answer = false;
    f->chat = chat_open(&f->options, NULL, &err); /* no history */
    tiny_chat_ask(f, "What?", NULL);
    tiny_chat_close(f);
    assert_int_equal(kept_sessions(f).n, 0);
    tiny_chat_set(f, "cache-size", "0.000001");
    tiny_chat_open(f);
    tiny_chat_ask(f, "What?", NULL);
    tiny_chat_close(f);
    assert_int_equal(kept_sessions(f).n, 0);
}

/* Deleted while it is closed, and while it is open, then left or closed with the chat. */
static void what_is_deleted_is_not_kept(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "What?", NULL);
    int64_t first = chat_conversation(f->chat);
    tiny_chat_must(chat_clear(f->chat, &err), &err);
    tiny_chat_ask(f, "And this?", NULL);
    int64_t second = chat_conversation(f->chat);
    tiny_chat_close(f);
    assert_int_equal(kept_sessions(f).n, 2);
    tiny_chat_must(discard_conversation(f->store, first, &err), &err);
    assert_int_equal(kept_sessions(f).n, 1);
    assert_false(discard_conversation(f->store, first, &err));
    tiny_chat_open(f);
    tiny_chat_must(chat_load(f->chat, second, &err), &err);
    tiny_chat_ask(f, "Is that so?", NULL);
    tiny_chat_must(chat_delete(f->chat, 2, &err), &err);
    assert_int_equal(kept_sessions(f).n, 0);
    tiny_chat_close(f);
    assert_int_equal(kept_sessions(f).n, 0);
    tiny_chat_open(f);
    tiny_chat_must(chat_load(f->chat, second, &err), &err);
    tiny_chat_ask(f, "Go on.", NULL);
    tiny_chat_must(discard_conversation(f->store, second, &err), &err);
    tiny_chat_must(chat_clear(f->chat, &err), &err);
    tiny_chat_ask(f, "Else?", NULL); /* behind it, the worker has left the other */
    assert_int_equal(kept_sessions(f).n, 0);
    tiny_chat_must(discard_conversation(f->store, chat_conversation(f->chat), &err), &err);
    tiny_chat_close(f);
    assert_int_equal(kept_sessions(f).n, 0);
}

static void what_is_told_is_remembered(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "one", NULL);
    tiny_chat_ask(f, "two", NULL);
    tiny_chat_ask(f, "three", NULL);
    tiny_chat_must(chat_set_told(f->chat, 0, CONTEXT_PINNED, &err), &err);
    tiny_chat_must(chat_make_room(f->chat, 1, 1, &err), &err);
    reopen(f);
    const struct messages *ms = chat_messages(f->chat);
    assert_int_equal(context_state(ms, 1), CONTEXT_PINNED);
    assert_int_equal(context_state(ms, 3), CONTEXT_DROPPED);
    assert_int_equal(context_state(ms, 5), CONTEXT_TOLD);
    tiny_chat_must(chat_set_told(f->chat, 2, CONTEXT_TOLD, &err), &err);
    reopen(f);
    assert_int_equal(context_state(chat_messages(f->chat), 3), CONTEXT_TOLD);
}

#define KEPT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_kept, tear_down_kept)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEPT_TEST(a_reopened_conversation_is_as_one_never_closed),
        KEPT_TEST(a_known_picture_is_not_read_again),
        KEPT_TEST(a_long_conversation_leaves_its_picture_known),
        KEPT_TEST(damaged_beginnings_cost_time_alone),
        KEPT_TEST(conversations_come_back_within_a_chat),
        KEPT_TEST(what_is_deleted_is_not_kept),
        KEPT_TEST(what_is_told_is_remembered),
        KEPT_TEST(damaged_sessions_cost_time_alone),
        KEPT_TEST(what_is_not_wanted_is_not_kept),
    };
    return cmocka_run_group_tests(tests, tiny_chat_make_models, tiny_chat_remove_models);
}
