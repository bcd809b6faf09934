/* What receivers are told (docs/decisions/webhooks.md): a row for each receiver that wants it, in
 * the transaction of the entry that it is about. Sending them is core's (core/webhooks.c). */
#ifndef SERVICE_OUTBOX_H
#define SERVICE_OUTBOX_H

#include <service/service.h>

/* Rows that wait for one receiver; a newer event then finds no room and is counted as dropped. */
#define OUTBOX_ROWS_MAX 100000

/* The act under construction became entry `entry`: if it opened, closed or answered findings, their
 * receivers get a row each. */
MUST_USE enum result outbox_note(struct service *service, uint64_t entry, struct err *err);

/* Each receiver of the configuration has counts from now on, and one that it has no more is
 * forgotten when nothing waits for it. */
MUST_USE enum result outbox_configure(struct service *service, struct err *err);

/* The receiver took it, did not this time, or never will; `at_s` is now. */
MUST_USE enum result outbox_sent(struct service *service, const struct outbox_row *row,
                                 int64_t at_s, struct err *err);
struct outbox_failure {
    int64_t at_s, due_s; /* now, and when it is tried again */
    bool is_its_own;     /* the event was not taken; else its receiver took none */
    const char *why;
};
MUST_USE enum result outbox_failed(struct service *service, const struct outbox_row *row,
                                   const struct outbox_failure *failure, struct err *err);
MUST_USE enum result outbox_give_up(struct service *service, const struct outbox_row *row,
                                    int64_t at_s, struct err *err);

#endif
