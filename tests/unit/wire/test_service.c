// The service stream: what one boundary is told of services, issuers and bindings.
#include "fixture.h"

#include <wire/service.h>

static const uint8_t root[SERVICE_ROOT_N] = {1, 2, 3};

/* An object in the making: its items have room of their own. */
struct draft {
    uint8_t entries_space[512], issuers_space[512], bindings_space[1024], whole[2048];
    struct service_object service;
    struct service_entry entries[3];
    struct service_issuer issuers[2];
    struct service_binding bindings[3];
    size_t entries_n, issuers_n, bindings_n;
};

static struct draft sample(void)
{
    return (struct draft){
        .service = {.boundary = 3,
                    .generation = 7,
                    .at_s = 100,
                    .ledger_size = 50,
                    .ledger_root = {root, sizeof root},
                    .name = bytes_text("north")},
        .entries = {{bytes_text("api"), 30, false}, {bytes_text("mqtt"), 60, true}},
        .issuers = {{3, bytes_text("DER")}, {9, bytes_text("other")}},
        .bindings = {{0,
                      SERVICE_KIND_PRODUCT,
                      bytes_text("pump"),
                      {0},
                      PATTERN_REQUEST,
                      bytes_text("/data/%device%"),
                      0},
                     {1,
                      SERVICE_KIND_OWNER,
                      {0},
                      bytes_text("works"),
                      PATTERN_CONNECT | PATTERN_PUBLISH,
                      bytes_text("d/%device%/#"),
                      900},
                     {1,
                      SERVICE_KIND_DEVICE,
                      bytes_text("pump"),
                      bytes_text("SN-1"),
                      PATTERN_CONNECT,
                      {0},
                      0}},
        .entries_n = 2,
        .issuers_n = 2,
        .bindings_n = 3,
    };
}

static struct bytes written(struct draft *draft)
{
    struct buf entries = buf_over(draft->entries_space, sizeof draft->entries_space);
    struct buf issuers = buf_over(draft->issuers_space, sizeof draft->issuers_space);
    struct buf bindings = buf_over(draft->bindings_space, sizeof draft->bindings_space);
    struct buf whole = buf_over(draft->whole, sizeof draft->whole);
    cbor_write_array(&entries, draft->entries_n);
    for (size_t i = 0; i < draft->entries_n; i++)
        service_put_entry(&entries, &draft->entries[i]);
    cbor_write_array(&issuers, draft->issuers_n);
    for (size_t i = 0; i < draft->issuers_n; i++)
        service_put_issuer(&issuers, &draft->issuers[i]);
    cbor_write_array(&bindings, draft->bindings_n);
    for (size_t i = 0; i < draft->bindings_n; i++)
        service_put_binding(&bindings, &draft->bindings[i]);
    draft->service.services = buf_bytes(&entries);
    draft->service.issuers = buf_bytes(&issuers);
    draft->service.bindings = buf_bytes(&bindings);
    service_write(&whole, &draft->service);
    assert_true(buf_ok(&whole));
    return buf_bytes(&whole);
}

static void check_refused(struct draft draft, const char *rule)
{
    struct service_object back = {0};
    const char *why = NULL;
    assert_false(service_read(written(&draft), &back, &why));
    assert_why(why, rule);
    assert_int_equal(back.generation, 0);
}

static void refuses_every_prefix_and_what_trails(void **state)
{
    (void)state;
    struct draft draft = sample();
    struct bytes all = written(&draft);
    struct service_object back;
    const char *why = NULL;
    for (size_t n = 0; n < all.n; n++)
        assert_false(service_read(bytes_of(all.p, n), &back, &why));
    draft.whole[all.n] = 0;
    assert_false(service_read(bytes_of(all.p, all.n + 1), &back, &why));
    static uint8_t large[SERVICE_MAX + 1];
    assert_false(service_read(bytes_of(large, sizeof large), &back, &why));
    assert_why(why, "262144");
}

static void refuses_what_no_boundary_has(void **state)
{
    (void)state;
    struct draft draft = sample();
    draft.service.boundary = 0;
    check_refused(draft, "boundary's number");
    draft = sample();
    draft.service.generation = 0;
    check_refused(draft, "generation is above 0");
    draft = sample();
    draft.service.ledger_root.n = 31;
    check_refused(draft, "32 octets");
    draft = sample();
    draft.service.name.n = 0;
    check_refused(draft, "a name of 1 to 64");
}

static void refuses_services_and_issuers_out_of_order_or_bounds(void **state)
{
    (void)state;
    struct draft draft = sample();
    draft.entries_n = 0;
    draft.bindings_n = 0;
    check_refused(draft, "1 to 8 services");
    draft = sample();
    draft.entries[1].name = bytes_text("api");
    check_refused(draft, "by name");
    draft = sample();
    draft.entries[0].age_s = 0;
    check_refused(draft, "age limit");
    draft.entries[0].age_s = SERVICE_AGE_MAX_S + 1;
    check_refused(draft, "age limit");
    draft = sample();
    draft.issuers[1].issuer = 3;
    check_refused(draft, "by number");
    draft.issuers[0].issuer = 0;
    check_refused(draft, "issuer's number");
    draft = sample();
    draft.issuers[0].der.n = 0;
    check_refused(draft, "1 to 4096");
}

static void refuses_bindings_that_lack_what_their_kind_has(void **state)
{
    (void)state;
    struct draft draft = sample();
    draft.bindings[0].service = 2;
    check_refused(draft, "one of the services");
    draft = sample();
    draft.bindings[0].kind = SERVICE_KIND_COUNT;
    check_refused(draft, "product, an owner or a device");
    draft.bindings[0].kind = SERVICE_KIND_DEVICE;
    check_refused(draft, "names of its kind");
    draft.bindings[0].kind = SERVICE_KIND_OWNER;
    check_refused(draft, "names of its kind");
    draft = sample();
    draft.bindings[0].value = bytes_text("x");
    check_refused(draft, "names of its kind");
    draft = sample();
    draft.bindings[2].product.n = 0;
    check_refused(draft, "names of its kind");
    draft = sample();
    draft.bindings[0].actions = 0;
    check_refused(draft, "four bits");
    draft.bindings[0].actions = 16;
    check_refused(draft, "four bits");
    draft = sample();
    draft.bindings[0].pattern = bytes_text("data");
    check_refused(draft, "path from /");
    draft = sample();
    draft.bindings[0].expires_s = -1;
    check_refused(draft, "another type");
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct draft draft = sample();
    struct service_object back;
    const char *why = NULL;
    assert_true(service_read(written(&draft), &back, &why));
    assert_true(back.boundary == 3 && back.generation == 7 && back.at_s == 100);
    assert_text(back.name, "north");
    struct reader entries = service_walk(back.services), issuers = service_walk(back.issuers);
    struct reader bindings = service_walk(back.bindings);
    struct service_entry entry;
    struct service_issuer issuer;
    struct service_binding binding;
    assert_true(service_next_entry(&entries, &entry) && !entry.is_fail_open && entry.age_s == 30);
    assert_true(service_next_entry(&entries, &entry) && entry.is_fail_open);
    assert_text(entry.name, "mqtt");
    assert_false(service_next_entry(&entries, &entry));
    assert_true(service_next_issuer(&issuers, &issuer) && issuer.issuer == 3);
    assert_text(issuer.der, "DER");
    assert_true(service_next_issuer(&issuers, &issuer) && issuer.issuer == 9);
    assert_false(service_next_issuer(&issuers, &issuer));
    for (size_t i = 0; i < 3; i++) {
        const struct service_binding *wanted = &draft.bindings[i];
        assert_true(service_next_binding(&bindings, &binding));
        assert_true(binding.service == wanted->service && binding.kind == wanted->kind);
        assert_bytes(binding.product, wanted->product);
        assert_bytes(binding.value, wanted->value);
        assert_bytes(binding.pattern, wanted->pattern);
        assert_true(binding.actions == wanted->actions && binding.expires_s == wanted->expires_s);
    }
    assert_false(service_next_binding(&bindings, &binding));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_prefix_and_what_trails),
        cmocka_unit_test(refuses_what_no_boundary_has),
        cmocka_unit_test(refuses_services_and_issuers_out_of_order_or_bounds),
        cmocka_unit_test(refuses_bindings_that_lack_what_their_kind_has),
        cmocka_unit_test(what_was_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
