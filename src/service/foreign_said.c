#include "foreign_said.h"

#include <crypto/hash.h>
#include <pki/keyquality.h>
#include <trust/facts.h>
#include <trust/foreign_words.h>
#include <wire/der.h>

/* Two messages with the same fields. */
struct says {
    struct bytes spki, chain;
    const uint8_t *issuer_name;
    int64_t not_before_s;
    uint8_t signature, is_self_signed, is_ca, root_issued;
};

static int key_of(enum x509_key_alg alg)
{
    switch (alg) {
    case X509_KEY_P256:
        return FOREIGN_KEY_P256;
    case X509_KEY_P384:
        return FOREIGN_KEY_P384;
    case X509_KEY_ED25519:
        return FOREIGN_KEY_ED25519;
    case X509_KEY_RSA:
        return FOREIGN_KEY_RSA;
    case X509_KEY_OTHER:
        break;
    }
    return FOREIGN_KEY_OTHER;
}

static uint32_t traits_of(const struct says *says, const struct x509_key *key)
{
    bool has_fingerprint = key->alg == X509_KEY_RSA && has_roca_fingerprint(key->modulus);
    return (says->is_self_signed ? TRAIT_SELF_SIGNED : 0U) | (says->is_ca ? TRAIT_CA : 0U) |
           (has_fingerprint ? TRAIT_ROCA : 0U) |
           (says->root_issued == YES ? TRAIT_ROOT_ISSUED : 0U) |
           (says->root_issued == NO ? TRAIT_ISSUED_BELOW : 0U);
}

/* The next certificate of a chain, header included. */
static bool next_der(struct reader *chain, struct bytes *ret)
{
    return chain->left > 0 && der_read_whole(chain, DER_SEQUENCE, ret);
}

static enum result read_says(const struct says *says, struct foreign_said *ret, struct err *err)
{
    struct reader chain = reader_of(says->chain);
    struct x509_key key;
    const char *why = NULL;
    *ret = (struct foreign_said){0};
    if (says->spki.n == 0)
        return OK;
    if (!x509_read_spki(says->spki, &key, &why) || !next_der(&chain, &ret->leaf))
        return err_set(err, E_FOREIGN, "the certificate's key: %s",
                       why != NULL ? why : "there is no certificate to it");
    ret->key = key_of(key.alg);
    ret->bits = key.alg == X509_KEY_RSA ? (int)key_bits(&key) : 0;
    ret->traits = traits_of(says, &key);
    ret->issuer_name = says->issuer_name;
    ret->not_before_s = says->not_before_s;
    ret->signature = says->signature < SIGNATURE_HASH_COUNT ? says->signature : 0;
    sha256(says->spki, ret->spki);
    sha256(ret->leaf, ret->digest);
    return OK;
}

enum result foreign_said_of_line(const struct msg_foreign_line *line, struct foreign_said *ret,
                                 struct err *err)
{
    const struct says says = {line->spki,         line->chain,      line->issuer_name,
                              line->not_before_s, line->signature,  line->is_self_signed,
                              line->is_ca,        line->root_issued};
    return read_says(&says, ret, err);
}

enum result foreign_said_of_scan(const struct msg_scan_line *line, struct foreign_said *ret,
                                 struct err *err)
{
    const struct says says = {line->spki,         line->chain,      line->issuer_name,
                              line->not_before_s, line->signature,  line->is_self_signed,
                              line->is_ca,        line->root_issued};
    return read_says(&says, ret, err);
}

enum result foreign_said_put(struct service *service, struct change *change,
                             const struct foreign_said *said, struct err *err)
{
    change_blob(change, COL_FOREIGN_SPKI, bytes_of(said->spki, 32));
    change_int(change, COL_FOREIGN_NOT_BEFORE, said->not_before_s);
    change_int(change, COL_FOREIGN_KEY, said->key);
    change_int(change, COL_FOREIGN_BITS, said->bits);
    change_int(change, COL_FOREIGN_SIGNATURE, said->signature);
    change_blob(change, COL_FOREIGN_DIGEST, bytes_of(said->digest, 32));
    change_int(change, COL_FOREIGN_TRAITS, said->traits);
    change_blob(change, COL_FOREIGN_ISSUER_NAME, bytes_of(said->issuer_name, 32));
    return store_put_foreign_der(service->store, said->digest, said->leaf, err);
}

enum result foreign_keep_chain(struct service *service, struct bytes chain, struct buf *digests,
                               struct err *err)
{
    struct reader walk = reader_of(chain);
    struct bytes der;
    while (next_der(&walk, &der)) {
        uint8_t digest[32];
        sha256(der, digest);
        buf_put_bytes(digests, bytes_of(digest, sizeof digest));
        TRY(store_put_foreign_der(service->store, digest, der, err));
    }
    if (!reader_end(&walk) || !buf_ok(digests))
        return err_set(err, E_FOREIGN, "the chain is not 1 to %d certificates",
                       LIMIT_CHAIN_CERTIFICATES);
    return OK;
}

/* ---- devices -------------------------------------------------------------------------------- */

/* Product and serial number, never a bare common name (design 2). */
enum result foreign_named_device(struct service *service, int64_t product,
                                 struct bytes serial_number, int64_t *ret, struct err *err)
{
    struct device device = {0};
    *ret = 0;
    if (serial_number.n == 0)
        return OK;
    enum result result = store_device_named(service->store, product, serial_number, &device, err);
    *ret = result == OK ? device.id : 0;
    return result == R_NOT_FOUND ? OK : result;
}
