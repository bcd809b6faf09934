/* Requests of devices from one address: a token bucket each (base/bucket.h), in a table of fixed
 * size. An IPv6 client is its /64, because the rest is his to choose. An address that finds its row
 * full takes the place of the one that asked least of late, which so begins anew: a limit against
 * those who come from a few addresses, none against those who have thousands. */
#ifndef HTTP_ADDRESS_RATE_H
#define HTTP_ADDRESS_RATE_H

#include <base/bucket.h>

#include <sys/socket.h>

struct address_rate; /* opaque: the table of one process */

/* `seed` draws the rows, so that nobody can choose whom he meets there. NULL without memory. */
struct address_rate *address_rate_new(uint64_t seed);
void address_rate_free(struct address_rate *rate);

/* Takes one for `from`; others than IPv4 and IPv6 are one address. False, with *ret_retry_after_s
 * drawn by `who`, when there is none left. */
bool address_rate_take(struct address_rate *rate, struct bucket_rule rule,
                       const struct sockaddr *from, int64_t now_ms, struct bytes who,
                       uint32_t *ret_retry_after_s);

#endif
