/* `troth verify` of SUIT envelopes. */
#include "verify_parts.h"

#include <wire/cbor.h>
#include <wire/hex.h>

#include <string.h>

/* What is not said of the device is taken from the manifest, once its signatures verified: such a
 * step is not asked. */
struct bench {
    struct verify *verify;
    struct troth_suit suit;
    struct troth_suit_place places[TROTH_SUIT_COMPONENTS_MAX];
    struct troth_octets contents[TROTH_SUIT_COMPONENTS_MAX];
    struct troth_suit_device device;
    bool knows_places;
};

/* ---- what the device has -----------------------------------------------------------------------
 */

static struct troth_octets read_place(void *context, size_t place, size_t offset, size_t n)
{
    const struct bench *bench = context;
    const struct troth_octets *content = &bench->contents[place];
    static const uint8_t nothing;
    if (offset >= content->n)
        return (struct troth_octets){&nothing, 0};
    size_t left = content->n - offset;
    return (struct troth_octets){content->p + offset, left < n ? left : n};
}

static bool write_place(void *context, size_t place, struct troth_octets content)
{
    struct bench *bench = context;
    bench->contents[place] = content;
    return true;
}

static bool copy_place(void *context, size_t place, size_t from, size_t size)
{
    struct bench *bench = context;
    if (bench->contents[from].n < size)
        return false;
    bench->contents[place] = (struct troth_octets){bench->contents[from].p, size};
    return true;
}

static bool invoke_place(void *context, size_t place)
{
    (void)context;
    (void)place;
    return true;
}

static const struct troth_suit_acts acts = {read_place, NULL, write_place, copy_place,
                                            invoke_place};

static void add_place(struct bench *bench, struct bytes id)
{
    const struct verify_device *given = &bench->verify->device;
    bench->places[bench->device.n++] = (struct troth_suit_place){
        .id = {id.p, id.n},
        .counter = given->counter,
        .data_format = given->has_format ? given->format : 0,
        .slot = given->slot,
    };
}

static void set_up(struct bench *bench)
{
    static const uint8_t nobody[TROTH_SUIT_ID_N];
    const struct verify_device *given = &bench->verify->device;
    bench->device = (struct troth_suit_device){
        .vendor = given->vendor != NULL ? given->vendor : nobody,
        .class_id = given->class_id != NULL ? given->class_id : nobody,
        .device = given->device,
        .sequence = given->sequence,
        .places = bench->places,
        .acts = &acts,
        .context = bench,
    };
    bench->knows_places = given->component.n > 0;
    if (bench->knows_places)
        add_place(bench, given->component);
    if (given->has_image)
        bench->contents[0] = (struct troth_octets){given->image.p, given->image.n};
}

/* ---- what it is not asked about ----------------------------------------------------------------
 */

/* The identifier that no place had; empty: none is there. */
static struct bytes unknown_place(const struct verify *verify)
{
    struct bytes file = verify->file;
    if (verify->offset >= file.n)
        return bytes_of(NULL, 0);
    const uint8_t *from = file.p + verify->offset;
    struct reader r = reader_of(bytes_of(from, file.n - verify->offset));
    cbor_skip(&r);
    return bytes_of(from, reader_ok(&r) ? (size_t)(r.p - from) : 0);
}

static bool learn_place(struct bench *bench)
{
    struct bytes id = unknown_place(bench->verify);
    if (bench->knows_places || bench->device.n == TROTH_SUIT_COMPONENTS_MAX || id.n == 0)
        return false;
    add_place(bench, id);
    return true;
}

static bool learn_id(const struct troth_suit *suit, size_t member, const uint8_t **ret)
{
    for (uint32_t i = 0; i < suit->n; i++) {
        const struct troth_suit_component *one = &suit->components[i];
        const struct troth_octets *const ids[] = {&one->vendor, &one->class_id, &one->device};
        if (ids[member]->p == NULL || ids[member]->p == *ret)
            continue;
        *ret = ids[member]->p;
        return true;
    }
    return false;
}

static bool learn(struct bench *bench)
{
    const struct verify_device *given = &bench->verify->device;
    enum troth_verdict verdict = bench->verify->verdict;
    if (verdict == TROTH_WRONG_COMPONENT)
        return learn_place(bench);
    if (verdict == TROTH_WRONG_VENDOR)
        return given->vendor == NULL && learn_id(&bench->suit, 0, &bench->device.vendor);
    if (verdict == TROTH_WRONG_CLASS)
        return given->class_id == NULL && learn_id(&bench->suit, 1, &bench->device.class_id);
    if (verdict == TROTH_OTHER_DEVICE)
        return given->device == NULL && learn_id(&bench->suit, 2, &bench->device.device);
    return false;
}

#define LESSONS (TROTH_SUIT_COMPONENTS_MAX + 6)

static void open_suit(struct bench *bench)
{
    struct verify *verify = bench->verify;
    const struct troth_suit_trust trust = {&verify_crypto, &verify->keys};
    struct troth_fault fault;
    for (unsigned i = 0; i <= LESSONS; i++) {
        verify->verdict =
            troth_suit_open(&bench->suit, &trust, &bench->device,
                            (struct troth_octets){verify->file.p, verify->file.n}, &fault);
        verify->offset = fault.offset;
        if (!learn(bench))
            break;
    }
    verify->has_offset = verify->verdict != TROTH_VALID;
}

/* ---- the image ---------------------------------------------------------------------------------
 */

static bool run(struct bench *bench, enum troth_suit_sequence sequence)
{
    struct troth_fault fault;
    if (!troth_suit_has(&bench->suit, sequence))
        return true;
    bench->verify->verdict = troth_suit_run(&bench->suit, sequence, &fault);
    bench->verify->offset = fault.offset;
    return bench->verify->verdict == TROTH_VALID;
}

static bool has_contents(const struct bench *bench)
{
    for (size_t i = 0; i < bench->device.n; i++)
        if (bench->contents[i].p != NULL)
            return true;
    return false;
}

/* Of a given image what the manifest validates; else what lies in the envelope is "installed". A
 * payload that lies elsewhere cannot be asked about. */
static const char *check_image(struct bench *bench)
{
    struct verify *verify = bench->verify;
    bool is_given = verify->device.has_image, is_valid = true;
    if (!is_given || !troth_suit_has(&bench->suit, TROTH_SUIT_VALIDATE))
        is_valid = run(bench, TROTH_SUIT_FETCH) && run(bench, TROTH_SUIT_INSTALL);
    bool is_elsewhere =
        !is_given && (verify->verdict == TROTH_PLATFORM || (is_valid && !has_contents(bench)));
    if (!is_elsewhere && is_valid)
        is_valid = run(bench, TROTH_SUIT_VALIDATE);
    if (is_valid && bench->suit.matched != 0 && !is_elsewhere)
        return VERIFY_HOLDS;
    if (is_elsewhere || (is_valid && !is_given)) {
        verify->verdict = TROTH_VALID;
        return VERIFY_NOT_ASKED;
    }
    if (is_valid)
        verify->verdict = TROTH_MISSING; /* an image was given, and nothing looks at it */
    verify->has_offset = true;
    return VERIFY_REFUSED;
}

/* ---- the checklist -----------------------------------------------------------------------------
 */

enum step {
    STEP_FORMAT,
    STEP_SIGNATURES,
    STEP_DIGEST,
    STEP_VERSION,
    STEP_SEQUENCE,
    STEP_COMPONENT,
    STEP_VENDOR,
    STEP_CLASS,
    STEP_DEVICE,
    STEP_COUNTER,
    STEP_DATA_FORMAT,
    STEP_COMMANDS,
    STEP_ALL,
};

static const struct {
    const char *name, *option;  /* what asks it; NULL: it is always asked */
    enum troth_verdict verdict; /* that refuses there */
} steps[STEP_ALL] = {
    {"format", NULL, TROTH_MALFORMED},
    {"signatures", NULL, TROTH_UNSIGNED},
    {"digest", NULL, TROTH_WRONG_DIGEST},
    {"version", NULL, TROTH_WRONG_VERSION},
    {"sequence", "--sequence", TROTH_OLDER_SEQUENCE},
    {"component", "--component", TROTH_WRONG_COMPONENT},
    {"vendor", "--vendor", TROTH_WRONG_VENDOR},
    {"class", "--class", TROTH_WRONG_CLASS},
    {"device", "--device", TROTH_OTHER_DEVICE},
    {"counter", "--counter", TROTH_OLDER_COUNTER},
    {"data format", "--data-format", TROTH_DATA_FORMAT},
    {"commands", NULL, TROTH_UNKNOWN_COMMAND},
};

static enum step step_of(const struct bench *bench)
{
    enum troth_verdict verdict = bench->verify->verdict;
    if (verdict == TROTH_VALID)
        return STEP_ALL;
    if (verify_is_about_signers(verdict))
        return STEP_SIGNATURES;
    for (enum step step = STEP_DIGEST; step < STEP_COMMANDS; step++)
        if (steps[step].verdict == verdict)
            return step;
    return bench->suit.signers == 0 ? STEP_FORMAT : STEP_COMMANDS;
}

static bool is_asked(const struct verify_device *given, enum step step)
{
    const bool asked[STEP_ALL] = {
        [STEP_SEQUENCE] = given->has_sequence,  [STEP_COMPONENT] = given->component.n > 0,
        [STEP_VENDOR] = given->vendor != NULL,  [STEP_CLASS] = given->class_id != NULL,
        [STEP_DEVICE] = given->device != NULL,  [STEP_COUNTER] = given->has_counter,
        [STEP_DATA_FORMAT] = given->has_format,
    };
    return steps[step].option == NULL || asked[step];
}

static void put_bytes(struct bytes seen, char to[VERIFY_DETAIL_MAX])
{
    struct buf hex = buf_over(to, VERIFY_DETAIL_MAX - 1);
    hex_encode(&hex, bytes_of(seen.p, seen.n < 64 ? seen.n : 64));
    to[hex.n] = '\0';
}

static void put_hex(struct troth_octets seen, char to[VERIFY_DETAIL_MAX])
{
    put_bytes(bytes_of(seen.p, seen.n), to);
}

/* What the device would take there, as it was said; empty: nothing to say. */
static void wanted_of(const struct bench *bench, enum step step, char to[VERIFY_DETAIL_MAX])
{
    const struct verify_device *given = &bench->verify->device;
    const uint8_t *const ids[] = {given->vendor, given->class_id, given->device};
    to[0] = '\0';
    if (step == STEP_SEQUENCE)
        snprintf(to, VERIFY_DETAIL_MAX, "%u or more", given->sequence);
    else if (step == STEP_COMPONENT)
        put_bytes(given->component, to);
    else if (step >= STEP_VENDOR && step <= STEP_DEVICE && ids[step - STEP_VENDOR] != NULL)
        put_bytes(bytes_of(ids[step - STEP_VENDOR], TROTH_SUIT_ID_N), to);
    else if (step == STEP_COUNTER)
        snprintf(to, VERIFY_DETAIL_MAX, "%u or more", given->counter);
    else if (step == STEP_DATA_FORMAT)
        snprintf(to, VERIFY_DETAIL_MAX, "what reads %u", given->format);
}

/* What the manifest has there; empty: nothing to say. */
static void detail_of(const struct bench *bench, enum step step, char to[VERIFY_DETAIL_MAX])
{
    const struct troth_suit *suit = &bench->suit;
    const struct troth_suit_component *first = &suit->components[0];
    to[0] = '\0';
    if (step == STEP_FORMAT)
        snprintf(to, VERIFY_DETAIL_MAX, "SUIT envelope of %zu octets", bench->verify->file.n);
    else if (step == STEP_SIGNATURES)
        verify_signers(bench->verify, TROTH_USE_RELEASE, suit->signers, to);
    else if (step == STEP_SEQUENCE)
        snprintf(to, VERIFY_DETAIL_MAX, "%u", suit->sequence);
    else if (step == STEP_COMPONENT && suit->n > 0)
        put_hex(bench->places[first->place].id, to);
    else if (step == STEP_COMPONENT)
        put_bytes(unknown_place(bench->verify), to);
    else if (step == STEP_VENDOR)
        put_hex(first->vendor, to);
    else if (step == STEP_CLASS)
        put_hex(first->class_id, to);
    else if (step == STEP_DEVICE)
        put_hex(first->device, to);
    else if (step == STEP_COUNTER)
        snprintf(to, VERIFY_DETAIL_MAX, "%u", first->counter);
    else if (step == STEP_DATA_FORMAT && first->newest_format > 0)
        snprintf(to, VERIFY_DETAIL_MAX, "%u to %u", first->oldest_format, first->newest_format);
}

static void refuse(const struct bench *bench, enum step step, const char *seen)
{
    struct verify *verify = bench->verify;
    char why[VERIFY_DETAIL_MAX], wanted[VERIFY_DETAIL_MAX];
    verify_why(verify, why);
    wanted_of(bench, step, wanted);
    if (wanted[0] == '\0')
        verify_note(verify, steps[step].name, VERIFY_REFUSED, "%s%s%s", why,
                    step == STEP_SIGNATURES ? "; " : "", step == STEP_SIGNATURES ? seen : "");
    else
        verify_note(verify, steps[step].name, VERIFY_REFUSED, "%s; seen %s, wanted %s", why,
                    seen[0] != '\0' ? seen : "none", wanted);
}

static void note(const struct bench *bench, enum step step, enum step at)
{
    struct verify *verify = bench->verify;
    char seen[VERIFY_DETAIL_MAX];
    detail_of(bench, step, seen);
    if (step == at)
        refuse(bench, step, seen);
    else if (step > at ||
             (at == STEP_COMMANDS && step >= (bench->suit.n == 0 ? STEP_VERSION : STEP_COMPONENT)))
        verify_note(verify, steps[step].name, VERIFY_NOT_REACHED, "%s", "");
    else if (is_asked(&verify->device, step))
        verify_note(verify, steps[step].name, VERIFY_HOLDS, "%s", seen);
    else if (step != STEP_DEVICE || seen[0] != '\0')
        verify_note(verify, steps[step].name, VERIFY_NOT_ASKED, "seen %s; %s asks",
                    seen[0] != '\0' ? seen : "none", steps[step].option);
}

static void note_image(struct bench *bench)
{
    struct verify *verify = bench->verify;
    const struct troth_suit_component *first = &bench->suit.components[0];
    char digest[VERIFY_DETAIL_MAX], why[VERIFY_DETAIL_MAX];
    const char *state = check_image(bench);
    bool is_other = verify->verdict == TROTH_WRONG_IMAGE || verify->verdict == TROTH_WRONG_SIZE;
    verify_why(verify, why);
    put_hex((struct troth_octets){first->digest, sizeof first->digest}, digest);
    if (is_other)
        verify_note(verify, "image", state, "%s; wanted SHA-256 %s, %u octets", why, digest,
                    first->size);
    else if (strcmp(state, VERIFY_REFUSED) == 0)
        verify_note(verify, "image", state, "%s", why);
    else if (strcmp(state, VERIFY_HOLDS) == 0)
        verify_note(verify, "image", state, "SHA-256 %s, %u octets", digest, first->size);
    else
        verify_note(verify, "image", state, "it lies elsewhere: SHA-256 %s; --image asks", digest);
}

void verify_suit(struct verify *verify)
{
    struct bench bench = {.verify = verify};
    set_up(&bench);
    open_suit(&bench);
    enum step at = step_of(&bench);
    for (enum step step = 0; step < STEP_ALL; step++)
        note(&bench, step, at);
    if (at == STEP_ALL)
        note_image(&bench);
    else
        verify_note(verify, "image", VERIFY_NOT_REACHED, "%s", "");
}
