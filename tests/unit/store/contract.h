/* What every back-end of the store must do: the same cases run on each, over a factory. */
#ifndef STORE_CONTRACT_H
#define STORE_CONTRACT_H

#include <store/store.h>

struct backend {
    /* Makes an empty place for a database and gives its name; the caller frees it by `remove`. */
    const char *(*create)(void);
    void (*remove)(const char *place);
    enum result (*open)(const char *place, enum store_mode mode, struct store **ret_store,
                        struct err *err);
};

struct contract {
    const struct backend *backend;
    const char *place;
    struct store *store; /* a writer */
    struct err err;
};

/* Runs all cases; the number that failed. */
int contract_run(const struct backend *backend);

/* For cmocka: *state of a group is the backend, of a test the contract. */
int contract_set_up(void **state);
int contract_tear_down(void **state);

/* One change, committed. */
void contract_apply(struct contract *c, const struct change *change);
/* Rows that most cases start from: product 1, issuers 1 and 2, devices 1..4, see contract.c. */
void contract_fill(struct contract *c);
/* A certificate row of device, all columns set; key and serial follow from `id`. */
struct change contract_certificate(int64_t id, int64_t device, int state);
/* 32 octets of value `seed`, valid for the whole run. */
const uint8_t *contract_hash(uint8_t seed);

int contract_writing(const struct backend *backend);
int contract_finding(const struct backend *backend);
int contract_listing(const struct backend *backend);
int contract_keeping(const struct backend *backend);
int contract_deciding(const struct backend *backend);
int contract_counting(const struct backend *backend);
int contract_measure(const struct backend *backend);

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        enum result result_ = (call);                                                              \
        if (result_ != OK)                                                                         \
            fail_msg("%s: %d %s", #call, (int)result_, c->err.text);                               \
    } while (0)

#define CONTRACT_TEST(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, contract_set_up, contract_tear_down)

#endif
