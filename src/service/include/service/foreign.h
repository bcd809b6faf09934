/* Certificates that another CA issued, on record so that the inventory has them. They are facts and
 * prove nothing: no enrolment, no admission asks for them. */
#ifndef SERVICE_FOREIGN_H
#define SERVICE_FOREIGN_H

#include <service/import.h>

/* The CA whose list it is: an anchor of use proof or inventory. E_NOT_FOUND, E_CONFLICT. */
MUST_USE enum result foreign_issuer(struct service *service, int64_t anchor,
                                    struct authority_row *ret, struct err *err);

/* Whose list it is, who imports it, and when. */
struct foreign_list {
    const struct operator_is *who;
    const struct authority_row *issuer;
    int64_t now_s;
};

/* One line, each judged alone. It is linked to the device of the anchor's product whose serial
 * number the subject names; one that was linked to none is, once there is such a device. A
 * revocation is never taken back by a list (R_CONFLICT), as RFC 5280 knows no way back but from
 * certificateHold. A refusal is OK with IMPORT_REFUSED and the reason in the answer. */
MUST_USE enum result foreign_line(struct service *service, const struct foreign_list *list,
                                  const struct msg_foreign_line *line,
                                  struct import_answer *ret_answer, struct err *err);

#endif
