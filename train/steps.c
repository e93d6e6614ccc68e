#include "train/steps.h"

#include <stdlib.h>
#include <string.h>

const char *step_text(int argc, char **argv, const char *name, const char *otherwise)
{
    size_t n = strlen(name);
    for (int i = 0; i < argc; i++)
        if (!strncmp(argv[i], name, n) && argv[i][n] == '=')
            return argv[i] + n + 1;
    return otherwise;
}

double step_number(int argc, char **argv, const char *name, double otherwise)
{
    const char *text = step_text(argc, argv, name, NULL);
    return text ? strtod(text, NULL) : otherwise;
}
