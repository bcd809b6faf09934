/* `trothd issuer`: one issuer, or root, follows another (docs/decisions/rollover.md). Four steps,
 * none of which needs a running server:
 *
 *   rotate   on the server: DATA/signer/KIND-NUMBER.pem and DATA/csr/KIND-NUMBER.csr
 *   sign     where the root's key is: the certificate that the request asks for
 *   root     where the root's key is: a new root, what links the two, and its CRLs
 *   accept   on the server: DATA/signer/KIND-NUMBER.cer, or a root's CRLs in PUBLIC/crl
 *
 * What then makes it count is an act of operators: `troth issuer add`. */
#ifndef APP_ISSUER_H
#define APP_ISSUER_H

#include <app/init.h>
#include <pki/profile.h>

struct issuer_rotation {
    const struct config *config;
    enum pki_issuer_kind kind;
    enum key_kind key_kind;
    const char *passphrase_file; /* NULL: the configuration's or the systemd credential */
    uint32_t number;             /* written by issuer_rotate: the new issuer's */
    char request[1024];          /* and where its request is */
};

/* E_CONFLICT while an earlier request of that kind waits for its certificate, E_ISSUER_NUMBER when
 * all numbers are used up, E_KEY when the passphrase is not that of the other keys. */
MUST_USE enum result issuer_rotate(struct issuer_rotation *rotation, struct err *err);

/* A root's key with its certificate, as `trothd init --root-out` and issuer_make_root wrote it. */
struct root_files {
    const char *root;            /* the file */
    const char *passphrase_file; /* of it */
};

struct issuer_signing {
    const struct config *config;
    struct root_files with;
    const char *request; /* PEM or DER */
    const char *out;     /* new file for the certificate, PEM */
    int64_t now_s;
};
MUST_USE enum result issuer_sign(const struct issuer_signing *signing, struct err *err);

struct root_making {
    const struct config *config;
    struct root_files with; /* the root that it follows */
    struct root_files make; /* new file, and the passphrase that it gets */
    enum key_kind key_kind;
    uint32_t number;
    const char *folder; /* new: root.pem, new-with-old.pem, old-with-new.pem, CRLs signed ahead */
    int64_t now_s;
};
MUST_USE enum result issuer_make_root(const struct root_making *making, struct err *err);

/* Takes the certificate that answers a request of issuer_rotate, or the folder of a root.
 * `ret_kind` and `ret_number` say whose it was; a root's number is 0. E_NOT_FOUND without such a
 * request. */
MUST_USE enum result issuer_accept(const struct config *config, const char *path,
                                   enum pki_issuer_kind *ret_kind, uint32_t *ret_number,
                                   struct err *err);

#endif
