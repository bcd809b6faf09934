// What an application does with what the boot loader derived. Files of the host are what it has
// beside its flash: `key.bin` is the key of its certificate, as it was made.
#include "dice.h"

#include <board.h>

#include <string.h>

#define IN ((uint8_t *)0x21800000) // memory beside the flash
#define OUT ((uint8_t *)0x21900000)
#define FILE_MAX 4096

extern const struct dice handoff_dice;
extern const struct boot_report handoff;

static struct troth_octets load(const char *name)
{
    return (struct troth_octets){IN, board_load(name, IN, FILE_MAX)};
}

static enum troth_verdict store(const char *name, const uint8_t *octets, size_t n)
{
    return board_store(name, octets, n) != 0 ? TROTH_VALID : TROTH_PLATFORM;
}

static enum troth_verdict seal(void)
{
    struct buf b = buf_over(OUT, FILE_MAX);
    if (!dice_seal(&m3_dice_crypto, &handoff_dice, load("key.bin"), &b))
        return TROTH_PLATFORM;
    return store("sealed.bin", OUT, b.n);
}

static enum troth_verdict unseal(void)
{
    struct buf b = buf_over(OUT, FILE_MAX);
    enum troth_verdict verdict =
        dice_unseal(&m3_dice_crypto, &handoff_dice, load("sealed.bin"), &b);
    return verdict == TROTH_VALID ? store("opened.bin", OUT, b.n) : verdict;
}

static enum troth_verdict give_evidence(void)
{
    struct buf b = buf_over(OUT, FILE_MAX);
    if (!dice_evidence(&m3_dice_crypto, &handoff_dice, &handoff, load("nonce.bin"), &b) ||
        store("evidence.cbor", OUT, b.n) != TROTH_VALID)
        return TROTH_PLATFORM;
    return store("certificate.cbor", handoff_dice.certificate, handoff_dice.certificate_n);
}

struct command {
    const char *name;
    enum troth_verdict (*act)(void);
};
static const struct command commands[] = {
    {"seal", seal},
    {"unseal", unseal},
    {"evidence", give_evidence},
};

enum troth_verdict m3_dice_act(const char *command)
{
    size_t n = strlen(command) + 1;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (memcmp(commands[i].name, command, n) == 0)
            return commands[i].act();
    return TROTH_UNSUPPORTED;
}
