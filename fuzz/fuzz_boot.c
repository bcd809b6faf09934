// The boot core on flash that holds anything: journal, slots' heads, envelopes, key sets, and
// updates and key sets that somebody sends. The first octet says whether slot 1 is a recovery
// image; then come steps, each an octet and what it takes (run_step()).
//
// What is started is whole and signed; flash is written where it is blank and nowhere else; a
// recovery image never.
#include "signed_object.h"

#include <boot/boot.h>
#include <wire/reader.h>

#define ERASE_N 256
#define WRITE_N 32
#define ENVELOPE_N 1024
#define AREA_N 512 // for an image, a key set, the journal
#define SLOT_N (ENVELOPE_N + AREA_N)
#define STATE_AT (2 * SLOT_N)
#define KEYS_AT (STATE_AT + AREA_N)
#define FLASH_N (KEYS_AT + 2 * AREA_N)
#define HEAD_N WRITE_N
#define RECORD_BODY_N 40
#define RECORD_N 56
#define STEPS_MAX 9
#define IMAGE_N 300
#define INSIDE "#a" // an image that is in the envelope

static uint8_t octets[FLASH_N];
static bool is_single;

// ---- flash

static bool is_recovery(uint32_t at)
{
    return is_single && at >= SLOT_N && at < 2 * SLOT_N;
}

static bool erase(void *context, uint32_t at)
{
    (void)context;
    must(at % ERASE_N == 0 && at < FLASH_N && !is_recovery(at));
    memset(octets + at, BOOT_BLANK, ERASE_N);
    return true;
}

static bool write_unit(void *context, uint32_t at, const void *from, uint32_t n)
{
    (void)context;
    must(at % WRITE_N == 0 && n == WRITE_N && at <= FLASH_N - n && !is_recovery(at));
    // Without a branch for each octet, of which libFuzzer would take note.
    uint8_t all = BOOT_BLANK;
    for (uint32_t i = 0; i < n; i++)
        all &= octets[at + i];
    must(all == BOOT_BLANK);
    memcpy(octets + at, from, n);
    return true;
}

static const uint8_t *map(void *context, uint32_t at, uint32_t n)
{
    (void)context;
    must(n <= FLASH_N && at <= FLASH_N - n);
    return octets + at;
}

static const struct boot_flash flash = {ERASE_N, WRITE_N, erase, write_unit, map, NULL};
static const uint8_t component[] = {0x81, 0x41, 0x00};
static uint8_t first_keys[AREA_N];
static struct boot_device device = {
    .flash = &flash,
    .layout =
        {
            .slots = {{0, SLOT_N}, {SLOT_N, SLOT_N}},
            .envelope_n = ENVELOPE_N,
            .state = {STATE_AT, AREA_N},
            .keys = {{KEYS_AT, AREA_N}, {KEYS_AT + AREA_N, AREA_N}},
        },
    .vendor = (const uint8_t *)"vendor-of-things",
    .class_id = (const uint8_t *)"class-of-devices",
    .component = {component, sizeof component},
    .crypto = &signer_crypto,
    .built_s = 1000,
};

// ---- what is signed

static const struct bytes no_image;
static const uint8_t other_point[TROTH_POINT_N] = {4, 'o', 't', 'h', 'e', 'r'};

// With `inside` the image is in the envelope.
static struct bytes make_envelope(struct bytes manifest, const uint8_t point[TROTH_POINT_N],
                                  struct bytes inside)
{
    static uint8_t space[2048];
    uint8_t whole_space[1024], digest_space[64], signature_space[256], hash[TROTH_HASH_N];
    struct buf b = buf_over(space, sizeof space);
    struct buf whole = buf_over(whole_space, sizeof whole_space);
    struct buf digest = buf_over(digest_space, sizeof digest_space);
    struct buf signature = buf_over(signature_space, sizeof signature_space);
    cbor_write_bytes(&whole, manifest);
    quick_hash(buf_bytes(&whole), hash);
    manifest_write_digest(&digest, hash);
    put_signature_by(point, &signature, buf_bytes(&digest), bytes_of(NULL, 0));
    const struct bytes one = buf_bytes(&signature);
    const struct manifest_envelope envelope = {
        .digest = buf_bytes(&digest),
        .signatures = &one,
        .n = 1,
        .manifest = manifest,
        .payload_name = inside.n > 0 ? bytes_text(INSIDE) : inside,
        .payload = inside,
    };
    manifest_write_envelope(&b, &envelope);
    must(buf_ok(&whole) && buf_ok(&b));
    return buf_bytes(&b);
}

static struct bytes make_keyset(struct bytes set)
{
    static uint8_t space[2048];
    uint8_t signature_space[256];
    struct buf b = buf_over(space, sizeof space);
    struct buf signature = buf_over(signature_space, sizeof signature_space);
    put_signature(&signature, set, bytes_text(TROTH_KEYSET_TYPE));
    const struct bytes one = buf_bytes(&signature);
    manifest_write_signed_keyset(&b, set, &one, 1);
    must(buf_ok(&b));
    return buf_bytes(&b);
}

static void fill_image(uint8_t image, uint32_t offset, uint8_t *to, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = (uint8_t)(image + offset + i);
}

static const uint8_t *name_of(uint8_t image)
{
    return (const uint8_t *)"0123456789abcdef" + image % 16;
}

static bool is_inside(uint8_t image)
{
    return (image & 0x40) != 0;
}

// An update that is right, but for its numbers.
static struct bytes good_manifest(uint8_t image, uint8_t numbers)
{
    static uint8_t space[512];
    uint8_t content[IMAGE_N];
    struct buf b = buf_over(space, sizeof space);
    struct manifest manifest = {
        .sequence = numbers & 15,
        .vendor = bytes_of(device.vendor, TROTH_SUIT_ID_N),
        .class_id = bytes_of(device.class_id, TROTH_SUIT_ID_N),
        .component = bytes_of(component, sizeof component),
        .size = sizeof content,
        .counter = numbers >> 4 & 3,
        .has_formats = numbers >> 6 != 0,
        .formats = {1, numbers >> 6},
        // By which fetch() knows what to give.
        .uri = is_inside(image) ? bytes_text(INSIDE) : bytes_of(name_of(image), 1),
    };
    fill_image(*name_of(image), 0, content, sizeof content);
    quick_hash(bytes_of(content, sizeof content), manifest.digest);
    manifest_write(&b, &manifest);
    must(buf_ok(&b));
    return buf_bytes(&b);
}

static struct bytes good_set(uint8_t numbers)
{
    static uint8_t space[512];
    struct buf b = buf_over(space, sizeof space);
    const struct bytes own = bytes_of(signer_point, sizeof signer_point);
    const uint32_t number = 1 + (numbers >> 4 & 3);
    const struct manifest_key keys[] = {
        {number, TROTH_ES256, 15, own},
        {number + 1, TROTH_ES256, 15, bytes_of(other_point, sizeof other_point)},
    };
    const struct manifest_keyset set = {
        .sequence = numbers & 15,
        .floor = 1 + (numbers >> 6),
        .wanted = {1, 1, 1, 1},
        .keys = keys,
        .n = 2,
    };
    manifest_write_keyset(&b, &set);
    must(buf_ok(&b));
    return buf_bytes(&b);
}

static bool fetch(void *context, struct troth_octets uri, uint32_t offset, uint8_t *to, uint32_t n)
{
    (void)context;
    must(n > 0 && n <= AREA_N && offset <= AREA_N - n);
    if (uri.n != 1)
        return false;
    fill_image(*uri.p, offset, to, n);
    return true;
}

// ---- what lies in flash

static void put_octets(uint32_t at, struct bytes from)
{
    if (from.n > 0)
        memcpy(octets + at, from.p, from.n < FLASH_N - at ? from.n : FLASH_N - at);
}

static void put_object(unsigned area, struct bytes object)
{
    static const uint32_t places[] = {0, SLOT_N, KEYS_AT, KEYS_AT + AREA_N};
    const uint8_t head[HEAD_N] = {'T', 'O', 'B', 'J', (uint8_t)object.n, (uint8_t)(object.n >> 8)};
    put_octets(places[area], bytes_of(head, sizeof head));
    put_octets(places[area] + HEAD_N, object);
}

static void put_record(unsigned place, struct bytes body)
{
    uint8_t record[RECORD_BODY_N + TROTH_HASH_N];
    if (body.n != RECORD_BODY_N)
        return;
    memcpy(record, body.p, body.n);
    quick_hash(body, record + RECORD_BODY_N);
    put_octets(STATE_AT + place % (AREA_N / WRITE_N) * WRITE_N, bytes_of(record, RECORD_N));
}

static void put_factory(void)
{
    memset(octets, BOOT_BLANK, sizeof octets);
    for (unsigned slot = 0; slot < 2; slot++) {
        uint32_t at = slot * SLOT_N;
        put_object(slot, make_envelope(good_manifest((uint8_t)slot, 0x11), signer_point, no_image));
        fill_image((uint8_t)('0' + slot), 0, octets + at + ENVELOPE_N, IMAGE_N);
    }
    struct bytes set = make_keyset(good_set(1));
    must(set.n <= sizeof first_keys);
    memcpy(first_keys, set.p, set.n);
    device.keys = (struct troth_octets){first_keys, set.n};
}

// ---- steps

static void start(void)
{
    struct boot_report report;
    uint8_t hash[TROTH_HASH_N];
    boot_start(&device, &report);
    must(report.time_s >= device.built_s);
    if (report.slot == BOOT_NONE) {
        must(report.verdict != TROTH_VALID);
        return;
    }
    must(report.verdict == TROTH_VALID && report.slot < 2 && report.signers != 0);
    must(report.image_at == report.slot * (uint32_t)SLOT_N + ENVELOPE_N &&
         report.image_n <= AREA_N);
    quick_hash(bytes_of(octets + report.image_at, report.image_n), hash);
    must(memcmp(hash, report.digest, sizeof hash) == 0);
}

static struct bytes take_rest(struct reader *r)
{
    size_t n = reader_u16be(r);
    return reader_bytes(r, n % 768 < r->left ? n % 768 : r->left);
}

static void install(struct bytes envelope)
{
    struct troth_fault fault;
    enum troth_verdict verdict = boot_install(&device, octets_of(envelope), fetch, NULL, &fault);
    must(fault.offset <= envelope.n);
    must(verdict != TROTH_UNJUDGED);
}

static void update(uint8_t image, uint8_t numbers)
{
    uint8_t content[IMAGE_N];
    fill_image(*name_of(image), 0, content, sizeof content);
    install(make_envelope(good_manifest(image, numbers), image < 0x80 ? signer_point : other_point,
                          is_inside(image) ? bytes_of(content, sizeof content) : no_image));
}

static void install_keys(struct bytes object)
{
    struct troth_fault fault;
    (void)boot_keys_install(&device, octets_of(object), &fault);
    must(fault.offset <= object.n);
}

enum step {
    STEP_START,
    STEP_CONFIRM,
    STEP_RECOVER,
    STEP_TIME,         // 8 octets
    STEP_UPDATE,       // image (0x80: by the other key, 0x40: in the envelope), numbers
    STEP_KEYS,         // numbers
    STEP_OCTETS,       // place, length and octets
    STEP_RECORD,       // place, 40 octets
    STEP_OBJECT,       // which, length and octets
    STEP_SIGNED,       // which, length and what is signed
    STEP_SEND,         // length and manifest
    STEP_SEND_KEYS,    // length and set
    STEP_SEND_RAW,     // length and envelope
    STEP_SEND_RAW_SET, // length and key set
    STEPS_N,
};

static void put_signed(unsigned area, struct bytes what)
{
    put_object(area, area < 2 ? make_envelope(what, signer_point, no_image) : make_keyset(what));
}

static void change_flash(enum step step, struct reader *r)
{
    if (step == STEP_OCTETS) {
        uint32_t at = reader_u16be(r) % FLASH_N;
        put_octets(at, take_rest(r));
    } else if (step == STEP_RECORD) {
        unsigned place = reader_u8(r);
        put_record(place, reader_bytes(r, RECORD_BODY_N));
    } else if (step == STEP_OBJECT) {
        unsigned area = reader_u8(r) % 4;
        put_object(area, take_rest(r));
    } else {
        unsigned area = reader_u8(r) % 4;
        put_signed(area, take_rest(r));
    }
}

static void run_step(enum step step, struct reader *r)
{
    if (step == STEP_START) {
        start();
    } else if (step == STEP_CONFIRM) {
        (void)boot_confirm(&device);
    } else if (step == STEP_RECOVER) {
        (void)boot_recover(&device);
    } else if (step == STEP_TIME) {
        (void)boot_time_set(&device, reader_u64be(r));
    } else if (step == STEP_UPDATE) {
        uint8_t image = reader_u8(r);
        update(image, reader_u8(r));
    } else if (step == STEP_KEYS) {
        install_keys(make_keyset(good_set(reader_u8(r))));
    } else if (step == STEP_SEND) {
        install(make_envelope(take_rest(r), signer_point, no_image));
    } else if (step == STEP_SEND_KEYS) {
        install_keys(make_keyset(take_rest(r)));
    } else if (step == STEP_SEND_RAW) {
        install(take_rest(r));
    } else if (step == STEP_SEND_RAW_SET) {
        install_keys(take_rest(r));
    } else {
        change_flash(step, r);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t factory[FLASH_N];
    struct reader r = reader_of(bytes_of(data, size));
    if (device.keys.n == 0) {
        put_factory();
        memcpy(factory, octets, sizeof factory);
    }
    memcpy(octets, factory, sizeof octets);
    is_single = (reader_u8(&r) & 1) != 0;
    device.layout.is_single = is_single;
    for (unsigned i = 0; i < STEPS_MAX && r.left > 0; i++)
        run_step((enum step)(reader_u8(&r) % STEPS_N), &r);
    start();
    return 0;
}
