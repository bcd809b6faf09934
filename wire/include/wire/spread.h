// Spreading a fleet: each holder has an instant of its own, drawn from what it is called, so that
// who was born in one hour does not come back in one. Server and device draw alike, and a restart
// does not draw again. Nothing here is secret or hard to choose: who chooses his own draw hurts
// nobody but himself.
#pragma once

#include <wire/bytes.h>

#define SPREAD_FROM_PERCENT 60 // of a certificate's life: its renewal window opens
#define SPREAD_PERCENT 20      // and so long it is

// Uniform in 0 .. bound - 1, the same for the same octets; 0 for a bound of 0.
uint32_t spread_below(struct bytes who, uint32_t bound);

// When the certificate with this serial number should renew: in the 60 to 80 % of its life that are
// its window (RFC 9773 calls it suggested). INT64_MAX for one without end (RFC 5280 4.1.2.5).
int64_t spread_renewal_s(struct bytes serial, int64_t not_before_s, int64_t not_after_s);
