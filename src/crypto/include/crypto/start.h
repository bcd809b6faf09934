/* OpenSSL made ready once: algorithms fetched, templates of keys built, the random generator
 * seeded. */
#ifndef CRYPTO_START_H
#define CRYPTO_START_H

#include <base/err.h>

/* Call it before the sandbox: later nothing in this room opens a file. Idempotent; not to be called
 * from two threads at once, and everything else in this room is for one thread as well unless its
 * header says more. E_KEY when the library lacks an algorithm. */
MUST_USE enum result crypto_start(struct err *err);

#endif
