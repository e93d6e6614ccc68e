/* The transcript: rows made as they are seen, places kept, things selected and found; and the keys
 * of reading in the program. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/screen/kit.h"
#include "tui/clipboard.h"
#include "tui/transcript.h"

enum { ROWS = 24, COLS = 80, BIG_BYTES = 5000000, LIMIT_MS = 500, TOKENS = 3000 };

/* The same numbers everywhere. */
static unsigned draw(unsigned *state, unsigned below)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % below;
}

/* Of the processor: another program that runs is not waited for. */
static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

/* ---- A pane --------------------------------------------------------------------------------- */

struct pane {
    struct theme theme;
    struct transcript *t;
    struct surface s;
    struct str text;
};

static struct pane *pane_new(void)
{
    struct pane *p = mem_new(1, sizeof *p);
    theme_choose(&p->theme, "dark", 256, BACKGROUND_DARK, NULL);
    p->t = transcript_new(&p->theme);
    return p;
}

static void pane_free(struct pane *p)
{
    transcript_free(p->t);
    surface_done(&p->s);
    str_done(&p->text);
    free(p);
}

static void put_row(struct str *out, const struct surface *s, int row)
{
    size_t start = out->len;
    for (int c = 0; c < s->cols; c++)
        str_puts(out, surface_at(s, row, c)->cells ? surface_at(s, row, c)->text : "");
    while (out->len > start && out->data[out->len - 1] == ' ')
        out->data[--out->len] = 0;
    str_putc(out, '\n');
}

/* The pane as text, a row a line. */
static const char *shown(struct pane *p, int rows, int cols)
{
    surface_resize(&p->s, rows, cols);
    transcript_draw(p->t, &p->s, (struct rect){0, 0, rows, cols}, true, "y copy");
    str_clear(&p->text);
    for (int r = 0; r < rows; r++)
        put_row(&p->text, &p->s, r);
    return str_text(&p->text);
}

static bool shows(struct pane *p, const char *text)
{
    return strstr(shown(p, ROWS, COLS), text) != NULL;
}

static void say(struct pane *p, const char *question, const char *answer)
{
    transcript_add(p->t, ITEM_USER, question, NULL);
    transcript_add(p->t, ITEM_MODEL, answer, NULL);
    transcript_finish(p->t, NULL, false);
}

/* No cell holds what is not printable, and each is covered once. */
static bool is_whole(const struct surface *s)
{
    for (int row = 0; row < s->rows; row++)
        for (int col = 0; col < s->cols;) {
            const struct cell *cell = surface_at(s, row, col);
            if (cell->cells == 0 || col + cell->cells > s->cols ||
                (unsigned char)cell->text[0] < 0x20 || cell->text[0] == 0x7F)
                return false;
            col += cell->cells;
        }
    return true;
}

/* ---- Places --------------------------------------------------------------------------------- */

static void test_places(void)
{
    struct pane *p = pane_new();
    char line[128];
    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof line, "answer **%d** with some words to wrap\n\nand %d more", i, i);
        say(p, "question", line);
    }
    CHECK(NULL, shows(p, "and 199 more"));
    CHECK(NULL, transcript_below(p->t) == 0);
    transcript_scroll(p->t, -500);
    char *before = mem_copy(shown(p, ROWS, COLS));
    CHECK(NULL, transcript_below(p->t) == 500);
    transcript_append(p->t, " and\n\nmore\n\nstill", 17);
    CHECK(NULL, strcmp(before, shown(p, ROWS, COLS)) == 0);
    CHECK(NULL, transcript_below(p->t) == 504);
    char *first = mem_text(before, strcspn(before, "\n"));
    shown(p, 12, 20);
    shown(p, 70, 250);
    CHECK(NULL, strncmp(shown(p, ROWS, COLS), first, strlen(first)) == 0);
    transcript_scroll(p->t, 500);
    transcript_scroll(p->t, 4);
    CHECK(NULL, shows(p, "still"));
    CHECK(NULL, transcript_below(p->t) == 0);
    transcript_to_start(p->t);
    CHECK(NULL, shows(p, "answer 0 with"));
    CHECK(NULL, transcript_below(p->t) == 200 * 8 + 3 - ROWS);
    free(before);
    free(first);
    pane_free(p);
}

/* Whatever is done to it, what is drawn is whole. */
static void test_rubbish(unsigned seed)
{
    static const char *const pieces[] = {
        "word ", "你好", "👨‍👩‍👧", "\n\n", "- ",
        "| a | b |\n|-|-|\n| \033[2J | x\x9B |\n", "```c\nint\033 x;\n```\n",
        "[l](<\033]0;x>)", "# ", "> ", "**", "\x80", "\xE2\x80\xAE", "مرحبا "};
    struct pane *p = pane_new();
    unsigned state = seed;
    bool whole = true;
    for (int i = 0; i < 300; i++) {
        unsigned what = draw(&state, 14);
        const char *piece = pieces[draw(&state, sizeof pieces / sizeof pieces[0])];
        int step = draw(&state, 2) ? 1 : -1;
        if (what == 0)
            transcript_add(p->t, (enum item_kind)draw(&state, 4), piece, piece);
        else if (what == 1)
            transcript_finish(p->t, NULL, draw(&state, 2));
        else if (what == 2 && draw(&state, 4) == 0)
            transcript_drop_answer(p->t);
        else if (what == 3)
            transcript_scroll(p->t, (long)draw(&state, 40) - 20);
        else if (what == 4)
            transcript_select_message(p->t, step);
        else if (what == 5)
            transcript_select_code(p->t, step);
        else if (what == 6)
            transcript_search(p->t, piece);
        else if (what == 7)
            transcript_search_step(p->t, step);
        else if (what == 8 && draw(&state, 8) == 0)
            transcript_clear(p->t);
        else
            transcript_append(p->t, piece, strlen(piece));
        int rows = (int)draw(&state, 30), cols = 1 + (int)draw(&state, 90);
        if (draw(&state, 3) == 0) {
            shown(p, rows ? rows : 1, cols);
            whole = whole && is_whole(&p->s);
        }
    }
    CHECK(NULL, whole);
    pane_free(p);
}

/* ---- Selection and search ------------------------------------------------------------------- */

static void test_selection(void)
{
    struct pane *p = pane_new();
    struct str text = {0};
    size_t message;
    CHECK(NULL, transcript_get_selected(p->t, &text, &message) == SELECTED_NOTHING);
    CHECK(NULL, !transcript_select_message(p->t, -1) && !transcript_select_code(p->t, 1));
    say(p, "one", "first\n\n```py\nif a:\n\tb\n```\n\n- x\n\n  ```\n  c\n  ```");
    say(p, "two", "second");
    transcript_set_branch(p->t, 3, 2, 3);
    CHECK(NULL, shows(p, "Gemma  ‹ 2/3 ›"));
    CHECK(NULL, !shows(p, "y copy"));
    CHECK(NULL, transcript_get_selected(p->t, &text, &message) == SELECTED_MESSAGE && message == 3);
    CHECK(NULL, strcmp(str_text(&text), "second") == 0);
    CHECK(NULL, transcript_select_message(p->t, -1) && transcript_select_message(p->t, -1));
    transcript_get_selected(p->t, &text, &message);
    CHECK(NULL, strcmp(str_text(&text), "two") == 0 && message == 2);
    CHECK(NULL, shows(p, "two\ny copy\nGemma"));
    CHECK(NULL, transcript_select_code(p->t, -1));
    CHECK(NULL, transcript_get_selected(p->t, &text, &message) == SELECTED_CODE && message == 1);
    CHECK(NULL, strcmp(str_text(&text), "c\n") == 0);
    CHECK(NULL, transcript_select_code(p->t, -1));
    transcript_get_selected(p->t, &text, &message);
    CHECK(NULL, strcmp(str_text(&text), "if a:\n\tb\n") == 0);
    CHECK(NULL, !transcript_select_code(p->t, -1));
    CHECK(NULL, transcript_select_code(p->t, 1) && !transcript_select_code(p->t, 1));
    CHECK(NULL, transcript_select_message(p->t, -1)); /* the one it is in */
    transcript_get_selected(p->t, &text, &message);
    CHECK(NULL, message == 1 && strncmp(str_text(&text), "first", 5) == 0);
    CHECK(NULL, transcript_deselect(p->t) && !transcript_deselect(p->t));
    str_done(&text);
    pane_free(p);
}

static bool is_match(struct pane *p, size_t want_k, size_t want_n)
{
    size_t k, n;
    transcript_search_count(p->t, &k, &n);
    return k == want_k && n == want_n;
}

static void test_search(void)
{
    struct pane *p = pane_new();
    char many[4096] = "";
    for (int i = 0; i < 100; i++)
        strcat(many, "filler line\n\n");
    say(p, "Where is Straße, ΣΊΣΥΦΟΣ or 你好?", many);
    say(p, "two words", "here **two**\nwords, and `two words` once more");
    shown(p, ROWS, COLS);
    transcript_to_start(p->t);
    shown(p, ROWS, COLS);
    transcript_search(p->t, "two words");
    CHECK(NULL, is_match(p, 1, 3));
    CHECK(NULL, shows(p, "two words"));
    transcript_search_step(p->t, 1);
    CHECK(NULL, is_match(p, 2, 3));
    CHECK(NULL, shows(p, "here two"));
    transcript_search_step(p->t, 1);
    transcript_search_step(p->t, 1);
    CHECK(NULL, is_match(p, 1, 3));
    transcript_search_step(p->t, -1);
    CHECK(NULL, is_match(p, 3, 3));
    transcript_search(p->t, "σίσυφοσ");
    CHECK(NULL, is_match(p, 1, 1) && shows(p, "ΣΊΣΥΦΟΣ"));
    CHECK(NULL, surface_at(&p->s, 1, 17)->style.bg == p->theme.tones[TONE_MATCH].bg);
    transcript_search(p->t, "STRASSE");
    CHECK(NULL, is_match(p, 0, 0));
    transcript_search(p->t, "straße");
    CHECK(NULL, is_match(p, 1, 1));
    transcript_search(p->t, "Two");
    CHECK(NULL, is_match(p, 0, 0));
    transcript_search(p->t, "好");
    CHECK(NULL, is_match(p, 1, 1));
    transcript_search(p->t, "filler");
    CHECK(NULL, is_match(p, 1, 100));
    transcript_search(p->t, "");
    CHECK(NULL, is_match(p, 0, 0));
    pane_free(p);
}

static void test_clipboard(void)
{
    struct str out = {0};
    struct err err;
    CHECK(NULL, clipboard_sequence(&out, "h\xC3\xA9", 3, false, &err));
    CHECK(NULL, strcmp(str_text(&out), "\033]52;c;aMOp\007") == 0);
    str_clear(&out);
    CHECK(NULL, clipboard_sequence(&out, "hi", 2, true, &err));
    CHECK(NULL, strcmp(str_text(&out), "\033]52;c;aGk=\007\033Ptmux;\033\033]52;c;aGk=\007\033\\") == 0);
    char *big = mem_new(CLIPBOARD_BYTES + 1, 1);
    CHECK(NULL, !clipboard_sequence(&out, big, CLIPBOARD_BYTES + 1, false, &err));
    free(big);
    str_done(&out);
}

/* ---- Speed ---------------------------------------------------------------------------------- */

static void put_answer(struct str *out, int i)
{
    str_clear(out);
    str_printf(out, "## Part %d\n\nSome **bold** words and `code` in a long paragraph.\n\n", i);
    str_puts(out, "| Item | Price |\n|---|--:|\n| bread | 4,60 € |\n| 你好 | 7,80 € |\n\n");
    str_puts(out, "```c\nint main(void)\n{\n    return 0; /* fine */\n}\n```\n\n");
    for (int k = 0; k < 12; k++)
        str_printf(out, "%d. a point with *some* words, as answers have them\n", k + 1);
}

static void test_big(void)
{
    struct pane *p = pane_new();
    struct str text = {0};
    size_t bytes = 0, n = 0;
    double start = now_ms();
    for (; bytes < BIG_BYTES; n++) {
        put_answer(&text, (int)n);
        say(p, "another question", str_text(&text));
        bytes += text.len;
    }
    shown(p, ROWS, COLS);
    double opened = now_ms() - start;
    size_t resident = mem_resident();
    start = now_ms();
    for (int i = 0; i < 100; i++) {
        transcript_scroll(p->t, -ROWS);
        shown(p, ROWS, COLS);
    }
    double page = (now_ms() - start) / 100;
    transcript_to_start(p->t);
    CHECK(NULL, shows(p, "Part 0"));
    start = now_ms();
    shown(p, ROWS, COLS / 2);
    double resized = now_ms() - start;
    start = now_ms();
    transcript_search(p->t, "part 17");
    double searched = now_ms() - start;
    printf("%zu messages, %.1f MB: open %.1f ms (%zu MB), page %.2f ms, resize %.2f ms, "
           "search %.0f ms\n",
           2 * n, (double)bytes / 1e6, opened, resident >> 20, page, resized, searched);
    CHECK(NULL, opened < LIMIT_MS && page < LIMIT_MS / 10 && resized < LIMIT_MS / 10);
    str_done(&text);
    pane_free(p);
}

/* JSON is shown to the letter, while it grows and behind that; what only begins so is Markdown. */
static void test_json(void)
{
    static const char answer[] = "{\"name\":\"*a* _b_ `c`\", \"brace\": \"}\\\"\", \"n\":[1,{\"x\":2}]}";
    struct pane *p = pane_new();
    transcript_add(p->t, ITEM_USER, "question", NULL);
    transcript_add(p->t, ITEM_MODEL, "", NULL);
    for (size_t i = 0; answer[i]; i++) {
        char so_far[sizeof answer];
        transcript_append(p->t, answer + i, 1);
        snprintf(so_far, i + 2, "%s", answer);
        CHECK(NULL, i < 1 || answer[i] == ' ' || shows(p, so_far));
    }
    transcript_finish(p->t, NULL, false);
    CHECK(NULL, shows(p, answer));
    say(p, "question", "{\"a\": 1} is *JSON*");
    CHECK(NULL, shows(p, "{\"a\": 1} is JSON"));
    say(p, "question", "{curly} *brackets*");
    CHECK(NULL, shows(p, "{curly} brackets"));
    pane_free(p);
}

/* An answer that comes in small pieces, drawn after each. */
static void test_stream(void)
{
    struct pane *p = pane_new();
    struct str text = {0};
    size_t bytes = 0;
    double worst = 0, start = now_ms();
    transcript_add(p->t, ITEM_USER, "question", NULL);
    transcript_add(p->t, ITEM_MODEL, "", NULL);
    put_answer(&text, 1);
    for (size_t i = 0; i < TOKENS; i++) {
        double before = now_ms();
        transcript_append(p->t, text.data + i * 5 % (text.len - 5), 5);
        bytes += 5;
        shown(p, ROWS, COLS);
        worst = now_ms() - before > worst ? now_ms() - before : worst;
    }
    double each = (now_ms() - start) / TOKENS;
    printf("%d tokens, %zu bytes: %.2f ms a token with drawing, %.2f ms at worst\n", TOKENS, bytes,
           each, worst);
    CHECK(NULL, each < 20);
    str_done(&text);
    pane_free(p);
}

/* ---- In the program ------------------------------------------------------------------------- */

static void ask(struct emulator *e, const char *text)
{
    emulator_send(e, "\033[200~");
    emulator_send(e, text);
    emulator_send(e, "\033[201~");
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "18.5 tok/s"));
    CHECK(e, emulator_hides(e, "Esc stops"));
}

static void test_keys(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    int clears = emulator_clears(e);
    ask(e, "say before\r```py\rx = 1\r```\rbehind");
    CHECK(e, emulator_clears(e) == clears);
    emulator_send(e, "\t{");
    emulator_send(e, "y");
    CHECK(e, emulator_shows(e, "copied the code: 6 bytes"));
    CHECK(e, strcmp(emulator_copied(e), "x = 1\n") == 0);
    emulator_send(e, "[");
    CHECK(e, emulator_shows(e, "r again · e edit · y copy"));
    emulator_send(e, "y");
    CHECK(e, emulator_shows(e, "copied the message: 29 bytes"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "r again"));
    CHECK(e, emulator_shows(e, "Esc writes"));
    emulator_send(e, "g/BEHIND");
    CHECK(e, emulator_shows(e, "nowhere"));
    emulator_send(e, "\025behind");
    CHECK(e, emulator_shows(e, "1 of 2"));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "n next"));
    emulator_send(e, "n");
    CHECK(e, emulator_shows(e, "2 of 2"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "2 of 2"));
    emulator_run(e, 100); /* or what follows might be taken for Alt and a key */
    emulator_send(e, "w");
    CHECK(e, emulator_shows(e, "Write to: answer-"));
    emulator_send(e, "\025out-");
    char name[32];
    snprintf(name, sizeof name, "%d.md", cols);
    emulator_send(e, name);
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "written to out-"));
    emulator_send(e, "w\025out-");
    emulator_send(e, name);
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "such a file already"));
    emulator_send(e, "i");
    kit_leave(e);
}

static void test_turns(int rows, int cols)
{
    struct emulator *e = kit_start_fake(rows, cols);
    emulator_send(e, "slow\r");
    CHECK(e, emulator_shows(e, "w5"));
    emulator_send(e, "\033");
    CHECK(e, emulator_shows(e, "interrupted"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    emulator_send(e, "\tc");
    CHECK(e, emulator_shows(e, "Esc stops"));
    CHECK(e, emulator_shows(e, "w60"));
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc stops"));
    emulator_send(e, "r");
    CHECK(e, emulator_hides(e, "w60"));
    CHECK(e, emulator_shows(e, "w5"));
    emulator_send(e, "\033");
    CHECK(e, emulator_shows(e, "interrupted"));
    kit_leave(e);
}

/* The editor gets the text, and the screen comes back. */
static void test_editor(int rows, int cols)
{
    char path[128], text[64] = "";
    snprintf(path, sizeof path, "sh %s/editor an-argument", getenv("HOME"));
    setenv("VISUAL", path, 1);
    struct emulator *e = kit_start_fake(rows, cols);
    unsetenv("VISUAL");
    ask(e, "say to be read");
    emulator_send(e, "\to");
    CHECK(e, emulator_shows(e, "lent"));
    CHECK(e, !emulator_on_alternate_screen(e));
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "Esc writes"));
    CHECK(e, emulator_on_alternate_screen(e));
    CHECK(e, emulator_shows(e, "Gemma"));
    snprintf(path, sizeof path, "%s/seen", getenv("HOME"));
    FILE *f = fopen(path, "r");
    CHECK(NULL, f && fgets(text, sizeof text, f) && strncmp(text, "to be read", 10) == 0);
    if (f)
        fclose(f);
    unlink(path);
    kit_leave(e);
}

static void prepare(void)
{
    static const char editor[] = "cp \"$2\" seen; echo lent; read line\n";
    kit_prepare();
    unsetenv("VISUAL");
    kit_write_file("editor", editor, sizeof editor - 1);
}

int main(void)
{
    static const int sizes[][2] = {{10, 40}, {24, 80}, {40, 120}, {70, 250}};
    setlocale(LC_ALL, "C.UTF-8");
    prepare();
    test_places();
    for (unsigned seed = 1; seed <= 300; seed++)
        test_rubbish(seed);
    test_selection();
    test_search();
    test_clipboard();
    test_big();
    test_json();
    test_stream();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        test_keys(sizes[i][0], sizes[i][1]);
        test_turns(sizes[i][0], sizes[i][1]);
        test_editor(sizes[i][0], sizes[i][1]);
    }
    return kit_finish();
}
