/* A folder for a test's files. */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

/* A new empty folder under $TMPDIR or /tmp; NULL if it cannot be made. */
char *scratch_new(void);
/* Removes it with the files and folders in it, and frees the name. */
void scratch_free(char *folder);
/* folder/name; free() it. */
char *scratch_path(const char *folder, const char *name);

#endif
