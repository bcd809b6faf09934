// What a Troth ledger says about itself: C2SP tlog-checkpoint over signed-note, RFC 9162 proofs.
#include <troth/verify.h>

#include <wire/b64.h>
#include <wire/merkle.h>

#define KEY_ID_N 4
#define ES256_TYPE                                                                                 \
    "\xff"                                                                                         \
    "troth-es256" // signed-note: types from 0xff on are named
#define EM_DASH "\xe2\x80\x94 "
#define NAME_MAX 128

#define PARTS_MAX 3 // of a node, and of what names a key

static void hash_parts(void *ctx, const struct bytes *parts, size_t n, uint8_t ret[MERKLE_HASH_N])
{
    struct troth_octets octets[PARTS_MAX];
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        octets[i] = (struct troth_octets){parts[i].p, parts[i].n};
    troth_sha256_message(&(struct troth_message){octets, n}, ret);
}

static const struct merkle_hash sha256_tree = {hash_parts, NULL};

// ---- the note -----------------------------------------------------------------------------------

// Up to the next line feed, which is passed over; false when there is none.
static bool next_line(struct bytes *rest, struct bytes *ret)
{
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '\n')
        n++;
    if (n == rest->n)
        return false;
    *ret = bytes_of(rest->p, n);
    *rest = bytes_of(rest->p + n + 1, rest->n - n - 1);
    return true;
}

// Decimal without sign and leading zero, below 2^63.
static bool read_size(struct bytes line, uint64_t *ret)
{
    uint64_t size = 0;
    if (line.n == 0 || line.n > 18 || (line.p[0] == '0' && line.n > 1))
        return false;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] < '0' || line.p[i] > '9')
            return false;
        size = size * 10 + (uint64_t)(line.p[i] - '0');
    }
    *ret = size;
    return true;
}

// The body: name, size, root, and lines of extensions up to the empty one, which is passed over.
static bool read_body(struct bytes *rest, struct bytes *ret_name, struct troth_checkpoint *ret)
{
    struct bytes line;
    struct buf root = buf_over(ret->root, sizeof ret->root);
    if (!next_line(rest, ret_name) || !next_line(rest, &line) || !read_size(line, &ret->size) ||
        !next_line(rest, &line) || !b64_decode(&root, line) || root.n != sizeof ret->root)
        return false;
    do
        if (!next_line(rest, &line))
            return false;
    while (line.n > 0);
    return true;
}

static bool is_key_id(const struct troth_log *log, const uint8_t octets[KEY_ID_N])
{
    uint8_t digest[TROTH_HASH_N];
    const struct bytes parts[] = {
        bytes_of((const uint8_t *)log->name, log->name_n),
        bytes_text("\n" ES256_TYPE),
        bytes_of(log->point, TROTH_POINT_N),
    };
    hash_parts(NULL, parts, 3, digest);
    return memcmp(octets, digest, KEY_ID_N) == 0;
}

static bool starts_with(struct bytes *line, const char *with, size_t n)
{
    if (line->n < n || memcmp(line->p, with, n) != 0)
        return false;
    *line = bytes_of(line->p + n, line->n - n);
    return true;
}

// "DASH NAME BASE64(key ID || r || s)" of this log's ES256 key.
static bool read_signature(struct bytes line, const struct troth_log *log,
                           uint8_t ret[KEY_ID_N + TROTH_SIGNATURE_N])
{
    struct buf decoded = buf_over(ret, KEY_ID_N + TROTH_SIGNATURE_N);
    return starts_with(&line, EM_DASH, sizeof EM_DASH - 1) &&
           starts_with(&line, log->name, log->name_n) && starts_with(&line, " ", 1) &&
           b64_decode(&decoded, line) && decoded.n == decoded.max && is_key_id(log, ret);
}

// *rest is what was not read yet.
static enum troth_verdict judge_note(const struct troth_log *log, struct bytes *rest,
                                     struct troth_checkpoint *ret)
{
    const struct bytes note = *rest;
    struct bytes line, name;
    struct troth_checkpoint read;
    uint8_t signature[KEY_ID_N + TROTH_SIGNATURE_N];
    if (note.n > TROTH_NOTE_MAX || log->name_n == 0 || log->name_n > NAME_MAX ||
        !read_body(rest, &name, &read))
        return TROTH_MALFORMED;
    if (!bytes_equal(name, bytes_of((const uint8_t *)log->name, log->name_n)))
        return TROTH_OTHER_LOG;

    // What is signed ends with the line feed before the empty line.
    const struct troth_octets text = {note.p, note.n - rest->n - 1};
    const struct troth_message message = {&text, 1};
    while (next_line(rest, &line)) {
        if (!read_signature(line, log, signature))
            continue;
        enum troth_verdict verdict =
            log->algorithm->verify((struct troth_octets){log->point, TROTH_POINT_N}, &message,
                                   (struct troth_octets){signature + KEY_ID_N, TROTH_SIGNATURE_N});
        if (verdict == TROTH_VALID)
            *ret = read;
        return verdict;
    }
    return rest->n > 0 ? TROTH_MALFORMED : TROTH_UNSIGNED;
}

enum troth_verdict troth_checkpoint_verify(const struct troth_log *log, const void *note, size_t n,
                                           struct troth_checkpoint *ret,
                                           struct troth_fault *ret_fault)
{
    struct bytes rest = bytes_of(note, n);
    enum troth_verdict verdict = judge_note(log, &rest, ret);
    ret_fault->offset = n - rest.n;
    return verdict;
}

// ---- the tree -----------------------------------------------------------------------------------

enum troth_verdict troth_entry_verify(const struct troth_checkpoint *checkpoint, uint64_t index,
                                      const void *entry, size_t n, const struct troth_proof *proof)
{
    const struct merkle_path path = {proof->hashes, proof->n};
    uint8_t leaf[MERKLE_HASH_N];
    if (path.n > MERKLE_PROOF_MAX)
        return TROTH_MALFORMED;
    merkle_leaf(&sha256_tree, bytes_of(entry, n), leaf);
    const struct merkle_inclusion claim = {index, checkpoint->size, leaf, checkpoint->root};
    return merkle_path_includes(&sha256_tree, &claim, &path) ? TROTH_VALID : TROTH_NOT_IN_LOG;
}

enum troth_verdict troth_checkpoint_follows(const struct troth_checkpoint *known,
                                            const struct troth_checkpoint *later,
                                            const struct troth_proof *proof)
{
    const struct merkle_path path = {proof->hashes, proof->n};
    if (path.n > MERKLE_PROOF_MAX)
        return TROTH_MALFORMED;
    if (later->size < known->size)
        return TROTH_OLDER;
    const struct merkle_consistency claim = {known->size, later->size, known->root, later->root};
    return merkle_path_continues(&sha256_tree, &claim, &path) ? TROTH_VALID : TROTH_FORKED;
}
