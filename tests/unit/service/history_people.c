/* Steps of a history: what people decide, and what they find elsewhere. */
#include "history.h"

#include <base/text.h>
#include <service/brake.h>
#include <service/bulk.h>
#include <service/foreign.h>
#include <service/issuer.h>
#include <service/scan.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define METER 1

/* ---- transfers --------------------------------------------------------------------------------
 */

static const struct person *person_for(const struct history *h, const char *owner)
{
    for (size_t i = 0; i < 2; i++)
        if (strcmp(h->world->people[i].who.row.scope, owner) == 0)
            return &h->world->people[i];
    return &h->world->people[2];
}

static void release(struct history *h, const struct holder *holder, const struct device *device)
{
    char space[32];
    struct fixture *f = h->f;
    const struct person *by = person_for(h, device->owner);
    bool is_acmes = strcmp(device->owner, "acme") == 0;
    struct msg_verb_answer answer = {0};
    const struct msg_transfer_release ask = {.product = bytes_text("meter"),
                                             .serial_number = serial_of(holder, space),
                                             .to_owner = text_bytes(is_acmes ? "zenith" : "acme"),
                                             .ttl_s = DAY_S * (1 + below(h, 80))};
    begin(f);
    if (verb_transfer_release(&f->service, &by->who, &ask, f->now_s, &answer, &f->err) != OK) {
        roll_back(f);
        return;
    }
    commit(f);
    (void)sign_step(f, by, answer.object, TRANSFER_RELEASED);
}

static void abort_it(struct history *h, const struct transfer_row *row)
{
    struct fixture *f = h->f;
    const struct msg_transfer_abort ask = {.transfer = row->id};
    struct msg_verb_answer answer = {0};
    TRY_VERB(f, transfer_abort, &ask, &answer);
}

/* The next thing that can be done about it. */
static void step_transfer(struct history *h, struct holder *holder)
{
    struct fixture *f = h->f;
    struct transfer_row row;
    struct device device = device_row(f, holder->n);
    enum result result = store_open_transfer(f->store, device.id, &row, &f->err);
    if (result == R_NOT_FOUND)
        release(h, holder, &device);
    else if (row.state == TRANSFER_ACCEPTED || below(h, 4) == 0)
        abort_it(h, &row);
    else
        (void)sign_step(f, person_for(h, row.to), row.id, TRANSFER_ACCEPTED);
}

/* From the release to the first use of a new key. */
static void step_move(struct history *h, struct holder *holder)
{
    struct fixture *f = h->f;
    unsigned next = new_key(h);
    struct asker old = asker(holder->key), key = asker(next);
    step_transfer(h, holder);
    step_transfer(h, holder);
    if (!holder->has)
        return;
    struct msg_enrol ask = ask_renew(f, holder->serial, &old, &key);
    struct got got = enrol(f, &ask);
    if (got.code != E_NONE)
        return;
    memcpy(holder->serial, got.serial, 16);
    holder->key = next;
    use(f, got.serial);
}

/* ---- policies and waivers ---------------------------------------------------------------------
 */

static void step_policy(struct history *h, struct holder *holder)
{
    static const char *const lines[][2] = {
        {NULL, NULL},
        {"renew-by", "95"},
        {"max-age", "30d"},
        {"max-key-renewals", "0"},
        {"max-validity", "30d"},
        {"contact-every", "5d"},
        {"end-of-support", "2027-08-01T00:00:00Z"},
        {"end-of-support", "2031-08-01T00:00:00Z"},
        {"transfer-within", "1h"},
        {"backup-every", "90d"},
        {"rollover-before", "800d"},
        {"TD-06", "quarantine"},
        {"TD-07", "quarantine"},
        {"TD-09", "quarantine"},
        {"TD-11", "refuse"},
        {"TD-36", "quarantine"},
    };
    size_t line = below(h, LENGTH_OF(lines));
    (void)holder;
    (void)set_one_policy(h->f, below(h, 2) == 0 ? "" : "meter", lines[line][0], lines[line][1]);
    (void)sweep(h->f);
    h->world->ruled_s = h->f->now_s;
}

static void step_product(struct history *h, struct holder *holder)
{
    struct msg_verb_answer answer = {0};
    const struct msg_product_set ask = {
        .product = bytes_text("meter"), .grace_s = 20 * DAY_S * below(h, 3), .claims_an_hour = -1};
    (void)holder;
    TRY_VERB(h->f, product_set, &ask, &answer);
    (void)sweep(h->f);
    h->world->ruled_s = h->f->now_s;
}

static void put_scope(struct history *h, const struct holder *holder, char space[32],
                      struct msg_waiver_grant *ask)
{
    switch (below(h, 4)) {
    case 0:
        ask->fleet = 1;
        return;
    case 1:
        ask->of_owner = bytes_text("acme");
        return;
    case 2:
        ask->product = bytes_text("meter");
        return;
    default:
        ask->product = bytes_text("meter");
        ask->serial_number = serial_of(holder, space);
    }
}

static void step_waive(struct history *h, struct holder *holder)
{
    static const uint8_t checks[] = {1, 4, 5, 6, 7, 8, 9, 10, 11, 14, 17, 18, 35, 36, 43, 45};
    char space[32];
    struct msg_verb_answer answer = {0};
    struct msg_waiver_grant ask = {
        .check = checks[below(h, LENGTH_OF(checks))],
        .answers = bytes_text("acme-ops"),
        .reason = bytes_text("let be"),
        .expires_s = h->f->now_s + 3600 * (1 + (int64_t)below(h, 1000)),
    };
    put_scope(h, holder, space, &ask);
    const struct msg_waiver_add alone = {.check = ask.check,
                                         .product = ask.product,
                                         .serial_number = ask.serial_number,
                                         .of_owner = ask.of_owner,
                                         .fleet = ask.fleet,
                                         .answers = ask.answers,
                                         .reason = ask.reason,
                                         .expires_s = ask.expires_s};
    if (check_most_severe(check_find(ask.check)) > SEVERITY_MEDIUM)
        TRY_VERB(h->f, waiver_grant, &ask, &answer);
    else
        (void)add_waiver(h->f, &h->f->admin, &alone);
    (void)sweep(h->f);
}

static void step_waive_no_more(struct history *h, struct holder *holder)
{
    int64_t last = h->f->service.last_id[TABLE_WAIVER];
    (void)holder;
    if (last > 0)
        (void)end_waiver(h->f, &h->f->admin, last - below(h, last < 3 ? (unsigned)last : 3));
    (void)sweep(h->f);
}

/* ---- the brake, and what waits for a person ----------------------------------------------------
 */

static void step_use_up(struct history *h, struct holder *holder)
{
    struct fixture *f = h->f;
    bool is_free = true;
    (void)holder;
    begin(f);
    while (is_free)
        assert_ok(brake_count(&f->service, &brake_quarantine, METER, f->now_s, &is_free, &f->err));
    commit(f);
}

static void step_answer(struct history *h, struct holder *holder)
{
    struct fixture *f = h->f;
    const struct subject_key product = {SUBJECT_PRODUCT, METER};
    struct finding open[CHECK_MAX];
    struct msg_verb_answer answer = {0};
    size_t n = 0;
    (void)holder;
    assert_ok(store_open_findings_about(f->store, product, open, CHECK_MAX, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        const struct msg_finding_close ask = {.finding = open[i].id, .note = bytes_text("seen")};
        TRY_VERB(f, finding_close, &ask, &answer);
    }
}

static void step_backup(struct history *h, struct holder *holder)
{
    uint8_t root[32];
    struct msg_verb_answer answer = {0};
    ledger_root(h->f->service.ledger, root);
    const struct msg_backup_note ask = {
        .kind = (uint8_t)(below(h, 2) == 0 ? BACKUP_MADE : BACKUP_DRILLED),
        .size = ledger_size(h->f->service.ledger),
        .root = bytes_of(root, sizeof root)};
    (void)holder;
    TRY_VERB(h->f, backup_note, &ask, &answer);
}

/* ---- many at once -----------------------------------------------------------------------------
 */

static bool gather(struct history *h, const struct bulk *bulk)
{
    for (size_t i = 0; i < DEVICES; i++) {
        char space[32];
        const struct msg_import_row row = {.line = 1,
                                           .product = bytes_text("meter"),
                                           .serial_number = serial_of(&h->holders[i], space)};
        if (h->holders[i].n != 0 &&
            bulk_gather_row(&h->f->service, &h->f->admin, bulk, &row, &h->f->err) != OK)
            return false;
    }
    return true;
}

static bool begin_bulk(struct history *h, struct bulk *bulk)
{
    struct fixture *f = h->f;
    struct bulk_count count = {0};
    struct product none = {0};
    struct msg_bulk_run run = {0};
    struct msg_verb_answer answer = {0};
    bool is_over = false;
    sha256_begin(&count.ids);
    while (!is_over)
        assert_ok(bulk_count(&f->service, bulk, &count, &is_over, &f->err));
    return bulk_record(&f->service, &f->admin, bulk, bytes_text("over"), f->now_s, &f->err) == OK &&
           bulk_message(&f->service, bulk, &none, &run, &f->err) == OK &&
           verb_bulk_run(&f->service, &f->admin, &run, f->now_s, &answer, &f->err) == OK;
}

static void step_bulk(struct history *h, struct holder *holder)
{
    struct fixture *f = h->f;
    struct bulk bulk = {0};
    bool is_over = false;
    const struct msg_bulk ask = {.verb = (uint8_t)(below(h, 4) == 0 ? VERB_RETIRE : VERB_REVOKE),
                                 .listed = 1};
    (void)holder;
    assert_ok(bulk_select(&f->service, &f->admin, &ask, &bulk, &f->err));
    begin(f);
    if (!gather(h, &bulk) || !begin_bulk(h, &bulk)) {
        roll_back(f);
        return;
    }
    while (!is_over)
        assert_ok(bulk_slice(&f->service, &bulk, f->now_s, &is_over, &f->err));
    commit(f);
}

/* ---- issuers ----------------------------------------------------------------------------------
 */

static void step_follow(struct history *h, struct holder *holder)
{
    char name[32];
    uint32_t number = PKI_ISSUER_COUNT;
    (void)holder;
    while (number < PKI_ISSUERS && h->f->service.issuers[number].id != 0)
        number++;
    if (number == PKI_ISSUERS)
        return;
    snprintf(name, sizeof name, "issuer %u", number);
    assert_int_equal(follow_issuer(h->f, below(h, 3) == 0 ? "acme" : "", number, name), OK);
}

static void step_retire_issuer(struct history *h, struct holder *holder)
{
    struct fixture *f = h->f;
    struct msg_verb_answer answer = {0};
    const struct msg_issuer_retire ask = {.number = PKI_ISSUER_LDEVID + below(h, 5)};
    (void)holder;
    TRY_VERB(f, issuer_retire, &ask, &answer);
    assert_ok(service_load_issuers(&f->service, &f->err));
}

/* ---- certificates of other CAs -----------------------------------------------------------------
 */

static const uint8_t some_name[32] = {7};

static struct stranger *some_stranger(struct history *h, const struct holder *holder)
{
    unsigned i = below(h, FOREIGN);
    struct stranger *one = &h->strangers[i];
    uint32_t number = (uint32_t)h->number;
    if (one->is_made)
        return one;
    int64_t now_s = h->f->now_s;
    *one = (struct stranger){
        .is_made = true,
        .number = some_key(h, holder),
        .der = {0x30, 6, 4, 4, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number,
                (uint8_t)i},
        .serial = {0x40, 1, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number,
                   (uint8_t)i},
        .from_s = now_s + 20 * DAY_S - DAY_S * (int64_t)below(h, 500),
        .above_until_s = below(h, 3) == 0 ? now_s + DAY_S * below(h, 200) : 0,
    };
    one->key = asker(one->number);
    one->until_s = one->from_s + DAY_S * (1 + (int64_t)below(h, 900));
    return one;
}

/* A line of its CA's list: with or without the certificate, of one of the devices or of none. */
static void step_list(struct history *h, struct holder *holder)
{
    char space[32];
    struct fixture *f = h->f;
    const struct stranger *one = some_stranger(h, holder);
    const struct foreign_list list = {&f->admin, &h->world->anchor, f->now_s};
    struct import_answer answer = {0};
    struct msg_foreign_line line = {.line = 1,
                                    .serial = bytes_of(one->serial, sizeof one->serial),
                                    .subject = bytes_text("/CN=x"),
                                    .not_after_s = one->until_s,
                                    .is_revoked = below(h, 4) == 0,
                                    .revoked_s = f->now_s - (int64_t)below(h, 1000)};
    if (line.is_revoked)
        line.reason = below(h, 2) == 0 ? X509_REASON_HOLD : X509_REASON_KEY_COMPROMISE;
    if (holder->n != 0 && below(h, 3) != 0)
        line.serial_number = serial_of(holder, space);
    if (below(h, 3) != 0) {
        line.spki = bytes_of(one->key.spki, one->key.spki_n);
        line.chain = bytes_of(one->der, sizeof one->der);
        line.not_before_s = one->from_s;
        line.signature = SIGNATURE_SOUND;
        line.root_issued = NO;
        memcpy(line.issuer_name, some_name, sizeof line.issuer_name);
    }
    begin(f);
    assert_ok(foreign_line(&f->service, &list, &line, &answer, &f->err));
    if (answer.did == IMPORT_REFUSED)
        roll_back(f);
    else
        commit(f);
}

static struct msg_scan_line look_at(const char *place, uint8_t outcome)
{
    return (struct msg_scan_line){.line = 1,
                                  .place = text_bytes(place),
                                  .host = bytes_of(place, strlen(place) - 4),
                                  .outcome = outcome};
}

static void put_stranger(const struct stranger *one, struct msg_scan_line *line)
{
    line->serial = bytes_of(one->serial, sizeof one->serial);
    line->subject = bytes_text("/CN=x");
    line->not_before_s = one->from_s;
    line->not_after_s = one->until_s;
    line->ca_until_s = one->above_until_s;
    line->spki = bytes_of(one->key.spki, one->key.spki_n);
    line->signature = SIGNATURE_SOUND;
    line->root_issued = NO;
    memcpy(line->issuer_name, some_name, sizeof line->issuer_name);
    line->chain = bytes_of(one->der, sizeof one->der);
}

/* One of ours, that its device presents as a server. */
static void put_ours(struct history *h, const struct holder *holder, struct buf *der,
                     const struct asker *key, struct msg_scan_line *line)
{
    struct certificate row = certificate_row(h->f, holder->serial);
    assert_int_equal(store_der(h->f->store, row.id, der, &h->f->err), OK);
    line->serial = bytes_of(holder->serial, 16);
    line->not_before_s = row.not_before_s;
    line->not_after_s = row.not_after_s;
    line->spki = bytes_of(key->spki, key->spki_n);
    line->chain = buf_bytes(der);
}

static void step_scan(struct history *h, struct holder *holder)
{
    static const char *const places[] = {"10.0.0.1:443", "10.0.0.1:444", "10.0.0.2:443"};
    static const uint8_t outcomes[] = {SCAN_SEEN, SCAN_SEEN, SCAN_REFUSED, SCAN_TIMED_OUT};
    char space[32];
    struct fixture *f = h->f;
    struct scan_answer answer = {0};
    struct asker key = asker(holder->key);
    uint8_t der[LIMIT_CERTIFICATE_BYTES];
    struct buf stored = buf_over(der, sizeof der);
    struct msg_scan_line line =
        look_at(places[below(h, LENGTH_OF(places))], outcomes[below(h, LENGTH_OF(outcomes))]);
    if (line.outcome == SCAN_SEEN && holder->has && below(h, 3) == 0)
        put_ours(h, holder, &stored, &key, &line);
    else if (line.outcome == SCAN_SEEN)
        put_stranger(some_stranger(h, holder), &line);
    if (line.outcome == SCAN_SEEN && holder->n != 0 && below(h, 3) == 0) {
        line.anchor = h->world->anchor.id;
        line.serial_number = serial_of(holder, space);
    }
    begin(f);
    assert_ok(scan_line(&f->service, &f->admin, &line, f->now_s, &answer, &f->err));
    if (answer.became == SCAN_BECAME_REFUSED)
        roll_back(f);
    else
        commit(f);
}

const struct step people_steps[] = {
    {"transfer", 3, true, step_transfer},
    {"move", 2, true, step_move},
    {"policy", 1, false, step_policy},
    {"product", 1, false, step_product},
    {"waive", 2, true, step_waive},
    {"waive no more", 1, false, step_waive_no_more},
    {"use up the brake", 1, false, step_use_up},
    {"answer", 1, false, step_answer},
    {"backup", 1, false, step_backup},
    {"bulk", 1, false, step_bulk},
    {"issuer", 1, false, step_follow},
    {"issuer retires", 1, false, step_retire_issuer},
    {"list of another CA", 3, false, step_list},
    {"scan", 3, false, step_scan},
    {.name = NULL},
};
