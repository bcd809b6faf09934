#include <crypto/lms.h>

#include <crypto/hash.h>
#include <wire/reader.h>

#include <string.h>

#define SUM_N 2 /* octets of the checksum */

/* RFC 8554 4 and 5, appendix A: what keeps one hash from standing for another. */
enum tag {
    TAG_SECRET = 0xff,
    TAG_KEY = 0x8080,
    TAG_MESSAGE = 0x8181,
    TAG_LEAF = 0x8282,
    TAG_NODE = 0x8383,
};

struct width_row {
    unsigned width;
    unsigned sum_shift[2], chains[2]; /* of n = 32 and n = 24 */
};

static const struct width_row width_rows[] = {
    {1, {7, 8}, {265, 200}},
    {2, {6, 6}, {133, 101}},
    {4, {4, 4}, {67, 51}},
    {8, {0, 0}, {34, 26}},
};

static unsigned row_of(unsigned width)
{
    unsigned row = 0;
    while (row < 4 && width_rows[row].width != width)
        row++;
    return row;
}

bool lms_is_kind(const struct lms_kind *kind)
{
    bool is_height = kind->height == 5 || kind->height == 10 || kind->height == 15;
    return is_height && (kind->node_n == 24 || kind->node_n == 32) && row_of(kind->width) < 4;
}

static unsigned chains_of(const struct lms_kind *kind)
{
    return width_rows[row_of(kind->width)].chains[kind->node_n == 24];
}

/* IANA "Leighton-Micali Signatures". */
static uint32_t tree_code(const struct lms_kind *kind)
{
    return kind->height / 5 + (kind->node_n == 24 ? 9 : 4);
}

static uint32_t ots_code(const struct lms_kind *kind)
{
    return row_of(kind->width) + (kind->node_n == 24 ? 5 : 1);
}

/* ---- hashing: I || u32 || u16 come first, always */

static void begin(struct sha256_stream *hash, const struct lms_key *key, uint32_t number,
                  uint32_t what)
{
    uint8_t head[LMS_ID_N + 6];
    struct buf b = buf_over(head, sizeof head);
    buf_put_bytes(&b, bytes_of(key->id, LMS_ID_N));
    buf_put_u32be(&b, number);
    buf_put_u16be(&b, (uint16_t)what);
    sha256_begin(hash);
    sha256_add(hash, buf_bytes(&b));
}

static void end(struct sha256_stream *hash, const struct lms_key *key, uint8_t *ret)
{
    uint8_t whole[SHA256_N];
    sha256_end(hash, whole);
    memcpy(ret, whole, key->kind.node_n);
    secret_wipe(whole, sizeof whole);
}

/* Element `chain` of the one-time key `index`, `steps` steps along: RFC 8554 4.3, appendix A. */
static void walk(const struct lms_key *key, uint32_t index, unsigned chain, unsigned steps,
                 uint8_t *ret)
{
    struct sha256_stream hash;
    uint8_t octet = TAG_SECRET;
    begin(&hash, key, index, chain);
    sha256_add(&hash, bytes_of(&octet, 1));
    sha256_add(&hash, bytes_of(key->seed, key->kind.node_n));
    end(&hash, key, ret);
    for (unsigned step = 0; step < steps; step++) {
        octet = (uint8_t)step;
        begin(&hash, key, index, chain);
        sha256_add(&hash, bytes_of(&octet, 1));
        sha256_add(&hash, bytes_of(ret, key->kind.node_n));
        end(&hash, key, ret);
    }
    secret_wipe(&hash, sizeof hash);
}

/* ---- the tree */

static void grow_leaf(const struct lms_key *key, uint32_t index, uint8_t *ret)
{
    struct sha256_stream hash;
    uint8_t node[LMS_NODE_MAX];
    unsigned n = chains_of(&key->kind), last = (1U << key->kind.width) - 1;
    begin(&hash, key, index, TAG_KEY);
    for (unsigned chain = 0; chain < n; chain++) {
        walk(key, index, chain, last, node);
        sha256_add(&hash, bytes_of(node, key->kind.node_n));
    }
    end(&hash, key, node);
    begin(&hash, key, lms_count(&key->kind) + index, TAG_LEAF);
    sha256_add(&hash, bytes_of(node, key->kind.node_n));
    end(&hash, key, ret);
}

static void join(const struct lms_key *key, const uint8_t *nodes, uint32_t r, uint8_t *ret)
{
    struct sha256_stream hash;
    size_t n = key->kind.node_n;
    begin(&hash, key, r, TAG_NODE);
    sha256_add(&hash, bytes_of(nodes + 2 * r * n, 2 * n));
    end(&hash, key, ret);
}

bool lms_leads_to_root(const struct lms_key *key, uint32_t index)
{
    uint8_t node[LMS_NODE_MAX];
    size_t n = key->kind.node_n;
    grow_leaf(key, index, node);
    uint32_t r = lms_count(&key->kind) + index;
    while (r > 1 && memcmp(node, key->nodes + r * n, n) == 0) {
        r /= 2;
        join(key, key->nodes, r, node);
    }
    return r == 1 && memcmp(node, key->nodes + n, n) == 0;
}

void lms_grow(const struct lms_key *key, uint8_t *nodes)
{
    uint32_t count = lms_count(&key->kind);
    size_t n = key->kind.node_n;
    memset(nodes, 0, n);
    for (uint32_t i = 0; i < count; i++)
        grow_leaf(key, i, nodes + (count + i) * n);
    for (uint32_t r = count - 1; r > 0; r--)
        join(key, nodes, r, nodes + r * n);
}

void lms_write_public(struct buf *b, const struct lms_key *key)
{
    buf_put_u32be(b, 1); /* level */
    buf_put_u32be(b, tree_code(&key->kind));
    buf_put_u32be(b, ots_code(&key->kind));
    buf_put_bytes(b, bytes_of(key->id, LMS_ID_N));
    buf_put_bytes(b, bytes_of(key->nodes + key->kind.node_n, key->kind.node_n));
}

bool lms_read_public(struct bytes octets, struct lms_kind *ret_kind, struct bytes *ret_id,
                     struct bytes *ret_root)
{
    struct reader r = reader_of(octets);
    uint32_t levels = reader_u32be(&r), tree = reader_u32be(&r), ots = reader_u32be(&r);
    bool is_short = tree >= 10;
    if (levels != 1 || tree < 5 || tree > 14 || ots < 1 || ots > 8 || is_short != (ots >= 5))
        return false;
    const struct lms_kind kind = {
        .height = 5 * (tree - (is_short ? 9 : 4)),
        .node_n = is_short ? 24 : 32,
        .width = width_rows[(ots - 1) % 4].width,
    };
    struct bytes id = reader_bytes(&r, LMS_ID_N), root = reader_bytes(&r, kind.node_n);
    if (!reader_end(&r) || !lms_is_kind(&kind))
        return false;
    *ret_kind = kind;
    *ret_id = id;
    *ret_root = root;
    return true;
}

/* ---- signing */

static unsigned digit(const uint8_t *octets, unsigned i, unsigned width)
{
    unsigned bit = i * width;
    return octets[bit / 8] >> (8 - width - bit % 8) & ((1U << width) - 1);
}

/* Hash of the message and its checksum: RFC 8554 4.4 and 4.5. */
static void make_digits(const struct lms_key *key, uint32_t index, const uint8_t *random,
                        struct bytes message, uint8_t ret[LMS_NODE_MAX + SUM_N])
{
    const struct lms_kind *kind = &key->kind;
    struct sha256_stream hash;
    unsigned sum = 0;
    begin(&hash, key, index, TAG_MESSAGE);
    sha256_add(&hash, bytes_of(random, kind->node_n));
    sha256_add(&hash, message);
    end(&hash, key, ret);
    for (unsigned i = 0; i < kind->node_n * 8 / kind->width; i++)
        sum += (1U << kind->width) - 1 - digit(ret, i, kind->width);
    sum <<= width_rows[row_of(kind->width)].sum_shift[kind->node_n == 24];
    ret[kind->node_n] = (uint8_t)(sum >> 8);
    ret[kind->node_n + 1] = (uint8_t)sum;
}

void lms_write_signature(struct buf *b, const struct lms_key *key, uint32_t index,
                         const uint8_t *random, struct bytes message)
{
    const struct lms_kind *kind = &key->kind;
    uint8_t digits[LMS_NODE_MAX + SUM_N], node[LMS_NODE_MAX];
    unsigned chains = chains_of(kind);
    make_digits(key, index, random, message, digits);
    buf_put_u32be(b, 0); /* signed public keys below this one */
    buf_put_u32be(b, index);
    buf_put_u32be(b, ots_code(kind));
    buf_put_bytes(b, bytes_of(random, kind->node_n));
    for (unsigned i = 0; i < chains; i++) {
        walk(key, index, i, digit(digits, i, kind->width), node);
        buf_put_bytes(b, bytes_of(node, kind->node_n));
    }
    buf_put_u32be(b, tree_code(kind));
    for (uint32_t r = lms_count(kind) + index; r > 1; r /= 2)
        buf_put_bytes(b, bytes_of(key->nodes + (size_t)(r ^ 1) * kind->node_n, kind->node_n));
}
