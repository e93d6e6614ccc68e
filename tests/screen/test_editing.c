/* Random keys for the input pane, in both modes and under inputrcs that are hard on it: the text
 * stays UTF-8, the cursor where it may stand, and every key comes to an end. readline is opened
 * once a process, so each run is one. EDITING_SEEDS=1000 for many, EDITING_FIRST to begin with
 * another. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/utf8.h"
#include "tests/screen/kit.h"
#include "tui/input.h"
#include "tui/keys.h"
#include "tui/steps.h"

enum { KEYS = 600, MOST_BYTES = 4000, SECONDS = 20 };

static const char *const inputrcs[] = {
    "",
    "set editing-mode vi\n",
    /* No way from one mode to the other, and macros that search, count, record and give up. */
    "\"\\e\\C-j\": abort\n\"\\C-t\": \"ab\\e3\\C-gcd\\C-]\\C-g\\C-rab\\C-gx\\C-x\\C-g\\C-y\"\n"
    "\"\\C-o\": \"\\C-x(q\\C-x)\\C-xe\\e.\\ey\"\n\"\\C-]\": \"one\\rtwo\\C-t\"\n",
    "set editing-mode vi\nset show-mode-in-prompt on\nset keymap vi-command\n"
    "\"\\C-e\": end-of-line\n\"q\": \"3dfa2f\\C-gcwx\\e\"\n\"Q\": \"d3\\C-g/ab\\C-g.u.\"\n"
    "set keymap vi-insert\n\"\\C-t\": \"ab\\e3f\\C-gcd\"\n\"\\C-o\": \"one\\rtwo\\e\"\n",
    "set isearch-terminators \"x\"\nset revert-all-at-newline on\nset mark-modified-lines on\n"
    "set history-preserve-point on\nset blink-matching-paren on\n"
    "\"\\C-t\": bracketed-paste-begin\n\"\\C-o\": vi-editing-mode\n\"\\C-y\": quoted-insert\n",
};
enum { N_INPUTRCS = sizeof inputrcs / sizeof inputrcs[0] };

static uint64_t state;

static unsigned below(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

static uint32_t random_key(void)
{
    static const uint32_t beyond[] = {0xE4, 0x3C9, 0x301, 0x4F60, 0x200D, 0x1F469, 0xA0};
    unsigned kind = below(100);
    if (kind < 55)
        return ' ' + below(95);
    if (kind < 65)
        return beyond[below(sizeof beyond / sizeof beyond[0])];
    if (kind < 73)
        return K_UP + below(K_F12 + 1 - K_UP);
    if (kind < 82)
        return K_ESC;
    if (kind < 93)
        return K_CTRL | (0x60 + below(32));
    return below(8) ? K_ALT | (' ' + below(95)) : (K_ALT | K_CTRL) + K_UP + below(14);
}

/* What is rare among keys that are drawn one by one. */
static uint32_t next_key(void)
{
    static const char *const phrases[] = {"\030(", "\030)", "\030e", "\0333", "d3f",
                                          "\022a", "/a\r",  "\033.", "\033-", "ct",
                                          "\0330", "\026",  "\033d", "R",     "."};
    static const char *rest = "";
    if (!*rest && below(12) == 0)
        rest = phrases[below(sizeof phrases / sizeof phrases[0])];
    if (!*rest)
        return random_key();
    unsigned char c = (unsigned char)*rest++;
    return c == '\033' ? K_ESC : c == '\r' ? K_ENTER : c < ' ' ? K_CTRL | (c | 0x60u) : c;
}

static void change_from_outside(struct input *in)
{
    static const char *const texts[] = {"",
                                        "word [image 1] w\xC3\xB6rd",
                                        "two\nlines \xE4\xBD\xA0\xE5\xA5\xBD",
                                        "/image /",
                                        "[image 2]",
                                        "ends in \\"};
    static const char long_paste[] = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
    const char *text = texts[below(sizeof texts / sizeof texts[0])];
    switch (below(8)) {
    case 0:
        input_set(in, text);
        break;
    case 1:
        input_insert(in, text, strlen(text));
        break;
    case 2:
        input_paste(in, text, strlen(text));
        break;
    case 3:
        input_paste(in, long_paste, strlen(long_paste));
        break;
    case 4:
        input_complete(in, NULL);
        break;
    case 5:
        input_unfold(in);
        break;
    case 6:
        input_remember(in, false);
        break;
    default:
        input_clear(in);
        break;
    }
}

static bool is_sound(const struct input *in)
{
    const char *text = input_text(in);
    size_t n = editor_length(), at = editor_cursor();
    return strlen(text) == n && utf8_valid(text, n) == n && at <= n &&
           steps_floor(text, n, at) == at;
}

static void draw(struct input *in, struct surface *s)
{
    surface_resize(s, 1 + (int)below(8), 1 + (int)below(60));
    int rows = input_rows(in, s->cols);
    struct rect where = {.rows = rows < s->rows ? rows : s->rows, .cols = s->cols};
    surface_clear(s);
    input_draw(in, s, where, true);
}

/* The child's whole life; where it fails, the number of the key is told. */
static int press(unsigned keys)
{
    struct theme theme = {.name = ""};
    struct surface surface = {.rows = 0};
    setlocale(LC_ALL, "C.UTF-8");
    alarm(SECONDS);
    struct input *in = input_new(&theme, false);
    for (unsigned i = 0; i < keys; i++) {
        if (input_key(in, next_key()) == EDITOR_SEND) {
            input_remember(in, true);
            input_clear(in);
        }
        if (below(30) == 0)
            change_from_outside(in);
        if (!is_sound(in)) {
            fprintf(stderr, "key %u: cursor %zu of %zu in \"%s\"\n", i, editor_cursor(),
                    editor_length(), input_text(in));
            return 1;
        }
        if (below(4) == 0)
            draw(in, &surface);
        if (editor_length() > MOST_BYTES)
            input_clear(in);
    }
    input_free(in);
    surface_done(&surface);
    return 0;
}

static bool survives(unsigned inputrc, unsigned seed)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        kit_write_file("inputrc", inputrcs[inputrc], strlen(inputrcs[inputrc]));
        setenv("INPUTRC", "inputrc", 1);
        state = seed;
        _exit(press(KEYS));
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    if (status != 0)
        fprintf(stderr, "inputrc %u, seed %u: status %d\n", inputrc, seed, status);
    return status == 0;
}

int main(void)
{
    const char *seeds = getenv("EDITING_SEEDS"), *first = getenv("EDITING_FIRST");
    unsigned from = first ? (unsigned)atol(first) : 1, n = seeds ? (unsigned)atol(seeds) : 40;
    kit_prepare();
    for (unsigned seed = from; seed < from + n; seed++)
        for (unsigned i = 0; i < N_INPUTRCS; i++)
            CHECK(NULL, survives(i, seed));
    return kit_finish();
}
