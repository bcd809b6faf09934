#include "contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct change a_product(int64_t id, const char *name)
{
    struct change change = change_of(TABLE_PRODUCT, id);
    change_text(&change, COL_PRODUCT_NAME, bytes_of(name, strlen(name)));
    return change;
}

static int64_t products(struct contract *c, struct store *store)
{
    int64_t n = -1;
    assert_ok(store_rows(store, TABLE_PRODUCT, &n, &c->err));
    return n;
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    struct store *none = NULL;
    store_close(NULL);
    store_closep(&none);
}

static void a_change_outside_a_transaction_is_refused(void **state)
{
    struct contract *c = *state;
    struct change change = a_product(1, "valve");
    assert_int_equal(store_apply(c->store, &change, &c->err), R_BUG);
    assert_int_equal(products(c, c->store), 0);
}

static void transactions_do_not_nest(void **state)
{
    struct contract *c = *state;
    assert_int_equal(store_commit(c->store, &c->err), R_BUG);
    assert_ok(store_begin(c->store, &c->err));
    assert_int_equal(store_begin(c->store, &c->err), R_BUG);
    assert_int_equal(store_snapshot_begin(c->store, &c->err), R_BUG);
    assert_ok(store_commit(c->store, &c->err));
    store_rollback(c->store); /* nothing to undo */
}

static void a_broken_change_is_refused(void **state)
{
    struct contract *c = *state;
    struct change change = a_product(1, "valve");
    change_int(&change, COL_DEVICE_STATE, 1);
    assert_ok(store_begin(c->store, &c->err));
    assert_int_equal(store_apply(c->store, &change, &c->err), R_BUG);
    change = change_of(TABLE_PRODUCT, 1);
    assert_int_equal(store_apply(c->store, &change, &c->err), R_BUG); /* no cell */
    change = a_product(0, "valve");
    assert_int_equal(store_apply(c->store, &change, &c->err), R_BUG);
}

static void only_ledger_tables_take_changes(void **state)
{
    struct contract *c = *state;
    const struct table_info *table;
    assert_ok(store_begin(c->store, &c->err));
    for (size_t i = 0; (table = table_at(i)) != NULL; i++) {
        if (table->kind == KIND_LEDGER && table->table != TABLE_ENTRY)
            continue;
        /* no builder makes such a change: they have no columns */
        struct change change = a_product(1, "valve");
        change.table = table->table;
        assert_int_equal(store_apply(c->store, &change, &c->err), R_BUG);
    }
}

static void every_column_can_be_written_and_cleared(void **state)
{
    struct contract *c = *state;
    const struct table_info *table;
    for (size_t i = 0; (table = table_at(i)) != NULL; i++) {
        const struct column_info *column;
        for (size_t k = 0; (column = column_at(table->table, k)) != NULL; k++) {
            struct change change = change_of(table->table, 1);
            if (column->type == TYPE_INT)
                change_int(&change, column->column, 1);
            else if (column->type == TYPE_TEXT)
                change_text(&change, column->column, bytes_text("text"));
            else if (column->column == COL_CERTIFICATE_SERIAL)
                continue; /* it has to fit class and number: see the finders */
            else
                change_blob(&change, column->column, bytes_of(contract_hash(1), 32));
            contract_apply(c, &change);
            change = change_of(table->table, 1);
            change_null(&change, column->column);
            contract_apply(c, &change);
        }
    }
}

static void a_row_keeps_what_a_change_does_not_name(void **state)
{
    struct contract *c = *state;
    contract_fill(c);
    struct change change = change_of(TABLE_DEVICE, 2);
    change_int(&change, COL_DEVICE_STATE, 4);
    contract_apply(c, &change);
    struct device device;
    assert_ok(store_device(c->store, 2, &device, &c->err));
    assert_int_equal(device.state, 4);
    assert_string_equal(device.serial_number, "A-2");
    assert_string_equal(device.owner, "acme");
}

static void two_rows_of_one_name_are_a_conflict(void **state)
{
    struct contract *c = *state;
    contract_fill(c);
    struct change change = change_of(TABLE_DEVICE, 9);
    change_int(&change, COL_DEVICE_PRODUCT, 1);
    change_text(&change, COL_DEVICE_SERIAL_NUMBER, bytes_text("A-1"));
    assert_ok(store_begin(c->store, &c->err));
    assert_int_equal(store_apply(c->store, &change, &c->err), R_CONFLICT);
    store_rollback(c->store);
    struct device device;
    assert_int_equal(store_device(c->store, 9, &device, &c->err), R_NOT_FOUND);
}

static void a_serial_that_lies_about_its_index_is_refused(void **state)
{
    struct contract *c = *state;
    struct change change = contract_certificate(9, 1, 1);
    assert_ok(store_begin(c->store, &c->err));
    change.cells[8].number = 10;
    assert_int_equal(change.cells[8].column, COL_CERTIFICATE_NUMBER);
    assert_int_equal(store_apply(c->store, &change, &c->err), R_CONFLICT);
}

static void one_number_is_never_given_twice(void **state)
{
    struct contract *c = *state;
    struct change change = contract_certificate(9, 1, 1);
    contract_apply(c, &change);
    change.id = 10;
    assert_ok(store_begin(c->store, &c->err));
    assert_int_equal(store_apply(c->store, &change, &c->err), R_CONFLICT);
}

static void a_rollback_undoes_everything(void **state)
{
    struct contract *c = *state;
    struct change change = a_product(1, "valve");
    assert_ok(store_begin(c->store, &c->err));
    assert_ok(store_apply(c->store, &change, &c->err));
    assert_ok(store_put_meta(c->store, "journal", 7, &c->err));
    assert_int_equal(products(c, c->store), 1); /* the writer sees its own */
    store_rollback(c->store);
    int64_t value = 99;
    assert_int_equal(products(c, c->store), 0);
    assert_int_equal(store_meta(c->store, "journal", &value, &c->err), R_NOT_FOUND);
    assert_int_equal(value, 99);
    contract_apply(c, &change); /* and the next one works */
    assert_int_equal(products(c, c->store), 1);
}

static void put_product(struct contract *c, int64_t id, const char *name)
{
    struct change change = a_product(id, name);
    assert_ok(store_apply(c->store, &change, &c->err));
}

static void a_part_is_undone_alone(void **state)
{
    struct contract *c = *state;
    struct product product;
    assert_ok(store_begin(c->store, &c->err));
    put_product(c, 1, "valve");
    assert_ok(store_part_begin(c->store, &c->err));
    put_product(c, 2, "pump");
    struct change again = a_product(3, "valve");
    assert_int_equal(store_apply(c->store, &again, &c->err), R_CONFLICT);
    assert_ok(store_product(c->store, 2, &product, &c->err)); /* and may be kept in memory */
    assert_ok(store_part_undo(c->store, &c->err));
    assert_int_equal(store_product(c->store, 2, &product, &c->err), R_NOT_FOUND);
    assert_ok(store_part_begin(c->store, &c->err));
    put_product(c, 4, "meter");
    assert_ok(store_part_keep(c->store, &c->err));
    assert_ok(store_commit(c->store, &c->err));
    assert_int_equal(products(c, c->store), 2);
    assert_ok(store_product(c->store, 4, &product, &c->err));
}

static void a_part_has_its_begin_and_its_transaction(void **state)
{
    struct contract *c = *state;
    assert_int_equal(store_part_begin(c->store, &c->err), R_BUG);
    assert_ok(store_begin(c->store, &c->err));
    assert_int_equal(store_part_keep(c->store, &c->err), R_BUG);
    assert_int_equal(store_part_undo(c->store, &c->err), R_BUG);
    assert_ok(store_part_begin(c->store, &c->err));
    assert_int_equal(store_part_begin(c->store, &c->err), R_BUG);
    put_product(c, 1, "valve");
    store_rollback(c->store);
    assert_int_equal(products(c, c->store), 0);
    assert_ok(store_begin(c->store, &c->err));
    assert_int_equal(store_part_undo(c->store, &c->err), R_BUG); /* it was over */
    assert_ok(store_part_begin(c->store, &c->err));
    put_product(c, 1, "valve");
    assert_ok(store_commit(c->store, &c->err)); /* keeps it */
    assert_int_equal(products(c, c->store), 1);
}

static void what_was_committed_is_there_after_reopening(void **state)
{
    struct contract *c = *state;
    contract_fill(c);
    store_closep(&c->store);
    assert_ok(c->backend->open(c->place, STORE_WRITE, &c->store, &c->err));
    struct product product;
    assert_ok(store_product_named(c->store, bytes_text("valve"), &product, &c->err));
    assert_int_equal(product.proofs, 0xffffffff);
}

static void a_second_writer_is_refused(void **state)
{
    struct contract *c = *state;
    struct store *second = NULL;
    assert_int_equal(c->backend->open(c->place, STORE_WRITE, &second, &c->err), R_CONFLICT);
    assert_null(second);
    store_closep(&c->store);
    assert_ok(c->backend->open(c->place, STORE_WRITE, &second, &c->err));
    store_close(second);
}

static void a_reader_sees_each_commit_and_writes_nothing(void **state)
{
    struct contract *c = *state;
    struct store *reader = NULL;
    struct change change = a_product(1, "valve");
    assert_ok(c->backend->open(c->place, STORE_READ, &reader, &c->err));
    assert_int_equal(products(c, reader), 0);

    assert_ok(store_begin(c->store, &c->err));
    assert_ok(store_apply(c->store, &change, &c->err));
    assert_int_equal(products(c, reader), 0);
    assert_ok(store_commit(c->store, &c->err));
    assert_int_equal(products(c, reader), 1);

    assert_int_equal(store_begin(reader, &c->err), R_BUG);
    assert_int_not_equal(store_put_meta(reader, "journal", 7, &c->err), OK);
    store_close(reader);
}

static void a_snapshot_does_not_move(void **state)
{
    struct contract *c = *state;
    struct store *reader = NULL;
    struct change change = a_product(1, "valve");
    assert_ok(c->backend->open(c->place, STORE_READ, &reader, &c->err));
    assert_ok(store_snapshot_begin(reader, &c->err));
    contract_apply(c, &change);
    assert_int_equal(products(c, reader), 0);
    assert_ok(store_checkpoint(c->store, &c->err)); /* does not wait for the reader */
    store_snapshot_end(reader);
    assert_int_equal(products(c, reader), 1);
    store_close(reader);
}

static void a_reader_opens_when_no_writer_is_there(void **state)
{
    struct contract *c = *state;
    struct store *reader = NULL;
    contract_fill(c);
    store_closep(&c->store);
    assert_ok(c->backend->open(c->place, STORE_READ, &reader, &c->err));
    assert_int_equal(products(c, reader), 1);
    store_close(reader);
}

static void a_checkpoint_empties_the_log(void **state)
{
    struct contract *c = *state;
    contract_fill(c);
    assert_true(store_log_pages(c->store) > 0);
    assert_ok(store_checkpoint(c->store, &c->err));
    assert_int_equal(store_log_pages(c->store), 0);
    assert_ok(store_check(c->store, &c->err));
    assert_false(store_must_exit(c->store));
}

int contract_writing(const struct backend *backend)
{
    (void)backend;
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(closing_nothing_is_fine),
        CONTRACT_TEST(a_change_outside_a_transaction_is_refused),
        CONTRACT_TEST(transactions_do_not_nest),
        CONTRACT_TEST(a_broken_change_is_refused),
        CONTRACT_TEST(only_ledger_tables_take_changes),
        CONTRACT_TEST(every_column_can_be_written_and_cleared),
        CONTRACT_TEST(a_row_keeps_what_a_change_does_not_name),
        CONTRACT_TEST(two_rows_of_one_name_are_a_conflict),
        CONTRACT_TEST(a_serial_that_lies_about_its_index_is_refused),
        CONTRACT_TEST(one_number_is_never_given_twice),
        CONTRACT_TEST(a_rollback_undoes_everything),
        CONTRACT_TEST(a_part_is_undone_alone),
        CONTRACT_TEST(a_part_has_its_begin_and_its_transaction),
        CONTRACT_TEST(what_was_committed_is_there_after_reopening),
        CONTRACT_TEST(a_second_writer_is_refused),
        CONTRACT_TEST(a_reader_sees_each_commit_and_writes_nothing),
        CONTRACT_TEST(a_snapshot_does_not_move),
        CONTRACT_TEST(a_reader_opens_when_no_writer_is_there),
        CONTRACT_TEST(a_checkpoint_empties_the_log),
    };
    return cmocka_run_group_tests_name("writing", tests, NULL, NULL);
}
