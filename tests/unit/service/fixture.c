#include "fixture.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/text.h>
#include <crypto/csr.h>
#include <crypto/hash.h>
#include <crypto/start.h>
#include <pki/authority.h>
#include <registry/about.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The clocks of this binary (base/clock.h): virtual, in step with each other. */
static const struct fixture *clocked;

int64_t clock_now_s(void)
{
    return clocked->now_s;
}

int64_t clock_now_us(void)
{
    return clocked->now_s * 1000000;
}

int64_t clock_monotonic_us(void)
{
    return (clocked->now_s - START_S) * 1000000;
}

int64_t clock_cpu_us(void)
{
    return 0;
}

static void write_authority(struct fixture *f, enum pki_issuer_kind kind, struct pki_issuer *root,
                            struct blob *ret)
{
    uint8_t tbs_space[TBS_MAX], der_space[TBS_MAX];
    uint8_t serial[AUTHORITY_SERIAL_N] = {0x01, (uint8_t)kind};
    struct buf tbs = buf_over(tbs_space, sizeof tbs_space);
    struct buf der = buf_over(der_space, sizeof der_space);
    assert_ok(key_generate(KEY_P256, &f->ca[kind], &f->err));
    struct authority authority = {
        .kind = kind,
        .common_name = text_bytes(issuer_name(kind)),
        .serial = bytes_of(serial, sizeof serial),
        .spki = key_spki(f->ca[kind]),
        .not_before_s = START_S - 10,
        .not_after_s = START_S + (kind == PKI_ISSUER_ROOT ? ROOT_VALIDITY_S : ISSUER_VALIDITY_S),
    };
    assert_ok(authority_build_tbs(&authority, kind == PKI_ISSUER_ROOT ? NULL : root,
                                  text_bytes(f->config.public_url), &tbs, &f->err));
    assert_ok(sign_into(f->ca[PKI_ISSUER_ROOT], buf_bytes(&tbs), &der, &f->err));

    char path[128];
    snprintf(path, sizeof path, "%s/ca/%s.cer", f->folder, issuer_name(kind));
    assert_ok(file_write(path, 0644, buf_bytes(&der), &f->err));
    assert_int_equal(blob_copy(buf_bytes(&der), ret), OK);
}

static void write_authorities(struct fixture *f)
{
    struct blob ders[PKI_ISSUER_COUNT] = {0};
    struct pki_issuer root = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/ca", f->folder);
    assert_ok(folder_ensure(path, 0755, &f->err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++) {
        write_authority(f, kind, &root, &ders[kind]);
        if (kind == PKI_ISSUER_ROOT)
            assert_ok(pki_issuer_read(PKI_ISSUER_ROOT, PKI_ISSUER_ROOT, blob_bytes(&ders[kind]),
                                      &root, &f->err));
    }
    for (size_t i = 0; i < PKI_ISSUER_COUNT; i++)
        blob_free(&ders[i]);
}

void fixture_open(struct fixture *f)
{
    char path[128];
    snprintf(path, sizeof path, "%s/troth.db", f->folder);
    assert_ok(store_open(path, STORE_WRITE, &f->store, &f->err));
    assert_ok(service_open(&f->service, f->store, &f->config, f->now_s, &f->err));
}

void fixture_close(struct fixture *f)
{
    service_close(&f->service);
    store_closep(&f->store);
}

int fixture_set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    clocked = f;
    f->now_s = START_S;
    /* in memory where that is: nothing here is about what a disk keeps */
    bool has_memory = access("/dev/shm", W_OK) == 0;
    snprintf(f->folder, sizeof f->folder, "%s/troth-service-XXXXXX",
             has_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->config.data, sizeof f->config.data, "%s", f->folder);
    snprintf(f->config.public_url, sizeof f->config.public_url, "%s", "http://pki.example:8080");
    snprintf(f->config.server_names[0], sizeof f->config.server_names[0], "%s", "troth.example");
    f->config.server_name_count = 1;
    f->admin =
        (struct operator_is){.row = {.id = 1, .role = ROLE_ADMIN}, .actor = {ACTOR_OPERATOR, 1}};
    assert_ok(crypto_start(&f->err));
    write_authorities(f);
    fixture_open(f);
    add_product(f);
    *state = f;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {
        "troth.db",    "troth.db-wal",  "troth.db-shm",  "troth.db.lease",
        "ca/root.cer", "ca/idevid.cer", "ca/ldevid.cer", "ca/operations.cer",
    };
    enrolment_free(&f->job);
    fixture_close(f);
    for (size_t i = 0; i < LENGTH_OF(files); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", f->folder, files[i]);
        unlink(path);
    }
    char path[128];
    snprintf(path, sizeof path, "%s/ca", f->folder);
    rmdir(path);
    rmdir(f->folder);
    for (size_t i = 0; i < PKI_ISSUERS; i++)
        key_freep(&f->ca[i]);
    free(f);
    return 0;
}

void begin(struct fixture *f)
{
    (void)clock_guard_look(&f->service.clock, f->now_s, clock_monotonic_us() / 1000000,
                           ledger_last_at_s(f->service.ledger));
    assert_ok(store_begin(f->store, &f->err));
}

void commit(struct fixture *f)
{
    assert_ok(store_commit(f->store, &f->err));
    ledger_committed(f->service.ledger);
}

void roll_back(struct fixture *f)
{
    store_rollback(f->store);
    ledger_rolled_back(f->service.ledger);
}

void add_product(struct fixture *f)
{
    struct msg_product_add ask = {.name = bytes_text("meter"), .least_proof = PROOF_TOKEN};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(verb_product_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
}

/* The SubjectPublicKeyInfo of P-256 (RFC 5480 2.1) around 64 octets that say `n`. */
struct asker asker(unsigned n)
{
    static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
    struct asker out = {.spki_n = sizeof head + 64};
    memcpy(out.spki, head, sizeof head);
    memcpy(out.spki + sizeof head, &n, sizeof n);
    sha256(bytes_of(out.spki, out.spki_n), out.hash);
    return out;
}

static struct bytes serial_number(unsigned n)
{
    static char text[32];
    snprintf(text, sizeof text, "SN-%u", n);
    return text_bytes(text);
}

struct msg_import_row import_line(unsigned n, const struct asker *key)
{
    struct msg_import_row row = {
        .line = 1,
        .product = bytes_text("meter"),
        .serial_number = serial_number(n),
        .owner = bytes_text("acme"),
        .has_spki = key != NULL,
    };
    if (key != NULL)
        memcpy(row.spki_sha256, key->hash, 32);
    return row;
}

enum import_did take_line(struct fixture *f, const struct msg_import_row *row)
{
    struct import_answer answer = {0};
    begin(f);
    assert_ok(import_row(&f->service, &f->admin, row, f->now_s, &answer, &f->err));
    commit(f);
    f->err = answer.why;
    return answer.did;
}

enum import_did import_device(struct fixture *f, unsigned n, const struct asker *key, bool hold)
{
    struct msg_import_row row = import_line(n, key);
    row.hold = hold;
    return take_line(f, &row);
}

struct msg_enrol ask_csr(const struct asker *key)
{
    return (struct msg_enrol){
        .operation = OPERATION_ENROL,
        .credential = CREDENTIAL_REGISTERED_CSR,
        .label = bytes_text("meter"),
        .spki = bytes_of(key->spki, key->spki_n),
    };
}

struct msg_enrol ask_registered_tls(const struct asker *registered, const struct asker *key)
{
    struct msg_enrol ask = ask_csr(key);
    ask.credential = CREDENTIAL_REGISTERED_TLS;
    memcpy(ask.peer_spki, registered->hash, 32);
    return ask;
}

struct msg_enrol ask_token(const char *serial, struct bytes token, const struct asker *key)
{
    struct msg_enrol ask = ask_csr(key);
    ask.credential = CREDENTIAL_TOKEN;
    ask.user = text_bytes(serial);
    ask.token = token;
    return ask;
}

struct msg_enrol ask_renew(struct fixture *f, const uint8_t serial[16], const struct asker *old,
                           const struct asker *key)
{
    struct msg_enrol ask = ask_csr(key);
    ask.operation = OPERATION_REENROL;
    ask.credential = CREDENTIAL_LDEVID;
    ask.peer_issuer = (uint32_t)certificate_row(f, serial).issuer;
    ask.peer_serial = bytes_of(serial, 16);
    ask.names_equal = 1;
    ask.handshake_s = f->now_s;
    memcpy(ask.peer_spki, old->hash, 32);
    return ask;
}

/* What the signer does with a grant. */
static struct bytes sign(struct fixture *f, const struct grant *grant, struct buf *der)
{
    uint8_t space[TBS_MAX], hash[32];
    struct buf tbs = buf_over(space, sizeof space);
    assert_ok(grant_build_tbs(grant, &f->service.issuers[grant->issuer], &f->service.site.pki, &tbs,
                              &f->err));
    sha256(buf_bytes(&tbs), hash);
    assert_memory_equal(hash, f->job.tbs_hash, 32);
    assert_ok(sign_into(f->ca[grant->issuer], buf_bytes(&tbs), der, &f->err));
    return buf_bytes(der);
}

static struct got issued(struct fixture *f)
{
    struct got got = {0};
    uint8_t space[TBS_MAX];
    bool is_live = false;
    struct buf der = buf_over(space, sizeof space);
    struct bytes certificate = sign(f, &f->job.grant, &der);
    begin(f);
    assert_ok(enrol_commit(&f->service, &f->job, certificate, f->now_s, &is_live, &f->err));
    commit(f);
    got.code = is_live ? E_NONE : E_BUSY;
    memcpy(got.serial, f->job.serial.p, 16);
    return got;
}

static struct got repeated(struct fixture *f)
{
    struct got got = {.repeated = true};
    struct x509_cert certificate = {0};
    const char *why = NULL;
    assert_true(x509_read_cert(blob_bytes(&f->job.der), &certificate, &why));
    memcpy(got.serial, certificate.serial.p, 16);
    return got;
}

struct got enrol(struct fixture *f, const struct msg_enrol *ask)
{
    enrolment_free(&f->job);
    f->job = (struct enrolment){0};
    begin(f);
    assert_ok(enrol_decide(&f->service, ask, f->now_s, &f->job, &f->err));
    if (f->job.next == ENROL_CHECK)
        assert_ok(enrol_refuse(&f->service, &f->job, f->now_s, &f->err));
    commit(f);
    if (f->job.next == ENROL_SIGN)
        return issued(f);
    if (f->job.code == E_NONE)
        return repeated(f);
    return (struct got){.code = f->job.code, .why = f->job.why.text};
}

void use(struct fixture *f, const uint8_t serial[16])
{
    struct certificate row = certificate_row(f, serial);
    struct msg_sighting sighting = {
        .peer_issuer = (uint32_t)row.issuer,
        .peer_serial = bytes_of(serial, 16),
        .handshake_s = f->now_s,
    };
    memcpy(sighting.peer_spki, row.spki, 32);
    begin(f);
    assert_ok(prove_sighting(&f->service, &sighting, f->now_s, &f->lost_seen, &f->err));
    commit(f);
}

enum result set_device(struct fixture *f, unsigned n, enum device_verb verb)
{
    struct msg_verb_answer answer = {0};
    struct msg_device_set ask = {
        .verb = (uint8_t)verb,
        .product = bytes_text("meter"),
        .serial_number = serial_number(n),
    };
    begin(f);
    enum result result = verb_device_set(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err);
    if (result == OK)
        commit(f);
    else
        roll_back(f);
    return result;
}

struct device device_row(struct fixture *f, unsigned n)
{
    struct device device = {0};
    assert_ok(store_device_named(f->store, 1, serial_number(n), &device, &f->err));
    return device;
}

struct certificate certificate_row(struct fixture *f, const uint8_t serial[16])
{
    struct certificate row = {0};
    assert_ok(store_certificate_serial(f->store, bytes_of(serial, 16), &row, &f->err));
    return row;
}

bool has_finding(struct fixture *f, unsigned n, int number)
{
    struct subject subject = {0};
    struct device device = device_row(f, n);
    assert_ok(subject_read(f->store, &device, &subject, &f->err));
    return subject_finding(&subject, number) != NULL;
}

int64_t entries(struct fixture *f)
{
    return (int64_t)ledger_size(f->service.ledger);
}

void expect_code(const struct got *got, uint32_t code)
{
    if (got->code != code)
        fail_msg("code %u (%s), wanted %u", got->code, got->why, code);
}

struct got enrolled_device(struct fixture *f, unsigned n, const struct asker *key)
{
    import_device(f, n, key, false);
    struct msg_enrol ask = ask_csr(key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    return got;
}

struct got active_device(struct fixture *f, unsigned n, const struct asker *key)
{
    struct got got = enrolled_device(f, n, key);
    use(f, got.serial);
    return got;
}

void add_anchor(struct fixture *f)
{
    add_anchor_for(f, ANCHOR_PROOF);
}

void add_anchor_for(struct fixture *f, enum anchor_use use)
{
    struct msg_verb_answer answer = {0};
    struct msg_anchor_add ask = {
        .product = bytes_text("meter"),
        .use = (uint8_t)use,
        .certificate = blob_bytes(&f->service.issuer_der[PKI_ISSUER_IDEVID]),
    };
    begin(f);
    assert_ok(verb_anchor_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
}

/* ---- what time and lists change ---------------------------------------------------------------
 */

struct finding issuer_owed(struct fixture *f, int64_t number, int check)
{
    struct about about = {0};
    const struct subject_key key = {SUBJECT_ISSUER, number};
    assert_ok(about_read(f->store, key, f->now_s, &about, &f->err));
    const struct finding *open = about_finding(&about, check);
    return open != NULL ? *open : (struct finding){0};
}

bool issuer_owes(struct fixture *f, int64_t number, int check)
{
    return issuer_owed(f, number, check).id != 0;
}

void settle_due(struct fixture *f)
{
    uint32_t n = 1;
    while (n > 0) {
        begin(f);
        assert_ok(finding_settle_due(&f->service, f->now_s, 256, &n, &f->err));
        commit(f);
    }
}

void mark_lists(struct fixture *f)
{
    begin(f);
    assert_ok(finding_crls_marked(&f->service, &f->err));
    commit(f);
}

void change_issuers(struct fixture *f)
{
    begin(f);
    assert_ok(finding_issuers_changed(&f->service, f->now_s, &f->err));
    commit(f);
}

struct shard shard_of(struct fixture *f, const uint8_t serial[16])
{
    struct certificate row = certificate_row(f, serial);
    return (struct shard){row.issuer, row.class, row.number / SHARD_NUMBERS};
}

void put_list(struct fixture *f, const struct shard *shard, int64_t this_s)
{
    const struct crl_row row = {*shard, 1, this_s, this_s + 7 * DAY_S};
    const struct crl_shard asked = {(uint32_t)shard->issuer, (uint8_t)shard->class, shard->part};
    service_unmark_shard(&f->service, asked);
    begin(f);
    assert_ok(finding_crl_published(&f->service, &row, f->now_s, &f->err));
    commit(f);
}
