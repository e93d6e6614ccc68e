/* Long tests try every case, or one in STRIDE where a sanitizer makes them slow: it watches what
 * code does, which all of many like cases do. */
#ifndef TESTS_SUPPORT_STRIDE_H
#define TESTS_SUPPORT_STRIDE_H

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { STRIDE = 4 };
#else
enum { STRIDE = 1 };
#endif

#endif
