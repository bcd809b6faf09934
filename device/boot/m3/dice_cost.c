// What measured boot costs on the core: instructions and stack, of deriving the secrets and of each
// thing that is done with them. `secrets.bin` is the device's secret, a private key of P-256 and a
// text to seal, each 32 octets. What is printed says nothing of them: between dice_cost_begin() and
// dice_cost_end() other secrets take the same turns and touch the same memory, which
// tests/scenario/test_93_dice_core.py looks at.
#include "dice.h"

#include <board.h>

#define FILE_MAX 4096

struct secrets {
    uint8_t device[DICE_SECRET_N], key[DICE_SECRET_N], text[DICE_SECRET_N];
};

static struct secrets secrets;
static struct dice dice;
static uint8_t point[TROTH_POINT_N], signature[TROTH_SIGNATURE_N];
static uint8_t evidence[1024], sealed[DICE_SECRET_N + DICE_SEALED_EXTRA], opened[DICE_SECRET_N];

static const uint8_t first_keys[64], hash[TROTH_HASH_N];
static const uint8_t vendor[] = "vendor-of-things", class_id[] = "class-of-devices";
static const struct boot_device device = {
    .vendor = vendor, .class_id = class_id, .keys = {first_keys, sizeof first_keys}};
static const struct boot_report report = {.verdict = TROTH_VALID, .sequence = 1, .key_floor = 2};

static bool start(void)
{
    return dice_start(&m3_dice_crypto, secrets.device, DICE_NORMAL, &device, &report, &dice) ==
           TROTH_VALID;
}

static bool say_evidence(void)
{
    static const uint8_t nonce[16];
    struct buf b = buf_over(evidence, sizeof evidence);
    return dice_evidence(&m3_dice_crypto, &dice, &report,
                         (struct troth_octets){nonce, sizeof nonce}, &b);
}

static bool seal(void)
{
    struct buf b = buf_over(sealed, sizeof sealed);
    return dice_seal(&m3_dice_crypto, &dice,
                     (struct troth_octets){secrets.text, sizeof secrets.text}, &b);
}

static bool unseal(void)
{
    struct buf b = buf_over(opened, sizeof opened);
    return dice_unseal(&m3_dice_crypto, &dice, (struct troth_octets){sealed, sizeof sealed}, &b) ==
           TROTH_VALID;
}

static bool take_point(void)
{
    return m3_dice_crypto.point(secrets.key, point);
}

static bool sign(void)
{
    return m3_dice_crypto.sign(secrets.key, hash, signature);
}

struct cost {
    const char *name;
    bool (*act)(void);
    uint32_t n;
    bool is_done;
};

// Not inlined, so that a trace finds them.
__attribute__((noinline)) void dice_cost_begin(void);
__attribute__((noinline)) void dice_cost_end(void);
void dice_cost_begin(void)
{
    board_start_count();
}
void dice_cost_end(void)
{
    board_start_uart();
}

int main(void)
{
    static struct cost costs[] = {
        {.name = "start", .act = start},      {.name = "evidence", .act = say_evidence},
        {.name = "seal", .act = seal},        {.name = "unseal", .act = unseal},
        {.name = "point", .act = take_point}, {.name = "sign", .act = sign},
    };
    const size_t n = sizeof costs / sizeof costs[0];
    extern const uint8_t stack_top[];
    if (board_load("secrets.bin", (uint8_t *)&secrets, sizeof secrets) != sizeof secrets)
        return 1;
    dice_cost_begin();
    for (size_t i = 0; i < n; i++) {
        uint32_t before = board_count();
        costs[i].is_done = costs[i].act();
        costs[i].n = board_count() - before;
    }
    dice_cost_end();
    size_t frame = (size_t)(stack_top - (const uint8_t *)__builtin_frame_address(0));
    for (size_t i = 0; i < n; i++) {
        if (!costs[i].is_done)
            return 1;
        board_say_figure(costs[i].name, costs[i].n);
    }
    board_say_figure("stack", (uint32_t)(board_stack_used() - frame));
    board_say_figure("memory", sizeof dice);
    return board_store("signature.bin", signature, sizeof signature) != 0 ? 0 : 1;
}
