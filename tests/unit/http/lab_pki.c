#include "lab.h"

#include <base/rand.h>
#include <crypto/hash.h>
#include <wire/b64.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void write_name(struct buf *b, const char *common_name, const char *serial_number)
{
    struct x509_name_part parts[2];
    size_t n = 0;
    if (common_name != NULL)
        parts[n++] =
            (struct x509_name_part){oid_common_name, bytes_of(common_name, strlen(common_name))};
    if (serial_number != NULL)
        parts[n++] = (struct x509_name_part){oid_serial_number,
                                             bytes_of(serial_number, strlen(serial_number))};
    x509_write_name(b, parts, n);
}

static void key_id(struct bytes spki, uint8_t ret[20])
{
    uint8_t digest[32];
    sha256(spki, digest);
    memcpy(ret, digest, 20);
}

static size_t put(struct x509_extension *list, size_t n, struct bytes oid, bool critical,
                  struct buf *b, size_t from)
{
    list[n] = (struct x509_extension){oid, critical, bytes_of(b->p + from, b->n - from)};
    return n + 1;
}

static size_t write_extensions(struct buf *b, struct x509_extension *list, struct bytes spki,
                               struct bytes issuer_spki, const struct lab_wish *wish)
{
    uint8_t id[20];
    size_t n = 0, at = b->n;
    key_id(spki, id);
    x509_write_ski(b, bytes_of(id, 20));
    n = put(list, n, oid_subject_key_id, false, b, at);
    at = b->n;
    key_id(issuer_spki, id);
    x509_write_aki(b, bytes_of(id, 20));
    n = put(list, n, oid_authority_key_id, false, b, at);
    at = b->n;
    x509_write_key_usage(b, wish->is_ca ? X509_KU_KEY_CERT_SIGN | X509_KU_CRL_SIGN
                                        : X509_KU_DIGITAL_SIGNATURE);
    n = put(list, n, oid_key_usage, true, b, at);
    at = b->n;
    if (wish->is_ca) {
        x509_write_basic_constraints(b, true, -1);
        return put(list, n, oid_basic_constraints, true, b, at);
    }
    x509_write_eku(b, wish->is_server ? &oid_server_auth : &oid_client_auth, 1);
    return put(list, n, oid_extended_key_usage, false, b, at);
}

struct blob lab_certify(const struct lab_holder *issuer, struct key *key,
                        const struct lab_wish *wish)
{
    uint8_t names[512], extensions[1024], tbs[2048], out[3072], serial[16];
    struct key *signer = issuer == NULL ? key : issuer->key;
    struct buf subject = buf_over(names, sizeof names);
    write_name(&subject, wish->common_name, wish->serial_number);
    struct bytes issuer_name = buf_bytes(&subject);
    if (issuer != NULL) {
        struct x509_cert parent;
        const char *why = NULL;
        assert_true(x509_read_cert(blob_bytes(&issuer->certificate), &parent, &why));
        issuer_name = parent.subject;
    }
    struct x509_extension list[8];
    struct buf values = buf_over(extensions, sizeof extensions);
    size_t n = write_extensions(&values, list, key_spki(key), key_spki(signer), wish);
    rand_bytes(serial, sizeof serial);
    serial[0] = 0x11;
    struct x509_tbs_fields fields = {
        .serial = bytes_of(serial, sizeof serial),
        .sig_alg = key_sig_alg(signer),
        .issuer = issuer_name,
        .not_before_s = wish->not_before_s != 0 ? wish->not_before_s : time(NULL) - 86400,
        .not_after_s = wish->not_after_s != 0 ? wish->not_after_s : time(NULL) + 7 * 86400,
        .subject = buf_bytes(&subject),
        .spki = key_spki(key),
        .extensions = list,
        .extensions_n = n,
    };
    struct buf signed_part = buf_over(tbs, sizeof tbs), whole = buf_over(out, sizeof out);
    x509_write_tbs(&signed_part, &fields);
    struct key_signature signature;
    assert_int_equal(key_sign(signer, buf_bytes(&signed_part), &signature, NULL), OK);
    x509_write_signed(&whole, buf_bytes(&signed_part), key_sig_alg(signer),
                      key_signature_bytes(&signature));
    assert_true(buf_ok(&whole));
    struct blob certificate = {0};
    assert_int_equal(blob_copy(buf_bytes(&whole), &certificate), OK);
    return certificate;
}

struct lab_holder lab_holder(const struct lab_holder *issuer, const struct lab_wish *wish)
{
    struct lab_holder holder = {0};
    assert_int_equal(key_generate(KEY_P256, &holder.key, NULL), OK);
    holder.certificate = lab_certify(issuer, holder.key, wish);
    return holder;
}

void lab_holder_free(struct lab_holder *holder)
{
    key_freep(&holder->key);
    blob_free(&holder->certificate);
}

char *lab_request(struct key *key, const char *serial_number)
{
    uint8_t memory[512], out[1024];
    struct x509_name_part name = {oid_serial_number,
                                  bytes_of(serial_number, strlen(serial_number))};
    struct x509_csr_fields fields = {&name, 1, key_spki(key), {0}};
    struct buf info = buf_over(memory, sizeof memory), csr = buf_over(out, sizeof out);
    x509_write_csr_info(&info, &fields);
    struct key_signature signature;
    assert_int_equal(key_sign(key, buf_bytes(&info), &signature, NULL), OK);
    x509_write_signed(&csr, buf_bytes(&info), key_sig_alg(key), key_signature_bytes(&signature));
    assert_true(buf_ok(&csr));
    char *text = calloc(1, B64_ENCODED_MAX(sizeof out) + 1);
    struct buf line = buf_over(text, B64_ENCODED_MAX(sizeof out));
    b64_encode(&line, buf_bytes(&csr));
    return text;
}
