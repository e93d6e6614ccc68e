/* Writing in the full screen: readline's editing, several lines, what was sent before, drafts,
 * pastes, completion; over a scripted chat in a terminal emulator. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "tests/screen/kit.h"

/* The cursor stands in front of the text. */
#define CHECK_AT(e, text) kit_check(__FILE__, __LINE__, e, cursor_is_at(e, text), "cursor at " text)

static bool cursor_is_at(struct emulator *e, const char *text)
{
    int row, col;
    emulator_cursor(e, &row, &col);
    const char *line = emulator_row(e, row), *at = strstr(line, text);
    return at && (int)utf8_cells(line, (size_t)(at - line)) == col;
}

/* user: an inputrc, or NULL. */
static int run_fake(void *user)
{
    setenv("INPUTRC", user ? user : "/dev/null", 1);
    return kit_run_fake(NULL);
}

static struct emulator *start_with(int rows, int cols, char *inputrc)
{
    struct emulator *e = emulator_start(rows, cols, run_fake, inputrc);
    CHECK(e, emulator_shows(e, "fake-gemma"));
    return e;
}

static struct emulator *start(void)
{
    return start_with(24, 80, NULL);
}

/* Sends keys and waits for what they lead to. */
static void type_at(int line, struct emulator *e, const char *keys, const char *shown)
{
    emulator_send(e, keys);
    kit_check(__FILE__, line, e, emulator_shows(e, shown), shown);
}
#define TYPE(e, keys, shown) type_at(__LINE__, e, keys, shown)

static void ask(struct emulator *e, const char *text)
{
    TYPE(e, text, text);
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "tok/s  2 s"));
    CHECK(e, emulator_hides(e, "Esc stops"));
}

static void write_file(const char *name, const char *text)
{
    kit_write_file(name, text, strlen(text));
}

/* ---- readline ------------------------------------------------------------------------------- */

static void test_undo(void)
{
    struct emulator *e = start();
    TYPE(e, "one two three", "> one two three");
    emulator_send(e, "\027"); /* Ctrl-W */
    CHECK(e, emulator_hides(e, "three"));
    TYPE(e, "\037", "> one two three"); /* Ctrl-_ */
    emulator_send(e, "\001\013");       /* Ctrl-A Ctrl-K */
    CHECK(e, emulator_hides(e, "one"));
    TYPE(e, "\030\025", "> one two three"); /* Ctrl-X Ctrl-U */
    TYPE(e, "\033[200~ four\nfive\033[201~", "five");
    emulator_send(e, "\037");
    CHECK(e, emulator_hides(e, "five"));
    CHECK(e, emulator_shows(e, "> one two three"));
    kit_leave(e);
}

static void test_kill_ring(void)
{
    struct emulator *e = start();
    TYPE(e, "first second\001", "> first second");
    emulator_send(e, "\033d"); /* Alt-D */
    CHECK(e, emulator_hides(e, "first"));
    emulator_send(e, "\005\027"); /* Ctrl-E Ctrl-W */
    CHECK(e, emulator_hides(e, "second"));
    TYPE(e, "\031", "second"); /* Ctrl-Y: the last */
    TYPE(e, "\033y", "first"); /* Alt-Y: the one before */
    TYPE(e,
         "\033"
         "3x",
         "firstxxx"); /* a numeric argument */
    kit_leave(e);
}

static void test_macro(void)
{
    struct emulator *e = start();
    TYPE(e, "\030(ab\030)\030e\030e", "> ababab"); /* recorded, and run twice */
    kit_leave(e);
}

static void test_search(void)
{
    struct emulator *e = start();
    ask(e, "say apple");
    ask(e, "say banana");
    ask(e, "say cherry");
    TYPE(e, "\022app", "(reverse-i-search)`app'");
    CHECK(e, emulator_shows(e, "> say apple"));
    CHECK_AT(e, "apple");
    emulator_send(e, "\033"); /* ends the search, keeps what was found */
    CHECK(e, emulator_hides(e, "i-search"));
    CHECK(e, emulator_shows(e, "> say apple"));
    TYPE(e, "\003\022ban\r", "banana"); /* Enter sends what was found */
    CHECK(e, emulator_hides(e, "i-search"));
    CHECK(e, emulator_hides(e, "> say"));
    TYPE(e, "draft\022cherry", "> say cherry");
    emulator_send(e, "\007"); /* Ctrl-G: back to where one was */
    CHECK(e, emulator_shows(e, "> draft"));
    kit_leave(e);
}

static void test_rows(void)
{
    struct emulator *e = start();
    ask(e, "say before");
    TYPE(e, "alpha\nbe\033\rgamma", "gamma");
    emulator_send(e, "\033[A\033[A"); /* up over the short row: the column is kept */
    emulator_run(e, 100);
    TYPE(e, "|", "alpha|");
    TYPE(e, "\001|", "|alpha|");
    TYPE(e, "\033[B\033[B\005|", "gamma|");
    emulator_send(e, "\033[A\033[A\033[A"); /* behind the first row: what was sent */
    CHECK(e, emulator_shows(e, "> say before"));
    CHECK(e, emulator_hides(e, "gamma|"));
    TYPE(e, "\033[B", "gamma|"); /* and back to what was being written */
    kit_leave(e);
}

static void test_clusters(void)
{
    struct emulator *e = start();
    TYPE(e, "a👩‍👩‍👧e\xCC\x81z", "z");
    emulator_send(e, "\033[D\033[D"); /* over the z and the e with its accent */
    TYPE(e, "|", "|e\xCC\x81z");
    emulator_send(e, "\177\177"); /* the bar, and the family as one */
    CHECK(e, emulator_shows(e, "> ae\xCC\x81z"));
    TYPE(e, "\033[3~", "> az");
    TYPE(e, "\037", "> ae\xCC\x81z");
    kit_leave(e);
}

static void test_tokens(void)
{
    struct emulator *e = start();
    char line[160];
    snprintf(line, sizeof line, "\033[200~%s/dot.ppm\033[201~", getenv("HOME"));
    TYPE(e, line, "> [image 1]");
    CHECK(e, emulator_shows(e, "dot.ppm · 8×6"));
    TYPE(e, "seen", "> [image 1] seen");
    TYPE(e, "\001\006!", "> [image 1]! seen"); /* Ctrl-F passes it as one */
    emulator_send(e, "\001\033d");             /* so does Alt-D cut it */
    CHECK(e, emulator_hides(e, "[image 1]"));
    CHECK(e, emulator_hides(e, "8×6"));
    TYPE(e, "\005\031", "seen[image 1]"); /* yanked, it names its picture again */
    CHECK(e, emulator_shows(e, "8×6"));
    emulator_send(e, "\177");
    CHECK(e, emulator_hides(e, "[image 1]"));
    TYPE(e, "\037", "seen[image 1]");
    CHECK(e, emulator_shows(e, "8×6"));
    kit_leave(e);
}

static void test_vi(void)
{
    static char inputrc[96];
    snprintf(inputrc, sizeof inputrc, "%s/vi.inputrc", getenv("HOME"));
    write_file("vi.inputrc", "set editing-mode vi\n");
    struct emulator *e = start_with(24, 80, inputrc);
    TYPE(e, "one two three", "> one two three");
    TYPE(e, "\033", ": one two three"); /* the command mode shows */
    TYPE(e, "0dw", ": two three");
    CHECK_AT(e, "two");
    TYPE(e, "u", ": one two three");
    TYPE(e, "$x", ": one two thre");
    emulator_send(e, "bD");
    CHECK(e, emulator_hides(e, "thre"));
    TYPE(e, "p", ": one two thre");
    TYPE(e, "0cwzero", "> zero two thre");
    TYPE(e, "\033A!", "thre!");
    TYPE(e, "\033ddigr\xC3\xB6\xC3\x9F" "er.als n\xC3\xA4\xC3\xA9", "n\xC3\xA4\xC3\xA9");
    TYPE(e, "\033BBwi|", "> gr\xC3\xB6\xC3\x9F" "er|.als");
    TYPE(e, "\033We", "n\xC3\xA4\xC3\xA9"); /* both end at the end */
    TYPE(e, "wwEi|", "n\xC3\xA4|\xC3\xA9");
    TYPE(e, "\033bcwzero", "zero|\xC3\xA9");
    emulator_send(e, "\033dd");
    CHECK(e, emulator_hides(e, "zero"));
    emulator_send(e, "islow\r");
    CHECK(e, emulator_shows(e, "w3"));
    TYPE(e, "text\033", ": text"); /* Esc ends the insert mode, */
    CHECK(e, emulator_shows(e, "Esc stops"));
    emulator_send(e, "\033"); /* another one stops the answer */
    CHECK(e, emulator_hides(e, "Esc stops"));
    CHECK(e, emulator_shows(e, ": text"));
    emulator_send(e, "\004"); /* Ctrl-D in vi's insert mode would accept */
    kit_leave(e);
}

static void test_inputrc(void)
{
    static char inputrc[96];
    snprintf(inputrc, sizeof inputrc, "%s/own.inputrc", getenv("HOME"));
    write_file("own.inputrc", "\"\\C-t\": backward-char\n\"\\C-g\": \"typed by inputrc\"\n"
                              "\"\\e[A\": history-search-backward\n$if facet\n"
                              "\"\\C-xs\": accept-line\n$endif\n");
    struct emulator *e = start_with(24, 80, inputrc);
    TYPE(e, "ae\xCC\x81\024|", "> a|e\xCC\x81"); /* by clusters, on another key */
    TYPE(e, "\003\007", "> typed by inputrc");
    emulator_send(e, "\003");
    ask(e, "say by prefix");
    ask(e, "other");
    TYPE(e, "say\033[A", "> say by prefix");
    CHECK_AT(e, " by prefix");
    TYPE(e, "\005!\030s", "by prefix!");
    CHECK(e, emulator_hides(e, "> say"));
    kit_leave(e);
}

/* Esc never destroys anything. */
static void test_escape(void)
{
    struct emulator *e = start();
    TYPE(e, "precious", "> precious");
    emulator_send(e, "\033");
    emulator_run(e, 100);
    TYPE(e, "!", "> precious!");
    TYPE(e,
         "\033"
         "4",
         "(arg: 4)");
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "(arg"));
    TYPE(e, "x", "> precious!x");
    kit_leave(e);
}

/* While an answer streams, what is typed is there at once. */
static void test_streaming(void)
{
    struct emulator *e = start();
    TYPE(e, "slow\r", "w3");
    TYPE(e, "meanwhile", "> meanwhile");
    TYPE(e, "\001\033f!", "> meanwhile!");
    emulator_send(e, "\033");
    CHECK(e, emulator_hides(e, "Esc stops"));
    CHECK(e, emulator_shows(e, "> meanwhile!"));
    kit_leave(e);
}

/* ---- What is kept --------------------------------------------------------------------------- */

static void test_sent(void)
{
    char path[160];
    struct stat st;
    struct emulator *e = start();
    ask(e, "say kept one");
    TYPE(e, "two\nlines", "lines");
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "echo: two"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    kit_leave(e);
    e = start();
    TYPE(e, "\033[A", "> two");
    CHECK(e, emulator_shows(e, "  lines"));
    TYPE(e, "\022kept o", "> say kept one");
    kit_leave(e);
    snprintf(path, sizeof path, "%s/facet/sent", getenv("HOME"));
    kit_check(__FILE__, __LINE__, NULL, stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "0600");
}

static int run_without_history(void *user)
{
    setenv("FACET_NO_HISTORY", "yes", 1);
    return run_fake(user);
}

static void test_sent_without_history(void)
{
    char path[160];
    snprintf(path, sizeof path, "%s/facet/sent", getenv("HOME"));
    unlink(path);
    struct emulator *e = emulator_start(24, 80, run_without_history, NULL);
    CHECK(e, emulator_shows(e, "fake-gemma"));
    ask(e, "say nothing is kept");
    TYPE(e, "\033[A", "> say nothing is kept");
    kit_leave(e);
    kit_check(__FILE__, __LINE__, NULL, access(path, F_OK) != 0, "no file");
}

/* Killed without a warning, and started again. */
static void test_draft(void)
{
    char line[160];
    struct emulator *e = start();
    snprintf(line, sizeof line, "\033[200~%s/dot.ppm\033[201~", getenv("HOME"));
    TYPE(e, line, "> [image 1]");
    TYPE(e, "what is\nthis", "this");
    emulator_run(e, 1100); /* a second is what is promised */
    emulator_signal(e, SIGKILL);
    CHECK(e, emulator_wait(e) == 128 + SIGKILL);
    emulator_stop(e);
    e = start();
    CHECK(e, emulator_shows(e, "> [image 1] what is"));
    CHECK(e, emulator_shows(e, "  this"));
    CHECK(e, emulator_shows(e, "dot.ppm · 8×6"));
    CHECK(e, emulator_shows(e, "was being written"));
    struct emulator *other = start(); /* beside one that lives: it is not offered twice */
    CHECK(other, emulator_hides(other, "what is"));
    kit_leave(other);
    emulator_send(e, "\r");
    CHECK(e, emulator_shows(e, "echo: [image 1] what is"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    emulator_signal(e, SIGKILL);
    CHECK(e, emulator_wait(e) == 128 + SIGKILL);
    emulator_stop(e);
    e = start(); /* sent: gone */
    CHECK(e, emulator_hides(e, "what is"));
    kit_leave(e);
}

/* ---- Pastes, $EDITOR, completion ------------------------------------------------------------ */

static void paste_lines(struct emulator *e, int n)
{
    char line[32];
    emulator_send(e, "\033[200~");
    for (int i = 1; i <= n; i++) {
        snprintf(line, sizeof line, "pasted %d%s", i, i < n ? "\r" : "");
        emulator_send(e, line);
    }
    emulator_send(e, "\033[201~");
}

static void test_folding(void)
{
    struct emulator *e = start_with(40, 80, NULL);
    paste_lines(e, 8);
    CHECK(e, emulator_shows(e, "pasted 8")); /* short enough */
    emulator_send(e, "\003");
    CHECK(e, emulator_hides(e, "pasted"));
    TYPE(e, "see ", "> see");
    paste_lines(e, 12);
    CHECK(e, emulator_shows(e, "> see [paste 1: 12 lines]"));
    paste_lines(e, 9);
    CHECK(e, emulator_shows(e, "[paste 1: 12 lines][paste 2: 9 lines]"));
    emulator_send(e, "\177"); /* as one character */
    CHECK(e, emulator_hides(e, "paste 2"));
    TYPE(e, "\037", "[paste 2: 9 lines]");
    TYPE(e, "\001\017", "> see pasted 1"); /* Ctrl-O unfolds the first behind the cursor */
    CHECK(e, emulator_shows(e, "pasted 12[paste 2: 9 lines]"));
    TYPE(e, "\037", "> see [paste 1: 12 lines][paste 2: 9 lines]");
    emulator_send(e, "\r"); /* sent, they are what they stand for */
    CHECK(e, emulator_shows(e, "echo: see pasted 1"));
    CHECK(e, emulator_hides(e, "Esc stops"));
    CHECK(e, emulator_shows(e, "pasted 12pasted 1"));
    kit_leave(e);
}

static void test_compose(void)
{
    char path[160];
    snprintf(path, sizeof path, "%s/edit.sh", getenv("HOME"));
    write_file("edit.sh", "#!/bin/sh\nsed -i 's/draft/edited/' \"$2\"\necho more >>\"$2\"\n");
    chmod(path, 0700);
    strcat(path, " -x");
    setenv("VISUAL", path, 1);
    struct emulator *e = start();
    TYPE(e, "a draft\030\005", "> a edited"); /* Ctrl-X Ctrl-E */
    CHECK(e, emulator_shows(e, "  more"));
    CHECK(e, emulator_on_alternate_screen(e));
    TYPE(e, "\003draft two\033e", "> edited two");
    kit_leave(e);
    static char inputrc[96];
    snprintf(inputrc, sizeof inputrc, "%s/vi.inputrc", getenv("HOME"));
    e = start_with(24, 80, inputrc);
    TYPE(e, "a draft\033", ": a draft");
    TYPE(e, "v", "a edited");
    kit_leave(e);
    setenv("VISUAL", "false", 1);
    e = start();
    TYPE(e, "a draft\030\005", "the editor failed");
    CHECK(e, emulator_shows(e, "> a draft"));
    kit_leave(e);
    unsetenv("VISUAL");
}

static void test_completion(void)
{
    char line[160];
    struct emulator *e = start();
    TYPE(e, "/con\t", "continue  context");
    TYPE(e, "\t", "> /continue");
    TYPE(e, "\t", "> /context");
    CHECK(e, emulator_shows(e, "continue  context"));
    emulator_send(e, "\033"); /* a step back: the rows go, the text stays */
    CHECK(e, emulator_hides(e, "continue"));
    CHECK(e, emulator_shows(e, "> /context"));
    TYPE(e, "\003/set cr\t", "> /set crops");
    TYPE(e, "\t", "auto  hf");
    TYPE(e, "h\t", "> /set crops hf");
    CHECK(e, emulator_hides(e, "auto"));
    snprintf(line, sizeof line, "%s/two words", getenv("HOME"));
    mkdir(line, 0700);
    write_file("two words/it's.ppm", "P6\n1 1\n255\nabc");
    TYPE(e, "\003/image ~/tw\t\t", "> /image ~/two words/it's.ppm");
    TYPE(e, "\003/image \"~/tw\t\t", "> /image \"~/two words/it's.ppm\"");
    TYPE(e, "\003/image ~/two\\ w\t\t", "> /image ~/two\\ words/it\\'s.ppm");
    TYPE(e, "\r", "> [image 1]");
    CHECK(e, emulator_shows(e, "it's.ppm · 1×1"));
    TYPE(e, "/ima\t~/do\t", "> [image 1] /image ~/dot.ppm");
    TYPE(e, "\003~/do\t", "> ~/dot.ppm");
    kit_leave(e);
}

static void test_small(void)
{
    struct emulator *e = start_with(10, 40, NULL);
    ask(e, "say one");
    TYPE(e, "\022one", "(reverse-i-search)`one'");
    CHECK(e, emulator_shows(e, "> say one"));
    emulator_resize(e, 3, 20);
    emulator_run(e, 100);
    emulator_resize(e, 10, 40);
    CHECK(e, emulator_shows(e, "> say one"));
    kit_leave(e);
}

/* ---- */

static void prepare(void)
{
    char picture[16 + 8 * 6 * 3 + 1] = "P6\n8 6\n255\n";
    kit_prepare();
    memset(picture + 11, 'p', 8 * 6 * 3);
    write_file("dot.ppm", picture);
}

int main(void)
{
    static void (*const tests[])(void) = {test_undo,
                                          test_kill_ring,
                                          test_macro,
                                          test_search,
                                          test_rows,
                                          test_clusters,
                                          test_tokens,
                                          test_vi,
                                          test_inputrc,
                                          test_escape,
                                          test_streaming,
                                          test_sent,
                                          test_sent_without_history,
                                          test_draft,
                                          test_folding,
                                          test_compose,
                                          test_completion,
                                          test_small};
    prepare();
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tests[i]();
    return kit_finish();
}
