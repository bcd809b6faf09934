/* `troth verify`: what was signed for a device, judged here as the device judges it. */
#include <cli/actions.h>
#include <cli/for_devices.h>
#include <cli/print.h>

#include "commands_parts.h"
#include "verify_parts.h"

#include <base/file.h>

#include <string.h>

const struct option_row verify_options[] = {
    {"FILE", VALUE_FILE, NULL, true, "a SUIT envelope, an MCUboot image, or the next key set"},
    {"--keyset", VALUE_FILE, "SET", true, "the key set that the device trusts"},
    {"--floor", VALUE_NUMBER, "N", false,
     "number below which keys are given up, where the device knows a higher one than the set"},
    {"--vendor", VALUE_TEXT, "UUID", false, "the device's vendor id"},
    {"--class", VALUE_TEXT, "UUID", false, "the device's class id"},
    {"--device", VALUE_TEXT, "UUID", false, "the device's own id"},
    {"--component", VALUE_TEXT, "HEX[/HEX]", false,
     "the device's component, the segments of its identifier"},
    {"--slot", VALUE_NUMBER, "N", false, "the slot that it would go to (default 0)"},
    {"--sequence", VALUE_NUMBER, "N", false, "sequence number that the device has reached"},
    {"--counter", VALUE_NUMBER, "N", false, "security counter that the device has reached"},
    {"--data-format", VALUE_NUMBER, "N", false, "format of the data that the device holds"},
    {"--image", VALUE_FILE, "FILE", false, "the image, where it is not in the envelope"},
    {0},
};
const struct plan verify_plan = {.run = action_verify};

#define COMPONENT_MAX 128

/* ---- notes ------------------------------------------------------------------------------------
 */

void verify_note(struct verify *verify, const char *step, const char *state, const char *detail,
                 ...)
{
    char text[VERIFY_DETAIL_MAX];
    va_list arguments;
    va_start(arguments, detail);
    (void)vsnprintf(text, sizeof text, detail, arguments);
    va_end(arguments);
    json_array_append_new(verify->checks, json_pack("{s:s, s:s, s:s}", "check", step, "state",
                                                    state, "detail", text));
}

void verify_signers(const struct verify *verify, enum troth_use use, uint32_t signers,
                    char to[VERIFY_DETAIL_MAX])
{
    size_t n = 0;
    unsigned found = 0, place = 0;
    while (use >> (place + 1) != 0)
        place++;
    for (size_t i = 0; i < verify->keys.n; i++) {
        if ((signers >> i & 1) == 0)
            continue;
        n += (size_t)snprintf(to + n, VERIFY_DETAIL_MAX - n, "%s%u", found > 0 ? ", " : "key ",
                              verify->keys.keys[i].number);
        found++;
    }
    snprintf(to + n, VERIFY_DETAIL_MAX - n, "%s: %u of %u that set %u wants",
             found == 0 ? "no key" : "", found, verify->keys.wanted[place], verify->keys.sequence);
}

void verify_why(const struct verify *verify, char to[VERIFY_DETAIL_MAX])
{
    snprintf(to, VERIFY_DETAIL_MAX, "%s: %s", troth_verdict_name(verify->verdict),
             troth_verdict_rule(verify->verdict));
}

bool verify_is_about_signers(enum troth_verdict verdict)
{
    static const enum troth_verdict about[] = {
        TROTH_UNSIGNED,    TROTH_BAD_SIGNATURE, TROTH_BAD_KEY,         TROTH_WRONG_ALGORITHM,
        TROTH_UNKNOWN_KEY, TROTH_BELOW_FLOOR,   TROTH_TOO_FEW_SIGNERS,
    };
    for (size_t i = 0; i < LENGTH_OF(about); i++)
        if (about[i] == verdict)
            return true;
    return false;
}

/* ---- the command line -------------------------------------------------------------------------
 */

static enum result read_id(const struct session *session, const char *option,
                           uint8_t space[TROTH_SUIT_ID_N], const uint8_t **ret, struct err *err)
{
    bool is_given;
    TRY(for_devices_id(session, option, space, &is_given, err));
    *ret = is_given ? space : NULL;
    return OK;
}

static enum result read_keys(const struct session *session, struct bytes octets,
                             struct troth_keyset *ret, struct err *err)
{
    struct troth_fault fault;
    uint32_t floor = 0;
    bool is_given;
    TRY(for_devices_number(session, "--floor", &floor, &is_given, err));
    enum troth_verdict verdict =
        troth_keyset_read((struct troth_octets){octets.p, octets.n}, floor, ret, &fault);
    if (verdict != TROTH_VALID)
        return err_set(err, E_USAGE, "--keyset: no key set that can verify: %s at octet %zu: %s",
                       troth_verdict_name(verdict), fault.offset, troth_verdict_rule(verdict));
    return OK;
}

static enum result read_device(const struct session *session, struct verify_device *ret,
                               struct err *err)
{
    bool is_given;
    TRY(for_devices_number(session, "--sequence", &ret->sequence, &ret->has_sequence, err));
    TRY(for_devices_number(session, "--counter", &ret->counter, &ret->has_counter, err));
    TRY(for_devices_number(session, "--data-format", &ret->format, &ret->has_format, err));
    return for_devices_number(session, "--slot", &ret->slot, &is_given, err);
}

/* ---- what it is -------------------------------------------------------------------------------
 */

static bool begins_with(struct bytes file, const char *octets, size_t n)
{
    return file.n >= n && bytes_equal(bytes_of(file.p, n), bytes_of(octets, n));
}

static const char *judge(struct verify *verify)
{
    if (begins_with(verify->file, "\xd8\x6b", 2)) {
        verify_suit(verify);
        return "suit";
    }
    if (begins_with(verify->file, "\x3d\xb8\xf3\x96", 4)) {
        verify_mcuboot(verify);
        return "mcuboot";
    }
    if (verify->file.n > 0 && verify->file.p[0] >> 5 == 4) {
        verify_keyset(verify);
        return "keyset";
    }
    verify->verdict = TROTH_MALFORMED;
    verify->has_offset = true;
    verify_note(verify, "format", VERIFY_REFUSED,
                "it begins with %02x; wanted d8 6b, a SUIT envelope, 3d b8 f3 96, an MCUboot "
                "image, or 82 to 89, a key set",
                verify->file.n > 0 ? verify->file.p[0] : 0);
    return "unknown";
}

/* ---- what is told -----------------------------------------------------------------------------
 */

static void print_checklist(struct session *session, const json_t *answer)
{
    static const struct column columns[] = {{"VERDICT", "verdict"}, {"RULE", "rule"}, {0}};
    size_t i = 0;
    const json_t *row = NULL;
    json_array_foreach(json_object_get(answer, "checks"), i, row)
    {
        fprintf(session->out, "%-12s%-13s", json_string_value(json_object_get(row, "state")),
                json_string_value(json_object_get(row, "check")));
        print_clean(json_string_value(json_object_get(row, "detail")), session->out);
        fputc('\n', session->out);
    }
    fputc('\n', session->out);
    print_details(session, columns, answer);
    if (json_object_get(answer, "offset") != NULL)
        fprintf(session->out, "at octet %lld of the file\n",
                (long long)json_integer_value(json_object_get(answer, "offset")));
    if (session->exit_status != 0)
        fputs("Next: install nothing of it; ask whoever signed it for one that this device takes\n",
              session->out);
}

static void tell(struct session *session, const struct verify *verify, const char *kind)
{
    json_auto_t *answer =
        json_pack("{s:s, s:s, s:s, s:{s:I, s:I}, s:O}", "kind", kind, "verdict",
                  troth_verdict_name(verify->verdict), "rule", troth_verdict_rule(verify->verdict),
                  "keyset", "sequence", (json_int_t)verify->keys.sequence, "floor",
                  (json_int_t)verify->keys.floor, "checks", verify->checks);
    if (verify->has_offset)
        json_object_set_new(answer, "offset", json_integer((json_int_t)verify->offset));
    session->exit_status = verify->verdict == TROTH_VALID ? 0 : 1;
    if (session->is_json)
        print_json(session, answer);
    else
        print_checklist(session, answer);
}

enum result action_verify(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    CLEANUP(blob_free) struct blob file = {0}, keys = {0}, image = {0};
    uint8_t ids[3][TROTH_SUIT_ID_N], component[COMPONENT_MAX];
    struct buf id = buf_over(component, sizeof component);
    struct verify verify = {0};
    struct verify_device *device = &verify.device;
    TRY(read_id(session, "--vendor", ids[0], &device->vendor, err));
    TRY(read_id(session, "--class", ids[1], &device->class_id, err));
    TRY(read_id(session, "--device", ids[2], &device->device, err));
    const char *part = session_text(session, "--component");
    if (part != NULL)
        TRY(for_devices_component(part, &id, err));
    TRY(read_device(session, device, err));
    TRY(session_read(session_text(session, "--keyset"), &keys, err));
    TRY(read_keys(session, blob_bytes(&keys), &verify.keys, err));
    TRY(session_read(session_text(session, "FILE"), &file, err));
    device->has_image = session_text(session, "--image") != NULL;
    if (device->has_image)
        TRY(session_read(session_text(session, "--image"), &image, err));
    device->image = blob_bytes(&image);
    device->component = buf_bytes(&id);
    verify.file = blob_bytes(&file);
    json_auto_t *checks = json_array();
    verify.checks = checks;
    const char *kind = judge(&verify);
    tell(session, &verify, kind);
    return OK;
}
