/* The first screen of who has no model but the one that ships, and the examples that it offers:
 * over a scripted chat, with files of its own in the places of model and pictures; and with the
 * real program ($FACET) and the model that lies beside it. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/screen/kit.h"

#define F7     "\033[18~"
#define CTRL_U "\025"

static const char scene[] = "P6\n2 2\n255\nabcdefghijkl";
static const char *const pictures[] = {"shapes", "label", "sign", "clock"};

static void install(void)
{
    char folder[PATH_MAX], dirs[PATH_MAX + 8], name[64];
    snprintf(dirs, sizeof dirs, "%s/share", getcwd(folder, sizeof folder));
    setenv("XDG_DATA_DIRS", dirs, 1);
    CHECK(NULL, mkdir("share", 0700) == 0 && mkdir("share/facet", 0700) == 0 &&
                    mkdir("share/facet/models", 0700) == 0 &&
                    mkdir("share/facet/models/examples", 0700) == 0);
    kit_write_file("share/facet/models/facet-small.gguf", "x", 1);
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
        snprintf(name, sizeof name, "share/facet/models/examples/%s.png", pictures[i]);
        kit_write_file(name, scene, sizeof scene - 1);
    }
}

/* It says what answers, how to have more, and what to try. */
static void test_welcome(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int row, col;
    CHECK(e, emulator_shows(e, rows > 10 ? "ships with facet" : "It is small"));
    CHECK(e, emulator_shows(e, "-m FILE"));
    CHECK(e, emulator_shows(e, "F7 tries an example, Enter sends it"));
    CHECK(e, emulator_find(e, "clock.png   What is in the picture?", &row, &col) == (rows > 10));
    CHECK(e, emulator_shows(e, "Write and press Enter"));
    CHECK(e, emulator_shows(e, "all keys"));
    emulator_send(e, F7);
    CHECK(e, emulator_shows(e, "> [image 1] Describe the picture."));
    CHECK(e, emulator_shows(e, "[image 1] shapes.png"));
    emulator_send(e, "\r");
    CHECK(e, emulator_hides(e, "tries an example"));
    CHECK(e, emulator_hides(e, "> [image 1]"));
    CHECK(e, emulator_shows(e, "echo: "));
    CHECK(e, emulator_hides(e, "Esc stops"));
    kit_leave(e);
}

/* Each time the next one, in the place of the last; what was written stays. */
static void test_next(int rows, int cols)
{
    static const char *const lines[] = {
        "> [image 1] Describe the picture.", "> [image 1] How much is the milk?",
        "> [image 1] What does the sign say?", "> [image 1] What is in the picture?",
        "> How do I show you a picture?", "> [image 1] Describe the picture."};
    struct emulator *e = kit_start_fake(rows, cols);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        emulator_send(e, F7);
        CHECK(e, emulator_shows(e, lines[i]));
    }
    emulator_send(e, " !");
    CHECK(e, emulator_shows(e, "picture. !"));
    emulator_send(e, F7);
    CHECK(e, emulator_shows(e, "an example takes an empty line"));
    CHECK(e, emulator_shows(e, "> [image 1] Describe the picture. !"));
    emulator_send(e, CTRL_U);
    CHECK(e, emulator_hides(e, "[image 1]"));
    emulator_send(e, F7);
    CHECK(e, emulator_shows(e, "> [image 1] How much is the milk?"));
    kit_leave(e);
}

static void test_missing(void)
{
    struct emulator *e;
    CHECK(NULL, unlink("share/facet/models/examples/shapes.png") == 0);
    e = kit_start_fake(24, 80);
    CHECK(e, emulator_shows(e, "ships with facet"));
    CHECK(e, emulator_hides(e, "tries an example"));
    emulator_send(e, F7);
    CHECK(e, emulator_shows(e, "the example pictures are not installed"));
    kit_leave(e);
}

/* Who has another model is not told of this one. */
static void test_other_model(void)
{
    struct emulator *e;
    setenv("FACET_MODEL", "/proc/self/exe", 1);
    e = kit_start_fake(24, 80);
    CHECK(e, emulator_shows(e, "Write and press Enter"));
    CHECK(e, emulator_hides(e, "ships with facet"));
    CHECK(e, emulator_hides(e, "tries an example"));
    kit_leave(e);
    unsetenv("FACET_MODEL");
}

static int run_program(void *user)
{
    (void)user;
    execl(getenv("FACET"), "facet", "--temperature", "0", "--max-tokens", "80", (char *)NULL);
    return 127;
}

/* The program as it is, on the model that ships: a key, Enter, and it says what is in the picture.
 */
static void test_real(int rows, int cols)
{
    kit_forget();
    struct emulator *e = emulator_start(rows, cols, run_program, NULL);
    CHECK(e, emulator_shows(e, "F7 tries an example"));
    CHECK(e, emulator_hides(e, "opening the model"));
    emulator_send(e, F7);
    CHECK(e, emulator_shows(e, "> [image 1] Describe the picture."));
    emulator_send(e, "\r");
    CHECK(e, emulator_hides(e, "> [image 1]"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    CHECK(e, emulator_shows(e, "triangle"));
    kit_leave(e);
}

int main(void)
{
    static const struct {
        int rows, cols;
    } sizes[] = {{10, 40}, {24, 80}, {40, 120}, {70, 250}};
    kit_prepare();
    install();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        test_welcome(sizes[s].rows, sizes[s].cols);
        test_next(sizes[s].rows, sizes[s].cols);
    }
    if (kit_has_real()) {
        test_real(10, 40);
        test_real(24, 80);
    }
    test_other_model();
    test_missing();
    return kit_finish();
}
