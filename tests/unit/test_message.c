#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/message.h"

/* A picture without pixels, named by a letter. */
static struct attachment *picture(const char *name)
{
    struct attachment *a = mem_new(1, sizeof *a);
    a->references = 1;
    a->path = mem_copy(name);
    return a;
}

/* The parts of what the input becomes: 'text' and <picture>. */
static void expect_parts(const char *input, size_t n_images, const char *expected)
{
    struct attachment *images[] = {picture("A"), picture("B"), picture("C")};
    struct message m = {0};
    struct str parts = {0};
    message_from_input(&m, input, images, n_images);
    for (size_t i = 0; i < m.n_parts; i++) {
        const struct part *part = &m.parts[i];
        if (part->image)
            str_printf(&parts, "<%s>", part->image->path);
        else
            str_printf(&parts, "'%s'", part->text);
    }
    assert_string_equal(str_text(&parts), expected);
    assert_int_equal(m.role, ROLE_USER);
    assert_int_equal(message_images(&m), n_images);
    message_done(&m);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(images[i]->references, 1);
        attachment_release(images[i]);
    }
    str_done(&parts);
}

static void puts_pictures_where_they_are_named(void **state)
{
    (void)state;
    expect_parts("plain", 0, "'plain'");
    expect_parts("what is this?", 1, "<A>'what is this?'");
    expect_parts("", 2, "<A><B>");
    expect_parts("before [image 1] after", 1, "'before '<A>' after'");
    expect_parts("[image 2][image 1]", 2, "<B><A>");
    expect_parts("is [image 3] like these?", 3, "<A><B>'is '<C>' like these?'");
}

static void leaves_other_brackets_alone(void **state)
{
    (void)state;
    expect_parts("[image 2] [image 0] [image ] [image 1", 1,
                 "<A>'[image 2] [image 0] [image ] [image 1'");
    expect_parts("[image 99999999999999999999999]", 1, "<A>'[image 99999999999999999999999]'");
    expect_parts("[image 1] is [image 1]", 1, "<A>' is [image 1]'");
    expect_parts("a[0] = [[image 1]]", 1, "'a[0] = ['<A>']'");
}

static void becomes_text(void **state)
{
    (void)state;
    struct message m = {0};
    message_add_text(&m, "see", 3);
    message_add_image(&m, picture("A"));
    message_add_image(&m, picture("B"));
    message_add_text(&m, "\nboth", 5);
    char *text = message_text(&m, 4);
    assert_string_equal(text, "see [image 4] [image 5]\nboth");
    free(text);
    message_done(&m);
    text = message_text(&m, 1);
    assert_string_equal(text, "");
    free(text);
}

static void grows_and_is_cut(void **state)
{
    (void)state;
    struct messages ms = {0};
    for (int i = 0; i < 100; i++)
        message_add_text(messages_add(&ms, i % 2 ? ROLE_MODEL : ROLE_USER), "x", 1);
    messages_cut(&ms, 200);
    assert_int_equal(ms.n, 100);
    messages_cut(&ms, 7);
    assert_int_equal(ms.n, 7);
    assert_int_equal(ms.list[6].role, ROLE_USER);
    messages_done(&ms);
    assert_int_equal(ms.n, 0);
}

static void names_roles(void **state)
{
    (void)state;
    enum role role;
    for (int i = ROLE_SYSTEM; i <= ROLE_TOOL; i++) {
        assert_true(role_parse(&role, role_name((enum role)i)));
        assert_int_equal(role, i);
    }
    assert_false(role_parse(&role, "assistant"));
}

static void reads_crop_choices(void **state)
{
    (void)state;
    struct crop_choice choice;
    assert_true(crop_choice_parse(&choice, "3", NULL));
    assert_int_equal(choice.kind, CROPS_FIXED);
    assert_int_equal(choice.n, 3);
    assert_true(crop_choice_parse(&choice, "hf", NULL));
    assert_int_equal(choice.kind, CROPS_HF);
    static const char *const wrong[] = {"", "1", "5", "2x", "-2", "AUTO"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(crop_choice_parse(&choice, wrong[i], NULL));
}

static void broken_pictures_fail_at_once(void **state)
{
    (void)state;
    struct err err = {""};
    struct crop_choice crops = {.kind = CROPS_AUTO};
    assert_null(attachment_load("/nowhere/cat.jpg", &crops, &err));
    assert_non_null(strstr(err.text, "/nowhere/cat.jpg"));
    assert_null(attachment_from_bytes("note.jpg", "just text", 9, &crops, &err));
    assert_non_null(strstr(err.text, "note.jpg"));
    assert_null(attachment_from_bytes("-", "", 0, &crops, &err));
    assert_non_null(strstr(err.text, "standard input"));
}

static void plans_crops_when_attached(void **state)
{
    (void)state;
    enum { WIDTH = 1200, HEIGHT = 400, HEAD = 32 };
    static char ppm[HEAD + WIDTH * HEIGHT * 3];
    int head = snprintf(ppm, HEAD, "P6 %d %d 255\n", WIDTH, HEIGHT);
    struct crop_choice off = {.kind = CROPS_OFF}, automatic = {.kind = CROPS_AUTO};
    size_t size = (size_t)head + WIDTH * HEIGHT * 3;
    struct attachment *a = attachment_from_bytes("wide.ppm", ppm, size, &automatic, NULL);
    assert_non_null(a);
    assert_int_equal(attachment_views(a), 4);
    assert_int_equal(strlen(a->digest), 64);
    attachment_release(a);
    a = attachment_from_bytes("wide.ppm", ppm, size, &off, NULL);
    assert_int_equal(attachment_views(a), 1);
    attachment_release(a);
}

static void keeps_what_stands_behind_a_nul(void **state)
{
    (void)state;
    struct str text = {0};
    message_put_said(&text, "a\0\0b", 4);
    message_put_said(&text, "", 0);
    message_put_said(&text, "c\0", 2);
    assert_string_equal(text.data, "a\xEF\xBF\xBD\xEF\xBF\xBD"
                                   "bc\xEF\xBF\xBD");
    str_done(&text);
}

/* A region is a crop beside the whole; its path brings it back, and is told from a file's name. */
static void takes_regions(void **state)
{
    (void)state;
    static const char ppm[] = "P6 4 2 255\nabcdefghijklmnopqrstuvwx";
    struct crop_choice crops = {.kind = CROPS_AUTO};
    struct err err = {""};
    char folder[] = "/tmp/facet-region-XXXXXX", text[128];
    assert_non_null(mkdtemp(folder));
    char *path = path_join(folder, "a@b.ppm");
    assert_true(file_write(path, ppm, sizeof ppm - 1, 0600, NULL));

    struct attachment *whole = attachment_load(path, &crops, NULL);
    assert_non_null(whole);
    struct attachment *a = attachment_with_region(whole, &(struct crop){1, 0, 3, 2});
    attachment_release(whole); /* the pixels stay */
    snprintf(text, sizeof text, "%s@1,0,3,2", path);
    assert_string_equal(a->path, text);
    assert_int_equal(attachment_views(a), 2);
    assert_int_equal(a->image.rgb[3 * 8 - 1], 'x');
    char *from_root = attachment_whole_path(a);
    assert_string_equal(from_root, text);
    free(from_root);

    struct attachment *again = attachment_load(text, &crops, NULL);
    assert_non_null(again);
    assert_memory_equal(again->crops, a->crops, sizeof a->crops[0]);
    assert_string_equal(again->digest, a->digest);
    attachment_release(again);
    struct attachment *other = attachment_with_region(a, &(struct crop){0, 0, 1, 1});
    snprintf(text, sizeof text, "%s@0,0,1,1", path); /* of the picture, not of the region */
    assert_string_equal(other->path, text);
    attachment_release(other);
    attachment_release(a);

    whole = attachment_load(path, &crops, NULL);
    assert_non_null(whole);
    struct attachment *cut = attachment_with_crops(whole, &(struct crop_choice){CROPS_FIXED, 2});
    snprintf(text, sizeof text, "%s@2", path);
    assert_string_equal(cut->path, text);
    assert_int_equal(attachment_views(cut), 3);
    attachment_release(cut);
    attachment_release(whole);
    cut = attachment_load(text, &crops, NULL); /* whatever the option says */
    assert_non_null(cut);
    assert_int_equal(attachment_views(cut), 3);
    assert_string_equal(cut->path, text);
    attachment_release(cut);

    static const char *const wrong[] = {"@0,0,5,1", "@4,0,1,1", "@0,0,0,1", "@0,2,1,1",
                                        "@1,0,4,1", "@999999999,0,999999999,1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(text, sizeof text, "%s%s", path, wrong[i]);
        assert_null(attachment_load(text, &crops, &err));
        assert_non_null(strstr(err.text, "not within the picture, which has 4×2 pixels"));
    }
    static const char *const none[] = {"@", "@1,2,3", "@1,2,3,4,5", "@-1,0,1,1", "@a,0,1,1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        snprintf(text, sizeof text, "%s%s", path, none[i]);
        assert_null(attachment_load(text, &crops, &err));
        assert_non_null(strstr(err.text, "No such file"));
    }
    unlink(path);
    rmdir(folder);
    free(path);
}

static struct attachment *unread(const char *path, const char *bytes, const char *digest)
{
    struct crop_choice crops = {.kind = CROPS_OFF};
    char real[SHA256_HEX_BYTES];
    sha256_hex(bytes, strlen(bytes), real);
    return attachment_unread(path, mem_copy(bytes), strlen(bytes), digest ? digest : real, &crops);
}

static void reads_later_what_is_unread(void **state)
{
    static const char pixels[] = "P3 2 1 255 9 9 9 8 8 8 ";
    struct err err = {""};
    (void)state;
    struct attachment *a = unread("a.ppm", pixels, NULL);
    assert_true(attachment_is_blank(a) && attachment_views(a) == 1);
    assert_true(attachment_read(a, &err) && attachment_read(a, &err));
    assert_true(!attachment_is_blank(a) && attachment_is(a, ATTACHMENT_READ));
    assert_int_equal(a->image.width, 2);
    attachment_release(a);

    a = unread("a.ppm@1,0,1,1", pixels, NULL);
    assert_true(attachment_read(a, &err));
    assert_int_equal(attachment_views(a), 2);
    assert_int_equal(a->crops[0].x, 1);
    assert_non_null(a->origin);
    attachment_release(a);

    struct attachment *broken[] = {unread("a.ppm@1,0,2,1", pixels, NULL),
                                   unread("a.ppm", "P3 2 1 255 9", NULL),
                                   unread("a.ppm", pixels, "another")};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_false(attachment_read(broken[i], &err));
        assert_false(attachment_read(broken[i], &err)); /* it stays so */
        assert_non_null(strstr(err.text, "a.ppm"));
        assert_true(attachment_is_blank(broken[i]) && attachment_views(broken[i]) == 0);
        attachment_release(broken[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_pictures_where_they_are_named),
        cmocka_unit_test(leaves_other_brackets_alone),
        cmocka_unit_test(becomes_text),
        cmocka_unit_test(grows_and_is_cut),
        cmocka_unit_test(names_roles),
        cmocka_unit_test(reads_crop_choices),
        cmocka_unit_test(broken_pictures_fail_at_once),
        cmocka_unit_test(plans_crops_when_attached),
        cmocka_unit_test(keeps_what_stands_behind_a_nul),
        cmocka_unit_test(takes_regions),
        cmocka_unit_test(reads_later_what_is_unread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
