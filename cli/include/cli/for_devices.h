/* Options that say which devices something is for: `troth release sign`, `troth verify`. */
#ifndef CLI_FOR_DEVICES_H
#define CLI_FOR_DEVICES_H

#include <cli/session.h>
#include <wire/buf.h>

#define FOR_DEVICES_ID_N 16    /* octets of a vendor, class or device id: RFC 9562 */
#define FOR_DEVICES_SEGMENTS 8 /* of a component's identifier */

/* Each leaves *ret alone and says false where the option is not given. E_USAGE: names the option,
 * what was seen and what is wanted. */

/* A UUID: 32 hexadecimal digits, with "-" between them or without. */
MUST_USE enum result for_devices_id(const struct session *session, const char *option,
                                    uint8_t ret[FOR_DEVICES_ID_N], bool *ret_is_given,
                                    struct err *err);

/* Up to 32 bits. */
MUST_USE enum result for_devices_number(const struct session *session, const char *option,
                                        uint32_t *ret, bool *ret_is_given, struct err *err);

/* "00/6f" as SUIT_Component_Identifier, [h'00', h'6f']: appends its CBOR. */
MUST_USE enum result for_devices_component(const char *text, struct buf *to, struct err *err);

#endif
