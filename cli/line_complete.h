/* Tab in line mode: slash commands, their paths, names of options. */
#ifndef CLI_LINE_COMPLETE_H
#define CLI_LINE_COMPLETE_H

/* Hangs itself into readline. */
void line_complete_install(void);

#endif
