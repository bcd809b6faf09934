#include "x509_parts.h"

#include <wire/csrattrs.h>
#include <wire/oid.h>

// What was found so far; a template and the plain attributes fill one each.
struct found {
    struct csrattrs template, plain;
    bool has_extension_request;
};

static uint32_t bit_length(struct bytes magnitude)
{
    uint32_t bits = (uint32_t)magnitude.n * 8;
    for (uint8_t top = magnitude.p[0]; bits > 0 && !(top & 0x80); top = (uint8_t)(top << 1))
        bits--;
    return bits;
}

static bool read_placeholder(struct reader *spki, struct csrattrs *template)
{
    struct bytes bits, modulus, exponent;
    if (template->key != X509_KEY_RSA)
        return reader_fail(spki, "RFC 9908 3.4: a public key stands only for the size of RSA's");
    if (!der_read_bits(spki, &bits))
        return false;
    struct reader outer = reader_of(bits), inner;
    der_enter(&outer, DER_SEQUENCE, &inner);
    der_read_unsigned(&inner, &modulus);
    der_read_unsigned(&inner, &exponent);
    der_leave(&outer, &inner);
    if (!reader_end(&outer))
        return reader_fail(spki, outer.why);
    if (modulus.n > CSRATTRS_RSA_BITS_MAX / 8 || modulus.p[0] == 0)
        return reader_fail(spki, "RFC 9908 3.4: the placeholder's modulus is empty or too long");
    template->rsa_bits = bit_length(modulus);
    return true;
}

static void read_template_key(struct reader *info, struct csrattrs *template)
{
    struct reader spki;
    der_enter(info, DER_CONTEXT_CONSTRUCTED(0), &spki);
    x509_read_key_alg(&spki, &template->key);
    if (spki.left > 0)
        read_placeholder(&spki, template);
    der_leave(info, &spki);
}

static void read_single_attribute(struct reader *rdn, struct csrattrs *template)
{
    struct reader attribute;
    struct bytes oid, content;
    uint8_t tag;
    der_enter(rdn, DER_SEQUENCE, &attribute);
    der_read_oid(&attribute, &oid);
    if (attribute.left == 0)
        template->wants_serial_number |= bytes_equal(oid, oid_serial_number);
    else if (bytes_equal(oid, oid_organizational_unit))
        x509_read_text(&attribute, &tag, &template->organizational_unit);
    else
        der_read_value(&attribute, &tag, &content);
    der_leave(rdn, &attribute);
}

static void read_template_subject(struct reader *info, struct csrattrs *template)
{
    struct reader rdns, rdn;
    der_enter(info, DER_SEQUENCE, &rdns);
    while (rdns.left > 0 && der_enter(&rdns, DER_SET, &rdn)) {
        do
            read_single_attribute(&rdn, template);
        while (rdn.left > 0);
        der_leave(&rdns, &rdn);
    }
    der_leave(info, &rdns);
}

// One Attribute: its type, and its values one behind the other.
static bool next_attribute(struct reader *list, struct bytes *ret_oid, struct reader *ret_values)
{
    struct reader inner;
    struct bytes values;
    der_enter(list, DER_SEQUENCE, &inner);
    der_read_oid(&inner, ret_oid);
    der_read(&inner, DER_SET, &values);
    *ret_values = reader_of(values);
    return der_leave(list, &inner);
}

static bool skip_values(struct reader *values)
{
    uint8_t tag;
    struct bytes content;
    while (values->left > 0)
        der_read_value(values, &tag, &content);
    return reader_ok(values);
}

static void read_template_attributes(struct reader *info)
{
    struct reader list, values;
    struct bytes oid;
    int requests = 0;
    der_enter(info, DER_CONTEXT_CONSTRUCTED(1), &list);
    while (list.left > 0 && next_attribute(&list, &oid, &values)) {
        requests +=
            bytes_equal(oid, oid_extension_request) || bytes_equal(oid, oid_extension_template);
        if (!skip_values(&values))
            reader_fail(&list, values.why);
    }
    if (requests > 1)
        reader_fail(&list, "RFC 9908 3.4: extensions are asked for twice");
    der_leave(info, &list);
}

static void read_template(struct reader *values, struct csrattrs *template)
{
    struct reader info;
    uint32_t version;
    if (template->has_template)
        reader_fail(values, "RFC 9908 3.4: the template occurs twice");
    template->has_template = true;
    der_enter(values, DER_SEQUENCE, &info);
    der_read_small(&info, &version);
    if (version != 0)
        reader_fail(&info, "RFC 9908 3.4: the template's version is not v1");
    if (der_is_at(&info, DER_SEQUENCE))
        read_template_subject(&info, template);
    if (der_is_at(&info, DER_CONTEXT_CONSTRUCTED(0)))
        read_template_key(&info, template);
    read_template_attributes(&info);
    der_leave(values, &info);
}

// The first kind of key that is named stays.
static void take_kind(struct csrattrs *plain, enum x509_key_alg key)
{
    if (plain->key == X509_KEY_OTHER)
        plain->key = key;
}

static void read_curve(struct reader *values, struct csrattrs *plain)
{
    struct bytes curve;
    if (values->left == 0)
        return; // any curve
    der_read_oid(values, &curve);
    if (bytes_equal(curve, oid_prime256v1))
        take_kind(plain, X509_KEY_P256);
    else if (bytes_equal(curve, oid_secp384r1))
        take_kind(plain, X509_KEY_P384);
}

static void read_size(struct reader *values, struct csrattrs *plain)
{
    uint32_t bits = 0;
    if (values->left > 0)
        der_read_small(values, &bits);
    if (plain->key == X509_KEY_OTHER)
        plain->rsa_bits = bits;
    take_kind(plain, X509_KEY_RSA);
}

static bool pass_extension(struct x509_extension_sink *sink, struct reader *r,
                           const struct x509_extension *extension)
{
    (void)sink;
    (void)extension;
    return reader_ok(r);
}

// Exactly one Extensions, and no extension in it twice.
static void read_extensions(struct reader *values, struct found *found)
{
    struct bytes extensions;
    if (found->has_extension_request)
        reader_fail(values, "RFC 9908 3.2: id-ExtensionReq occurs twice");
    found->has_extension_request = true;
    if (!der_read_whole(values, DER_SEQUENCE, &extensions))
        return;
    struct x509_extension_sink sink = {pass_extension};
    struct reader list = x509_extensions(extensions);
    if (!x509_each_extension(&list, &sink))
        reader_fail(values, list.why);
}

static void read_attribute(struct reader *list, struct found *found)
{
    struct reader values;
    struct bytes oid;
    if (!next_attribute(list, &oid, &values))
        return;
    if (bytes_equal(oid, oid_request_template))
        read_template(&values, &found->template);
    else if (bytes_equal(oid, oid_ec_public_key))
        read_curve(&values, &found->plain);
    else if (bytes_equal(oid, oid_rsa_encryption))
        read_size(&values, &found->plain);
    else if (bytes_equal(oid, oid_extension_request))
        read_extensions(&values, found);
    else
        skip_values(&values);
    if (!reader_end(&values))
        reader_fail(list, values.why);
}

bool csrattrs_read(struct bytes der, struct csrattrs *ret, const char **ret_why)
{
    struct reader r = reader_of(der), list;
    struct found found = {0};
    struct bytes oid;
    der_enter(&r, DER_SEQUENCE, &list);
    while (list.left > 0)
        if (!der_is_at(&list, DER_OID))
            read_attribute(&list, &found);
        else if (der_read_oid(&list, &oid) && bytes_equal(oid, oid_ed25519))
            take_kind(&found.plain, X509_KEY_ED25519);
    if (!der_leave(&r, &list) || !reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = found.template.has_template ? found.template : found.plain;
    return true;
}
