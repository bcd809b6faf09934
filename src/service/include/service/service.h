/* What every verb stands on: store, ledger, issuers, and the numbers that are allotted.
 *
 * The verbs of this room run in core, one after the other, inside the transaction of core's turn
 * (core/turn.h). A verb reads, asks trust/, and records through ledger_append(); it never answers a
 * question about a device by itself. Not thread-safe. */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <base/blob.h>
#include <base/config.h>
#include <ledger/ledger.h>
#include <pki/crlplan.h>
#include <pki/grant.h>
#include <service/clock.h>
#include <service/said.h>
#include <service/status.h>
#include <store/store.h>
#include <trust/words.h>

#define SERVICE_TABLES 64
#define SERVICE_META_JOURNAL "journal"       /* position up to which the ledger has everything */
#define SERVICE_META_JOURNAL_ID "journal_id" /* of which journal */
#define SERVICE_META_FLOOR "floor"           /* no serial number of ours is below it from now on */

/* What the configuration puts into certificates; its texts are the configuration's. */
struct site {
    struct pki_site pki;
    struct bytes names[CONFIG_NAMES_MAX];
};

/* The approval that the act which runs now was given (service/approval.h); row 0 = none. */
struct used_approval {
    int64_t row;
    size_t persons_n, countersignature_n;
    uint8_t persons[APPROVAL_PERSONS_BYTES], countersignature[APPROVAL_SIGNATURE_BYTES];
};

struct service {
    struct store *store;
    struct ledger *ledger;
    const struct config *config; /* as of the start */
    const struct config *hooks;  /* as of the last reload: whose webhooks count */
    struct clock_guard clock;
    struct pki_issuer issuers[PKI_ISSUERS]; /* by number; id 0 = not there */
    struct blob issuer_der[PKI_ISSUERS];
    uint8_t issuer_spki[PKI_ISSUERS][32];
    uint8_t issuer_state[PKI_ISSUERS];  /* enum issuer_state */
    uint8_t held_spki[PKI_ISSUERS][32]; /* keys that the signer has beside the first ones */
    char issuer_owner[PKI_ISSUERS][LIMIT_NAME + 1]; /* empty: the fleet's */
    uint32_t issuing[PKI_ISSUER_COUNT]; /* the fleet's current one of each kind; 0 = none */
    struct site site;
    struct site next_site;           /* while a reload is being prepared; else it has no names */
    int64_t last_id[SERVICE_TABLES]; /* per table of kind LEDGER */
    struct number_space *numbers;    /* next number per (issuer, class) */
    struct crl_dirty *dirty;         /* shards whose CRL must be signed again */
    bool crls_may_wait;              /* what is marked now is one of many: service_mark_shard() */
    struct budget *budgets;          /* brakes: per name, product and hour */
    struct rate *rates;              /* per product and second */
    int64_t now_ms;                  /* monotonic, of this turn: rates are finer than a second */
    struct config_limits limits;     /* as of the last reload */
    struct config_retention retention;
    int64_t restored_at_s; /* of the last restore; 0 = none */
    int64_t approvers;     /* persons who have the right, in use or not */
    struct watch *watch;   /* a rehearsal's; NULL = this is no rehearsal */
    struct used_approval used;
    size_t approval_body_n; /* of the request that was recorded last */
    uint8_t approval_body[APPROVAL_BODY_MAX];
    uint8_t approver_der[LIMIT_CERTIFICATE_BYTES]; /* what a completed approver_set points into */
    uint8_t approver_name[LIMIT_NAME];
    uint8_t policy_words[LIMIT_POLICY_WORDS];   /* of the policy that was asked for last */
    uint8_t policy_judged[LIMIT_POLICY_JUDGED]; /* of the one that was on trial last */
    size_t policy_judged_n;
    int64_t sweep_ms; /* monotonic: no step of a sweep before; INT64_MAX = none is under way */
    struct status_touched touched; /* by the acts of this turn */
    struct said_released released; /* from a hold */
    struct said_changed said;      /* whose OCSP answers are wrong from now on */
    bool touched_boundaries;       /* what boundaries are told of services may be another */
    bool stops_issuing;            /* the disk is full: revocation goes on, issuing does not */
    struct act act;                /* the act under construction: too large for the stack */
};

/* Loads issuers and counters; `store` and `config` must outlive it. On the first start it records
 * the authorities that `trothd init` made (service/bootstrap.h). */
MUST_USE enum result service_open(struct service *service, struct store *store,
                                  const struct config *config, int64_t now_s, struct err *err);
void service_close(struct service *service);

/* Reads the issuers as the ledger has them now: at the start, and once an act about them is
 * committed. */
MUST_USE enum result service_load_issuers(struct service *service, struct err *err);

/* Was the issuer of that number retired? What it issued opens nothing any more. */
bool service_issuer_has_ended(const struct service *service, int64_t number);

/* The current issuer of that kind for this owner's devices alone; 0 = the fleet's issues for them.
 */
uint32_t service_owners_issuer(const struct service *service, enum pki_issuer_kind kind,
                               struct bytes owner);

/* A reload (ipc/reload.h): the next names are known beside those in force; then they are in force,
 * or (NULL) forgotten. */
void service_prepare(struct service *service, const struct config *next);
void service_commit(struct service *service);

/* The next row id of a ledger table. Ids of a rolled back turn are not used again. */
int64_t service_next_id(struct service *service, enum table table);

/* The next number in (issuer, class) for a serial. */
MUST_USE enum result service_next_number(struct service *service, int64_t issuer, uint8_t class,
                                         uint32_t *ret_number, struct err *err);

/* Starts the one act that is under construction. */
struct act *service_act(struct service *service, enum event event, int64_t now_s,
                        struct actor actor, int64_t device);

/* Appends that act to the ledger. What takes two people carries the approval that it was given, or
 * is refused with E_APPROVAL once there are two approvers. */
MUST_USE enum result service_record(struct service *service, uint64_t *ret_entry, struct err *err);

/* One shard's CRL is out of date since `since_s`. `may_wait`: only by what many entries do one
 * after the other (service/bulk.h), so that one CRL does for all of them; whatever else marks it
 * ends that. */
struct crl_dirty {
    struct crl_shard shard;
    int64_t since_s;
    bool may_wait;
    bool is_owed; /* its issuer is judged when this one is late */
    struct crl_dirty *next;
};
void service_mark_shard(struct service *service, struct crl_shard shard, int64_t now_s);
void service_hurry_shards(struct service *service); /* none may wait any more */
void service_unmark_shard(struct service *service, struct crl_shard shard);

/* Puts a certificate into an ended state (superseded, voided, revoked, orphan) as part of the act
 * under construction, and marks its shard. `reason` by RFC 5280 5.3.1. */
void service_end_certificate(struct service *service, const struct certificate *certificate,
                             enum cert_state state, int reason, int64_t now_s);

/* A device's change as part of the act under construction: raises its version. */
struct change *service_change_device(struct service *service, const struct device *device);

#endif
