#include "tui/editor_commands.h"

#include <ctype.h>
#include <stdio.h>

#include <readline/readline.h>

#include "tui/steps.h"

static struct {
    editor_row_fn *row;
    void *user;
} rows;

static size_t point(void)
{
    return (size_t)rl_point;
}

static size_t length(void)
{
    return (size_t)rl_end;
}

static bool is_vi_command(void)
{
    return rl_editing_mode == 0 && rl_get_keymap() == vi_movement_keymap;
}

/* In vi's command mode the cursor is on a character, not between two. */
static void move(size_t to)
{
    if (to == length() && to > 0 && is_vi_command() && !RL_ISSTATE(RL_STATE_VIMOTION))
        to = steps_previous(rl_line_buffer, length(), to);
    rl_point = (int)to;
}

/* ---- Steps ---------------------------------------------------------------------------------- */

typedef size_t step_fn(const char *text, size_t len, size_t at);

static size_t stepped(int count, step_fn *forward, step_fn *backward)
{
    step_fn *step = count > 0 ? forward : backward;
    size_t at = point(), before;
    for (int n = count > 0 ? count : -count; n > 0; n--) {
        before = at;
        at = step(rl_line_buffer, length(), at);
        if (at == before)
            break;
    }
    return at;
}

static int go(int count, step_fn *forward, step_fn *backward)
{
    size_t to = stepped(count, forward, backward);
    if (to == point() && count)
        rl_ding();
    move(to);
    return 0;
}

static int forward_char(int count, int key)
{
    (void)key;
    return go(count, steps_next, steps_previous);
}

static int backward_char(int count, int key)
{
    return forward_char(-count, key);
}

static int forward_word(int count, int key)
{
    (void)key;
    return go(count, steps_word_right, steps_word_left);
}

static int backward_word(int count, int key)
{
    return forward_word(-count, key);
}

typedef size_t vi_step_fn(const char *text, size_t len, size_t at, bool big);

static int go_vi(int count, int key, vi_step_fn *step)
{
    size_t at = point(), before = length() + 1;
    for (; count > 0 && at != before; count--) {
        before = at;
        at = step(rl_line_buffer, length(), at, isupper(key));
    }
    move(at);
    return 0;
}

static int vi_next_word(int count, int key)
{
    return go_vi(count > 0 ? count : -count, key, count > 0 ? steps_vi_right : steps_vi_left);
}

static int vi_previous_word(int count, int key)
{
    return vi_next_word(-count, key);
}

static int vi_end_word(int count, int key)
{
    return go_vi(count, key, steps_vi_end);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static size_t line_start(void)
{
    return steps_line_start(rl_line_buffer, point());
}

static size_t line_end(void)
{
    return steps_line_end(rl_line_buffer, length(), point());
}

static int beginning_of_line(int count, int key)
{
    (void)count;
    (void)key;
    move(line_start());
    return 0;
}

static int end_of_line(int count, int key)
{
    (void)count;
    (void)key;
    move(line_end());
    return 0;
}

static int previous_history(int count, int key)
{
    if (count == 1 && rows.row(rows.user, -1))
        return 0;
    return rl_get_previous_history(count, key);
}

static int next_history(int count, int key)
{
    if (count == 1 && rows.row(rows.user, 1))
        return 0;
    return rl_get_next_history(count, key);
}

/* ---- Deleting ------------------------------------------------------------------------------- */

static int kill_to(size_t to)
{
    size_t start = to < point() ? to : point();
    rl_kill_text(rl_point, (int)to);
    move(start);
    return 0;
}

/* A count makes it a kill, which can be yanked, as readline has it. */
static int delete_steps(int count, bool always_kill)
{
    size_t to = stepped(count, steps_next, steps_previous);
    size_t start = to < point() ? to : point();
    if (to == point()) {
        rl_ding();
        return 1;
    }
    if (always_kill || rl_explicit_arg)
        return kill_to(to);
    rl_delete_text((int)start, (int)(to > start ? to : point()));
    move(start);
    return 0;
}

static int delete_char(int count, int key)
{
    (void)key;
    return delete_steps(count, false);
}

static int backward_delete_char(int count, int key)
{
    (void)key;
    return delete_steps(-count, false);
}

static int vi_delete(int count, int key)
{
    (void)key;
    return delete_steps(count, true);
}

static int vi_rubout(int count, int key)
{
    (void)key;
    return delete_steps(-count, true);
}

static int kill_word(int count, int key)
{
    (void)key;
    return kill_to(stepped(count, steps_word_right, steps_word_left));
}

static int backward_kill_word(int count, int key)
{
    return kill_word(-count, key);
}

static int unix_word_rubout(int count, int key)
{
    (void)key;
    return kill_to(stepped(-count, steps_word_right, steps_blank_left));
}

static int kill_line(int count, int key)
{
    (void)count;
    (void)key;
    size_t end = line_end();
    if (end == point() && end < length())
        end++; /* at the line's end, the line break */
    return kill_to(end);
}

static int unix_line_discard(int count, int key)
{
    (void)count;
    (void)key;
    size_t start = line_start();
    if (start == point() && start > 0)
        start--;
    return kill_to(start);
}

static int nothing(int count, int key)
{
    (void)count;
    (void)key;
    return rl_ding();
}

/* ---- Taking readline's place ---------------------------------------------------------------- */

static struct {
    const char *name;
    rl_command_func_t *ours, *theirs;
} commands[] = {
    {"forward-char", forward_char, NULL},
    {"backward-char", backward_char, NULL},
    {"forward-word", forward_word, NULL},
    {"backward-word", backward_word, NULL},
    {"beginning-of-line", beginning_of_line, NULL},
    {"end-of-line", end_of_line, NULL},
    {"previous-history", previous_history, NULL},
    {"next-history", next_history, NULL},
    {"delete-char", delete_char, NULL},
    {"backward-delete-char", backward_delete_char, NULL},
    {"kill-word", kill_word, NULL},
    {"backward-kill-word", backward_kill_word, NULL},
    {"unix-word-rubout", unix_word_rubout, NULL},
    {"kill-line", kill_line, NULL},
    {"backward-kill-line", unix_line_discard, NULL},
    {"unix-line-discard", unix_line_discard, NULL},
    {"vi-delete", vi_delete, NULL},
    {"vi-rubout", vi_rubout, NULL},
    {"vi-next-word", vi_next_word, NULL},
    {"vi-prev-word", vi_previous_word, NULL},
    {"vi-end-word", vi_end_word, NULL},
    {"vi-complete", nothing, NULL},           /* the pane completes, */
    {"bracketed-paste-begin", nothing, NULL}, /* the pane's, too */
    {"operate-and-get-next", nothing, NULL},  /* sending forgets the place in the history */
    {"print-last-kbd-macro", nothing, NULL},  /* prints to stdout */
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static rl_command_func_t *ours_for(rl_command_func_t *function)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (commands[i].theirs == function)
            return commands[i].ours;
    return function;
}

/* The maps of prefixes (Esc, Ctrl-X) hang in each other as a tree. */
static void rebind(Keymap map)
{
    for (int key = 0; key < KEYMAP_SIZE; key++) {
        if (map[key].type == ISFUNC && map[key].function)
            map[key].function = ours_for(map[key].function);
        else if (map[key].type == ISKMAP && map[key].function)
            rebind((Keymap)map[key].function);
    }
}

void editor_commands_name(editor_row_fn *row, void *user)
{
    rows.row = row;
    rows.user = user;
    rl_initialize_funmap();
    for (size_t i = 0; i < N_COMMANDS; i++)
        commands[i].theirs = rl_named_function(commands[i].name);
    for (size_t i = 0; funmap[i]; i++)
        funmap[i]->function = ours_for(funmap[i]->function);
}

void editor_commands_bind(void)
{
    static const struct {
        const char *keys;
        rl_command_func_t *command;
    } more[] = {
        {"\033[3~", delete_char},    {"\033[1;5C", forward_word},  {"\033[1;5D", backward_word},
        {"\033[1;3C", forward_word}, {"\033[1;3D", backward_word},
    };
    Keymap maps[] = {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap};
    for (size_t m = 0; m < sizeof maps / sizeof maps[0]; m++) {
        rebind(maps[m]);
        for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
            rl_bind_keyseq_if_unbound_in_map(more[i].keys, more[i].command, maps[m]);
    }
}
