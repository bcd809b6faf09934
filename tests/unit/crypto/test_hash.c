#include <crypto/hash.h>
#include <wire/hex.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const uint8_t digest[SHA256_N], const char *hex)
{
    uint8_t wanted[SHA256_N];
    struct buf b = buf_over(wanted, sizeof(wanted));

    assert_true(hex_decode(&b, bytes_of(hex, strlen(hex))));
    assert_memory_equal(digest, wanted, SHA256_N);
}

/* FIPS 180-4, examples of NIST's cryptographic toolkit. */
static void hashes_the_standard_examples(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t digest[SHA256_N];
        sha256(bytes_of(rows[i].text, strlen(rows[i].text)), digest);
        expect(digest, rows[i].hex);
    }
}

static void sha1_of_the_standard_example(void **state)
{
    (void)state;
    static const uint8_t wanted[SHA1_N] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81,
                                           0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50,
                                           0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
    uint8_t digest[SHA1_N];
    sha1_for_names(bytes_text("abc"), digest);
    assert_memory_equal(digest, wanted, SHA1_N);
}

static void parts_and_pieces_hash_as_the_whole(void **state)
{
    (void)state;
    uint8_t all[300], whole[SHA256_N], other[SHA256_N];
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)(i * 7);
    sha256(bytes_of(all, sizeof(all)), whole);

    for (size_t cut = 0; cut <= sizeof(all); cut++) {
        struct bytes parts[] = {bytes_of(all, cut), bytes_of(NULL, 0),
                                bytes_of(all + cut, sizeof(all) - cut)};
        sha256_parts(parts, 3, other);
        assert_memory_equal(other, whole, SHA256_N);
        struct sha256_stream stream;
        sha256_begin(&stream);
        sha256_add(&stream, parts[0]);
        sha256_add(&stream, parts[2]);
        sha256_end(&stream, other);
        assert_memory_equal(other, whole, SHA256_N);
    }
}

/* RFC 6962 2.1: a leaf is hashed behind 00, two nodes behind 01. */
static void serves_the_merkle_tree(void **state)
{
    (void)state;
    uint8_t leaf[SHA256_N], node[SHA256_N], wanted[SHA256_N];

    merkle_leaf(&sha256_for_merkle, bytes_text(""), leaf);
    expect(leaf, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    merkle_node(&sha256_for_merkle, leaf, leaf, node);
    sha256_parts((const struct bytes[]){bytes_text("\x01"), bytes_of(leaf, 32), bytes_of(leaf, 32)},
                 3, wanted);
    assert_memory_equal(node, wanted, SHA256_N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_the_standard_examples),
        cmocka_unit_test(sha1_of_the_standard_example),
        cmocka_unit_test(parts_and_pieces_hash_as_the_whole),
        cmocka_unit_test(serves_the_merkle_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
