#include "fixture.h"

#include <base/text.h>
#include <trust/check.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- rows ----------------------------------------------------------------------------------- */

static void apply(struct fixture *f, const struct change *change)
{
    if (store_apply(f->store, change, &f->err) != OK)
        fail_msg("%s", f->err.text);
}

void fill_blob(uint8_t *octets, size_t n, int64_t id)
{
    memset(octets, 0x11, n);
    memset(octets + 11, 0, n - 11);
    octets[11] = 1;
    octets[n - 1] = (uint8_t)id;
}

static void add_product(struct fixture *f, int64_t id, const char *name)
{
    struct change c = change_of(TABLE_PRODUCT, id);
    change_text(&c, COL_PRODUCT_NAME, text_bytes(name));
    change_text(&c, COL_PRODUCT_HW_TYPE, text_bytes(""));
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
    change_text(&c, COL_DEVICE_SERIAL_NUMBER, text_bytes(serial_number));
    change_text(&c, COL_DEVICE_OWNER, text_bytes(owner));
    change_text(&c, COL_DEVICE_BATCH, text_bytes(""));
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
    struct device about = {0};
    struct change c = change_of(TABLE_FINDING, id);
    if (device != 0)
        assert_int_equal(store_device(f->store, device, &about, &f->err), OK);
    change_int(&c, COL_FINDING_CHECK, check);
    change_int(&c, COL_FINDING_DEVICE, device);
    change_int(&c, COL_FINDING_CERTIFICATE, 0);
    change_int(&c, COL_FINDING_BEGAN_AT, NOW_S - 50);
    change_int(&c, COL_FINDING_RECORDED_AT, NOW_S - 40);
    change_int(&c, COL_FINDING_CLOSED_AT, closed_s);
    change_int(&c, COL_FINDING_PRODUCT, device == 0 ? 1 : about.product);
    change_int(&c, COL_FINDING_SEVERITY, check_find(check)->severity);
    change_text(&c, COL_FINDING_OWNER, text_bytes(about.owner));
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
    change_text(&c, COL_OPERATOR_SCOPE, text_bytes(scope));
    change_int(&c, COL_OPERATOR_STATE, state);
    apply(f, &c);
    if (key == ADMIN)
        assert_int_equal(
            store_put_personal(f->store, name, bytes_text("salt"), text_bytes("alice"), &f->err),
            OK);
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

int fixture_set_up(void **state)
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

int fixture_tear_down(void **state)
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
    const struct msg_measure *measure = message;
    const struct msg_rehearsal_part *part = message;
    const struct msg_step_row *step = message;
    const struct msg_evidence_row *evidence = message;
    const struct msg_policy_row *policy = message;
    const struct msg_setting_row *setting = message;
    const struct msg_webhook_row *webhook = message;
    const struct msg_check_row *check = message;
    if (row->type == IPC_PRODUCT_ROW)
        note(row, product->row, 0, product->name, text_bytes(""));
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
    else if (row->type == IPC_MEASURE)
        note(row, measure->value, 0, measure->name, measure->labels);
    else if (row->type == IPC_REHEARSAL_PART)
        note(row, part->devices, 0, part->product, text_bytes(""));
    else if (row->type == IPC_STEP_ROW)
        note(row, 0, 0, step->command, text_bytes(""));
    else if (row->type == IPC_POLICY_ROW)
        note(row, policy->version, policy->in_force, policy->product, text_bytes(""));
    else if (row->type == IPC_CHECK_ROW)
        note(row, check->check, check->known, check->product, check->serial_number);
    else if (row->type == IPC_WEBHOOK_ROW)
        note(row, webhook->given_up, 0, webhook->name, text_bytes(""));
    else if (row->type == IPC_SETTING_ROW)
        snprintf(row->text, sizeof row->text, "%u %u %lld %u", setting->number, setting->check,
                 (long long)setting->value, setting->source);
    else if (row->type == IPC_EVIDENCE_ROW)
        snprintf(row->text, sizeof row->text, "%.*s %.*s %.*s", (int)evidence->name.n,
                 (const char *)evidence->name.p, (int)evidence->value.n,
                 (const char *)evidence->value.p, (int)evidence->source.n,
                 (const char *)evidence->source.p);
}

static enum result give(void *context, enum ipc_type type, const void *message, struct err *err)
{
    (void)err;
    struct fixture *f = context;
    assert_true(f->n < ROWS_MAX);
    f->rows[f->n] = (struct row){.type = type};
    note_row(&f->rows[f->n++], message);
    if (type == IPC_REHEARSAL_ROW)
        f->rehearsal = *(const struct msg_rehearsal_row *)message;
    return OK;
}

enum result ask(struct fixture *f, uint8_t key, struct msg_question question)
{
    question.operator_spki[0] = key;
    f->n = 0;
    f->err = (struct err){0};
    struct query query = {
        .store = f->store,
        .asked = &question,
        .now_s = NOW_S + f->later_s,
        .give = give,
        .context = f,
    };
    enum result result = query_answer(&query, &f->err);
    f->next = query.next;
    return result;
}

int64_t value_of(const struct fixture *f, const char *row_text)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->rows[i].text, row_text) == 0)
            return f->rows[i].id;
    return -1;
}

bool has(const struct fixture *f, const char *row_text)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->rows[i].text, row_text) == 0)
            return true;
    return false;
}
