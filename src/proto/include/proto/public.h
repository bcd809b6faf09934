/* Public objects by their paths: CRLs, CA certificates, checkpoint, hash tiles. Pure. */
#ifndef PROTO_PUBLIC_H
#define PROTO_PUBLIC_H

#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>

/* Is `path` (what follows /tile/) a hash tile of C2SP tlog-tiles: level 0-63, then the tile's index
 * in groups of three digits, "x" before all but the last, then perhaps ".p" and a width of 1-255?
 * Bundles of entries are not public. */
bool public_is_hash_tile(struct bytes path);

/* Is `name` one or more path segments of letters, digits, '-', '_' and '.', none of which begins
 * with a dot, the last ending in `suffix`? */
bool public_is_file_name(struct bytes name, const char *suffix);

/* thisUpdate and nextUpdate from the first octets of a CRL (RFC 5280 5.1; 1,024 are enough). False
 * when they are not there. NOT checked: everything else. */
#define PUBLIC_CRL_HEAD 1024
bool public_crl_times(struct bytes head, int64_t *ret_this_s, int64_t *ret_next_s);

/* How long the CRL may be kept by caches: until half its window, when the next one is due. */
uint32_t public_crl_max_age(int64_t this_s, int64_t next_s, int64_t now_s);

/* An HTTP date (RFC 9110 5.6.7), of 29 characters and a NUL. */
#define PUBLIC_DATE_N 30
void public_write_date(int64_t at_s, char ret[PUBLIC_DATE_N]);

#endif
