/* When to renew. Pure. */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include <wire/x509.h>

/* The instant at which this certificate's renewal is due: what the server advised with it, if that
 * lies within its life; else what server and device draw alike (wire/spread.h), between 60 and 80 %
 * of it. The server calls a renewal deferred from 85 % on. Certificates without expiry are never
 * due by themselves: INT64_MAX. */
int64_t schedule_due_s(const struct x509_cert *cert, int64_t advised_s);

#endif
