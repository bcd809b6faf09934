/* A service over a database, a CA and a clock of its own. The signer is played by enrol_sign(): it
 * signs what the grant says, without a journal. Time is `f->now_s` and nothing else. */
#ifndef SERVICE_FIXTURE_H
#define SERVICE_FIXTURE_H

#include <crypto/key.h>
#include <service/enrol.h>
#include <service/finding.h>
#include <service/import.h>
#include <service/prove.h>

#define START_S INT64_C(1800000000) /* 2027-01-15 */
#define DAY_S INT64_C(86400)

struct fixture {
    char folder[64];
    int64_t now_s;
    struct config config;
    struct key *ca[PKI_ISSUERS]; /* by number */
    struct store *store;
    struct service service;
    struct err err;
    struct enrolment job; /* of the last ask */
    struct operator_is admin;
    int64_t lost_seen; /* of the last use() */
};

/* One device's key and what the front reads from its request. */
struct asker {
    uint8_t spki[320]; /* RSA-2048 has 294 */
    size_t spki_n;
    uint8_t hash[32];
};

/* What enrol came to. */
struct got {
    uint32_t code; /* 0 = issued or repeated */
    const char *why;
    bool repeated;
    uint8_t serial[16];
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);

/* A product "meter" that takes every proof. */
void add_product(struct fixture *f);
/* Anchor 1 of product "meter". */
void add_anchor(struct fixture *f);
void add_anchor_for(struct fixture *f, enum anchor_use use);
/* A key: a real P-256 one would cost time and prove nothing here; these octets differ by `n`. */
struct asker asker(unsigned n);
/* A line of an import: product meter, serial "SN-n", owner acme, optionally with `key` registered.
 * Its serial number lives until the next. */
struct msg_import_row import_line(unsigned n, const struct asker *key);
enum import_did take_line(struct fixture *f, const struct msg_import_row *row);
enum import_did import_device(struct fixture *f, unsigned n, const struct asker *key, bool hold);

/* A request as a front sends it, for `label` meter. */
struct msg_enrol ask_csr(const struct asker *key);
struct msg_enrol ask_registered_tls(const struct asker *registered, const struct asker *key);
struct msg_enrol ask_token(const char *serial_number, struct bytes token, const struct asker *key);
struct msg_enrol ask_renew(struct fixture *f, const uint8_t serial[16], const struct asker *old,
                           const struct asker *key);

/* Decides, signs and commits, as core does. A refusal that needs the signer's check is recorded. */
struct got enrol(struct fixture *f, const struct msg_enrol *ask);
/* The certificate with this serial was used in a handshake that begins now. */
void use(struct fixture *f, const uint8_t serial[16]);

enum result set_device(struct fixture *f, unsigned n, enum device_verb verb);

struct device device_row(struct fixture *f, unsigned n);
struct certificate certificate_row(struct fixture *f, const uint8_t serial[16]);
bool has_finding(struct fixture *f, unsigned n, int number);
int64_t entries(struct fixture *f);
/* The open finding about an issuer; id 0 = there is none. */
struct finding issuer_owed(struct fixture *f, int64_t number, int check);
bool issuer_owes(struct fixture *f, int64_t number, int check);

/* As core's timer does: whatever is due is judged; the lists that were marked are owed. */
void settle_due(struct fixture *f);
void mark_lists(struct fixture *f);
/* Issuers, after an act about one. */
void change_issuers(struct fixture *f);
/* The shard of a certificate, and its list of `this_s` as core keeps it. */
struct shard shard_of(struct fixture *f, const uint8_t serial[16]);
void put_list(struct fixture *f, const struct shard *shard, int64_t this_s);

void begin(struct fixture *f);
void commit(struct fixture *f);
void roll_back(struct fixture *f);

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        enum result result_ = (call);                                                              \
        if (result_ != OK)                                                                         \
            fail_msg("%s: %d %s", #call, (int)result_, f->err.text);                               \
    } while (0)

void expect_code(const struct got *got, uint32_t code);

/* Imported with its key and enrolled; for the second its certificate was used as well. */
struct got enrolled_device(struct fixture *f, unsigned n, const struct asker *key);
struct got active_device(struct fixture *f, unsigned n, const struct asker *key);

#endif
