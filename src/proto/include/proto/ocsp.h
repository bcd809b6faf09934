/* OCSP over HTTP: RFC 6960 appendix A, RFC 9919 section 6. Pure. */
#ifndef PROTO_OCSP_H
#define PROTO_OCSP_H

#include <wire/buf.h>

#define OCSP_MEDIA_REQUEST "application/ocsp-request"
#define OCSP_MEDIA_RESPONSE "application/ocsp-response"

/* The DER of a request from what follows /ocsp/: base64 (RFC 4648 4), of which any character may be
 * percent-encoded. False for anything else; `to` is as it was then. */
bool ocsp_read_path(struct bytes path, struct buf *to) WIRE_MUST_USE;

#endif
