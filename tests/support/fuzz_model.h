/* What the fuzz targets of model files share. */
#ifndef TESTS_SUPPORT_FUZZ_MODEL_H
#define TESTS_SUPPORT_FUZZ_MODEL_H

#include "engine/model.h"
#include "tests/support/tiny.h"

/* A model with a tower, as small as can be: some 50 KB. */
extern const struct tiny fuzz_shape;

/* Opens path and, where that goes well, reads the ends of every bound tensor; ends the process
 * where the model or the error is not as the contract says. Returns whether it opened. */
bool fuzz_open(const char *path, const struct facet_model_options *options);

/* Folder for the process's files, removed when it ends. */
const char *fuzz_folder(void);

#endif
