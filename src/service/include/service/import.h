/* Import of devices: one row at a time, each judged alone, good ones kept. Idempotent. */
#ifndef SERVICE_IMPORT_H
#define SERVICE_IMPORT_H

#include <service/verb.h>
#include <trust/foreign_words.h>

/* `why` counts with IMPORT_REFUSED alone. */
struct import_answer {
    enum import_did did;
    bool is_unlinked; /* of a foreign certificate: no device here has its serial number */
    struct err why;
};

/* One row. A refusal is OK with IMPORT_REFUSED and the reason in the answer; a row that collides
 * with another device's key is refused and quarantines nobody (design 5). */
MUST_USE enum result import_row(struct service *service, const struct operator_is *who,
                                const struct msg_import_row *row, int64_t now_s,
                                struct import_answer *ret_answer, struct err *err);

#endif
