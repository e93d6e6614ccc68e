/* Fills in what manual pages say of the program's tables: standard input to standard output, with a
 * line @OPTIONS@ or @ACTIONS@, or @SPECIAL@ in one, replaced. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "chat/options.h"
#include "tui/bindings.h"

static void put(const char *text)
{
    for (size_t i = 0, n = strlen(text); i < n;) {
        uint32_t c;
        i += utf8_next(text + i, n - i, &c, NULL);
        if (c >= 0x80)
            printf("\\[u%04X]", c);
        else
            fputs(c == '-' ? "\\-" : c == '\\' ? "\\e" : (char[2]){(char)c, 0}, stdout);
    }
}

static void put_option(const struct option_row *row)
{
    fputs(".TP\n.B ", stdout);
    put(row->flag);
    fputs(" = \\fI", stdout);
    put(row->argument ? row->argument : "yes|no");
    fputs("\\fR\n", stdout);
    put(row->help);
    if (row->fallback) {
        fputs(" (", stdout);
        put(row->fallback);
        putchar(')');
    }
    fputs(".\n", stdout);
}

static void put_options(void)
{
    for (size_t g = 0; g < n_option_groups; g++) {
        size_t end = g + 1 < n_option_groups ? option_groups[g + 1].first : n_option_rows;
        printf(".SS \"[%s] %s\"\n", option_groups[g].section, option_groups[g].title);
        for (size_t i = option_groups[g].first; i < end; i++)
            put_option(&option_rows[i]);
    }
}

static void put_action(const struct key_row *row)
{
    char name[KEY_NAME_BYTES];
    fputs(".TP\n.B ", stdout);
    put(action_names[row->action]);
    putchar('\n');
    for (int k = 0; k < KEYS_PER_ACTION && row->keys[k]; k++) {
        keys_name(row->keys[k], name);
        fputs(k ? ", " : "", stdout);
        put(name);
    }
    if (row->help) {
        fputs(": ", stdout);
        put(row->help);
    }
    fputs(".\n", stdout);
}

static void put_actions(void)
{
    for (int context = 0; context < KEYS_CONTEXTS; context++) {
        printf(".SH \"IN PLACE: %s\"\n%s.\n", context_names[context], key_context_names[context]);
        for (size_t i = 0; i < n_key_rows; i++)
            if ((int)key_rows[i].context == context)
                put_action(&key_rows[i]);
    }
}

static void put_special(void)
{
    char name[KEY_NAME_BYTES];
    for (uint32_t key = K_UP; key <= K_F12; key++) {
        keys_name(key, name);
        fputs(key == K_UP ? "" : key < K_F12 ? ", " : " and ", stdout);
        put(name);
    }
}

int main(void)
{
    char line[1024];
    while (fgets(line, sizeof line, stdin)) {
        char *special = strstr(line, "@SPECIAL@");
        if (special) {
            printf("%.*s", (int)(special - line), line);
            put_special();
            fputs(special + strlen("@SPECIAL@"), stdout);
        } else if (strcmp(line, "@OPTIONS@\n") == 0) {
            put_options();
        } else if (strcmp(line, "@ACTIONS@\n") == 0) {
            put_actions();
        } else {
            fputs(line, stdout);
        }
    }
    return 0;
}
