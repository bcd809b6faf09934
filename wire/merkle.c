#include <wire/merkle.h>

// RFC 6962 2.1: leaves and nodes are hashed under different prefixes.
static const uint8_t leaf_prefix = 0, node_prefix = 1;

void merkle_leaf(const struct merkle_hash *h, struct bytes entry, uint8_t out[MERKLE_HASH_N])
{
    struct bytes parts[] = {bytes_of(&leaf_prefix, 1), entry};
    h->sha256(h->ctx, parts, 2, out);
}

void merkle_node(const struct merkle_hash *h, const uint8_t left[MERKLE_HASH_N],
                 const uint8_t right[MERKLE_HASH_N], uint8_t out[MERKLE_HASH_N])
{
    struct bytes parts[] = {
        bytes_of(&node_prefix, 1),
        bytes_of(left, MERKLE_HASH_N),
        bytes_of(right, MERKLE_HASH_N),
    };
    h->sha256(h->ctx, parts, 3, out);
}

void merkle_fold(const struct merkle_hash *h, uint8_t *hashes, size_t n, uint8_t out[MERKLE_HASH_N])
{
    for (; n > 1; n /= 2)
        for (size_t i = 0; i < n; i += 2)
            merkle_node(h, hashes + i * MERKLE_HASH_N, hashes + (i + 1) * MERKLE_HASH_N,
                        hashes + i / 2 * MERKLE_HASH_N);
    memmove(out, hashes, MERKLE_HASH_N);
}

void merkle_append(struct merkle_frontier *f, const struct merkle_hash *h,
                   const uint8_t leaf_hash[MERKLE_HASH_N])
{
    uint8_t hash[MERKLE_HASH_N];
    unsigned level = 0;
    memcpy(hash, leaf_hash, MERKLE_HASH_N);
    for (; f->size >> level & 1; level++)
        merkle_node(h, f->node[level], hash, hash);
    memcpy(f->node[level], hash, MERKLE_HASH_N);
    f->size++;
}

void merkle_root(const struct merkle_frontier *f, const struct merkle_hash *h,
                 uint8_t out[MERKLE_HASH_N])
{
    bool is_first = true;
    if (f->size == 0)
        h->sha256(h->ctx, NULL, 0, out);
    for (unsigned level = 0; f->size >> level != 0; level++) {
        if (!(f->size >> level & 1))
            continue;
        if (is_first)
            memcpy(out, f->node[level], MERKLE_HASH_N);
        else
            merkle_node(h, f->node[level], out, out);
        is_first = false;
    }
}

// Root of the leaves from `start` to `end`. `start` must be a multiple of a power of two that is
// not below their number, as every subtree has it; then its complete subtrees are the set bits of
// that number, the smallest at the right.
static bool range_root(const struct merkle_hash *h, const struct merkle_nodes *nodes,
                       uint64_t start, uint64_t end, uint8_t *out)
{
    uint8_t left[MERKLE_HASH_N];
    bool is_first = true;
    for (unsigned level = 0; end > start; level++) {
        if (!((end - start) >> level & 1))
            continue;
        end -= UINT64_C(1) << level;
        if (!nodes->get(nodes->ctx, level, end >> level, is_first ? out : left))
            return false;
        if (!is_first)
            merkle_node(h, left, out, out);
        is_first = false;
    }
    return true;
}

bool merkle_root_at(const struct merkle_hash *h, const struct merkle_nodes *nodes, uint64_t size,
                    uint8_t out[MERKLE_HASH_N])
{
    if (size == 0)
        h->sha256(h->ctx, NULL, 0, out);
    return size == 0 || range_root(h, nodes, 0, size, out);
}

// Where a proof is in its climb from a leaf: position and last position on the present level.
struct climb {
    uint64_t at;
    uint64_t last;
};

static bool is_right_or_last(const struct climb *c)
{
    return (c->at & 1) || c->at == c->last;
}

static void climb(struct climb *c)
{
    c->at >>= 1;
    c->last >>= 1;
}

// A last node without a sibling moves up unchanged.
static void climb_over_gaps(struct climb *c)
{
    while (!(c->at & 1) && c->at != 0)
        climb(c);
}

static const uint8_t *hash_at(const struct merkle_path *path, size_t i)
{
    return path->hashes + i * MERKLE_HASH_N;
}

bool merkle_path_includes(const struct merkle_hash *h, const struct merkle_inclusion *claim,
                          const struct merkle_path *path)
{
    uint8_t hash[MERKLE_HASH_N];
    if (claim->index >= claim->size || path->n > MERKLE_PROOF_MAX)
        return false;
    struct climb c = {claim->index, claim->size - 1};
    memcpy(hash, claim->leaf_hash, MERKLE_HASH_N);
    for (size_t i = 0; i < path->n; i++) {
        if (c.last == 0)
            return false;
        const bool is_right = is_right_or_last(&c);
        const uint8_t *beside = hash_at(path, i);
        merkle_node(h, is_right ? beside : hash, is_right ? hash : beside, hash);
        if (is_right)
            climb_over_gaps(&c);
        climb(&c);
    }
    return c.last == 0 && memcmp(hash, claim->root, MERKLE_HASH_N) == 0;
}

bool merkle_verify_inclusion(const struct merkle_hash *h, const struct merkle_inclusion *claim,
                             const struct merkle_proof *proof)
{
    const struct merkle_path path = merkle_path_of(proof);
    return merkle_path_includes(h, claim, &path);
}

static bool is_power_of_two(uint64_t v)
{
    return (v & (v - 1)) == 0;
}

// The two roots as the proof builds them up: RFC 9162 2.1.4.2, steps 6 and 7.
static bool climb_both(const struct merkle_hash *h, const struct merkle_consistency *claim,
                       const struct merkle_path *path, size_t next, const uint8_t *seed)
{
    struct climb c = {claim->old_size - 1, claim->new_size - 1};
    uint8_t old_hash[MERKLE_HASH_N], new_hash[MERKLE_HASH_N];
    while (c.at & 1)
        climb(&c);
    memcpy(old_hash, seed, MERKLE_HASH_N);
    memcpy(new_hash, seed, MERKLE_HASH_N);
    for (; next < path->n; next++) {
        if (c.last == 0)
            return false;
        if (is_right_or_last(&c)) {
            merkle_node(h, hash_at(path, next), old_hash, old_hash);
            merkle_node(h, hash_at(path, next), new_hash, new_hash);
            climb_over_gaps(&c);
        } else {
            merkle_node(h, new_hash, hash_at(path, next), new_hash);
        }
        climb(&c);
    }
    return c.last == 0 && memcmp(old_hash, claim->old_root, MERKLE_HASH_N) == 0 &&
           memcmp(new_hash, claim->new_root, MERKLE_HASH_N) == 0;
}

bool merkle_path_continues(const struct merkle_hash *h, const struct merkle_consistency *claim,
                           const struct merkle_path *path)
{
    if (claim->old_size == 0 || claim->old_size > claim->new_size || path->n > MERKLE_PROOF_MAX)
        return false;
    if (claim->old_size == claim->new_size)
        return path->n == 0 && memcmp(claim->old_root, claim->new_root, MERKLE_HASH_N) == 0;
    if (path->n == 0)
        return false;
    if (is_power_of_two(claim->old_size))
        return climb_both(h, claim, path, 0, claim->old_root);
    return climb_both(h, claim, path, 1, hash_at(path, 0));
}

bool merkle_verify_consistency(const struct merkle_hash *h, const struct merkle_consistency *claim,
                               const struct merkle_proof *proof)
{
    const struct merkle_path path = merkle_path_of(proof);
    return merkle_path_continues(h, claim, &path);
}

// Collects the hashes of a proof from the root down; proofs are given from the leaf up.
struct prover {
    const struct merkle_hash *h;
    const struct merkle_nodes *nodes;
    struct merkle_proof *proof;
    bool ok;
};

static void collect(struct prover *p, uint64_t start, uint64_t end)
{
    if (!p->ok || p->proof->n == MERKLE_PROOF_MAX) {
        p->ok = false;
        return;
    }
    p->ok = range_root(p->h, p->nodes, start, end, p->proof->hash[p->proof->n]);
    p->proof->n++;
}

static bool finish(struct prover *p)
{
    uint8_t swap[MERKLE_HASH_N];
    for (size_t low = 0, high = p->proof->n; low + 1 < high; low++) {
        high--;
        memcpy(swap, p->proof->hash[low], MERKLE_HASH_N);
        memcpy(p->proof->hash[low], p->proof->hash[high], MERKLE_HASH_N);
        memcpy(p->proof->hash[high], swap, MERKLE_HASH_N);
    }
    return p->ok;
}

// Where a tree of n > 1 leaves is split: the largest power of two below n.
static uint64_t split(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k)
        k <<= 1;
    return k;
}

bool merkle_prove_inclusion(const struct merkle_hash *h, const struct merkle_nodes *nodes,
                            uint64_t index, uint64_t size, struct merkle_proof *ret)
{
    uint64_t start = 0, end = size;
    struct prover p = {h, nodes, ret, index < size && size <= INT64_MAX};
    ret->n = 0;
    while (p.ok && end - start > 1) {
        uint64_t middle = start + split(end - start);
        if (index < middle) {
            collect(&p, middle, end);
            end = middle;
        } else {
            collect(&p, start, middle);
            start = middle;
        }
    }
    return finish(&p);
}

bool merkle_prove_consistency(const struct merkle_hash *h, const struct merkle_nodes *nodes,
                              uint64_t old_size, uint64_t new_size, struct merkle_proof *ret)
{
    uint64_t start = 0, end = new_size;
    struct prover p = {h, nodes, ret,
                       old_size > 0 && old_size <= new_size && new_size <= INT64_MAX};
    ret->n = 0;
    while (p.ok && end > old_size) {
        uint64_t middle = start + split(end - start);
        if (old_size <= middle) {
            collect(&p, middle, end);
            end = middle;
        } else {
            collect(&p, start, middle);
            start = middle;
        }
    }
    // The subtree at which the old tree ends; one that begins at 0 is the old root, known anyway.
    if (p.ok && start > 0)
        collect(&p, start, end);
    return finish(&p);
}
