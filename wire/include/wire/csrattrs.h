// CSR attributes of EST: what a server wants to see in a request. RFC 7030 4.5.2, written as RFC
// 8951 3.5 and RFC 9908 say.
#pragma once

#include <wire/x509.h>

#define CSRATTRS_RSA_BITS_MAX 4096

struct csrattrs {
    bool has_template;                // certificationRequestInfoTemplate of RFC 9908 3.4
    enum x509_key_alg key;            // X509_KEY_OTHER: the client chooses
    uint32_t rsa_bits;                // of an RSA key, whole octets; 0: any
    struct bytes organizational_unit; // of the subject; empty: none is named
    bool wants_serial_number;         // of the subject, for the client to fill in
};

// Appends CsrAttrs: a template, and what clients that do not know templates take of it (the kind of
// key and the signature algorithm). No extensions are asked for, so neither id-ExtensionReq nor
// extensionReqTemplate is there. `has_template` is not looked at. A size of whole octets is wanted
// up to CSRATTRS_RSA_BITS_MAX; another one, or text that no name can hold, fails the buffer.
void csrattrs_write(struct buf *b, const struct csrattrs *wish);

// Reads CsrAttrs. With a template the fields are the template's alone (RFC 9908 3.4: what stands
// beside it is ignored), else those of the first kind of key that is named. Unknown attributes are
// passed over, and so is the whole subject but for two attributes, and every extension wished for.
// Contract as in x509.h. Refused: a template that is not v1 or occurs twice, two extension requests
// or one beside its template, a key in the template that is not a placeholder of RSA.
bool csrattrs_read(struct bytes der, struct csrattrs *ret, const char **ret_why) WIRE_MUST_USE;
