#include <pki/ocsp.h>

#include "name.h"

enum result ocsp_issuer_read(struct bytes certificate, struct ocsp_issuer *ret, struct err *err)
{
    struct x509_cert cert;
    const char *why = NULL;

    if (!x509_read_cert(certificate, &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    sha1_for_names(cert.subject, ret->name_sha1);
    sha256(cert.subject, ret->name_sha256);
    key_hash_of_spki(cert.spki, ret->key_sha1);
    sha256(bits_of_spki(cert.spki), ret->key_sha256);
    return OK;
}

void ocsp_responder_hash(struct bytes spki, uint8_t ret[OCSP_RESPONDER_KEY_N])
{
    key_hash_of_spki(spki, ret);
}

bool ocsp_issuer_is(const struct ocsp_issuer *issuer, const struct ocsp_id *id)
{
    switch (id->hash) {
    case OCSP_HASH_SHA1:
        return bytes_equal(id->name_hash, bytes_of(issuer->name_sha1, SHA1_N)) &&
               bytes_equal(id->key_hash, bytes_of(issuer->key_sha1, SHA1_N));
    case OCSP_HASH_SHA256:
        return bytes_equal(id->name_hash, bytes_of(issuer->name_sha256, SHA256_N)) &&
               bytes_equal(id->key_hash, bytes_of(issuer->key_sha256, SHA256_N));
    case OCSP_HASH_OTHER:
        break;
    }
    return false;
}

void ocsp_said_write(struct buf *b, const struct ocsp_said *said)
{
    buf_put_u8(b, (uint8_t)said->word);
    buf_put_u8(b, (uint8_t)said->reason);
    buf_put_u64be(b, (uint64_t)said->revoked_s);
}

bool ocsp_said_read(struct reader *r, struct ocsp_said *ret)
{
    uint8_t word = reader_u8(r), reason = reader_u8(r);
    int64_t revoked_s = (int64_t)reader_u64be(r);

    if (word == OCSP_SAYS_NOTHING || word >= OCSP_WORD_COUNT ||
        reason > X509_REASON_PRIVILEGE_WITHDRAWN)
        return reader_fail(r, "core says nothing that an answer could say");
    *ret = (struct ocsp_said){(enum ocsp_word)word, (enum x509_reason)reason, revoked_s};
    return reader_ok(r);
}
