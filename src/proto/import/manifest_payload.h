/* Private: JSON of a manifest, and what the payload of an entry says. */
#ifndef PROTO_IMPORT_MANIFEST_PAYLOAD_H
#define PROTO_IMPORT_MANIFEST_PAYLOAD_H

#include <base/limits.h>
#include <proto/manifest.h>
#include <wire/buf.h>

#include <jansson.h>

/* Where decoded octets of an entry lie. */
struct manifest_space {
    uint8_t octets[2 * LIMIT_MANIFEST_ENTRY]; /* what is signed, and decoded less than that */
    uint8_t spki[MANIFEST_SPKI_N];
    struct buf to; /* over `octets`: emptied for each entry */
};

/* One JSON value that has to be an object. E_MANIFEST with `name`. */
MUST_USE enum result manifest_parse(const char *name, struct bytes json, json_t **ret,
                                    struct err *err);

/* The text of a member: empty and OK when it is absent and not `needed`. E_MANIFEST. */
MUST_USE enum result manifest_text(const json_t *object, const char *name, bool needed,
                                   struct bytes *ret, struct err *err);

/* The same, out of base64url (RFC 7515 2), into `to`. E_MANIFEST. */
MUST_USE enum result manifest_octets(const json_t *object, const char *name, bool needed,
                                     struct buf *to, struct bytes *ret, struct err *err);

/* The payload: serial number and batch of `line`, which point into `payload`, and the key of slot
 * 0, whose spki is empty when there are no keys. E_MANIFEST, E_SYNTAX. */
MUST_USE enum result manifest_payload(const json_t *payload, struct manifest_space *space,
                                      struct import_line *line, struct manifest_key *ret_key,
                                      struct err *err);

#endif
