// HSS/LMS, verifying only: RFC 8554 (SHA-256) and RFC 9858 (SHA-256/192). One hash, no state, the
// same stack for every parameter set.
#include <troth/same.h>

#include <troth/crypto.h>
#include <wire/reader.h>

#define LEVELS_MAX 8 // RFC 8554 6
#define ID_N 16      // I, of a tree
#define NODE_MAX 32
#define SUM_N 2 // octets of the checksum

// The tags that keep one hash from standing for another: RFC 8554 4 and 5.
enum tag {
    TAG_KEY = 0x8080,
    TAG_MESSAGE = 0x8181,
    TAG_LEAF = 0x8282,
    TAG_NODE = 0x8383,
};

// RFC 8554 4.1 and 5.1, RFC 9858 4 and 5: what the two type codes say.
struct parameters {
    uint32_t tree, ots; // the codes
    unsigned node_n;    // octets of a hash
    unsigned height;
    unsigned width;  // bits of a digit
    unsigned digits; // of a hash
    unsigned chains; // one for each digit of a hash and of its checksum
};

struct tree {
    struct parameters is;
    struct bytes id, root;
};

// The codes go through the heights, and through the widths, of n = 32 and then of n = 24.
static bool read_parameters(struct parameters *ret, uint32_t tree, uint32_t ots)
{
    static const uint8_t sum_digits[] = {9, 5, 3, 2}; // RFC 8554 appendix B; one less for 192 bits
    if (tree < 5 || tree > 14 || ots < 1 || ots > 8)
        return false;
    bool is_short = tree >= 10;
    if (is_short != (ots >= 5))
        return false;
    unsigned log = (ots - 1) % 4;
    ret->tree = tree;
    ret->ots = ots;
    ret->node_n = is_short ? 24 : 32;
    ret->height = 5 * ((tree - 5) % 5 + 1);
    ret->width = 1u << log;
    ret->digits = ret->node_n * 8 >> log;
    ret->chains = ret->digits + sum_digits[log] - (is_short && log == 0);
    return true;
}

static bool read_tree(struct reader *r, struct tree *ret)
{
    uint32_t tree = reader_u32be(r), ots = reader_u32be(r);
    if (!read_parameters(&ret->is, tree, ots))
        return reader_fail(r, "an LMS key of a type that RFC 8554 and 9858 do not have");
    ret->id = reader_bytes(r, ID_N);
    ret->root = reader_bytes(r, ret->is.node_n);
    return reader_ok(r);
}

// ---- hashing: I || u32 || u16 come first, always

static void begin(struct troth_sha256 *hash, const struct tree *tree, uint32_t number,
                  uint32_t what)
{
    const uint8_t head[6] = {
        (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
        (uint8_t)number,         (uint8_t)(what >> 8),    (uint8_t)what,
    };
    troth_sha256_begin(hash);
    troth_sha256_add(hash, tree->id.p, ID_N);
    troth_sha256_add(hash, head, sizeof head);
}

// ---- one signature

struct one_time {
    uint32_t leaf;
    struct bytes random, chains;
};

// The i-th digit of what is signed and its sum.
static unsigned digit(const uint8_t *octets, unsigned i, unsigned width)
{
    unsigned bit = i * width;
    return octets[bit / 8] >> (8 - width - bit % 8) & ((1u << width) - 1);
}

// The checksum's digits fill its two octets from the left.
static void put_sum(uint8_t *octets, const struct parameters *is)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < is->digits; i++)
        sum += (1u << is->width) - 1 - digit(octets, i, is->width);
    sum <<= 8 * SUM_N - (is->chains - is->digits) * is->width;
    octets[is->node_n] = (uint8_t)(sum >> 8);
    octets[is->node_n + 1] = (uint8_t)sum;
}

// From where the signer stopped to the chain's end.
static void walk_chain(const struct tree *tree, uint32_t leaf, unsigned chain, unsigned from,
                       uint8_t node[NODE_MAX])
{
    unsigned last = (1u << tree->is.width) - 1;
    for (unsigned j = from; j < last; j++) {
        struct troth_sha256 hash;
        const uint8_t step = (uint8_t)j;
        begin(&hash, tree, leaf, chain);
        troth_sha256_add(&hash, &step, 1);
        troth_sha256_add(&hash, node, tree->is.node_n);
        troth_sha256_end(&hash, node);
    }
}

// RFC 8554 4.6, algorithm 4b: the key that this one-time signature was made by, if any.
static void recover_key(const struct tree *tree, const struct one_time *ots,
                        const struct troth_message *message, uint8_t ret[NODE_MAX])
{
    struct troth_sha256 hash;
    uint8_t digits[NODE_MAX + SUM_N], node[NODE_MAX];
    unsigned n = tree->is.node_n;
    begin(&hash, tree, ots->leaf, TAG_MESSAGE);
    troth_sha256_add(&hash, ots->random.p, n);
    troth_sha256_add_message(&hash, message);
    troth_sha256_end(&hash, node);
    memcpy(digits, node, n);
    put_sum(digits, &tree->is);

    begin(&hash, tree, ots->leaf, TAG_KEY);
    for (unsigned i = 0; i < tree->is.chains; i++) {
        memcpy(node, ots->chains.p + (size_t)i * n, n);
        walk_chain(tree, ots->leaf, i, digit(digits, i, tree->is.width), node);
        troth_sha256_add(&hash, node, n);
    }
    troth_sha256_end(&hash, ret);
}

// RFC 8554 5.4.2, algorithm 6a: `node` is a leaf's key, and becomes the root that it leads to.
static void climb(const struct tree *tree, uint32_t leaf, struct bytes path, uint8_t node[NODE_MAX])
{
    struct troth_sha256 hash;
    unsigned n = tree->is.node_n;
    uint32_t at = (UINT32_C(1) << tree->is.height) + leaf;
    begin(&hash, tree, at, TAG_LEAF);
    troth_sha256_add(&hash, node, n);
    troth_sha256_end(&hash, node);
    for (const uint8_t *beside = path.p; at > 1; at /= 2, beside += n) {
        begin(&hash, tree, at / 2, TAG_NODE);
        troth_sha256_add(&hash, at % 2 ? beside : node, n);
        troth_sha256_add(&hash, at % 2 ? node : beside, n);
        troth_sha256_end(&hash, node);
    }
}

// Reads one LMS signature; 0 when it is over `message` by the tree's key.
static uint32_t differs(struct reader *r, const struct tree *tree,
                        const struct troth_message *message)
{
    const struct parameters *is = &tree->is;
    uint8_t node[NODE_MAX];
    struct one_time ots = {.leaf = reader_u32be(r)};
    uint32_t type = reader_u32be(r);
    ots.random = reader_bytes(r, is->node_n);
    ots.chains = reader_bytes(r, (size_t)is->chains * is->node_n);
    uint32_t tree_type = reader_u32be(r);
    struct bytes path = reader_bytes(r, (size_t)is->height * is->node_n);
    if (!reader_ok(r) || type != is->ots || tree_type != is->tree || ots.leaf >> is->height != 0)
        return 1;
    recover_key(tree, &ots, message, node);
    climb(tree, ots.leaf, path, node);
    return octets_differ(node, tree->root.p, is->node_n);
}

// RFC 8554 6.3: each level's key is signed by the one above, the last signs the message.
static enum troth_verdict verify(struct troth_octets key, const struct troth_message *message,
                                 struct troth_octets signature)
{
    struct reader keys = reader_of(bytes_of(key.p, key.n));
    struct reader r = reader_of(bytes_of(signature.p, signature.n));
    struct tree tree;
    uint32_t differ = 0, levels = reader_u32be(&keys);
    if (levels < 1 || levels > LEVELS_MAX || !read_tree(&keys, &tree) || !reader_end(&keys))
        return TROTH_BAD_KEY;
    if (reader_u32be(&r) != levels - 1)
        return TROTH_BAD_SIGNATURE;
    for (uint32_t level = 1; level < levels; level++) {
        struct reader above = r;
        struct tree below;
        size_t skip = 12 + (size_t)tree.is.node_n * (1 + tree.is.chains + tree.is.height);
        (void)reader_bytes(&r, skip);
        struct troth_octets below_key = {r.p, r.left};
        if (!read_tree(&r, &below))
            return TROTH_BAD_SIGNATURE;
        below_key.n -= r.left;
        differ |= differs(&above, &tree, &(struct troth_message){&below_key, 1});
        tree = below;
    }
    differ |= differs(&r, &tree, message);
    if (!reader_end(&r))
        return TROTH_BAD_SIGNATURE;
    return valid_if_zero(differ, TROTH_BAD_SIGNATURE);
}

const struct troth_algorithm troth_hss_lms = {TROTH_HSS_LMS, verify};
