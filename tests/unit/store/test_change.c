#include <store/change.h>

#include <base/limits.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_change_of_nothing_is_not_sound(void **state)
{
    (void)state;
    struct change change = change_of(TABLE_DEVICE, 1);
    assert_false(change_is_sound(&change));
    change_int(&change, COL_DEVICE_STATE, 1);
    assert_true(change_is_sound(&change));
    change.id = 0;
    assert_false(change_is_sound(&change));
    change = change_of((enum table)99, 1);
    change_int(&change, COL_DEVICE_STATE, 1);
    assert_false(change_is_sound(&change));
}

static struct change a_device(void)
{
    struct change change = change_of(TABLE_DEVICE, 1);
    change_int(&change, COL_DEVICE_STATE, 1);
    return change;
}

static void what_does_not_fit_its_column_breaks_the_change(void **state)
{
    (void)state;
    static const uint8_t big[LIMIT_CERTIFICATE_BYTES + 1];
    struct change change = a_device();
    change_int(&change, COL_CERTIFICATE_PROFILE, 1); /* another table */
    assert_false(change_is_sound(&change));
    change = a_device();
    change_int(&change, COL_DEVICE_OWNER, 1); /* another type */
    assert_false(change_is_sound(&change));
    change = a_device();
    change_text(&change, COL_DEVICE_REGISTERED, bytes_text("x"));
    assert_false(change_is_sound(&change));
    change = a_device();
    change_int(&change, COL_DEVICE_STATE, 2); /* twice */
    assert_false(change_is_sound(&change));
    change = a_device();
    change_null(&change, (enum column)(TABLE_DEVICE * COLUMNS_PER_TABLE + 99));
    assert_false(change_is_sound(&change));
    change = a_device();
    change_blob(&change, COL_DEVICE_REGISTERED, bytes_of(big, sizeof big));
    assert_false(change_is_sound(&change));
    change = a_device();
    change_text(&change, COL_DEVICE_OWNER, bytes_text("a\0b"));
    assert_false(change_is_sound(&change));
    change = a_device();
    change_text(&change, COL_DEVICE_OWNER, bytes_text("\xff"));
    assert_false(change_is_sound(&change));
    change_int(&change, COL_DEVICE_HOLD, 1); /* broken it stays */
    assert_false(change_is_sound(&change));
}

static void cells_stand_in_column_order(void **state)
{
    (void)state;
    struct change change = change_of(TABLE_DEVICE, 1);
    change_int(&change, COL_DEVICE_VERSION, 3);
    change_text(&change, COL_DEVICE_OWNER, bytes_text("me"));
    change_null(&change, COL_DEVICE_BATCH);
    change_int(&change, COL_DEVICE_PRODUCT, 1);
    change_text(&change, COL_DEVICE_SERIAL_NUMBER, bytes_of(NULL, 0));
    assert_true(change_is_sound(&change));
    assert_int_equal(change.n, 5);
    for (size_t i = 1; i < change.n; i++)
        assert_true(change.cells[i - 1].column < change.cells[i].column);
    assert_int_equal(change.cells[3].type, TYPE_NONE);
    assert_int_equal(change.cells[4].number, 3);
}

/* tables.def itself: what the code relies on without looking. */
static void tables_and_columns_are_numbered_without_gaps_or_doubles(void **state)
{
    (void)state;
    const struct table_info *table;
    enum table last = TABLE_NONE;
    for (size_t i = 0; (table = table_at(i)) != NULL; i++) {
        assert_true(table->table > last); /* dumps are in this order */
        assert_ptr_equal(table_find(table->table), table);
        last = table->table;
        const struct column_info *column;
        size_t n = 0;
        for (; (column = column_at(table->table, n)) != NULL; n++) {
            assert_int_equal(column->column, table->table * COLUMNS_PER_TABLE + n + 1);
            assert_ptr_equal(column_find(column->column), column);
        }
        for (size_t number = n + 1; number < COLUMNS_PER_TABLE; number++)
            assert_null(column_find((enum column)(table->table * COLUMNS_PER_TABLE + number)));
        bool has_columns = table->kind == KIND_LEDGER && table->table != TABLE_ENTRY;
        assert_int_equal(n > 0, has_columns);
        assert_true(n <= CHANGE_CELLS_MAX);
    }
    assert_null(table_find(TABLE_NONE));
    assert_null(column_find(COL_NONE));
    assert_null(column_find((enum column)INT32_MAX));
    assert_null(column_at((enum table)99, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_of_nothing_is_not_sound),
        cmocka_unit_test(what_does_not_fit_its_column_breaks_the_change),
        cmocka_unit_test(cells_stand_in_column_order),
        cmocka_unit_test(tables_and_columns_are_numbered_without_gaps_or_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
