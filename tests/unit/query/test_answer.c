/* Questions over a real store: what each operator gets, and what he does not. */
#include <query/query.h>
#include <store/store.h>
#include <trust/words.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_S 1000000
#define ROWS_MAX 64

/* Operators by the first octet of their key. */
enum { ADMIN = 0xa1, VIEWER = 0xa2, ACME = 0xa3, ENDED = 0xa4, STRANGER = 0xa5 };

struct row {
    enum ipc_type type;
    int64_t id;
    uint8_t state;
    char text[80];
};

struct fixture {
    char folder[64];
    struct store *store;
    struct err err;
    struct row rows[ROWS_MAX];
    size_t n;
    int64_t next;
};

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void apply(struct fixture *f, const struct change *change)
{
    if (store_apply(f->store, change, &f->err) != OK)
        fail_msg("%s", f->err.text);
}

/* A hash, or a serial number as design 5 has it: class 1 in octet 11, the number in the last. */
static void fill_blob(uint8_t *octets, size_t n, int64_t id)
{
    memset(octets, 0x11, n);
    memset(octets + 11, 0, n - 11);
    octets[11] = 1;
    octets[n - 1] = (uint8_t)id;
}

static void add_product(struct fixture *f, int64_t id, const char *name)
{
    struct change c = change_of(TABLE_PRODUCT, id);
    change_text(&c, COL_PRODUCT_NAME, text(name));
    change_text(&c, COL_PRODUCT_HW_TYPE, text(""));
    change_int(&c, COL_PRODUCT_PROOFS, 1 << PROOF_REGISTERED);
    change_int(&c, COL_PRODUCT_LEAST_PROOF, PROOF_TOKEN);
    change_int(&c, COL_PRODUCT_VALIDITY_S, 7776000);
    change_int(&c, COL_PRODUCT_ENROLS_A_YEAR, 4);
    apply(f, &c);
}

static void add_issuer(struct fixture *f, int64_t id, enum authority_kind kind)
{
    uint8_t spki[32];
    fill_blob(spki, sizeof spki, id);
    struct change c = change_of(TABLE_ISSUER, id);
    change_int(&c, COL_ISSUER_KIND, kind);
    change_blob(&c, COL_ISSUER_CERTIFICATE, bytes_text("DER"));
    change_blob(&c, COL_ISSUER_SPKI, bytes_of(spki, sizeof spki));
    change_int(&c, COL_ISSUER_NOT_AFTER, NOW_S + 1000000);
    change_int(&c, COL_ISSUER_STATE, 1);
    apply(f, &c);
}

static void add_device(struct fixture *f, int64_t id, int64_t product, const char *serial_number,
                       const char *owner, enum device_state state)
{
    struct change c = change_of(TABLE_DEVICE, id);
    change_int(&c, COL_DEVICE_PRODUCT, product);
    change_text(&c, COL_DEVICE_SERIAL_NUMBER, text(serial_number));
    change_text(&c, COL_DEVICE_OWNER, text(owner));
    change_text(&c, COL_DEVICE_BATCH, text(""));
    change_int(&c, COL_DEVICE_STATE, state);
    change_int(&c, COL_DEVICE_HOLD, 0);
    change_int(&c, COL_DEVICE_PROOF, PROOF_REGISTERED);
    change_int(&c, COL_DEVICE_QUARANTINE, state == STATE_QUARANTINED ? 2 : 0);
    change_int(&c, COL_DEVICE_VERSION, 1);
    change_int(&c, COL_DEVICE_IDEVID_ANCHOR, 0);
    apply(f, &c);
}

static void add_certificate(struct fixture *f, int64_t id, int64_t device, enum cert_state state)
{
    uint8_t serial[16], hash[32];
    fill_blob(serial, sizeof serial, id);
    fill_blob(hash, sizeof hash, id);
    struct change c = change_of(TABLE_CERTIFICATE, id);
    change_int(&c, COL_CERTIFICATE_DEVICE, device);
    change_int(&c, COL_CERTIFICATE_ISSUER, 3);
    change_blob(&c, COL_CERTIFICATE_SERIAL, bytes_of(serial, sizeof serial));
    change_blob(&c, COL_CERTIFICATE_SPKI, bytes_of(hash, sizeof hash));
    change_int(&c, COL_CERTIFICATE_PROFILE, device == 0 ? PROFILE_OPERATOR : PROFILE_LDEVID);
    change_int(&c, COL_CERTIFICATE_NOT_BEFORE, NOW_S - 1000);
    change_int(&c, COL_CERTIFICATE_NOT_AFTER, NOW_S + 1000000);
    change_int(&c, COL_CERTIFICATE_CLASS, 1);
    change_int(&c, COL_CERTIFICATE_NUMBER, id);
    change_blob(&c, COL_CERTIFICATE_DIGEST, bytes_of(hash, sizeof hash));
    change_int(&c, COL_CERTIFICATE_PREDECESSOR, 0);
    change_blob(&c, COL_CERTIFICATE_CREDENTIAL, bytes_of(hash, sizeof hash));
    change_int(&c, COL_CERTIFICATE_STATE, state);
    change_int(&c, COL_CERTIFICATE_STATE_AT, NOW_S - 500);
    change_int(&c, COL_CERTIFICATE_REASON, 0);
    change_int(&c, COL_CERTIFICATE_ANEW, 0);
    change_int(&c, COL_CERTIFICATE_PROVEN_AT, NOW_S - 400);
    change_int(&c, COL_CERTIFICATE_PROOF, PROOF_REGISTERED);
    apply(f, &c);
    assert_int_equal(store_put_der(f->store, id, bytes_text("DER"), &f->err), OK);
}

static void add_finding(struct fixture *f, int64_t id, int check, int64_t device, int64_t closed_s)
{
    struct change c = change_of(TABLE_FINDING, id);
    change_int(&c, COL_FINDING_CHECK, check);
    change_int(&c, COL_FINDING_DEVICE, device);
    change_int(&c, COL_FINDING_CERTIFICATE, 0);
    change_int(&c, COL_FINDING_BEGAN_AT, NOW_S - 50);
    change_int(&c, COL_FINDING_RECORDED_AT, NOW_S - 40);
    change_int(&c, COL_FINDING_CLOSED_AT, closed_s);
    change_int(&c, COL_FINDING_PRODUCT, device == 0 ? 1 : 0);
    apply(f, &c);
}

static void add_operator(struct fixture *f, uint8_t key, enum role role, const char *scope,
                         int state)
{
    uint8_t spki[32] = {key}, name[32] = {key, 1};
    struct change c = change_of(TABLE_OPERATOR, key);
    change_blob(&c, COL_OPERATOR_NAME, bytes_of(name, sizeof name));
    change_blob(&c, COL_OPERATOR_SPKI, bytes_of(spki, sizeof spki));
    change_int(&c, COL_OPERATOR_ROLE, role);
    change_text(&c, COL_OPERATOR_SCOPE, text(scope));
    change_int(&c, COL_OPERATOR_STATE, state);
    apply(f, &c);
    if (key == ADMIN)
        assert_int_equal(
            store_put_personal(f->store, name, bytes_text("salt"), text("alice"), &f->err), OK);
}

static void add_entry(struct fixture *f, uint64_t seq, int64_t device)
{
    const struct entry entry = {seq, NOW_S, 10, device, bytes_text("body")};
    assert_int_equal(store_append_entry(f->store, &entry, &f->err), OK);
}

static void fill(struct fixture *f)
{
    add_issuer(f, 1, AUTHORITY_ROOT);
    add_issuer(f, 3, AUTHORITY_LDEVID);
    add_product(f, 1, "valve");
    add_product(f, 2, "pump");
    add_device(f, 1, 1, "A-1", "acme", STATE_ACTIVE);
    add_device(f, 2, 1, "A-2", "bolt", STATE_EXPECTED);
    add_device(f, 3, 1, "A-3", "acme", STATE_QUARANTINED);
    add_device(f, 4, 2, "P-1", "bolt", STATE_ACTIVE);
    add_certificate(f, 1, 1, CERT_SUPERSEDED);
    add_certificate(f, 2, 1, CERT_CURRENT);
    add_certificate(f, 3, 4, CERT_CURRENT);
    add_certificate(f, 4, 0, CERT_CURRENT);
    add_finding(f, 1, 1, 3, 0);
    add_finding(f, 2, 2, 4, 0);
    add_finding(f, 3, 2, 1, NOW_S - 10);
    add_finding(f, 4, 6, 0, 0);
    add_operator(f, ADMIN, ROLE_ADMIN, "", 1);
    add_operator(f, VIEWER, ROLE_VIEWER, "", 1);
    add_operator(f, ACME, ROLE_OPERATOR, "acme", 1);
    add_operator(f, ENDED, ROLE_ADMIN, "", 2);
    add_entry(f, 0, 0);
    add_entry(f, 1, 1);
    add_entry(f, 2, 4);
    add_entry(f, 3, 1);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/troth-query-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    char path[80];
    snprintf(path, sizeof path, "%s/db", f->folder);
    assert_int_equal(store_open(path, STORE_WRITE, &f->store, &f->err), OK);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    fill(f);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    for (size_t i = 0; i < 4; i++) {
        static const char *const ends[] = {"", "-wal", "-shm", ".lease"};
        char path[80];
        snprintf(path, sizeof path, "%s/db%s", f->folder, ends[i]);
        unlink(path);
    }
    rmdir(f->folder);
    free(f);
    return 0;
}

/* ---- asking --------------------------------------------------------------------------------- */

static void note(struct row *row, int64_t id, uint8_t state, struct bytes one, struct bytes two)
{
    row->id = id;
    row->state = state;
    snprintf(row->text, sizeof row->text, "%.*s/%.*s", (int)one.n, (const char *)one.p, (int)two.n,
             (const char *)two.p);
}

static void note_row(struct row *row, const void *message)
{
    const struct msg_product_row *product = message;
    const struct msg_device_row *device = message;
    const struct msg_cert_row *cert = message;
    const struct msg_finding_row *finding = message;
    const struct msg_entry_row *entry = message;
    const struct msg_operator_row *who = message;
    const struct msg_issuer_row *issuer = message;
    const struct msg_count_row *count = message;
    if (row->type == IPC_PRODUCT_ROW)
        note(row, product->row, 0, product->name, text(""));
    else if (row->type == IPC_DEVICE_ROW)
        note(row, device->row, device->verdict, device->product, device->serial_number);
    else if (row->type == IPC_CERT_ROW)
        note(row, cert->row, cert->state, cert->serial_number, cert->certificate);
    else if (row->type == IPC_FINDING_ROW)
        note(row, finding->row, finding->check, finding->product, finding->serial_number);
    else if (row->type == IPC_ENTRY_ROW)
        note(row, (int64_t)entry->entry, 0, entry->event, entry->body);
    else if (row->type == IPC_OPERATOR_ROW)
        note(row, who->row, who->role, who->name, who->scope);
    else if (row->type == IPC_ISSUER_ROW)
        note(row, issuer->certificates, issuer->kind, issuer->product, issuer->certificate);
    else if (row->type == IPC_COUNT_ROW)
        note(row, count->value, 0, count->what, count->key);
}

static enum result give(void *context, enum ipc_type type, const void *message, struct err *err)
{
    (void)err;
    struct fixture *f = context;
    assert_true(f->n < ROWS_MAX);
    f->rows[f->n] = (struct row){.type = type};
    note_row(&f->rows[f->n++], message);
    return OK;
}

static enum result ask(struct fixture *f, uint8_t key, struct msg_question question)
{
    question.operator_spki[0] = key;
    f->n = 0;
    f->err = (struct err){0};
    struct query query = {
        .store = f->store,
        .asked = &question,
        .now_s = NOW_S,
        .give = give,
        .context = f,
    };
    enum result result = query_answer(&query, &f->err);
    f->next = query.next;
    return result;
}

static bool has(const struct fixture *f, const char *row_text)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->rows[i].text, row_text) == 0)
            return true;
    return false;
}

/* ---- who may ask ---------------------------------------------------------------------------- */

static void a_key_that_no_operator_has_gets_nothing(void **state)
{
    struct fixture *f = *state;
    for (uint8_t kind = 1; kind < QUESTION_COUNT; kind++) {
        assert_int_equal(ask(f, STRANGER, (struct msg_question){.kind = kind}), R_UNAUTHORISED);
        assert_int_equal(f->err.code, E_OPERATOR);
        assert_int_equal(ask(f, ENDED, (struct msg_question){.kind = kind}), R_UNAUTHORISED);
        assert_int_equal(f->n, 0);
    }
}

static void questions_that_do_not_exist_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ADMIN, (struct msg_question){.kind = QUESTION_NONE}), R_INVALID);
    assert_int_equal(ask(f, ADMIN, (struct msg_question){.kind = QUESTION_COUNT}), R_INVALID);
    assert_int_equal(ask(f, ADMIN, (struct msg_question){.kind = 255}), R_INVALID);
}

static void operators_are_listed_to_admins_only(void **state)
{
    struct fixture *f = *state;
    const struct msg_question question = {.kind = QUESTION_OPERATORS};
    assert_int_equal(ask(f, VIEWER, question), R_UNAUTHORISED);
    assert_int_equal(ask(f, ACME, question), R_UNAUTHORISED);
    assert_int_equal(ask(f, ADMIN, question), OK);
    assert_int_equal(f->n, 4);
    assert_string_equal(f->rows[0].text, "alice/");
    assert_string_equal(f->rows[1].text, "/"); /* a name that was erased */
}

static void the_whole_ledger_is_not_for_a_scope(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_ENTRIES}), R_UNAUTHORISED);
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_ENTRIES}), OK);
    assert_int_equal(f->n, 4);
}

static void filters_that_a_question_lacks_are_refused(void **state)
{
    struct fixture *f = *state;
    const struct msg_question wrong[] = {
        {.kind = QUESTION_PRODUCTS, .owner = text("acme")},
        {.kind = QUESTION_PRODUCTS, .state = 1},
        {.kind = QUESTION_STATUS, .after = 1},
        {.kind = QUESTION_DEVICES, .serial_number = text("A-1")},
        {.kind = QUESTION_DEVICES, .number = 1},
        {.kind = QUESTION_CERTIFICATES, .serial_number = text("A-1")},
        {.kind = QUESTION_DEVICES, .after = -1},
    };
    for (size_t i = 0; i < LENGTH_OF(wrong); i++)
        assert_int_equal(ask(f, ADMIN, wrong[i]), R_INVALID);
}

/* ---- scope ---------------------------------------------------------------------------------- */

static void a_scope_hides_other_owners_devices_and_what_belongs_to_them(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_DEVICES}), OK);
    assert_int_equal(f->n, 2);
    assert_true(has(f, "valve/A-1") && has(f, "valve/A-3"));

    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_CERTIFICATES}), OK);
    assert_int_equal(f->n, 2);
    assert_true(has(f, "A-1/"));

    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_FINDINGS}), OK);
    assert_int_equal(f->n, 1);
    assert_string_equal(f->rows[0].text, "valve/A-3");

    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_PRODUCTS}), OK);
    assert_int_equal(f->n, 1);
    assert_string_equal(f->rows[0].text, "valve/");
}

static void a_device_out_of_scope_is_as_if_it_were_not_there(void **state)
{
    struct fixture *f = *state;
    const uint8_t kinds[] = {QUESTION_DEVICE, QUESTION_TIMELINE, QUESTION_CERTIFICATES,
                             QUESTION_FINDINGS};
    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        struct err hidden, absent;
        assert_int_equal(ask(f, ACME,
                             (struct msg_question){.kind = kinds[i],
                                                   .product = text("valve"),
                                                   .serial_number = text("A-2")}),
                         R_NOT_FOUND);
        hidden = f->err;
        assert_int_equal(ask(f, ACME,
                             (struct msg_question){.kind = kinds[i],
                                                   .product = text("valve"),
                                                   .serial_number = text("A-9")}),
                         R_NOT_FOUND);
        absent = f->err;
        assert_int_equal(hidden.code, absent.code);
        assert_int_equal(strlen(hidden.text), strlen(absent.text));
    }
}

static void a_certificate_out_of_scope_is_not_found(void **state)
{
    struct fixture *f = *state;
    uint8_t serial[16];
    const struct {
        uint8_t key, id;
        enum result result;
    } cases[] = {
        {ACME, 2, OK},   {ACME, 3, R_NOT_FOUND}, {ACME, 4, R_NOT_FOUND},
        {VIEWER, 3, OK}, {VIEWER, 4, OK},        {VIEWER, 9, R_NOT_FOUND},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        fill_blob(serial, sizeof serial, cases[i].id);
        assert_int_equal(ask(f, cases[i].key,
                             (struct msg_question){.kind = QUESTION_CERTIFICATE,
                                                   .serial = bytes_of(serial, sizeof serial)}),
                         cases[i].result);
        assert_int_equal(f->n, cases[i].result == OK);
    }
    assert_int_equal(f->err.code, E_NOT_FOUND);
}

static void asking_for_another_owner_than_the_scope_finds_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        ask(f, ACME, (struct msg_question){.kind = QUESTION_DEVICES, .owner = text("bolt")}), OK);
    assert_int_equal(f->n, 0);
    assert_int_equal(
        ask(f, ACME, (struct msg_question){.kind = QUESTION_DEVICES, .owner = text("acme")}), OK);
    assert_int_equal(f->n, 2);
}

static void counts_are_those_of_the_scope(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_STATUS}), OK);
    assert_string_equal(f->rows[0].text, "/acme");
    assert_true(has(f, "devices/active") && has(f, "devices/quarantined"));
    assert_false(has(f, "devices/expected"));
    assert_true(has(f, "findings/TD-01"));
    assert_false(has(f, "findings/TD-02"));

    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_STATUS}), OK);
    assert_true(has(f, "devices/expected") && has(f, "findings/TD-02"));
    assert_true(has(f, "ledger/entries"));
}

/* ---- answers -------------------------------------------------------------------------------- */

static void pages_follow_one_another_without_gap_or_repeat(void **state)
{
    struct fixture *f = *state;
    struct msg_question question = {.kind = QUESTION_DEVICES, .limit = 3};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 3);
    assert_int_equal(f->next, 3);
    question.after = f->next;
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->rows[0].id, 4);
    assert_int_equal(f->next, 0);

    question = (struct msg_question){.kind = QUESTION_DEVICES, .limit = 4};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 4);
    assert_int_equal(f->next, 0); /* full, and the last */
}

static void entries_and_timelines_page_by_their_numbers(void **state)
{
    struct fixture *f = *state;
    struct msg_question question = {.kind = QUESTION_ENTRIES, .limit = 3};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->next, 3);
    question.after = f->next;
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->rows[0].id, 3);

    question = (struct msg_question){.kind = QUESTION_TIMELINE,
                                     .limit = 1,
                                     .product = text("valve"),
                                     .serial_number = text("A-1")};
    assert_int_equal(ask(f, ACME, question), OK);
    assert_int_equal(f->rows[0].id, 3); /* newest first */
    assert_string_equal(f->rows[0].text, "device-imported/body");
    question.after = f->next;
    assert_int_equal(ask(f, ACME, question), OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->rows[0].id, 1);
    assert_int_equal(f->next, 0);
}

static void a_device_is_shown_with_all_that_belongs_to_it(void **state)
{
    struct fixture *f = *state;
    const struct msg_question question = {
        .kind = QUESTION_DEVICE, .product = text("valve"), .serial_number = text("A-1")};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 6);
    assert_int_equal(f->rows[0].type, IPC_DEVICE_ROW);
    assert_int_equal(f->rows[1].type, IPC_CERT_ROW);
    assert_int_equal(f->rows[1].id, 2); /* newest first */
    assert_int_equal(f->rows[2].id, 1);
    assert_int_equal(f->rows[3].type, IPC_FINDING_ROW);
    assert_int_equal(f->rows[4].type, IPC_ENTRY_ROW);
}

static void verdicts_are_those_of_standing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_DEVICES}), OK);
    assert_int_equal(f->rows[0].state, VERDICT_TRUSTED);
    assert_int_equal(f->rows[1].state, VERDICT_REFUSED); /* it has no certificate */
    assert_int_equal(f->rows[2].state, VERDICT_QUARANTINED);
}

static void filters_narrow_a_list(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        ask(f, VIEWER, (struct msg_question){.kind = QUESTION_DEVICES, .state = STATE_QUARANTINED}),
        OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(
        ask(f, VIEWER, (struct msg_question){.kind = QUESTION_DEVICES, .product = text("pump")}),
        OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(
        ask(f, VIEWER, (struct msg_question){.kind = QUESTION_DEVICES, .product = text("none")}),
        R_NOT_FOUND);
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_FINDINGS}), OK);
    assert_int_equal(f->n, 3);
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_FINDINGS, .number = 1}),
                     OK);
    assert_int_equal(f->n, 4);
    assert_int_equal(
        ask(f, VIEWER,
            (struct msg_question){.kind = QUESTION_CERTIFICATES, .state = CERT_SUPERSEDED}),
        OK);
    assert_int_equal(f->n, 1);
}

static void only_one_certificate_is_shown_with_its_der(void **state)
{
    struct fixture *f = *state;
    uint8_t serial[16];
    fill_blob(serial, sizeof serial, 2);
    assert_int_equal(ask(f, VIEWER,
                         (struct msg_question){.kind = QUESTION_CERTIFICATE,
                                               .serial = bytes_of(serial, sizeof serial)}),
                     OK);
    assert_string_equal(f->rows[0].text, "A-1/DER");
}

static void issuers_say_how_many_of_their_certificates_live_in_the_scope(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_ISSUERS}), OK);
    assert_int_equal(f->n, 2);
    assert_int_equal(f->rows[0].state, AUTHORITY_ROOT);
    assert_int_equal(f->rows[0].id, 0);
    assert_int_equal(f->rows[1].id, 3);
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_ISSUERS}), OK);
    assert_int_equal(f->rows[1].id, 1);
}

static void without_a_checkpoint_there_is_none(void **state)
{
    struct fixture *f = *state;
    const struct msg_question question = {.kind = QUESTION_CHECKPOINT};
    assert_int_equal(ask(f, VIEWER, question), R_NOT_FOUND);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_put_note(f->store, 4, bytes_text("note"), &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    assert_int_equal(ask(f, ACME, question), OK);
    assert_int_equal(f->rows[0].id, 4);
    assert_string_equal(f->rows[0].text, "/note");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_that_no_operator_has_gets_nothing),
        TEST(questions_that_do_not_exist_are_refused),
        TEST(operators_are_listed_to_admins_only),
        TEST(the_whole_ledger_is_not_for_a_scope),
        TEST(filters_that_a_question_lacks_are_refused),
        TEST(a_scope_hides_other_owners_devices_and_what_belongs_to_them),
        TEST(a_device_out_of_scope_is_as_if_it_were_not_there),
        TEST(a_certificate_out_of_scope_is_not_found),
        TEST(asking_for_another_owner_than_the_scope_finds_nothing),
        TEST(counts_are_those_of_the_scope),
        TEST(pages_follow_one_another_without_gap_or_repeat),
        TEST(entries_and_timelines_page_by_their_numbers),
        TEST(a_device_is_shown_with_all_that_belongs_to_it),
        TEST(verdicts_are_those_of_standing),
        TEST(filters_narrow_a_list),
        TEST(only_one_certificate_is_shown_with_its_der),
        TEST(issuers_say_how_many_of_their_certificates_live_in_the_scope),
        TEST(without_a_checkpoint_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
