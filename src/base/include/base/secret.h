/* Bytes that must not be seen: passphrases, tokens, private keys in PEM.
 *
 * Owned, kept out of swap and core dumps where the system lets us, wiped when freed. A secret has
 * no formatter: nothing here turns one into a log line or an error text.
 *
 * Passphrases come from a file or from a systemd credential ($CREDENTIALS_DIRECTORY/NAME), never
 * from arguments or the environment, which other processes can read. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <base/err.h>

#include <stdbool.h>

#define SECRET_MAX 65536 /* bytes; a PEM key is under 8 KB */

struct secret {
    uint8_t *p; /* own pages, NUL behind the last byte (not counted) */
    size_t n;
    size_t mapped; /* private: bytes of the mapping */
};

/* A zeroed secret of `n` bytes (1 .. SECRET_MAX) to be filled by the caller, who owns it. */
MUST_USE enum result secret_new(size_t n, struct secret *ret, struct err *err);

/* Copies; the source is the caller's to wipe. */
MUST_USE enum result secret_copy(struct bytes from, struct secret *ret, struct err *err);

/* Reads the file `path`, at most `max` bytes, less one line feed at its end. Refused: what is not a
 * regular file, what group or others may access, an empty file. E_KEY, E_TOO_LARGE, E_IO. */
MUST_USE enum result secret_read_file(const char *path, size_t max, struct secret *ret,
                                      struct err *err);

/* The same from standard input, to its end: for what a person or a script hands over once. E_KEY,
 * E_TOO_LARGE, E_IO. */
MUST_USE enum result secret_read_input(size_t max, struct secret *ret, struct err *err);

/* Reads `path` unless it is empty, else the systemd credential `name`; E_KEY when neither is there.
 * (systemd owns the credential's permissions, they are checked alike.) */
MUST_USE enum result secret_read_passphrase(const char *path, const char *name, struct secret *ret,
                                            struct err *err);

/* Asks for a passphrase at the terminal of the process, which does not show what is typed; with
 * `again` twice, and both must be the same. E_KEY, also when there is no terminal. */
MUST_USE enum result secret_ask(const char *prompt, bool again, struct secret *ret,
                                struct err *err);

/* Wipes and frees; an empty secret is fine; fit for CLEANUP. */
void secret_free(struct secret *secret);

/* Overwrites memory in a way the compiler keeps. */
void secret_wipe(void *p, size_t n);

/* Compares without telling by its time where they differ (the lengths are not secret). */
bool secret_equal(struct bytes a, struct bytes b);

static inline struct bytes secret_bytes(const struct secret *secret)
{
    return (struct bytes){secret->p, secret->n};
}

#endif
