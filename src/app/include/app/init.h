/* `trothd init`: keys, authorities and folders of a new installation. Needs no running server.
 *
 * It makes, whole or not at all (data/ca is renamed into place last, and its existence is what an
 * installation is known by):
 *   DATA/signer/    0700  NAME.pem the online keys, encrypted; NAME.cer; origin the log's name;
 *                         root-file where the root's key was written
 *   DATA/store/     0700  empty
 *   DATA/ca/        0755  root.cer idevid.cer ldevid.cer operations.cer (DER), root.pem
 *   PUBLIC/ca/      N.cer by issuer number
 *   PUBLIC/crl/     root-N.crl, the root's CRLs signed ahead (pki/authority.h); 1-0-0.crl the
 * current PUBLIC/checkpoint-keys  the verifier keys of the log (pki/note.h), one a line and the
 * root's key with its certificate, in one encrypted file that belongs on another machine. */
#ifndef APP_INIT_H
#define APP_INIT_H

#include <base/config.h>
#include <crypto/key.h>

/* Octets of a passphrase that opens online keys, which are cheap to try (KEY_COST_ONLINE), or all
 * of them at once. */
#define PASSPHRASE_MIN 16

struct init_request {
    const struct config *config;
    const char *passphrase_file;      /* NULL: the configuration's or the systemd credential */
    const char *root_passphrase_file; /* NULL with `lab`: the same passphrase */
    const char *root_out; /* new file for the root's key; ignored with csr_only and lab */
    bool csr_only; /* no root: DATA/csr/NAME.csr are for one that exists elsewhere; see init_accept
                    */
    bool lab;      /* the root's key stays in DATA/root.pem */
    enum key_kind issuer_kind, root_kind;
    int64_t now_s;
};

/* E_CONFLICT when there is an installation already, E_KEY, E_IO. */
MUST_USE enum result init_create(const struct init_request *request, struct err *err);

/* The second half of csr_only: takes root.cer, idevid.cer, ldevid.cer and operations.cer (DER or
 * PEM) from `folder`, checks each against its key and the root, and completes the installation. */
MUST_USE enum result init_accept(const struct config *config, const char *folder, int64_t now_s,
                                 struct err *err);

/* Can this process read the root's key where init put it? The server does not start then, unless it
 * is for the lab. E_ROOT_ONLINE with the path. A copy that somebody made elsewhere is not seen. */
MUST_USE enum result root_key_must_be_away(const struct config *config, struct err *err);

#endif
