// Distinguished names and general names: RFC 5280 4.1.2.4 and 4.2.1.6.
#pragma once

#include <wire/der.h>

// One attribute of a name. The value is PrintableString, UTF8String or IA5String, checked against
// its own alphabet; other string types are refused on reading.
struct x509_attribute {
    struct bytes oid;
    uint8_t tag; // DER_PRINTABLE_STRING, DER_UTF8_STRING or DER_IA5_STRING
    struct bytes text;
};

// Walks the attributes in the order they stand; the steps of a multi-valued RDN come one by one.
//     struct x509_name_walk walk = x509_name_walk(name);
//     while (x509_name_next(&walk, &attribute)) ...
//     if (!x509_name_end(&walk)) refuse: walk.rdns.why
struct x509_name_walk {
    struct reader rdns;
    struct reader rdn;
};
struct x509_name_walk x509_name_walk(struct bytes name);
bool x509_name_next(struct x509_name_walk *walk, struct x509_attribute *ret);
bool x509_name_end(struct x509_name_walk *walk);

// The text of an attribute that occurs exactly once; false when it is absent, repeated or the name
// is malformed.
bool x509_name_find(struct bytes name, struct bytes oid, struct bytes *ret_text) WIRE_MUST_USE;

// Binary comparison: names that RFC 5280 7.1 would fold together (case, spaces, string types) are
// different. Right for names that we wrote ourselves, and never equates what is not equal.
bool x509_name_equal(struct bytes a, struct bytes b);

// Writes a Name of single-valued RDNs in that order: PrintableString where its alphabet allows it,
// else UTF8String; serialNumber and country PrintableString or the buffer fails. An empty text, one
// above 64 octets (the ub- bounds of RFC 5280 appendix A) or text that is not UTF-8 fails it too.
struct x509_name_part {
    struct bytes oid;
    struct bytes text;
};
void x509_write_name(struct buf *b, const struct x509_name_part *parts, size_t n);

enum x509_general_name_kind {
    X509_GN_OTHER,           // a kind that is not listed below
    X509_GN_HARDWARE_MODULE, // otherName of RFC 4108: `oid` is hwType, `value` hwSerialNum
    X509_GN_OTHER_NAME,      // `oid` is the type, `value` the content of [0], header included
    X509_GN_EMAIL,
    X509_GN_DNS,
    X509_GN_DIRECTORY, // Name, header included
    X509_GN_URI,
    X509_GN_IP, // 4 or 16 octets
};

struct x509_general_name {
    enum x509_general_name_kind kind;
    struct bytes oid;
    struct bytes value;
};

// Walks GeneralNames, given with its header. Ends with reader_end(&walk), which tells a malformed
// list from an exhausted one. An empty list is malformed.
struct reader x509_general_names(struct bytes names);
bool x509_general_name_next(struct reader *walk, struct x509_general_name *ret);

// Writes GeneralNames of DNS, URI, IP, EMAIL and HARDWARE_MODULE; other kinds fail the buffer.
void x509_write_general_names(struct buf *b, const struct x509_general_name *names, size_t n);

// The first URI among the full names of a CRLDistributionPoints value; false when there is none.
bool x509_crldp_uri(struct bytes crldp, struct bytes *ret_uri) WIRE_MUST_USE;

// The first URI that an AuthorityInfoAccess value has for this method; false when there is none.
bool x509_aia_uri(struct bytes aia, struct bytes method, struct bytes *ret_uri) WIRE_MUST_USE;
