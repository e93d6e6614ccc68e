#include "tui/examples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/resolve.h"
#include "tui/attaching.h"

enum { NAME_CELLS = 12 };

/* clang-format off */
static const struct {
    const char *file, *question; /* NULL: without a picture */
} examples[] = {
    {"shapes.png", "Describe the picture."},
    {"label.png", "How much is the milk?"},
    {"sign.png", "What does the sign say?"},
    {"clock.png", "What is in the picture?"},
    {NULL, "How do I show you a picture?"},
};
/* clang-format on */
enum { N_EXAMPLES = sizeof examples / sizeof examples[0] };

static char *find_picture(size_t i)
{
    char name[64];
    snprintf(name, sizeof name, "examples/%s", examples[i].file);
    return model_find_shipped(name);
}

/* Whether the input is as the last example left it. */
static bool stands(const struct app *app)
{
    size_t last = (app->n_examples + N_EXAMPLES - 1) % N_EXAMPLES;
    const char *question = examples[last].question, *text = input_text(app->input);
    size_t n = strlen(text), asked = strlen(question);
    return app->n_examples && input_n_pictures(app->input) == (examples[last].file != NULL) &&
           n >= asked && strcmp(text + n - asked, question) == 0;
}

void examples_next(struct app *app)
{
    size_t i = app->n_examples % N_EXAMPLES;
    if (!input_is_empty(app->input) && !stands(app)) {
        app_say(app, "an example takes an empty line: send or clear what is written there");
        return;
    }
    char *path = examples[i].file ? find_picture(i) : NULL;
    input_clear(app->input);
    app->focus = KEYS_INPUT;
    if (examples[i].file && !path) {
        app_fail(app, "the example pictures are not installed");
    } else if (!path || attaching_path(app, path)) {
        input_insert(app->input, examples[i].question, strlen(examples[i].question));
        app->n_examples++;
    }
    free(path);
}

int examples_draw(const struct app *app, struct surface *s, struct rect where)
{
    char line[96], try[KEY_NAME_BYTES], send[KEY_NAME_BYTES], *first = find_picture(0);
    int end = where.col + where.cols;
    bool listed = where.rows > N_EXAMPLES + 4, installed = first != NULL;
    free(first);
    keys_first(KEYS_INPUT, ACTION_EXAMPLE, try);
    keys_first(KEYS_INPUT, ACTION_SEND, send);
    if (!installed || !*try || where.rows < 1)
        return 0;
    snprintf(line, sizeof line, "%s tries an example, %s sends it%s", try, send,
             listed ? ":" : ".");
    surface_puts(s, where.row, where.col, end, line, app->theme.tones[TONE_ACCENT]);
    for (int i = 0; listed && i < N_EXAMPLES; i++) {
        int row = where.row + 1 + i, col = where.col + 2;
        if (examples[i].file)
            surface_puts(s, row, col, end, examples[i].file, app->theme.tones[TONE_MUTED]);
        surface_puts(s, row, col + NAME_CELLS, end, examples[i].question,
                     app->theme.tones[TONE_TEXT]);
    }
    return listed ? N_EXAMPLES + 1 : 1;
}
