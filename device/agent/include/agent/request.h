/* What the agent asks for: a key and a request over it, and a certificate over a bare key. */
#ifndef AGENT_REQUEST_H
#define AGENT_REQUEST_H

#include <agent/agent.h>
#include <crypto/key.h>

/* Makes next, unless it is there: a first enrolment's request names the device's serial number. */
MUST_USE enum result request_first(const struct agent *agent, struct err *err);

/* The same for a renewal: subject and subjectAltName of the current certificate (RFC 7030 4.2.2),
 * a new key unless keeps_key. */
MUST_USE enum result request_renewal(const struct agent *agent, struct err *err);

/* A self-signed certificate over `key`, PEM: shows a registered key on TLS and says nothing else.
 * Valid from the epoch without end: the server looks at its key alone. */
MUST_USE enum result request_bare_certificate(struct key *key, struct blob *ret, struct err *err);

/* The leaf of a PEM file (the first certificate in it), DER. */
MUST_USE enum result request_read_leaf(const char *path, struct blob *ret, struct err *err);

#endif
