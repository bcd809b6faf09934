/* `troth verify` of MCUboot images and of the next key set. */
#include "verify_parts.h"

#include <troth/mcuboot.h>

/* `detail`: value seen and value wanted; empty: nothing to say. */
static void refuse(struct verify *verify, const char *check, const char *detail)
{
    char why[VERIFY_DETAIL_MAX];
    verify_why(verify, why);
    verify_note(verify, check, VERIFY_REFUSED, "%s%s%s", why, detail[0] != '\0' ? "; " : "",
                detail);
}

/* Which step a verdict is about, and that what comes before it held. */
struct step {
    const char *name;
    enum troth_verdict verdict; /* that refuses there */
};

/* ---- MCUboot -----------------------------------------------------------------------------------
 */

/* Which versions the device's other images have is not asked: all are the newest. */
#define IMAGES 256

enum mcuboot_step { STEP_FORMAT, STEP_IMAGE, STEP_SIGNATURES, STEP_COUNTER, STEP_ALL };

static enum mcuboot_step mcuboot_step(enum troth_verdict verdict)
{
    if (verdict == TROTH_VALID)
        return STEP_ALL;
    if (verify_is_about_signers(verdict))
        return STEP_SIGNATURES;
    if (verdict == TROTH_WRONG_IMAGE || verdict == TROTH_MISSING)
        return STEP_IMAGE;
    return verdict == TROTH_OLDER_COUNTER ? STEP_COUNTER : STEP_FORMAT;
}

static void note_counter(struct verify *verify, const struct troth_mcuboot_image *image)
{
    char detail[VERIFY_DETAIL_MAX];
    snprintf(detail, sizeof detail, "seen %u, wanted %u or more", image->counter,
             verify->device.counter);
    if (verify->verdict == TROTH_OLDER_COUNTER)
        refuse(verify, "counter", detail);
    else if (!verify->device.has_counter)
        verify_note(verify, "counter", VERIFY_NOT_ASKED, "the image has %u: --counter",
                    image->counter);
    else
        verify_note(verify, "counter", VERIFY_HOLDS, "%s", detail);
}

static void note_dependencies(struct verify *verify, const struct troth_mcuboot_image *image)
{
    for (size_t i = 0; i < image->n; i++) {
        const struct troth_mcuboot_dependency *on = &image->dependencies[i];
        verify_note(verify, "dependency", VERIFY_NOT_ASKED,
                    "it wants image %u of %u.%u.%u or later", on->image, on->oldest.major,
                    on->oldest.minor, on->oldest.revision);
    }
}

static void note_mcuboot(struct verify *verify, const struct troth_mcuboot_image *image)
{
    static const char *const names[] = {"format", "image", "signatures", "counter"};
    enum mcuboot_step at = mcuboot_step(verify->verdict);
    char signers[VERIFY_DETAIL_MAX];
    verify_signers(verify, TROTH_USE_RELEASE, image->signers, signers);
    for (unsigned step = 0; step < STEP_ALL; step++) {
        if (step == at && step != STEP_COUNTER)
            refuse(verify, names[step], step == STEP_SIGNATURES ? signers : "");
        else if (step > at)
            verify_note(verify, names[step], VERIFY_NOT_REACHED, "%s", "");
        else if (step == STEP_FORMAT)
            verify_note(verify, "format", VERIFY_HOLDS, "MCUboot image, version %u.%u.%u+%u",
                        image->version.major, image->version.minor, image->version.revision,
                        image->version.build);
        else if (step == STEP_IMAGE)
            verify_note(verify, "image", VERIFY_HOLDS, "its hash is over what is there: %zu octets",
                        image->body.n);
        else if (step == STEP_SIGNATURES)
            verify_note(verify, "signatures", VERIFY_HOLDS, "%s", signers);
        else
            note_counter(verify, image);
    }
}

void verify_mcuboot(struct verify *verify)
{
    static struct troth_mcuboot_version newest[IMAGES];
    struct troth_mcuboot_image image = {0};
    struct troth_fault fault;
    for (size_t i = 0; i < IMAGES; i++)
        newest[i] = (struct troth_mcuboot_version){UINT8_MAX, UINT8_MAX, UINT16_MAX, UINT32_MAX};
    const struct troth_mcuboot_device device = {
        .counter = verify->device.counter,
        .images = newest,
        .n = IMAGES,
    };
    verify->verdict =
        troth_mcuboot_verify(&verify_crypto, &verify->keys, &device,
                             (struct troth_octets){verify->file.p, verify->file.n}, &image, &fault);
    verify->has_offset = verify->verdict != TROTH_VALID;
    verify->offset = fault.offset;
    note_mcuboot(verify, &image);
    if (verify->verdict == TROTH_VALID)
        note_dependencies(verify, &image);
}

/* ---- key sets ----------------------------------------------------------------------------------
 */

static const struct step keyset_steps[] = {
    {"format", TROTH_MALFORMED},   {"version", TROTH_WRONG_VERSION}, {"keys", TROTH_MISSING},
    {"sequence", TROTH_OLDER_SET}, {"floor", TROTH_LOWER_FLOOR},
};
#define KEYSET_STEPS (sizeof keyset_steps / sizeof keyset_steps[0])

/* What it has there and what it has to have. */
static void detail_of(const struct verify *verify, const struct troth_keyset *next, size_t step,
                      char to[VERIFY_DETAIL_MAX])
{
    const struct troth_keyset *known = &verify->keys;
    to[0] = '\0';
    if (keyset_steps[step].verdict == TROTH_OLDER_SET)
        snprintf(to, VERIFY_DETAIL_MAX, "seen %u, wanted above %u", next->sequence,
                 known->sequence);
    else if (keyset_steps[step].verdict == TROTH_LOWER_FLOOR)
        snprintf(to, VERIFY_DETAIL_MAX, "seen %u, wanted %u or more", next->floor, known->floor);
    else if (keyset_steps[step].verdict == TROTH_MISSING)
        snprintf(to, VERIFY_DETAIL_MAX, "%zu keys", next->n);
}

/* Signatures come first: of what nobody signed nothing is read. */
void verify_keyset(struct verify *verify)
{
    struct troth_keyset next = {0};
    struct troth_fault fault;
    const struct troth_octets octets = {verify->file.p, verify->file.n};
    verify->verdict = troth_keyset_follow(&verify_crypto, &verify->keys, octets, &next, &fault);
    verify->has_offset = verify->verdict != TROTH_VALID;
    verify->offset = fault.offset;
    bool is_unsigned = verify_is_about_signers(verify->verdict);
    if (is_unsigned)
        refuse(verify, "signatures", "");
    else if (fault.offset > 0)
        verify_note(verify, "signatures", VERIFY_HOLDS, "by keys of set %u: %u wanted",
                    verify->keys.sequence, verify->keys.wanted[0]);
    else
        verify_note(verify, "signatures", VERIFY_NOT_REACHED, "%s", "");
    bool is_over = is_unsigned;
    for (size_t step = 0; step < KEYSET_STEPS; step++) {
        char detail[VERIFY_DETAIL_MAX];
        detail_of(verify, &next, step, detail);
        if (is_over) {
            verify_note(verify, keyset_steps[step].name, VERIFY_NOT_REACHED, "%s", "");
        } else if (keyset_steps[step].verdict == verify->verdict) {
            refuse(verify, keyset_steps[step].name, detail);
            is_over = true;
        } else {
            verify_note(verify, keyset_steps[step].name, VERIFY_HOLDS, "%s", detail);
        }
    }
}
