/* When to renew. Pure. */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include <wire/x509.h>

/* The instant at which this certificate's renewal is due: between 60 and 80 % of its life, spread
 * by SHA-256 of its serial number, so that a fleet that enrolled in one hour does not renew in one,
 * and a device that restarts does not draw again. The server's window opens at 60 % and calls a
 * renewal deferred from 85 % on. Certificates without expiry are never due: INT64_MAX. */
int64_t schedule_due_s(const struct x509_cert *cert);

#endif
