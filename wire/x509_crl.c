#include "x509_parts.h"

#include <wire/oid.h>
#include <wire/x509_crl.h>
#include <wire/x509_write.h>

// Fields of an IssuingDistributionPoint: RFC 5280 5.2.5.
enum { IDP_ONLY_USER = DER_CONTEXT(1), IDP_ONLY_CA = DER_CONTEXT(2) };

struct x509_crl_writer x509_crl_begin(struct buf *b, const struct x509_crl_fields *fields)
{
    struct x509_crl_writer w = {.b = b, .fields = fields};
    w.tbs = der_begin(b, DER_SEQUENCE);
    der_write_small(b, 1); // v2
    x509_write_sig_alg(b, fields->sig_alg);
    buf_put_bytes(b, fields->issuer);
    der_write_time(b, fields->this_update_s);
    der_write_time(b, fields->next_update_s);
    return w;
}

static void write_reason(struct buf *b, enum x509_reason reason)
{
    uint8_t value[] = {DER_ENUMERATED, 1, (uint8_t)reason};
    struct x509_extension extension = {oid_reason_code, false, bytes_of(value, sizeof(value))};
    if (reason != X509_REASON_UNSPECIFIED)
        x509_write_extensions(b, &extension, 1);
}

void x509_crl_put(struct x509_crl_writer *w, const struct x509_crl_entry *entry)
{
    if (!w->has_entries)
        w->list = der_begin(w->b, DER_SEQUENCE);
    w->has_entries = true;
    size_t mark = der_begin(w->b, DER_SEQUENCE);
    der_write_unsigned(w->b, entry->serial);
    der_write_time(w->b, entry->revoked_s);
    write_reason(w->b, entry->reason);
    der_end(w->b, mark);
}

static void write_number(struct buf *b, uint64_t number)
{
    uint8_t octets[8];
    struct buf big_endian = buf_over(octets, sizeof(octets));
    buf_put_u64be(&big_endian, number);
    der_write_unsigned(b, buf_bytes(&big_endian));
}

static void write_idp(struct buf *b, const struct x509_crl_fields *fields)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    x509_write_point_name(b, fields->idp_uri);
    if (fields->only_user)
        der_write_true(b, IDP_ONLY_USER);
    if (fields->only_ca)
        der_write_true(b, IDP_ONLY_CA);
    der_end(b, mark);
}

enum { VALUE_MAX = 1024 }; // of one extension of a CRL; a distribution URI is far shorter

struct extensions {
    struct x509_extension all[5];
    size_t n;
};

static void extension_add(struct extensions *list, struct buf *b, struct bytes oid, bool critical,
                          const struct buf *value)
{
    if (!buf_ok(value))
        buf_fail(b);
    list->all[list->n++] = (struct x509_extension){oid, critical, buf_bytes(value)};
}

void x509_crl_end(struct x509_crl_writer *w)
{
    uint8_t aki[64], number[16], base[16], idp[VALUE_MAX], freshest[VALUE_MAX];
    struct buf aki_value = buf_over(aki, sizeof(aki)), base_value = buf_over(base, sizeof(base));
    struct buf number_value = buf_over(number, sizeof(number));
    struct buf idp_value = buf_over(idp, sizeof(idp));
    struct buf freshest_value = buf_over(freshest, sizeof(freshest));
    struct extensions list = {0};
    x509_write_aki(&aki_value, w->fields->aki);
    write_number(&number_value, w->fields->number);
    extension_add(&list, w->b, oid_authority_key_id, false, &aki_value);
    extension_add(&list, w->b, oid_crl_number, false, &number_value);
    if (w->fields->is_delta) {
        write_number(&base_value, w->fields->base);
        extension_add(&list, w->b, oid_delta_crl_indicator, true, &base_value);
    }
    if (!bytes_is_empty(w->fields->idp_uri)) {
        write_idp(&idp_value, w->fields);
        extension_add(&list, w->b, oid_issuing_distribution_point, true, &idp_value);
    }
    if (!bytes_is_empty(w->fields->freshest_uri)) {
        x509_write_crldp(&freshest_value, w->fields->freshest_uri);
        extension_add(&list, w->b, oid_freshest_crl, false, &freshest_value);
    }
    if (w->has_entries)
        der_end(w->b, w->list);
    size_t explicit = der_begin(w->b, DER_CONTEXT_CONSTRUCTED(0));
    x509_write_extensions(w->b, list.all, list.n);
    der_end(w->b, explicit);
    der_end(w->b, w->tbs);
}

struct entry_sink {
    struct x509_extension_sink sink;
    struct x509_crl_entry *entry;
};

static bool take_reason(struct reader *r, struct bytes value, enum x509_reason *ret)
{
    // CRLReason has 0 to 10 without 7; removeFromCRL (8) belongs to delta CRLs: read_tbs().
    static const uint16_t known = 0x77f;
    bool has_form = value.n == 3 && value.p[0] == DER_ENUMERATED && value.p[1] == 1;
    if (!has_form || value.p[2] > 10 || !(known >> value.p[2] & 1))
        return reader_fail(r, "RFC 5280 5.3.1: no such reason");
    *ret = (enum x509_reason)value.p[2];
    return true;
}

static bool take_entry_extension(struct x509_extension_sink *sink, struct reader *r,
                                 const struct x509_extension *extension)
{
    struct entry_sink *self = (struct entry_sink *)sink;
    if (bytes_equal(extension->oid, oid_reason_code))
        return take_reason(r, extension->value, &self->entry->reason);
    return !extension->critical ||
           reader_fail(r, "RFC 5280 5.3: entry has a critical extension that is not known");
}

bool x509_crl_next(struct reader *walk, struct x509_crl_entry *ret)
{
    struct entry_sink sink = {{take_entry_extension}, ret};
    struct reader inner, list;
    *ret = (struct x509_crl_entry){0};
    if (walk->left == 0)
        return false;
    der_enter(walk, DER_SEQUENCE, &inner);
    x509_read_serial(&inner, &ret->serial);
    der_read_time(&inner, &ret->revoked_s);
    if (inner.left > 0) {
        der_enter(&inner, DER_SEQUENCE, &list);
        x509_each_extension(&list, &sink.sink);
        der_leave(&inner, &list);
    }
    return der_leave(walk, &inner);
}

static void read_number(struct reader *value, struct x509_crl *crl)
{
    if (der_read_unsigned(value, &crl->number) && crl->number.n > X509_SERIAL_MAX)
        reader_fail(value, "RFC 5280 5.2.3: CRL number is longer than 20 octets");
}

static void read_base(struct reader *value, struct x509_crl *crl)
{
    crl->is_delta = true;
    if (der_read_unsigned(value, &crl->base) && crl->base.n > X509_SERIAL_MAX)
        reader_fail(value, "RFC 5280 5.2.4: base CRL number is longer than 20 octets");
}

// A CRLDistributionPoints value: 5.2.6.
static void read_freshest(struct reader *value, struct x509_crl *crl)
{
    struct bytes whole = reader_rest(value);
    if (!x509_crldp_uri(whole, &crl->freshest_uri))
        reader_fail(value, "RFC 5280 5.2.6: freshest CRL is at no URI");
}

static void read_idp(struct reader *value, struct x509_crl *crl)
{
    struct reader inner;
    crl->has_idp = true;
    der_enter(value, DER_SEQUENCE, &inner);
    x509_read_point_name(&inner, &crl->idp_uri);
    der_read_default_false(&inner, IDP_ONLY_USER, &crl->only_user);
    der_read_default_false(&inner, IDP_ONLY_CA, &crl->only_ca);
    if (inner.left > 0)
        reader_fail(&inner, "RFC 5280 5.2.5: CRL is indirect or for some reasons only");
    der_leave(value, &inner);
}

static void read_crl_aki(struct reader *value, struct x509_crl *crl)
{
    x509_read_aki(value, &crl->aki);
}

struct crl_extension_row {
    const struct bytes *oid;
    void (*read)(struct reader *value, struct x509_crl *crl);
};

static const struct crl_extension_row crl_extension_rows[] = {
    {&oid_authority_key_id, read_crl_aki},       {&oid_crl_number, read_number},
    {&oid_issuing_distribution_point, read_idp}, {&oid_delta_crl_indicator, read_base},
    {&oid_freshest_crl, read_freshest},
};

struct crl_sink {
    struct x509_extension_sink sink;
    struct x509_crl *crl;
};

static bool take_crl_extension(struct x509_extension_sink *sink, struct reader *r,
                               const struct x509_extension *extension)
{
    struct crl_sink *self = (struct crl_sink *)sink;
    struct reader value = reader_of(extension->value);
    for (size_t i = 0; i < sizeof(crl_extension_rows) / sizeof(crl_extension_rows[0]); i++) {
        if (!bytes_equal(*crl_extension_rows[i].oid, extension->oid))
            continue;
        crl_extension_rows[i].read(&value, self->crl);
        return reader_end(&value) || reader_fail(r, value.why);
    }
    return !extension->critical ||
           reader_fail(r, "RFC 5280 5.2: CRL has a critical extension that is not known");
}

static bool read_entries(struct reader *tbs, struct x509_crl *crl, bool *ret_removes)
{
    struct reader list;
    struct x509_crl_entry entry;
    if (!der_is_at(tbs, DER_SEQUENCE))
        return reader_ok(tbs);
    der_enter(tbs, DER_SEQUENCE, &list);
    crl->entries = bytes_of(list.p, list.left);
    if (list.left == 0)
        reader_fail(&list, "RFC 5280 5.1.2.6: revokedCertificates is there, but empty");
    while (x509_crl_next(&list, &entry)) {
        crl->entries_n++;
        *ret_removes = *ret_removes || entry.reason == X509_REASON_REMOVE;
    }
    return der_leave(tbs, &list);
}

static bool read_extensions(struct reader *tbs, struct x509_crl *crl)
{
    struct crl_sink sink = {{take_crl_extension}, crl};
    struct reader explicit, list;
    der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0), &explicit);
    der_enter(&explicit, DER_SEQUENCE, &list);
    x509_each_extension(&list, &sink.sink);
    if (bytes_is_empty(crl->number))
        reader_fail(&list, "RFC 5280 5.2.3: CRL has no number");
    der_leave(&explicit, &list);
    return der_leave(tbs, &explicit);
}

static bool read_tbs(const struct x509_signed *outer, struct reader *tbs, struct x509_crl *crl)
{
    uint32_t version;
    enum x509_sig_alg alg;
    struct bytes raw;
    der_read_small(tbs, &version);
    if (version != 1)
        return reader_fail(tbs, "RFC 5280 5.1.2.1: version is not v2");
    x509_read_sig_alg(tbs, &alg, &raw);
    if (!bytes_equal(raw, outer->sig_alg_raw))
        return reader_fail(tbs, "RFC 5280 5.1.1.2: signature algorithms differ inside and outside");
    x509_read_name(tbs, &crl->issuer);
    der_read_time(tbs, &crl->this_update_s);
    der_read_time(tbs, &crl->next_update_s);
    bool removes = false;
    if (!read_entries(tbs, crl, &removes) || !read_extensions(tbs, crl))
        return false;
    if (removes && !crl->is_delta)
        return reader_fail(tbs, "RFC 5280 5.3.1: removeFromCRL in a complete CRL");
    if (crl->is_delta && !bytes_is_empty(crl->freshest_uri))
        return reader_fail(tbs, "RFC 5280 5.2.6: a delta CRL says where a fresher one is");
    return reader_end(tbs);
}

bool x509_read_crl(struct bytes der, struct x509_crl *ret, const char **ret_why)
{
    struct reader r = reader_of(der);
    struct x509_signed outer;
    struct x509_crl crl = {0};
    if (!x509_read_signed(&r, &outer) || !read_tbs(&outer, &outer.inside, &crl)) {
        *ret_why = r.why ? r.why : outer.inside.why;
        return false;
    }
    crl.whole = outer.whole;
    crl.tbs = outer.info;
    crl.sig_alg = outer.sig_alg;
    crl.signature = outer.signature;
    *ret = crl;
    return true;
}

static uint64_t value_of(struct bytes number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < number.n && number.n <= 8; i++)
        value = value << 8 | number.p[i];
    return value;
}

uint64_t x509_crl_number(const struct x509_crl *crl)
{
    return value_of(crl->number);
}

uint64_t x509_crl_base(const struct x509_crl *crl)
{
    return value_of(crl->base);
}
