/* Functions that hosted code does not use, each with what to use instead. The build puts this file
 * before every source of a hosted room; a use is a compile error.
 *
 * They are redeclared as deprecated, which is an error by -Werror, because `#pragma GCC poison`
 * also hits parameters of that name in the headers of OpenSSL and GnuTLS. */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#include <alloca.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POISON(instead) __attribute__((deprecated("poisoned: use " instead)))

/* Macros in front of some of them would slip through. */
#undef alloca
#undef sprintf
#undef vsprintf
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef strtok_r

/* clang cannot mark what the C library has defined inline; gcc can, and builds the same sources */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"

/* no error seen */
POISON("strtoul with its end pointer") int atoi(const char *);
POISON("strtol with its end pointer") long atol(const char *);
POISON("strtod with its end pointer") double atof(const char *);

/* writes into its input, skips empty fields */
POISON("strcspn or a reader") char *strtok(char *, const char *);
POISON("strcspn or a reader") char *strtok_r(char *, const char *, char **);

/* no bound, or no NUL at it */
POISON("fgets") char *gets(char *);
POISON("snprintf") int sprintf(char *, const char *, ...);
POISON("vsnprintf") int vsprintf(char *, const char *, va_list);
POISON("snprintf") char *strcpy(char *, const char *);
POISON("snprintf") char *strcat(char *, const char *);
POISON("snprintf") char *strncpy(char *, const char *, size_t);
POISON("snprintf") char *strncat(char *, const char *, size_t);
POISON("malloc(3), freed by its scope") void *alloca(size_t);

/* a shell */
POISON("posix_spawn") int system(const char *);
POISON("posix_spawn") FILE *popen(const char *, const char *);

/* can be guessed */
POISON("base/rand.h") int rand(void);
POISON("base/rand.h") void srand(unsigned);
POISON("base/rand.h") long random(void);

/* a race for the name */
POISON("mkostemp") char *tmpnam(char[L_tmpnam]);
POISON("mkostemp") char *mktemp(char *);

#pragma GCC diagnostic pop
#undef POISON

#endif
