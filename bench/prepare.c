/* Makes a fleet for bench-load, outside every measurement:
 *
 *   bench-prepare keepalive FOLDER COUNT PRODUCT    factory-registered keys
 *   bench-prepare connect FOLDER COUNT PRODUCT      IDevIDs of a chain of two below an anchor
 *
 * FOLDER then has fleet.csv for `troth device import`, requests for bench-load (one line each, the
 * fields in base64: CSR, and for `connect` IDevID and its key in PEM), and for `connect` anchor.pem
 * and subca.pem. Serial numbers are MODE and a number. */
#include <base/blob.h>
#include <base/err.h>
#include <base/file.h>
#include <base/text.h>
#include <crypto/csr.h>
#include <crypto/hash.h>
#include <crypto/key.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <wire/b64.h>
#include <wire/hex.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include <openssl/rand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CERT_ROOM 2048
#define LINE_ROOM 8192

struct fleet {
    const char *folder, *product;
    bool has_idevids;
    unsigned long count;
    FILE *csv, *requests;
    struct key *anchor, *subca;
};

/* ---- certificates of a maker ----------------------------------------------------------------- */

struct issue {
    const char *issuer, *subject;
    const char *serial_number; /* NULL for an authority */
    const struct key *subject_key;
    struct key *issuer_key;
};

static void put_name(struct buf *b, const char *common_name, const char *serial_number)
{
    struct x509_name_part parts[2] = {{oid_common_name, text_bytes(common_name)}};
    if (serial_number != NULL)
        parts[1] = (struct x509_name_part){oid_serial_number, text_bytes(serial_number)};
    x509_write_name(b, parts, serial_number != NULL ? 2 : 1);
}

static size_t put_extensions(const struct issue *issue, struct buf values[4],
                             struct x509_extension ret[4])
{
    bool is_ca = issue->serial_number == NULL;
    uint8_t own[SHA256_N], issuers[SHA256_N];
    sha256(key_point(issue->subject_key), own);
    sha256(key_point(issue->issuer_key), issuers);
    x509_write_key_usage(&values[0], is_ca ? X509_KU_KEY_CERT_SIGN | X509_KU_CRL_SIGN
                                           : X509_KU_DIGITAL_SIGNATURE);
    x509_write_aki(&values[1], bytes_of(issuers, 20));
    x509_write_ski(&values[2], bytes_of(own, 20));
    x509_write_basic_constraints(&values[3], true, -1);
    ret[0] = (struct x509_extension){oid_key_usage, true, buf_bytes(&values[0])};
    ret[1] = (struct x509_extension){oid_authority_key_id, false, buf_bytes(&values[1])};
    ret[2] = (struct x509_extension){oid_subject_key_id, false, buf_bytes(&values[2])};
    ret[3] = (struct x509_extension){oid_basic_constraints, true, buf_bytes(&values[3])};
    return is_ca ? 4 : 3;
}

static enum result make_certificate(const struct issue *issue, struct buf *ret, struct err *err)
{
    uint8_t rooms[4][64], issuer_room[256], subject_room[256], serial[10], tbs_room[CERT_ROOM];
    struct buf values[4], issuer = buf_over(issuer_room, sizeof issuer_room),
                          subject = buf_over(subject_room, sizeof subject_room),
                          tbs = buf_over(tbs_room, sizeof tbs_room);
    struct x509_extension extensions[4];
    for (size_t i = 0; i < 4; i++)
        values[i] = buf_over(rooms[i], sizeof rooms[i]);
    if (RAND_bytes(serial, sizeof serial) != 1)
        return err_set(err, E_KEY, "no random octets");
    serial[0] = 1;
    put_name(&issuer, issue->issuer, NULL);
    put_name(&subject, issue->subject, issue->serial_number);
    size_t n = put_extensions(issue, values, extensions);
    x509_write_tbs(&tbs, &(struct x509_tbs_fields){
                             .serial = bytes_of(serial, sizeof serial),
                             .sig_alg = X509_SIG_ECDSA_SHA256,
                             .issuer = buf_bytes(&issuer),
                             .not_before_s = 1704067200, /* 2024 */
                             .not_after_s = DER_TIME_NO_EXPIRY,
                             .subject = buf_bytes(&subject),
                             .spki = key_spki(issue->subject_key),
                             .extensions = extensions,
                             .extensions_n = n,
                         });
    if (!buf_ok(&tbs))
        return err_set(err, E_BUG, "a certificate of %s does not fit", issue->subject);
    return sign_into(issue->issuer_key, buf_bytes(&tbs), ret, err);
}

static enum result write_pem(const struct fleet *fleet, const char *name, struct bytes der,
                             struct err *err)
{
    CLEANUP(blob_free) struct blob pem = {0};
    char path[4096];
    TRY(pem_write(der, PEM_CERTIFICATE, &pem, err));
    snprintf(path, sizeof path, "%s/%s", fleet->folder, name);
    return file_write(path, 0644, blob_bytes(&pem), err);
}

static enum result make_authority(struct fleet *fleet, const struct issue *issue, const char *name,
                                  struct err *err)
{
    uint8_t room[CERT_ROOM];
    struct buf certificate = buf_over(room, sizeof room);
    TRY(make_certificate(issue, &certificate, err));
    return write_pem(fleet, name, buf_bytes(&certificate), err);
}

#define ANCHOR_NAME "Bench maker root"
#define SUBCA_NAME "Bench maker line 1"

static enum result make_maker(struct fleet *fleet, struct err *err)
{
    TRY(key_generate(KEY_P256, &fleet->anchor, err));
    TRY(key_generate(KEY_P256, &fleet->subca, err));
    const struct issue anchor = {ANCHOR_NAME, ANCHOR_NAME, NULL, fleet->anchor, fleet->anchor};
    const struct issue subca = {ANCHOR_NAME, SUBCA_NAME, NULL, fleet->subca, fleet->anchor};
    TRY(make_authority(fleet, &anchor, "anchor.pem", err));
    return make_authority(fleet, &subca, "subca.pem", err);
}

/* ---- one device ------------------------------------------------------------------------------ */

static enum result make_csr(struct key *key, const char *serial_number, struct buf *line,
                            struct err *err)
{
    CLEANUP(blob_free) struct blob csr = {0};
    const struct x509_name_part name = {oid_serial_number, text_bytes(serial_number)};
    TRY(csr_make(key, &name, 1, bytes_of(NULL, 0), &csr, err));
    b64_encode(line, blob_bytes(&csr));
    return OK;
}

static enum result add_idevid(struct fleet *fleet, const char *serial_number, struct buf *line,
                              struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(secret_free) struct secret pem = {0};
    uint8_t room[CERT_ROOM];
    struct buf certificate = buf_over(room, sizeof room);
    TRY(key_generate(KEY_P256, &key, err));
    const struct issue leaf = {SUBCA_NAME, "Bench device", serial_number, key, fleet->subca};
    TRY(make_certificate(&leaf, &certificate, err));
    TRY(key_write(key, NULL, KEY_COST_ONLINE, &pem, err));
    buf_put_u8(line, ' ');
    b64_encode(line, buf_bytes(&certificate));
    buf_put_u8(line, ' ');
    b64_encode(line, secret_bytes(&pem));
    return OK;
}

static enum result add_device(struct fleet *fleet, unsigned long number, struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    char serial_number[48];
    uint8_t room[LINE_ROOM], hash[SHA256_N], digits[2 * SHA256_N];
    struct buf line = buf_over(room, sizeof room), hex = buf_over(digits, sizeof digits);
    snprintf(serial_number, sizeof serial_number, "%c-%07lu", fleet->has_idevids ? 'I' : 'K',
             number);
    TRY(key_generate(KEY_P256, &key, err));
    TRY(make_csr(key, serial_number, &line, err));
    if (fleet->has_idevids)
        TRY(add_idevid(fleet, serial_number, &line, err));
    buf_put_u8(&line, '\n');
    if (!buf_ok(&line) || fwrite(room, line.n, 1, fleet->requests) != 1)
        return err_set(err, E_IO, "requests of %s", serial_number);

    sha256(key_spki(key), hash);
    hex_encode(&hex, bytes_of(hash, sizeof hash));
    fprintf(fleet->csv, "%s,%s,%.*s,acme\n", fleet->product, serial_number,
            fleet->has_idevids ? 0 : (int)hex.n, (const char *)digits);
    return OK;
}

static FILE *create(const struct fleet *fleet, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", fleet->folder, name);
    return fopen(path, "w");
}

static enum result make_fleet(struct fleet *fleet, struct err *err)
{
    TRY(crypto_start(err));
    TRY(folder_ensure(fleet->folder, 0755, err));
    fleet->csv = create(fleet, "fleet.csv");
    fleet->requests = create(fleet, "requests");
    if (fleet->csv == NULL || fleet->requests == NULL)
        return err_set(err, E_IO, "cannot write in %s", fleet->folder);
    if (fleet->has_idevids)
        TRY(make_maker(fleet, err));
    fputs("product,serial,spki,owner\n", fleet->csv);
    for (unsigned long i = 0; i < fleet->count; i++)
        TRY(add_device(fleet, i, err));
    bool failed = ferror(fleet->csv) != 0;
    failed |= fclose(fleet->csv) != 0;
    failed |= fclose(fleet->requests) != 0;
    return failed ? err_set(err, E_IO, "cannot write all in %s", fleet->folder) : OK;
}

int main(int argc, char **argv)
{
    if (argc != 5 || (strcmp(argv[1], "keepalive") != 0 && strcmp(argv[1], "connect") != 0)) {
        fputs("usage: bench-prepare keepalive|connect FOLDER COUNT PRODUCT\n", stderr);
        return 2;
    }
    struct fleet fleet = {
        .folder = argv[2],
        .product = argv[4],
        .has_idevids = strcmp(argv[1], "connect") == 0,
        .count = strtoul(argv[3], NULL, 10),
    };
    struct err err = {0};
    if (make_fleet(&fleet, &err) != OK) {
        fprintf(stderr, "bench-prepare: %s\n", err.text);
        return 1;
    }
    key_free(fleet.anchor);
    key_free(fleet.subca);
    return 0;
}
