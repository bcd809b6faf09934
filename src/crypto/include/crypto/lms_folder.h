/* An LMS key as a folder on one host, which gives each index to one signature only.
 *
 *     FOLDER/secret.pem   the seed, PKCS #8 under the passphrase
 *     FOLDER/public       HSS public key (RFC 8554 6.1)
 *     FOLDER/tree         nodes of the tree: public, and a signature that they spoil is not given
 * out FOLDER/next         the first index that nothing was reserved of, and the host RECORDS/NAME
 * the same number again, outside the folder; NAME is from the public key
 *
 * Indices are reserved, in the folder and then in the record, and both are on the disk, before
 * anything is signed with them; what a process that dies had reserved is lost. Refused
 * (E_KEY_STATE): a folder that is behind its record, as a copy that was put back is; one that has
 * no record here, as a copy for another user has; one of another host (/etc/machine-id). NOT
 * detected: folder and record put back together, as a snapshot of the whole machine does, and a
 * clone of the machine with its machine-id. Whoever does that gives the key away. */
#ifndef CRYPTO_LMS_FOLDER_H
#define CRYPTO_LMS_FOLDER_H

#include <base/blob.h>
#include <crypto/key.h>
#include <crypto/lms.h>

/* A new key in the new folder `path`; E_CONFLICT when it exists. `records` is made if need be.
 * E_KEY, E_IO. */
MUST_USE enum result lms_folder_make(const char *path, const char *records,
                                     const struct lms_kind *kind, const struct secret *passphrase,
                                     struct err *err);

/* Is there an LMS key in this folder? */
bool lms_folder_is_one(const char *path);

/* FOLDER/public. E_KEY, E_NOT_FOUND. */
MUST_USE enum result lms_folder_public(const char *path, struct blob *ret, struct err *err);

struct lms_signer;

/* Opens the folder, alone until it is freed (waits for who has it), and reserves the next `n`
 * indices for it. E_KEY_STATE, E_KEY for what is not whole or does not open, E_KEY_SPENT where
 * fewer are left. */
MUST_USE enum result lms_signer_open(const char *path, const char *records,
                                     const struct secret *passphrase, uint32_t n,
                                     struct lms_signer **ret, struct err *err);

/* An HSS signature with the next of the reserved indices; E_KEY_SPENT without one. */
MUST_USE enum result lms_signer_sign(struct lms_signer *signer, struct bytes message,
                                     struct blob *ret, struct err *err);

/* Of the tree, how many indices nothing was reserved of. */
uint32_t lms_signer_left(const struct lms_signer *signer);

void lms_signer_freep(struct lms_signer **signer);

#endif
