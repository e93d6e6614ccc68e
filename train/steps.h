/* The steps of making a model, each a command of its own: `trainer STEP NAME=VALUE …`. */
#ifndef TRAIN_STEPS_H
#define TRAIN_STEPS_H

#include <stdbool.h>

#include "base/err.h"

typedef bool train_step_fn(int argc, char **argv, struct err *err);

#define TRAIN_STEPS(STEP)                                                                          \
    STEP(corpus, "writes what samples say, for spm_train")                                         \
    STEP(vocabulary, "makes a GGUF file of what spm_train found")                                  \
    STEP(export, "writes what a checkpoint holds as GGUF files")                                   \
    STEP(learn, "trains a net, and goes on where it stopped")                                      \
    STEP(feed, "writes samples as a net takes them, for other trainers")                           \
    STEP(plot, "draws the curves of runs")                                                         \
    STEP(score, "asks a finished model what it was not trained with")                              \
    STEP(samples, "writes samples as PNG files and text, to be looked at")

#define DECLARE(name, what) train_step_fn step_##name;
TRAIN_STEPS(DECLARE)
#undef DECLARE

/* The value of NAME among the arguments "NAME=VALUE", or `otherwise`. */
const char *step_text(int argc, char **argv, const char *name, const char *otherwise);
double step_number(int argc, char **argv, const char *name, double otherwise);

#endif
