#include "contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* cmocka gives a test's set-up only what its group's gave: the back-end under test. */
static const struct backend *under_test;

int contract_set_up(void **state)
{
    struct contract *c = calloc(1, sizeof *c);
    c->backend = under_test;
    c->place = under_test->create();
    assert_ok(under_test->open(c->place, STORE_WRITE, &c->store, &c->err));
    *state = c;
    return 0;
}

int contract_tear_down(void **state)
{
    struct contract *c = *state;
    store_close(c->store);
    c->backend->remove(c->place);
    free(c);
    return 0;
}

void contract_apply(struct contract *c, const struct change *change)
{
    assert_ok(store_begin(c->store, &c->err));
    assert_ok(store_apply(c->store, change, &c->err));
    assert_ok(store_commit(c->store, &c->err));
}

const uint8_t *contract_hash(uint8_t seed)
{
    static uint8_t hashes[256][32];
    memset(hashes[seed], seed, 32);
    return hashes[seed];
}

static void add_device(struct contract *c, int64_t id, const char *serial_number, const char *owner)
{
    struct change change = change_of(TABLE_DEVICE, id);
    change_int(&change, COL_DEVICE_PRODUCT, id == 4 ? 2 : 1);
    change_text(&change, COL_DEVICE_SERIAL_NUMBER, bytes_of(serial_number, strlen(serial_number)));
    change_text(&change, COL_DEVICE_OWNER, bytes_of(owner, strlen(owner)));
    change_int(&change, COL_DEVICE_STATE, id == 2 ? 3 : 1);
    change_int(&change, COL_DEVICE_VERSION, 1);
    if (id == 3)
        change_blob(&change, COL_DEVICE_REGISTERED, bytes_of(contract_hash(0x33), 32));
    contract_apply(c, &change);
}

static void add_issuer(struct contract *c, int64_t id)
{
    struct change change = change_of(TABLE_ISSUER, id);
    change_int(&change, COL_ISSUER_KIND, 2);
    change_blob(&change, COL_ISSUER_CERTIFICATE, bytes_text("not really DER"));
    change_blob(&change, COL_ISSUER_SPKI, bytes_of(contract_hash(0x10), 32));
    change_int(&change, COL_ISSUER_NOT_AFTER, 9000);
    change_int(&change, COL_ISSUER_STATE, 1);
    contract_apply(c, &change);
}

void contract_fill(struct contract *c)
{
    struct change product = change_of(TABLE_PRODUCT, 1);
    change_text(&product, COL_PRODUCT_NAME, bytes_text("valve"));
    change_int(&product, COL_PRODUCT_PROOFS, 0xffffffff);
    change_int(&product, COL_PRODUCT_VALIDITY_S, 7776000);
    contract_apply(c, &product);
    add_issuer(c, 1);
    add_issuer(c, 2);
    add_device(c, 1, "A-1", "acme");
    add_device(c, 2, "A-2", "acme");
    add_device(c, 3, "B-1", "b\"\\\xc3\xa9 c");
    add_device(c, 4, "A-1", "");
}

struct change contract_certificate(int64_t id, int64_t device, int state)
{
    static uint8_t serials[256][16];
    uint8_t *serial = serials[id & 255];
    memset(serial, 0x55, 10);
    serial[11] = 7; /* class; then the number, big-endian */
    serial[14] = (uint8_t)(id >> 8);
    serial[15] = (uint8_t)id;
    struct change change = change_of(TABLE_CERTIFICATE, id);
    change_int(&change, COL_CERTIFICATE_DEVICE, device);
    change_int(&change, COL_CERTIFICATE_ISSUER, 2);
    change_blob(&change, COL_CERTIFICATE_SERIAL, bytes_of(serial, 16));
    change_blob(&change, COL_CERTIFICATE_SPKI, bytes_of(contract_hash((uint8_t)id), 32));
    change_int(&change, COL_CERTIFICATE_PROFILE, 2);
    change_int(&change, COL_CERTIFICATE_NOT_BEFORE, 100 * id);
    change_int(&change, COL_CERTIFICATE_NOT_AFTER, 100 * id + 1000);
    change_int(&change, COL_CERTIFICATE_CLASS, 7);
    change_int(&change, COL_CERTIFICATE_NUMBER, id);
    change_blob(&change, COL_CERTIFICATE_CREDENTIAL, bytes_of(contract_hash(0xcc), 32));
    change_int(&change, COL_CERTIFICATE_STATE, state);
    change_int(&change, COL_CERTIFICATE_STATE_AT, 100 * id);
    return change;
}

int contract_run(const struct backend *backend)
{
    under_test = backend;
    return contract_writing(backend) + contract_finding(backend) + contract_listing(backend) +
           contract_keeping(backend) + contract_deciding(backend) + contract_counting(backend) +
           contract_measure(backend);
}
