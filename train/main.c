/* The trainer: makes the model that ships with facet. `make model` runs its steps in turn. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "train/steps.h"

static const struct step {
    const char *name, *what;
    train_step_fn *run;
} steps[] = {
#define STEP(name, what) {#name, what, step_##name},
    TRAIN_STEPS(STEP)
#undef STEP
};

int main(int argc, char **argv)
{
    struct err err = {""};
    for (size_t i = 0; argc > 1 && i < sizeof steps / sizeof *steps; i++)
        if (!strcmp(argv[1], steps[i].name)) {
            if (steps[i].run(argc - 2, argv + 2, &err))
                return 0;
            fprintf(stderr, "trainer %s: %s\n", steps[i].name, err.text);
            return 1;
        }
    fprintf(stderr, "usage: trainer STEP [NAME=VALUE]...\n");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        fprintf(stderr, "  %-10s %s\n", steps[i].name, steps[i].what);
    return 2;
}
