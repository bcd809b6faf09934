#include <registry/subject.h>

#include <registry/holders.h>
#include <registry/measure.h>
#include <registry/policy.h>

#include "waived.h"

#include <string.h>

enum result subject_read(struct store *store, const struct device *device, struct subject *ret,
                         struct err *err)
{
    ret->device = *device;
    TRY(store_product(store, device->product, &ret->product, err));
    TRY(policy_read(store, &ret->product, &ret->policy, err));
    TRY(store_live_certificates(store, device->id, ret->live, SUBJECT_LIVE_MAX, &ret->live_n, err));
    return store_open_findings(store, device->id, ret->open, SUBJECT_OPEN_MAX, &ret->open_n, err);
}

enum result subject_missing(struct bytes serial_number, struct err *err)
{
    return err_set(err, E_NOT_FOUND, "there is no device with serial number \"%s\"",
                   err_value(serial_number).text);
}

static enum result product_missing(enum result result, struct bytes name, struct err *err)
{
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no product \"%s\"", err_value(name).text);
    return result;
}

enum result subject_find(struct store *store, struct bytes product, struct bytes serial_number,
                         struct subject *ret, struct err *err)
{
    struct product found = {0};
    struct device device = {0};
    TRY(product_missing(store_product_named(store, product, &found, err), product, err));
    enum result result = store_device_named(store, found.id, serial_number, &device, err);
    if (result == R_NOT_FOUND)
        return subject_missing(serial_number, err);
    TRY(result);
    return subject_read(store, &device, ret, err);
}

const struct finding *subject_finding(const struct subject *subject, int number)
{
    for (size_t i = 0; i < subject->open_n; i++)
        if (subject->open[i].check == number)
            return &subject->open[i];
    return NULL;
}

uint32_t product_keys(const struct product *product)
{
    return product->keys != 0 ? product->keys : 1U << KEY_ALG_P256;
}

int64_t product_claims_an_hour(const struct product *product, int64_t devices)
{
    int64_t share = devices / CLAIMS_ONE_IN;
    if (product->claims_an_hour > 0)
        return product->claims_an_hour;
    return share > CLAIMS_LEAST ? share : CLAIMS_LEAST;
}

bool subject_is_in_grace(const struct subject *subject, int64_t certificate, int64_t now_s)
{
    for (size_t i = 0; i < subject->live_n; i++)
        if (subject->live[i].id == certificate)
            return certificate_is_in_grace((enum cert_state)subject->live[i].state,
                                           subject->live[i].not_after_s, &subject->policy, now_s);
    return false;
}

/* What a finding recorded stays a fact until `is_over`: evidence closes it, not time. A tombstone
 * owes nothing any more. */
static struct since remembered(const struct subject *subject, int number, bool is_over)
{
    const struct finding *finding = subject_finding(subject, number);
    if (finding == NULL || is_over || device_is_tombstone((enum device_state)subject->device.state))
        return (struct since){.known = NO};
    return (struct since){.known = YES, .at_s = finding->began_at_s};
}

static bool holds_key(const struct subject *subject, const uint8_t key[32])
{
    const struct device *device = &subject->device;
    if (device->has_registered && memcmp(device->registered, key, 32) == 0)
        return true;
    for (size_t i = 0; i < subject->live_n; i++)
        if (memcmp(subject->live[i].spki, key, 32) == 0)
            return true;
    return false;
}

/* Has it got a certificate since then? */
static bool has_newer(const struct subject *subject, int64_t since_s)
{
    for (size_t i = 0; i < subject->live_n; i++)
        if (subject->live[i].not_before_s > since_s)
            return true;
    return false;
}

/* TD-01: the way out of a quarantine ends it; without one, a certificate that came later, when the
 * key is the device's by nothing any more. */
static bool is_sharing_over(const struct subject *subject)
{
    const struct device *device = &subject->device;
    const struct finding *finding = subject_finding(subject, CHECK_KEY_SHARED);
    if (finding == NULL || !device->has_bad_key)
        return true;
    if (device_is_kept_down((enum device_state)device->state))
        return false;
    return !holds_key(subject, device->bad_key) && has_newer(subject, finding->recorded_at_s);
}

/* TD-38: until the certificate that was used by a person opens nothing any more. */
static bool is_person_over(const struct subject *subject)
{
    const struct finding *finding = subject_finding(subject, CHECK_USED_BY_PERSON);
    for (size_t i = 0; i < subject->live_n && finding != NULL; i++)
        if (subject->live[i].id == finding->certificate)
            return false;
    return true;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#define FOREIGN_LOOK 64 /* certificates of other CAs that one device may have here */

/* Open tokens; beside an open permit they are wanted, and make nobody a zombie (TD-17). */
static enum result read_tokens(struct store *store, const struct subject *subject,
                               struct facts *facts, struct err *err)
{
    struct token tokens[LIMIT_DOORS];
    struct permit permits[LIMIT_DOORS];
    size_t n = 0, permits_n = 0;
    TRY(store_open_tokens(store, subject->device.id, tokens, LIMIT_DOORS, &n, err));
    bool onboarded = subject->live_n > 0 && subject->live[0].proven_at_s != 0;
    facts->token_open = n > 0 && onboarded ? (struct since){YES, subject->live[0].proven_at_s}
                                           : (struct since){.known = NO};
    for (size_t i = 0; i < n; i++)
        facts->token_until_s = later(facts->token_until_s, tokens[i].expires_at_s);
    if (n == 0)
        return OK;
    TRY(store_open_permits(store, subject->device.id, permits, LIMIT_DOORS, &permits_n, err));
    for (size_t i = 0; i < permits_n; i++)
        facts->permit_until_s = later(facts->permit_until_s, permits[i].expires_at_s);
    return OK;
}

/* TD-14: the newest replaced certificate and the CRL that must name it. */
static enum result read_replaced(struct store *store, const struct subject *subject,
                                 struct facts *facts, struct err *err)
{
    struct certificate old = {0};
    enum result result = store_last_superseded(store, subject->device.id, &old, err);
    if (result == R_NOT_FOUND) {
        facts->replaced_alive.known = UNMEASURED;
        return OK;
    }
    TRY(result);

    struct shard shard = {old.issuer, old.class, old.number / SHARD_NUMBERS};
    struct crl_row crl = {0};
    result = store_crl(store, &shard, &crl, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    bool is_published = result == OK && crl.this_s >= old.state_at_s;
    facts->replaced_alive =
        is_published ? (struct since){.known = NO} : (struct since){YES, old.state_at_s};
    return OK;
}

/* What an issuer that was retired issued is refused, whatever its own state. */
static enum result read_issuer(struct store *store, const struct subject *subject,
                               struct facts *facts, struct err *err)
{
    struct issuer_is is = {0};
    if (subject->live_n == 0)
        return OK;
    TRY(store_issuer_is(store, subject->live[0].issuer, &is, err));
    facts->is_issuer_ended = is.state == ISSUER_ENDED;
    facts->root_issued_leaf = is.kind == AUTHORITY_ROOT ? (struct since){YES, facts->not_before_s}
                                                        : (struct since){.known = NO};
    return OK;
}

void subject_facts_of_rows(const struct subject *subject, struct facts *facts)
{
    const struct device *device = &subject->device;
    *facts = (struct facts){
        .kind = SUBJECT_DEVICE,
        .state = (enum device_state)device->state,
        .hold = device->hold,
        .quarantine = device->quarantine,
        .proof = (enum proof)device->proof,
        .key_shared = remembered(subject, CHECK_KEY_SHARED, is_sharing_over(subject)),
        .forked = remembered(subject, CHECK_CLONE, !device->has_bad_key),
        .expired_used = remembered(subject, CHECK_EXPIRED_IN_USE, false),
        .used_by_person = remembered(subject, CHECK_USED_BY_PERSON, is_person_over(subject)),
        .weak_key.known = subject->live_n > 0 ? NO : UNMEASURED,
    };
    if (subject->live_n == 0)
        return;
    const struct certificate *newest = &subject->live[0];
    facts->cert_state = (enum cert_state)newest->state;
    facts->not_before_s = newest->not_before_s;
    facts->not_after_s = newest->not_after_s;
    facts->enrolled_at_s = newest->not_before_s;
    facts->shared_credential = device->proof == PROOF_CLAIM
                                   ? (struct since){YES, newest->not_before_s}
                                   : (struct since){.known = NO};
    measure_rows(subject, facts);
}

static enum result note_foreign(void *context, const struct foreign *foreign, struct err *err)
{
    (void)err;
    struct facts *facts = context;
    if (foreign->state != FOREIGN_VALID)
        return OK;
    facts->foreign_until_s = later(facts->foreign_until_s, foreign->not_after_s);
    return OK;
}

/* What another CA issued to it opens doors elsewhere: no act here ends that. Of who is gone it is a
 * credential that is left. */
static enum result read_foreign(struct store *store, const struct subject *subject,
                                struct facts *facts, struct err *err)
{
    enum device_state state = (enum device_state)subject->device.state;
    const struct filter of_device = {.limit = FOREIGN_LOOK, .device = subject->device.id};
    if (state != STATE_RETIRED && state != STATE_LOST)
        return OK;
    return store_foreigns(store, &of_device, bytes_of(NULL, 0), note_foreign, facts, err);
}

/* Found by a scan or a list of another CA's, so long as that shows it; nobody was quarantined. */
static enum result read_shared(struct store *store, const struct subject *subject,
                               struct facts *facts, struct err *err)
{
    const struct finding *open = subject_finding(subject, CHECK_KEY_SHARED);
    struct since shared = {.known = NO};
    bool is_tombstone = device_is_tombstone((enum device_state)subject->device.state);
    if (open == NULL || facts->key_shared.known == YES || is_tombstone)
        return OK;
    if (subject->device.has_registered)
        TRY(holders_shared(store, subject->device.registered, &shared, err));
    for (size_t i = 0; i < subject->live_n && shared.known != YES; i++)
        TRY(holders_shared(store, subject->live[i].spki, &shared, err));
    if (shared.known == YES)
        facts->key_shared = (struct since){YES, open->began_at_s};
    return OK;
}

enum result subject_facts(struct store *store, const struct subject *subject, struct facts *ret,
                          struct err *err)
{
    const struct device *device = &subject->device;
    const struct waived_subject waived = {device->id, device->product, device->owner};
    subject_facts_of_rows(subject, ret);
    TRY(waived_read(store, &waived, ret, err));
    bool has_live = subject->live_n > 0;
    ret->credential_alive = (struct since){has_live ? YES : NO, has_live ? ret->not_before_s : 0};
    TRY(read_issuer(store, subject, ret, err));
    TRY(measure_device(store, subject, ret, err));
    TRY(read_tokens(store, subject, ret, err));
    TRY(read_foreign(store, subject, ret, err));
    TRY(measure_sessions(store, subject, ret, err));
    TRY(read_shared(store, subject, ret, err));
    return read_replaced(store, subject, ret, err);
}
