/* A ledger over a database of its own in a temporary folder. */
#ifndef LEDGER_FIXTURE_H
#define LEDGER_FIXTURE_H

#include <crypto/hash.h>
#include <ledger/ledger.h>

struct fixture {
    char folder[64];
    char path[96];
    struct store *store;
    struct ledger *ledger;
    struct err err;
};

/* For cmocka: *state is the fixture. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

void fixture_reopen(struct fixture *f);
/* Commits `n` entries in one transaction: device-imported, with ids from the ledger's size + 1 on.
 */
void fixture_import(struct fixture *f, unsigned n);
/* An act that imports device `id` with what every device has. */
void fixture_device(struct act *act, int64_t id, int64_t at_s);
/* Runs SQL on the database file, past the store, as somebody who edits it would. */
void fixture_edit(struct fixture *f, const char *sql);

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        enum result result_ = (call);                                                              \
        if (result_ != OK)                                                                         \
            fail_msg("%s: %d %s", #call, (int)result_, f->err.text);                               \
    } while (0)

#endif
