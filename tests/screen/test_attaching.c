/* Pictures that come by their paths: several dropped at once, or named among the words of a
 * question. Over a scripted chat. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/screen/kit.h"

/* Twice as wide as high: two crops by the rule. */
static void write_banner(void)
{
    enum { WIDTH = 600, HEIGHT = 300, HEAD = 15 };
    static char bytes[HEAD + 3 * WIDTH * HEIGHT];
    snprintf(bytes, sizeof bytes, "P6\n%d %d\n255\n", WIDTH, HEIGHT);
    kit_write_file("banner.ppm", bytes, sizeof bytes);
}

static void paste(struct emulator *e, const char *text)
{
    emulator_send(e, "\033[200~");
    emulator_send(e, text);
    emulator_send(e, "\033[201~");
}

/* As terminals write files that are dropped on them. */
static void test_several_dropped(int rows, int cols)
{
    char text[512], folder[128];
    struct emulator *e = kit_start_fake(rows, cols);
    paste(e, "'one.ppm' \"two words.ppm\" ");
    CHECK(e, emulator_shows(e, "> [image 1] [image 2]"));
    CHECK(e, emulator_shows(e, cols < 60 ? "one.ppm · 1 view" : "[image 1] one.ppm · 4×2"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "[image 2]"));
    paste(e, "two\\ words.ppm one.ppm two\\ words.ppm");
    CHECK(e, emulator_shows(e, "[image 3]"));
    CHECK(e, emulator_shows(e, "all 3 pictures · 3 views"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "[image 3]"));
    CHECK(e, getcwd(folder, sizeof folder) != NULL);
    snprintf(text, sizeof text, "file://%s/one.ppm\r\nfile://%s/two%%20words.ppm\r\n", folder,
             folder);
    paste(e, text);
    CHECK(e, emulator_shows(e, "> [image 1] [image 2]"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "[image 2]"));
    paste(e, "one.ppm and more");
    CHECK(e, emulator_shows(e, "> one.ppm and more"));
    kit_leave(e);
}

static void test_named_in_question(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    emulator_send(e, "in one.ppm, or 'two words.ppm'?\r");
    CHECK(e, emulator_shows(e, "in [image 1], or [image 2]?"));
    CHECK(e, emulator_shows(e, "echo: in [image 1]"));
    CHECK(e, emulator_shows(e, "tok/s"));
    kit_leave(e);
}

/* It is not asked about nothing: the words come back as they were. */
static void test_named_and_broken(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    emulator_send(e, "in broken.png here\r");
    CHECK(e, emulator_shows(e, "not a picture"));
    CHECK(e, emulator_shows(e, "> in broken.png here"));
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "> in"));
    emulator_send(e, "`one.ppm` no.png\r");
    CHECK(e, emulator_shows(e, "echo: one.ppm no.png"));
    kit_leave(e);
}

/* A key goes through the ways to cut a picture, each with what it costs, before it is sent. */
static void test_crops(int rows, int cols)
{
    static const char *const shown[] = {"crops: off, 1 view", "crops: 2, 3 views",
                                        "crops: 3, 4 views", "crops: 4, 5 views",
                                        "crops: auto, 3 views"};
    struct emulator *e = kit_start_fake(rows, cols);
    emulator_send(e, "what is this? banner.ppm");
    CHECK(e, emulator_shows(e, "banner.ppm"));
    emulator_send(e, "\003/image banner.ppm\r");
    CHECK(e, emulator_shows(e, cols < 60 ? "banner.ppm · 3 views" : "600×300 · 3 views"));
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, cols < 60 ? "Esc back" : "c crops"));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        emulator_send(e, "c");
        CHECK(e, emulator_shows(e, shown[i]));
        CHECK(e, emulator_shows(e, "> [image 1]"));
    }
    emulator_send(e, "c");
    CHECK(e, emulator_shows(e, "banner.ppm@off"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc back"));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "tok/s"));
    emulator_send(e, "\033p");
    CHECK(e, emulator_shows(e, cols < 60 ? "Esc back" : "h heat"));
    emulator_send(e, "c");
    CHECK(e, emulator_shows(e, "it was sent with these crops"));
    kit_leave(e);
}

static int run_small(void *user)
{
    (void)user;
    execl(getenv("FACET"), "facet", "-m", getenv("TINY"), "--ctx", "100", (char *)NULL);
    return 127;
}

/* Told before it is sent. */
static void test_too_many(int rows, int cols)
{
    struct emulator *e = emulator_start(rows, cols, run_small, NULL);
    CHECK(e, emulator_shows(e, "F1 help"));
    CHECK(e, emulator_hides(e, "opening the model"));
    emulator_send(e, "/image one.ppm\r");
    CHECK(e, emulator_shows(e, "> [image 1]"));
    for (int i = 0; i < 40; i++)
        paste(e, "one.ppm");
    CHECK(e, emulator_shows(e, cols < 60 ? "all 41 pictures" : "more than the context has room"));
    kit_leave(e);
}

int main(void)
{
    static const struct {
        int rows, cols;
    } sizes[] = {{10, 40}, {24, 80}, {40, 120}};
    kit_prepare();
    static const char pixels[] = "P6\n4 2\n255\nabcdefghijklmnopqrstuvwx";
    kit_write_file("one.ppm", pixels, strlen(pixels));
    kit_write_file("two words.ppm", pixels, strlen(pixels));
    kit_write_file("broken.png", "words", 5);
    write_banner();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        test_several_dropped(sizes[s].rows, sizes[s].cols);
        test_named_in_question(sizes[s].rows, sizes[s].cols);
        test_named_and_broken(sizes[s].rows, sizes[s].cols);
        test_crops(sizes[s].rows, sizes[s].cols);
        if (kit_has_real())
            test_too_many(sizes[s].rows, sizes[s].cols);
    }
    return kit_finish();
}
