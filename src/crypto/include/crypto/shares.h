/* A secret in n shares, of which any k give it back and k - 1 tell nothing: Shamir, "How to share a
 * secret" (1979), over GF(256) with the polynomial of AES, a random polynomial for each octet. No
 * tables and no branch hang on secret octets; one thread.
 *
 * A share says which set it is of and which of it. Whoever keeps the set's digests (struct
 * share_set, which is public) can name a share that is not the one that was written, before
 * anything is built of it. The digests hide an octet string that nobody can guess, and no other: a
 * secret is a key, never a password. */
#ifndef CRYPTO_SHARES_H
#define CRYPTO_SHARES_H

#include <base/err.h>
#include <base/secret.h>
#include <crypto/hash.h>
#include <wire/buf.h>

#define SHARES_LEAST 2 /* with one the key would lie in each safe */
#define SHARES_MOST 16
#define SHARE_SECRET_MIN 16 /* octets */
#define SHARE_SECRET_MAX 64
#define SHARE_SET_N 10

struct share {
    uint8_t set[SHARE_SET_N]; /* random, the same in all shares of a set */
    uint8_t needed, of;       /* SHARES_LEAST <= needed <= of <= SHARES_MOST */
    uint8_t x;                /* which of them: 1 .. of */
    uint8_t octets_n;         /* of the secret, and so of each share */
    uint8_t octets[SHARE_SECRET_MAX];
};

/* Shares in memory that is kept as a secret is. */
struct share_list {
    struct secret memory;
    size_t n;
};

/* A list of `n` zeroed shares, 1 .. SHARES_MOST, which the caller owns and fills. */
MUST_USE enum result share_list_new(size_t n, struct share_list *ret, struct err *err);

/* Wipes and frees; an empty list is fine; fit for CLEANUP. */
void share_list_free(struct share_list *list);

static inline struct share *share_at(const struct share_list *list, size_t i)
{
    return (struct share *)(void *)list->memory.p + i;
}

/* `of` new shares of `secret`, of which `needed` are the secret. E_USAGE for numbers or a length
 * out of range. */
MUST_USE enum result shares_split(struct bytes secret, unsigned needed, unsigned of,
                                  struct share_list *ret, struct err *err);

/* The secret, of the first `needed` shares of the list; those beyond must lie on the same
 * polynomials. E_SHARES_FEW; E_SHARE_FOREIGN for shares of two sets, one share twice, or one that
 * does not fit the others. It does NOT say that the secret is the one that was split: with exactly
 * `needed` shares any octets give some secret. */
MUST_USE enum result shares_combine(const struct share_list *list, struct secret *ret,
                                    struct err *err);

/* What may be told of a set. */
struct share_set {
    uint8_t id[SHARE_SET_N];
    uint8_t needed, of, octets_n;
    uint8_t digests[SHARES_MOST][SHA256_N]; /* of share x at x - 1 */
};

/* SHA-256 over all of a share. */
void share_digest(const struct share *share, uint8_t ret[SHA256_N]);

/* `list` is whole and in order, as shares_split made it. */
void share_set_of(const struct share_list *list, struct share_set *ret);

/* Is it the share that was written? E_SHARE_FOREIGN names what differs. */
MUST_USE enum result share_set_check(const struct share_set *set, const struct share *share,
                                     struct err *err);

/* ---- on paper --------------------------------------------------------------------------------
 *
 *   # comments
 *   1  ABCD EFGH IJKL MNOP  QRST
 *   2  ...
 *
 * Lines of up to ten octets in base32 (RFC 4648 section 6), by number, each with a last group that
 * is 20 bits of a digest over it; the last line ends with five octets of the share's digest. The
 * reader takes either case, any spaces, tabs and dashes, 0 for O, 1 for I and 8 for B. */
#define SHARE_TEXT_MAX 2048 /* octets */
#define SHARE_LINE_OCTETS 10

/* Appends it. */
void share_write(const struct share *share, struct buf *b);

/* E_SHARE names the line. `ret` is the caller's to wipe. Its time hangs on what is read. */
MUST_USE enum result share_read(struct bytes text, struct share *ret, struct err *err);

/* A set's id as it is written: four groups of four letters. */
struct share_set_name {
    char text[20];
};
struct share_set_name share_set_name_of(const uint8_t id[SHARE_SET_N]);

#endif
