#include "fixture.h"

#include <base/file.h>

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

int fixture_set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "%s", "/tmp/troth-ledger-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/troth.db", f->folder);
    assert_ok(store_open(f->path, STORE_WRITE, &f->store, &f->err));
    assert_ok(ledger_open(f->store, &sha256_for_merkle, &f->ledger, &f->err));
    *state = f;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const ends[] = {"", "-wal", "-shm", ".lease"};
    ledger_close(f->ledger);
    store_close(f->store);
    for (size_t i = 0; i < LENGTH_OF(ends); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
        unlink(path);
    }
    rmdir(f->folder);
    free(f);
    return 0;
}

void fixture_reopen(struct fixture *f)
{
    ledger_closep(&f->ledger);
    store_closep(&f->store);
    assert_ok(store_open(f->path, STORE_WRITE, &f->store, &f->err));
    assert_ok(ledger_open(f->store, &sha256_for_merkle, &f->ledger, &f->err));
}

void fixture_device(struct act *act, int64_t id, int64_t at_s)
{
    static char serial_number[32]; /* until the act was appended */
    snprintf(serial_number, sizeof serial_number, "SN-%lld", (long long)id);
    act_begin(act, EVENT_DEVICE_IMPORTED, at_s, (struct actor){ACTOR_OPERATOR, 1}, id);
    struct change *change = act_change(act, TABLE_DEVICE, id);
    change_int(change, COL_DEVICE_PRODUCT, 1);
    change_text(change, COL_DEVICE_SERIAL_NUMBER, bytes_of(serial_number, strlen(serial_number)));
    change_int(change, COL_DEVICE_STATE, 1);
    change_int(change, COL_DEVICE_VERSION, 1);
}

void fixture_import(struct fixture *f, unsigned n)
{
    struct act act;
    int64_t first = (int64_t)ledger_size(f->ledger) + 1;
    assert_ok(store_begin(f->store, &f->err));
    for (unsigned i = 0; i < n; i++) {
        fixture_device(&act, first + i, 1000 + first + i);
        assert_ok(ledger_append(f->ledger, &act, NULL, &f->err));
    }
    assert_ok(store_commit(f->store, &f->err));
    ledger_committed(f->ledger);
}

void fixture_edit(struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    char *words = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
        fail_msg("%s: %s", sql, words);
    sqlite3_close(db);
}
