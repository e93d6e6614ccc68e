#include "tui/placeholder.h"

#include "base/utf8.h"

enum { PLACEHOLDER = 0x10EEEE };

/* The marks that stand for 0, 1, 2 and so on, as runs: characters of Unicode 6 over a letter that
 * make no other letter of it. */
static const struct {
    uint32_t first;
    int n;
} marks[] = {
    {0x0305, 1}, {0x030D, 2},  {0x0310, 1}, {0x0312, 1}, {0x033D, 3}, {0x0346, 1}, {0x034A, 3},
    {0x0350, 3}, {0x0357, 1},  {0x035B, 1}, {0x0363, 13}, {0x0483, 5}, {0x0592, 4}, {0x0597, 3},
    {0x059C, 6}, {0x05A8, 2},  {0x05AB, 2}, {0x05AF, 1}, {0x05C4, 1}, {0x0610, 8}, {0x0657, 5},
    {0x065D, 2}, {0x06D6, 7},  {0x06DF, 4}, {0x06E4, 1}, {0x06E7, 2}, {0x06EB, 2}, {0x0730, 1},
    {0x0732, 2}, {0x0735, 2},  {0x073A, 1}, {0x073D, 1}, {0x073F, 3}, {0x0743, 1}, {0x0745, 1},
    {0x0747, 1}, {0x0749, 2},  {0x07EB, 7}, {0x07F3, 1}, {0x0816, 4}, {0x081B, 9}, {0x0825, 3},
    {0x0829, 5}, {0x0951, 1},  {0x0953, 2}, {0x0F82, 2}, {0x0F86, 2}, {0x135D, 3}, {0x17DD, 1},
    {0x193A, 1}, {0x1A17, 1},  {0x1A75, 8}, {0x1B6B, 1}, {0x1B6D, 7}, {0x1CD0, 3}, {0x1CDA, 2},
    {0x1CE0, 1}, {0x1DC0, 2},  {0x1DC3, 7}, {0x1DCB, 2}, {0x1DD1, 22}, {0x1DFE, 1}, {0x20D0, 2},
    {0x20D4, 4}, {0x20DB, 2},  {0x20E1, 1}, {0x20E7, 1}, {0x20E9, 1}, {0x20F0, 1}, {0x2CEF, 3},
    {0x2DE0, 32},
};

static void put_character(struct str *out, uint32_t cp)
{
    char bytes[4];
    str_put(out, bytes, utf8_put(cp, bytes));
}

/* Nothing where there is no mark for so high a number: no pane is so large. */
static void put_number(struct str *out, int number)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; number -= marks[i++].n)
        if (number < marks[i].n) {
            put_character(out, marks[i].first + (uint32_t)number);
            return;
        }
}

void placeholder_put(struct str *out, unsigned id, struct rect where)
{
    str_printf(out, "\033[0;38;5;%um", id);
    for (int row = 0; row < where.rows; row++) {
        str_printf(out, "\033[%d;%dH", where.row + row + 1, where.col + 1);
        for (int col = 0; col < where.cols; col++) {
            put_character(out, PLACEHOLDER);
            put_number(out, row);
            put_number(out, col);
        }
    }
}
