#include "tests/unit/tiny_chat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/file.h"
#include "base/mem.h"
#include "tests/support/scratch.h"
#include "tests/support/tiny.h"

static char *folder, *seeing, *blind, *picture, *history;

static bool save(struct gguf_writer *w, const char *path)
{
    struct err err = {""};
    bool ok = gguf_writer_save(w, path, &err);
    if (!ok)
        print_error("%s\n", err.text);
    gguf_writer_free(w);
    return ok;
}

static bool save_picture(const char *path)
{
    enum { WIDTH = 800, HEIGHT = 300 };
    struct image image = {WIDTH, HEIGHT, mem_new(WIDTH * HEIGHT, 3)};
    for (size_t i = 0; i < WIDTH * HEIGHT; i++)
        image.rgb[3 * i] = (uint8_t)i;
    bool ok = image_write_ppm(&image, path, NULL);
    image_done(&image);
    return ok;
}

int tiny_chat_make_models(void **state)
{
    (void)state;
    folder = scratch_new();
    char *one = scratch_path(folder, "seeing"), *other = scratch_path(folder, "blind");
    char *projector = scratch_path(one, "mmproj-model.gguf");
    seeing = scratch_path(one, "model.gguf");
    blind = scratch_path(other, "model.gguf");
    picture = scratch_path(folder, "wide.ppm");
    history = scratch_path(folder, "history.db");
    bool ok = file_make_dirs(one, NULL) && file_make_dirs(other, NULL) &&
              save(tiny_text(&tiny_default), seeing) && save(tiny_text(&tiny_default), blind) &&
              save(tiny_mmproj(&tiny_default), projector) && save_picture(picture);
    free(projector);
    free(other);
    free(one);
    setenv("XDG_CONFIG_HOME", folder, 1);
    setenv("XDG_CACHE_HOME", folder, 1);
    setenv("FACET_CACHE_SIZE", "0", 1);
    return ok ? 0 : -1;
}

int tiny_chat_remove_models(void **state)
{
    (void)state;
    free(seeing);
    free(blind);
    free(picture);
    free(history);
    scratch_free(folder);
    return 0;
}

int tiny_chat_set_up(void **state)
{
    struct tiny_chat *f = mem_new(1, sizeof *f);
    struct err err = {""};
    f->folder = folder;
    f->blind = blind;
    f->picture = picture;
    f->history = history;
    f->store = store_open(history, &err);
    bool ok = f->store && options_init(&f->options, &err) &&
              options_set(&f->options, "model", seeing, &err) &&
              options_set(&f->options, "seed", "5", &err) &&
              options_set(&f->options, "max-tokens", "12", &err) &&
              options_set(&f->options, "ctx", "1024", &err);
    if (!ok)
        print_error("%s\n", err.text);
    *state = f;
    return ok ? 0 : -1;
}

int tiny_chat_tear_down(void **state)
{
    struct tiny_chat *f = *state;
    chat_close(f->chat);
    store_close(f->store);
    options_done(&f->options);
    str_done(&f->text);
    str_done(&f->end);
    free(f);
    char *wal = scratch_path(folder, "history.db-wal"),
         *shm = scratch_path(folder, "history.db-shm");
    unlink(history);
    unlink(wal);
    unlink(shm);
    free(wal);
    free(shm);
    return 0;
}

void tiny_chat_set(struct tiny_chat *f, const char *option, const char *value)
{
    struct err err = {""};
    if (!(f->chat ? chat_set(f->chat, option, value, &err)
                  : options_set(&f->options, option, value, &err)))
        fail_msg("%s", err.text);
}

void tiny_chat_open(struct tiny_chat *f)
{
    struct err err = {""};
    f->chat = chat_open(&f->options, f->store, &err);
    if (!f->chat)
        fail_msg("%s", err.text);
}

void tiny_chat_finish(struct tiny_chat *f)
{
    str_clear(&f->text);
    f->looked = false;
    f->n_progress = 0;
    do {
        if (!chat_next(f->chat, &f->last, TINY_CHAT_MS))
            fail_msg("the turn did not end");
        if (f->last.kind == CHAT_TEXT) {
            assert_int_equal(strlen(f->last.text), f->last.n_bytes);
            str_put(&f->text, f->last.text, f->last.n_bytes);
            if (f->cancel_at_text)
                chat_cancel(f->chat);
        } else if (f->last.kind == CHAT_PROGRESS) {
            f->n_progress++;
            assert_true(f->last.done <= f->last.total);
            f->looked |= strcmp(f->last.text, "looking at wide.ppm, view 2 of 4") == 0;
        } else if (f->last.kind == CHAT_LOADED)
            assert_non_null(chat_model(f->chat));
    } while (f->last.kind != CHAT_DONE && f->last.kind != CHAT_FAILED &&
             f->last.kind != CHAT_LOOKED);
    str_clear(&f->end);
    if (f->last.text)
        str_puts(&f->end, f->last.text);
    assert_false(chat_is_busy(f->chat));
}

void tiny_chat_must(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

void tiny_chat_submit(struct tiny_chat *f, const char *text, const char *image)
{
    struct err err = {""};
    struct message m = {0};
    struct crop_choice crops = f->options.crops;
    struct attachment *a = image ? attachment_load(image, &crops, &err) : NULL;
    tiny_chat_must(!image || a, &err);
    message_from_input(&m, text, &a, a != NULL);
    attachment_release(a);
    tiny_chat_must(chat_submit(f->chat, &m, &err), &err);
    assert_true(m.n_parts == 0 && chat_is_busy(f->chat));
}

void tiny_chat_ask(struct tiny_chat *f, const char *text, const char *image)
{
    tiny_chat_submit(f, text, image);
    tiny_chat_finish(f);
}

void tiny_chat_expect_done(const struct tiny_chat *f, enum chat_reason reason)
{
    if (f->last.kind != CHAT_DONE)
        fail_msg("failed: %s", str_text(&f->end));
    assert_int_equal(f->last.reason, reason);
    assert_string_equal(str_text(&f->end), "");
}

static bool describe(void *user, const struct store_message *m)
{
    str_printf(user, "%s%s%d(%s)", ((struct str *)user)->len ? " " : "", m->role, m->state,
               m->text);
    for (size_t i = 0; i < m->n_images; i++)
        str_printf(user, "<%zu %s>", m->images[i].part, path_base(m->images[i].path));
    return true;
}

__attribute__((format(printf, 2, 3))) void tiny_chat_expect_stored(struct tiny_chat *f,
                                                                   const char *format, ...)
{
    char *expected;
    va_list args;
    va_start(args, format);
    assert_true(vasprintf(&expected, format, args) >= 0);
    va_end(args);
    struct str all = {0};
    assert_true(store_messages(f->store, chat_conversation(f->chat), describe, &all, NULL));
    assert_string_equal(str_text(&all), expected);
    str_done(&all);
    free(expected);
}

static bool count_one(void *user, const struct store_conversation *c)
{
    (void)c;
    ++*(size_t *)user;
    return true;
}

size_t tiny_chat_n_stored(struct tiny_chat *f)
{
    size_t n = 0;
    assert_true(store_list(f->store, count_one, &n, NULL));
    return n;
}

void tiny_chat_run_sql(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(history, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

char *tiny_chat_last_text(const struct tiny_chat *f)
{
    const struct messages *ms = chat_messages(f->chat);
    return message_text(&ms->list[ms->n - 1], 1);
}

void tiny_chat_close(struct tiny_chat *f)
{
    chat_close(f->chat);
    f->chat = NULL;
}
