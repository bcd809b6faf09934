/* The installation that the fleet lives in, with the server's service open over it. */
#ifndef BENCH_FLEET_HOUSE_H
#define BENCH_FLEET_HOUSE_H

#include <base/config.h>
#include <crypto/key.h>
#include <service/enrol.h>

#define FLEET_SPKI_N 91 /* SubjectPublicKeyInfo of P-256 */

struct house {
    struct config config;
    struct store *store;
    struct service service;
    struct key *issuers[PKI_ISSUER_COUNT]; /* the online ones, by kind */
    struct ec_group_st *group;
    struct operator_is
        who; /* who acts: nobody, as from the local socket, until there is somebody */
    int64_t now_s;
    uint32_t acts; /* since the transaction began */
    uint64_t crl_number;
    struct enrolment job;
};

/* A new installation below `out`, as `trothd init --lab` makes it at `now_s`. E_CONFLICT when there
 * is one. */
MUST_USE enum result house_open(struct house *house, const char *out, int64_t now_s,
                                struct err *err);
/* The time goes on; what one transaction may hold is committed. */
MUST_USE enum result house_go_on(struct house *house, int64_t now_s, struct err *err);
/* CRLs for what ended since the last time, and findings by time alone. */
MUST_USE enum result house_tick(struct house *house, struct err *err);
/* The last CRLs become files, the log is copied into the database. */
MUST_USE enum result house_finish(struct house *house, struct err *err);
void house_close(struct house *house);

void house_key(struct house *house, uint64_t number, uint8_t ret_spki[FLEET_SPKI_N]);
/* What the signer and core do with the enrolment in hand, which says ENROL_SIGN: the certificate.
 */
MUST_USE enum result house_issue(struct house *house, struct buf *ret_der, struct err *err);

#endif
