/* `trothd ceremony`: a root whose key is nowhere but in shares, on a machine without a network
 * (docs/decisions/root-in-shares.md). FOLDER is public, each share has a folder of its own:
 *
 *   FOLDER/transcript.txt    each step, chained (transcript.h)
 *   FOLDER/root.pem          the root's certificate
 *   FOLDER/crl/root-N.crl    its CRLs, signed ahead (pki/authority.h)
 *   FOLDER/issuer-N.pem      the certificate that step N signed
 *   SHARE/share-SET-X.txt    one share (crypto/shares.h), 0600
 *
 * Facts of the steps:
 *   begin         url, algorithm, set (HEX), set-name (as on paper), needed, of, share (X SHA-256
 * of each), certificate (base64) restore-test  shares (those that came), signature: by the key that
 * came of them crls          crl (N SHA-256 of each) issuer        shares, request (SHA-256),
 * certificate witness       name, key (SPKI), signature, over the hash of the step before
 *
 * Each step is in the transcript whole or not at all. Private to app. */
#ifndef APP_ROOT_CEREMONY_H
#define APP_ROOT_CEREMONY_H

#include <base/blob.h>
#include <crypto/shares.h>

#include "issuer_files.h"
#include "transcript.h"

#include <stdio.h>

#define ROOT_CEREMONY_RESTORE_PREFIX "troth-ceremony-restore-test-1\n"
#define ROOT_CEREMONY_WITNESS_PREFIX "troth-ceremony-witness-1\n"

/* A ceremony as its folder has it. */
struct root_ceremony {
    const char *folder;
    struct blob text; /* of the transcript */
    struct transcript transcript;
    struct share_set set;
    enum key_kind kind;
    char url[CONFIG_URL_MAX];
    struct blob certificate; /* of the root, DER */
};

/* Reads the transcript and what its first step says; other files are not looked at. `ret` is zeroed
 * by the caller and freed in any case. E_NOT_FOUND, E_TRANSCRIPT. */
MUST_USE enum result root_ceremony_open(const char *folder, struct root_ceremony *ret,
                                        struct err *err);
void root_ceremony_free(struct root_ceremony *ceremony);

/* The first step of that kind; NULL: it was not done. */
const struct transcript_step *root_ceremony_find(const struct root_ceremony *ceremony,
                                                 enum transcript_word word);

/* Hash of the last step: what is read out. */
struct bytes root_ceremony_hash(const struct root_ceremony *ceremony);

/* DER of the fact `certificate`. E_TRANSCRIPT. */
MUST_USE enum result root_ceremony_certificate(const struct transcript_step *step, struct blob *ret,
                                               struct err *err);

/* What a test restore and a witness sign: prefix, the hash of the step before, a line feed, the
 * name and a line feed. A longer name fails `b` of 512 octets. */
#define ROOT_CEREMONY_NAME_MAX 256
void root_ceremony_message(struct buf *b, const char *prefix, struct bytes hash, struct bytes name);

struct init_path root_ceremony_crl(const char *folder, uint64_t number);
struct init_path root_ceremony_issuer(const char *folder, size_t step);

/* Writes the transcript with one step more, durable, and opens it again. */
MUST_USE enum result root_ceremony_add(struct root_ceremony *ceremony,
                                       const struct transcript_entry *entry, struct err *err);

/* Locks the memory of the process and forbids core dumps; writes to `to` what could not be. */
void root_ceremony_guard(FILE *to);

/* ---- steps ----------------------------------------------------------------------------------- */

struct root_beginning {
    const char *folder;
    const char *const *shares; /* a folder for each */
    size_t shares_n;
    unsigned needed;
    enum key_kind kind; /* P-256 or P-384 */
    const char *url, *present;
    int64_t now_s;
};
/* Makes the key, its certificate and its shares, which are read back, and forgets the key. What an
 * earlier beginning left that came to no end is removed. E_CEREMONY when it is begun, E_USAGE. */
MUST_USE enum result root_ceremony_begin(const struct root_beginning *beginning, struct err *err);

/* Who brings shares. */
struct root_bringing {
    const char *const *shares; /* their files */
    size_t shares_n;
    const char *present;
    int64_t now_s;
};

/* Makes the key of shares, compares it with the certificate and signs with it; then its CRLs, if
 * they are not there. E_SHARE, E_SHARE_FOREIGN, E_SHARES_FEW. */
MUST_USE enum result root_ceremony_restore(struct root_ceremony *ceremony,
                                           const struct root_bringing *by, struct err *err);

/* Signs an issuer's request; *ret is its certificate's file. One that was signed before is only
 * written again. E_CEREMONY without a test restore. */
MUST_USE enum result root_ceremony_sign(struct root_ceremony *ceremony, const char *request,
                                        const struct root_bringing *by, struct init_path *ret,
                                        struct err *err);

/* Signs all steps with a P-256 key, whose passphrase may be NULL. */
MUST_USE enum result root_ceremony_witness(struct root_ceremony *ceremony, const char *name,
                                           struct key *key, int64_t now_s, struct err *err);

/* Does everything in the folder hold together, and have `witnesses` different keys signed what was
 * done last? Writes to `to` what it found. E_TRANSCRIPT, E_CEREMONY. */
MUST_USE enum result root_ceremony_verify(const struct root_ceremony *ceremony, unsigned witnesses,
                                          FILE *to, struct err *err);

#endif
