#include "fixture.h"

#include <openssl/evp.h>
#include <wire/merkle.h>

enum { TREE_MAX = 130 };

static void sha256(void *ctx, const struct bytes *parts, size_t n, uint8_t out[MERKLE_HASH_N])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    (void)ctx;
    assert_int_equal(EVP_DigestInit_ex(md, EVP_sha256(), NULL), 1);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(EVP_DigestUpdate(md, parts[i].p, parts[i].n), 1);
    assert_int_equal(EVP_DigestFinal_ex(md, out, NULL), 1);
    EVP_MD_CTX_free(md);
}

static const struct merkle_hash hash = {sha256, NULL};

// Leaf n holds its own number as one octet.
static uint8_t leaves[TREE_MAX][MERKLE_HASH_N];

static int make_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < TREE_MAX; i++) {
        uint8_t number = (uint8_t)i;
        merkle_leaf(&hash, bytes_of(&number, 1), leaves[i]);
    }
    return 0;
}

// Hashes the subtree anew each time: slow, and independent of what it is compared with.
static bool get_node(void *ctx, unsigned level, uint64_t index, uint8_t *out)
{
    struct merkle_frontier f = {0};
    (void)ctx;
    if ((index + 1) << level > TREE_MAX)
        return false;
    for (uint64_t i = index << level; i < (index + 1) << level; i++)
        merkle_append(&f, &hash, leaves[i]);
    merkle_root(&f, &hash, out);
    return true;
}

static const struct merkle_nodes nodes = {get_node, NULL};

static void root_of(uint64_t size, uint8_t *out)
{
    struct merkle_frontier f = {0};
    for (uint64_t i = 0; i < size; i++)
        merkle_append(&f, &hash, leaves[i]);
    merkle_root(&f, &hash, out);
}

static void questions_without_sense_are_refused(void **state)
{
    (void)state;
    struct merkle_proof proof = {0};
    uint8_t root[MERKLE_HASH_N];
    root_of(4, root);
    assert_false(merkle_prove_inclusion(&hash, &nodes, 4, 4, &proof));
    assert_false(merkle_prove_inclusion(&hash, &nodes, 0, 0, &proof));
    assert_false(merkle_prove_inclusion(&hash, &nodes, 0, UINT64_MAX, &proof));
    assert_false(merkle_prove_consistency(&hash, &nodes, 0, 4, &proof));
    assert_false(merkle_prove_consistency(&hash, &nodes, 5, 4, &proof));
    assert_false(
        merkle_prove_inclusion(&hash, &nodes, 0, TREE_MAX + 1, &proof)); // a node is missing
    proof.n = 0;
    struct merkle_consistency from_nothing = {0, 4, root, root}, backwards = {5, 4, root, root};
    assert_false(merkle_verify_consistency(&hash, &from_nothing, &proof));
    assert_false(merkle_verify_consistency(&hash, &backwards, &proof));
    struct merkle_inclusion outside = {4, 4, leaves[0], root};
    assert_false(merkle_verify_inclusion(&hash, &outside, &proof));
    proof.n = MERKLE_PROOF_MAX + 1;
    struct merkle_inclusion inside = {0, 4, leaves[0], root};
    assert_false(merkle_verify_inclusion(&hash, &inside, &proof));
}

static void a_damaged_inclusion_proof_is_refused(void **state)
{
    (void)state;
    uint8_t root[MERKLE_HASH_N];
    struct merkle_proof proof;
    root_of(11, root);
    assert_true(merkle_prove_inclusion(&hash, &nodes, 6, 11, &proof));
    struct merkle_inclusion claim = {6, 11, leaves[6], root}, wrong = claim;
    for (size_t i = 0; i < proof.n; i++) {
        proof.hash[i][i] ^= 1;
        assert_false(merkle_verify_inclusion(&hash, &claim, &proof));
        proof.hash[i][i] ^= 1;
    }
    wrong.leaf_hash = leaves[7];
    assert_false(merkle_verify_inclusion(&hash, &wrong, &proof));
    for (wrong = claim; wrong.index < 11; wrong.index++)
        assert_int_equal(merkle_verify_inclusion(&hash, &wrong, &proof), wrong.index == 6);
    proof.n--;
    assert_false(merkle_verify_inclusion(&hash, &claim, &proof));
    proof.n += 2;
    assert_false(merkle_verify_inclusion(&hash, &claim, &proof));
}

static void a_fork_is_no_extension(void **state)
{
    (void)state;
    uint8_t old_root[MERKLE_HASH_N], new_root[MERKLE_HASH_N], forked[MERKLE_HASH_N];
    struct merkle_proof proof;
    struct merkle_frontier fork = {0};
    for (uint64_t i = 0; i < 7; i++)
        merkle_append(&fork, &hash, leaves[i == 3 ? 100 : i]);
    merkle_root(&fork, &hash, forked);
    root_of(7, old_root);
    root_of(12, new_root);
    assert_true(merkle_prove_consistency(&hash, &nodes, 7, 12, &proof));
    struct merkle_consistency claim = {7, 12, forked, new_root};
    assert_false(merkle_verify_consistency(&hash, &claim, &proof));
    claim = (struct merkle_consistency){7, 12, old_root, new_root};
    assert_true(merkle_verify_consistency(&hash, &claim, &proof));
    for (size_t i = 0; i < proof.n; i++) {
        proof.hash[i][31] ^= 0x80;
        assert_false(merkle_verify_consistency(&hash, &claim, &proof));
        proof.hash[i][31] ^= 0x80;
    }
    proof.n--;
    assert_false(merkle_verify_consistency(&hash, &claim, &proof));
    proof.n = 0;
    assert_false(merkle_verify_consistency(&hash, &claim, &proof));
}

// The eight leaves that every implementation of RFC 6962 is tested with.
static void the_known_roots_hold(void **state)
{
    (void)state;
    static const char *const entries[] = {
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    };
    static const char *const roots[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct merkle_frontier f = {0};
    uint8_t root[MERKLE_HASH_N], leaf[MERKLE_HASH_N];
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        merkle_root(&f, &hash, root);
        assert_bytes(bytes_of(root, sizeof(root)), from_hex(roots[i]));
        if (i == sizeof(entries) / sizeof(entries[0]))
            break;
        merkle_leaf(&hash, from_hex(entries[i]), leaf);
        merkle_append(&f, &hash, leaf);
    }
}

static void every_leaf_of_every_tree_has_its_proof(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= 40; size++) {
        uint8_t root[MERKLE_HASH_N], stored[MERKLE_HASH_N];
        root_of(size, root);
        assert_true(merkle_root_at(&hash, &nodes, size, stored));
        assert_memory_equal(stored, root, sizeof(root));
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_proof proof;
            struct merkle_inclusion claim = {index, size, leaves[index], root};
            assert_true(merkle_prove_inclusion(&hash, &nodes, index, size, &proof));
            assert_true(merkle_verify_inclusion(&hash, &claim, &proof));
        }
    }
}

static void every_tree_extends_every_smaller_one(void **state)
{
    (void)state;
    for (uint64_t new_size = 1; new_size <= 33; new_size++) {
        for (uint64_t old_size = 1; old_size <= new_size; old_size++) {
            uint8_t old_root[MERKLE_HASH_N], new_root[MERKLE_HASH_N];
            struct merkle_proof proof;
            struct merkle_consistency claim = {old_size, new_size, old_root, new_root};
            root_of(old_size, old_root);
            root_of(new_size, new_root);
            assert_true(merkle_prove_consistency(&hash, &nodes, old_size, new_size, &proof));
            assert_true(merkle_verify_consistency(&hash, &claim, &proof));
        }
    }
}

static void a_frontier_is_resumed_from_its_nodes(void **state)
{
    (void)state;
    struct merkle_frontier f = {.size = 100};
    uint8_t root[MERKLE_HASH_N], wanted[MERKLE_HASH_N];
    uint64_t at = 100;
    for (unsigned level = 0; level < 7; level++) {
        if (!(f.size >> level & 1))
            continue;
        at -= UINT64_C(1) << level;
        assert_true(get_node(NULL, level, at >> level, f.node[level]));
    }
    for (uint64_t i = 100; i < TREE_MAX; i++)
        merkle_append(&f, &hash, leaves[i]);
    merkle_root(&f, &hash, root);
    root_of(TREE_MAX, wanted);
    assert_memory_equal(root, wanted, sizeof(root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_without_sense_are_refused),
        cmocka_unit_test(a_damaged_inclusion_proof_is_refused),
        cmocka_unit_test(a_fork_is_no_extension),
        cmocka_unit_test(the_known_roots_hold),
        cmocka_unit_test(every_leaf_of_every_tree_has_its_proof),
        cmocka_unit_test(every_tree_extends_every_smaller_one),
        cmocka_unit_test(a_frontier_is_resumed_from_its_nodes),
    };
    return cmocka_run_group_tests_name("wire/merkle", tests, make_leaves, NULL);
}
