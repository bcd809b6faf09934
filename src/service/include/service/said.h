/* What the world is told of one certificate, by CRLs and OCSP alike; and whose answer an act has
 * made wrong. */
#ifndef SERVICE_SAID_H
#define SERVICE_SAID_H

#include <base/err.h>
#include <pki/ocsp.h>
#include <store/rows.h>

#include <stdbool.h>
#include <stdint.h>

struct service;

/* What was said of certificates and is still so, since who is asked about once is asked about
 * again: one place for each of so many numbers, the last one has it. An act takes back what it
 * makes wrong before it is committed. */
#define SAID_KEPT 4096 /* 256 KB */
struct said_kept {
    uint32_t issuer; /* 0 = nobody's */
    uint8_t serial[16];
    struct ocsp_said said;
};
void said_kept_free(struct said_kept **kept);

#define SAID_CHANGED_MAX 64 /* by one turn: beyond it every kept answer goes */

/* By the acts of a turn. */
struct said_changed {
    uint8_t serials[SAID_CHANGED_MAX][16];
    size_t n;
    bool is_more; /* than are in the list */
    uint64_t
        count; /* rises with each, since the start: whoever kept it sees that something changed */
    struct said_kept *kept; /* SAID_KEPT; owned; NULL before the first */
};

/* Certificates that were on hold, and perhaps are not any more: for delta CRLs. */
#define SAID_RELEASED_MAX 4096
struct said_released {
    struct said_freed {
        uint32_t issuer;
        uint8_t serial[16];
        int64_t at_s;
    } * list; /* owned */
    size_t n;
    bool is_lost; /* there were more, or no memory: nobody knows who was freed */
};
void said_released_free(struct said_released *released);

/* For service.c: an act was appended; a certificate ends; a device that changes was kept down. */
void said_note(struct service *service);
void said_note_certificate(struct service *service, const struct certificate *certificate);
void said_note_device(struct service *service, int64_t device);

#define SERVICE_META_HELD "held" /* when a device was kept down, or no longer was, last */

/* What is to be said of it now: what has ended is revoked with its reason since then; what is live
 * is good, unless its device is in quarantine, which is certificateHold since that began. */
MUST_USE enum result said_of(struct service *service, const struct certificate *certificate,
                             struct ocsp_said *ret, struct err *err);

/* Of a serial number of this issuer, by the rows: OCSP_SAYS_NEVER when none has it. */
MUST_USE enum result said_of_serial(struct service *service, uint32_t issuer, struct bytes serial,
                                    struct ocsp_said *ret, struct err *err);

/* The same from memory, if it was said before. Not within a transaction, which may be undone. */
MUST_USE enum result said_recall(struct service *service, uint32_t issuer, struct bytes serial,
                                 struct ocsp_said *ret, struct err *err);

#endif
