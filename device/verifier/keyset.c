// Key sets, and how many of a set's keys signed something.
#include "fields.h"
#include "sign1.h"
#include "signers.h"
#include <troth/same.h>

#include <troth/keyset.h>

#define FORMAT 1

// ---- reading

enum { SET_FORMAT = 1, SET_SEQUENCE, SET_FLOOR, SET_WANTED, SET_KEYS, SET_MEMBERS = 5 };
enum { KEY_NUMBER = 1, KEY_ALGORITHM, KEY_USES, KEY_OCTETS, KEY_MEMBERS = 4 };

// The next member, which must be this one: all are there, and in order.
static void expect_member(struct reader *r, struct cbor_map *map, int32_t wanted)
{
    int32_t key;
    if (!field_next(map, r, &key) || key != wanted)
        reader_fail(r, "a member that is missing or not known");
}

static struct cbor_map read_members(struct reader *r, size_t n)
{
    struct cbor_map map = cbor_read_map(r);
    if (map.left != n)
        reader_fail(r, "a member that is missing or not known");
    return map;
}

static uint32_t read_number(struct reader *r, struct cbor_map *map, int32_t key)
{
    expect_member(r, map, key);
    return field_read_u32(r);
}

static void read_key(struct reader *r, struct troth_key *ret)
{
    struct cbor_map map = read_members(r, KEY_MEMBERS);
    ret->number = read_number(r, &map, KEY_NUMBER);
    expect_member(r, &map, KEY_ALGORITHM);
    ret->algorithm = field_read_i32(r);
    ret->uses = read_number(r, &map, KEY_USES);
    if (ret->uses == 0 || ret->uses >> TROTH_USES_N != 0)
        reader_fail(r, "a use that is not known, or none");
    expect_member(r, &map, KEY_OCTETS);
    field_read_octets(r, &ret->octets);
}

// Two signers are two keys: none stands in a set twice.
static bool is_there(const struct troth_keyset *set, const struct troth_key *key)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->keys[i].number >= key->number ||
            (set->keys[i].octets.n == key->octets.n &&
             memcmp(set->keys[i].octets.p, key->octets.p, key->octets.n) == 0))
            return true;
    return false;
}

static void read_keys(struct reader *r, struct troth_keyset *ret)
{
    size_t n = cbor_read_array(r);
    if (n == 0 || n > TROTH_KEYS_MAX)
        reader_fail(r, "no keys, or too many");
    for (size_t i = 0; i < n && reader_ok(r); i++) {
        read_key(r, &ret->keys[i]);
        if (reader_ok(r) && is_there(ret, &ret->keys[i]))
            reader_fail(r, "keys out of order, or one twice");
        ret->n = i + 1;
    }
}

static void read_wanted(struct reader *r, struct troth_keyset *ret)
{
    struct cbor_map map = cbor_read_map(r);
    int32_t key;
    while (field_next(&map, r, &key)) {
        uint32_t wanted = field_read_u32(r);
        unsigned place = signers_place((uint32_t)key);
        if (place >= TROTH_USES_N || key != 1 << place || wanted == 0 || wanted > TROTH_KEYS_MAX)
            reader_fail(r, "a use that is not known, or a number of signers that cannot be");
        else
            ret->wanted[place] = (uint8_t)wanted;
    }
}

// As many keys as it wants could sign, of each use that it has.
static bool can_be_signed(const struct troth_keyset *set)
{
    for (unsigned place = 0; place < TROTH_USES_N; place++) {
        unsigned able = 0;
        for (size_t i = 0; i < set->n; i++)
            able += set->keys[i].number >= set->floor && (set->keys[i].uses >> place & 1);
        if (able < set->wanted[place])
            return false;
    }
    return set->wanted[0] > 0; // TROTH_USE_KEYSET: it can be followed
}

static enum troth_verdict read_set(struct bytes octets, struct troth_keyset *ret,
                                   const uint8_t **ret_at)
{
    struct reader r = reader_of(octets);
    struct cbor_map map = read_members(&r, SET_MEMBERS);
    *ret = (struct troth_keyset){0};
    uint32_t format = read_number(&r, &map, SET_FORMAT);
    *ret_at = r.p;
    if (reader_ok(&r) && format != FORMAT)
        return TROTH_WRONG_VERSION;
    ret->sequence = read_number(&r, &map, SET_SEQUENCE);
    ret->floor = read_number(&r, &map, SET_FLOOR);
    expect_member(&r, &map, SET_WANTED);
    read_wanted(&r, ret);
    expect_member(&r, &map, SET_KEYS);
    read_keys(&r, ret);
    *ret_at = r.p;
    if (!reader_end(&r))
        return TROTH_MALFORMED;
    return can_be_signed(ret) ? TROTH_VALID : TROTH_MISSING;
}

struct object {
    struct field_item set;
    struct troth_octets signatures[TROTH_SIGNERS_MAX];
    size_t n;
};

static bool read_object(struct troth_octets octets, struct object *ret)
{
    struct reader r = reader_of(bytes_of(octets.p, octets.n));
    size_t n = cbor_read_array(&r);
    if (n < 2 || n > 1 + TROTH_SIGNERS_MAX)
        return false;
    field_read_item(&r, &ret->set);
    ret->n = n - 1;
    for (size_t i = 0; i < ret->n; i++)
        field_read_octets(&r, &ret->signatures[i]);
    return reader_end(&r);
}

enum troth_verdict troth_keyset_read(struct troth_octets octets, uint32_t floor,
                                     struct troth_keyset *ret, struct troth_fault *ret_fault)
{
    struct object object;
    const uint8_t *at = octets.p;
    ret_fault->offset = 0;
    if (!read_object(octets, &object))
        return TROTH_MALFORMED;
    enum troth_verdict verdict = read_set(object.set.content, ret, &at);
    ret_fault->offset = (size_t)(at - octets.p);
    if (verdict != TROTH_VALID)
        return verdict;
    ret->floor = either(is_under(ret->floor, floor), floor, ret->floor);
    return can_be_signed(ret) ? TROTH_VALID : TROTH_BELOW_FLOOR;
}

enum troth_verdict troth_keyset_follow(const struct troth_crypto *crypto,
                                       const struct troth_keyset *known, struct troth_octets octets,
                                       struct troth_keyset *ret, struct troth_fault *ret_fault)
{
    struct object object;
    uint32_t signers;
    const uint8_t *at = octets.p;
    ret_fault->offset = 0;
    if (!read_object(octets, &object))
        return TROTH_MALFORMED;
    const struct troth_signed what = {
        .use = TROTH_USE_KEYSET,
        .type = TROTH_KEYSET_TYPE,
        .payload = {object.set.whole.p, object.set.whole.n},
        .signatures = object.signatures,
        .n = object.n,
    };
    // Signatures come first: nothing of a stranger's is read.
    volatile enum troth_verdict signed_by = troth_signers_check(crypto, known, &what, &signers);
    if (signed_by != TROTH_VALID)
        return refusal(signed_by);
    enum troth_verdict verdict = read_set(object.set.content, ret, &at);
    ret_fault->offset = (size_t)(at - octets.p);
    if (verdict != TROTH_VALID)
        return verdict;
    if (ret->sequence <= known->sequence)
        return TROTH_OLDER_SET;
    if (ret->floor < known->floor)
        return TROTH_LOWER_FLOOR;
    // As it was found above: valid only where both say so.
    return signed_by;
}

// ---- who signed

static bool has_type(const struct sign1 *message, const char *type)
{
    size_t n = 0;
    while (type != NULL && type[n] != '\0')
        n++;
    return bytes_equal(message->type, bytes_of(type, n));
}

enum troth_verdict troth_signers_check(const struct troth_crypto *crypto,
                                       const struct troth_keyset *keys,
                                       const struct troth_signed *what, uint32_t *ret_signers)
{
    struct signers signers = {crypto, keys, what->use, 0, TROTH_UNSIGNED};
    for (size_t i = 0; i < what->n; i++) {
        struct sign1 message;
        struct troth_octets parts[SIGN1_PARTS];
        if (!sign1_read(what->signatures[i], &message) || !has_type(&message, what->type)) {
            signers.why = TROTH_MALFORMED;
            continue;
        }
        sign1_over(&message, what->payload, parts);
        const struct claim claim = {
            message.algorithm, {parts, SIGN1_PARTS}, {message.signature.p, message.signature.n}};
        signers_count(&signers, &claim);
    }
    *ret_signers = signers.found;
    return signers_judge(&signers);
}
