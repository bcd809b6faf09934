/* An operator's key, request and certificate, as files of his own. */
#ifndef CLI_IDENTITY_H
#define CLI_IDENTITY_H

#include <cli/profile.h>
#include <crypto/key.h>

/* The key of that file, made first (P-256) when it is not there: a second attempt sends the same.
 */
MUST_USE enum result identity_key(const char *path, struct key **ret, struct err *err);

/* A request over it, PEM; the caller owns `ret`. */
MUST_USE enum result identity_request(struct key *key, const char *name, struct blob *ret,
                                      struct err *err);

/* When the profile's certificate ends. */
MUST_USE enum result identity_not_after(const struct profile *profile, int64_t *ret,
                                        struct err *err);

/* A line on standard error when it ends within 30 days, or has ended. */
void identity_warn(const struct profile *profile);

#endif
