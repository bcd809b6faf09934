// An application that was started by the boot loader: says what it is, does one thing that it is
// told, and powers off. Its update is files of the host: `update.suit`, and the payload by the name
// that the manifest has; a key set is `keys.cbor`.
#include "crypto.h"
#include "device.h"
#include "dice.h"
#include "flash.h"

#include <board.h>

#include <string.h>

#define UPDATE ((uint8_t *)0x21800000) // memory beside the flash
#define IMAGE ((uint8_t *)0x21900000)
#define FILE_MAX 0x100000

extern const struct boot_report handoff;

static void say_number(const char *name, uint32_t number)
{
    char digits[BOARD_DIGITS_N];
    board_say(name);
    board_say(board_digits(digits, number));
}

static void say_report(void)
{
    say_number("application slot ", handoff.slot);
    say_number(" sequence ", handoff.sequence);
    say_number(" counter ", handoff.counter);
    say_number(" keys ", handoff.keys_sequence);
    say_number(" signers ", handoff.signers);
    say_number(" trial ", handoff.is_trial);
    board_say(" update ");
    board_say(troth_verdict_name(handoff.trial));
    board_say("\n");
}

// The whole payload is read at its first piece.
static bool fetch(void *context, struct troth_octets uri, uint32_t offset, uint8_t *to, uint32_t n)
{
    size_t *size = context;
    char name[32] = {0};
    if (uri.n >= sizeof name)
        return false;
    memcpy(name, uri.p, uri.n);
    if (offset == 0)
        *size = board_load(name, IMAGE, FILE_MAX);
    if (offset > *size || n > *size - offset)
        return false;
    memcpy(to, IMAGE + offset, n);
    return true;
}

static enum troth_verdict install(const struct boot_device *device)
{
    struct troth_fault fault;
    size_t image_n = 0, n = board_load("update.suit", UPDATE, FILE_MAX);
    return boot_install(device, (struct troth_octets){UPDATE, n}, fetch, &image_n, &fault);
}

static enum troth_verdict install_keys(const struct boot_device *device)
{
    struct troth_fault fault;
    size_t n = board_load("keys.cbor", UPDATE, FILE_MAX);
    return boot_keys_install(device, (struct troth_octets){UPDATE, n}, &fault);
}

static enum troth_verdict nothing(const struct boot_device *device)
{
    (void)device;
    return TROTH_VALID;
}

struct command {
    const char *name;
    enum troth_verdict (*act)(const struct boot_device *device);
};
static const struct command commands[] = {
    {"start", nothing},
    {"confirm", boot_confirm},
    {"install", install},
    {"keys", install_keys},
};

static enum troth_verdict act(const struct boot_device *device, const char *name)
{
    size_t n = strlen(name) + 1;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (memcmp(commands[i].name, name, n) == 0)
            return commands[i].act(device);
    return m3_dice_act(name);
}

int main(void)
{
    struct boot_device device;
    char command[32] = {0};
    board_start_uart();
    say_report();
    m3_device(&m3_flash, &m3_crypto, &device);
    enum troth_verdict verdict =
        board_command(command, sizeof command) ? act(&device, command) : TROTH_UNSUPPORTED;
    board_say(command);
    board_say(" ");
    board_say(troth_verdict_name(verdict));
    board_say("\n");
    return m3_flash_save() ? 0 : 1;
}
