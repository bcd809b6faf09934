// What verifying costs on the core: instructions and stack, of the envelope in slot 0 and of
// `keys.cbor`, which follows the factory's key set. Memory that a caller gives is static here, so
// that the stack is the verifier's own.
#include "crypto.h"
#include "device.h"
#include "flash.h"

#include <board.h>

#define KEYS ((uint8_t *)0x21800000) // memory beside the flash
#define FILE_MAX 0x100000
#define HEAD_N 8 // of an object in flash: a word, and its length

extern const uint8_t stack_top[];

static struct boot_device device;
static struct troth_keyset keys, next;
static struct troth_suit suit;
static struct troth_fault fault;

static struct troth_octets read_image(void *context, size_t place, size_t offset, size_t n)
{
    (void)context;
    (void)place;
    return (struct troth_octets){(const uint8_t *)M3_FLASH_BASE + M3_ENVELOPE_N + offset, n};
}

static void say_verdict(enum troth_verdict verdict)
{
    board_say("verdict ");
    board_say(troth_verdict_name(verdict));
    board_say("\n");
}

int main(void)
{
    static const struct troth_suit_acts acts = {.read = read_image};
    board_start_uart();
    m3_device(&m3_flash, &m3_crypto, &device);
    const uint8_t *head = (const uint8_t *)M3_FLASH_BASE;
    const struct troth_octets envelope = {head + HEAD_N, head[4] | (size_t)head[5] << 8};
    const struct troth_octets later = {KEYS, board_load("keys.cbor", KEYS, FILE_MAX)};
    const struct troth_suit_place place = {.id = device.component};
    const struct troth_suit_trust trust = {&m3_crypto, &keys};
    const struct troth_suit_device mine = {
        device.vendor, device.class_id, device.device, 0, &place, 1, &acts, NULL};

    enum troth_verdict read = troth_keyset_read(device.keys, 0, &keys, &fault);
    board_start_count();
    enum troth_verdict opened = troth_suit_open(&suit, &trust, &mine, envelope, &fault);
    uint32_t open = board_count();
    board_start_count();
    enum troth_verdict run = troth_suit_run(&suit, TROTH_SUIT_VALIDATE, &fault);
    uint32_t validate = board_count();
    enum troth_verdict followed = troth_keyset_follow(&m3_crypto, &keys, later, &next, &fault);
    size_t frame = (size_t)(stack_top - (const uint8_t *)__builtin_frame_address(0));
    size_t stack = board_stack_used() - frame;

    say_verdict(read);
    say_verdict(opened);
    say_verdict(run);
    say_verdict(followed);
    board_say_figure("open", open);
    board_say_figure("validate", validate);
    board_say_figure("stack", (uint32_t)stack);
    board_say_figure("memory", sizeof suit + sizeof keys);
    return 0;
}
