// Certificates in a degenerate PKCS #7: RFC 7030 4.1.3, RFC 5652 section 5.
//
// SignedData version 1 without digest algorithms, signers and content; the certificates stand in
// the order given, the wanted one first.
#pragma once

#include <wire/der.h>

// `certs` are DER certificates, copied unparsed. Errors are sticky in the buffer.
void pkcs7_write_certs(struct buf *b, const struct bytes *certs, size_t n);

// On success *ret_certs walks the certificates with pkcs7_next_cert; at least one is there and each
// is one DER element (its inside is not checked). CRLs in the bag are refused. On refusal false,
// *ret_why names the rule.
bool pkcs7_read_certs(struct bytes der, struct reader *ret_certs,
                      const char **ret_why) WIRE_MUST_USE;
bool pkcs7_next_cert(struct reader *certs, struct bytes *ret_cert);
