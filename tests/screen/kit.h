/* What tests of the screen have in common: checks, a home of their own, programs to run in the
 * emulator. */
#ifndef TESTS_SCREEN_KIT_H
#define TESTS_SCREEN_KIT_H

#include <stdbool.h>

#include "tests/screen/emulator.h"

/* Makes a folder for HOME and all of XDG's, and an environment that no terminal of the tester's
 * shows through. The folder is the working folder. Ends the program if it cannot. */
void kit_prepare(void);
/* Takes the folder away, prints "N passed, N failed"; main's result. */
int kit_finish(void);
/* Takes away what was kept in it, so that the next program starts as the first. */
void kit_forget(void);
void kit_write_file(const char *name, const void *data, size_t n);

/* Counts; what fails is told with the screen as it is (e may be NULL). */
void kit_check(const char *file, int line, struct emulator *e, bool ok, const char *what);
#define CHECK(e, condition) kit_check(__FILE__, __LINE__, e, condition, #condition)

/* The full screen over a scripted chat (fake_chat.c), once it shows that it is there. */
struct emulator *kit_start_fake(int rows, int cols);
/* It itself, for emulator_start with something around it. */
int kit_run_fake(void *user);
/* The same before it was read from: so that it can be told what to answer (emulator_lie). */
struct emulator *kit_begin_fake(int rows, int cols);
/* The real program, $FACET, on the tiny model, $TINY: kit_has_real tells whether both are given. */
bool kit_has_real(void);
struct emulator *kit_start_real(int rows, int cols);
/* The same with a context that a few turns fill. */
struct emulator *kit_start_small(int rows, int cols);
/* Runs $FACET with the words behind `verb`, not on the screen; false if it failed. */
bool kit_run(const char *verb, ...) __attribute__((sentinel));

/* Writes a line, waits until it is seen (a long one may be wrapped: for a while), and sends it. */
void kit_ask(struct emulator *e, const char *text);
/* And waits for the whole answer. */
void kit_ask_and_wait(struct emulator *e, const char *text);
/* Leaves by keys, from wherever one is, and checks that the terminal is as it was and that nothing
 * was caused that text must not cause. */
void kit_leave(struct emulator *e);

#endif
