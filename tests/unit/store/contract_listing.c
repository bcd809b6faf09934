#include "contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What visits saw, as text: "1 2 4 ". */
struct seen {
    struct contract *c;
    size_t n;
    char text[2048];
};

static void see(struct seen *seen, const char *text)
{
    seen->n += (size_t)snprintf(seen->text + seen->n, sizeof seen->text - seen->n, "%s ", text);
}

static void see_number(struct seen *seen, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    see(seen, text);
}

static enum result see_device(void *ctx, const struct device *row, struct err *err)
{
    (void)err;
    see_number(ctx, row->id);
    return OK;
}

static enum result see_certificate(void *ctx, const struct certificate *row, struct err *err)
{
    (void)err;
    see_number(ctx, row->id);
    return OK;
}

static enum result see_finding(void *ctx, const struct finding *row, struct err *err)
{
    (void)err;
    see_number(ctx, row->id);
    return OK;
}

static enum result see_authority(void *ctx, const struct authority_row *row, struct err *err)
{
    (void)err;
    see_number(ctx, row->id);
    see_number(ctx, (int64_t)row->n);
    return OK;
}

static enum result see_shard(void *ctx, const struct shard *shard, struct err *err)
{
    (void)err;
    char text[64];
    snprintf(text, sizeof text, "%lld/%u/%u", (long long)shard->issuer, shard->class, shard->part);
    see(ctx, text);
    return OK;
}

static enum result see_count(void *ctx, int64_t key, int64_t n, struct err *err)
{
    (void)err;
    char text[64];
    snprintf(text, sizeof text, "%lld:%lld", (long long)key, (long long)n);
    see(ctx, text);
    return OK;
}

static enum result see_line(void *ctx, const char *line, size_t n, struct err *err)
{
    (void)err;
    struct seen *seen = ctx;
    seen->n +=
        (size_t)snprintf(seen->text + seen->n, sizeof seen->text - seen->n, "%.*s\n", (int)n, line);
    return OK;
}

static enum result refuse_the_second(void *ctx, const struct device *row, struct err *err)
{
    TRY(see_device(ctx, row, err));
    return row->id == 2 ? err_set(err, E_BUSY, "enough") : OK;
}

static enum result ask_the_same_list(void *ctx, const struct device *row, struct err *err)
{
    (void)row;
    struct seen *seen = ctx;
    struct filter all = {0};
    return store_devices(seen->c->store, &all, see_device, seen, err);
}

static void a_visit_that_fails_ends_the_list(void **state)
{
    struct contract *c = *state;
    struct seen seen = {.c = c};
    struct filter all = {0};
    contract_fill(c);
    assert_int_equal(store_devices(c->store, &all, refuse_the_second, &seen, &c->err), R_BUSY);
    assert_string_equal(seen.text, "1 2 ");
    assert_int_equal(store_devices(c->store, &all, ask_the_same_list, &seen, &c->err), R_BUG);
    seen = (struct seen){.c = c};
    assert_ok(store_devices(c->store, &all, see_device, &seen, &c->err));
    assert_string_equal(seen.text, "1 2 3 4 ");
}

static void set_batch(struct contract *c, int64_t device, const char *batch)
{
    struct change change = change_of(TABLE_DEVICE, device);
    change_text(&change, COL_DEVICE_BATCH, bytes_of(batch, strlen(batch)));
    contract_apply(c, &change);
}

static void devices_are_listed_by_cursor_limit_and_filter(void **state)
{
    struct contract *c = *state;
    contract_fill(c);
    const struct {
        struct filter filter;
        const char *wanted;
    } cases[] = {
        {{0}, "1 2 3 4 "},
        {{.after = 1, .limit = 2}, "2 3 "},
        {{.after = 4}, ""},
        {{.product = 2}, "4 "},
        {{.state = 3}, "2 "},
        {{.owner = bytes_text("acme")}, "1 2 "},
        {{.owner = bytes_text("acme"), .state = 1}, "1 "},
        {{.owner = bytes_text("acme"), .product = 2}, ""},
        {{.owner = bytes_text("nobody")}, ""},
        {{.product = 1}, "1 2 3 "},
        {{.product = 1, .after = 1, .limit = 1}, "2 "},
        {{.serial_prefix = bytes_text("A-")}, "1 2 "},
        {{.serial_prefix = bytes_text("A-"), .after = 1}, "2 "},
        {{.serial_prefix = bytes_text("A-2"), .product = 1}, "2 "},
        {{.serial_prefix = bytes_text("A-1"), .product = 2}, "4 "},
        {{.serial_prefix = bytes_text("A-"), .owner = bytes_text("acme"), .state = 3}, "2 "},
        {{.serial_prefix = bytes_text("A-10")}, ""},
        {{.batch = bytes_text("lot")}, "2 3 "},
        {{.batch = bytes_text("lot"), .owner = bytes_text("acme")}, "2 "},
    };
    set_batch(c, 2, "lot");
    set_batch(c, 3, "lot");
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct seen seen = {0};
        assert_ok(store_devices(c->store, &cases[i].filter, see_device, &seen, &c->err));
        assert_string_equal(seen.text, cases[i].wanted);
    }
}

static void add_certificates(struct contract *c)
{
    static const struct {
        int64_t device;
        int state;
    } rows[] = {{0, 2}, {1, 1}, {1, 3}, {2, 2}, {4, 5}, {3, 4}, {3, 6}};
    contract_fill(c);
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct change change = contract_certificate((int64_t)i + 1, rows[i].device, rows[i].state);
        contract_apply(c, &change);
    }
}

static void certificates_are_listed_by_what_their_device_has(void **state)
{
    struct contract *c = *state;
    add_certificates(c);
    const struct {
        struct filter filter;
        const char *wanted;
    } cases[] = {
        {{0}, "1 2 3 4 5 6 7 "},
        {{.after = 2, .limit = 2}, "3 4 "},
        {{.device = 1}, "2 3 "},
        {{.device = 1, .state = 3}, "3 "},
        {{.device = 1, .after = 2}, "3 "},
        {{.product = 2}, "5 "},
        {{.state = 2}, "1 4 "},
        {{.owner = bytes_text("acme")}, "2 3 4 "},
        {{.device = 4, .owner = bytes_text("acme")}, ""},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct seen seen = {0};
        assert_ok(store_certificates(c->store, &cases[i].filter, see_certificate, &seen, &c->err));
        assert_string_equal(seen.text, cases[i].wanted);
    }
}

/* The higher its number, the longer ago it began. */
static void add_finding(struct contract *c, int64_t id, int64_t device, int64_t product, int closed)
{
    struct change change = change_of(TABLE_FINDING, id);
    change_int(&change, COL_FINDING_CHECK, id == 5 ? 8 : 12);
    change_int(&change, COL_FINDING_DEVICE, device);
    change_int(&change, COL_FINDING_BEGAN_AT, 1000 - id);
    change_int(&change, COL_FINDING_CLOSED_AT, closed);
    change_int(&change, COL_FINDING_PRODUCT, product);
    change_int(&change, COL_FINDING_SEVERITY, id == 5 ? 2 : 4);
    change_text(&change, COL_FINDING_OWNER, bytes_of("acme", device == 1 ? 4 : 0));
    contract_apply(c, &change);
}

static void findings_are_listed_by_what_their_device_has(void **state)
{
    struct contract *c = *state;
    contract_fill(c);
    add_finding(c, 1, 1, 1, 0);
    add_finding(c, 2, 4, 2, 0);
    add_finding(c, 3, 1, 1, 77);
    add_finding(c, 4, 0, 1, 0); /* about a product */
    add_finding(c, 5, 1, 1, 0);
    const struct {
        struct filter filter;
        const char *wanted;
    } cases[] = {
        {{0}, "1 2 3 4 5 "},
        {{.open_only = true}, "5 4 2 1 "},
        {{.open_only = true, .after = 4, .limit = 1}, "2 "},
        {{.device = 1}, "1 3 5 "},
        {{.device = 1, .open_only = true}, "1 5 "},
        {{.product = 1}, "1 3 4 5 "},
        {{.product = 1, .open_only = true}, "5 4 1 "},
        {{.product = 2}, "2 "},
        {{.owner = bytes_text("acme")}, "1 3 5 "},
        {{.owner = bytes_text("acme"), .open_only = true, .after = 5}, "1 "},
        {{.owner = bytes_text("acme"), .open_only = true, .check = 8}, "5 "},
        {{.check = 12}, "1 2 3 4 "},
        {{.check = 12, .open_only = true, .product = 1}, "4 1 "},
        {{.severity = 2, .open_only = true}, "5 "},
        {{.severity = 4, .open_only = true, .after = 4}, "2 1 "},
        {{.after = 1, .limit = 1}, "2 "},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct seen seen = {0};
        assert_ok(store_findings(c->store, &cases[i].filter, see_finding, &seen, &c->err));
        assert_string_equal(seen.text, cases[i].wanted);
    }
}

/* Nobody has to wait for a page with nothing in it: it ends, and says where to go on. */
static void a_list_that_passes_over_too_many_rows_says_where_it_is(void **state)
{
    struct contract *c = *state;
    int64_t reached = 0;
    struct filter filter = {.limit = 5, .reached = &reached, .state = 3, .product = 2};
    assert_ok(store_begin(c->store, &c->err));
    for (int64_t id = 1; id <= STORE_LIST_LOOKS + 2; id++) {
        char serial[16];
        struct change change = change_of(TABLE_DEVICE, id);
        snprintf(serial, sizeof serial, "S%08lld", (long long)id);
        change_int(&change, COL_DEVICE_PRODUCT, 2);
        change_text(&change, COL_DEVICE_SERIAL_NUMBER, bytes_of(serial, strlen(serial)));
        change_int(&change, COL_DEVICE_STATE, id == STORE_LIST_LOOKS + 2 ? 3 : 1);
        assert_ok(store_apply(c->store, &change, &c->err));
    }
    assert_ok(store_commit(c->store, &c->err));
    struct seen seen = {0};
    assert_ok(store_devices(c->store, &filter, see_device, &seen, &c->err));
    assert_string_equal(seen.text, "");
    assert_int_equal(reached, STORE_LIST_LOOKS);
    filter.after = reached;
    reached = 0;
    assert_ok(store_devices(c->store, &filter, see_device, &seen, &c->err));
    assert_string_equal(seen.text, "8002 ");
    assert_int_equal(reached, 0);
}

static void issuers_and_anchors_come_with_their_certificates(void **state)
{
    struct contract *c = *state;
    struct seen seen = {0};
    contract_fill(c);
    assert_ok(store_issuers(c->store, see_authority, &seen, &c->err));
    assert_string_equal(seen.text, "1 14 2 14 ");
    struct change change = change_of(TABLE_ANCHOR, 7);
    change_int(&change, COL_ANCHOR_PRODUCT, 1);
    change_blob(&change, COL_ANCHOR_CERTIFICATE, bytes_text("der"));
    contract_apply(c, &change);
    seen = (struct seen){0};
    assert_ok(store_anchors(c->store, see_authority, &seen, &c->err));
    assert_string_equal(seen.text, "7 3 ");
}

static void a_shard_lists_what_ended_early_in_number_order(void **state)
{
    struct contract *c = *state;
    struct seen seen = {0};
    struct shard shard = {.issuer = 2, .class = 7, .part = 0};
    add_certificates(c);
    assert_ok(store_revoked(c->store, &shard, 0, see_certificate, &seen, &c->err));
    assert_string_equal(seen.text, "3 5 6 7 ");
    seen = (struct seen){0};
    assert_ok(store_revoked(c->store, &shard, 1600, see_certificate, &seen, &c->err));
    assert_string_equal(seen.text, "7 "); /* 6 ends at 1600 */
    seen = (struct seen){0};
    shard.part = 1;
    assert_ok(store_revoked(c->store, &shard, 0, see_certificate, &seen, &c->err));
    assert_string_equal(seen.text, "");
}

static void add_to_shard(struct contract *c, int64_t id, int64_t issuer, uint32_t number)
{
    uint8_t serial[16] = {1, [11] = 9};
    struct buf tail = buf_over(serial + 12, 4);
    buf_put_u32be(&tail, number);
    struct change change = change_of(TABLE_CERTIFICATE, id);
    change_int(&change, COL_CERTIFICATE_ISSUER, issuer);
    change_blob(&change, COL_CERTIFICATE_SERIAL, bytes_of(serial, 16));
    change_int(&change, COL_CERTIFICATE_CLASS, 9);
    change_int(&change, COL_CERTIFICATE_NUMBER, number);
    change_int(&change, COL_CERTIFICATE_NOT_AFTER, 100 * id);
    contract_apply(c, &change);
}

static void shards_are_there_while_one_of_theirs_is_valid(void **state)
{
    struct contract *c = *state;
    struct seen seen = {0};
    int64_t number = 99;
    assert_ok(store_shards(c->store, 0, see_shard, &seen, &c->err));
    assert_string_equal(seen.text, "");
    assert_ok(store_max_number(c->store, 1, 9, &number, &c->err));
    assert_int_equal(number, -1);

    add_to_shard(c, 1, 1, 0);
    add_to_shard(c, 2, 1, 65535);
    add_to_shard(c, 3, 1, 65536);
    add_to_shard(c, 4, 1, 300000);
    add_to_shard(c, 5, 3, UINT32_MAX);
    assert_ok(store_shards(c->store, 0, see_shard, &seen, &c->err));
    assert_string_equal(seen.text, "1/9/0 1/9/1 1/9/4 3/9/65535 ");
    seen = (struct seen){0};
    assert_ok(store_shards(c->store, 300, see_shard, &seen, &c->err));
    assert_string_equal(seen.text, "1/9/4 3/9/65535 ");
    seen = (struct seen){0}; /* the clock was set back */
    assert_ok(store_shards(c->store, 0, see_shard, &seen, &c->err));
    assert_string_equal(seen.text, "1/9/0 1/9/1 1/9/4 3/9/65535 ");
    assert_ok(store_max_number(c->store, 3, 9, &number, &c->err));
    assert_int_equal(number, UINT32_MAX);
}

static void a_shard_that_is_not_full_can_live_again(void **state)
{
    struct contract *c = *state;
    struct seen seen = {0};
    add_to_shard(c, 1, 1, 0);
    assert_ok(store_shards(c->store, 500, see_shard, &seen, &c->err));
    assert_string_equal(seen.text, "");
    add_to_shard(c, 7, 1, 1);
    assert_ok(store_shards(c->store, 500, see_shard, &seen, &c->err));
    assert_string_equal(seen.text, "1/9/0 ");
    add_to_shard(c, 9, 1, 65536);
    seen = (struct seen){0};
    assert_ok(store_shards(c->store, 800, see_shard, &seen, &c->err));
    assert_ok(store_shards(c->store, 800, see_shard, &seen, &c->err));
    assert_string_equal(seen.text, "1/9/1 1/9/1 ");
}

static void the_overview_counts_by_group_and_owner(void **state)
{
    struct contract *c = *state;
    add_certificates(c);
    add_finding(c, 1, 1, 0, 0);
    add_finding(c, 2, 4, 0, 0);
    add_finding(c, 3, 1, 0, 77);
    const struct {
        const char *group;
        struct bytes owner;
        const char *wanted;
    } cases[] = {
        {"device", {0}, "1:3 3:1 "},
        {"device", bytes_text("acme"), "1:1 3:1 "},
        {"certificate", {0}, "1:1 2:2 3:1 4:1 5:1 6:1 "},
        {"certificate", bytes_text("acme"), "1:1 2:1 3:1 "},
        {"issuer", {0}, "2:3 "},
        {"issuer", bytes_text("acme"), "2:2 "},
        {"finding", {0}, "12:2 "},
        {"finding", bytes_text("acme"), "12:1 "},
        {"finding", bytes_text("nobody"), ""},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct seen seen = {0};
        assert_ok(
            store_counts(c->store, cases[i].group, cases[i].owner, see_count, &seen, &c->err));
        assert_string_equal(seen.text, cases[i].wanted);
    }
    struct seen seen = {0};
    assert_int_equal(store_counts(c->store, "planet", bytes_of(NULL, 0), see_count, &seen, &c->err),
                     R_BUG);
}

static void rows_and_ids_are_counted(void **state)
{
    struct contract *c = *state;
    int64_t n = -1;
    assert_ok(store_max_id(c->store, TABLE_DEVICE, &n, &c->err));
    assert_int_equal(n, 0);
    contract_fill(c);
    assert_ok(store_max_id(c->store, TABLE_DEVICE, &n, &c->err));
    assert_int_equal(n, 4);
    assert_ok(store_rows(c->store, TABLE_DEVICE, &n, &c->err));
    assert_int_equal(n, 4);
    assert_ok(store_count_devices(c->store, 1, bytes_of(NULL, 0), &n, &c->err));
    assert_int_equal(n, 3);
    assert_int_equal(store_rows(c->store, (enum table)99, &n, &c->err), R_BUG);
}

static void the_dump_has_every_ledger_row_in_one_canonical_form(void **state)
{
    struct contract *c = *state;
    struct seen seen = {0};
    contract_fill(c);
    struct change change = change_of(TABLE_PERMIT, 5);
    change_int(&change, COL_PERMIT_EXPIRES_AT, -3);
    contract_apply(c, &change);
    assert_ok(store_dump(c->store, see_line, &seen, &c->err));
    static const char wanted[] =
        "product 1 name=\"valve\" proofs=4294967295 validity_s=7776000\n"
        "issuer 1 kind=2 certificate=6e6f74207265616c6c7920444552"
        " spki=1010101010101010101010101010101010101010101010101010101010101010"
        " not_after=9000 state=1\n"
        "issuer 2 kind=2 certificate=6e6f74207265616c6c7920444552"
        " spki=1010101010101010101010101010101010101010101010101010101010101010"
        " not_after=9000 state=1\n"
        "device 1 product=1 serial_number=\"A-1\" owner=\"acme\" state=1 version=1\n"
        "device 2 product=1 serial_number=\"A-2\" owner=\"acme\" state=3 version=1\n"
        "device 3 product=1 serial_number=\"B-1\" owner=\"b\\x22\\x5c\\xc3\\xa9 c\" state=1"
        " registered=3333333333333333333333333333333333333333333333333333333333333333 version=1\n"
        "device 4 product=2 serial_number=\"A-1\" owner=\"\" state=1 version=1\n"
        "permit 5 expires_at=-3\n";
    assert_string_equal(seen.text, wanted);
}

int contract_listing(const struct backend *backend)
{
    (void)backend;
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(a_visit_that_fails_ends_the_list),
        CONTRACT_TEST(devices_are_listed_by_cursor_limit_and_filter),
        CONTRACT_TEST(a_list_that_passes_over_too_many_rows_says_where_it_is),
        CONTRACT_TEST(certificates_are_listed_by_what_their_device_has),
        CONTRACT_TEST(findings_are_listed_by_what_their_device_has),
        CONTRACT_TEST(issuers_and_anchors_come_with_their_certificates),
        CONTRACT_TEST(a_shard_lists_what_ended_early_in_number_order),
        CONTRACT_TEST(shards_are_there_while_one_of_theirs_is_valid),
        CONTRACT_TEST(a_shard_that_is_not_full_can_live_again),
        CONTRACT_TEST(the_overview_counts_by_group_and_owner),
        CONTRACT_TEST(rows_and_ids_are_counted),
        CONTRACT_TEST(the_dump_has_every_ledger_row_in_one_canonical_form),
    };
    return cmocka_run_group_tests_name("listing", tests, NULL, NULL);
}
