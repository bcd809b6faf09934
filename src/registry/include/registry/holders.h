/* Who holds a key: devices by what is on record, hosts by what scans saw (TD-01). */
#ifndef REGISTRY_HOLDERS_H
#define REGISTRY_HOLDERS_H

#include <store/store.h>
#include <trust/facts.h>

/* Two hosts have a certificate at once when they were seen within that time of each other: an
 * address is not a machine for ever. */
#define HOLDERS_AT_ONCE_S 3600

/* YES when two devices have that key, or two hosts presented it at once. A place counts until
 * somebody looks again. */
MUST_USE enum result holders_shared(struct store *store, const uint8_t spki[32], struct since *ret,
                                    struct err *err);

/* The device whose key it is, registered or certified here; 0 = nobody's. */
MUST_USE enum result holders_device(struct store *store, const uint8_t spki[32], int64_t *ret,
                                    struct err *err);

#endif
