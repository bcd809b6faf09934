// The envelope and the manifest: what they have, and whether it may be done at all.
#include "fields.h"
#include "suit.h"
#include <troth/same.h>

#define TAG_ENVELOPE 107
#define VERSION 1

enum { ENVELOPE_AUTHENTICATION = 2, ENVELOPE_MANIFEST = 3 };
enum {
    MANIFEST_VERSION = 1,
    MANIFEST_NUMBER = 2,
    MANIFEST_COMMON = 3,
    MANIFEST_REFERENCE = 4,
    MANIFEST_TEXT = 23,
};
enum { COMMON_COMPONENTS = 2, COMMON_SHARED = 4 };

static const uint8_t sequence_keys[TROTH_SUIT_SEQUENCES_N] = {
    TROTH_SUIT_VALIDATE, TROTH_SUIT_LOAD, TROTH_SUIT_INVOKE, TROTH_SUIT_FETCH, TROTH_SUIT_INSTALL,
};

struct envelope {
    struct field_item authentication, manifest;
    uint32_t severed; // a bit for each that is there
};

static struct troth_octets octets_of(struct bytes b)
{
    return (struct troth_octets){b.p, b.n};
}

static int place_of(int32_t key)
{
    for (int i = 0; i < TROTH_SUIT_SEQUENCES_N; i++)
        if (sequence_keys[i] == key)
            return i;
    return -1;
}

static bool is_severed(int32_t key)
{
    return key == TROTH_SUIT_FETCH || key == TROTH_SUIT_INSTALL || key == MANIFEST_TEXT;
}

// The envelope's members; of severed ones and payloads only that they are byte strings.
static bool read_envelope(struct troth_octets octets, struct envelope *ret)
{
    struct reader r = reader_of(bytes_of(octets.p, octets.n));
    struct cbor_key key;
    *ret = (struct envelope){0};
    if (cbor_read_tag(&r) != TAG_ENVELOPE)
        return false;
    struct cbor_map map = cbor_read_map(&r);
    while (cbor_map_next(&map, &r, &key)) {
        struct field_item member;
        field_read_item(&r, &member);
        if (key.is_text)
            continue;
        int32_t number = field_narrow(key.number);
        if (number == ENVELOPE_AUTHENTICATION)
            ret->authentication = member;
        else if (number == ENVELOPE_MANIFEST)
            ret->manifest = member;
        else if (is_severed(number))
            ret->severed |= 1u << number;
        else
            reader_fail(&r, "a member of the envelope that is not known");
    }
    return reader_end(&r) && ret->authentication.content.n > 0 && ret->manifest.content.n > 0;
}

static bool find_member(const struct troth_suit *suit, int32_t number, struct bytes name,
                        struct field_item *ret)
{
    struct reader r = reader_of(bytes_of(suit->envelope.p, suit->envelope.n));
    struct cbor_key key;
    (void)cbor_read_tag(&r);
    struct cbor_map map = cbor_read_map(&r);
    while (cbor_map_next(&map, &r, &key)) {
        field_read_item(&r, ret);
        if (key.is_text ? bytes_equal(key.text, name) : name.n == 0 && key.number == number)
            return true;
    }
    return false;
}

bool suit_find_payload(const struct troth_suit *suit, struct bytes name, struct troth_octets *ret)
{
    struct field_item member;
    if (!find_member(suit, 0, name, &member))
        return false;
    *ret = octets_of(member.content);
    return true;
}

void suit_read_digest(struct reader *r, uint8_t ret[TROTH_HASH_N])
{
    if (cbor_read_array(r) != 2 || cbor_read_int(r) != SUIT_SHA256)
        reader_fail(r, "a digest that is not SHA-256");
    struct bytes digest = cbor_read_bytes(r);
    if (digest.n == TROTH_HASH_N)
        memcpy(ret, digest.p, TROTH_HASH_N);
    else
        reader_fail(r, "a digest that is not SHA-256");
}

enum troth_verdict suit_has_digest(const struct troth_suit *suit, struct bytes octets,
                                   const uint8_t digest[TROTH_HASH_N], enum troth_verdict otherwise)
{
    const struct troth_hash *hash = suit->trust.crypto->hash;
    union troth_hash_state state;
    uint8_t seen[TROTH_HASH_N];
    hash->begin(&state);
    hash->add(&state, octets.p, octets.n);
    hash->end(&state, seen);
    return valid_if_zero(octets_differ(seen, digest, sizeof seen), otherwise);
}

// ---- who signed it: [bstr(digest), bstr(COSE_Sign1), ...]

static enum troth_verdict authenticate(struct troth_suit *suit, const struct envelope *envelope)
{
    struct reader r = reader_of(envelope->authentication.content);
    struct troth_octets signatures[TROTH_SIGNERS_MAX];
    struct field_item payload;
    uint8_t digest[TROTH_HASH_N];
    size_t n = cbor_read_array(&r);
    if (n < 2 || n > 1 + TROTH_SIGNERS_MAX)
        return n == 1 ? TROTH_UNSIGNED : TROTH_MALFORMED;
    field_read_item(&r, &payload);
    for (size_t i = 1; i < n; i++)
        field_read_octets(&r, &signatures[i - 1]);
    struct reader inner = reader_of(payload.content);
    suit_read_digest(&inner, digest);
    if (!reader_end(&r) || !reader_end(&inner))
        return TROTH_MALFORMED;
    const struct troth_signed what = {
        .use = TROTH_USE_RELEASE,
        .payload = octets_of(payload.whole),
        .signatures = signatures,
        .n = n - 1,
    };
    volatile enum troth_verdict signed_by =
        troth_signers_check(suit->trust.crypto, suit->trust.keys, &what, &suit->signers);
    if (signed_by != TROTH_VALID)
        return refusal(signed_by);
    enum troth_verdict same =
        suit_has_digest(suit, envelope->manifest.whole, digest, TROTH_WRONG_DIGEST);
    return both(signed_by, same);
}

// ---- what the manifest has

static enum troth_verdict find_place(struct troth_suit *suit, struct bytes id,
                                     struct troth_suit_component *ret)
{
    for (size_t i = 0; i < suit->device->n; i++) {
        const struct troth_octets *mine = &suit->device->places[i].id;
        if (bytes_equal(id, bytes_of(mine->p, mine->n))) {
            *ret = (struct troth_suit_component){.place = i};
            return TROTH_VALID;
        }
    }
    suit->at = id.p;
    return TROTH_WRONG_COMPONENT;
}

static enum troth_verdict read_components(struct troth_suit *suit, struct reader *r)
{
    size_t n = cbor_read_array(r);
    if (n == 0 || n > TROTH_SUIT_COMPONENTS_MAX)
        return n == 0 ? TROTH_MISSING : TROTH_TOO_LARGE;
    for (size_t i = 0; i < n; i++) {
        struct bytes id = field_read_list(r);
        if (!reader_ok(r))
            return TROTH_MALFORMED;
        enum troth_verdict verdict = find_place(suit, id, &suit->components[i]);
        for (size_t k = 0; k < i && verdict == TROTH_VALID; k++)
            if (suit->components[k].place == suit->components[i].place)
                return TROTH_MALFORMED; // what one of the two is told would be undone by the other
        if (verdict != TROTH_VALID)
            return verdict;
    }
    suit->n = (uint32_t)n;
    return TROTH_VALID;
}

static enum troth_verdict read_common(struct troth_suit *suit, struct bytes common)
{
    struct reader r = reader_of(common);
    if (common.p == NULL)
        return TROTH_MALFORMED; // no byte string: it has no place of its own
    struct cbor_map map = cbor_read_map(&r);
    int32_t key;
    while (field_next(&map, &r, &key)) {
        if (key == COMMON_COMPONENTS) {
            enum troth_verdict verdict = read_components(suit, &r);
            if (verdict != TROTH_VALID)
                return verdict;
        } else if (key == COMMON_SHARED) {
            field_read_octets(&r, &suit->shared);
        } else {
            reader_fail(&r, "a member of the common part that is not known");
        }
    }
    if (!reader_end(&r)) {
        suit->at = r.p;
        return TROTH_MALFORMED;
    }
    return suit->n > 0 && suit->shared.n > 0 ? TROTH_VALID : TROTH_MISSING;
}

// A member that may be severed: here as a byte string, or its digest, and then the envelope's if it
// is there. What is severed and gone stays empty.
static enum troth_verdict read_severable(struct troth_suit *suit, struct reader *r, int32_t key,
                                         struct troth_octets *ret)
{
    struct field_item member;
    uint8_t digest[TROTH_HASH_N];
    if (cbor_peek(r) == CBOR_BYTES) {
        field_read_octets(r, ret);
        return TROTH_VALID;
    }
    suit_read_digest(r, digest);
    if (!reader_ok(r))
        return TROTH_MALFORMED;
    if (!find_member(suit, key, bytes_of(NULL, 0), &member))
        return TROTH_VALID;
    *ret = octets_of(member.content);
    suit->at = member.whole.p;
    suit->severed &= ~(1u << key);
    return suit_has_digest(suit, member.whole, digest, TROTH_WRONG_DIGEST);
}

static enum troth_verdict read_member_of(struct troth_suit *suit, struct reader *r, int32_t key)
{
    struct troth_octets text;
    int place = place_of(key);
    if (is_severed(key))
        return read_severable(suit, r, key, place < 0 ? &text : &suit->sequences[place]);
    if (place >= 0)
        field_read_octets(r, &suit->sequences[place]);
    else if (key == MANIFEST_COMMON)
        return read_common(suit, cbor_read_bytes(r));
    else if (key == MANIFEST_REFERENCE)
        (void)cbor_read_text(r);
    else
        reader_fail(r, "a member of the manifest that is not known");
    return TROTH_VALID;
}

// Version and number come first, and are judged before the rest is read.
static enum troth_verdict read_start(struct troth_suit *suit, struct reader *r,
                                     struct cbor_map *map)
{
    int32_t key;
    if (!field_next(map, r, &key) || key != MANIFEST_VERSION)
        return TROTH_MALFORMED;
    if (field_read_u32(r) != VERSION)
        return reader_ok(r) ? TROTH_WRONG_VERSION : TROTH_MALFORMED;
    if (!field_next(map, r, &key) || key != MANIFEST_NUMBER)
        return TROTH_MALFORMED;
    suit->sequence = field_read_u32(r);
    if (!reader_ok(r))
        return TROTH_MALFORMED;
    return suit->sequence < suit->device->sequence ? TROTH_OLDER_SEQUENCE : TROTH_VALID;
}

static enum troth_verdict read_manifest(struct troth_suit *suit, struct bytes manifest)
{
    struct reader r = reader_of(manifest);
    struct cbor_map map = cbor_read_map(&r);
    int32_t key;
    enum troth_verdict verdict = read_start(suit, &r, &map);
    while (verdict == TROTH_VALID && field_next(&map, &r, &key)) {
        suit->at = r.p;
        verdict = read_member_of(suit, &r, key);
    }
    if (verdict != TROTH_VALID)
        return verdict;
    if (!reader_end(&r)) {
        suit->at = r.p;
        return TROTH_MALFORMED;
    }
    if (suit->severed != 0)
        return TROTH_MALFORMED; // a member that the manifest has no digest of: nobody signed it
    return suit->n > 0 ? TROTH_VALID : TROTH_MISSING;
}

// ---- may it be done

// What the device has reached is not gone back behind: per component, by what the shared sequence
// says.
static enum troth_verdict check_floors(const struct troth_suit *suit)
{
    uint32_t behind = 0, unread = 0;
    volatile uint32_t seen = 0, n = suit->n; // the compiler knows where the loop ends
    for (uint32_t i = 0; i < suit->n; i++) {
        const struct troth_suit_component *one = &suit->components[i];
        const struct troth_suit_place *place = &suit->device->places[one->place];
        uint32_t format = place->data_format;
        behind |= is_under(one->counter, place->counter);
        unread |= is_nonzero(format) &
                  (is_under(format, one->oldest_format) | is_under(one->newest_format, format));
        seen = seen + 1;
    }
    return both(valid_if_zero(behind | (seen ^ n), TROTH_OLDER_COUNTER),
                valid_if_zero(unread, TROTH_DATA_FORMAT));
}

static void begin(struct troth_suit *suit)
{
    suit->chosen = suit->n == 1;
    suit->held = suit->matched = 0;
    for (uint32_t i = 0; i < suit->n; i++)
        suit->components[i] = (struct troth_suit_component){.place = suit->components[i].place};
}

// The shared sequence must find vendor and class to be the device's (section 6 of the draft), and
// what it says of counter and data must suit the device.
static enum troth_verdict start(struct troth_suit *suit)
{
    begin(suit);
    volatile enum troth_verdict verdict = suit_run_commands(suit, suit->shared, SUIT_DO, true);
    if (verdict != TROTH_VALID)
        return refusal(verdict);
    uint32_t missing = (suit->held & (SUIT_VENDOR | SUIT_CLASS)) ^ (SUIT_VENDOR | SUIT_CLASS);
    return both(both(verdict, valid_if_zero(missing, TROTH_MISSING)), check_floors(suit));
}

static enum troth_verdict run_one(struct troth_suit *suit, struct troth_octets commands,
                                  enum suit_pass pass)
{
    volatile enum troth_verdict started = start(suit);
    if (started != TROTH_VALID)
        return refusal(started);
    suit->chosen = suit->n == 1;
    return both(started, suit_run_commands(suit, commands, pass, false));
}

// Every alternative of the shared sequence is read; which of them counts, each run of it finds.
static enum troth_verdict judge_commands(struct troth_suit *suit)
{
    begin(suit);
    enum troth_verdict verdict = suit_run_commands(suit, suit->shared, SUIT_JUDGE, true);
    if (verdict == TROTH_VALID)
        verdict = start(suit);
    for (size_t i = 0; i < TROTH_SUIT_SEQUENCES_N && verdict == TROTH_VALID; i++)
        if (suit->sequences[i].p != NULL)
            verdict = run_one(suit, suit->sequences[i], SUIT_JUDGE);
    return verdict;
}

// Signatures first: nothing of a stranger's is read.
static enum troth_verdict judge(struct troth_suit *suit, const struct envelope *envelope)
{
    volatile enum troth_verdict signed_by = authenticate(suit, envelope);
    if (signed_by != TROTH_VALID)
        return refusal(signed_by);
    suit->at = envelope->manifest.content.p;
    suit->severed = envelope->severed;
    volatile enum troth_verdict readable = read_manifest(suit, envelope->manifest.content);
    if (readable != TROTH_VALID)
        return refusal(readable);
    return both(both(signed_by, readable), judge_commands(suit));
}

enum troth_verdict troth_suit_open(struct troth_suit *suit, const struct troth_suit_trust *trust,
                                   const struct troth_suit_device *device,
                                   struct troth_octets octets, struct troth_fault *ret_fault)
{
    struct envelope envelope;
    *suit =
        (struct troth_suit){.trust = *trust, .device = device, .envelope = octets, .at = octets.p};
    ret_fault->offset = 0;
    if (!read_envelope(octets, &envelope))
        return TROTH_MALFORMED;
    enum troth_verdict verdict = judge(suit, &envelope);
    ret_fault->offset = (size_t)(suit->at - octets.p);
    return verdict;
}

bool troth_suit_has(const struct troth_suit *suit, enum troth_suit_sequence sequence)
{
    int place = place_of(sequence);
    return place >= 0 && suit->sequences[place].p != NULL;
}

enum troth_verdict troth_suit_run(struct troth_suit *suit, enum troth_suit_sequence sequence,
                                  struct troth_fault *ret_fault)
{
    int place = place_of(sequence);
    if (place < 0 || suit->sequences[place].p == NULL)
        return TROTH_MISSING;
    enum troth_verdict verdict = run_one(suit, suit->sequences[place], SUIT_DO);
    ret_fault->offset = (size_t)(suit->at - suit->envelope.p);
    return verdict;
}
