/* Private: what a certificate of another CA says of itself, as columns of its row. */
#ifndef SERVICE_FOREIGN_SAID_H
#define SERVICE_FOREIGN_SAID_H

#include <ipc/ipc.h>
#include <service/service.h>

struct foreign_said {
    struct bytes leaf; /* DER; empty: there is none, and the rest does not count */
    uint8_t digest[32], spki[32];
    const uint8_t *issuer_name;
    int64_t not_before_s;
    int key, bits, signature; /* trust/foreign_words.h */
    uint32_t traits;
};

/* What the desk said, with the key measured here. E_FOREIGN when the key does not read. */
MUST_USE enum result foreign_said_of_line(const struct msg_foreign_line *line,
                                          struct foreign_said *ret, struct err *err);
MUST_USE enum result foreign_said_of_scan(const struct msg_scan_line *line,
                                          struct foreign_said *ret, struct err *err);

/* Its columns, and its DER as evidence. `said` must live until the change was applied. */
MUST_USE enum result foreign_said_put(struct service *service, struct change *change,
                                      const struct foreign_said *said, struct err *err);

/* Keeps all of a chain as evidence; the digests, 32 octets each, into `digests`. E_FOREIGN unless
 * it is one DER structure after the other, at most LIMIT_CHAIN_CERTIFICATES. */
MUST_USE enum result foreign_keep_chain(struct service *service, struct bytes chain,
                                        struct buf *digests, struct err *err);

/* The device of the product that has this serial number; 0: none, or no serial number. */
MUST_USE enum result foreign_named_device(struct service *service, int64_t product,
                                          struct bytes serial_number, int64_t *ret,
                                          struct err *err);

#endif
