/* Every operation x credential x device state, on real rows: enrol_decide() hands to the signer
 * only what the design lists, and what is refused leaves no certificate behind. */
#include "fixture.h"

#include <base/text.h>
#include <crypto/hash.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* How a device that was imported gets into each state. */
static const struct way {
    bool enrols, is_used;
    enum device_verb verb;
} ways[STATE_COUNT] = {
    [STATE_EXPECTED] = {false, false, VERB_NONE},
    [STATE_ENROLLED] = {true, false, VERB_NONE},
    [STATE_ACTIVE] = {true, true, VERB_NONE},
    [STATE_QUARANTINED] = {true, true, VERB_QUARANTINE},
    [STATE_LOST] = {true, true, VERB_LOST},
    [STATE_RETIRED] = {true, true, VERB_RETIRE},
};

struct device_under_test {
    struct asker registered;
    struct bytes token;
    uint8_t serial[16];
};

static void keep_token(struct fixture *f, struct device_under_test *d)
{
    static char text[64];
    struct msg_verb_answer answer = {0};
    struct msg_token_add ask = {.product = bytes_text("meter"),
                                .serial_number = bytes_text("SN-1")};
    begin(f);
    assert_ok(verb_token_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    memcpy(text, answer.secret.p, answer.secret.n);
    d->token = bytes_of(text, answer.secret.n);
}

static struct device_under_test make_device(struct fixture *f, enum device_state state)
{
    struct device_under_test d = {.registered = asker(1)};
    const struct way *way = &ways[state];
    import_device(f, 1, &d.registered, false);
    keep_token(f, &d);
    if (way->enrols) {
        struct msg_enrol ask = ask_csr(&d.registered);
        struct got got = enrol(f, &ask);
        assert_int_equal(got.code, E_NONE);
        memcpy(d.serial, got.serial, 16);
    }
    if (way->is_used)
        use(f, d.serial);
    if (way->verb != VERB_NONE)
        assert_int_equal(set_device(f, 1, way->verb), OK);
    assert_int_equal(device_row(f, 1).state, state);
    f->now_s += 70 * DAY_S; /* within the window of renewal */
    return d;
}

/* A request that shows exactly this credential, for a key that nobody has. */
static struct msg_enrol request(struct fixture *f, const struct device_under_test *d,
                                enum operation operation, enum credential credential,
                                const struct asker *fresh)
{
    struct msg_enrol ask =
        ask_csr(credential == CREDENTIAL_REGISTERED_CSR ? &d->registered : fresh);
    ask.operation = (uint8_t)operation;
    ask.credential = (uint8_t)credential;
    ask.names_equal = 1;
    ask.handshake_s = f->now_s;
    memcpy(ask.peer_spki, d->registered.hash, 32);
    if (credential == CREDENTIAL_TOKEN) {
        ask.user = bytes_text("SN-1");
        ask.token = d->token;
    }
    if (credential == CREDENTIAL_LDEVID || credential == CREDENTIAL_OPERATOR) {
        ask.peer_issuer = PKI_ISSUER_LDEVID;
        ask.peer_serial = bytes_of(d->serial, 16);
    }
    if (credential == CREDENTIAL_IDEVID) {
        ask.peer_anchor = 1;
        ask.peer_serial = bytes_text("12345678");
        ask.peer_serial_number = bytes_text("SN-1");
    }
    return ask;
}

/* The design's words once more (section 5), for a device without a permit. A quarantine by a person
 * is the one that the walk makes; the token has expired or was ended by then. */
static bool may_issue(enum operation operation, enum credential credential, enum device_state state)
{
    bool is_tls = credential == CREDENTIAL_REGISTERED_TLS || credential == CREDENTIAL_IDEVID;
    if (operation == OPERATION_REENROL)
        return credential == CREDENTIAL_LDEVID && state == STATE_ACTIVE;
    if (operation != OPERATION_ENROL)
        return false;
    if (state == STATE_ACTIVE)
        return is_tls;
    if (state != STATE_EXPECTED && state != STATE_ENROLLED)
        return false;
    return is_tls || credential == CREDENTIAL_REGISTERED_CSR;
}

static void try_cell(enum operation operation, enum credential credential, enum device_state state)
{
    void *context = NULL;
    fixture_set_up(&context);
    struct fixture *f = context;
    add_anchor(f);
    struct device_under_test d = make_device(f, state);
    struct asker fresh = asker(50);
    int64_t before = 0, after = 0;
    assert_ok(store_rows(f->store, TABLE_CERTIFICATE, &before, &f->err));
    struct msg_enrol ask = request(f, &d, operation, credential, &fresh);
    struct got got = enrol(f, &ask);
    assert_ok(store_rows(f->store, TABLE_CERTIFICATE, &after, &f->err));

    bool issued = got.code == E_NONE;
    if (issued != may_issue(operation, credential, state))
        fail_msg("operation %d credential %d state %s: %s (%u %s)", operation, credential,
                 device_state_word(state), issued ? "issues and may not" : "does not issue",
                 got.code, got.why);
    if (!issued)
        assert_int_equal(after, before);
    fixture_tear_down(&context);
}

static void only_listed_cells_issue(void **context)
{
    (void)context;
    for (int state = STATE_EXPECTED; state < STATE_COUNT; state++)
        for (int operation = 0; operation < OPERATION_COUNT; operation++)
            for (int credential = 0; credential < CREDENTIAL_COUNT; credential++)
                try_cell((enum operation)operation, (enum credential)credential,
                         (enum device_state)state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_listed_cells_issue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
