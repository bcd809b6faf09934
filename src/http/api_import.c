/* An import of devices: a table, JSON lines, or a maker's manifest. */
#include "api_routes.h"
#include "intake.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/limits.h>
#include <crypto/hash.h>
#include <crypto/pem.h>
#include <proto/import.h>
#include <proto/manifest.h>
#include <wire/b64.h>
#include <wire/x509.h>

#include <stdlib.h>
#include <string.h>

/* One file being read. */
struct reading {
    struct intake intake;
    struct blob der; /* of the line at hand */

    struct bytes product;        /* of a manifest, as its operator says it */
    const struct makers *makers; /* who may have signed it */
    struct chain_store *chains;  /* what its devices' certificates end in */
};

static void reading_free(struct reading *reading)
{
    intake_free(&reading->intake);
    blob_free(&reading->der);
    chain_store_free(reading->chains);
}

/* ---- what a field with a key holds ---------------------------------------------------------- */

static const char *const labels[] = {
    [IMPORT_KEY] = PEM_PUBLIC_KEY,
    [IMPORT_CSR] = PEM_CSR,
    [IMPORT_CERTIFICATE] = PEM_CERTIFICATE,
};

static enum result read_base64(struct bytes field, struct blob *ret, struct err *err)
{
    struct blob der = {malloc(B64_DECODED_MAX(field.n) + 1), 0};
    if (der.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a field");
    struct buf octets = buf_over(der.p, B64_DECODED_MAX(field.n));
    if (!b64_decode_lenient(&octets, field)) {
        blob_free(&der);
        return err_set(err, E_SYNTAX, "seen \"%s\", wanted PEM or base64 of DER",
                       err_value(field).text);
    }
    der.n = octets.n;
    *ret = der;
    return OK;
}

static enum result read_der(enum import_proof kind, struct bytes field, struct blob *ret,
                            struct err *err)
{
    bool is_pem = field.n > 0 && field.p[0] == '-';
    return is_pem ? pem_read(field, labels[kind], ret, err) : read_base64(field, ret, err);
}

static enum result find_spki(enum import_proof kind, struct bytes der, struct bytes *ret,
                             struct err *err)
{
    const char *why = NULL;
    struct x509_key key;
    struct x509_csr csr;
    struct x509_cert cert;
    *ret = der;
    if (kind == IMPORT_KEY && !x509_read_spki(der, &key, &why))
        return err_set(err, E_KEY_WEAK, "not a public key: %s", why);
    if (kind == IMPORT_CSR && !x509_read_csr(der, &csr, &why))
        return err_set(err, E_CSR, "%s", why);
    if (kind == IMPORT_CERTIFICATE && !x509_read_cert(der, &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    if (kind == IMPORT_CSR)
        *ret = csr.spki;
    if (kind == IMPORT_CERTIFICATE)
        *ret = cert.spki;
    return OK;
}

static enum result proof(void *context, enum import_proof kind, struct bytes field,
                         struct import_line *line, struct err *err)
{
    struct reading *reading = context;
    struct bytes spki;
    blob_free(&reading->der);
    TRY(read_der(kind, field, &reading->der, err));
    struct bytes der = blob_bytes(&reading->der);
    if (der.n > LIMIT_CERTIFICATE_BYTES)
        return err_set(err, E_TOO_LARGE, "%zu octets, wanted at most %d", der.n,
                       LIMIT_CERTIFICATE_BYTES);
    TRY(find_spki(kind, der, &spki, err));
    sha256(spki, line->spki);
    line->has_spki = true;
    line->certificate = kind == IMPORT_CERTIFICATE ? der : bytes_of(NULL, 0);
    return OK;
}

/* ---- what an entry of a manifest holds ------------------------------------------------------- */

static enum result verify(void *context, const struct manifest_signature *signature,
                          struct import_line *line, struct err *err)
{
    const struct reading *reading = context;
    return makers_check_signature(reading->makers, reading->product, signature, &line->signer, err);
}

static enum result key(void *context, const struct manifest_key *key, struct import_line *line,
                       struct err *err)
{
    const struct reading *reading = context;
    if (key->chain_n > 0)
        TRY(maker_check_chain(reading->chains, key, clock_now_s(), &line->anchor, err));
    sha256(key->spki, line->spki);
    line->has_spki = true;
    return OK;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static enum result take_line(void *context, const struct import_line *line, struct err *err)
{
    struct reading *reading = context;
    struct msg_import_row row = {
        .line = line->line,
        .product = line->product,
        .serial_number = line->serial_number,
        .owner = line->owner,
        .batch = line->batch,
        .hold = line->hold,
        .has_spki = line->has_spki,
        .certificate = line->certificate,
        .signer = line->signer,
        .anchor = line->anchor,
        .replaces = line->replaces,
    };
    memcpy(row.spki_sha256, line->spki, sizeof row.spki_sha256);
    return intake_add(&reading->intake, IPC_IMPORT_ROW, &row, err);
}

static enum result take_fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    struct reading *reading = context;
    return intake_fault(&reading->intake, line, why, err);
}

static enum result read_table(struct reading *reading, const struct request *request,
                              struct import_counts *ret, struct err *err)
{
    const struct import_sink sink = {reading, proof, take_line, take_fault};
    return import_read(request_view(request)->body, &sink, ret, err);
}

/* Product, owner and hold of all its devices are the operator's to say: they stand in the query. */
static enum result read_manifest(struct reading *reading, const struct request *request,
                                 struct import_counts *ret, struct err *err)
{
    const struct desk *desk = request_owner(request);
    const struct manifest_sink sink = {reading, verify, key, take_line, take_fault};
    struct manifest_terms terms = {0};
    uint8_t hold = 0;
    (void)request_query(request, "product", &terms.product);
    (void)request_query(request, "owner", &terms.owner);
    TRY(api_read_flag(request, "hold", &hold, err));
    terms.hold = hold != 0;
    reading->product = terms.product;
    reading->makers = desk->upkeep.makers;
    TRY(makers_chains(reading->makers, reading->product, &reading->chains, err));
    return manifest_read(request_view(request)->body, &terms, &sink, ret, err);
}

static bool is_manifest(const struct request *request)
{
    return request_has_media_type(request, "application/jose+json");
}

/* The good lines as a sealed memfd; -1 when there is none. The bad ones stay with `wait`. */
static enum result read_file(const struct request *request, const struct api_wait *wait,
                             uint32_t *ret_taken, int *ret_fd, struct err *err)
{
    CLEANUP(reading_free) struct reading reading = {0};
    struct import_counts counts = {0};
    TRY(intake_begin(&reading.intake, wait, err));
    TRY(is_manifest(request) ? read_manifest(&reading, request, &counts, err)
                             : read_table(&reading, request, &counts, err));
    *ret_taken = reading.intake.taken;
    return intake_end(&reading.intake, counts.rows, ret_fd, err);
}

static enum result refuse_all(void *context, uint32_t line, const struct err *why, struct err *err)
{
    (void)context;
    return err_set(err, E_BULK_LIST, "line %u: %s", line, why->text);
}

enum result api_read_rows(struct bytes text, uint32_t *ret_rows, int *ret_fd, struct err *err)
{
    CLEANUP(reading_free)
    struct reading reading = {.intake = {.records.fd = -1, .faults.fd = -1}};
    const struct import_sink sink = {&reading, proof, take_line, refuse_all};
    struct import_counts counts = {0};
    TRY(record_begin(LIMIT_IMPORT_RECORDS, &reading.intake.records, err));
    TRY(import_read(text, &sink, &counts, err));
    *ret_rows = reading.intake.taken;
    *ret_fd = -1;
    return *ret_rows == 0 ? OK : record_seal(&reading.intake.records, ret_fd, err);
}

/* ---- the request ---------------------------------------------------------------------------- */

static enum result read_asked(const struct request *request, char key_space[API_KEY_N],
                              struct msg_clock_accept *ret, struct err *err)
{
    static const char *const names[] = {"dry_run", "product", "owner", "hold", NULL};
    return is_manifest(request) ? api_read_asked_of(request, names, key_space, ret, err)
                                : api_read_asked(request, key_space, ret, err);
}

static enum result import(struct request *request, struct err *err)
{
    struct msg_clock_accept asked = {0};
    struct msg_device_import message = {0};
    struct api_wait *wait = NULL;
    char key[API_KEY_N];
    TRY(api_may_ask(request, err));
    TRY(read_asked(request, key, &asked, err));
    TRY(intake_wait(request, &wait, err));
    wait->is_dry_run = asked.dry_run;

    CLEANUP(fd_closep) int fd = -1;
    TRY(read_file(request, wait, &message.rows, &fd, err));
    if (fd < 0)
        return intake_reply(request, wait, err);
    message.id = asked.id;
    message.request = asked.request;
    memcpy(message.operator_spki, asked.operator_spki, sizeof message.operator_spki);
    message.key = asked.key;
    message.dry_run = asked.dry_run;
    intake_extend(request, message.rows);
    return api_ask_core(request, IPC_DEVICE_IMPORT, &message, fd, err);
}

void api_device_import(struct request *request)
{
    struct err err = {0};
    if (import(request, &err) != OK)
        request_refuse(request, &err);
}
