#include <agent/request.h>
#include <base/file.h>
#include <base/limits.h>
#include <crypto/csr.h>
#include <crypto/pem.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include <string.h>

#define NAME_PARTS_MAX 8 /* attributes of a subject that we were given */
#define ATTRIBUTES_BYTES 2048
#define TBS_BYTES 1024
#define AROUND_BYTES (KEY_SIGNATURE_MAX + 64) /* a signature and its algorithm */
#define PEM_BYTES (LIMIT_CHAIN_CERTIFICATES * LIMIT_CERTIFICATE_BYTES * 2)

enum result request_read_leaf(const char *path, struct blob *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob text = {0};
    TRY(file_read(path, PEM_BYTES, &text, err));
    struct blob all[LIMIT_CHAIN_CERTIFICATES] = {0};
    size_t n = 0;
    enum result result =
        pem_read_all(blob_bytes(&text), PEM_CERTIFICATE, LENGTH_OF(all), all, &n, err);
    if (result != OK) {
        err_prefix(err, "%s", path);
        return result;
    }
    for (size_t i = 1; i < n; i++)
        blob_free(&all[i]);
    *ret = all[0];
    return OK;
}

static enum result read_cert(const struct blob *der, struct x509_cert *ret, struct err *err)
{
    const char *why = NULL;
    if (!x509_read_cert(blob_bytes(der), ret, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    return OK;
}

/* ---- first enrolment --------------------------------------------------------------------------
 */

/* The device's serial number: as told, else as its IDevID says. */
static enum result serial_of(const struct agent *agent, char *to, size_t max, struct err *err)
{
    struct bytes serial = {0};
    CLEANUP(blob_free) struct blob leaf = {0};
    struct x509_cert cert;
    if (agent->serial != NULL) {
        serial = bytes_of(agent->serial, strlen(agent->serial));
    } else if (agent->idevid_certificate != NULL) {
        TRY(request_read_leaf(agent->idevid_certificate, &leaf, err));
        TRY(read_cert(&leaf, &cert, err));
        if (!x509_name_find(cert.subject, oid_serial_number, &serial))
            return err_set(err, E_CERTIFICATE,
                           "%s has no serialNumber in its subject; give --serial",
                           agent->idevid_certificate);
    }
    if (serial.n == 0 || serial.n >= max)
        return err_set(err, E_USAGE, "the serial number has %zu octets; wanted 1 to %d (--serial)",
                       serial.n, LIMIT_SERIAL_NUMBER);
    memcpy(to, serial.p, serial.n);
    to[serial.n] = '\0';
    return OK;
}

static enum result load_current(const struct agent *agent, struct key **ret, struct err *err)
{
    return key_load(state_file(agent->state, STATE_CURRENT, "key.pem").text, NULL, ret, err);
}

/* Of the kind that was asked for, else of the one that is in use. */
static enum result new_key(const struct agent *agent, struct key **ret, struct err *err)
{
    CLEANUP(key_freep) struct key *current = NULL;
    enum key_kind kind = agent->key_kind != KEY_NONE ? agent->key_kind : KEY_P256;

    if (agent->key_kind == KEY_NONE && state_has(agent->state, STATE_CURRENT)) {
        TRY(load_current(agent, &current, err));
        kind = key_kind(current);
    }
    return key_generate(kind, ret, err);
}

static enum result first_key(const struct agent *agent, struct key **ret, struct err *err)
{
    if (agent->adopts_key)
        return key_load(agent->key_file, NULL, ret, err);
    return new_key(agent, ret, err);
}

enum result request_first(const struct agent *agent, struct err *err)
{
    if (state_has(agent->state, STATE_NEXT))
        return OK;
    char serial[LIMIT_SERIAL_NUMBER + 1];
    TRY(serial_of(agent, serial, sizeof serial, err));
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(blob_free) struct blob csr = {0};
    TRY(first_key(agent, &key, err));
    struct x509_name_part subject = {oid_serial_number, bytes_of(serial, strlen(serial))};
    TRY(csr_make(key, &subject, 1, bytes_of(NULL, 0), &csr, err));
    return state_prepare(agent->state, key, blob_bytes(&csr), err);
}

/* ---- renewal ----------------------------------------------------------------------------------
 */

struct names {
    struct x509_name_part part[NAME_PARTS_MAX];
    size_t n;
};

static enum result read_subject(struct bytes name, struct names *ret, struct err *err)
{
    struct names names = {0};
    struct x509_name_walk walk = x509_name_walk(name);
    struct x509_attribute attribute;
    while (x509_name_next(&walk, &attribute)) {
        if (names.n == NAME_PARTS_MAX)
            return err_set(err, E_CERTIFICATE, "the subject has more than %d attributes",
                           NAME_PARTS_MAX);
        names.part[names.n++] = (struct x509_name_part){attribute.oid, attribute.text};
    }
    if (!x509_name_end(&walk))
        return err_set(err, E_CERTIFICATE, "the current certificate's subject: %s", walk.rdns.why);
    *ret = names;
    return OK;
}

/* extensionRequest with the current subjectAltName; nothing when there is none. */
static enum result write_san(const struct x509_cert *cert, struct buf *to, struct err *err)
{
    if (bytes_is_empty(cert->san))
        return OK;
    uint8_t space[ATTRIBUTES_BYTES];
    struct buf extensions = buf_over(space, sizeof space);
    struct x509_extension san = {oid_subject_alt_name, false, cert->san};
    x509_write_extensions(&extensions, &san, 1);
    x509_write_extension_request(to, buf_bytes(&extensions));
    return buf_ok(&extensions) && buf_ok(to)
               ? OK
               : err_set(err, E_CERTIFICATE, "the current subjectAltName is too long to ask for");
}

static enum result next_key(const struct agent *agent, struct key **ret, struct err *err)
{
    if (agent->keeps_key)
        return load_current(agent, ret, err);
    return new_key(agent, ret, err);
}

enum result request_renewal(const struct agent *agent, struct err *err)
{
    if (state_has(agent->state, STATE_NEXT))
        return OK;
    CLEANUP(blob_free) struct blob leaf = {0};
    struct x509_cert cert;
    struct names names;
    TRY(request_read_leaf(state_file(agent->state, STATE_CURRENT, "certificate.pem").text, &leaf,
                          err));
    TRY(read_cert(&leaf, &cert, err));
    TRY(read_subject(cert.subject, &names, err));
    uint8_t space[ATTRIBUTES_BYTES];
    struct buf attributes = buf_over(space, sizeof space);
    TRY(write_san(&cert, &attributes, err));

    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(blob_free) struct blob csr = {0};
    TRY(next_key(agent, &key, err));
    TRY(csr_make(key, names.part, names.n, buf_bytes(&attributes), &csr, err));
    return state_prepare(agent->state, key, blob_bytes(&csr), err);
}

/* ---- a bare key on TLS ------------------------------------------------------------------------
 */

enum result request_bare_certificate(struct key *key, struct blob *ret, struct err *err)
{
    static const uint8_t serial[] = {1};
    uint8_t name[64], tbs[TBS_BYTES], usage[16], whole[TBS_BYTES + AROUND_BYTES];
    struct buf to_name = buf_over(name, sizeof name), to_tbs = buf_over(tbs, sizeof tbs);
    struct buf to_usage = buf_over(usage, sizeof usage), to_whole = buf_over(whole, sizeof whole);

    struct x509_name_part subject = {oid_common_name, bytes_text("registered key")};
    x509_write_name(&to_name, &subject, 1);
    /* digitalSignature: GnuTLS drops a client whose key usage does not allow it. */
    x509_write_key_usage(&to_usage, X509_KU_DIGITAL_SIGNATURE);
    struct x509_extension key_usage = {oid_key_usage, true, buf_bytes(&to_usage)};
    struct x509_tbs_fields fields = {
        .serial = bytes_of(serial, sizeof serial),
        .sig_alg = key_sig_alg(key),
        .issuer = buf_bytes(&to_name),
        .not_before_s = 0,
        .not_after_s = DER_TIME_NO_EXPIRY,
        .subject = buf_bytes(&to_name),
        .spki = key_spki(key),
        .extensions = &key_usage,
        .extensions_n = 1,
    };
    x509_write_tbs(&to_tbs, &fields);
    if (!buf_ok(&to_tbs))
        return err_set(err, E_BUG, "certificate over the registered key");
    TRY(sign_into(key, buf_bytes(&to_tbs), &to_whole, err));
    if (!buf_ok(&to_whole))
        return err_set(err, E_BUG, "certificate over the registered key");
    return pem_write(buf_bytes(&to_whole), PEM_CERTIFICATE, ret, err);
}
