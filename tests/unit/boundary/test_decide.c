// Decisions: against a plain twin over random fleets and bindings, and while the feed changes them.
#include "yard.h"

#include <base/text.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ROUNDS 500
#define ASKED 40 /* in each round */
#define DEVICES 64
#define BINDINGS_MAX 24

static struct yard yard;

static int open_yard(void **state)
{
    (void)state;
    yard_open(&yard);
    return 0;
}

static int close_yard(void **state)
{
    (void)state;
    yard_close(&yard);
    return 0;
}

static void apply(void)
{
    struct err err = {0};
    if (yard_apply(&yard, &err) != OK)
        fail_msg("%s", err.text);
}

/* ---- each answer ------------------------------------------------------------------------------
 */

static void each_reason_has_its_case(void **state)
{
    (void)state;
    struct boundary_identity identity = yard_identity(0), nobody = {0};
    struct bytes none = bytes_of(NULL, 0), api = bytes_text("api");
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_NO_FEED);
    yard_stand(&yard);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_ADMITTED);
    assert_int_equal(yard_ask(&yard, 1), BOUNDARY_INVALID);
    assert_int_equal(yard_ask(&yard, 2), BOUNDARY_SUSPENDED);
    assert_int_equal(yard_ask(&yard, 3), BOUNDARY_SUPERSEDED);
    assert_int_equal(yard_ask(&yard, 5), BOUNDARY_UNKNOWN);
    assert_int_equal(yard_ask(&yard, STATUS_SHARD_SIZE), BOUNDARY_UNKNOWN);
    struct boundary *b = yard.boundary;
    assert_int_equal(boundary_decide(b, &nobody, api, BOUNDARY_CONNECT, none),
                     BOUNDARY_NO_CERTIFICATE);
    assert_int_equal(boundary_decide(b, &identity, bytes_text("ap"), BOUNDARY_CONNECT, none),
                     BOUNDARY_SERVICE);
    assert_int_equal(boundary_decide(b, &identity, api, BOUNDARY_ACTION_NONE, none),
                     BOUNDARY_BINDING);
    assert_int_equal(boundary_decide(b, &identity, api, BOUNDARY_PUBLISH, bytes_text("d/SN-1/x")),
                     BOUNDARY_ADMITTED);
    assert_int_equal(boundary_decide(b, &identity, api, BOUNDARY_PUBLISH, bytes_text("d/SN-2/x")),
                     BOUNDARY_BINDING);
    assert_int_equal(boundary_decide(b, &identity, api, BOUNDARY_SUBSCRIBE, bytes_text("d/SN-1/#")),
                     BOUNDARY_BINDING);
    assert_int_equal(
        boundary_decide(b, &identity, api, BOUNDARY_REQUEST, bytes_text("/d/SN-1/a?b")),
        BOUNDARY_ADMITTED);
    assert_int_equal(boundary_decide(b, &identity, api, BOUNDARY_REQUEST, bytes_text("/d/SN-11")),
                     BOUNDARY_BINDING);
    identity.not_after_s = yard_now_s - 1;
    assert_int_equal(boundary_decide(b, &identity, api, BOUNDARY_CONNECT, none), BOUNDARY_EXPIRED);
    identity = yard_identity(0);
    identity.issuer = 4;
    assert_int_equal(boundary_decide(b, &identity, api, BOUNDARY_CONNECT, none), BOUNDARY_ISSUER);
    identity = yard_identity(0);
    identity.serial[11]++;
    assert_int_equal(boundary_decide(b, &identity, api, BOUNDARY_CONNECT, none), BOUNDARY_UNKNOWN);
}

/* ---- a twin -----------------------------------------------------------------------------------
 */

struct fleet {
    enum status statuses[DEVICES];
    uint32_t high;
    struct service_binding bindings[BINDINGS_MAX];
    size_t bindings_n;
};

static struct bytes pick(const char *const *from, size_t n)
{
    return text_bytes(from[(size_t)lrand48() % n]);
}

static const char *const devices[] = {"SN-1", "SN-2", "a#", "+"};
static const char *const products[] = {"pump", "valve"};
static const char *const owners[] = {"works", "mill", ""};
static const char *const topics[] = {"d/SN-1/up", "d/SN-2/up",  "d/pump/x", "d/+/up",
                                     "d/a#/up",   "works/SN-1", "$SYS/x",   "d"};
static const char *const filters[] = {"d/%device%/#", "d/+/up", "#", "%owner%/%device%",
                                      "d/%product%/x"};
static const char *const paths[] = {"/d/SN-1",      "/d/SN-1/x", "/d/SN-2?x",
                                    "/d/../d/SN-1", "/",         "/pump/SN-1"};
static const char *const prefixes[] = {"/d/%device%", "/", "/%product%/", "/d/SN-2"};

static void make_binding(struct service_binding *ret)
{
    *ret = (struct service_binding){.service = (uint8_t)(lrand48() % 2),
                                    .kind = (enum service_kind)(1 + lrand48() % 3)};
    ret->product = pick(products, 2);
    if (ret->kind == SERVICE_KIND_OWNER) {
        ret->value = pick(owners, 2);
        ret->product = lrand48() % 2 ? ret->product : bytes_of(NULL, 0);
    }
    if (ret->kind == SERVICE_KIND_DEVICE)
        ret->value = pick(devices, 4);
    bool is_request = lrand48() % 3 == 0, is_bare = lrand48() % 5 == 0;
    unsigned actions = is_bare      ? PATTERN_CONNECT
                       : is_request ? PATTERN_REQUEST | (unsigned)(lrand48() % 2)
                                    : (unsigned)(2 + lrand48() % 6);
    ret->actions = (uint8_t)actions;
    if (ret->actions != PATTERN_CONNECT)
        ret->pattern = is_request ? pick(prefixes, 4) : pick(filters, 5);
    ret->expires_s = lrand48() % 4 == 0 ? yard_now_s + lrand48() % 3 - 1 : 0;
}

static void make_fleet(struct fleet *ret, uint64_t generation)
{
    *ret = (struct fleet){.high = (uint32_t)(1 + lrand48() % DEVICES),
                          .bindings_n = (size_t)(lrand48() % BINDINGS_MAX)};
    for (size_t i = 0; i < ret->high; i++)
        ret->statuses[i] = lrand48() % 2 ? STATUS_VALID : (enum status)(lrand48() % 4);
    for (size_t i = 0; i < ret->bindings_n; i++)
        make_binding(&ret->bindings[i]);
    yard_put_service(&yard, &(struct yard_service){.generation = generation,
                                                   .bindings = ret->bindings,
                                                   .bindings_n = ret->bindings_n});
    yard_make_list(&yard, 0, generation, ret->statuses, ret->high);
    yard_put_catalogue(&yard, generation);
    yard_put_heartbeat(&yard, generation);
    apply();
}

struct question {
    struct boundary_identity identity;
    uint32_t number;
    uint8_t service; /* 2: none */
    enum boundary_action action;
    struct bytes resource;
};

static bool twin_is_for(const struct service_binding *binding, const struct question *question)
{
    struct bytes product = text_bytes(question->identity.product);
    struct bytes owner = text_bytes(question->identity.owner);
    bool has_product = bytes_equal(binding->product, product);
    if (binding->kind == SERVICE_KIND_PRODUCT)
        return has_product;
    if (binding->kind == SERVICE_KIND_DEVICE)
        return has_product && bytes_equal(binding->value, text_bytes(question->identity.device));
    return owner.n > 0 && bytes_equal(binding->value, owner) &&
           (binding->product.n == 0 || has_product);
}

static bool twin_allows(const struct service_binding *binding, const struct question *question)
{
    const struct pattern_names names = {text_bytes(question->identity.device),
                                        text_bytes(question->identity.product),
                                        text_bytes(question->identity.owner)};
    if (binding->service != question->service || !twin_is_for(binding, question) ||
        (binding->actions & (unsigned)question->action) == 0 ||
        (binding->expires_s != 0 && binding->expires_s <= yard_now_s))
        return false;
    if (question->action == BOUNDARY_CONNECT)
        return true;
    return question->action == BOUNDARY_REQUEST
               ? pattern_has_path(binding->pattern, &names, question->resource)
               : pattern_has_topic(binding->pattern, &names, question->resource,
                                   question->action == BOUNDARY_SUBSCRIBE);
}

static enum boundary_reason twin_decide(const struct fleet *fleet, const struct question *question)
{
    static const enum boundary_reason reasons[] = {BOUNDARY_ADMITTED, BOUNDARY_INVALID,
                                                   BOUNDARY_SUSPENDED, BOUNDARY_SUPERSEDED};
    if (question->service == 2)
        return BOUNDARY_SERVICE;
    if (question->number >= fleet->high)
        return BOUNDARY_UNKNOWN;
    enum boundary_reason reason = reasons[fleet->statuses[question->number]];
    if (reason != BOUNDARY_ADMITTED)
        return reason;
    for (size_t i = 0; i < fleet->bindings_n; i++)
        if (twin_allows(&fleet->bindings[i], question))
            return BOUNDARY_ADMITTED;
    return BOUNDARY_BINDING;
}

static struct question make_question(void)
{
    struct question question = {.number = (uint32_t)(lrand48() % DEVICES),
                                .service = (uint8_t)(lrand48() % 8 == 0 ? 2 : lrand48() % 2),
                                .action = (enum boundary_action)(1 << lrand48() % 4)};
    question.identity = yard_identity(question.number);
    (void)text_copy(pick(devices, 4), question.identity.device, sizeof question.identity.device);
    (void)text_copy(pick(products, 2), question.identity.product, sizeof question.identity.product);
    (void)text_copy(pick(owners, 3), question.identity.owner, sizeof question.identity.owner);
    if (question.action == BOUNDARY_REQUEST)
        question.resource = pick(paths, 6);
    else if (question.action != BOUNDARY_CONNECT)
        question.resource = pick(topics, 8);
    return question;
}

static void random_fleets_are_decided_as_a_plain_twin_does(void **state)
{
    (void)state;
    static const struct bytes services[] = {BYTES_TEXT_INIT("api"), BYTES_TEXT_INIT("lax"),
                                            BYTES_TEXT_INIT("none")};
    long seed = time(NULL);
    size_t admitted = 0, bound = 0;
    print_message("# seed %ld\n", seed);
    srand48(seed);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        struct fleet fleet;
        make_fleet(&fleet, round);
        for (size_t i = 0; i < ASKED; i++) {
            struct question question = make_question();
            enum boundary_reason wanted = twin_decide(&fleet, &question);
            enum boundary_reason seen =
                boundary_decide(yard.boundary, &question.identity, services[question.service],
                                question.action, question.resource);
            if (seen != wanted)
                fail_msg("round %u, question %zu: %d, wanted %d", (unsigned)round, i, seen, wanted);
            admitted += seen == BOUNDARY_ADMITTED ? 1 : 0;
            bound += seen == BOUNDARY_BINDING ? 1 : 0;
        }
    }
    assert_true(admitted > ROUNDS && bound > ROUNDS); /* both were asked often */
}

/* ---- threads ----------------------------------------------------------------------------------
 */

static _Atomic bool is_over;

/* Certificates 0 and 1 change together: whoever sees one invalid in a generation sees the other. */
static void *ask_without_end(void *context)
{
    size_t *asked = context;
    while (!is_over) {
        enum boundary_reason reason = yard_ask(&yard, 0);
        if (reason != BOUNDARY_ADMITTED && reason != BOUNDARY_INVALID)
            abort();
        if (yard_ask(&yard, 4) != BOUNDARY_ADMITTED)
            abort();
        ++*asked;
    }
    return NULL;
}

static void decisions_go_on_while_the_feed_changes(void **state)
{
    (void)state;
    pthread_t threads[3];
    size_t asked[3] = {0};
    yard_stand(&yard);
    is_over = false;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_without_end, &asked[i]), 0);
    static const enum status statuses[] = {STATUS_VALID, STATUS_VALID, STATUS_VALID, STATUS_VALID,
                                           STATUS_VALID};
    for (uint64_t at = 100; at < 600; at++) {
        const struct feed_change change = {0, at % 2 ? STATUS_VALID : STATUS_INVALID};
        yard_put_delta(&yard, &(struct yard_delta){.from = at,
                                                   .to = at + 1,
                                                   .high = (uint32_t)(5 + (at - 100) * 2000),
                                                   .changes = &change,
                                                   .changes_n = 1});
        apply();
        if (at % 50 == 0) {
            yard_make_list(&yard, 0, at + 1, statuses, 5);
            yard_put_catalogue(&yard, at + 1);
            yard_put_delta(&yard, &(struct yard_delta){.from = at + 1, .to = at + 1});
            apply();
        }
    }
    is_over = true;
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_true(asked[i] > 0);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_yard, close_yard)
    const struct CMUnitTest tests[] = {
        CASE(each_reason_has_its_case),
        CASE(random_fleets_are_decided_as_a_plain_twin_does),
        CASE(decisions_go_on_while_the_feed_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
