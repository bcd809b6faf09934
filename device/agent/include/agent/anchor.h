/* Who the server must be: pinned before anything secret leaves the device. */
#ifndef AGENT_ANCHOR_H
#define AGENT_ANCHOR_H

#include <agent/agent.h>

/* Makes state's root.pem the provisioned anchor: copied from the anchor file, or already there, or
 * fetched from /cacerts over a connection that nobody is verified on, sends nothing, and whose
 * answer counts only if one certificate in it has the provisioned fingerprint (RFC 7030 4.1.1 has a
 * person compare it). A root that contradicts a given fingerprint is E_TLS; with neither file,
 * fingerprint nor earlier root E_USAGE. */
MUST_USE enum result anchor_pin(const struct agent *agent, struct err *err);

/* Replaces the pinned root by one that follows it, if `bag` (PKCS #7 of /cacerts, over a connection
 * whose server the pinned root proved) has it together with its certificate by the pinned root
 * (RFC 4210 4.4, new with old). A root that was provisioned as a file or fingerprint and was left
 * so is good still: state's root-was names it. `now_s` is the clock. E_IO. */
MUST_USE enum result anchor_follow(const struct agent *agent, struct bytes bag, int64_t now_s,
                                   struct err *err);

/* The pinned root, DER. */
MUST_USE enum result anchor_read(const struct agent *agent, struct blob *ret, struct err *err);

#endif
