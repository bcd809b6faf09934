// A distinguished name as text: RFC 4514 in the one form that OpenSSL prints with XN_FLAG_RFC2253,
// and nginx in $ssl_client_s_dn and $ssl_client_i_dn.
//
// The last RDN stands first; , + " \ < > ; and a # or space at the edge have a backslash before
// them; control characters and octets above 7e are \XX. Another way to write the same is refused
// here, so that equal names are equal octets.
#pragma once

#include <wire/buf.h>

#define DN_MAX 1024 // octets of the text
#define DN_VALUE 65 // of one value, its terminating zero included: RFC 5280's ub- of 64

// What device certificates have in their subjects. Empty where it is absent; no value has a zero in
// it.
struct dn {
    char common_name[DN_VALUE];
    char organizational_unit[DN_VALUE];
    char organization[DN_VALUE];
    char serial_number[DN_VALUE];
};

// Refused with the rule in *ret_why: an attribute of another type, one that stands twice, an RDN of
// several values, an empty value, one that is no UTF-8 or longer than 64 octets, a value as #hex.
bool dn_read(struct bytes text, struct dn *ret, const char **ret_why) WIRE_MUST_USE;

// `name` is a Name with its header (wire/x509_name.h). Fails the buffer for an attribute that
// dn_read() does not know but country, for an RDN of several values and a name that is malformed.
void dn_write(struct buf *b, struct bytes name);
