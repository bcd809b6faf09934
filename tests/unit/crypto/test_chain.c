#include <crypto/chain.h>
#include <crypto/hash.h>
#include <trust/words.h>

#include "forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* crypto may not see trust: the numbers are written twice and held together here. */
_Static_assert((int)CHAIN_AUTHORITY_NONE == (int)AUTHORITY_NONE, "");
_Static_assert((int)CHAIN_AUTHORITY_ROOT == (int)AUTHORITY_ROOT, "");
_Static_assert((int)CHAIN_AUTHORITY_IDEVID == (int)AUTHORITY_IDEVID, "");
_Static_assert((int)CHAIN_AUTHORITY_LDEVID == (int)AUTHORITY_LDEVID, "");
_Static_assert((int)CHAIN_AUTHORITY_OPERATIONS == (int)AUTHORITY_OPERATIONS, "");
_Static_assert((int)CHAIN_AUTHORITY_ANCHOR == (int)AUTHORITY_ANCHOR, "");
_Static_assert((int)CHAIN_AUTHORITY_COUNT == (int)AUTHORITY_COUNT, "");

#define CA "critical,CA:TRUE"
#define CA_USAGE "critical,keyCertSign,cRLSign"
#define LEAF_USAGE "critical,digitalSignature"
#define ANCHOR_ID 77

static const char *const kinds[] = {"P-256", "P-384", "RSA", "ED25519"};
#define ROLES 4 /* anchor, two intermediates, leaf */

static EVP_PKEY *keys[LENGTH_OF(kinds)][ROLES];

static int make_keys(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < LENGTH_OF(kinds); kind++)
        for (size_t role = 0; role < ROLES; role++)
            keys[kind][role] = forge_key(kinds[kind]);
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < LENGTH_OF(kinds); kind++)
        for (size_t role = 0; role < ROLES; role++)
            EVP_PKEY_free(keys[kind][role]);
    return 0;
}

static struct bytes der(const struct forged *forged)
{
    return bytes_of(forged->der, forged->n);
}

static struct chain_store *store_of(const struct forged *anchor, enum chain_authority kind)
{
    struct chain_store *store = NULL;
    struct chain_trust trust = {.id = ANCHOR_ID, .kind = kind, .certificate = der(anchor)};

    assert_int_equal(chain_store_new(&store, NULL), OK);
    assert_int_equal(chain_store_add(store, &trust, NULL), OK);
    return store;
}

static enum result verify(struct chain_store *store, struct forged *const *chain, size_t n,
                          struct chain_claim *ret, struct err *err)
{
    struct bytes ders[LIMIT_CHAIN_CERTIFICATES + 2];
    struct chain_terms terms = {.now_s = FORGE_NOW_S};

    for (size_t i = 0; i < n; i++)
        ders[i] = der(chain[i]);
    return chain_verify(store, ders, n, &terms, ret, err);
}

/* ---- a set of chains, each judged by us and by OpenSSL ------------------------------------------
 */

/* A chain of leaf, lower and upper intermediate below an anchor, with one thing wrong. */
struct fault {
    const char *name;
    bool is_good;
    bool openssl_differs; /* we are stricter, or OpenSSL is; the reason stands beside the row */
    struct forge leaf, lower, upper, anchor; /* what differs from the ordinary one */
};

static const struct fault faults[] = {
    {.name = "nothing", .is_good = true},
    {.name = "leaf expired", .leaf = {.from_s = -9 * FORGE_DAY_S, .to_s = -FORGE_DAY_S}},
    {.name = "leaf not yet valid", .leaf = {.from_s = FORGE_DAY_S, .to_s = 9 * FORGE_DAY_S}},
    {.name = "lower expired", .lower = {.from_s = -9 * FORGE_DAY_S, .to_s = -FORGE_DAY_S}},
    {.name = "upper not yet valid", .upper = {.from_s = FORGE_DAY_S, .to_s = 9 * FORGE_DAY_S}},
    {.name = "anchor expired", .anchor = {.from_s = -9 * FORGE_DAY_S, .to_s = -FORGE_DAY_S}},
    {.name = "leaf is for servers", .leaf = {.eku = "serverAuth"}},
    {.name = "leaf is for clients", .is_good = true, .leaf = {.eku = "clientAuth,serverAuth"}},
    /* RFC 5280 4.2.1.12 lets anyExtendedKeyUsage stand for all; OpenSSL asks for the very bit */
    {.name = "leaf is for anything",
     .is_good = true,
     .openssl_differs = true,
     .leaf = {.eku = "anyExtendedKeyUsage"}},
    {.name = "lower is for servers", .lower = {.eku = "serverAuth"}},
    {.name = "leaf cannot sign", .leaf = {.key_usage = "critical,keyEncipherment"}},
    {.name = "leaf has no usage", .is_good = true, .leaf = {.key_usage = ""}},
    {.name = "lower cannot certify", .lower = {.key_usage = "critical,cRLSign"}},
    {.name = "lower is no CA", .lower = {.basic_constraints = "critical,CA:FALSE"}},
    {.name = "lower says nothing of CA", .lower = {.basic_constraints = "", .key_usage = ""}},
    {.name = "upper allows nobody below", .upper = {.basic_constraints = CA ",pathlen:0"}},
    {.name = "upper allows one below",
     .is_good = true,
     .upper = {.basic_constraints = CA ",pathlen:1"}},
    {.name = "anchor allows one below", .anchor = {.basic_constraints = CA ",pathlen:1"}},
    {.name = "anchor allows two below",
     .is_good = true,
     .anchor = {.basic_constraints = CA ",pathlen:2"}},
    {.name = "lower allows leaves only",
     .is_good = true,
     .lower = {.basic_constraints = CA ",pathlen:0"}},
    {.name = "unknown critical in leaf", .leaf = {.more = "!1.3.6.1.4.1.99999.7"}},
    {.name = "unknown in leaf", .is_good = true, .leaf = {.more = "1.3.6.1.4.1.99999.7"}},
    {.name = "unknown critical in lower", .lower = {.more = "!1.3.6.1.4.1.99999.7"}},
    {.name = "leaf's signature changed", .leaf = {.bad_signature = true}},
    {.name = "lower's signature changed", .lower = {.bad_signature = true}},
    {.name = "upper's signature changed", .upper = {.bad_signature = true}},
    {.name = "no key identifiers",
     .is_good = true,
     .leaf = {.no_key_ids = true},
     .lower = {.no_key_ids = true},
     .upper = {.no_key_ids = true}},
    /* OpenSSL applies name constraints, we refuse them: nobody who makes devices needs them */
    {.name = "name constraints",
     .openssl_differs = true,
     .lower = {.name_constraints = "critical,permitted;DNS:example.org"}},
    {.name = "leaf is a CA",
     .openssl_differs = true, /* which lets a CA be a client */
     .leaf = {.basic_constraints = CA, .key_usage = "critical,digitalSignature,keyCertSign"}},
};

static const char *either(const char *own, const char *ordinary)
{
    if (own == NULL)
        return ordinary;
    return *own != '\0' ? own : NULL;
}

static struct forged forge_ca(const struct forge *differs, const char *name, EVP_PKEY *key,
                              const struct forged *issuer)
{
    struct forge what = *differs;
    what.name = name;
    what.key = key;
    what.issuer = issuer;
    what.basic_constraints = either(differs->basic_constraints, CA);
    what.key_usage = either(differs->key_usage, CA_USAGE);
    return forge(&what);
}

static struct forged forge_leaf(const struct forge *differs, EVP_PKEY *key,
                                const struct forged *issuer)
{
    struct forge what = *differs;
    what.name = "leaf";
    what.serial_number = "SN-1";
    what.key = key;
    what.issuer = issuer;
    what.key_usage = either(differs->key_usage, LEAF_USAGE);
    return forge(&what);
}

static void judge_fault(const struct fault *fault, EVP_PKEY *const role_keys[ROLES])
{
    struct forged anchor = forge_ca(&fault->anchor, "anchor", role_keys[0], NULL);
    struct forged upper = forge_ca(&fault->upper, "upper", role_keys[1], &anchor);
    struct forged lower = forge_ca(&fault->lower, "lower", role_keys[2], &upper);
    struct forged leaf = forge_leaf(&fault->leaf, role_keys[3], &lower);
    struct forged *chain[] = {&leaf, &lower, &upper}, *anchors[] = {&anchor};
    struct chain_store *store = store_of(&anchor, CHAIN_AUTHORITY_ANCHOR);

    bool theirs = forge_openssl_accepts(chain, 3, anchors, 1, FORGE_NOW_S);
    assert_int_equal(theirs, fault->openssl_differs ? !fault->is_good : fault->is_good);
    for (int round = 0; round < 2; round++) { /* the second time from what is remembered */
        struct chain_claim claim = {0};
        struct err err = {0};
        enum result result = verify(store, chain, 3, &claim, &err);
        if ((result == OK) != fault->is_good)
            print_message("# %s, round %d: %s\n", fault->name, round, err.text);
        assert_int_equal(result == OK, fault->is_good);
        assert_int_equal(claim.kind, fault->is_good ? CHAIN_FOREIGN : CHAIN_NOBODY);
        assert_int_equal(claim.anchor, fault->is_good ? ANCHOR_ID : 0);
    }
    chain_store_free(store);
    forged_free(&leaf);
    forged_free(&lower);
    forged_free(&upper);
    forged_free(&anchor);
}

static void judges_chains_as_openssl_does(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < LENGTH_OF(kinds); kind++)
        for (size_t i = 0; i < LENGTH_OF(faults); i++)
            judge_fault(&faults[i], keys[kind]);
}

static void takes_chains_of_mixed_keys(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < LENGTH_OF(kinds); shift++) {
        EVP_PKEY *mixed[ROLES];
        for (size_t role = 0; role < ROLES; role++)
            mixed[role] = keys[(role + shift) % LENGTH_OF(kinds)][role];
        judge_fault(&faults[0], mixed);
    }
}

/* ---- who may be at the end ------------------------------------------------------------------- */

/* A leaf straight below an authority of that kind. */
static struct chain_claim claim_below(enum chain_authority kind, enum result *ret, struct err *err)
{
    struct forge ordinary = {0};
    struct forged ca = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
    struct forged leaf = forge_leaf(&ordinary, keys[0][3], &ca);
    struct forged *chain[] = {&leaf};
    struct chain_store *store = store_of(&ca, kind);
    struct chain_claim claim = {0};

    *ret = verify(store, chain, 1, &claim, err);
    chain_store_free(store);
    forged_free(&leaf);
    forged_free(&ca);
    return claim;
}

static void names_the_authority_that_it_found(void **state)
{
    (void)state;
    static const struct {
        enum chain_authority kind;
        enum chain_kind claim;
    } rows[] = {{CHAIN_AUTHORITY_IDEVID, CHAIN_IDEVID},
                {CHAIN_AUTHORITY_LDEVID, CHAIN_LDEVID},
                {CHAIN_AUTHORITY_OPERATIONS, CHAIN_OPERATIONS},
                {CHAIN_AUTHORITY_ANCHOR, CHAIN_FOREIGN}};

    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        enum result result;
        struct chain_claim claim = claim_below(rows[i].kind, &result, NULL);
        bool is_ours = rows[i].kind != CHAIN_AUTHORITY_ANCHOR;
        assert_int_equal(result, OK);
        assert_int_equal(claim.kind, rows[i].claim);
        assert_int_equal(claim.issuer, is_ours ? ANCHOR_ID : 0);
        assert_int_equal(claim.anchor, is_ours ? 0 : ANCHOR_ID);
        assert_string_equal(claim.serial_number, "SN-1");
        assert_false(claim.expired);
        assert_int_equal(claim.not_after_s, FORGE_NOW_S + 30 * FORGE_DAY_S);
    }
}

static void refuses_a_leaf_straight_from_the_root(void **state)
{
    (void)state;
    enum result result;
    struct chain_claim claim = claim_below(CHAIN_AUTHORITY_ROOT, &result, NULL);
    assert_int_equal(result, R_UNAUTHORISED);
    assert_int_equal(claim.kind, CHAIN_NOBODY);
}

static void refuses_a_ca_below_an_issuer_of_ours(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged issuer = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
    struct forged lower = forge_ca(&ordinary, "lower", keys[0][1], &issuer);
    struct forged leaf = forge_leaf(&ordinary, keys[0][3], &lower);
    struct forged *chain[] = {&leaf, &lower};
    struct chain_store *store = store_of(&issuer, CHAIN_AUTHORITY_LDEVID);
    struct chain_claim claim = {0};

    for (int round = 0; round < 2; round++)
        assert_int_equal(verify(store, chain, 2, &claim, NULL), R_UNAUTHORISED);
    assert_int_equal(claim.kind, CHAIN_NOBODY);
    chain_store_free(store);
    forged_free(&leaf);
    forged_free(&lower);
    forged_free(&issuer);
}

static void refuses_a_chain_to_nowhere(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged ours = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
    struct forged theirs = forge_ca(&ordinary, "issuer", keys[0][1], NULL);
    struct forged leaf = forge_leaf(&ordinary, keys[0][3], &theirs);
    struct forged *chain[] = {&leaf, &theirs};
    struct chain_store *store = store_of(&ours, CHAIN_AUTHORITY_ANCHOR);
    struct chain_claim claim = {0};

    assert_int_equal(verify(store, chain, 2, &claim, NULL), R_UNAUTHORISED);
    assert_int_equal(verify(store, chain, 1, &claim, NULL), R_UNAUTHORISED);
    assert_int_equal(verify(store, chain, 0, &claim, NULL), R_UNAUTHORISED);
    chain_store_free(store);
    forged_free(&leaf);
    forged_free(&theirs);
    forged_free(&ours);
}

static void takes_any_order_and_an_appended_root(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged anchor = forge_ca(&ordinary, "anchor", keys[0][0], NULL);
    struct forged upper = forge_ca(&ordinary, "upper", keys[0][1], &anchor);
    struct forged lower = forge_ca(&ordinary, "lower", keys[0][2], &upper);
    struct forged leaf = forge_leaf(&ordinary, keys[0][3], &lower);
    struct forged *chain[] = {&leaf, &anchor, &upper, &lower};
    struct chain_store *store = store_of(&anchor, CHAIN_AUTHORITY_ANCHOR);
    struct chain_claim claim = {0};

    assert_int_equal(verify(store, chain, 4, &claim, NULL), OK);
    assert_int_equal(claim.kind, CHAIN_FOREIGN);
    chain_store_free(store);
    forged_free(&leaf);
    forged_free(&lower);
    forged_free(&upper);
    forged_free(&anchor);
}

static void refuses_more_certificates_than_the_limit(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged ca = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
    struct forged leaf = forge_leaf(&ordinary, keys[0][3], &ca);
    struct forged *chain[LIMIT_CHAIN_CERTIFICATES + 1];
    struct chain_store *store = store_of(&ca, CHAIN_AUTHORITY_ANCHOR);
    struct chain_claim claim = {0};

    for (size_t i = 0; i < LENGTH_OF(chain); i++)
        chain[i] = &leaf;
    assert_int_equal(verify(store, chain, LIMIT_CHAIN_CERTIFICATES, &claim, NULL), OK);
    assert_int_equal(verify(store, chain, LIMIT_CHAIN_CERTIFICATES + 1, &claim, NULL), R_INVALID);
    chain_store_free(store);
    forged_free(&leaf);
    forged_free(&ca);
}

/* ---- bare keys, grace, the store ------------------------------------------------------------- */

static void takes_a_self_signed_certificate_for_its_key_alone(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged ca = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
    struct chain_store *store = store_of(&ca, CHAIN_AUTHORITY_ANCHOR);

    for (size_t kind = 0; kind < LENGTH_OF(kinds); kind++) {
        struct forged bare = forge(&(struct forge){.name = "bare",
                                                   .key = keys[kind][3],
                                                   .basic_constraints = CA,
                                                   .from_s = -9 * FORGE_DAY_S,
                                                   .to_s = -FORGE_DAY_S});
        struct forged *chain[] = {&bare};
        struct chain_claim claim = {0};
        uint8_t spki[1024], hash[SHA256_N], *at = spki;
        assert_int_equal(verify(store, chain, 1, &claim, NULL), OK);
        assert_int_equal(claim.kind, CHAIN_BARE_KEY);
        assert_int_equal(claim.issuer, 0);
        assert_int_equal(claim.anchor, 0);
        sha256(bytes_of(spki, (size_t)i2d_PUBKEY(keys[kind][3], &at)), hash);
        assert_memory_equal(claim.spki_hash, hash, sizeof(hash));
        forged_free(&bare);
    }
    chain_store_free(store);
    forged_free(&ca);
}

static void refuses_a_bare_key_whose_signature_is_bad(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged ca = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
    struct forged bare =
        forge(&(struct forge){.name = "bare", .key = keys[0][3], .bad_signature = true});
    struct forged *chain[] = {&bare};
    struct chain_store *store = store_of(&ca, CHAIN_AUTHORITY_ANCHOR);
    struct chain_claim claim = {0};

    assert_int_equal(verify(store, chain, 1, &claim, NULL), R_CRYPTO);
    assert_int_equal(claim.kind, CHAIN_NOBODY);
    chain_store_free(store);
    forged_free(&bare);
    forged_free(&ca);
}

/* Without the key of the anchor nobody becomes more than a bare key by taking its name. */
static void does_not_take_an_impostor_of_the_anchor(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged ca = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
    struct forged impostor = forge_ca(&ordinary, "issuer", keys[0][1], NULL);
    struct forged *chain[] = {&impostor, &ca};
    struct chain_store *store = store_of(&ca, CHAIN_AUTHORITY_LDEVID);
    struct chain_claim claim = {0};

    assert_int_equal(verify(store, chain, 2, &claim, NULL), OK);
    assert_int_equal(claim.kind, CHAIN_BARE_KEY);
    chain_store_free(store);
    forged_free(&impostor);
    forged_free(&ca);
}

static void flags_an_expired_ldevid_only_within_the_grace_asked_for(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forge late = {.from_s = -9 * FORGE_DAY_S, .to_s = -100};
    static const struct {
        enum chain_authority kind;
        int64_t grace_s;
        enum result result;
    } rows[] = {{CHAIN_AUTHORITY_LDEVID, 0, R_UNAUTHORISED},
                {CHAIN_AUTHORITY_LDEVID, 99, R_UNAUTHORISED},
                {CHAIN_AUTHORITY_LDEVID, 100, OK},
                {CHAIN_AUTHORITY_IDEVID, 100, R_UNAUTHORISED},
                {CHAIN_AUTHORITY_OPERATIONS, 100, R_UNAUTHORISED},
                {CHAIN_AUTHORITY_ANCHOR, 100, R_UNAUTHORISED}};

    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct forged ca = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
        struct forged leaf = forge_leaf(&late, keys[0][3], &ca);
        struct chain_store *store = store_of(&ca, rows[i].kind);
        struct chain_terms terms = {.now_s = FORGE_NOW_S, .grace_s = rows[i].grace_s};
        struct chain_claim claim = {0};
        struct bytes ders[] = {der(&leaf)};
        assert_int_equal(chain_verify(store, ders, 1, &terms, &claim, NULL), rows[i].result);
        assert_int_equal(claim.expired, rows[i].result == OK);
        chain_store_free(store);
        forged_free(&leaf);
        forged_free(&ca);
    }
}

static void is_valid_in_the_last_second_and_not_after_it(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged ca = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
    struct forge short_lived = {.from_s = -10, .to_s = 10};
    struct forged leaf = forge_leaf(&short_lived, keys[0][3], &ca);
    struct chain_store *store = store_of(&ca, CHAIN_AUTHORITY_LDEVID);
    struct chain_claim claim = {0};
    struct bytes ders[] = {der(&leaf)};
    static const struct {
        int64_t at_s;
        enum result result;
    } rows[] = {{-11, R_UNAUTHORISED}, {-10, OK}, {10, OK}, {11, R_UNAUTHORISED}};

    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct chain_terms terms = {.now_s = FORGE_NOW_S + rows[i].at_s};
        assert_int_equal(chain_verify(store, ders, 1, &terms, &claim, NULL), rows[i].result);
    }
    chain_store_free(store);
    forged_free(&leaf);
    forged_free(&ca);
}

static void remembers_more_intermediates_than_it_has_room_for(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged anchor = forge_ca(&ordinary, "anchor", keys[0][0], NULL);
    struct chain_store *store = store_of(&anchor, CHAIN_AUTHORITY_ANCHOR);
    struct chain_claim claim = {0};

    for (int i = 0; i < 200; i++) {
        struct forged lower = forge_ca(&ordinary, "lower", keys[0][i % 2 + 1], &anchor);
        struct forged leaf = forge_leaf(&ordinary, keys[0][3], &lower);
        struct forged *chain[] = {&leaf, &lower};
        assert_int_equal(verify(store, chain, 2, &claim, NULL), OK);
        forged_free(&leaf);
        forged_free(&lower);
    }
    chain_store_free(store);
    forged_free(&anchor);
}

/* What is remembered of an intermediate says nothing about another leaf's signature. */
static void verifies_every_leaf_below_a_remembered_intermediate(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged anchor = forge_ca(&ordinary, "anchor", keys[0][0], NULL);
    struct forged lower = forge_ca(&ordinary, "lower", keys[0][1], &anchor);
    struct forged good = forge_leaf(&ordinary, keys[0][3], &lower);
    struct forge changed = {.bad_signature = true};
    struct forged bad = forge_leaf(&changed, keys[0][3], &lower);
    struct forged *first[] = {&good, &lower}, *second[] = {&bad, &lower};
    struct chain_store *store = store_of(&anchor, CHAIN_AUTHORITY_ANCHOR);
    struct chain_claim claim = {0}, none = {0};

    assert_int_equal(verify(store, first, 2, &claim, NULL), OK);
    assert_int_equal(verify(store, second, 2, &none, NULL), R_UNAUTHORISED);
    assert_int_equal(none.kind, CHAIN_NOBODY);
    chain_store_free(store);
    forged_free(&good);
    forged_free(&bad);
    forged_free(&lower);
    forged_free(&anchor);
}

static void store_refuses_what_is_no_authority(void **state)
{
    (void)state;
    struct forge ordinary = {0};
    struct forged ca = forge_ca(&ordinary, "issuer", keys[0][0], NULL);
    struct forged leaf = forge_leaf(&ordinary, keys[0][3], &ca);
    struct chain_store *store = store_of(&ca, CHAIN_AUTHORITY_ANCHOR);
    struct chain_trust trust = {.id = 2, .kind = CHAIN_AUTHORITY_ANCHOR, .certificate = der(&leaf)};

    assert_int_equal(chain_store_add(store, &trust, NULL), R_INVALID);
    trust.certificate = bytes_of("\x30\x00", 2);
    assert_int_equal(chain_store_add(store, &trust, NULL), R_INVALID);
    trust.certificate = der(&ca);
    trust.kind = CHAIN_AUTHORITY_NONE;
    assert_int_equal(chain_store_add(store, &trust, NULL), R_BUG);
    trust.kind = CHAIN_AUTHORITY_ANCHOR;
    for (int i = 1; i < LIMIT_AUTHORITIES; i++)
        assert_int_equal(chain_store_add(store, &trust, NULL), OK);
    assert_int_equal(chain_store_add(store, &trust, NULL), R_LIMIT);
    chain_store_free(store);
    forged_free(&leaf);
    forged_free(&ca);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_refuses_what_is_no_authority),
        cmocka_unit_test(refuses_a_chain_to_nowhere),
        cmocka_unit_test(refuses_a_leaf_straight_from_the_root),
        cmocka_unit_test(refuses_a_ca_below_an_issuer_of_ours),
        cmocka_unit_test(refuses_more_certificates_than_the_limit),
        cmocka_unit_test(refuses_a_bare_key_whose_signature_is_bad),
        cmocka_unit_test(does_not_take_an_impostor_of_the_anchor),
        cmocka_unit_test(verifies_every_leaf_below_a_remembered_intermediate),
        cmocka_unit_test(judges_chains_as_openssl_does),
        cmocka_unit_test(takes_chains_of_mixed_keys),
        cmocka_unit_test(takes_any_order_and_an_appended_root),
        cmocka_unit_test(takes_a_self_signed_certificate_for_its_key_alone),
        cmocka_unit_test(flags_an_expired_ldevid_only_within_the_grace_asked_for),
        cmocka_unit_test(is_valid_in_the_last_second_and_not_after_it),
        cmocka_unit_test(names_the_authority_that_it_found),
        cmocka_unit_test(remembers_more_intermediates_than_it_has_room_for),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
