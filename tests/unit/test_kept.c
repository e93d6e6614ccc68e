/* What is kept on disk: that it is what was computed, or nothing; and never too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/kept_images.h"
#include "tests/support/scratch.h"

enum { N_FLOATS = 500, HEAD_BYTES = 136, FILE_BYTES = HEAD_BYTES + 4 * N_FLOATS };

struct fixture {
    char *folder;
    struct kept kept;
    struct kept_images images;
    struct attachment *picture;
    float soft[N_FLOATS];
};

static void name_picture(struct attachment *a, int number)
{
    sha256_hex(&number, sizeof number, a->digest);
}

static void fill_soft(float *soft, int number)
{
    for (int i = 0; i < N_FLOATS; i++)
        soft[i] = (float)(number * 1000 + i) / 7;
}

static int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    struct options options = {.cache_size = 4};
    f->folder = scratch_new();
    setenv("XDG_CACHE_HOME", f->folder, 1);
    kept_init(&f->kept, &options);
    f->images = (struct kept_images){.kept = &f->kept, .n_floats = N_FLOATS, .tower = "a tower"};
    f->picture = attachment_blank(1);
    f->picture->crops[0] = (struct crop){0, 0, 10, 10};
    name_picture(f->picture, 0);
    fill_soft(f->soft, 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    attachment_release(f->picture);
    kept_done(&f->kept);
    chmod(f->folder, 0700);
    scratch_free(f->folder);
    free(f);
    return 0;
}

static bool is_kept(struct fixture *f, size_t view, const float *expected)
{
    float soft[N_FLOATS];
    bool found = kept_images_load(&f->images, f->picture, view, soft);
    if (found && expected)
        assert_memory_equal(soft, expected, sizeof soft);
    return found;
}

static struct kept_count count(const struct fixture *f)
{
    return kept_count(&f->kept, KEPT_IMAGES);
}

static void a_view_is_found_again(void **state)
{
    struct fixture *f = *state;
    float other[N_FLOATS];
    fill_soft(other, 1);
    assert_false(is_kept(f, 0, NULL));
    kept_images_save(&f->images, f->picture, 0, f->soft);
    kept_images_save(&f->images, f->picture, 1, other);
    assert_true(is_kept(f, 0, f->soft));
    assert_true(is_kept(f, 1, other));
    assert_int_equal(count(f).n, 2);
    assert_int_equal(count(f).bytes, 2 * FILE_BYTES);
}

static void another_is_not_taken_for_it(void **state)
{
    struct fixture *f = *state;
    kept_images_save(&f->images, f->picture, 0, f->soft);
    kept_images_save(&f->images, f->picture, 1, f->soft);
    strcpy(f->images.tower, "b tower");
    assert_false(is_kept(f, 0, NULL));
    strcpy(f->images.tower, "a tower");
    f->picture->crops[0].width++;
    assert_false(is_kept(f, 1, NULL));
    name_picture(f->picture, 1);
    assert_false(is_kept(f, 0, NULL));
}

/* The only file there is. */
static char *only_file(const struct fixture *f)
{
    char *folder = kept_path(&f->kept, KEPT_IMAGES, ""), *path = NULL;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') {
            assert_null(path);
            path = path_join(folder, entry->d_name);
        }
    closedir(dir);
    free(folder);
    return path;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void it_is_its_owners_alone(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    kept_images_save(&f->images, f->picture, 0, f->soft);
    char *path = only_file(f);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(path);
}

static void what_is_damaged_is_removed(void **state)
{
    struct fixture *f = *state;
    size_t size;
    kept_images_save(&f->images, f->picture, 0, f->soft);
    char *path = only_file(f), *bytes = file_read(path, 1 << 20, &size, NULL);
    assert_int_equal(size, FILE_BYTES);
    for (size_t at = 0; at < size; at += at < HEAD_BYTES ? 5 : 97) {
        bytes[at] ^= 0x10;
        write_file(path, bytes, size);
        bytes[at] ^= 0x10;
        assert_false(is_kept(f, 0, NULL));
        assert_false(file_exists(path));
    }
    for (size_t n = 0; n < size; n += n < HEAD_BYTES ? 11 : 211) {
        write_file(path, bytes, n);
        assert_false(is_kept(f, 0, NULL));
    }
    write_file(path, bytes, size);
    assert_true(is_kept(f, 0, f->soft));
    name_picture(f->picture, 1); /* a file that was renamed */
    kept_images_save(&f->images, f->picture, 0, f->soft);
    name_picture(f->picture, 0);
    unlink(path);
    char *other = only_file(f);
    assert_int_equal(rename(other, path), 0);
    assert_false(is_kept(f, 0, NULL));
    free(other);
    free(bytes);
    free(path);
}

static void save_numbered(struct fixture *f, int number)
{
    float soft[N_FLOATS];
    name_picture(f->picture, number);
    fill_soft(soft, number);
    kept_images_save(&f->images, f->picture, 0, soft);
}

static bool numbered_is_kept(struct fixture *f, int number)
{
    float soft[N_FLOATS];
    name_picture(f->picture, number);
    fill_soft(soft, number);
    return is_kept(f, 0, soft);
}

/* So that their times differ on any file system. */
static void make_all_older(const struct fixture *f, time_t seconds)
{
    DIR *dir;
    char *folder = kept_path(&f->kept, KEPT_IMAGES, "");
    assert_non_null(dir = opendir(folder));
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat st;
        char *path = path_join(folder, entry->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            struct timespec times[2] = {st.st_atim, st.st_mtim};
            times[1].tv_sec -= seconds;
            utimensat(AT_FDCWD, path, times, 0);
        }
        free(path);
    }
    closedir(dir);
    free(folder);
}

static void the_limit_is_kept(void **state)
{
    struct fixture *f = *state;
    f->kept.limit = 5 * FILE_BYTES;
    for (int i = 0; i < 5; i++) {
        save_numbered(f, i);
        make_all_older(f, 10);
    }
    assert_int_equal(count(f).n, 5);
    assert_true(numbered_is_kept(f, 0)); /* that is a use */
    for (int i = 5; i < 8; i++) {
        save_numbered(f, i);
        assert_true(count(f).bytes <= f->kept.limit);
    }
    static const bool expected[] = {true, false, false, false, true, true, true, true};
    for (int i = 0; i < 8; i++)
        assert_int_equal(numbered_is_kept(f, i), expected[i]);
}

static void what_is_larger_than_all_does_not_push_out_the_rest(void **state)
{
    struct fixture *f = *state;
    save_numbered(f, 0);
    char *path = kept_path_to_write(&f->kept, KEPT_SESSIONS, "1-large");
    f->kept.limit = 2 * FILE_BYTES;
    char *bytes = mem_new(3, FILE_BYTES);
    write_file(path, bytes, 3 * FILE_BYTES);
    kept_settle(&f->kept, path);
    assert_false(file_exists(path));
    assert_true(numbered_is_kept(f, 0));
    free(bytes);
    free(path);
}

static void beginnings_have_no_more_than_a_quarter(void **state)
{
    struct fixture *f = *state;
    char *bytes = mem_new(1, FILE_BYTES);
    f->kept.limit = 8 * FILE_BYTES;
    save_numbered(f, 0);
    make_all_older(f, 10);
    for (char name[] = "a"; name[0] < 'f'; name[0]++) {
        char *path = kept_path_to_write(&f->kept, KEPT_BEGINNINGS, name);
        write_file(path, bytes, FILE_BYTES);
        kept_settle(&f->kept, path);
        free(path);
    }
    assert_int_equal(kept_count(&f->kept, KEPT_BEGINNINGS).n, 2);
    assert_true(numbered_is_kept(f, 0)); /* though it is older than all of them */
    free(bytes);
}

static void what_a_killed_writer_left_goes(void **state)
{
    struct fixture *f = *state;
    char *path = kept_path_to_write(&f->kept, KEPT_IMAGES, "abc.Xy12Zz");
    write_file(path, "half", 4);
    save_numbered(f, 0);
    assert_true(file_exists(path)); /* somebody may be writing it */
    make_all_older(f, 2 * 3600);
    save_numbered(f, 1);
    assert_false(file_exists(path));
    assert_int_equal(count(f).n, 2);
    free(path);
}

static void nothing_is_kept_where_that_is_not_wanted(void **state)
{
    struct fixture *f = *state;
    f->kept.limit = 0;
    save_numbered(f, 0);
    assert_int_equal(count(f).n, 0);
    f->kept.limit = 1 << 20;
    f->kept.read_only = true;
    save_numbered(f, 0);
    assert_int_equal(count(f).n, 0);
    f->kept.read_only = false;
    save_numbered(f, 0);
    f->kept.read_only = true;
    assert_true(numbered_is_kept(f, 0));
    assert_int_equal(kept_clear(&f->kept), 0);
    assert_int_equal(count(f).n, 0);
}

static void a_folder_that_cannot_be_made_costs_nothing(void **state)
{
    struct fixture *f = *state;
    write_file(f->kept.folder, "", 0); /* a file is there */
    save_numbered(f, 0);
    assert_false(numbered_is_kept(f, 0));
    assert_int_equal(kept_clear(&f->kept), 0);
}

/* ---- Processes ---- */

static void write_for_ever(struct fixture *f, int first)
{
    for (int i = 0;; i = (i + 1) % 10)
        save_numbered(f, first + i);
}

static pid_t start_writer(struct fixture *f, int first)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        write_for_ever(f, first);
    return pid;
}

static void kill_writer(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Two write the same and other files, are killed in the middle, and two others begin. */
static void processes_share_it_and_may_be_killed(void **state)
{
    struct fixture *f = *state;
    size_t n_found = 0;
    f->kept.limit = 12 * FILE_BYTES;
    for (int round = 0; round < 20; round++) {
        pid_t one = start_writer(f, 0), other = start_writer(f, 5);
        for (int i = 0; i < 200; i++)
            n_found += numbered_is_kept(f, i % 15); /* asserts that it is whole */
        while (!numbered_is_kept(f, round % 10))
            ;
        kill_writer(one);
        kill_writer(other);
    }
    assert_true(n_found > 0);
    save_numbered(f, 0);
    assert_true(count(f).bytes <= f->kept.limit);
    assert_true(numbered_is_kept(f, 0));
}

#define KEPT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEPT_TEST(a_view_is_found_again),
        KEPT_TEST(another_is_not_taken_for_it),
        KEPT_TEST(it_is_its_owners_alone),
        KEPT_TEST(what_is_damaged_is_removed),
        KEPT_TEST(the_limit_is_kept),
        KEPT_TEST(what_is_larger_than_all_does_not_push_out_the_rest),
        KEPT_TEST(beginnings_have_no_more_than_a_quarter),
        KEPT_TEST(what_a_killed_writer_left_goes),
        KEPT_TEST(nothing_is_kept_where_that_is_not_wanted),
        KEPT_TEST(a_folder_that_cannot_be_made_costs_nothing),
        KEPT_TEST(processes_share_it_and_may_be_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
