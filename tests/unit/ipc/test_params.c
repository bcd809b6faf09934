/* A verb's message as what people sign, and back. */
#include <ipc/params.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct msg_permit_add permit(void)
{
    return (struct msg_permit_add){
        .id = 7,
        .key = bytes_text("idempotent"),
        .dry_run = 1,
        .product = bytes_text("pump"),
        .serial_number = bytes_text("S \"1\""),
        .ttl_s = 3600,
        .note = bytes_text("two\nlines"),
    };
}

static void what_is_no_verb_has_no_parameters(void **state)
{
    (void)state;
    uint8_t space[512];
    struct buf b = buf_over(space, sizeof space);
    struct ipc_message message;
    const enum ipc_type types[] = {IPC_ENROL, IPC_SIGN, IPC_PRODUCT_ROW, IPC_NONE};
    for (size_t i = 0; i < LENGTH_OF(types); i++) {
        assert_int_equal(ipc_write_params(types[i], &message, &b, NULL), R_BUG);
        assert_int_equal(ipc_read_params(types[i], bytes_text("\x80"), &message, NULL), R_BUG);
    }
}

static void parameters_of_another_verb_are_refused(void **state)
{
    (void)state;
    uint8_t space[512];
    struct buf b = buf_over(space, sizeof space);
    struct msg_permit_add ask = permit();
    struct ipc_message message;
    assert_int_equal(ipc_write_params(IPC_PERMIT_ADD, &ask, &b, NULL), OK);
    assert_int_equal(ipc_read_params(IPC_TOKEN_ADD, buf_bytes(&b), &message, NULL), R_INVALID);
    assert_int_equal(ipc_read_params(IPC_PERMIT_ADD, bytes_text("\x80"), &message, NULL),
                     R_INVALID);
}

/* What lies where the padding of the common fields would be. */
static void a_small_field_behind_the_common_ones_is_one_of_them(void **state)
{
    (void)state;
    uint8_t space[512];
    struct buf b = buf_over(space, sizeof space);
    struct msg_issuer_force ask = {.id = 7, .number = 3};
    struct ipc_message got;
    assert_int_equal(ipc_write_params(IPC_ISSUER_FORCE, &ask, &b, NULL), OK);
    assert_non_null(memmem(b.p, b.n, "number", 6));
    assert_int_equal(ipc_read_params(IPC_ISSUER_FORCE, buf_bytes(&b), &got, NULL), OK);
    assert_int_equal(got.issuer_force.number, 3);
}

static void only_what_the_verb_does_stands_in_them(void **state)
{
    (void)state;
    uint8_t space[512];
    struct buf b = buf_over(space, sizeof space);
    struct msg_permit_add ask = permit();
    struct ipc_message got;
    assert_int_equal(ipc_write_params(IPC_PERMIT_ADD, &ask, &b, NULL), OK);
    assert_null(memmem(b.p, b.n, "idempotent", 10));
    assert_int_equal(ipc_read_params(IPC_PERMIT_ADD, buf_bytes(&b), &got, NULL), OK);
    assert_int_equal(got.type, IPC_PERMIT_ADD);
    assert_int_equal(got.permit_add.id, 0);
    assert_int_equal(got.permit_add.dry_run, 0);
    assert_int_equal(got.permit_add.key.n, 0);
    assert_int_equal(got.permit_add.ttl_s, 3600);
    assert_true(bytes_equal(got.permit_add.product, ask.product));
    assert_true(bytes_equal(got.permit_add.serial_number, ask.serial_number));
    assert_true(bytes_equal(got.permit_add.note, ask.note));
}

static void a_number_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    /* approver_set: operator, on, person, name, spki; `on` is one octet */
    static const char params[] = "\x85\x82\x68"
                                 "operator\x01\x82\x62"
                                 "on\x19\x01\x00\x82\x66"
                                 "person\x01"
                                 "\x82\x64"
                                 "name\x60\x82\x64"
                                 "spki\x60";
    struct ipc_message got;
    struct err err = {0};
    assert_int_equal(
        ipc_read_params(IPC_APPROVER_SET, bytes_of(params, sizeof params - 1), &got, &err),
        R_INVALID);
    assert_non_null(strstr(err.text, "approver_set.on"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_verb_has_no_parameters),
        cmocka_unit_test(parameters_of_another_verb_are_refused),
        cmocka_unit_test(a_small_field_behind_the_common_ones_is_one_of_them),
        cmocka_unit_test(only_what_the_verb_does_stands_in_them),
        cmocka_unit_test(a_number_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
