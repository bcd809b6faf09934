#include "x509_parts.h"

#include <wire/ocsp.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

// ---- request ------------------------------------------------------------------------------------

static const struct hash_row {
    const struct bytes *oid;
    enum ocsp_hash hash;
    size_t n;
} hash_rows[] = {
    {&oid_sha1, OCSP_HASH_SHA1, 20},
    {&oid_sha256, OCSP_HASH_SHA256, 32},
};

static const struct hash_row *find_hash(struct bytes oid)
{
    for (size_t i = 0; i < sizeof(hash_rows) / sizeof(hash_rows[0]); i++)
        if (bytes_equal(*hash_rows[i].oid, oid))
            return &hash_rows[i];
    return NULL;
}

// RFC 5754 2: parameters of a hash are absent or NULL, and both are taken.
static const struct hash_row *read_hash(struct reader *r)
{
    struct reader inner;
    struct bytes oid;
    der_enter(r, DER_SEQUENCE, &inner);
    der_read_oid(&inner, &oid);
    const struct hash_row *row = find_hash(oid);
    if (row != NULL && inner.left > 0)
        der_read_null(&inner);
    if (row == NULL)
        x509_read_unknown_parameters(&inner);
    der_leave(r, &inner);
    return row;
}

bool ocsp_read_id(struct reader *r, struct ocsp_id *ret)
{
    struct reader inner;
    const uint8_t *begin = r->p;
    *ret = (struct ocsp_id){0};
    der_enter(r, DER_SEQUENCE, &inner);
    const struct hash_row *row = read_hash(&inner);
    der_read(&inner, DER_OCTET_STRING, &ret->name_hash);
    der_read(&inner, DER_OCTET_STRING, &ret->key_hash);
    if (row != NULL && (ret->name_hash.n != row->n || ret->key_hash.n != row->n))
        reader_fail(&inner,
                    "RFC 6960 4.1.1: a hash of the issuer has another length than its kind");
    if (der_read_unsigned(&inner, &ret->serial) && ret->serial.n > X509_SERIAL_MAX)
        reader_fail(&inner, "RFC 5280 4.1.2.2: serial number is longer than 20 octets");
    if (!der_leave(r, &inner))
        return false;
    ret->hash = row != NULL ? row->hash : OCSP_HASH_OTHER;
    ret->whole = bytes_of(begin, (size_t)(r->p - begin));
    return ret->whole.n <= OCSP_ID_OCTETS_MAX ||
           reader_fail(r, "RFC 6960 4.1.1: CertID is too long");
}

static bool take_nonce(struct reader *r, struct bytes value, struct bytes *ret)
{
    struct reader inner = reader_of(value);
    struct bytes nonce;
    der_read(&inner, DER_OCTET_STRING, &nonce);
    if (!reader_end(&inner) || nonce.n == 0 || nonce.n > OCSP_NONCE_LONGEST)
        return reader_fail(r, "RFC 9654 2.1: nonce is no OCTET STRING of 1 to 128 octets");
    if (nonce.n >= OCSP_NONCE_LEAST && nonce.n <= OCSP_NONCE_MOST)
        *ret = nonce;
    return true;
}

struct request_sink {
    struct x509_extension_sink sink; // first: take_extension gets its address
    struct bytes *nonce;             // NULL: of one certificate, where none has a place
};

static bool take_extension(struct x509_extension_sink *sink, struct reader *r,
                           const struct x509_extension *extension)
{
    struct request_sink *self = (struct request_sink *)sink;
    if (self->nonce != NULL && bytes_equal(extension->oid, oid_ocsp_nonce))
        return take_nonce(r, extension->value, self->nonce);
    return !extension->critical ||
           reader_fail(r, "RFC 6960 4.4: request has a critical extension that is not known");
}

static bool read_extensions(struct reader *r, uint8_t tag, struct bytes *nonce)
{
    struct request_sink sink = {{take_extension}, nonce};
    struct reader explicit, list;
    if (!der_is_at(r, tag))
        return reader_ok(r);
    der_enter(r, tag, &explicit);
    der_enter(&explicit, DER_SEQUENCE, &list);
    x509_each_extension(&list, &sink.sink);
    der_leave(&explicit, &list);
    return der_leave(r, &explicit);
}

static bool read_list(struct reader *tbs, struct ocsp_request *request)
{
    struct reader list, one;
    der_enter(tbs, DER_SEQUENCE, &list);
    do {
        if (request->ids_n == OCSP_IDS_MAX)
            return reader_fail(tbs, "request is for more certificates than one answer has");
        der_enter(&list, DER_SEQUENCE, &one);
        ocsp_read_id(&one, &request->ids[request->ids_n++]);
        read_extensions(&one, DER_CONTEXT_CONSTRUCTED(0), NULL);
        der_leave(&list, &one);
    } while (list.left > 0);
    return der_leave(tbs, &list);
}

// Version v1 is the default, which DER leaves out: another one is refused with what stands there.
static bool read_tbs(struct reader *outer, struct ocsp_request *request)
{
    struct reader tbs;
    struct bytes skipped;
    der_enter(outer, DER_SEQUENCE, &tbs);
    if (der_is_at(&tbs, DER_CONTEXT_CONSTRUCTED(0)))
        reader_fail(&tbs, "RFC 6960 4.1.1: version is not v1, or v1 is written out");
    if (der_is_at(&tbs, DER_CONTEXT_CONSTRUCTED(1)))
        der_read(&tbs, DER_CONTEXT_CONSTRUCTED(1), &skipped);
    read_list(&tbs, request);
    read_extensions(&tbs, DER_CONTEXT_CONSTRUCTED(2), &request->nonce);
    return der_leave(outer, &tbs);
}

bool ocsp_read_request(struct bytes der, struct ocsp_request *ret, const char **ret_why)
{
    struct reader r = reader_of(der), outer;
    struct ocsp_request request = {0};
    struct bytes skipped;
    der_enter(&r, DER_SEQUENCE, &outer);
    read_tbs(&outer, &request);
    if (der_is_at(&outer, DER_CONTEXT_CONSTRUCTED(0)))
        der_read(&outer, DER_CONTEXT_CONSTRUCTED(0), &skipped);
    der_leave(&r, &outer);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = request;
    return true;
}

// ---- response -----------------------------------------------------------------------------------

static void write_outcome(struct buf *b, enum ocsp_outcome outcome)
{
    uint8_t value = (uint8_t)outcome;
    der_write(b, DER_ENUMERATED, bytes_of(&value, 1));
}

void ocsp_write_failure(struct buf *b, enum ocsp_outcome outcome)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    write_outcome(b, outcome);
    der_end(b, mark);
}

// RevokedInfo; unspecified is said by leaving the reason out.
static void write_revoked(struct buf *b, const struct ocsp_single *single)
{
    uint8_t reason = (uint8_t)single->reason;
    size_t mark = der_begin(b, DER_CONTEXT_CONSTRUCTED(1));
    der_write_generalized(b, single->revoked_s);
    if (reason != X509_REASON_UNSPECIFIED) {
        size_t explicit = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
        der_write(b, DER_ENUMERATED, bytes_of(&reason, 1));
        der_end(b, explicit);
    }
    der_end(b, mark);
}

static void write_single(struct buf *b, const struct ocsp_data *data,
                         const struct ocsp_single *single)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    buf_put_bytes(b, single->id);
    if (single->is_revoked)
        write_revoked(b, single);
    else
        der_write(b, DER_CONTEXT(0), bytes_of(NULL, 0)); // good
    der_write_generalized(b, data->this_update_s);
    size_t next = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    der_write_generalized(b, data->next_update_s);
    der_end(b, next);
    der_end(b, mark);
}

static void write_extensions(struct buf *b, const struct ocsp_data *data)
{
    static const uint8_t null_value[] = {DER_NULL, 0};
    struct x509_extension list[2];
    uint8_t room[OCSP_NONCE_LONGEST + 4];
    struct buf nonce = buf_over(room, sizeof(room));
    size_t n = 0;
    der_write(&nonce, DER_OCTET_STRING, data->nonce);
    if (!buf_ok(&nonce))
        buf_fail(b);
    if (!bytes_is_empty(data->nonce))
        list[n++] = (struct x509_extension){oid_ocsp_nonce, false, buf_bytes(&nonce)};
    if (data->is_extended_revoke)
        list[n++] = (struct x509_extension){oid_ocsp_extended_revoke, false,
                                            bytes_of(null_value, sizeof(null_value))};
    if (n == 0)
        return;
    size_t explicit = der_begin(b, DER_CONTEXT_CONSTRUCTED(1));
    x509_write_extensions(b, list, n);
    der_end(b, explicit);
}

void ocsp_write_data(struct buf *b, const struct ocsp_data *data)
{
    size_t whole = der_begin(b, DER_SEQUENCE);
    size_t by_key = der_begin(b, DER_CONTEXT_CONSTRUCTED(2));
    der_write(b, DER_OCTET_STRING, bytes_of(data->responder_key, OCSP_RESPONDER_KEY_N));
    der_end(b, by_key);
    der_write_generalized(b, data->produced_s);
    size_t list = der_begin(b, DER_SEQUENCE);
    for (size_t i = 0; i < data->singles_n; i++)
        write_single(b, data, &data->singles[i]);
    der_end(b, list);
    write_extensions(b, data);
    der_end(b, whole);
}

static void write_basic(struct buf *b, const struct ocsp_signed *response)
{
    size_t whole = der_begin(b, DER_SEQUENCE);
    buf_put_bytes(b, response->data);
    x509_write_sig_alg(b, response->sig_alg);
    der_write_bits(b, response->signature);
    size_t explicit = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    size_t list = der_begin(b, DER_SEQUENCE);
    buf_put_bytes(b, response->certificate);
    der_end(b, list);
    der_end(b, explicit);
    der_end(b, whole);
}

void ocsp_write_response(struct buf *b, const struct ocsp_signed *response)
{
    size_t whole = der_begin(b, DER_SEQUENCE);
    write_outcome(b, OCSP_SUCCESSFUL);
    size_t explicit = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    size_t bytes = der_begin(b, DER_SEQUENCE);
    der_write_oid(b, oid_ocsp_basic);
    size_t octets = der_begin(b, DER_OCTET_STRING);
    write_basic(b, response);
    der_end(b, octets);
    der_end(b, bytes);
    der_end(b, explicit);
    der_end(b, whole);
}
