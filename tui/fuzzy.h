/* Matching what people type while they choose from a list. */
#ifndef TUI_FUZZY_H
#define TUI_FUZZY_H

/* How well the words of `wanted` (parted by spaces, in any order, upper and lower case alike) fit
 * into text: 0 not at all, else the more the better. A word fits as it stands, best at the start
 * of the text, then of a word in it; else as letters in that order ("cnv" in "conversations"). An
 * empty `wanted` fits everything equally. Needs a UTF-8 locale. */
int fuzzy_score(const char *text, const char *wanted);

#endif
