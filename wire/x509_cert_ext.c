#include "x509_parts.h"

#include <wire/oid.h>

// Each of these reads the value of one extension, to its end.

static void read_basic_constraints(struct reader *value, struct x509_cert *cert)
{
    struct reader inner;
    uint32_t path_len = 0;
    der_enter(value, DER_SEQUENCE, &inner);
    der_read_default_false(&inner, DER_BOOLEAN, &cert->is_ca);
    if (inner.left > 0) {
        if (!cert->is_ca)
            reader_fail(&inner, "RFC 5280 4.2.1.9: path length without cA");
        der_read_small(&inner, &path_len);
        if (path_len > INT16_MAX)
            reader_fail(&inner, "RFC 5280 4.2.1.9: path length is absurd");
        cert->path_len = (int)path_len;
    }
    der_leave(value, &inner);
}

static void read_key_usage(struct reader *value, struct x509_cert *cert)
{
    if (der_read_named_bits(value, DER_BIT_STRING, &cert->key_usage) && cert->key_usage == 0)
        reader_fail(value, "RFC 5280 4.2.1.3: key usage has no bit set");
}

static uint16_t eku_flag(struct bytes oid)
{
    static const struct {
        const struct bytes *oid;
        uint16_t flag;
    } rows[] = {
        {&oid_any_eku, X509_EKU_ANY},
        {&oid_server_auth, X509_EKU_SERVER_AUTH},
        {&oid_client_auth, X509_EKU_CLIENT_AUTH},
        {&oid_cmc_ra, X509_EKU_CMC_RA},
        {&oid_ocsp_signing, X509_EKU_OCSP_SIGNING},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (bytes_equal(*rows[i].oid, oid))
            return rows[i].flag;
    return X509_EKU_OTHER;
}

static void read_eku(struct reader *value, struct x509_cert *cert)
{
    struct reader inner;
    struct bytes oid;
    cert->eku_raw = bytes_of(value->p, value->left);
    der_enter(value, DER_SEQUENCE, &inner);
    do {
        if (der_read_oid(&inner, &oid))
            cert->eku = (uint16_t)(cert->eku | eku_flag(oid));
    } while (inner.left > 0);
    der_leave(value, &inner);
}

static void read_san(struct reader *value, struct x509_cert *cert)
{
    cert->san = bytes_of(value->p, value->left);
    if (x509_check_general_names(value, cert->san))
        reader_rest(value);
}

static void read_ski(struct reader *value, struct x509_cert *cert)
{
    if (der_read(value, DER_OCTET_STRING, &cert->ski) && cert->ski.n == 0)
        reader_fail(value, "RFC 5280 4.2.1.2: key identifier is empty");
}

bool x509_read_aki(struct reader *value, struct bytes *ret_key_id)
{
    struct reader inner;
    struct bytes skipped;
    *ret_key_id = bytes_of(NULL, 0);
    der_enter(value, DER_SEQUENCE, &inner);
    if (der_is_at(&inner, DER_CONTEXT(0)))
        der_read(&inner, DER_CONTEXT(0), ret_key_id);
    if (der_is_at(&inner, DER_CONTEXT_CONSTRUCTED(1)))
        der_read(&inner, DER_CONTEXT_CONSTRUCTED(1), &skipped);
    if (der_is_at(&inner, DER_CONTEXT(2)))
        der_read(&inner, DER_CONTEXT(2), &skipped);
    return der_leave(value, &inner);
}

static void read_aki(struct reader *value, struct x509_cert *cert)
{
    x509_read_aki(value, &cert->aki);
}

// SEQUENCE SIZE (1..MAX) of sequences that are handed over raw.
static void read_raw_list(struct reader *value, struct bytes *ret)
{
    struct reader inner;
    struct bytes item;
    struct bytes whole = bytes_of(value->p, value->left);
    der_enter(value, DER_SEQUENCE, &inner);
    do
        der_read(&inner, DER_SEQUENCE, &item);
    while (inner.left > 0);
    if (der_leave(value, &inner))
        *ret = whole;
}

static void read_crldp(struct reader *value, struct x509_cert *cert)
{
    read_raw_list(value, &cert->crldp);
}

static void read_aia(struct reader *value, struct x509_cert *cert)
{
    read_raw_list(value, &cert->aia);
}

static void read_name_constraints(struct reader *value, struct x509_cert *cert)
{
    der_read_whole(value, DER_SEQUENCE, &cert->name_constraints);
}

static void read_no_check(struct reader *value, struct x509_cert *cert)
{
    (void)cert;
    der_read_null(value);
}

struct extension_row {
    const struct bytes *oid;
    uint16_t bit;
    void (*read)(struct reader *value, struct x509_cert *cert);
};

static const struct extension_row extension_rows[] = {
    {&oid_key_usage, X509_EXT_KEY_USAGE, read_key_usage},
    {&oid_authority_key_id, X509_EXT_AKI, read_aki},
    {&oid_subject_key_id, X509_EXT_SKI, read_ski},
    {&oid_subject_alt_name, X509_EXT_SAN, read_san},
    {&oid_extended_key_usage, X509_EXT_EKU, read_eku},
    {&oid_basic_constraints, X509_EXT_BASIC_CONSTRAINTS, read_basic_constraints},
    {&oid_crl_distribution_points, X509_EXT_CRLDP, read_crldp},
    {&oid_authority_info_access, X509_EXT_AIA, read_aia},
    {&oid_name_constraints, X509_EXT_NAME_CONSTRAINTS, read_name_constraints},
    {&oid_ocsp_no_check, X509_EXT_OCSP_NO_CHECK, read_no_check},
};

static const struct extension_row *find_extension_row(struct bytes oid)
{
    for (size_t i = 0; i < sizeof(extension_rows) / sizeof(extension_rows[0]); i++)
        if (bytes_equal(*extension_rows[i].oid, oid))
            return &extension_rows[i];
    return NULL;
}

struct cert_sink {
    struct x509_extension_sink sink; // first: take_extension gets its address
    struct x509_cert *cert;
};

static bool take_extension(struct x509_extension_sink *sink, struct reader *r,
                           const struct x509_extension *extension)
{
    struct x509_cert *cert = ((struct cert_sink *)sink)->cert;
    const struct extension_row *row = find_extension_row(extension->oid);
    if (extension->critical && (!row || row->bit == X509_EXT_NAME_CONSTRAINTS))
        cert->unknown_critical = true;
    if (!row)
        return true;
    cert->has = (uint16_t)(cert->has | row->bit);
    if (extension->critical)
        cert->critical = (uint16_t)(cert->critical | row->bit);
    struct reader value = reader_of(extension->value);
    row->read(&value, cert);
    return reader_end(&value) || reader_fail(r, value.why);
}

bool x509_read_cert_extensions(struct reader *tbs, struct x509_cert *cert)
{
    struct cert_sink sink = {{take_extension}, cert};
    struct reader explicit, list;
    if (tbs->left == 0)
        return reader_ok(tbs);
    der_enter(tbs, DER_CONTEXT_CONSTRUCTED(3), &explicit);
    der_enter(&explicit, DER_SEQUENCE, &list);
    cert->extensions = bytes_of(list.p, list.left);
    x509_each_extension(&list, &sink.sink);
    der_leave(&explicit, &list);
    return der_leave(tbs, &explicit);
}
